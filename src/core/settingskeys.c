/*
 * The meaning of each section and key of .strack.ini: one row each.  Pure; it
 * gets the text and must not know where the file is.  strack.ini(5) says the
 * same in prose.
 */
#include "settingskeys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "nearest.h"
#include "strack/ini.h"
#include "strack/text.h"

#define LOG_KEEP_MAX (1024 * 1024)
#define APPROVALS_MAX 100

/* ---- values; `arg` is what stands in quotes in the section's name ---- */

static bool parse_bool(const char *value, bool *ret)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false",
		"true", "0", "1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(value, words[i])) {
			*ret = i % 2;
			return true;
		}
	}
	return false;
}

static bool set_ledger_id(
	struct settings *s, const char *arg, const char *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	(void)arg;
	if (strlen(value) != sizeof(form) - 1)
		return false;
	for (i = 0; form[i]; i++)
		if (form[i] == '-' ? value[i] != '-'
				   : !strchr("0123456789abcdef", value[i]))
			return false;
	free(s->ledger_id);
	s->ledger_id = xstrdup(value);
	return true;
}

static bool set_ledger_root(
	struct settings *s, const char *arg, const char *value)
{
	static const char prefix[] = "SHA256:";
	const char *digest = value + sizeof(prefix) - 1;

	(void)arg;
	if (!str_starts(value, prefix) || strlen(digest) != 43 ||
		strspn(digest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/") != 43)
		return false;
	free(s->ledger_root);
	s->ledger_root = xstrdup(value);
	return true;
}

/* One folder below the top, without the slashes and dots that change
 * nothing; NULL when it is none. */
static char *clean_folder(const char *word)
{
	struct buf b = BUF_INIT;
	size_t len;
	bool ok = *word != '/';

	for (; ok && *word; word += len, word += *word == '/') {
		len = strcspn(word, "/");
		if (!len || (len == 1 && *word == '.'))
			continue;
		ok = !(len == 2 && !memcmp(word, "..", 2)) &&
		     !(len == 4 && !strncasecmp(word, ".git", 4)) &&
		     !(len == 7 && !memcmp(word, ".strack", 7));
		if (b.len)
			buf_addch(&b, '/');
		buf_add(&b, word, len);
	}
	if (!ok || !b.len) {
		buf_release(&b);
		return NULL;
	}
	return buf_detach(&b);
}

static bool set_paths(struct settings *s, const char *arg, const char *value)
{
	struct strvec words = STRVEC_INIT;
	char *folder;
	size_t i;
	bool ok;

	(void)arg;
	strvec_split(&words, value);
	strvec_clear(&s->paths);
	ok = words.n > 0;
	for (i = 0; ok && i < words.n; i++) {
		folder = clean_folder(words.v[i]);
		ok = folder != NULL;
		if (folder)
			strvec_take(&s->paths, folder);
	}
	strvec_release(&words);
	return ok;
}

static bool set_timeout(struct settings *s, const char *arg, const char *value)
{
	(void)arg;
	return duration_parse(value, &s->timeout);
}

static bool set_grace(struct settings *s, const char *arg, const char *value)
{
	(void)arg;
	return duration_parse(value, &s->grace);
}

static bool set_layout(struct settings *s, const char *arg, const char *value)
{
	static const char *const names[] = {
		[LAYOUT_FLAT] = "flat",
		[LAYOUT_YEAR] = "year",
		[LAYOUT_MONTH] = "month",
	};
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			s->layout = (enum layout)i;
			return true;
		}
	}
	return false;
}

static bool set_require_rollback(
	struct settings *s, const char *arg, const char *value)
{
	(void)arg;
	return parse_bool(value, &s->require_rollback);
}

static bool set_command(struct settings *s, const char *arg, const char *value)
{
	if (!value[strspn(value, " \t")])
		return false;
	settings_add_runner(s, arg, value);
	return true;
}

static bool set_protected(
	struct settings *s, const char *arg, const char *value)
{
	return parse_bool(value, &settings_add_env(s, arg)->protected);
}

static bool set_approvals(
	struct settings *s, const char *arg, const char *value)
{
	int64_t n;

	if (!number_parse(value, &n) || n > APPROVALS_MAX)
		return false;
	settings_add_env(s, arg)->approvals = n;
	return true;
}

