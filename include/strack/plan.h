/*
 * What a run would do with each script, and why.  Pure: states, headers and
 * wishes in, decisions out.
 */
#ifndef STRACK_PLAN_H
#define STRACK_PLAN_H

#include "strack/script.h"
#include "strack/state.h"

enum decision {
	PLAN_RUN,
	PLAN_SETTLED,  /* nothing to do */
	PLAN_NOT_HERE, /* its header names other environments */
	PLAN_FILTERED, /* not selected by name or tag */
	PLAN_BLOCKED,  /* approval, requirement, `after` missing */
	PLAN_HELD,     /* running or overdue: somebody else has it */
	PLAN_STOP,     /* failed, lost, rolled back: a person decides */
	PLAN_WRONG,    /* header or file that can't be run */
};

struct plan_item {
	struct script *script;
	const struct state_row *row; /* or NULL */
	enum state state;            /* with time and liveness applied */
	unsigned flags;
	enum decision decision;
	struct buf why;   /* for BLOCKED, HELD, STOP, WRONG: one line */
	struct buf how;   /* the commands that get past it, one a line */
	struct buf again; /* for RUN over a state that is not pending */
	int64_t attempt;  /* number that a run would have */
	struct buf basis; /* ids of the entries that the row stood on */
	bool depends; /* on what other scripts, environments or people did */
};

struct plan {
	struct plan_item *v; /* in plan order */
	size_t n, cap;
};
#define PLAN_INIT                                                              \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void plan_release(struct plan *p);

/* What the planner asks about other scripts and environments. */
struct plan_facts {
	const char *env;
	const struct environment_def *def; /* of env, or NULL */
	const struct scriptvec *scripts;
	/* row and effective state of any script in any environment */
	const struct state_row *(*row)(const char *script, const char *env,
		enum state *state, void *arg);
	/* number of valid approvals of these bytes for env; `note` gets what
	 * is to be said of those that don't count, or nothing */
	int64_t (*approvals)(const char *script, const char *blob,
		struct buf *note, void *arg);
	/* blob id of the script as it is now, 40 hex */
	const char *(*blob)(const char *script, void *arg);
	/* the path under which the same bytes or base name ran, or NULL */
	const char *(*moved_from)(const char *script, void *arg);
	/* does its run live in this clone? */
	bool (*here)(const struct state_row *row, void *arg);
	/* the path of a script that only the ledger knows, by path or base
	 * name, or NULL */
	const char *(*gone)(const char *name, void *arg);
	void *arg;
};

struct plan_wish {
	const struct strvec *selected; /* paths; NULL: all */
	const char *tag;               /* or NULL */
	bool retry;                    /* failed (and rolled back) ones too */
	const char *retrying;          /* this one, when it failed; or NULL */
	const char *retrying_why;
	const char *again; /* why to run what is settled, or NULL */
};

/* Adds the line `git strack COMMAND` on a script, to be pasted. */
void plan_command(struct buf *ret, const char *command, const char *env,
	const char *options, const char *path);

/* The basis that an item would have by a row of now (or NULL): as long as it is
 * equal to an item's, and the item does not depend on others, its decision
 * stands. */
void plan_basis(const struct state_row *row, struct buf *ret);

/* `scripts` have been read (script_read). */
void plan_make(const struct plan_facts *facts, const struct plan_wish *wish,
	struct plan *ret);

#endif
