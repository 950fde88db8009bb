/*
 * JSON through jansson.  It holds whole numbers in 64 bits and refuses longer
 * ones, so those are put in quotes before it reads them.
 *
 * jansson has functions named as some of json.h's, which is why that header
 * hides ours, and why none of those names may be called here.
 */
#include "strack/jsonread.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "strack/strmap.h"

#define DIGITS_SAFE 18 /* so many fit into 64 bits, whatever they are */
/* jansson takes some hundred bytes for each of what are three in the file: a
 * table of the largest size has its rows, and a little in their cells. */
#define VALUES_MAX 8000000
#define NESTED_MAX (TABLE_ROWS_MAX + TABLE_ROWS_MAX / 2)

struct reading {
	const char *name;
	const char *text; /* as it came, for positions */
	size_t len;
	struct buf quoted; /* what is parsed */
	size_t *added;     /* where the quotes stand in it, ascending */
	size_t nadded, added_cap;
	struct strmap columns; /* name to index + 1 */
	struct error *err;
};

bool json_read_is(const char *text, size_t len)
{
	size_t lead = strspn(text, " \t\r\n");

	return lead < len && (text[lead] == '[' || text[lead] == '{');
}

/* ---- long numbers ---- */

/* Length of the whole number at s, by the grammar of JSON and with something
 * behind it that may follow one; 0 where there is none. */
static size_t whole_number(const char *s)
{
	size_t sign = *s == '-', digits = strspn(s + sign, "0123456789");

	if (!digits || (digits > 1 && s[sign] == '0') ||
		!strchr(" \t\r\n,]}", s[sign + digits]))
		return 0;
	return sign + digits;
}

static void add_quote(struct reading *r)
{
	ARRAY_GROW(r->added, r->nadded + 1, r->added_cap);
	r->added[r->nadded++] = r->quoted.len;
	buf_addch(&r->quoted, '"');
}

/* Makes what is to be parsed, and refuses it where that would take more memory
 * than any table does. */
static enum err quote_long_numbers(struct reading *r)
{
	size_t values = 0, nested = 0, n;
	bool inside = false; /* a string */

	buf_grow(&r->quoted, r->len);
	for (size_t i = 0; i < r->len; i += n) {
		const char *at = r->text + i;

		n = 1;
		if (inside && *at == '\\' && i + 1 < r->len)
			n = 2;
		else if (*at == '"')
			inside = !inside;
		else if (!inside && (*at == '[' || *at == '{'))
			nested++;
		else if (!inside && (*at == ',' || *at == ':'))
			values++;
		else if (!inside && strchr("-0123456789", *at))
			n = strspn(at, "+-.0123456789eE");
		if (!inside && n > DIGITS_SAFE && whole_number(at) == n) {
			add_quote(r);
			buf_add(&r->quoted, at, n);
			add_quote(r);
		} else {
			buf_add(&r->quoted, at, n);
		}
	}
	if (values <= VALUES_MAX && nested <= NESTED_MAX)
		return ERR_OK;
	error_hint(r->err, "take only the columns that count, as with: "
			   "jq -c '.[] | {version}'");
	return error_set(r->err, ERR_BAD,
		"%s: has %zu %s, more than any table of %d rows", r->name,
		nested > NESTED_MAX ? nested : values,
		nested > NESTED_MAX ? "objects and arrays" : "values",
		TABLE_ROWS_MAX);
}

/* From a place in what was parsed to the file. */
static enum err bad_at(struct reading *r, size_t at, const char *why)
{
	size_t line, column, added = 0;

	while (added < r->nadded && r->added[added] < at)
		added++;
	table_position(r->text, r->len, at - added, &line, &column);
	return error_set(r->err, ERR_BAD, "%s: line %zu, column %zu: %s",
		r->name, line, column, why);
}

/* ---- values ---- */

static char *cell_text(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return xstrndup(
			json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		return xstrfmt(
			"%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return xstrfmt("%.15g", json_real_value(value));
	case JSON_TRUE:
		return xstrdup("true");
	case JSON_FALSE:
		return xstrdup("false");
	case JSON_OBJECT:
	case JSON_ARRAY:
		return json_dumps(value, JSON_COMPACT);
	case JSON_NULL:
		break;
	}
	return NULL;
}

static enum err add_columns(
	struct reading *r, struct table *t, size_t where, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (strmap_has(&r->columns, key))
			continue;
		if (!*key || table_column(t, key) >= 0)
			return error_set(r->err, ERR_BAD,
				"%s: row %zu: %s '%s'", r->name, where,
				*key ? "the name of a column is written in two "
				       "ways,"
				     : "a key is empty:",
				key);
		if (t->columns.n == TABLE_COLUMNS_MAX)
			return error_set(r->err, ERR_BAD,
				"%s: row %zu: has more than %d columns",
				r->name, where, TABLE_COLUMNS_MAX);
		strvec_push(&t->columns, key);
		*strmap_put(&r->columns, key, NULL) = (void *)t->columns.n;
	}
	return ERR_OK;
}

