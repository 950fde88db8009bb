/*
 * Tables from comma-separated values with a header row (RFC 4180, as psql and
 * sqlite3 write them), or from tab-separated ones, through libcsv.
 */
#ifndef STRACK_CSV_H
#define STRACK_CSV_H

#include "strack/table.h"

/* Tabs separate where the first line has one; then quotes mean nothing, \n,
 * \t and \\ are escapes, and NULL and \N no value, as `mysql --batch` and
 * PostgreSQL's COPY have it.  Else commas do, and an empty field without
 * quotes is no value.
 *
 * `text` passed table_check_text and has a NUL behind it.  ERR_BAD with
 * "<name>: line 4: ..." for all that is not the format to the letter: a quote
 * too many, a row with more or fewer fields than the header, a column twice, a
 * last line that does not end (what was cut off would read as another value),
 * more than table.h allows. */
enum err csv_read(const char *name, const char *text, size_t len,
	struct table *ret, struct error *err);

#endif
