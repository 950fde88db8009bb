/*
 * One ledger in many clones.  The remote's branch is what they agree on, and a
 * push that is no fast-forward is refused there: a compare-and-swap that any
 * git server has.  What the remote says of a push is never believed; what it
 * has afterwards is.
 *
 * Nothing of a remote gets into the branch before it is verified, and what was
 * verified of it once it must have for ever.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "strack/clock.h"
#include "strack/gc.h"
#include "strack/lock.h"
#include "strack/refs.h"
#include "strack/repo.h"

#define REFUSED_TRIES 3
#define PAUSE_MAX_MS 1000

char *exchange_fetched_ref(const struct ledger *l)
{
	return xstrfmt(
		"refs/strack/remotes/%s/%s", l->opts.remote, LEDGER_BRANCH);
}

char *exchange_seen_ref(const struct ledger *l)
{
	return xstrfmt("refs/strack/seen/remotes/%s/%s", l->opts.remote,
		LEDGER_BRANCH);
}

void ledger_share(struct ledger *l, const char *remote)
{
	remote_free(l->remote);
	l->remote = NULL;
	l->opts.remote = remote;
	l->met = l->down = false;
}

bool ledger_met(const struct ledger *l)
{
	return !l->opts.remote || l->met;
}

bool ledger_is_down(const struct ledger *l)
{
	return l->down;
}

struct oid ledger_mark(const struct ledger *l)
{
	struct oid mark = l->tip;
	unsigned reread = l->reread;

	for (size_t i = 0; i < sizeof(reread); i++, reread >>= 8)
		mark.id[i] ^= (unsigned char)reread;
	for (size_t i = 0; l->side && i < OID_RAW; i++)
		mark.id[i] ^= l->side->tip.id[i];
	return mark;
}

/* The more often others were quicker, the longer, and never as long as they. */
void exchange_pause(int attempt)
{
	int64_t most = 20 * (int64_t)attempt;
	unsigned char r = 0;
	struct timespec ts = { 0, 0 };

	if (most > PAUSE_MAX_MS)
		most = PAUSE_MAX_MS;
	random_bytes(&r, 1, NULL);
	ts.tv_nsec = (long)(most * 999999 / 255 * r);
	nanosleep(&ts, NULL);
}

/* ---- what it has ---- */

enum err exchange_read_ref(struct ledger *l, const char *ref, struct oid *ret,
	bool *there, struct error *err)
{
	enum err rc = ref_read(l->opts.repo, ref, ret, err);

	*there = !rc;
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	return rc;
}

static enum err open_remote(struct ledger *l, struct error *err)
{
	if (l->remote)
		return ERR_OK;
	return remote_open(l->opts.repo, l->opts.remote, l->opts.network_ms,
		&l->remote, err);
}

/* Is everything of it here?  Clones may be shallow, or leave blobs out. */
static enum remote_fetch what_is_missing(
	struct ledger *l, const struct oid *tip)
{
	struct oidvec ids = OIDVEC_INIT;
	struct oid tree, blob;
	struct buf meta = BUF_INIT;
	unsigned mode;
	enum remote_fetch how = REMOTE_PLAIN;
	struct repo *r = l->opts.repo;

	if (repo_is_shallow(r) &&
		history_list(r, tip, l->loaded ? &l->tip : NULL, &ids, NULL))
		how = REMOTE_DEEPEN;
	else if (repo_is_partial(r) &&
		 (commit_tree(r, tip, &tree, NULL) ||
			 tree_find(r, &tree, LEDGER_META, &mode, &blob, NULL) ||
			 object_read(r, &blob, OBJECT_BLOB, 4096, &meta, NULL)))
		how = REMOTE_REFETCH;
	buf_release(&meta);
	oidvec_release(&ids);
	return how;
}

/* ERR_NOTFOUND: it has none. */
static enum err fetch(struct ledger *l, struct oid *ret, struct error *err)
{
	char *into = exchange_fetched_ref(l);
	enum remote_fetch how;
	enum err rc = open_remote(l, err);

	if (!rc)
		rc = remote_fetch(
			l->remote, LEDGER_REF, into, REMOTE_PLAIN, err);
	if (!rc)
		rc = ref_read(l->opts.repo, into, ret, err);
	how = rc ? REMOTE_PLAIN : what_is_missing(l, ret);
	if (how != REMOTE_PLAIN) {
		rc = remote_fetch(l->remote, LEDGER_REF, into, how, err);
		if (!rc)
			rc = ref_read(l->opts.repo, into, ret, err);
	}
	free(into);
	return rc;
}

