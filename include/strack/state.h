/*
 * What the entries about a script add up to: one row for each environment
 * (and, in `local`, clone).  Pure: no clock, no disk, no git.
 */
#ifndef STRACK_STATE_H
#define STRACK_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/entry.h"

enum state {
	STATE_PENDING,
	STATE_RUNNING,
	STATE_OVERDUE, /* made of running by whoever knows the time */
	STATE_DONE,
	STATE_FAILED,
	STATE_SKIPPED,
	STATE_MARKED,
	STATE_LOST,
	STATE_ROLLED_BACK,
	STATE_RETIRED,
	STATE_NR
};

const char *state_name(enum state s);
bool state_parse(const char *name, enum state *ret);
/* done, skipped, marked, retired: not to be run again */
bool state_settled(enum state s);

enum flag {
	FLAG_CHANGED = 1,
	FLAG_MOVED = 2,
	FLAG_UNTRUSTED = 4,
	FLAG_CONFLICT = 8,
	FLAG_LATE = 16,
	FLAG_BLOCKED = 32,
	FLAG_DIRTY = 64,
};
#define FLAG_COUNT 7
const char *flag_name(unsigned bit);

struct state_row {
	char *script;
	char *env;
	char *clone; /* "" but for `local` */
	enum state state;
	unsigned flags;
	int64_t attempt;     /* of the last claim; 0: never claimed */
	int64_t time_ms;     /* of the entry that made the state */
	int64_t limit;       /* of the last claim, seconds; 0 none */
	int64_t claim_ms;    /* time of the last claim */
	int64_t duration_ms; /* -1 not known */
	int64_t exit;        /* -1 not known */
	int64_t signal;      /* 0 none */
	int64_t timed_out;   /* seconds, 0 no */
	char *run;           /* of the last claim, or NULL */
	char *reason;        /* why failed, skipped, marked, ...; or NULL */
	char *cancelled;     /* or NULL */
	char *user, *host, *signer; /* of the entry that made the state */
	char *blob;                 /* of the last claim, or NULL */
	char *claim;                /* id of the last claim, or NULL */
	char *entry;    /* id of the entry that made the state, or NULL */
	bool open;      /* a claim or undo has no outcome */
	bool undo;      /* what was opened last is an undo */
	bool borrowed;  /* its strings are not its own */
	bool untouched; /* scratch for callers */
};

struct rowvec {
	struct state_row *v;
	size_t n;
	size_t cap;
};
#define ROWVEC_INIT                                                            \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void state_row_release(struct state_row *r);
void state_row_copy(struct state_row *ret, const struct state_row *from);
void rowvec_release(struct rowvec *l);
struct state_row *rowvec_add(struct rowvec *l); /* zeroed, numbers unknown */

/* An entry and what the judges said of it. */
struct fact {
	const struct entry *e;
	bool counts;   /* trusted and sound */
	bool disowned; /* junk: as if it were not there */
	bool conflict; /* a claim against a rule that the fold can't see */
};

typedef void anomaly_fn(const struct entry *e, const char *problem, void *arg);

/* Folds all entries about ONE script, in entry order, into rows (appended, in
 * the order of first appearance).  Entries that don't count only set
 * FLAG_UNTRUSTED.  What must not happen (ran twice, two open claims, a second
 * outcome, ...) is told to `fn` (may be NULL) and sets FLAG_CONFLICT where it
 * is about overlapping runs.  Also used for the entries of .strack/exec. */
void state_fold(const struct fact *v, size_t n, struct rowvec *ret,
	anomaly_fn *fn, void *arg);

#endif
