/*
 * Configuration as git sees it: libgit2's snapshot where it knows all of it,
 * git's own list where only git does (`git -c`, GIT_CONFIG_*, hasconfig
 * includes).  Knows no key by meaning, except those that change how libgit2
 * reads files.
 */
#include "internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>
#include "strack/file.h"

#define LIST_MAX (16u << 20) /* bytes of `git config --list` */

/* Does anything change the configuration that libgit2 doesn't see? */
static bool env_has_config(void)
{
	for (char **e = environ; e && *e; e++)
		if (str_starts(*e, "GIT_CONFIG_"))
			return true;
	return false;
}

/* An include that depends on a remote is skipped by libgit2 1.5. */
static bool has_unknown_include(const git_config *snapshot)
{
	git_config_iterator *it = NULL;
	git_config_entry *e;
	bool yes = false;

	if (git_config_iterator_new(&it, snapshot) < 0)
		return true;
	while (!yes && git_config_next(&e, it) == 0)
		yes = str_starts(e->name, "includeif.hasconfig:");
	git_config_iterator_free(it);
	git_error_clear();
	return yes;
}

/* `text` is key, newline, value, NUL; a key without a value has no newline
 * and is a true boolean. */
static void list_parse(struct config *c)
{
	char *p = c->text.ptr;
	char *end = p + c->text.len;

	while (p < end) {
		size_t len = strlen(p);
		char *nl = memchr(p, '\n', len);

		ARRAY_GROW(c->v, c->n + 1, c->cap);
		c->v[c->n].key = p;
		c->v[c->n].value = nl ? nl + 1 : "true";
		c->n++;
		if (nl)
			*nl = '\0';
		p += len + 1;
	}
}

static enum err list_read(struct repo *r, struct error *err)
{
	static const char *const argv[] = { "git", "config", "--list", "-z",
		NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, LIST_MAX, &res, err);
	if (rc) {
		error_prefix(err, "git config --list");
		if (rc == ERR_NOTFOUND || rc == ERR_TOOBIG)
			rc = ERR_FATAL;
		goto out;
	}
	if (res.exit != 0) {
		buf_trim_end(&res.err);
		rc = error_set(err, ERR_FATAL,
			"can't read the configuration: %s", res.err.ptr);
		goto out;
	}
	buf_swap(&r->config.text, &res.out);
	list_parse(&r->config);
	r->config.from_git = true;
out:
	process_result_release(&res);
	return rc;
}

static const char *list_get(const struct config *c, const char *key)
{
	for (size_t i = c->n; i > 0; i--)
		if (strcmp(c->v[i - 1].key, key) == 0)
			return c->v[i - 1].value;
	return NULL;
}

static const char *snapshot_get(const struct config *c, const char *key)
{
	git_config_entry *e = NULL;
	const char *s = NULL;

	if (git_config_get_string(&s, c->snapshot, key) < 0) {
		git_error_clear();
		return NULL;
	}
	if (*s)
		return s;
	/* empty, or a lone key, which is true */
	if (git_config_get_entry(&e, c->snapshot, key) == 0 && !e->value)
		s = "true";
	git_config_entry_free(e);
	return s;
}

/* libgit2 filters and ignores by the files that it has read.  Where git would
 * decide by another value, git has to be asked. */
static bool reads_differently(const struct config *c)
{
	static const char *const keys[] = { "core.autocrlf", "core.eol",
		"core.safecrlf", "core.attributesfile", "core.excludesfile",
		"core.ignorecase", "core.precomposeunicode" };
	const char *a, *b;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		a = list_get(c, keys[i]);
		b = snapshot_get(c, keys[i]);
		if (a && b ? strcmp(a, b) != 0 : a != b)
			return true;
	}
	return false;
}

void config_release(struct config *c)
{
	git_config_free(c->snapshot);
	buf_release(&c->text);
	free(c->v);
	memset(c, 0, sizeof(*c));
	buf_init(&c->text);
}

enum err config_load(struct repo *r, struct error *err)
{
	enum err rc = ERR_OK;

	config_release(&r->config);
	if (git_repository_config_snapshot(&r->config.snapshot, r->git) < 0)
		return git_fail(err, ERR_FATAL, "can't read the configuration");
	if (env_has_config() || has_unknown_include(r->config.snapshot)) {
		rc = list_read(r, err);
		if (!rc)
			r->config.ask_git = reads_differently(&r->config);
	}
	return rc;
}