/* After a push that was refused it has just been looked at. */
static enum err fetch_unless_fresh(
	struct ledger *l, struct oid *ret, struct error *err)
{
	bool fresh = l->fetched;
	char *ref = exchange_fetched_ref(l);
	enum err rc;

	l->fetched = false;
	rc = fresh ? ref_read(l->opts.repo, ref, ret, err) : ERR_OK;
	free(ref);
	return fresh ? rc : fetch(l, ret, err);
}

/* ---- one tip ---- */

/* Only forward; and what it costs to forget it is a fetch. */
static void remember(struct ledger *l, const struct oid *tip)
{
	char *ref = exchange_seen_ref(l);
	struct oid seen;
	bool there, forward = true;
	enum err rc = exchange_read_ref(l, ref, &seen, &there, NULL);

	if (!rc && there)
		rc = history_is_ancestor(
			l->opts.repo, &seen, tip, &forward, NULL);
	if (!rc && forward && !(there && !oid_cmp(&seen, tip)))
		ledger_move_ref(l->opts.repo, l->opts.state_dir, ref, tip,
			there ? &seen : NULL, "strack: verified", NULL);
	free(ref);
}

/* Back to what the branch has, whatever went wrong elsewhere. */
static void go_back(struct ledger *l)
{
	bool moved;

	ledger_forget(l);
	ledger_refresh(l, &moved, NULL);
}

static bool has_lasting(const struct ledger *l)
{
	for (size_t i = 0; i < l->problems.n; i++)
		if (l->problems.v[i].structural && l->problems.v[i].lasting)
			return true;
	return false;
}

/* Looks at a tip that follows the branch's; ERR_OK: it may be taken. */
static enum err judge_tip(
	struct ledger *l, const struct oid *tip, bool any, struct error *err)
{
	enum err rc = ledger_go_to(l, tip, err);

	if (rc == ERR_TOOBIG || rc == ERR_NOTFOUND) {
		error_prefix(err, "what the remote '%s' has can't be judged",
			l->opts.remote);
		rc = ERR_FATAL;
	}
	if (!rc && !(any && !has_lasting(l)))
		rc = exchange_refuse_unsound(l, err);
	return rc;
}

static enum err move_branch(struct ledger *l, const struct oid *to,
	const struct oid *from, const char *word, struct error *err)
{
	enum err rc = ledger_move_ref(l->opts.repo, l->opts.state_dir,
		LEDGER_REF, to, from, word, err);
	bool moved;

	/* `l` may be there already, but the side's rows are to be laid over */
	return rc ? rc : side_refresh(l, true, &moved, err);
}

enum err ledger_merge(struct ledger *l, const struct oid *ours,
	const struct oid *theirs, struct oid *ret, struct error *err)
{
	struct repo *r = l->opts.repo;
	struct oidvec written = OIDVEC_INIT, parents = OIDVEC_INIT;
	struct oid a, b, tree;
	const struct signer *signer;
	enum err rc = l->opts.merger(l, l->opts.merger_arg, &signer, err);

	if (!rc)
		rc = commit_shape(r, ours, &a, NULL, err);
	if (!rc)
		rc = commit_shape(r, theirs, &b, NULL, err);
	if (!rc)
		rc = tree_union(r, &b, &a, &written, &tree, err);
	oidvec_push(&parents, theirs);
	oidvec_push(&parents, ours);
	if (!rc)
		rc = ledger_write_commit(r, signer, &tree, &parents, "merge\n",
			&written, ret, err);
	if (!rc)
		rc = objects_sync(r, &written, err);
	oidvec_release(&parents);
	oidvec_release(&written);
	/* what is missing, or there twice, is no answer to anybody */
	return rc && rc != ERR_HELD ? ERR_FATAL : rc;
}

static enum err count(struct ledger *l, const struct oid *from,
	const struct oid *to, size_t *ret, struct error *err)
{
	struct oidvec ids = OIDVEC_INIT;
	enum err rc = history_list(l->opts.repo, to, from, &ids, err);

	*ret += ids.n;
	oidvec_release(&ids);
	return rc;
}

/* Both have something that the other has not. */
static enum err join(struct ledger *l, const struct oid *theirs, bool any,
	struct ledger_exchange *x, struct error *err)
{
	struct oid ours = l->tip, merged;
	enum err rc = ledger_merge(l, &ours, theirs, &merged, err);

	if (rc == ERR_HELD)
		rc = ERR_FATAL; /* the remote is not to blame */
	if (!rc)
		rc = count(l, &ours, theirs, &x->received, err);
	if (!rc)
		rc = count(l, theirs, &merged, &x->sent, err);
	if (!rc)
		rc = judge_tip(l, &merged, any, err);
	if (!rc)
		rc = exchange_send(l, &merged, theirs, err);
	if (!rc)
		rc = move_branch(l, &merged, &ours, "merge", err);
	if (!rc) {
		remember(l, &merged);
		x->merged = true;
	} else {
		go_back(l);
	}
	return rc;
}

