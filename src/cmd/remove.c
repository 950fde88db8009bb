/*
 * git strack remove: takes scripts away that are settled wherever they must
 * be, and records that.
 *
 * The order is files, ledger, commit.  After a crash at any point the same
 * command finishes the job: files that are gone from the index but not from
 * HEAD are still found, and only what is not retired yet is written.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "removal.h"
#include "strack/cmd.h"
#include "strack/decide.h"
#include "strack/file.h"
#include "strack/porcelain.h"
#include "strack/text.h"

struct remove_opts {
	const char *env;
	bool settled, commit, dry_run;
};

static const struct opt options[] = {
	{ 0, "settled", OPT_FLAG, offsetof(struct remove_opts, settled), NULL,
		"everything that may go" },
	{ 0, "commit", OPT_FLAG, offsetof(struct remove_opts, commit), NULL,
		"commit the removal, and nothing else" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct remove_opts, dry_run), NULL,
		"only say what would be removed" },
	{ 'e', "env", OPT_STRING, offsetof(struct remove_opts, env), "<env>",
		"the environment that counts where none is named" },
	{ .kind = OPT_END },
};

static enum err check_usage(const struct remove_opts *o,
	const struct cmd_args *a, struct error *err)
{
	if (o->settled && a->args->n)
		return error_set(
			err, ERR_USAGE, "remove: --settled takes no scripts");
	if (!o->settled && !a->args->n)
		return error_set(
			err, ERR_USAGE, "remove: which script? or --settled");
	return ERR_OK;
}

static enum err open_all(
	struct session *s, const struct remove_opts *o, struct error *err)
{
	enum err rc = session_open(s, o->env, err);

	if (!rc && !repo_work_tree(s->repo)) {
		error_hint(err, "remove them in a clone that has a work tree");
		rc = error_set(err, ERR_FATAL,
			"this is a bare repository: it has no files to remove");
	}
	if (rc)
		return rc;
	if (!o->dry_run)
		return session_ledger_for_writing(s, false, err);
	rc = session_ledger(s, err);
	return rc ? rc : ledger_require_sound(s->ledger, err);
}

/* ---- what is to go ---- */

static void say_not_yet(struct session *s, const struct removal *r)
{
	struct buf why = BUF_INIT;

	removal_why(r, &why);
	decide_say(s, STYLE_WAIT, "not yet", r->path, why.ptr);
	buf_release(&why);
}

static bool is_over(const struct removal *r)
{
	return !r->files.n && !r->gone.n && !r->retire.n;
}

/* Keeps what may go.  Named ones go all or not at all. */
static enum err pick(struct session *s, const struct remove_opts *o,
	struct removals *l, struct error *err)
{
	struct removals rest = REMOVALS_INIT;
	size_t kept = 0, blocked = 0;

	for (size_t i = 0; i < l->n; i++)
		blocked += l->v[i].n > 0;
	if (blocked && !o->settled)
		return removals_refuse(l, err);
	for (size_t i = 0; i < l->n; i++) {
		struct removal r = l->v[i];

		if (!r.n && !is_over(&r)) {
			l->v[kept++] = r;
			continue;
		}
		if (r.n)
			say_not_yet(s, &r);
		else if (!o->settled)
			decide_say(s, STYLE_DIM, "already", r.path, "retired");
		ARRAY_GROW(rest.v, rest.n + 1, rest.cap);
		rest.v[rest.n++] = r; /* transferred */
	}
	l->n = kept;
	removals_release(&rest);
	return ERR_OK;
}

/* Whatever could fail later is asked before anything is done. */
static enum err may_begin(struct session *s, const struct remove_opts *o,
	const struct removals *l, struct error *err)
{
	const char *why = o->commit ? worktree_commit_refused(s->repo) : NULL;
	struct strvec envs = STRVEC_INIT;
	struct buf who = BUF_INIT;
	enum err rc = ERR_OK;

	if (why) {
		error_hint(err, "finish it first, or remove without --commit");
		rc = error_set(err, ERR_HELD,
			"nothing was removed: %s, and git commits no files "
			"alone then",
			why);
	}
	if (!rc)
		rc = repo_identity(s->repo, "COMMITTER", &who, err);
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].retire.n; k++)
			if (!strvec_has(&envs, l->v[i].retire.v[k]))
				strvec_push(&envs, l->v[i].retire.v[k]);
	for (size_t i = 0; !rc && i < envs.n; i++)
		rc = decide_may(s, KIND_RETIRE, envs.v[i], err);
	strvec_release(&envs);
	buf_release(&who);
	return rc;
}

/* ---- doing it ---- */

static enum err retire_one(struct session *s, const struct removal *r,
	const char *env, const struct oid *head, struct error *err)
{
	const struct state_row *row = ledger_row(s->ledger, r->path, env);
	struct entry e = ENTRY_INIT;
	char hex[OID_HEX + 1];
	enum err rc;

	if (row && row->state == STATE_RETIRED)
		return ERR_OK; /* somebody else was quicker */
	if (!row || !state_settled(row->state)) {
		error_hint(err, "look again:\n  git strack status");
		return error_set(err, ERR_HELD,
			"%s: its state in %s changed meanwhile (now %s)",
			r->path, env,
			state_name(row ? row->state : STATE_PENDING));
	}
	entry_set_kind(&e, KIND_RETIRE);
	entry_set(&e, KEY_ENVIRONMENT, env);
	if (r->has_blob) {
		oid_hex(&r->blob, hex);
		entry_set(&e, KEY_BLOB, hex);
		oid_hex(head, hex);
		entry_set(&e, KEY_COMMIT, hex);
	}
	rc = decide_record(s, &e, r->path, row, NULL, err);
	entry_release(&e);
	return rc;
}

