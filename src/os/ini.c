/*
 * .strack.ini through inih, whose limits are checked before it parses: what
 * it would cut, continue or pass over in silence is refused.  Which sections
 * and keys there are is not known here.
 */
#include "strack/ini.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

#define FILE_MAX 65536
#define LINE_MAX_BYTES 198 /* inih r55 cuts at INI_MAX_LINE 200 */
#define SECTION_MAX 49

void ini_doc_release(struct ini_doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].section);
		free(d->v[i].key);
		free(d->v[i].value);
	}
	free(d->v);
	*d = (struct ini_doc)INI_DOC_INIT;
}

static enum err check_bytes(
	const char *name, const char *p, size_t n, int line, struct error *err)
{
	if (n > LINE_MAX_BYTES)
		return error_set(err, ERR_BAD,
			"%s: line %d is longer than %d bytes; make it shorter",
			name, line, LINE_MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < 0x20 && c != '\t' && !(c == '\r' && i + 1 == n)) ||
			c == 0x7f)
			return error_set(err, ERR_BAD,
				"%s: line %d has a control character (0x%02x); "
				"remove it",
				name, line, c);
	}
	if (!utf8_valid(p, n))
		return error_set(err, ERR_BAD,
			"%s: line %d is not UTF-8; save it so", name, line);
	return ERR_OK;
}

static enum err check_section(
	const char *name, const char *p, size_t n, int line, struct error *err)
{
	const char *end = memchr(p, ']', n);

	if (!end)
		return error_set(err, ERR_BAD,
			"%s: line %d: the section has no closing ']'; write it",
			name, line);
	if (end - p - 1 > SECTION_MAX)
		return error_set(err, ERR_BAD,
			"%s: line %d: the section's name is longer than %d "
			"bytes; make it shorter",
			name, line, SECTION_MAX);
	/* inih passes over whatever is behind the bracket. */
	for (end++; end < p + n && strchr(" \t\r", *end); end++)
		;
	if (end < p + n && *end != ';' && *end != '#')
		return error_set(err, ERR_BAD,
			"%s: line %d: there is something behind the section's "
			"']'; put it on a line of its own",
			name, line);
	return ERR_OK;
}

static enum err check_line(
	const char *name, const char *p, size_t n, int line, struct error *err)
{
	const char *equals = memchr(p, '=', n), *colon = memchr(p, ':', n);
	size_t lead = 0;
	enum err rc = check_bytes(name, p, n, line, err);

	if (rc)
		return rc;
	while (lead < n &&
		(p[lead] == ' ' || p[lead] == '\t' || p[lead] == '\r'))
		lead++;
	if (lead == n || p[lead] == ';' || p[lead] == '#')
		return ERR_OK;
	if (lead)
		return error_set(err, ERR_BAD,
			"%s: line %d is indented, which would continue the "
			"value above; begin it in the first column",
			name, line);
	if (p[0] == '[')
		return check_section(name, p, n, line, err);
	if (colon && (!equals || colon < equals))
		return error_set(err, ERR_BAD,
			"%s: line %d has a ':' and no '=' before it; write "
			"'key = value'",
			name, line);
	if (!equals)
		return error_set(err, ERR_BAD,
			"%s: line %d is no 'key = value' and no '[section]'; "
			"begin a comment with ';'",
			name, line);
	return ERR_OK;
}

static enum err check_text(
	const char *name, const char *text, size_t len, struct error *err)
{
	int line = 0;
	enum err rc = ERR_OK;

	if (len > FILE_MAX)
		return error_set(
			err, ERR_BAD, "%s is larger than 64 KiB", name);
	for (size_t at = 0; !rc && at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - text) - at : len - at;

		line++;
		/* inih passes over a byte order mark: so do we */
		if (line == 1 && n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
			rc = check_line(name, text + 3, n - 3, line, err);
		else
			rc = check_line(name, text + at, n, line, err);
		at += n + 1;
	}
	return rc;
}

struct reading {
	const char *name;
	struct ini_doc *doc;
	struct error *err;
	const char *text; /* where the next line begins */
	const char *end;
	int line;
	enum err rc;
};

/* fgets(3) over memory, which also tells us the number of the line. */
static char *next_line(char *str, int size, void *stream)
{
	struct reading *r = stream;
	size_t left = (size_t)(r->end - r->text), n;
	const char *nl;

	if (!left || size < 2)
		return NULL;
	nl = memchr(r->text, '\n', left);
	n = nl ? (size_t)(nl - r->text) + 1 : left;
	if (n > (size_t)size - 1)
		n = (size_t)size - 1;
	memcpy(str, r->text, n);
	str[n] = '\0';
	r->text += n;
	r->line++;
	return str;
}

static int take(
	void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;
	struct ini_item *it;

	for (size_t i = 0; i < r->doc->n; i++) {
		it = &r->doc->v[i];
		if (strcmp(it->section, section) != 0 ||
			strcmp(it->key, key) != 0)
			continue;
		r->rc = error_set(r->err, ERR_BAD,
			"%s: line %d: '%s' again (it stands on line %d too); "
			"remove one",
			r->name, r->line, key, it->line);
		return 0;
	}
	ARRAY_GROW(r->doc->v, r->doc->n + 1, r->doc->cap);
	it = &r->doc->v[r->doc->n++];
	*it = (struct ini_item){ xstrdup(section), xstrdup(key), xstrdup(value),
		r->line };
	return 1;
}

enum err ini_doc_parse(const char *name, const char *text, size_t len,
	struct ini_doc *ret, struct error *err)
{
	struct ini_doc doc = INI_DOC_INIT;
	struct reading r = { name, &doc, err, text, text + len, 0, ERR_OK };
	int bad;
	enum err rc = check_text(name, text, len, err);

	if (rc)
		return rc;
	bad = ini_parse_stream(next_line, &r, take, &r);
	rc = r.rc;
	if (!rc && bad)
		rc = error_set(err, ERR_BAD,
			"%s: line %d is no 'key = value' and no '[section]'; "
			"begin a comment with ';'",
			name, bad > 0 ? bad : r.line);
	if (rc) {
		ini_doc_release(&doc);
		return rc;
	}
	ini_doc_release(ret);
	*ret = doc;
	return ERR_OK;
}
