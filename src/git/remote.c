/*
 * Remotes through git itself, which alone knows transports, credentials and
 * rewritten URLs.  It is told the URL and not the name: what is configured for
 * the name (more references to fetch, to prune, to update on the way) must not
 * touch a ledger.
 */
#include "strack/remote.h"
#include "internal.h"

#include <stdlib.h>
#include "strack/strvec.h"
#include "strack/text.h"

#define URLS_MAX (64u << 10)

struct remote {
	struct repo *r;
	char *name;
	char *url; /* to push to; what is read has to be what is written */
	char *upload_pack, *receive_pack; /* programs there, or NULL */
	char *ssh; /* GIT_SSH_COMMAND=..., or NULL: as it is */
	int timeout_ms;
};

void remote_free(struct remote *m)
{
	if (!m)
		return;
	free(m->name);
	free(m->url);
	free(m->upload_pack);
	free(m->receive_pack);
	free(m->ssh);
	free(m);
}

const char *remote_name(const struct remote *m)
{
	return m->name;
}

/* ---- what is configured ---- */

/* What git would push to, with all that rewrites URLs. */
static enum err push_urls(
	struct remote *m, struct strvec *ret, struct error *err)
{
	const char *argv[] = { "git", "remote", "get-url", "--push", "--all",
		"--", m->name, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc = repo_git(m->r, argv, NULL, 0, URLS_MAX, &res, err);
	const char *p = res.out.ptr;

	while (!rc && res.exit == 0 && *p) {
		size_t len = strcspn(p, "\n");
		char *url = xstrndup(p, len);

		strvec_push(ret, url);
		free(url);
		p += len + (p[len] == '\n');
	}
	process_result_release(&res);
	return rc;
}

static enum err no_such_remote(const struct remote *m, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	struct buf word = BUF_INIT;

	shell_word(&word, m->name);
	if (!repo_remotes(m->r, &names, NULL) && names.n) {
		error_hint(err, "the remotes of this repository:");
		for (size_t i = 0; i < names.n; i++)
			error_hint(err, "  %s", names.v[i]);
	}
	error_hint(err, "make it known under a name:\n"
			"  git remote add <name> <url>");
	error_set(err, ERR_FATAL, "there is no remote %s", word.ptr);
	strvec_release(&names);
	buf_release(&word);
	return ERR_FATAL;
}

static enum err find_url(struct remote *m, struct error *err)
{
	struct strvec urls = STRVEC_INIT;
	enum err rc = push_urls(m, &urls, err);

	if (!rc && !urls.n)
		rc = no_such_remote(m, err);
	if (!rc && urls.n > 1) {
		error_hint(err, "give the ledger a remote with one URL:\n"
				"  git remote add ledger <url>\n"
				"  git config strack.remote ledger");
		rc = error_set(err, ERR_FATAL,
			"the remote '%s' has %zu URLs to push to, and what is "
			"refused by one of them may be accepted by another",
			m->name, urls.n);
	}
	if (!rc && urls.v)
		m->url = xstrdup(urls.v[0]);
	strvec_release(&urls);
	return rc;
}

static char *program_there(struct remote *m, const char *what)
{
	char *key = xstrfmt("remote.%s.%s", m->name, what);
	const char *value = repo_config(m->r, key);
	char *option = str_empty(value) ? NULL
					: xstrfmt("--%s=%s",
						  strcmp(what, "uploadpack")
							  ? "receive-pack"
							  : "upload-pack",
						  value);

	free(key);
	return option;
}

/* OpenSSH is told to ask nobody.  What else may stand there knows its own
 * options. */
static char *ssh_command(struct repo *r)
{
	const char *ssh = getenv("GIT_SSH_COMMAND");
	const char *slash, *end;

	if (str_empty(ssh))
		ssh = repo_config(r, "core.sshcommand");
	if (str_empty(ssh) && !str_empty(getenv("GIT_SSH")))
		return NULL;
	if (str_empty(ssh))
		ssh = "ssh";
	end = ssh + strcspn(ssh, " ");
	slash = memrchr(ssh, '/', (size_t)(end - ssh));
	slash = slash ? slash + 1 : ssh;
	if (end - slash != 3 || strncmp(slash, "ssh", 3) != 0)
		return NULL;
	return xstrfmt("GIT_SSH_COMMAND=%s -o BatchMode=yes", ssh);
}

enum err remote_open(struct repo *r, const char *name, int timeout_ms,
	struct remote **ret, struct error *err)
{
	struct remote *m = xcalloc(1, sizeof(*m));
	enum err rc;

