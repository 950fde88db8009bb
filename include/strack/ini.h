/*
 * .strack.ini as a list of settings, through inih.  inih r55 cuts section
 * names at 49 bytes and lines at 199: lengths, NULs, and bytes that are not
 * UTF-8 are refused before it parses, and nothing of a file that has an
 * error is given out.
 */
#ifndef STRACK_INI_H
#define STRACK_INI_H

#include "strack/error.h"

struct ini_item {
	char *section; /* as written: environment "production"; "" before any */
	char *key;
	char *value;
	int line; /* 1-based */
};

struct ini_doc {
	struct ini_item *v;
	size_t n;
	size_t cap;
};

#define INI_DOC_INIT                                                           \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

/* `name` is for messages ("<name>: line 4: ..."). A continuation line (an
 * indented one), a key without `=` and a key twice in one section are errors
 * that name the line and say what to do.  64 KiB at most. */
enum err ini_doc_parse(const char *name, const char *text, size_t len,
	struct ini_doc *ret, struct error *err);
void ini_doc_release(struct ini_doc *d);

#endif
