/* Rows of text; see the header.  Knows no format and no tool. */
#include "strack/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "strack/text.h"

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->columns.n; k++)
			free(t->v[i].cell[k]);
		free(t->v[i].cell);
	}
	free(t->v);
	strvec_release(&t->columns);
	*t = (struct table)TABLE_INIT;
}

struct table_row *table_add(struct table *t, size_t where)
{
	struct table_row *row;

	if (t->n == TABLE_ROWS_MAX)
		return NULL;
	ARRAY_GROW(t->v, t->n + 1, t->cap);
	row = &t->v[t->n++];
	row->where = where;
	row->cell = xcalloc(t->columns.n, sizeof(*row->cell));
	return row;
}

int table_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		if (!strcasecmp(t->columns.v[i], name))
			return (int)i;
	}
	return -1;
}

void table_position(
	const char *text, size_t len, size_t at, size_t *line, size_t *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at && i < len; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

enum err table_check_text(
	const char *name, const char *text, size_t len, struct error *err)
{
	size_t line, column, n;

	if (strspn(text, " \t\r\n") == len) {
		error_hint(err, "an export has one line at least, with the "
				"names of the columns");
		return error_set(err, ERR_BAD, "%s: is empty", name);
	}
	for (size_t i = 0; i < len; i += n) {
		n = utf8_next(text + i, len - i, NULL);
		if (n && text[i])
			continue;
		table_position(text, len, i, &line, &column);
		if (n)
			return error_set(err, ERR_BAD,
				"%s: line %zu, column %zu: a NUL byte; this is "
				"no text",
				name, line, column);
		error_hint(err, "export it as UTF-8");
		return error_set(err, ERR_BAD,
			"%s: line %zu, column %zu: byte 0x%02x is not UTF-8",
			name, line, column, (unsigned char)text[i]);
	}
	return ERR_OK;
}
