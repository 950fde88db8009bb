/*
 * One entry as a commit: its objects, the commit, the branch moved to it, and a
 * look whether it is there.  Where the ledger is shared, the remote's branch
 * moves first.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

static enum err write_objects(struct ledger *l, const struct journal_item *it,
	const struct oid *base_tree, struct oidvec *written, struct oid *tree,
	struct error *err)
{
	struct tree_addition add[3];
	char *script = xstrfmt("%s.script", it->path);
	char *log = xstrfmt("%s.log", it->path);
	size_t n = 0;
	enum err rc;

	rc = object_write(l->opts.repo, OBJECT_BLOB, it->entry.ptr,
		it->entry.len, &add[0].blob, err);
	add[n++].path = it->path;
	if (!rc && it->has_script) {
		add[n].path = script;
		add[n++].blob = it->script;
	}
	if (!rc && it->has_log) {
		rc = object_write(l->opts.repo, OBJECT_BLOB, it->log.ptr,
			it->log.len, &add[n].blob, err);
		add[n++].path = log;
	}
	for (size_t i = 0; !rc && i < n; i++)
		oidvec_push(written, &add[i].blob);
	if (!rc)
		rc = tree_add(
			l->opts.repo, base_tree, add, n, written, tree, err);
	free(script);
	free(log);
	return rc;
}

enum err ledger_write_commit(struct repo *r, const struct signer *signer,
	const struct oid *tree, const struct oidvec *parents,
	const char *message, struct oidvec *written, struct oid *ret,
	struct error *err)
{
	struct buf author = BUF_INIT, committer = BUF_INIT;
	struct buf payload = BUF_INIT, sig = BUF_INIT;
	enum err rc;

	rc = repo_identity(r, "AUTHOR", &author, err);
	if (!rc)
		rc = repo_identity(r, "COMMITTER", &committer, err);
	if (rc)
		goto out;
	commit_format(&payload, tree, parents->v, parents->n, author.ptr,
		committer.ptr, message);
	rc = signer_sign(
		signer, SIGN_NS_GIT, payload.ptr, payload.len, &sig, err);
	if (!rc)
		rc = commit_write(r, &payload, &sig, ret, err);
	if (!rc)
		oidvec_push(written, ret);
out:
	buf_release(&author);
	buf_release(&committer);
	buf_release(&payload);
	buf_release(&sig);
	return rc;
}

/* Does the tree hold exactly these bytes at that path? */
enum err ledger_holds(struct ledger *l, const struct oid *tree,
	const struct journal_item *it, bool *ret, struct error *err)
{
	struct buf have = BUF_INIT;
	struct oid blob;
	unsigned mode;
	enum err rc;

	*ret = false;
	rc = tree_find(l->opts.repo, tree, it->path, &mode, &blob, err);
	if (!rc)
		rc = object_read(l->opts.repo, &blob, OBJECT_BLOB, ENTRY_MAX,
			&have, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	} else if (!rc) {
		*ret = have.len == it->entry.len &&
		       !memcmp(have.ptr, it->entry.ptr, have.len);
	}
	buf_release(&have);
	return rc;
}

/* Read back: the branch may have moved on, but must hold it. */
static enum err read_back(struct ledger *l, const struct journal_item *it,
	const struct oid *commit, const struct oid *tree, struct error *err)
{
	struct oid now;
	bool there = false;
	enum err rc = ref_read(l->opts.repo, ledger_ref(l), &now, err);

	if (!rc)
		rc = history_is_ancestor(
			l->opts.repo, commit, &now, &there, err);
	if (!rc && there)
		rc = ledger_holds(l, tree, it, &there, err);
	if (!rc && !there)
		rc = error_set(err, ERR_FATAL,
			"the branch '%s' does not hold the entry that was "
			"just written (%s)",
			ledger_name(l), it->path);
	return rc;
}

/* The remote has it.  Whoever moved the branch here meanwhile brought either
 * that, or something that both have to hold. */
static enum err follow_remote(
	struct ledger *l, const struct oid *commit, struct error *err)
{
	enum err rc = ERR_MOVED;
	bool moved, there = false;

	for (int i = 0; i < LEDGER_TRIES && rc == ERR_MOVED; i++) {
		error_reset(err);
		rc = ledger_refresh(l, &moved, err);
		if (!rc)
			rc = history_is_ancestor(
				l->opts.repo, commit, &l->tip, &there, err);
		if (!rc && !there)
			rc = exchange_meet(l, EXCHANGE_ANEW, NULL, err);
	}
	return rc;
}

/* One attempt on the tip that was read. ERR_MOVED: look again. */
enum err ledger_commit_item(struct ledger *l, const struct entry *e,
	const struct signer *signer, const struct journal_item *it,
	enum sending send, struct error *err)
{
	bool sent = false;
	struct oidvec written = OIDVEC_INIT, parents = OIDVEC_INIT;
	struct buf message = BUF_INIT, subject = BUF_INIT;
	struct oid tree, commit;
	enum err rc;

	oidvec_push(&parents, &l->tip);
	rc = write_objects(l, it, &l->tree, &written, &tree, err);
	if (rc)
		goto out;
	entry_message(e, &message);
	entry_subject(e, &subject);
	rc = ledger_write_commit(l->opts.repo, signer, &tree, &parents,
		message.ptr, &written, &commit, err);
	if (!rc)
		rc = objects_sync(l->opts.repo, &written, err);
	if (!rc && send != SEND_NOT) {
		rc = exchange_send(l, &commit, &l->tip, err);
		sent = !rc;
	}
	/* It may be there: what is kept here must be that very commit, or the
	 * entry would be brought by two. */
	if (rc == ERR_HELD && send == SEND_TRY) {
		error_reset(err);
		rc = ERR_OK;
	}
	if (rc)
		goto out;
	rc = ledger_move_ref(l->opts.repo, l->opts.state_dir, ledger_ref(l),
		&commit, &l->tip, subject.ptr, err);
	if (sent && rc == ERR_MOVED)
		rc = follow_remote(l, &commit, err);
	if (!rc)
		rc = read_back(l, it, &commit, &tree, err);
	l->unsure = l->unsure || (rc && sent);
out:
	buf_release(&message);
	buf_release(&subject);
	oidvec_release(&written);
	oidvec_release(&parents);
	return rc;
}
