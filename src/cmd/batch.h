/*
 * Several scripts, one after the other: private to `run`.  batch.c decides
 * and runs, batchtext.c says what a person sees.
 */
#ifndef STRACK_CMD_BATCH_H
#define STRACK_CMD_BATCH_H

#include "strack/companion.h"
#include "strack/plan.h"
#include "strack/run.h"
#include "strack/session.h"
#include "strack/underway.h"
#include "strack/view.h"

struct run_opts {
	const char *env, *message, *timeout, *tag;
	bool dry_run, retry, from_start, again, keep_going, wait, allow_dirty;
	bool from_the_beginning, yes, json, detach, offline;
	struct strvec params; /* as they were typed */
};

struct batch {
	struct session *s;
	const struct run_opts *o;
	const struct strvec *args; /* for the script */
	int64_t timeout;           /* -1: as the script says */
	struct out *out;           /* where it is told */
	struct view view;
	struct companions companions;
	struct strvec given;    /* parameters, NAME=VALUE */
	struct strvec selected; /* paths; empty: all */
	struct plan plan;
	struct oid planned_at; /* ledger_mark() then */
	struct strvec todo;    /* paths, what was not settled at the start */
	size_t to_run;         /* of these, how many were to be run */
	size_t at;             /* how many were begun */
	const struct plan_item *item; /* the one that is begun */
	/* One that failed, to be run again by itself; NULL: none. */
	const char *retrying;
	int64_t retry;        /* the how many-th retry of it this is */
	struct buf retry_why; /* as the claim has it */
	bool allow_dirty;     /* asked for, and allowed there */
	bool cancelled;       /* by a signal, or git strack cancel */
	size_t done, failed, skipped, lost, blocked, not_run;
	int64_t start;        /* monotonic milliseconds */
	struct detach detach; /* its id is empty in one that is not */
};

void batch_release(struct batch *b);
/* (Re)plans; plan and rows are as the ledger is now. */
enum err batch_plan(struct batch *b, struct error *err);
/* What is to be done at all, in order. */
void batch_collect(struct batch *b);
/* Runs it.  What went wrong or waits for somebody is in err, with the commands
 * that get past it. */
enum err batch_run(struct batch *b, struct error *err);
/* Does a plain run go no further than that, which it can't run? */
bool batch_stops_at(const struct plan_item *it);
const struct plan_item *batch_find(const struct batch *b, const char *path);

/* The same in a process of its own, until the first script runs; then tells
 * how to go on.  In that process it returns at the end of the batch. */
enum err batch_detach(struct batch *b, struct error *err);

/* ---- batchparam.c ---- */
/* Reads what was given, and sees to it that each script that would run gets
 * what it declares and each word is wanted. */
enum err batch_check_params(struct batch *b, struct error *err);
/* What one script gets; see params_resolve. */
enum err batch_params(const struct batch *b, const struct script *sc,
	struct strvec *ret, struct strvec *secrets, struct error *err);

/* ---- batchundo.c ---- */
/* Sees to it that each script that would run can be: its database, if it is
 * SQL, its companions, and that there is one where a header relies on it. */
enum err batch_check_companions(struct batch *b, struct error *err);
/* The verify companion of one script, or NULL; see companion_find. */
enum err batch_verify(struct batch *b, const struct script *sc,
	struct script **ret, struct error *err);
/* Does something of a failed run live on?  Says so, and what it keeps from
 * being done. */
bool batch_lives_on(const struct batch *b, const char *run, const char *what);
/* Rolls a script back that failed, if its header asks for it; err, which has
 * why it failed, gets what came of that. */
void batch_roll_back(struct batch *b, const char *path, struct error *err);

/* ---- batchtext.c ---- */
void batch_say_start(struct batch *b, const struct plan_item *it);
void batch_say_end(struct batch *b, const struct state_row *r);
/* It will be run again, after its retry-delay. */
void batch_say_retry(struct batch *b, const struct script *sc);
/* A script that is passed by, and why. */
void batch_say_passed(struct batch *b, const char *word,
	const struct plan_item *it, const char *why);
/* The same, and the commands that bring it further. */
void batch_say_waiting(
	struct batch *b, const char *word, const struct plan_item *it);
void batch_say_plan(struct batch *b);
void batch_say_summary(struct batch *b);
void batch_json(struct batch *b);
/* What happened and how to go on, for the end of the batch. */
void batch_fail_text(struct batch *b, const struct state_row *r,
	const struct run_report *rep, struct error *err);
/* The same about one that a person decides about. */
void batch_stop_text(const struct plan_item *it, struct error *err);

#endif
