/*
 * What one command works with: repository, settings, environment, ledger,
 * keys, output.  Opened step by step, because each step has its own errors
 * and not every command needs all of them.
 */
#ifndef STRACK_SESSION_H
#define STRACK_SESSION_H

#include "strack/ledger.h"
#include "strack/out.h"
#include "strack/repo.h"
#include "strack/settings.h"
#include "strack/sign.h"

struct session {
	struct out out; /* stdout: results */
	struct out msg; /* stderr: progress and messages */
	int color;      /* as out_init takes it; from --no-color and color.ui */
	struct repo *repo;
	struct settings settings;
	char *config_blob; /* id of .strack.ini's blob, or NULL */
	char *env;
	bool env_chosen;
	char *clone;     /* id of this clone; NULL while it has none */
	char *state_dir; /* <common dir>/strack */
	char *user, *host;
	char *remote;    /* that the ledger is shared by; NULL: none is known */
	char *shared_by; /* the one that it was shared by before, maybe */
	int network_ms;  /* how long a question to it may take */
	bool offline;    /* do without it */
	/* The command (and what it takes) that does nothing without it; NULL:
	 * it may. */
	const char *must_reach;
	bool no_arrival; /* ask nobody for a ledger that is not here */
	char *unasked;   /* why one that may have it did not answer; or NULL */
	bool quiet;      /* the caller says so */
	bool wrote;      /* opened for writing */
	struct ledger *ledger; /* NULL: not opened, or there is none */
	struct signer *clone_signer, *person_signer;
};

void session_init(struct session *s, int color);
/* Closes everything; the ledger remembers what it verified. */
void session_release(struct session *s);

/* The repository alone, for what works also where .strack.ini is bad. */
enum err session_open_repo(struct session *s, struct error *err);
/* Repository, settings, environment (`env_flag` may be NULL). */
enum err session_open(
	struct session *s, const char *env_flag, struct error *err);

/* The state folder with its sub-folders, made when missing; the clone's id,
 * chosen when missing.  For commands that write. */
enum err session_prepare_state(struct session *s, struct error *err);

/* Opens the ledger.  ERR_NOTFOUND when there is none. */
enum err session_ledger(struct session *s, struct error *err);
/* The same, verifying everything and believing no cache. */
enum err session_ledger_fully(struct session *s, struct error *err);
/* The same for commands that write: state prepared, journal recovered, the
 * history sound.  With `found`, a repository without remotes gets a ledger
 * when it has none, and says so. */
enum err session_ledger_for_writing(
	struct session *s, bool found, struct error *err);
/* Founds the ledger of this repository: root key (the person's, else the
 * clone's), and admits the clone's key.  ERR_EXISTS. */
enum err session_found_ledger(struct session *s, struct error *err);

/* ---- the remote: sessionremote.c ---- */
/* Reads strack.networkTimeout. */
enum err session_network(struct session *s, struct error *err);
/* Does strack.remote say that there is to be none? */
bool session_is_alone(struct session *s);
/* Takes what strack.remote says. */
void session_know_remote(struct session *s);
/* Sets strack.remote; NULL: there is to be none. */
enum err session_use_remote(
	struct session *s, const char *name, struct error *err);
/* Which remote has a ledger (the caller frees it; NULL: none)?  ERR_HELD: none
 * of those that answered. */
enum err session_ask_remotes(struct session *s, char **ret, struct error *err);
/* Makes the branch of what a remote has.  ERR_NOTFOUND: none has anything;
 * ERR_HELD: as above. */
enum err session_arrive(
	struct session *s, const struct ledger_opts *opts, struct error *err);
/* The remote that is known, or the one that is found to have a ledger, which
 * is strack.remote from then on.  ERR_HELD as above. */
enum err session_find_remote(struct session *s, struct error *err);
/* Exchanges with it, where there is one.  ERR_HELD when it does not answer and
 * must_reach is set; otherwise that is told as a warning.  `any` as in
 * ledger_exchange. */
enum err session_exchange(struct session *s, bool any, struct error *err);
/* As ledger_opts.merger. */
enum err session_merger(struct ledger *l, void *arg, const struct signer **ret,
	struct error *err);
/* Says what waits to be sent, after a command that wrote. */
void session_tell_unsent(struct session *s);

/* The key of this clone (STRACK_SIGNING_KEY_FILE, strack.signingKey, the one
 * in the state folder); NULL with ERR_NOTFOUND when there is none yet. */
enum err session_clone_signer(
	struct session *s, const struct signer **ret, struct error *err);
/* Makes the key in the state folder when there is none at all. */
enum err session_make_key(struct session *s, struct error *err);
/* The person's key (user.signingKey with gpg.format ssh) where there is one,
 * else the clone's. */
enum err session_person_signer(
	struct session *s, const struct signer **ret, struct error *err);
/* The fingerprint that a row's signer is shown as: its principal where it is
 * known, else the fingerprint. */
const char *session_signer_name(struct session *s, const char *fingerprint);

/* Sets the keys that every entry of ours has: environment (and clone, for
 * local), time, host, user. */
void session_stamp(const struct session *s, struct entry *e);

/* ---- what is under way in this clone: runs/RUN ---- */
enum run_life {
	RUN_ELSEWHERE, /* no folder of it here */
	RUN_ALIVE,     /* its warden, or something that it started, lives */
	RUN_GONE,      /* it was here, and nothing of it is left */
};
enum err session_run_life(const struct session *s, const char *run,
	enum run_life *ret, struct error *err);
/* The row's state with time and liveness applied: running becomes overdue
 * (elsewhere, limit passed) or lost (here, and gone). */
enum state session_state(
	const struct session *s, const struct state_row *r, int64_t now_ms);

#endif
