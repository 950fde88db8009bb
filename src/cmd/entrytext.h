/* How entries are shown: to people as `git log` shows commits, and as JSON. */
#ifndef STRACK_CMD_ENTRYTEXT_H
#define STRACK_CMD_ENTRYTEXT_H

#include "strack/json.h"
#include "strack/session.h"

#define ENTRY_SHORT 12 /* digits of an id that people see */

/* The first ENTRY_SHORT digits of its id, from its name: always to be had. */
void entry_short(const struct ledger_entry *le, struct buf *ret);

/* "entry 3f9a1c0b7d21" and what there is to say against it, one line.  The
 * entry has been loaded, here and below. */
void entry_heading(
	struct session *s, const char *word, const struct ledger_entry *le);
/* What a history shows of it; with an empty line behind. */
void entry_brief(struct session *s, const struct ledger_entry *le);
/* Every key that it has, but those in `without` (KEYBITs), each line indented
 * by `indent`. */
void entry_fields(struct session *s, const struct ledger_entry *le,
	uint64_t without, int indent);
/* "Script:      " in one width. */
void entry_label(struct session *s, int indent, const char *label);
/* The value of a key for people, not escaped; nothing where there is none. */
void entry_value(
	struct session *s, const struct entry *e, enum key k, struct buf *ret);
/* "alice (SHA256:...)", or the fingerprint alone. */
void entry_signer(struct session *s, const struct entry *e, struct buf *ret);

/* The object of `log --json`; `commit` may be NULL. */
void entry_json(
	struct json *j, const struct ledger_entry *le, const char *commit);

#endif
