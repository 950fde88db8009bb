/*
 * Templates of scripts: which languages have one, where it is, and how it is
 * filled in.  Must not know where the script will be put.
 */
#include "strack/template.h"

#include <stdlib.h>
#include <string.h>
#include "strack/datadir.h"
#include "strack/file.h"
#include "strack/header.h"
#include "strack/repo.h"
#include "strack/text.h"

#define TEMPLATE_MAX (256u << 10)

static const struct language {
	const char *name, *ext;
	bool executable;
	const char *ends;
} languages[] = {
	{ "sh", "sh", true, NULL },
	{ "bash", "bash", true, NULL },
	{ "python", "py", true, NULL },
	{ "ruby", "rb", true, NULL },
	{ "perl", "pl", true, NULL },
	{ "node", "js", true, NULL },
	{ "php", "php", true, "?>" },
	{ "sql", "sql", false, NULL },
};

void template_release(struct template *t)
{
	buf_release(&t->text);
	buf_release(&t->ext);
	free(t->path);
	*t = (struct template)TEMPLATE_INIT;
}

static const struct language *find_language(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(languages); i++)
		if (!strcmp(name, languages[i].name) ||
			!strcmp(name, languages[i].ext))
			return &languages[i];
	return NULL;
}

static bool extension_valid(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789");

	return len >= 1 && len <= 16 && !s[len];
}

static enum err unknown_language(
	const char *kind, const char *name, struct error *err)
{
	struct buf known = BUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(languages); i++)
		buf_addf(&known, "%s%s", i ? ", " : "", languages[i].name);
	error_reset(err);
	error_hint(err, "a team's own goes into %s/%s.<extension>",
		TEMPLATE_FOLDER, kind);
	error_set(err, ERR_USAGE, "no %stemplate for '%s'; there are %s",
		strcmp(kind, "script") ? "companion " : "", name, known.ptr);
	buf_release(&known);
	return ERR_USAGE;
}

static enum err read_team_template(
	struct repo *r, const char *kind, struct template *t, struct error *err)
{
	char *path;
	enum err rc;

	t->path = xstrfmt("%s/%s.%s", TEMPLATE_FOLDER, kind, t->ext.ptr);
	path = path_join(repo_work_tree(r), t->path);
	rc = file_read(path, TEMPLATE_MAX, false, &t->text, err);
	free(path);
	return rc;
}

static enum err read_our_template(
	const char *kind, struct template *t, struct error *err)
{
	char *name = xstrfmt("%s.%s", kind, t->ext.ptr);
	enum err rc;

	free(t->path);
	t->path = NULL;
	rc = datadir_file(name, &t->path, err);
	if (!rc)
		rc = file_read(t->path, TEMPLATE_MAX, true, &t->text, err);
	free(name);
	return rc;
}

enum err template_find(struct repo *r, const char *kind, const char *lang,
	struct template *ret, struct error *err)
{
	const struct language *l = find_language(lang);
	struct template t = TEMPLATE_INIT;
	enum err rc;

	if (!l && !extension_valid(lang))
		return unknown_language(kind, lang, err);
	buf_set(&t.ext, l ? l->ext : lang);
	t.executable = l ? l->executable : true;
	t.ends = l ? l->ends : NULL;
	rc = read_team_template(r, kind, &t, err);
	if (rc == ERR_NOTFOUND && !l) {
		rc = unknown_language(kind, lang, err);
	} else if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = read_our_template(kind, &t, err);
	}
	if (!rc) {
		template_release(ret);
		*ret = t;
		t = (struct template)TEMPLATE_INIT; /* transferred */
	}
	template_release(&t);
	return rc;
}

struct word {
	const char *name, *value;
};

/* One pass: what is filled in is not looked at again. */
static void fill_in(
	const struct buf *text, const struct word *words, struct buf *ret)
{
	const char *s = text->ptr, *end = s + text->len;
	const struct word *w;
	size_t len;

	while (s < end) {
		for (w = words; w->name; w++) {
			len = strlen(w->name);
			if ((size_t)(end - s) >= len &&
				!memcmp(s, w->name, len))
				break;
		}
		if (w->name) {
			buf_adds(ret, w->value);
			s += strlen(w->name);
		} else {
			buf_addch(ret, *s++);
		}
	}
}

enum err template_fill(const struct template *t, const char *description,
	const char *author, int64_t now_ms, struct buf *ret, struct error *err)
{
	struct buf day = BUF_INIT, text = BUF_INIT;
	struct header header;
	enum err rc;

	if (t->ends && strstr(description, t->ends))
		return error_set(err, ERR_USAGE,
			"the description has '%s', which ends a comment in a "
			".%s script",
			t->ends, t->ext.ptr);
	time_format(&day, now_ms);
	buf_setlen(&day, strlen("2026-11-21"));
	fill_in(&t->text,
		(const struct word[]){
			{ "@DESCRIPTION@", description },
			{ "@DATE@", day.ptr },
			{ "@AUTHOR@", author },
			{ NULL, NULL },
		},
		&text);
	header_init(&header);
	rc = header_parse(t->path, text.ptr, text.len, &header, err);
	if (!rc)
		buf_addbuf(ret, &text);
	header_release(&header);
	buf_release(&text);
	buf_release(&day);
	return rc;
}
