/*
 * Scripts of the work tree: which files are scripts, what they say about
 * themselves and how each is started.
 */
#ifndef STRACK_SCRIPT_H
#define STRACK_SCRIPT_H

#include <stdbool.h>
#include "strack/error.h"
#include "strack/header.h"
#include "strack/object.h"
#include "strack/settings.h"

#define SCRIPT_MAX (10u << 20) /* bytes */

struct script {
	char *path;       /* from the top of the repository: its identity */
	const char *base; /* into path */
	bool proved;      /* when it was found, the index proved it to be: */
	struct oid blob;
	/* filled by script_read: */
	bool loaded;
	bool executable; /* executed as it is, without a runner */
	struct header header;
	struct error problem; /* header or starting problem; text empty: none */
};

struct scriptvec {
	struct script **v; /* in plan order: base name bytewise, then path */
	size_t n;
	size_t cap;
};
#define SCRIPTVEC_INIT                                                         \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void scriptvec_release(struct scriptvec *l);
/* One that nothing is known of but its path; never NULL. */
struct script *script_new(const char *path);
void script_free(struct script *sc);
/* The same, at the end of the list, which owns it. */
struct script *scriptvec_add(struct scriptvec *l, const char *path);

/* Does the base name look like a script's: 8 to 14 digits and `_` or `-`, and
 * no editor leftover?  And a companion's (.rollback.EXT, .verify.EXT)? */
bool script_name_dated(const char *base);
bool script_name_companion(const char *base);
/* What a script and its companions share: its path without the extension. */
void script_stem(const char *path, struct buf *ret);
/* The stem of the script that a path is a companion of, `what` "rollback" or
 * "verify" (NULL: either); false for what is none. */
bool script_companion_stem(const char *path, const char *what, struct buf *ret);
/* Why no script may have this path (a control character, `.strack`, ...), in
 * words that finish "PATH: "; NULL where it may.  Static text. */
const char *script_path_refused(const char *path);
/* Milliseconds of the date that the name begins with (YYYYMMDD[HH[MM[SS]]],
 * read as UTC); false when the digits are no date. */
bool script_name_time(const char *base, int64_t *ms);

/* All scripts under the configured folders.  Missing folders are fine.  Files
 * that git ignores, links, leftovers and companions are left out; a path that
 * must be refused (control character, `.strack`, an entry's name, invalid in a
 * tree) is ERR_BAD naming it, escaped.  Reads no file contents. */
enum err script_discover(struct repo *r, const struct settings *s,
	struct scriptvec *ret, struct error *err);
/* Reads the header and checks that it can be started; what is wrong with the
 * script goes to script->problem (then ERR_OK all the same), trouble with the
 * machine to err. */
enum err script_read(struct repo *r, const struct settings *s,
	struct script *script, struct error *err);
/* The same for bytes that are nowhere on disk, from a tree with its mode: what
 * is wrong with them on any machine (ERR_BAD), apart from their header.  That
 * a program is not installed here is no fault of theirs. */
enum err script_check_bytes(const struct settings *s, const char *path,
	bool executable, const struct buf *text, struct error *err);
/* Its time limit: its header's, else that of [scripts]; seconds, 0 none. */
int64_t script_limit(const struct settings *s, const struct script *script);
/* Is there a program of that name, or path, that can be started? */
bool script_program_found(struct repo *r, const char *name);
/* Is it SQL for the database of the environment (run/sql.c), and for no runner
 * that .strack.ini names?  `script` has been read. */
bool script_is_sql(const struct settings *s, const struct script *script);
/* The words that start it: the absolute path itself when executable, else
 * the runner's words and the path (made safe with ./ or absolute, never an
 * option).  ERR_BAD: no shebang and no runner.  Not for one that a database
 * runs. */
enum err script_command(struct repo *r, const struct settings *s,
	const struct script *script, struct strvec *argv, struct error *err);

/* Finds one by what a person typed: path (from the top, or relative to the
 * current folder), base name, or unambiguous part of the base name or path.
 * ERR_NOTFOUND with the nearest names as hint, ERR_BAD listing all matches
 * when ambiguous. */
enum err script_match(const struct repo *r, const struct scriptvec *l,
	const char *typed, const struct script **ret, struct error *err);

/* The file name part that a description gives: lower-case ASCII words joined
 * by `_` (accents and Cyrillic, Greek transliterated; at most 60 bytes, cut at
 * a word).  ERR_BAD when nothing is left, naming the description. */
enum err script_slug(
	const char *description, struct buf *ret, struct error *err);

#endif
