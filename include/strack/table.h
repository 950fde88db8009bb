/*
 * A table as some program exported it: named columns, and rows of cells that
 * are text or NULL.  Which format it came in is the readers' (csv.h,
 * jsonread.h), what it means its user's.
 */
#ifndef STRACK_TABLE_H
#define STRACK_TABLE_H

#include "strack/error.h"
#include "strack/strvec.h"

#define TABLE_TEXT_MAX (64u << 20) /* bytes of a file */
#define TABLE_COLUMNS_MAX 256
#define TABLE_ROWS_MAX 1000000
#define TABLE_CELL_MAX (1u << 20) /* bytes */

struct table_row {
	size_t where; /* see table.unit, from 1 */
	char **cell;  /* one for each column; NULL where there is no value */
};

struct table {
	const char *unit; /* what `where` counts: "line" or "row" */
	struct strvec columns;
	struct table_row *v;
	size_t n, cap;
};
#define TABLE_INIT                                                             \
	{                                                                      \
		"row", STRVEC_INIT, NULL, 0, 0                                 \
	}
void table_release(struct table *t);

/* A row without values; good until the next one is added.  NULL when there
 * are TABLE_ROWS_MAX. */
struct table_row *table_add(struct table *t, size_t where);

/* Index of the column with that name (ASCII case does not matter, as some
 * databases fold it), or -1. */
int table_column(const struct table *t, const char *name);

/* Line and column, both from 1, of the byte at `at`; a column is a character
 * of UTF-8. */
void table_position(
	const char *text, size_t len, size_t at, size_t *line, size_t *column);

/* Text that a reader may take: some, UTF-8 throughout, no NUL; else ERR_BAD
 * with "<name>: line 3, column 7: ...". */
enum err table_check_text(
	const char *name, const char *text, size_t len, struct error *err);

#endif
