/* Private to src/core: what a ledger is made of. */
#ifndef STRACK_CORE_LEDGER_I_H
#define STRACK_CORE_LEDGER_I_H

#include "strack/file.h"
#include "strack/ledger.h"
#include "strack/remote.h"
#include "strack/strmap.h"
#include "walk.h"

struct ledger {
	struct ledger_opts opts; /* strings borrowed from the caller */
	/* That of refs/strack/local, which holds what is this clone's alone;
	 * and of that one, the ledger that it stands beside. */
	struct ledger *side, *owner;
	struct remote *remote; /* opened when first needed */
	bool met;              /* an exchange with it has succeeded */
	bool down;    /* it could not be reached: only claims try again */
	bool fetched; /* what it has was fetched just now */
	bool unsure;  /* what was sent last may be there, or not */
	struct oid tip;
	struct oid tree;
	struct oid root;
	unsigned reread; /* how often all of it was worked out anew */
	bool loaded;     /* the fields below describe `tip` */
	bool clean;      /* and nothing is wrong up to there */
	char id[37];
	char root_signer[64]; /* fingerprint that founded it */
	size_t nentries;
	size_t ncommits; /* checked by this process */
	int64_t max_seq;
	struct rowvec rows;
	struct mapping cache; /* where rows that were cached point to */
	struct strmap index;  /* "env/script" to index + 1, this clone's */
	bool indexed;
	struct problemvec problems;
	struct problemvec disowned;
	struct trust trust;
	bool trust_ready;
	struct strmap trust_at;       /* path to commit hex (owned) */
	struct strmap disowned_ids;   /* entry ids */
	struct strmap disowned_paths; /* entries of disowned commits */
	bool cache_stale;
	size_t nunheld;          /* claims that could not be held against: */
	struct strmap configs;   /* blob hex to settings, NULL: unknown */
	struct strmap config_of; /* code commit to that; "" none */
};

/* judge.c: after a walk (which may have seen nothing), works out trust and
 * what is disowned, and folds: all scripts when `all`, else those touched. */
enum err ledger_judge(
	struct ledger *l, struct walk *w, bool all, struct error *err);
/* Trust alone, as far as it can be told without a walk (a clean ledger). */
enum err ledger_judge_trust(
	struct ledger *l, struct walk *w, struct error *err);

/* judgeapprovals.c: `facts` are the entries about one script, in entry order.
 * Claims that lack the approvals that were demanded are told to `fn`, and
 * conflict. */
void judge_approvals(struct ledger *l, struct fact *facts, size_t n,
	anomaly_fn *fn, void *arg);
void judge_forget_configs(struct ledger *l);

/* ledgercache.c; both are silent: a cache is only a cache. */
bool ledger_cache_load(struct ledger *l);
void ledger_cache_store(struct ledger *l);

/* The verified tip, as the one that no other may fall behind. */
void ledger_remember(struct ledger *l);
/* Forgets all that was worked out. */
void ledger_forget(struct ledger *l);
void ledger_add_problem(struct problemvec *l, const char *commit,
	const char *entry, const char *text, bool structural, bool lasting);

/* ledger.c, for received.c: as ledger_open does it, but for a tip that need not
 * be the branch's, whatever was seen before.  Nothing is written. */
enum err ledger_load_at(
	struct ledger *l, const struct oid *tip, struct error *err);
/* Verifies from `base` (NULL: from the root), whose state `l` is in; without a
 * base `l` must be new or forgotten. */
enum err ledger_verify_at(struct ledger *l, const struct oid *tip,
	const struct oid *base, bool all, struct error *err);

/* append.c */
#define LEDGER_TRIES 20
struct journal_item;
struct lock;
enum err ledger_lock(
	const struct ledger *l, struct lock *lock, struct error *err);
enum err ledger_refuse_checked_out(struct ledger *l, struct error *err);
/* commititem.c */
enum err ledger_write_commit(struct repo *r, const struct signer *signer,
	const struct oid *tree, const struct oidvec *parents,
	const char *message, struct oidvec *written, struct oid *ret,
	struct error *err);
/* Does the tree hold exactly these bytes at that path? */
enum err ledger_holds(struct ledger *l, const struct oid *tree,
	const struct journal_item *it, bool *ret, struct error *err);
/* Is it an outcome, which keeps its text and outlives a crash in the journal?
 * Claims and decisions do not. */
bool ledger_keeps(const struct entry *e);
enum sending {
	SEND_NOT,
	SEND_TRY, /* the branch moves whatever the remote says */
	SEND_MUST
};
/* One attempt on the tip that was read; the remote gets it first.  ERR_MOVED:
 * look again.  ERR_HELD: it must be sent, and the remote did not answer, or
 * refuses. */
enum err ledger_commit_item(struct ledger *l, const struct entry *e,
	const struct signer *signer, const struct journal_item *it,
	enum sending send, struct error *err);
void ledger_pause(int attempt);

/* side.c */
/* Whose is an entry: the ledger's that is given, or that of what is this
 * clone's alone, which is NULL where it is not there yet. */
bool side_owns(const struct ledger *l, const struct entry *e);
/* Makes it, or brings it up to what the branch holds. */
enum err side_prepare(struct ledger *l, struct error *err);
/* Looks at it again, and lays its rows over ours. */
enum err side_refresh(
	struct ledger *l, bool fresh, bool *moved, struct error *err);
void side_free(struct ledger *l);

/* ledger.c */
/* Takes another tip than the branch has for the ledger's, which must follow
 * the one that was read; verified, as ever. */
enum err ledger_go_to(
	struct ledger *l, const struct oid *tip, struct error *err);
/* The branch, or that of what is this clone's alone, alone. */
enum err ledger_refresh_one(struct ledger *l, bool *moved, struct error *err);
static inline const char *ledger_ref(const struct ledger *l)
{
	return l->owner ? LEDGER_LOCAL_REF : LEDGER_REF;
}
static inline const char *ledger_seen_ref(const struct ledger *l)
{
	return l->owner ? LEDGER_LOCAL_SEEN_REF : LEDGER_SEEN_REF;
}
/* For messages and for git's commands. */
static inline const char *ledger_name(const struct ledger *l)
{
	return l->owner ? LEDGER_LOCAL_REF : LEDGER_BRANCH;
}

/* refmove.c: ref_cas, but a process that is killed in it leaves no lock file
 * for good: the next one removes it. */
enum err ledger_move_ref(struct repo *r, const char *state_dir,
	const char *name, const struct oid *new, const struct oid *old,
	const char *reflog, struct error *err);
/* Removes what a killed one left, if it left anything. */
void ledger_sweep_refs(struct repo *r, const char *state_dir);

#endif
