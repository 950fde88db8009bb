/*
 * What is configured: the defaults, where .strack.ini is found, and which
 * environment a command is about.  What the keys mean and allow is in
 * settingskeys.c; nothing here may know it.
 */
#include "strack/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "settingskeys.h"
#include "strack/file.h"
#include "strack/repo.h"
#include "strack/text.h"

/* An empty command: files like these are scripts, but what runs them is not
 * known before the team has said it. */
static const struct {
	const char *ext, *command;
} builtin_runners[] = {
	{ "sh", "sh" },
	{ "bash", "bash" },
	{ "zsh", "zsh" },
	{ "py", "python3" },
	{ "rb", "ruby" },
	{ "pl", "perl" },
	{ "js", "node" },
	{ "php", "php" },
	{ "sql", "" },
};

void settings_add_runner(
	struct settings *s, const char *ext, const char *command)
{
	struct runner_def *r;

	ARRAY_GROW(s->runners, s->nrunners + 1, s->runners_cap);
	r = &s->runners[s->nrunners++];
	*r = (struct runner_def){ .ext = xstrdup(ext) };
	strvec_split(&r->command, command);
}

struct environment_def *settings_add_env(struct settings *s, const char *name)
{
	struct environment_def *e;
	size_t i;

	for (i = 0; i < s->nenvs; i++)
		if (!strcmp(s->envs[i].name, name))
			return &s->envs[i];
	ARRAY_GROW(s->envs, s->nenvs + 1, s->envs_cap);
	e = &s->envs[s->nenvs++];
	*e = (struct environment_def){ .name = xstrdup(name) };
	return e;
}

void settings_init(struct settings *s)
{
	size_t i;

	*s = (struct settings){
		.timeout = 300,
		.grace = 10,
		.layout = LAYOUT_FLAT,
		.log_keep = 64 * 1024,
		.log_share = true,
	};
	strvec_push(&s->paths, "scripts");
	for (i = 0; i < ARRAY_SIZE(builtin_runners); i++)
		settings_add_runner(
			s, builtin_runners[i].ext, builtin_runners[i].command);
	strvec_split(
		&s->mask, "*_TOKEN *_PASSWORD *_SECRET *_KEY DATABASE_URL");
}

void settings_release(struct settings *s)
{
	size_t i;

	free(s->ledger_id);
	free(s->ledger_root);
	strvec_release(&s->paths);
	strvec_release(&s->mask);
	for (i = 0; i < s->nrunners; i++) {
		free(s->runners[i].ext);
		strvec_release(&s->runners[i].command);
	}
	free(s->runners);
	for (i = 0; i < s->nenvs; i++) {
		free(s->envs[i].name);
		free(s->envs[i].after);
		free(s->envs[i].database);
	}
	free(s->envs);
	*s = (struct settings){ 0 };
}

const struct environment_def *settings_env(
	const struct settings *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nenvs; i++)
		if (!strcmp(s->envs[i].name, name))
			return &s->envs[i];
	return NULL;
}

bool settings_has_shared(const struct settings *s)
{
	for (size_t i = 0; i < s->nenvs; i++)
		if (strcmp(s->envs[i].name, ENV_LOCAL) != 0)
			return true;
	return false;
}

#define DATABASE_VARIABLE "DATABASE_URL"

static enum err no_database(
	const char *env, const char *variable, struct error *err)
{
	error_hint(err,
		"name it in %s: section [environment \"%s\"], key database;\n"
		"or set %s",
		SETTINGS_FILE, env, variable);
	return error_set(err, ERR_NOTFOUND,
		"no database is named for the environment %s", env);
}

enum err settings_database(const struct settings *s, const char *env,
	char *(*lookup)(const char *name), struct database *ret,
	struct error *err)
{
	const struct environment_def *def = settings_env(s, env);
	const char *named = def ? def->database : NULL;
	const char *variable =
		named && *named == '$' ? named + 1 : DATABASE_VARIABLE;
	const char *url = named;
	enum err rc;

