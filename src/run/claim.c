/*
 * All that is done before a script starts: its bytes are pinned, its command
 * is made up, and the claim is written.  Starts nothing.
 */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/file.h"

mode_t job_file_mode(const struct session *s)
{
	unsigned file, dir;

	repo_state_modes(s->repo, &file, &dir);
	return file;
}

char *job_lock_path(
	const struct session *s, const char *env, const char *script)
{
	char *what = xstrfmt("%s/%s", env, script);
	char hex[SHA256_HEX + 1];
	char *path;

	sha256_hex(what, strlen(what), hex);
	path = xstrfmt("%s/locks/%s.%.16s", s->state_dir, env, hex);
	free(what);
	return path;
}

/* ---- the bytes ---- */

enum err job_read_file(const struct session *s, const struct script *file,
	struct buf *ret, struct error *err)
{
	char *path = path_join(repo_work_tree(s->repo), file->path);
	enum err rc = file_read(path, SCRIPT_MAX, false, ret, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = error_set(err, ERR_FATAL,
			"it is gone since the run was "
			"planned");
		error_hint(err, "see what is pending now:\n"
				"  git strack status");
	}
	free(path);
	return rc;
}

enum err job_hash_file(const struct job *j, const struct script *file,
	char ret[SHA256_HEX + 1], struct error *err)
{
	struct buf bytes = BUF_INIT;
	enum err rc = job_read_file(j->s, file, &bytes, err);

	if (!rc)
		sha256_hex(bytes.ptr, bytes.len, ret);
	buf_release(&bytes);
	return rc;
}

/* What was approved, or has run elsewhere, are bytes and not a path. */
static bool is_decided(const struct job *j)
{
	char hex[OID_HEX + 1];

	oid_hex(&j->blob, hex);
	/* what a rollback undoes is not what it runs */
	return j->req->undo || !j->req->blob || !strcmp(j->req->blob, hex);
}

/* The blob is written, so that it can stand beside the claim. */
static enum err pin_bytes(struct job *j, struct error *err)
{
	struct repo *r = j->s->repo;
	struct buf disk = BUF_INIT, stored = BUF_INIT;
	char hex[SHA256_HEX + 1];
	enum err rc;

	rc = job_read_file(j->s, j->file, &disk, err);
	if (!rc)
		rc = worktree_blob(
			r, j->file->path, SCRIPT_MAX, true, &j->blob, err);
	if (!rc)
		rc = object_read(
			r, &j->blob, OBJECT_BLOB, SCRIPT_MAX, &stored, err);
	if (!rc && !is_decided(j))
		rc = error_set(err, ERR_MOVED, "it changed");
	if (rc)
		goto out;
	sha256_hex(disk.ptr, disk.len, j->raw);
	/* Filters, or it was saved just now: the next read tells. */
	if (disk.len != stored.len ||
		memcmp(disk.ptr, stored.ptr, disk.len) != 0) {
		entry_set(&j->claim, KEY_RAW_SHA256, j->raw);
		rc = job_hash_file(j, j->file, hex, err);
		if (!rc && strcmp(hex, j->raw) != 0)
			rc = error_set(err, ERR_FATAL,
				"it changed while it was read; run it again");
	}
out:
	buf_release(&disk);
	buf_release(&stored);
	return rc;
}

/* What will judge the run is known before it starts. */
static enum err pin_verify(struct job *j, struct error *err)
{
	const struct script *verify = j->req->verify;
	enum err rc;

	if (!verify)
		return ERR_OK;
	rc = job_hash_file(j, verify, j->verify_raw, err);
	if (!rc)
		rc = worktree_blob(j->s->repo, verify->path, SCRIPT_MAX, false,
			&j->verify_blob, err);
	if (rc)
		error_prefix(err, "%s", verify->path);
	j->verify_limit = script_limit(&j->s->settings, verify);
	return rc;
}

static enum err head_of(struct repo *r, struct oid *ret, struct error *err)
{
	enum err rc = repo_head(r, ret, err);

	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	error_hint(err, "a run is recorded with the commit that it ran on; "
			"make one first:\n  git commit");
	return error_set(err, ERR_FATAL, "there is no commit yet");
}

/* Does the commit have this blob at the path? */
static enum err commit_has(struct repo *r, const struct oid *head,
	const char *path, const struct oid *blob, bool *ret, struct error *err)
{
	struct commit c = COMMIT_INIT;
	struct oid there;
	unsigned mode;
	enum err rc = commit_read_any(r, head, &c, err);

	if (!rc)
		rc = tree_find(r, &c.tree, path, &mode, &there, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
		*ret = false;
	} else if (!rc) {
		*ret = !oid_cmp(&there, blob);
	}
	commit_release(&c);
	return rc;
}

enum err run_is_committed(
	struct session *s, const char *path, bool *ret, struct error *err)
{
	struct oid head, blob;
	enum err rc = head_of(s->repo, &head, err);

	if (!rc)
		rc = worktree_blob(
			s->repo, path, SCRIPT_MAX, false, &blob, err);
	return rc ? rc : commit_has(s->repo, &head, path, &blob, ret, err);
}