static bool set_after(struct settings *s, const char *arg, const char *value)
{
	struct environment_def *e = settings_add_env(s, arg);

	if (!environment_name_valid(value))
		return false;
	free(e->after);
	e->after = xstrdup(value);
	return true;
}

static bool variable_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && !name[n] && !(*name >= '0' && *name <= '9');
}

/* The file is in the repository: no place for a password. */
static bool set_database(struct settings *s, const char *arg, const char *value)
{
	struct environment_def *e = settings_add_env(s, arg);
	struct database d;
	bool ok;

	database_init(&d);
	if (*value == '$')
		ok = variable_valid(value + 1);
	else
		ok = !database_parse(value, &d, NULL) && !d.password;
	database_release(&d);
	if (!ok)
		return false;
	free(e->database);
	e->database = xstrdup(value);
	return true;
}

static bool set_keep(struct settings *s, const char *arg, const char *value)
{
	int64_t n;

	(void)arg;
	if (!size_parse(value, &n) || n > LOG_KEEP_MAX)
		return false;
	s->log_keep = n;
	return true;
}

static bool set_share(struct settings *s, const char *arg, const char *value)
{
	(void)arg;
	return parse_bool(value, &s->log_share);
}

static bool set_mask(struct settings *s, const char *arg, const char *value)
{
	(void)arg;
	strvec_clear(&s->mask);
	strvec_split(&s->mask, value);
	return true;
}

/* ---- the tables ---- */

static const struct key_row {
	const char *section, *key;
	bool (*set)(struct settings *s, const char *arg, const char *value);
	const char *complaint, *advice;
} key_rows[] = {
	{ "ledger", "id", set_ledger_id, "is not the id of a ledger",
		"leave what 'git strack init' wrote" },
	{ "ledger", "root", set_ledger_root, "is not a fingerprint",
		"leave what 'git strack init' wrote, SHA256:..." },
	{ "scripts", "path", set_paths, "is not a list of folders",
		"name folders below the top of the repository, with blanks "
		"between" },
	{ "scripts", "timeout", set_timeout, "is not a duration",
		"try 5m, 90s, 1h30m, or 0 for no limit" },
	{ "scripts", "grace", set_grace, "is not a duration", "try 10s or 1m" },
	{ "scripts", "layout", set_layout, "is not known",
		"try flat, year or month" },
	{ "scripts", "require-rollback", set_require_rollback,
		"is neither yes nor no", "write yes or no" },
	{ "runner", "command", set_command, "is not a command",
		"write the program and its arguments; the script's path is "
		"added" },
	{ "environment", "protected", set_protected, "is neither yes nor no",
		"write yes or no" },
	{ "environment", "approvals", set_approvals, "is not a number",
		"write 0 to 100" },
	{ "environment", "after", set_after, "is not an environment name",
		"use up to 32 of a-z, 0-9, _ and -" },
	{ "environment", "database", set_database,
		"is no URL of a database, or has a password",
		"write postgres://HOST/NAME, mysql://HOST/NAME, sqlite:PATH, "
		"or $VARIABLE for one that has a password" },
	{ "log", "keep", set_keep, "is not a size up to 1m",
		"try 64k, 1m, or 0 for none" },
	{ "log", "share", set_share, "is neither yes nor no",
		"write yes or no" },
	{ "log", "mask", set_mask, "is not a list of patterns",
		"try *_TOKEN *_PASSWORD" },
};

static bool extension_valid(const char *s)
{
	size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789_+-");

	return len >= 1 && len <= 16 && !s[len];
}

static const struct section_row {
	const char *name;
	bool (*arg_valid)(const char *arg); /* NULL: there is none */
	const char *advice;
} section_rows[] = {
	{ "ledger", NULL, "[ledger]" },
	{ "scripts", NULL, "[scripts]" },
	{ "runner", extension_valid,
		"[runner \"py\"], the extension without its dot" },
	{ "environment", environment_name_valid,
		"[environment \"production\"], up to 32 of a-z, 0-9, _ and -" },
	{ "log", NULL, "[log]" },
};

/* ---- sections ---- */

/* `environment "production"` to its row and (owned) argument.  NULL when
 * there is no such section; `*arg` NULL when it is not written as it must
 * be. */