static enum err take(struct ledger *l, const struct oid *theirs, bool any,
	struct ledger_exchange *x, struct error *err)
{
	struct oid ours = l->tip;
	enum err rc = count(l, &ours, theirs, &x->received, err);

	if (!rc)
		rc = judge_tip(l, theirs, any, err);
	if (!rc)
		rc = move_branch(l, theirs, &ours, "strack: fetched", err);
	if (rc)
		go_back(l);
	else if (!ledger_require_sound(l, NULL))
		remember(l, theirs);
	return rc;
}

static enum err give(struct ledger *l, const struct oid *theirs,
	struct ledger_exchange *x, struct error *err)
{
	enum err rc = ledger_require_sound(l, err);

	if (!rc)
		rc = count(l, theirs, &l->tip, &x->sent, err);
	return rc ? rc : exchange_send(l, &l->tip, theirs, err);
}

static enum err bring_together(struct ledger *l, const struct oid *theirs,
	bool any, struct ledger_exchange *x, struct error *err)
{
	bool behind = false, ahead = false;
	struct repo *r = l->opts.repo;
	enum err rc;

	if (!oid_cmp(theirs, &l->tip)) {
		if (!ledger_require_sound(l, NULL))
			remember(l, theirs);
		return ERR_OK;
	}
	rc = history_is_ancestor(r, &l->tip, theirs, &behind, err);
	if (!rc && !behind)
		rc = history_is_ancestor(r, theirs, &l->tip, &ahead, err);
	if (rc)
		return rc;
	if (ahead)
		return give(l, theirs, x, err);
	return behind ? take(l, theirs, any, x, err)
		      : join(l, theirs, any, x, err);
}

static enum err meet(struct ledger *l, bool any, struct ledger_exchange *x,
	struct error *err)
{
	struct oid theirs;
	bool moved;
	enum err rc = ledger_refresh(l, &moved, err);

	if (!rc)
		rc = ledger_refuse_checked_out(l, err);
	if (rc)
		return rc;
	rc = fetch_unless_fresh(l, &theirs, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = exchange_refuse_rewound(l, NULL, err);
		return rc ? rc : give(l, NULL, x, err);
	}
	if (!rc)
		rc = exchange_refuse_another(l, &theirs, err);
	if (!rc)
		rc = exchange_refuse_rewound(l, &theirs, err);
	return rc ? rc : bring_together(l, &theirs, any, x, err);
}

static bool is_known(struct ledger *l)
{
	struct oid seen;
	bool there;
	char *ref = exchange_seen_ref(l);
	enum err rc = exchange_read_ref(l, ref, &seen, &there, NULL);

	free(ref);
	return !rc && there && !oid_cmp(&seen, &l->tip);
}

enum err exchange_meet(struct ledger *l, enum exchange_how how,
	struct ledger_exchange *ret, struct error *err)
{
	enum err rc = ERR_MOVED;

	if (how == EXCHANGE_KNOWN && is_known(l))
		return ERR_OK;
	for (int i = 0; i < EXCHANGE_TRIES && rc == ERR_MOVED; i++) {
		struct ledger_exchange x = { 0, 0, false };

		if (i)
			exchange_pause(i);
		error_reset(err);
		rc = meet(l, how == EXCHANGE_ANY, &x, err);
		if (!rc && ret) {
			ret->received += x.received;
			ret->sent += x.sent;
			ret->merged |= x.merged;
		}
	}
	if (rc == ERR_MOVED)
		rc = error_set(err, ERR_HELD,
			"the ledger of the remote '%s' moved %d times while "
			"this was tried",
			l->opts.remote, EXCHANGE_TRIES);
	l->met = l->met || !rc;
	l->down = rc == ERR_HELD;
	return rc;
}

/* ---- sending ---- */

/* It said no, or nothing.  What has it?  ERR_HELD: what it had, or (*asked is
 * false) nobody knows. */
static enum err what_became_of_it(struct ledger *l, const struct oid *commit,
	const struct oid *base, bool *asked)
{
	struct oid now;
	bool there = false;
	enum err rc = fetch(l, &now, NULL);

	*asked = !rc || rc == ERR_NOTFOUND;
	if (rc == ERR_NOTFOUND)
		return base ? ERR_MOVED : ERR_HELD;
	if (!rc)
		rc = history_is_ancestor(
			l->opts.repo, commit, &now, &there, NULL);
	if (rc)
		return ERR_HELD;
	if (there)
		return ERR_OK;
	if (base && !oid_cmp(&now, base))
		return ERR_HELD;
	l->fetched = true;
	return ERR_MOVED;
}