static enum err add_row(
	struct reading *r, struct table *t, size_t where, json_t *object)
{
	struct table_row *row = table_add(t, where);
	const char *key;
	json_t *value;

	if (!row)
		return error_set(r->err, ERR_BAD, "%s: has more than %d rows",
			r->name, TABLE_ROWS_MAX);
	json_object_foreach(object, key, value)
	{
		size_t column = (size_t)strmap_get(&r->columns, key) - 1;
		char *text = cell_text(value);

		row->cell[column] = text;
		if (!text || strlen(text) <= TABLE_CELL_MAX)
			continue;
		error_hint(r->err, "leave that column out of the export");
		return error_set(r->err, ERR_BAD,
			"%s: row %zu: column '%s' has %zu bytes, at most %u "
			"are read",
			r->name, where, key, strlen(text), TABLE_CELL_MAX);
	}
	return ERR_OK;
}

/* All columns first: a row has a place for each. */
static enum err make_table(
	struct reading *r, const json_t *rows, struct table *t)
{
	size_t n = json_array_size(rows);
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < n; i++) {
		json_t *row = json_array_get(rows, i);

		if (!json_is_object(row))
			return error_set(r->err, ERR_BAD,
				"%s: row %zu: is no object {...}", r->name,
				i + 1);
		rc = add_columns(r, t, i + 1, row);
	}
	for (size_t i = 0; !rc && i < n; i++)
		rc = add_row(r, t, i + 1, json_array_get(rows, i));
	return rc;
}

/* ---- the file ---- */

/* The array of objects in an object that is no row itself; NULL where there
 * is none. */
static enum err inner_rows(struct reading *r, json_t *object, json_t **ret)
{
	const char *key;
	json_t *value;
	size_t found = 0;

	json_object_foreach(object, key, value)
	{
		if (!json_is_object(json_array_get(value, 0)))
			continue;
		*ret = value;
		found++;
	}
	if (found < 2)
		return ERR_OK;
	error_hint(r->err, "take one of them, as with: jq .NAME");
	return error_set(r->err, ERR_BAD, "%s: holds %zu arrays of rows, not 1",
		r->name, found);
}

/* Appends the values that follow each other to `values`. */
static enum err parse_all(struct reading *r, json_t *values)
{
	const char *text = r->quoted.ptr;
	size_t at = 0;

	for (;;) {
		json_error_t e;
		json_t *value;

		at += strspn(text + at, " \t\r\n");
		if (at == r->quoted.len)
			return ERR_OK;
		value = json_loadb(text + at, r->quoted.len - at,
			JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &e);
		if (!value)
			return bad_at(r, at + (size_t)e.position, e.text);
		if (json_array_size(values) &&
			(json_is_array(value) ||
				json_is_array(json_array_get(values, 0)))) {
			json_decref(value);
			return bad_at(r, at,
				"something stands behind, or before, the array "
				"of rows");
		}
		at += (size_t)e.position;
		json_array_append_new(values, value);
	}
}

static enum err read_rows(struct reading *r, struct table *t)
{
	json_t *values = json_pack("[]"), *rows = values;
	enum err rc = parse_all(r, values);

	if (!rc && json_array_size(values) == 1) {
		json_t *only = json_array_get(values, 0);

		if (json_is_array(only))
			rows = only;
		else
			rc = inner_rows(r, only, &rows);
	}
	if (!rc)
		rc = make_table(r, rows, t);
	json_decref(values);
	return rc;
}

enum err json_read(const char *name, const char *text, size_t len,
	struct table *ret, struct error *err)
{
	struct table t = TABLE_INIT;
	struct reading r = { .name = name,
		.text = text,
		.len = len,
		.quoted = BUF_INIT,
		.columns = STRMAP_INIT,
		.err = err };
	enum err rc;

	rc = quote_long_numbers(&r);
	if (!rc)
		rc = read_rows(&r, &t);
	if (rc)
		goto out;
	table_release(ret);
	*ret = t;
	t = (struct table)TABLE_INIT; /* transferred */
out:
	buf_release(&r.quoted);
	free(r.added);
	strmap_release(&r.columns, NULL);
	table_release(&t);
	return rc;
}
