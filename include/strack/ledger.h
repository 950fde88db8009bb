/*
 * The ledger of this repository: opened, verified as far as it is new, folded
 * into rows, and written to.
 *
 * What verification calls wrong nobody acts on: a problem of an entry makes
 * its script `untrusted`; a problem of the history as such (ledger_unsound)
 * stops every command that would run or write, but for those that mend it.
 */
#ifndef STRACK_LEDGER_H
#define STRACK_LEDGER_H

#include "strack/entry.h"
#include "strack/object.h"
#include "strack/sign.h"
#include "strack/state.h"
#include "strack/trust.h"

struct repo;
struct ledger;

#define LEDGER_BRANCH "strack-ledger"
#define LEDGER_REF "refs/heads/" LEDGER_BRANCH
#define LEDGER_SEEN_REF "refs/strack/seen/" LEDGER_BRANCH
/* What is this clone's alone, where the branch is shared. */
#define LEDGER_LOCAL_REF "refs/strack/local"
#define LEDGER_LOCAL_SEEN_REF "refs/strack/seen/local"
#define LEDGER_ROOT_CONFIG "strack.root" /* first ledger commit seen */

struct problem {
	char *commit; /* 40 hex, or NULL */
	char *entry;  /* path on the branch, or NULL */
	char *text;
	bool structural; /* of the history, not of one entry */
	bool lasting;    /* no disown gets past it: something was taken away */
};

struct problemvec {
	struct problem *v;
	size_t n, cap;
};
#define PROBLEMVEC_INIT                                                        \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void problemvec_release(struct problemvec *l);

/* Told now and then while much is verified; `total` commits in all. */
typedef void ledger_progress_fn(size_t done, size_t total, void *arg);

struct ledger_opts {
	struct repo *repo;
	const char *state_dir;    /* for cache, journal and locks */
	const char *expect_id;    /* [ledger] id of .strack.ini, or NULL */
	const char *expect_root;  /* [ledger] root, or NULL */
	const char *sign_program; /* gpg.ssh.program, or NULL */
	const char *clone;        /* this clone's id, for `local`; or NULL */
	bool full;                /* verify everything, believe no cache */
	/* The remote that every clone brings its entries to, or NULL; how long
	 * a question to it may take, and whether to do without it. */
	const char *remote;
	int network_ms;
	bool offline;
	/* Who may sign a merge; ERR_HELD when nobody here may. */
	enum err (*merger)(struct ledger *l, void *arg,
		const struct signer **ret, struct error *err);
	void *merger_arg;
	ledger_progress_fn *progress;
	void *progress_arg;
};

/* ERR_NOTFOUND: there is no ledger here.  ERR_FATAL: the branch is no ledger,
 * another one than expected, or was rewound; the hint says how to go on. */
enum err ledger_open(
	const struct ledger_opts *opts, struct ledger **ret, struct error *err);
/* Writes the cache and remembers the verified tip; failures of these are no
 * errors (a read-only repository can still be asked). */
void ledger_close(struct ledger *l);
/* Only frees: for a forked child. */
void ledger_free(struct ledger *l);

/* Looks at the branch again; *moved tells whether anything came. */
enum err ledger_refresh(struct ledger *l, bool *moved, struct error *err);

const char *ledger_id(const struct ledger *l);
const struct oid *ledger_tip(const struct ledger *l);
const struct oid *ledger_root(const struct ledger *l);
size_t ledger_entries(const struct ledger *l); /* how many there are */
size_t ledger_commits(const struct ledger *l); /* checked this time */
/* How many there are in all; walks the history, and checks nothing. */
enum err ledger_length(struct ledger *l, size_t *ret, struct error *err);
/* Of the claims of shared environments that were judged this time, how many
 * could not be held against approvals: what they were to have is not here. */
size_t ledger_unheld(const struct ledger *l);
/* Everything found wrong, in the order of the history; and what a root has
 * disowned. */
const struct problemvec *ledger_problems(const struct ledger *l);
const struct problemvec *ledger_disowned(const struct ledger *l);
/* That of refs/strack/local, which has its own problems; NULL: there is none.
 */
struct ledger *ledger_side(const struct ledger *l);
/* ERR_FATAL with what is wrong and how to go on when the history as such is
 * not sound: for commands that are about to act. */
enum err ledger_require_sound(const struct ledger *l, struct error *err);
/* Trust as it stands; worked out when first asked for. */
enum err ledger_trust(
	struct ledger *l, const struct trust **ret, struct error *err);

/* ---- what is pushed ---- */
/* For a server: what a push that takes the branch from `old` (zero: there is
 * none) to `new` (zero: none any more) would bring that must not come in, to
 * `ret`.  What was wrong before is not told again.  The cache gets what was
 * worked out of `old`, which must be the branch's tip; of what is new, which
 * may yet be refused, nothing is kept.  An error: it can't be judged. */
enum err ledger_judge_push(const struct ledger_opts *opts,
	const struct oid *old, const struct oid *new, struct problemvec *ret,
	struct error *err);