static bool is_tip(struct ledger *l, const struct oid *commit)
{
	struct oid now;

	return !remote_tip(l->remote, LEDGER_REF, &now, NULL) &&
	       !oid_cmp(&now, commit);
}

/* That another push is being taken just then looks like a refusal, too. */
enum err exchange_send(struct ledger *l, const struct oid *commit,
	const struct oid *base, struct error *err)
{
	bool asked = true;
	enum err rc = open_remote(l, err);

	if (rc)
		return rc;
	for (int i = 0; i < REFUSED_TRIES; i++) {
		if (i)
			exchange_pause(5 * i);
		error_reset(err);
		rc = remote_push(l->remote, commit, LEDGER_REF, false, err);
		if (rc == ERR_OK && is_tip(l, commit))
			break;
		rc = what_became_of_it(l, commit, base, &asked);
		if (rc == ERR_HELD && err && !err->text.len)
			error_set(err, rc,
				"the remote '%s' said that it took it, but %s",
				l->opts.remote,
				asked ? "does not have it"
				      : "does not say any more what it has");
		if (rc != ERR_HELD || !asked)
			break;
	}
	if (!rc) {
		error_reset(err);
		remember(l, commit);
	}
	l->unsure = rc == ERR_HELD && !asked;
	if (l->unsure)
		error_prefix(err, "nobody knows whether it arrived");
	l->down = rc == ERR_HELD;
	return rc;
}

enum err exchange_holds(struct ledger *l, const struct journal_item *it,
	bool *ret, struct error *err)
{
	struct oid seen, tree;
	bool there;
	char *ref = exchange_seen_ref(l);
	enum err rc = exchange_read_ref(l, ref, &seen, &there, err);

	*ret = false;
	if (!rc && there)
		rc = commit_shape(l->opts.repo, &seen, &tree, NULL, err);
	if (!rc && there)
		rc = ledger_holds(l, &tree, it, ret, err);
	free(ref);
	return rc;
}

/* ---- for commands ---- */

enum err ledger_exchange(struct ledger *l, bool any,
	struct ledger_exchange *ret, struct error *err)
{
	struct lock lock = LOCK_INIT;
	struct gc_hold gc = GC_HOLD_INIT;
	enum err rc;

	if (!l->opts.remote)
		return ERR_OK;
	rc = ledger_lock(l, &lock, err);
	if (!rc)
		rc = file_map_keep(&l->cache, err);
	if (!rc)
		rc = gc_keep_away(l->opts.repo, &gc, err);
	if (!rc)
		rc = exchange_meet(
			l, any ? EXCHANGE_ANY : EXCHANGE_ANEW, ret, err);
	gc_release(&gc);
	lock_release(&lock, false);
	return rc;
}

enum err ledger_unsent(struct ledger *l, size_t *ret, struct error *err)
{
	struct oid seen;
	bool there;
	char *ref;
	enum err rc;

	*ret = 0;
	if (!l->opts.remote)
		return ERR_OK;
	ref = exchange_seen_ref(l);
	rc = exchange_read_ref(l, ref, &seen, &there, err);
	if (!rc && !(there && !oid_cmp(&seen, &l->tip)))
		rc = count(l, there ? &seen : NULL, &l->tip, ret, err);
	free(ref);
	return rc;
}

enum err ledger_join(
	const struct ledger_opts *opts, const char *ref, struct error *err)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	struct gc_hold gc = GC_HOLD_INIT;
	struct oid tip;
	enum err rc = gc_keep_away(opts->repo, &gc, err);

	l->opts = *opts;
	if (!rc)
		rc = ref ? ref_read(opts->repo, ref, &tip, err)
			 : fetch(l, &tip, err);
	if (!rc)
		rc = exchange_refuse_rewound(l, &tip, err);
	if (!rc) {
		rc = ledger_go_to(l, &tip, err);
		if (!rc)
			rc = exchange_refuse_unsound(l, err);
		if (rc)
			rc = rc == ERR_HELD ? rc : ERR_FATAL;
	}
	if (!rc)
		rc = ledger_move_ref(opts->repo, opts->state_dir, LEDGER_REF,
			&tip, NULL, "strack: fetched", err);
	if (rc == ERR_MOVED)
		rc = error_set(err, ERR_EXISTS,
			"there is a branch '%s' already", LEDGER_BRANCH);
	if (!rc)
		remember(l, &tip);
	gc_release(&gc);
	if (rc)
		ledger_free(l);
	else
		ledger_close(l);
	return rc;
}