static void say_removed(
	struct session *s, const struct removal *r, bool dry_run)
{
	const char *lead = dry_run ? "to be retired in " : "retired in ";
	struct buf detail = BUF_INIT;

	if (r->files.n > 1)
		buf_addf(&detail, "and %zu companion%s", r->files.n - 1,
			r->files.n == 2 ? "" : "s");
	for (size_t i = 0; i < r->retire.n; i++)
		buf_addf(&detail, "%s%s%s", detail.len ? ", " : "",
			i ? "" : lead, r->retire.v[i]);
	decide_say(s, dry_run ? STYLE_WAIT : STYLE_GOOD,
		dry_run ? "would remove" : "removed", r->path,
		detail.len ? detail.ptr : NULL);
	buf_release(&detail);
}

static void collect(
	const struct removals *l, struct strvec *files, struct strvec *deleted)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct removal *r = &l->v[i];

		for (size_t k = 0; k < r->files.n; k++) {
			strvec_push(files, r->files.v[k]);
			strvec_push(deleted, r->files.v[k]);
		}
		for (size_t k = 0; k < r->gone.n; k++)
			strvec_push(deleted, r->gone.v[k]);
	}
}

static enum err commit_it(struct session *s, const struct removals *l,
	const struct strvec *deleted, const struct buf *message,
	struct error *err)
{
	/* held, so that whoever finds it after a crash may remove it */
	struct temp file = TEMP_INIT;
	struct buf subject = BUF_INIT;
	enum err rc;

	rc = temp_file(s->state_dir, TEMP_PREFIX "message-", &file, err);
	if (!rc)
		rc = fd_write_all(
			file.fd, message->ptr, message->len, file.path, err);
	if (!rc)
		rc = worktree_commit(s->repo, deleted, file.path, err);
	if (file.path)
		(void)unlink(file.path); /* else the next cleanup does */
	temp_forget(&file);
	if (rc) {
		error_hint(err, "the files are removed and that is recorded; "
				"what is left is the commit:\n  git commit");
		return rc;
	}
	removals_subject(l, &subject);
	out_printf(&s->out, "committed: %s\n", subject.ptr);
	buf_release(&subject);
	return ERR_OK;
}

static enum err remove_all(struct session *s, const struct remove_opts *o,
	const struct removals *l, struct error *err)
{
	struct strvec files = STRVEC_INIT, deleted = STRVEC_INIT;
	struct buf message = BUF_INIT;
	struct oid head = { { 0 } };
	enum err rc = ERR_OK;

	collect(l, &files, &deleted);
	if (o->commit)
		rc = removals_message(s, l, &message, err);
	if (!rc && repo_head(s->repo, &head, NULL) == ERR_NOTFOUND)
		head = (struct oid){ { 0 } };
	if (!rc && files.n)
		rc = worktree_remove(s->repo, &files, err);
	for (size_t i = 0; !rc && i < l->n; i++) {
		const struct removal *r = &l->v[i];

		for (size_t k = 0; !rc && k < r->retire.n; k++)
			rc = retire_one(s, r, r->retire.v[k], &head, err);
		if (!rc)
			say_removed(s, r, false);
	}
	if (rc && files.n)
		error_hint(err, "the same command goes on from here");
	if (!rc && o->commit && deleted.n)
		rc = commit_it(s, l, &deleted, &message, err);
	else if (!rc && deleted.n)
		out_printf(&s->out, "the removal is staged; commit it: "
				    "git commit\n");
	buf_release(&message);
	strvec_release(&deleted);
	strvec_release(&files);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct remove_opts *o = opts;
	struct removals l = REMOVALS_INIT;
	enum err rc = check_usage(o, a, err);

	if (!rc)
		rc = open_all(s, o, err);
	if (!rc)
		rc = removals_find(s, o->settled ? NULL : a->args, &l, err);
	if (!rc)
		rc = pick(s, o, &l, err);
	if (!rc && l.n && !o->dry_run)
		rc = may_begin(s, o, &l, err);
	if (!rc && !l.n && o->settled)
		out_printf(&s->out, "nothing may be removed\n");
	for (size_t i = 0; !rc && o->dry_run && i < l.n; i++)
		say_removed(s, &l.v[i], true);
	if (!rc && l.n && !o->dry_run)
		rc = remove_all(s, o, &l, err);
	removals_release(&l);
	return rc;
}

const struct command cmd_remove = {
	.name = "remove",
	.usage = "remove [--commit] [--dry-run] <script>...\n"
		 "remove [--commit] [--dry-run] --settled",
	.summary = "Remove scripts that are settled wherever they must be",
	.opts = options,
	.opts_size = sizeof(struct remove_opts),
	.run = run,
};
