/*
 * New scripts: the template of a language, filled in, and a name for it that
 * no other script has.
 */
#ifndef STRACK_TEMPLATE_H
#define STRACK_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/error.h"
#include "strack/settings.h"

struct repo;

#define TEMPLATE_FOLDER ".strack/templates" /* the team's own */

struct template
{
	struct buf text;
	struct buf ext;   /* of the script, without the dot */
	char *path;       /* where it was read, for messages */
	bool executable;  /* the script is to be */
	const char *ends; /* what would end its comment lines, or NULL */
};
#define TEMPLATE_INIT                                                          \
	{                                                                      \
		.text = BUF_INIT, .ext = BUF_INIT                              \
	}
void template_release(struct template *t);

/* The template of a `kind` of file, "script" or "companion".  `lang` is a
 * language's name or extension.  The team's own template wins, and may be for
 * an extension that we have none for.  ERR_USAGE lists the languages. */
enum err template_find(struct repo *r, const char *kind, const char *lang,
	struct template *ret, struct error *err);

/* Appends the script's text to `ret`.  `description` is one line of UTF-8
 * without control characters; `author` "Name <mail>"; `now_ms` gives the day.
 * ERR_USAGE for a description that this language can't have in a comment,
 * ERR_BAD where the script's header would be refused when it is to run. */
enum err template_fill(const struct template *t, const char *description,
	const char *author, int64_t now_ms, struct buf *ret, struct error *err);

/* Writes a new script `STAMP_slug.ext` where [scripts] layout wants it; STAMP
 * is the first second from `ms` on that no script has.  Two at once take turns
 * by `lock_path`, whose folder is there.  `*ret`, the caller's, is its path
 * from the top. */
enum err script_place(struct repo *r, const struct settings *s,
	const char *lock_path, const struct template *t, const char *slug,
	int64_t ms, const struct buf *text, char **ret, struct error *err);

/* Writes the companion `what` of a script that was just placed, beside it. */
enum err companion_place(struct repo *r, const char *script, const char *what,
	const struct template *t, const struct buf *text, char **ret,
	struct error *err);

#endif
