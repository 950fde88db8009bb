/*
 * Tables from JSON, through jansson: an array of objects, one object a line,
 * or an object with one such array in it, as databases and jq write them.
 * (What we write ourselves is json.h's.)
 */
#ifndef STRACK_JSONREAD_H
#define STRACK_JSONREAD_H

#include "strack/table.h"

/* Does the text, seen from its first character, claim to be JSON? */
bool json_read_is(const char *text, size_t len);

/* A row for each object; its columns are the keys of all of them, NULL where
 * an object lacks one or says null.  Numbers and literals become the text that
 * they are, whole numbers of any length exactly; nested values the JSON of
 * them.  An array without rows gives no columns.
 *
 * `text` passed table_check_text and has a NUL behind it.  ERR_BAD with
 * "<name>: line 4, column 2:
 * ..." or "<name>: row 3: ..." for what is no JSON or no table, for a key twice
 * in an object, and for more than table.h allows; jansson ends at a depth of
 * 2048, and eight million commas and colons, or one and a half million objects
 * and arrays, are too much for a table. */
enum err json_read(const char *name, const char *text, size_t len,
	struct table *ret, struct error *err);

#endif