/* ---- rows ---- */
const struct rowvec *ledger_rows(const struct ledger *l);
/* The row of a script and environment, for `local` that of this clone; NULL
 * where there is none.  Valid until the next refresh or append. */
const struct state_row *ledger_row(
	const struct ledger *l, const char *script, const char *env);
/* Does the environment have any entry (of this clone, for `local`)? */
bool ledger_env_used(const struct ledger *l, const char *env);

/* ---- entries ---- */
struct ledger_entry {
	char *path; /* on the branch */
	struct oid blob;
	struct entry_name name;
	struct entry *e; /* NULL when it can't be read; see problem */
	char *problem;   /* why it does not count, or NULL */
	bool disowned;
};
struct ledger_entryvec {
	struct ledger_entry *v;
	size_t n, cap;
};
#define LEDGER_ENTRYVEC_INIT                                                   \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void ledger_entryvec_release(struct ledger_entryvec *l);

/* Names of all entries under a folder ("" all, or a script's path), oldest
 * first; nothing is read yet. */
enum err ledger_list(struct ledger *l, const char *under,
	struct ledger_entryvec *ret, struct error *err);
/* Reads one of them: fills e and problem. Trouble with this entry alone is
 * no error. */
enum err ledger_load(
	struct ledger *l, struct ledger_entry *le, struct error *err);
/* The commit that brought a path. */
enum err ledger_commit_of(
	struct ledger *l, const char *path, struct oid *ret, struct error *err);
/* A file beside an entry: suffix ".script" or ".log"; ERR_NOTFOUND. */
enum err ledger_beside(struct ledger *l, const char *path, const char *suffix,
	struct buf *ret, struct error *err);

/* ---- writing ---- */
struct ledger_write {
	struct entry *e; /* ledger, seq, prev, signer and id are filled in */
	const struct signer *signer;
	unsigned role; /* that the signer needs; 0: what the kind needs */
	const struct oid *script; /* blob beside a claim, or NULL */
	const struct buf *log;    /* bytes beside an outcome, or NULL */
	/* Asked after each look at the ledger, before the entry is signed;
	 * anything but ERR_OK ends the attempt.  May be NULL. */
	enum err (*decide)(struct ledger *l, void *arg, struct error *err);
	void *arg;
	struct buf *path; /* gets the path on the branch; may be NULL */
	bool unsure;      /* set when it failed, but the remote may have it */
};

/* Journal, objects, commit, compare-and-swap, read-back.  When it returns
 * ERR_OK the entry is durable on the branch.  Otherwise nothing is recorded;
 * but an outcome (a kind that may be replayed) that could not be committed
 * stays in the journal, and the message says so.  ERR_HELD: the signer is not
 * admitted for that; the hint has the line that a root must type. */
enum err ledger_append(
	struct ledger *l, struct ledger_write *w, struct error *err);

/* May the key sign with that role, there?  ERR_HELD as above when not. */
enum err ledger_may_sign(struct ledger *l, const struct signer *signer,
	unsigned role, const char *env, struct error *err);

/* Commits what a crash left in the journal and throws away what must not be
 * (claims and decisions that no ref holds).  Cheap when there is nothing. */
enum err ledger_recover(struct ledger *l, struct error *err);

/* ---- with a remote ---- */

/* From now on the ledger is shared by way of a remote (borrowed; NULL: of
 * none). */
void ledger_share(struct ledger *l, const char *remote);

struct ledger_exchange {
	size_t received; /* commits that came */
	size_t sent;     /* commits that went */
	bool merged;     /* both sides had something that the other had not */
};
/* Asks the remote what it has, verifies that, and brings both to one tip; with
 * `any` also what is not sound, if a disown can mend it.
 * ERR_HELD: it did not answer, or refuses.  ERR_FATAL: what it has is not
 * taken; the hint says how to go on.  Nothing without a remote. */
enum err ledger_exchange(struct ledger *l, bool any,
	struct ledger_exchange *ret, struct error *err);
/* Did it fail to answer, or refuse, when it was asked last? */
bool ledger_is_down(const struct ledger *l);
/* Was there an exchange that succeeded, by this process? */
bool ledger_met(const struct ledger *l);
/* Commits of the branch that the remote does not have as far as is known;
 * nothing is asked.  0 without a remote. */
enum err ledger_unsent(struct ledger *l, size_t *ret, struct error *err);
/* Makes the branch of what the remote has, once that is verified; of what git
 * fetched of it before where `ref` names that.  ERR_NOTFOUND when it has no
 * ledger; ERR_EXISTS when the branch is there. */
enum err ledger_join(
	const struct ledger_opts *opts, const char *ref, struct error *err);
/* Changes whenever anything comes to the ledger, of any clone or this one's
 * alone, and whenever rows of before are gone. */
struct oid ledger_mark(const struct ledger *l);

struct ledger_found_opts {
	const struct ledger_opts *ledger;
	const struct signer *root;
	const char *principal;
	const char *readme; /* text of the branch's README.md */
	const char *host, *user;
};
/* Makes the branch with its first commit.  ERR_EXISTS when there is one. */
enum err ledger_found(const struct ledger_found_opts *opts, struct error *err);

#endif