	m->r = r;
	m->name = xstrdup(name);
	m->timeout_ms = timeout_ms;
	rc = find_url(m, err);
	if (rc) {
		remote_free(m);
		return ERR_FATAL;
	}
	m->upload_pack = program_there(m, "uploadpack");
	m->receive_pack = program_there(m, "receivepack");
	m->ssh = ssh_command(r);
	*ret = m;
	return ERR_OK;
}

/* ---- questions ---- */

#define SAID_LINES 6
#define SAID_MAX 300 /* of one line */

/* What it said, as one line. */
static void add_said(struct buf *b, const struct buf *said)
{
	const char *at = said->ptr;

	for (int lines = 0; *at && lines < SAID_LINES; lines++) {
		size_t len = strcspn(at, "\r\n");

		if (len) {
			buf_adds(b, b->len ? "; " : "");
			buf_add(b, at, len < SAID_MAX ? len : SAID_MAX);
		}
		at += len;
		at += strspn(at, "\r\n");
	}
}

/* Runs git with `argv`.  ERR_HELD where it has no answer. */
static enum err ask(struct remote *m, const struct strvec *argv,
	struct process_result *res, struct error *err)
{
	const char *env[] = { "GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=", "SSH_ASKPASS_REQUIRE=never",
		"GCM_INTERACTIVE=never", m->ssh, NULL };
	struct process_opts opts = { .argv = (const char *const *)argv->v,
		.env = env,
		.timeout_ms = m->timeout_ms };
	enum err rc = repo_git_with(m->r, &opts, res, err);

	if (rc) {
		error_prefix(err, "the remote '%s' can't be reached", m->name);
		return ERR_HELD;
	}
	return ERR_OK;
}

static enum err refused(struct remote *m, const char *what,
	const struct process_result *res, struct error *err)
{
	struct buf said = BUF_INIT;

	if (res->signal)
		buf_addf(&said, "git was ended by %s",
			process_signal_name(res->signal));
	add_said(&said, &res->err);
	if (!said.len)
		buf_addf(&said, "git: exit status %d", res->exit);
	error_set(err, ERR_HELD, "the remote '%s' %s: %s", m->name, what,
		said.ptr);
	buf_release(&said);
	return ERR_HELD;
}

/* "ID\tNAME": git takes the name for the end of one, too. */
static bool find_line(const struct buf *out, const char *ref, struct oid *ret)
{
	size_t n = strlen(ref);

	for (const char *p = out->ptr; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (len == OID_HEX + 1 + n && p[OID_HEX] == '\t' &&
			!memcmp(p + OID_HEX + 1, ref, n))
			return oid_parse(p, OID_HEX, ret);
		p += len;
	}
	return false;
}

enum err remote_tip(
	struct remote *m, const char *ref, struct oid *ret, struct error *err)
{
	struct strvec argv = STRVEC_INIT;
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	strvec_pushl(&argv, "git", "ls-remote", "--exit-code", NULL);
	if (m->upload_pack)
		strvec_push(&argv, m->upload_pack);
	strvec_pushl(&argv, "--", m->url, ref, NULL);
	rc = ask(m, &argv, &res, err);
	if (!rc && res.exit == 2)
		rc = error_set(err, ERR_NOTFOUND, "the remote '%s' has no %s",
			m->name, ref);
	else if (!rc && res.exit)
		rc = refused(m, "can't be read", &res, err);
	else if (!rc && !find_line(&res.out, ref, ret))
		rc = error_set(err, ERR_NOTFOUND, "the remote '%s' has no %s",
			m->name, ref);
	process_result_release(&res);
	strvec_release(&argv);
	return rc;
}

enum err remote_fetch(struct remote *m, const char *ref, const char *into,
	enum remote_fetch how, struct error *err)
{
	struct strvec argv = STRVEC_INIT;
	struct process_result res = PROCESS_RESULT_INIT;
	struct oid tip;
	enum err rc;