static bool has_config(struct session *s, const struct oid *head)
{
	char hex[OID_HEX + 1];
	struct oid blob;

	switch (settings_at(s->repo, head, &blob)) {
	case SETTINGS_NONE:
		return !s->config_blob;
	case SETTINGS_BLOB:
		oid_hex(&blob, hex);
		return s->config_blob && !strcmp(s->config_blob, hex);
	case SETTINGS_UNKNOWN:
		break;
	}
	return false;
}

enum err run_config_is_committed(
	struct session *s, bool *ret, struct error *err)
{
	struct oid head;
	enum err rc = head_of(s->repo, &head, err);

	if (!rc)
		*ret = has_config(s, &head);
	return rc;
}

static bool dirty_allowed(struct session *s, const struct oid *head)
{
	struct settings own;
	struct oid blob;
	int64_t want = settings_approvals(&s->settings, s->env);

	settings_init(&own);
	if (!want && settings_at(s->repo, head, &blob) == SETTINGS_BLOB &&
		settings_of_blob(s->repo, &blob, &own))
		want = settings_approvals(&own, s->env);
	settings_release(&own);
	return want == 0;
}

enum err run_dirty_allowed(struct session *s, bool *ret, struct error *err)
{
	struct oid head;
	enum err rc = head_of(s->repo, &head, err);

	if (!rc)
		*ret = dirty_allowed(s, &head);
	return rc;
}

/* ---- its log ---- */

#define LEFT_OUT_LINE 256 /* capture_kept adds one */

void job_open_log(struct job *j)
{
	int64_t keep = j->s->settings.log_keep;
	mode_t mode = job_file_mode(j->s);

	j->log_path = xstrfmt("%s/logs/%s.log", j->s->state_dir, j->run);
	j->log_fd = open(j->log_path,
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		0600);
	/* Whatever the umask: who follows the run opens it. */
	if (j->log_fd >= 0 && fchmod(j->log_fd, mode)) {
		close(j->log_fd); /* nothing was written */
		unlink(j->log_path);
		j->log_fd = -1;
	}
	/* Without it the run goes on, and its end says so. */
	if (keep > (int64_t)ENTRY_LOG_MAX - LEFT_OUT_LINE)
		keep = (int64_t)ENTRY_LOG_MAX - LEFT_OUT_LINE;
	j->cap = capture_new(j->log_fd, keep);
	environ_mask(&j->s->settings, j->cap);
}

/* ---- the entry ---- */

void job_add_args(struct job *j)
{
	const struct strvec *args = j->req->args;
	struct buf masked = BUF_INIT;

	for (size_t i = 0; args && i < args->n; i++) {
		strvec_push(&j->program.argv, args->v[i]);
		buf_set(&masked, args->v[i]);
		capture_mask_text(j->cap, &masked);
		entry_add_item(&j->claim, KEY_ARGS, masked.ptr);
	}
	buf_release(&masked);
}

/* A line that can't be an event is none. */
static bool is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return false;
	return n > 0;
}

/* Who looks at the run from elsewhere, or finds it lost, has to mask them as
 * well: they stand in the run's own folder, as what a script asks to mask. */
