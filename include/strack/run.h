/*
 * Running one script, or one ad-hoc command, and recording it: claim, warden,
 * script, outcome; and finding the runs that nobody recorded.  The life of a
 * run is section 4 of strack-ledger(5)'s companion, git-strack-run(1).
 */
#ifndef STRACK_RUN_H
#define STRACK_RUN_H

#include "strack/entry.h"
#include "strack/script.h"
#include "strack/session.h"
#include "strack/text.h"

struct run_request {
	/* Read, without a problem; NULL: an ad-hoc command, which is `args`,
	 * runs where we are, and may overlap any other. */
	const struct script *script;
	int64_t attempt;
	const char *blob; /* decided on these bytes; NULL: any */
	/* Its rollback companion: that one is run, and undoes the run `undone`,
	 * whose bytes were `blob`.  NULL: the script itself is run. */
	const struct script *undo;
	const char *undone;
	/* Its verify companion, run after success; or NULL. */
	const struct script *verify;
	const char *again;         /* why over a state that is not pending */
	const char *reason;        /* why, of a command or a rollback */
	bool console;              /* on a terminal of its own, like ours */
	const struct strvec *args; /* given to the script; or NULL */
	/* NAME=VALUE, for its environment and its claim, and the values that
	 * neither claim nor log may have; or NULL. */
	const struct strvec *params, *secrets;
	int64_t timeout;  /* seconds, 0 none */
	bool from_start;  /* checkpoints of before don't count */
	bool wait;        /* for whoever holds the script */
	bool allow_dirty; /* what is not committed, too */
	struct out *out;  /* where its output is shown; NULL: not */
	size_t nth, of;   /* its place in the batch, to be shown */
	/* Id of the detached batch that it belongs to: it goes on when this
	 * process dies.  NULL: it does not. */
	const char *batch;
	/* Asked under the script's lock whenever the ledger moved: is this
	 * still what is to be done?  It may not write to the ledger.  NULL
	 * for a command. */
	enum err (*still)(bool *ret, void *arg, struct error *err);
	/* Told when it is claimed, just before it starts; may be NULL. */
	void (*started)(const char *run, void *arg);
	/* Told when the script runs; may be NULL. */
	void (*running)(const char *run, void *arg);
	void *arg;
};

struct run_report {
	char run[ULID_LEN + 1];
	char claim[ENTRY_ID_HEX + 1]; /* id of the entry that opened it */
	char *log_path;               /* the full output in the state folder */
	bool cancelled;               /* by a signal that this process got */
	bool midline; /* what was shown last did not end its line */
};
void run_report_release(struct run_report *r);

/* Runs it and returns when its outcome is on the ledger (whatever it is: see
 * its row).  ERR_MOVED: plan again, nothing was done.  ERR_HELD: another
 * runner of this clone has it, or the claim may not be signed.  ERR_NO: its
 * warden died, and the run is lost or still going; err tells which.  The
 * ledger is refreshed: rows of before are gone. */
enum err run_one(struct session *s, const struct run_request *req,
	struct run_report *ret, struct error *err);

/* Is the file of the work tree what HEAD has?  An error where there is no
 * commit yet. */
enum err run_is_committed(
	struct session *s, const char *path, bool *ret, struct error *err);

/* Is the .strack.ini that is in force what HEAD has (maybe none)? */
enum err run_config_is_committed(
	struct session *s, bool *ret, struct error *err);
/* May what is not committed be run in the environment at all?  Not where the
 * .strack.ini in force or that of HEAD asks for approvals. */
enum err run_dirty_allowed(struct session *s, bool *ret, struct error *err);

/* Can a SQL script be run here: a database is named, its client is installed,
 * and what it says can be one transaction?  ERR_OK for what is no SQL. */
enum err run_sql_check(
	struct session *s, const struct script *sc, struct error *err);

/* What a person said, as an entry may hold it: masked are the values of the
 * variables that [log] mask names, and passwords in URLs.  NULL for NULL; the
 * caller frees it. */
char *run_masked(const struct session *s, const char *text);
/* Sets `k` to that; nothing for NULL. */
void run_set_masked(
	const struct session *s, struct entry *e, enum key k, const char *text);

/* Waits until nobody holds the script here; ERR_OK also when nobody did. */
enum err run_wait(struct session *s, const char *script, struct error *err);

/* Left behind by killed processes: how many of each. */
struct litter {
	size_t locks; /* that nobody holds */
	size_t files; /* that were never finished */
};

struct lost_report {
	struct strvec lost;     /* scripts, "path (environment)" */
	struct strvec settled;  /* the same, "done: path (environment)": asked,
				 * its companion or its database knew better */
	struct strvec alive;    /* the same; something of the run lives */
	struct strvec tidied;   /* run ids whose folder was left behind */
	struct strvec commands; /* lost ones, "run 01K... (environment)" */
	struct litter litter;
};
#define LOST_REPORT_INIT                                                       \
	{                                                                      \
		STRVEC_INIT, STRVEC_INIT, STRVEC_INIT, STRVEC_INIT,            \
			STRVEC_INIT,                                           \
		{                                                              \
			0, 0                                                   \
		}                                                              \
	}
void lost_report_release(struct lost_report *r);

/* Removes it, or with `dry` only counts; adds to the counts. */
enum err litter_remove(const struct session *s, bool dry, struct litter *ret,
	struct error *err);

/* ERR_NO, naming what lives of a run whose warden is gone. */
enum err lost_alive(struct session *s, const char *run, struct error *err);

/* Records `lost` for this one claim, if it was here and is gone. */
enum err lost_record_run(struct session *s, const char *run, struct error *err);

/* Records `lost` for every claim whose run was here and is gone (or what the
 * verify companion says of it), and removes folders that belong to no open
 * claim, and whatever else a crash left.  With `dry`, only tells, and asks
 * nobody. */
enum err lost_record(struct session *s, bool dry, struct lost_report *ret,
	struct error *err);

#endif
