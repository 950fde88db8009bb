/*
 * The scripts of the work tree and the rows of the ledger, brought together
 * for one environment: what `status` shows and what `run` decides from.
 * Nothing of a script is read but the headers of those that might run.
 */
#ifndef STRACK_VIEW_H
#define STRACK_VIEW_H

#include "strack/plan.h"
#include "strack/script.h"
#include "strack/session.h"
#include "strack/strmap.h"

struct view_row {
	const char *path;
	struct script *script;       /* NULL: gone from the work tree */
	const struct state_row *row; /* NULL: nothing is known of it here */
	enum state state;            /* with time and liveness applied */
	unsigned flags;
	const char *moved_from; /* or NULL */
	enum decision decision; /* of a plain run; PLAN_SETTLED when gone */
	struct buf why;         /* as plan_item has them */
	struct buf how;
};

struct view {
	struct session *s;
	struct scriptvec scripts;
	char *env;          /* whose rows these are */
	struct view_row *v; /* in plan order, gone ones among them */
	size_t n, cap;
	/* Set it before view_see(): of the scripts of which nothing is known in
	 * an environment only those that stand here are read and planned, which
	 * is much quicker for who asks about few.  NULL: all are. */
	const struct strmap *only;
	/* Likewise: bytes that were proved when the scripts were found are
	 * believed for every environment, not for the first alone. */
	bool one_look;
	/* private */
	int64_t now_ms;
	char **blobs;          /* for each script, "" not to be had */
	bool fresh;            /* what discovery proved is still believed */
	bool seen;             /* the rows were worked out before */
	struct strmap by_path; /* script to index + 1, made when asked for */
	struct strmap gone;    /* base name or blob to the path that had it */
	bool gone_ready;
};
#define VIEW_INIT                                                              \
	{                                                                      \
		.scripts = SCRIPTVEC_INIT, .by_path = STRMAP_INIT,             \
		.gone = STRMAP_INIT                                            \
	}

/* Finds the scripts.  The session is open; its ledger may be missing.
 * Borrows the session, and what it returns is good until the ledger moves. */
enum err view_open(struct view *v, struct session *s, struct error *err);
/* Works out the rows of one environment, instead of those before. */
enum err view_see(struct view *v, const char *env, struct error *err);
void view_release(struct view *v);

/* The facts that the planner asks for, answered from the view. */
void view_facts(struct view *v, const char *env, struct plan_facts *ret);
/* Blob id of a script of the work tree; NULL where there is none. */
const char *view_blob(struct view *v, const char *path);

/* Would a plain run take it up, now or when it is no longer blocked? */
bool view_waits(const struct view_row *r);
/* Does it wait for a person instead: failed, lost, overdue, rolled back,
 * moved, untrusted, in conflict, or not fit to run? */
bool view_needs_decision(const struct view_row *r);

/* All scripts that a person may name: those of the work tree (which need not
 * be readable as a whole) and those that only the ledger knows. */
void view_known_scripts(struct session *s, struct scriptvec *ret);

#endif