/* Section and name in lower case, what stands between them as it is. */
static char *key_normal(const char *key)
{
	char *s = xstrdup(key);
	char *first = strchr(s, '.');
	char *last = strrchr(s, '.');

	for (char *p = s; *p && p != first; p++)
		*p = (char)tolower((unsigned char)*p);
	for (char *p = last; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return s;
}

const char *repo_config(struct repo *r, const char *key)
{
	const char *value;
	char *k;

	if (!r->config.from_git)
		return snapshot_get(&r->config, key);
	k = key_normal(key);
	value = list_get(&r->config, k);
	free(k);
	return value;
}

enum err repo_config_bool(struct repo *r, const char *key, bool fallback,
	bool *ret, struct error *err)
{
	const char *value = repo_config(r, key);
	struct buf where = BUF_INIT;
	int yes = 0;

	if (!value) {
		*ret = fallback;
		return ERR_OK;
	}
	if (git_config_parse_bool(&yes, value) == 0) {
		*ret = yes != 0;
		return ERR_OK;
	}
	git_error_clear();
	repo_config_origin(r, key, &where);
	error_set(err, ERR_FATAL, "%s: %s: '%s' is neither yes nor no",
		where.ptr, key, value);
	buf_release(&where);
	return ERR_FATAL;
}

void repo_config_origin(struct repo *r, const char *key, struct buf *ret)
{
	const char *argv[] = { "git", "config", "-z", "--show-origin", "--get",
		key, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	char *here = xstrfmt("file:%s/", r->work_tree ? r->work_tree : "");

	/* only messages need it: the fork doesn't matter, an error neither */
	if (repo_git(r, argv, NULL, 0, LIST_MAX, &res, NULL) != ERR_OK ||
		res.exit != 0)
		buf_set(ret, "git config");
	else if (r->work_tree && str_starts(res.out.ptr, here))
		buf_printf(ret, "file:%s", res.out.ptr + strlen(here));
	else
		buf_set(ret, res.out.ptr); /* up to the first NUL */
	process_result_release(&res);
	free(here);
}

enum err repo_config_set(
	struct repo *r, const char *key, const char *value, struct error *err)
{
	char *file = path_join(r->common_dir, "config");
	char *lock = xstrfmt("%s.lock", file);
	const char *set[] = { "git", "config", "--file", file, "--replace-all",
		key, value, NULL };
	const char *unset[] = { "git", "config", "--file", file, "--unset-all",
		key, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	/* git does it, for its lock, its modes and multi-valued keys */
	rc = repo_git(r, value ? set : unset, NULL, 0, 0, &res, err);
	if (rc) {
		rc = ERR_FATAL;
	} else if (res.exit != 0 && (value || res.exit != 5)) {
		/* 5: there was nothing to unset */
		buf_trim_end(&res.err);
		rc = error_set(
			err, ERR_FATAL, "can't set %s: %s", key, res.err.ptr);
		if (!access(lock, F_OK))
			lock_hint(lock, err);
		else
			error_hint(err, "is the disk full, or read-only for "
					"you?");
	} else {
		r->author.known = false;
		r->committer.known = false;
		rc = config_load(r, err);
	}
	process_result_release(&res);
	free(file);
	free(lock);
	return rc;
}

/* remote.NAME.url */
static void remote_add(struct strvec *ret, const char *key)
{
	size_t len = strlen(key);
	char *name;

	if (len <= strlen("remote..url") || !str_starts(key, "remote.") ||
		!str_ends(key, ".url"))
		return;
	name = xstrndup(key + 7, len - strlen("remote..url"));
	if (!strvec_has(ret, name))
		strvec_push(ret, name);
	free(name);
}

enum err repo_remotes(struct repo *r, struct strvec *ret, struct error *err)
{
	git_config_iterator *it = NULL;
	git_config_entry *e;
	int rc;

	if (r->config.from_git) {
		for (size_t i = 0; i < r->config.n; i++)
			remote_add(ret, r->config.v[i].key);
		return ERR_OK;
	}
	if (git_config_iterator_new(&it, r->config.snapshot) < 0)
		return git_fail(err, ERR_FATAL, "can't list the remotes");
	while ((rc = git_config_next(&e, it)) == 0)
		remote_add(ret, e->name);
	git_config_iterator_free(it);
	if (rc != GIT_ITEROVER)
		return git_fail(err, ERR_FATAL, "can't list the remotes");
	git_error_clear();
	return ERR_OK;
}