static const struct section_row *find_section(const char *text, char **arg)
{
	const struct section_row *row = NULL;
	size_t len = strcspn(text, " \t\""), i;
	const char *quoted;

	*arg = NULL;
	for (i = 0; i < ARRAY_SIZE(section_rows); i++)
		if (strlen(section_rows[i].name) == len &&
			!memcmp(section_rows[i].name, text, len))
			row = &section_rows[i];
	if (!row)
		return NULL;
	quoted = text + len + strspn(text + len, " \t");
	if (!row->arg_valid) {
		if (!text[len])
			*arg = xstrdup("");
		return row;
	}
	len = strlen(quoted);
	if (len < 2 || quoted[0] != '"' || quoted[len - 1] != '"')
		return row;
	*arg = xstrndup(quoted + 1, len - 2);
	if (!row->arg_valid(*arg)) {
		free(*arg);
		*arg = NULL;
	}
	return row;
}

static enum err unknown_section(
	const char *name, const char *text, int line, struct error *err)
{
	const char *best = NULL;
	char *word = xstrndup(text, strcspn(text, " \t\""));
	int distance, least = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(section_rows); i++) {
		distance = nearest_distance(word, section_rows[i].name);
		if (distance >= 0 && (!best || distance < least)) {
			best = section_rows[i].advice;
			least = distance;
		}
	}
	free(word);
	if (best)
		return error_set(err, ERR_BAD,
			"%s: [%s] is not known (line %d); did you mean %s?",
			name, text, line, best);
	return error_set(err, ERR_BAD,
		"%s: [%s] is not known (line %d); the sections are [ledger], "
		"[scripts], [runner \"EXT\"], [environment \"NAME\"] and [log]",
		name, text, line);
}

static enum err take_section(struct settings *s, const char *name,
	const char *text, int line, struct error *err)
{
	const struct section_row *row;
	char *arg;
	enum err rc = ERR_OK;

	row = find_section(text, &arg);
	if (!row)
		rc = unknown_section(name, text, line, err);
	else if (!arg)
		rc = error_set(err, ERR_BAD,
			"%s: [%s] is not a section (line %d); write %s", name,
			text, line, row->advice);
	else if (!strcmp(row->name, "environment"))
		settings_add_env(s, arg);
	free(arg);
	return rc;
}

/* The section lines are read here once more, because inih tells of a section
 * only through its keys, and [environment "staging"] needs none. */
static enum err take_sections(struct settings *s, const char *name,
	const char *text, size_t len, struct error *err)
{
	const char *p = text, *end = text + len, *eol, *close;
	char *section;
	int line;
	enum err rc = ERR_OK;

	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) /* byte order mark */
		p += 3;
	for (line = 1; !rc && p < end; line++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		while (p < eol && (*p == ' ' || *p == '\t'))
			p++;
		close = memchr(p, ']', (size_t)(eol - p));
		if (p < eol && *p == '[' && close) {
			section = xstrndup(p + 1, (size_t)(close - p - 1));
			rc = take_section(s, name, section, line, err);
			free(section);
		}
		p = eol < end ? eol + 1 : end;
	}
	return rc;
}

/* ---- keys ---- */

static enum err unknown_key(const char *name, const struct ini_item *it,
	const char *section, struct error *err)
{
	const char *best = NULL;
	struct buf known = BUF_INIT;
	int distance, least = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(key_rows); i++) {
		if (strcmp(key_rows[i].section, section) != 0)
			continue;
		buf_addf(
			&known, "%s%s", known.len ? ", " : "", key_rows[i].key);
		distance = nearest_distance(it->key, key_rows[i].key);
		if (distance >= 0 && (!best || distance < least)) {
			best = key_rows[i].key;
			least = distance;
		}
	}
	if (best)
		error_set(err, ERR_BAD,
			"%s: [%s] %s: is not a key of this section (line %d); "
			"did you mean %s?",
			name, it->section, it->key, it->line, best);
	else
		error_set(err, ERR_BAD,
			"%s: [%s] %s: is not a key of this section (line %d); "
			"it can have %s",
			name, it->section, it->key, it->line, known.ptr);
	buf_release(&known);
	return ERR_BAD;
}