static enum err tell_secret(
	const struct job *j, const char *secret, struct error *err)
{
	char *path = path_join(j->dir.path, "events");
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	struct buf lines = BUF_INIT;
	enum err rc = ERR_OK;

	for (const char *p = secret; *p;) {
		size_t n = strcspn(p, "\n");

		if (is_plain(p, n))
			buf_addf(&lines, "mask %.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
	if (fd < 0 || write(fd, lines.ptr, lines.len) != (ssize_t)lines.len)
		rc = error_sys(err, "%s", path);
	if (fd >= 0 && close(fd) && !rc)
		rc = error_sys(err, "%s", path);
	buf_release(&lines);
	free(path);
	return rc;
}

enum err job_add_params(struct job *j, struct error *err)
{
	const struct strvec *params = j->req->params;
	const struct strvec *secrets = j->req->secrets;
	struct buf masked = BUF_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && secrets && i < secrets->n; i++) {
		const char *secret = secrets->v[i];

		if (!capture_mask(j->cap, secret, strlen(secret)))
			rc = error_set(err, ERR_FATAL,
				"a secret parameter can't be masked: it is "
				"blank, or too long; give another");
		else
			rc = tell_secret(j, secret, err);
	}
	if (rc)
		return rc;
	for (size_t i = 0; params && i < params->n; i++) {
		buf_set(&masked, params->v[i]);
		capture_mask_text(j->cap, &masked);
		entry_add_item(&j->claim, KEY_PARAM, masked.ptr);
	}
	buf_release(&masked);
	return ERR_OK;
}

/* It was when the batch began; and what is in force may have changed. */
static enum err refuse_dirty(const struct job *j, const struct oid *head,
	const char *what, struct error *err)
{
	bool allowed = dirty_allowed(j->s, head);

	if (allowed && j->req->allow_dirty)
		return ERR_OK;
	error_hint(err, allowed ? "commit it, or record that it was not:"
				: "commit it; what is not committed can't be "
				  "approved:\n  git commit");
	if (allowed)
		error_hint(err, "  git strack %s --env %s --allow-dirty%s",
			j->req->undo ? "rollback" : "run", j->s->env,
			j->req->undo ? " <script>" : "");
	return error_set(
		err, ERR_HELD, "%s is not what is committed (any more)", what);
}

static enum err check_dirty(
	struct job *j, const struct oid *head, bool *dirty, struct error *err)
{
	const struct script *verify = j->req->verify;
	bool file = false, judge = true, config = true;
	enum err rc = commit_has(
		j->s->repo, head, j->file->path, &j->blob, &file, err);

	if (!rc && verify)
		rc = commit_has(j->s->repo, head, verify->path, &j->verify_blob,
			&judge, err);
	if (rc)
		return rc;
	if (strcmp(j->s->env, ENV_LOCAL) != 0) {
		config = has_config(j->s, head);
		if (!file || !judge || !config)
			rc = refuse_dirty(j, head,
				!file    ? "it"
				: !judge ? verify->path
					 : SETTINGS_FILE,
				err);
	}
	*dirty = !file || !judge || !config;
	return rc;
}

/* A rollback says which bytes it ran, and `blob` is what it undoes. */
static void name_bytes(struct job *j)
{
	struct entry *e = &j->claim;
	char hex[OID_HEX + 1];

	oid_hex(&j->blob, hex);
	if (!j->req->undo) {
		entry_set(e, KEY_BLOB, hex);
		return;
	}
	entry_set(e, KEY_BLOB, j->req->blob);
	entry_add_item(e, KEY_COMPANION, j->file->path);
	entry_add_item(e, KEY_COMPANION, hex);
	run_set_masked(j->s, e, KEY_REASON, j->req->reason);
}

/* After which nobody need wait for it any more. */
static int64_t whole_limit(const struct job *j)
{
	int64_t limit = j->req->timeout;

	if (!j->req->verify)
		return limit;
	return limit && j->verify_limit ? limit + j->verify_limit : 0;
}

static enum err fill_claim(struct job *j, struct error *err)
{
	struct entry *e = &j->claim;
	char hex[OID_HEX + 1];
	struct oid head;
	bool dirty = false;
	enum err rc = head_of(j->s->repo, &head, err);

	if (!rc)
		rc = check_dirty(j, &head, &dirty, err);
	if (rc)
		return rc;
	entry_set_kind(e, j->req->undo ? KIND_UNDO : KIND_CLAIM);
	entry_set(e, KEY_SCRIPT, j->req->script->path);
	entry_set(e, KEY_RUN, j->run);
	entry_setf(e, KEY_ATTEMPT, "%" PRId64, j->req->attempt);
	name_bytes(j);
	oid_hex(&head, hex);
	entry_set(e, KEY_COMMIT, hex);
	entry_setf(e, KEY_LIMIT, "%" PRId64, whole_limit(j));
	entry_set(e, KEY_CONFIG, j->s->config_blob);
	entry_set(e, KEY_DIRTY, dirty ? "yes" : NULL);
	run_set_masked(j->s, e, KEY_AGAIN, j->req->again);
	session_stamp(j->s, e);
	return ERR_OK;
}

enum err job_prepare(struct job *j, struct error *err)
{
	enum err rc;

	if (!j->file)
		return command_prepare(j, err);
	rc = pin_bytes(j, err);
	if (!rc)
		rc = pin_verify(j, err);
	if (!rc) {
		job_open_log(j);
		rc = program_make(j, j->file, PART_SCRIPT, &j->program, err);
	}
	if (!rc)
		rc = fill_claim(j, err);
	if (!rc)
		rc = job_add_params(j, err);
	if (!rc)
		job_add_args(j);
	if (rc == ERR_MOVED) {
		error_reset(err);
	} else if (rc) {
		error_prefix(err, "%s", j->file->path);
		/* what is not found here is no answer to the caller */
		rc = rc == ERR_HELD ? rc : ERR_FATAL;
	}
	return rc;
}

static enum err decide(struct ledger *l, void *arg, struct error *err)
{
	struct job *j = arg;
	bool still = true;
	enum err rc = j->req->still(&still, j->req->arg, err);

	(void)l;
	/* Not ERR_MOVED, which would be taken for a lost race. */
	if (!rc && !still)
		rc = error_set(err, ERR_EXISTS, "the ledger moved");
	return rc;
}

enum err job_claim(struct job *j, struct error *err)
{
	struct ledger_write w = { .e = &j->claim,
		.signer = j->signer,
		.script = j->file && !j->req->undo ? &j->blob : NULL,
		.decide = j->req->still ? decide : NULL,
		.arg = j };
	enum err rc = ledger_append(j->s->ledger, &w, err);

	j->unsure = w.unsure;
	if (rc == ERR_EXISTS) {
		error_reset(err);
		rc = ERR_MOVED;
	} else if (rc == ERR_MOVED) {
		rc = ERR_FATAL;
	}
	return rc;
}
