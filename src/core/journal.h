/*
 * Private to src/core: the journal of this clone.  An entry is written here,
 * fsynced, before anything else happens, and goes when a read-back proves
 * that the branch holds it.
 */
#ifndef STRACK_CORE_JOURNAL_H
#define STRACK_CORE_JOURNAL_H

#include "strack/buf.h"
#include "strack/error.h"
#include "strack/object.h"
#include "strack/strvec.h"

struct journal_item {
	char *path;       /* of the entry on the branch */
	struct buf entry; /* its bytes */
	bool has_script;
	struct oid script; /* blob beside it */
	bool has_log;
	struct buf log; /* bytes beside it */
};
#define JOURNAL_ITEM_INIT                                                      \
	{                                                                      \
		.entry = BUF_INIT, .log = BUF_INIT                             \
	}
void journal_item_release(struct journal_item *it);

/* `id` names the file. Durable when it returns ERR_OK. */
enum err journal_write(const char *state_dir, const char *id,
	const struct journal_item *it, struct error *err);
/* Ids of all items. */
enum err journal_list(
	const char *state_dir, struct strvec *ret, struct error *err);
/* ERR_BAD when it is not what journal_write writes. */
enum err journal_read(const char *state_dir, const char *id,
	struct journal_item *ret, struct error *err);
/* Not synced: one that comes back after a power cut is recognised. */
enum err journal_drop(const char *state_dir, const char *id, struct error *err);

#endif