static enum err take_item(struct settings *s, const char *name,
	const struct ini_item *it, struct error *err)
{
	const struct section_row *section;
	const struct key_row *row = NULL;
	char *arg = NULL;
	bool secret; /* a bad value is not shown */
	size_t i;
	enum err rc = ERR_OK;

	if (!*it->section)
		return error_set(err, ERR_BAD,
			"%s: %s: stands before any section (line %d); begin "
			"with one like [scripts]",
			name, it->key, it->line);
	section = find_section(it->section, &arg);
	if (!section || !arg) {
		/* take_sections has let it pass: inih read it otherwise */
		rc = unknown_section(name, it->section, it->line, err);
		goto out;
	}
	for (i = 0; i < ARRAY_SIZE(key_rows); i++)
		if (!strcmp(key_rows[i].section, section->name) &&
			!strcmp(key_rows[i].key, it->key))
			row = &key_rows[i];
	if (!row)
		rc = unknown_key(name, it, section->name, err);
	secret = row && row->set == set_database;
	if (row && !row->set(s, arg, it->value))
		rc = error_set(err, ERR_BAD,
			"%s: [%s] %s: %s%s%s %s (line %d); %s", name,
			it->section, it->key, secret ? "" : "'",
			secret ? "the value" : it->value, secret ? "" : "'",
			row->complaint, it->line, row->advice);
out:
	free(arg);
	return rc;
}

/* ---- what the keys say together ---- */

/* `local` is each clone's own: nobody else's run or approval reaches it, so
 * such a rule would only look like one. */
static enum err check_local(const struct settings *s, const char *name,
	const struct ini_item *it, struct error *err)
{
	const struct environment_def *e = settings_env(s, ENV_LOCAL);

	if ((!strcmp(it->key, "protected") && !e->protected) ||
		(!strcmp(it->key, "approvals") && !e->approvals) ||
		!strcmp(it->key, "database"))
		return ERR_OK;
	return error_set(err, ERR_BAD,
		"%s: [%s] %s: '%s' is each clone's own and can have no rules "
		"(line %d); remove the line",
		name, it->section, it->key, ENV_LOCAL, it->line);
}

static enum err check_after(const struct settings *s, const char *name,
	const struct ini_item *it, const char *env, struct error *err)
{
	const struct environment_def *e = settings_env(s, it->value);
	size_t steps;

	if (!e || !strcmp(it->value, ENV_LOCAL))
		return error_set(err, ERR_BAD,
			"%s: [%s] after: '%s' is not an environment of this "
			"file (line %d); add a section [environment \"%s\"] or "
			"name another",
			name, it->section, it->value, it->line, it->value);
	for (steps = 0; e && steps <= s->nenvs; steps++) {
		if (!strcmp(e->name, env))
			return error_set(err, ERR_BAD,
				"%s: [%s] after: '%s' comes, in the end, after "
				"'%s' itself (line %d); break the circle",
				name, it->section, it->value, env, it->line);
		e = e->after ? settings_env(s, e->after) : NULL;
	}
	return ERR_OK;
}

static enum err check_environments(const struct settings *s, const char *name,
	const struct ini_doc *doc, struct error *err)
{
	const struct section_row *row;
	const struct ini_item *it;
	char *arg;
	size_t i;
	enum err rc = ERR_OK;

	for (i = 0; !rc && i < doc->n; i++) {
		it = &doc->v[i];
		row = find_section(it->section, &arg);
		if (row && arg && !strcmp(row->name, "environment")) {
			if (!strcmp(arg, ENV_LOCAL))
				rc = check_local(s, name, it, err);
			else if (!strcmp(it->key, "after"))
				rc = check_after(s, name, it, arg, err);
		}
		free(arg);
	}
	return rc;
}

enum err settings_parse(struct settings *s, const char *name, const char *text,
	size_t len, struct error *err)
{
	struct ini_doc doc = INI_DOC_INIT;
	struct settings fresh;
	size_t i;
	enum err rc;

	settings_init(&fresh);
	rc = ini_doc_parse(name, text, len, &doc, err);
	if (rc)
		goto out;
	rc = take_sections(&fresh, name, text, len, err);
	for (i = 0; !rc && i < doc.n; i++)
		rc = take_item(&fresh, name, &doc.v[i], err);
	if (!rc)
		rc = check_environments(&fresh, name, &doc, err);
	if (rc)
		goto out;
	settings_release(s);
	*s = fresh;
	fresh = (struct settings){ 0 }; /* transferred */
out:
	settings_release(&fresh);
	ini_doc_release(&doc);
	return rc;
}
