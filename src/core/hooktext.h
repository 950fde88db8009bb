/*
 * The text of a hook of ours.  Its second line has a digest of the whole, so
 * that any version of the program knows what any other one wrote, and sees
 * where a person changed it.
 */
#ifndef STRACK_CORE_HOOKTEXT_H
#define STRACK_CORE_HOOKTEXT_H

#include "strack/buf.h"
#include "strack/error.h"

enum hook_whose {
	HOOK_THEIRS, /* no mark of ours */
	HOOK_OURS,
	HOOK_CHANGED, /* has the mark, but is not what was written */
};

enum hook_whose hook_text_whose(const char *text, size_t len);

/* The line of a stub that does the work, to be added to other hooks; the
 * caller frees it.  ERR_BAD where `stub` is none. */
enum err hook_text_line(const struct buf *stub, char **ret, struct error *err);

/* What is installed for the stub; with `frame` (may be NULL) its line stands
 * inside of that. */
enum err hook_text_make(const struct buf *stub, const struct buf *frame,
	struct buf *ret, struct error *err);

/* Does it call us for `hook` in a line that is no comment? */
bool hook_text_calls(const char *text, const char *hook);

#endif