	if (!named || *named == '$')
		url = lookup(variable);
	if (str_empty(url))
		return no_database(env, variable, err);
	rc = database_parse(url, ret, err);
	if (rc && url == named)
		error_prefix(err, "%s: [environment \"%s\"] database",
			SETTINGS_FILE, env);
	else if (rc)
		error_prefix(err, "%s", variable);
	return rc;
}

const struct runner_def *settings_runner(
	const struct settings *s, const char *ext)
{
	size_t i;

	for (i = s->nrunners; i; i--)
		if (!strcmp(s->runners[i - 1].ext, ext))
			return &s->runners[i - 1];
	return NULL;
}

/* ---- the file ---- */

static enum err read_from_commit(struct repo *r, const struct oid *commit,
	struct buf *text, struct error *err)
{
	struct oid tree, blob;
	unsigned mode;
	enum err rc;

	rc = commit_tree(r, commit, &tree, err);
	if (rc) /* ERR_NOTFOUND would mean "no commit yet" to our caller */
		return ERR_FATAL;
	rc = tree_find(r, &tree, SETTINGS_FILE, &mode, &blob, err);
	if (rc)
		return rc;
	if (mode != 0100644 && mode != 0100755)
		return error_set(err, ERR_FATAL,
			"%s: is no regular file in the commit", SETTINGS_FILE);
	rc = object_read(r, &blob, OBJECT_BLOB, SETTINGS_MAX, text, err);
	return rc == ERR_NOTFOUND ? ERR_FATAL : rc;
}

static enum err read_from_head(
	struct repo *r, struct buf *text, struct error *err)
{
	struct oid head;
	enum err rc = repo_head(r, &head, err);

	return rc ? rc : read_from_commit(r, &head, text, err);
}

static enum err read_text(struct repo *r, struct buf *text, struct error *err)
{
	const char *top = repo_work_tree(r);
	char *path;
	enum err rc;

	if (top) {
		path = path_join(top, SETTINGS_FILE);
		rc = file_read(path, SETTINGS_MAX, false, text, err);
		free(path);
	} else {
		rc = read_from_head(r, text, err);
	}
	if (rc == ERR_TOOBIG)
		return error_set(err, ERR_BAD,
			"%s: is larger than %d KiB; it holds settings only",
			SETTINGS_FILE, SETTINGS_MAX / 1024);
	if (rc && rc != ERR_NOTFOUND && top)
		error_hint(err,
			"%s has to be a file, no link, that you may "
			"read",
			SETTINGS_FILE);
	return rc;
}

/* What was read (`rc` says how that went) becomes the settings. */
static enum err take_text(
	struct settings *s, enum err rc, struct buf *bytes, struct error *err)
{
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		return ERR_OK;
	}
	if (!rc)
		rc = settings_parse(
			s, SETTINGS_FILE, bytes->ptr, bytes->len, err);
	if (!rc)
		s->present = true;
	return rc;
}

enum err settings_load(
	struct settings *s, struct repo *r, struct buf *text, struct error *err)
{
	struct buf bytes = BUF_INIT;
	enum err rc = take_text(s, read_text(r, &bytes, err), &bytes, err);

	if (!rc && s->present && text)
		buf_swap(text, &bytes);
	buf_release(&bytes);
	return rc;
}

enum err settings_load_commit(struct settings *s, struct repo *r,
	const struct oid *commit, struct error *err)
{
	struct buf bytes = BUF_INIT;
	enum err rc = take_text(
		s, read_from_commit(r, commit, &bytes, err), &bytes, err);

	buf_release(&bytes);
	return rc;
}