	/* What comes is relied upon before anything else would sync it. */
	strvec_pushl(&argv, "git", "-c", "core.fsync=committed,reference", "-c",
		"fetch.writeCommitGraph=false", "fetch", "--quiet", "--no-tags",
		"--no-prune", "--no-recurse-submodules",
		"--no-auto-maintenance", "--no-write-fetch-head",
		"--no-show-forced-updates", NULL);
	if (how == REMOTE_DEEPEN)
		strvec_push(&argv, "--depth=2147483647");
	if (how == REMOTE_REFETCH)
		strvec_push(&argv, "--refetch");
	strvec_push(&argv, "--no-filter");
	if (m->upload_pack)
		strvec_push(&argv, m->upload_pack);
	strvec_pushl(&argv, "--", m->url, NULL);
	strvec_pushf(&argv, "+%s:%s", ref, into);
	rc = ask(m, &argv, &res, err);
	if (!rc && res.exit) {
		/* "couldn't find remote ref", in whatever language */
		rc = remote_tip(m, ref, &tip, err);
		if (!rc)
			rc = refused(m, "can't be fetched from", &res, err);
	}
	objects_refresh(m->r);
	process_result_release(&res);
	strvec_release(&argv);
	return rc;
}

/* The line of `git push --porcelain` that says what became of the reference:
 * "!\tFROM:TO\t[rejected] (fetch first)". */
static void rejection(const struct buf *out, struct buf *ret)
{
	const char *p = out->ptr, *tab;

	while (*p) {
		size_t len = strcspn(p, "\n");

		tab = *p == '!' && len > 2 ? memchr(p + 2, '\t', len - 2)
					   : NULL;
		if (tab)
			buf_add(ret, tab + 1, (size_t)(p + len - tab - 1));
		p += len + (p[len] == '\n');
	}
}

enum err remote_push(struct remote *m, const struct oid *id, const char *ref,
	bool dry, struct error *err)
{
	struct strvec argv = STRVEC_INIT;
	struct process_result res = PROCESS_RESULT_INIT;
	struct buf why = BUF_INIT;
	char hex[OID_HEX + 1];
	enum err rc;

	oid_hex(id, hex);
	strvec_pushl(&argv, "git", "push", "--porcelain", "--no-verify",
		"--no-follow-tags", "--recurse-submodules=no", NULL);
	if (dry)
		strvec_push(&argv, "--dry-run");
	if (m->receive_pack)
		strvec_push(&argv, m->receive_pack);
	strvec_pushl(&argv, "--", m->url, NULL);
	strvec_pushf(&argv, "%s:%s", hex, ref);
	rc = ask(m, &argv, &res, err);
	if (!rc && res.exit) {
		rejection(&res.out, &why);
		rc = refused(m, "did not take it", &res, err);
		if (why.len)
			error_prefix(err, "%s", why.ptr);
	}
	buf_release(&why);
	process_result_release(&res);
	strvec_release(&argv);
	return rc;
}

bool repo_is_partial(struct repo *r)
{
	struct strvec names = STRVEC_INIT;
	bool yes = !str_empty(repo_config(r, "extensions.partialclone"));

	if (!yes && !repo_remotes(r, &names, NULL)) {
		for (size_t i = 0; !yes && i < names.n; i++) {
			char *key = xstrfmt("remote.%s.promisor", names.v[i]);

			yes = !str_empty(repo_config(r, key));
			free(key);
		}
	}
	strvec_release(&names);
	return yes;
}
