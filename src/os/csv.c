/*
 * CSV through libcsv in its strict mode.  It tells neither lines nor columns
 * and takes rows of any length, so it is fed line by line and what it gives is
 * counted here.
 */
#include "strack/csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define CSV_BLOCK 65536 /* by which libcsv grows a field */

struct reading {
	const char *name;
	struct table *table;
	struct buf *fields; /* of the row that is being read */
	bool *missing;      /* which of them have no value */
	size_t n;
	size_t line;  /* that is being read */
	size_t begun; /* line on which the row began */
	bool tabs;
	bool ended; /* a row ended on this line */
	enum err rc;
	struct error *err;
};

/* libcsv takes blanks around a field away, which are part of it. */
static int no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void unescape(struct buf *b, const char *s, size_t len)
{
	static const char letters[] = "nt\\rbfv", bytes[] = "\n\t\\\r\b\f\v";

	for (size_t i = 0; i < len; i++) {
		const char *at = s[i] == '\\' && i + 1 < len && s[i + 1]
					 ? strchr(letters, s[i + 1])
					 : NULL;

		buf_addch(b, at ? bytes[at - letters] : s[i]);
		i += at != NULL;
	}
}

static bool is_null(const struct reading *r, const char *s, size_t len)
{
	if (!s)
		return true;
	return r->tabs && ((len == 4 && !memcmp(s, "NULL", 4)) ||
				  (len == 2 && !memcmp(s, "\\N", 2)));
}

static void take_field(void *data, size_t len, void *arg)
{
	struct reading *r = arg;
	size_t most =
		r->table->columns.n ? r->table->columns.n : TABLE_COLUMNS_MAX;
	struct buf *field;

	if (r->rc)
		return;
	if (r->n == most && !r->table->columns.n) {
		r->rc = error_set(r->err, ERR_BAD,
			"%s: has more than %d columns", r->name,
			TABLE_COLUMNS_MAX);
		return;
	}
	if (len > TABLE_CELL_MAX) {
		error_hint(r->err, "leave that column out of the export");
		r->rc = error_set(r->err, ERR_BAD,
			"%s: line %zu: field %zu has %zu bytes, at most %u are "
			"read",
			r->name, r->begun, r->n + 1, len, TABLE_CELL_MAX);
		return;
	}
	if (r->n < most) {
		field = &r->fields[r->n];
		buf_reset(field);
		r->missing[r->n] = is_null(r, data, len);
		if (data && r->tabs)
			unescape(field, data, len);
		else if (data)
			buf_add(field, data, len);
	}
	r->n++;
}

static enum err take_header(struct reading *r)
{
	struct table *t = r->table;

	for (size_t i = 0; i < r->n; i++) {
		if (r->missing[i] || !r->fields[i].len)
			return error_set(r->err, ERR_BAD,
				"%s: line %zu: column %zu has no name; the "
				"first line must have the names of the columns",
				r->name, r->begun, i + 1);
		if (table_column(t, r->fields[i].ptr) >= 0)
			return error_set(r->err, ERR_BAD,
				"%s: line %zu: column '%s' stands twice",
				r->name, r->begun, r->fields[i].ptr);
		strvec_push(&t->columns, r->fields[i].ptr);
	}
	return ERR_OK;
}

static enum err take_row(struct reading *r)
{
	struct table *t = r->table;
	struct table_row *row;

	if (r->n != t->columns.n)
		return error_set(r->err, ERR_BAD,
			"%s: line %zu: has %zu field%s, but the first line "
			"names %zu column%s",
			r->name, r->begun, r->n, r->n == 1 ? "" : "s",
			t->columns.n, t->columns.n == 1 ? "" : "s");
	row = table_add(t, r->begun);
	if (!row)
		return error_set(r->err, ERR_BAD, "%s: has more than %d rows",
			r->name, TABLE_ROWS_MAX);
	for (size_t i = 0; i < r->n; i++) {
		if (!r->missing[i])
			row->cell[i] =
				xstrndup(r->fields[i].ptr, r->fields[i].len);
	}
	return ERR_OK;
}

static void end_row(int c, void *arg)
{
	struct reading *r = arg;

	(void)c;
	if (!r->rc)
		r->rc = r->table->columns.n ? take_row(r) : take_header(r);
	r->n = 0;
	r->ended = true;
}

static enum err broken(struct reading *r, const char *text, size_t len,
	size_t at, struct error *err)
{
	size_t line, column;

	table_position(text, len, at, &line, &column);
	return error_set(err, ERR_BAD,
		"%s: line %zu, column %zu: a quote that does not begin or end "
		"a field, or something behind it",
		r->name, line, column);
}

static enum err feed(struct csv_parser *p, struct reading *r, const char *text,
	size_t len, struct error *err)
{
	bool inside = false; /* a row goes on over the end of the line */
	size_t n, eaten;

	for (size_t at = 0; at < len; at += n) {
		const char *nl = memchr(text + at, '\n', len - at);

		n = nl ? (size_t)(nl - text) - at + 1 : len - at;
		r->line++;
		if (!inside)
			r->begun = r->line;
		r->ended = false;
		eaten = csv_parse(p, text + at, n, take_field, end_row, r);
		if (r->rc)
			return r->rc;
		if (eaten != n)
			return broken(r, text, len, at + eaten, err);
		inside = !r->ended && (inside || strcspn(text + at, "\r\n"));
	}
	/* What is left would be one more row, or a quote without its end. */
	r->rc = ERR_BAD;
	r->ended = false;
	if (csv_fini(p, take_field, end_row, r) || r->ended)
		return error_set(err, ERR_BAD,
			"%s: line %zu: this row does not end; the file was "
			"cut off, export it again",
			r->name, r->begun);
	return ERR_OK;
}

static bool first_line_has_tab(const char *text)
{
	size_t to_line_end = strcspn(text, "\r\n");

	return memchr(text, '\t', to_line_end) != NULL;
}

enum err csv_read(const char *name, const char *text, size_t len,
	struct table *ret, struct error *err)
{
	struct table t = TABLE_INIT;
	struct reading r = { .name = name, .table = &t, .err = err };
	struct csv_parser p;
	enum err rc;

	if (csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL))
		return error_set(err, ERR_FATAL, "%s: libcsv: init", name);
	t.unit = "line";
	r.tabs = first_line_has_tab(text);
	r.fields = xcalloc(TABLE_COLUMNS_MAX, sizeof(*r.fields));
	r.missing = xcalloc(TABLE_COLUMNS_MAX, sizeof(*r.missing));
	for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
		buf_init(&r.fields[i]);
	csv_set_space_func(&p, no_space);
	csv_set_realloc_func(&p, xrealloc);
	csv_set_blk_size(&p, CSV_BLOCK);
	if (r.tabs) {
		csv_set_delim(&p, '\t');
		csv_set_quote(&p, '\0'); /* none: the text has no NUL */
	}
	rc = feed(&p, &r, text, len, err);
	if (rc)
		goto out;
	table_release(ret);
	*ret = t;
	t = (struct table)TABLE_INIT; /* transferred */
out:
	for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
		buf_release(&r.fields[i]);
	free(r.fields);
	free(r.missing);
	csv_free(&p);
	table_release(&t);
	return rc;
}