/* ERR_EXISTS when what is there is not what is to be there. */
static enum err ledger_agrees(const char *key, const char *there,
	const char *wanted, struct error *err)
{
	if (!there || !strcmp(there, wanted))
		return ERR_OK;
	error_set(err, ERR_EXISTS,
		"%s: [ledger] %s: is %s already, and this ledger's is %s",
		SETTINGS_FILE, key, there, wanted);
	error_hint(err, "if that ledger was given up, remove the [ledger] "
			"section and try again");
	return ERR_EXISTS;
}

/* The section goes to the end, in the line ends that the file has. */
static void append_ledger(struct buf *text, const char *id, const char *root)
{
	const char *lf = strchr(text->ptr, '\n');
	const char *eol =
		lf && lf > text->ptr && lf[-1] == '\r' ? "\r\n" : "\n";

	if (text->len && text->ptr[text->len - 1] != '\n')
		buf_adds(text, eol);
	if (text->len)
		buf_adds(text, eol);
	buf_addf(text, "[ledger]%s", eol);
	if (id)
		buf_addf(text, "id = %s%s", id, eol);
	if (root)
		buf_addf(text, "root = %s%s", root, eol);
}

static enum err write_back(
	const char *path, const struct buf *text, struct error *err)
{
	struct stat st;
	mode_t mask, mode;

	if (!stat(path, &st)) {
		mode = st.st_mode & 0777;
	} else {
		mask = umask(0);
		umask(mask);
		mode = 0666 & ~mask;
	}
	return file_replace(path, mode, text->ptr, text->len, err);
}

enum err settings_write_ledger(
	struct repo *r, const char *id, const char *root, struct error *err)
{
	struct settings s;
	struct buf text = BUF_INIT;
	char *path = NULL;
	enum err rc;

	settings_init(&s);
	if (!repo_work_tree(r)) {
		rc = error_set(err, ERR_FATAL,
			"%s: a bare repository has no work tree to write it to",
			SETTINGS_FILE);
		goto out;
	}
	rc = settings_load(&s, r, &text, err);
	if (rc)
		goto out;
	rc = ledger_agrees("id", s.ledger_id, id, err);
	if (!rc)
		rc = ledger_agrees("root", s.ledger_root, root, err);
	if (rc || (s.ledger_id && s.ledger_root))
		goto out;
	append_ledger(
		&text, s.ledger_id ? NULL : id, s.ledger_root ? NULL : root);
	path = path_join(repo_work_tree(r), SETTINGS_FILE);
	rc = write_back(path, &text, err);
out:
	free(path);
	buf_release(&text);
	settings_release(&s);
	return rc;
}

/* ---- the environment of a command ---- */

static enum err bad_environment(
	enum err code, const char *where, const char *name, struct error *err)
{
	return error_set(err, code,
		"%s: '%s' is not an environment name; use up to 32 of a-z, "
		"0-9, _ and -, beginning with a letter or digit",
		where, name);
}

enum err settings_environment(struct repo *r, const char *flag, char **ret,
	bool *chosen, struct error *err)
{
	struct buf origin = BUF_INIT;
	const char *name;
	enum err rc = ERR_OK;

	/* An empty variable is no "not set": whoever wrote
	 * STRACK_ENV="$TARGET" did not mean `local`. */
	if ((name = flag)) {
		if (!environment_name_valid(name))
			rc = bad_environment(ERR_USAGE, "--env", name, err);
	} else if ((name = getenv("STRACK_ENV"))) {
		if (!environment_name_valid(name))
			rc = bad_environment(
				ERR_FATAL, "STRACK_ENV", name, err);
	} else if ((name = repo_config(r, "strack.environment"))) {
		if (!environment_name_valid(name)) {
			rc = bad_environment(
				ERR_FATAL, "strack.environment", name, err);
			repo_config_origin(r, "strack.environment", &origin);
			error_prefix(err, "%s", origin.ptr);
		}
	}
	if (!rc) {
		*chosen = name != NULL;
		*ret = xstrdup(name ? name : ENV_LOCAL);
	}
	buf_release(&origin);
	return rc;
}
