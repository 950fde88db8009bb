/*
 * What the tables of other tools say about scripts: which tool a table is of,
 * which of its rows say that something ran, and which script each is about.
 * Pure: tables and names in, verdicts out.
 */
#ifndef STRACK_IMPORTS_H
#define STRACK_IMPORTS_H

#include "strack/strmap.h"
#include "strack/table.h"

enum import_verdict {
	IMPORT_RAN,  /* settled there: it ran, or skipped itself */
	IMPORT_NOT,  /* it failed, runs, was undone, or nobody can tell */
	IMPORT_PASS, /* a row that is about no script */
	IMPORT_OLD,  /* a later row about the same script decides */
};

struct import_row {
	size_t where;        /* of the table's row */
	const char *file;    /* how the tool names it, or NULL; the table's */
	const char *version; /* or NULL; the table's */
	int64_t rank;        /* order of the rows about one script */
	enum import_verdict verdict;
	char *why; /* of all but IMPORT_RAN, in a few words */
};

struct imports {
	const struct table *table; /* borrowed */
	char *tools;  /* "Flyway"; several where their tables look alike */
	size_t shape; /* private */
	struct import_row *v;
	size_t n;
};
#define IMPORTS_INIT                                                           \
	{                                                                      \
		NULL, NULL, 0, NULL, 0                                         \
	}
void imports_release(struct imports *i);

/* `name` is the file's, for messages.  ERR_BAD with the columns that were
 * found and the tables that are known where it is none of them, and for a row
 * without what the tool always writes, naming row and column.  A table without
 * rows gives none. */
enum err imports_read(const char *name, const struct table *t,
	struct imports *ret, struct error *err);

/* Appends what the table says of that row, for the reason of a mark: "Flyway:
 * type SQL, installed_by deploy".  At most IMPORT_SAYS_MAX bytes. */
#define IMPORT_SAYS_MAX 1024
void imports_says(const struct imports *i, size_t row, struct buf *ret);

/* ---- which script ---- */

struct import_name {
	char *path;
	bool here;           /* in the work tree, not only on the ledger */
	size_t same_base;    /* index + 1 of another one, 0 for none */
	size_t same_version; /* likewise */
};

struct import_names {
	struct import_name *v;
	size_t n, cap;
	struct strmap path, base, version; /* to index + 1 of the last one */
};
#define IMPORT_NAMES_INIT                                                      \
	{                                                                      \
		NULL, 0, 0, STRMAP_INIT, STRMAP_INIT, STRMAP_INIT              \
	}
void import_names_release(struct import_names *l);
/* Each path once. */
void import_names_add(struct import_names *l, const char *path, bool here);

enum import_match {
	IMPORT_MATCH_ONE,
	IMPORT_MATCH_NONE,
	IMPORT_MATCH_MANY,      /* it may be any of several */
	IMPORT_MATCH_EXTENSION, /* one, but the extension is another */
};

/* The script that a row is about: the path, else the base name, else (where
 * the table has versions) the digits that the base name begins with, and then
 * with the extension that the table says.  Scripts of the work tree come before
 * those that only the ledger knows.  `ret` gets the candidates' paths. */
enum import_match import_match(const struct import_names *l,
	const struct import_row *row, struct strvec *ret);

#endif
