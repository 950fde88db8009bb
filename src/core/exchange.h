/*
 * Private to src/core: how branch and remote get to one tip, and an entry to
 * both.  All of it under the lock of ledger_lock().
 */
#ifndef STRACK_CORE_EXCHANGE_H
#define STRACK_CORE_EXCHANGE_H

#include "journal.h"
#include "ledger_i.h"

enum exchange_how {
	EXCHANGE_KNOWN, /* what was seen there last may do */
	EXCHANGE_ANEW,  /* ask it */
	EXCHANGE_ANY    /* the same, and take what is not sound: to mend it */
};
/* Brings branch and remote to one tip that holds what either had.  ERR_HELD:
 * the remote did not answer, or refuses; ERR_FATAL: what it has is not taken.
 * `ret` (may be NULL) is added to. */
enum err exchange_meet(struct ledger *l, enum exchange_how how,
	struct ledger_exchange *ret, struct error *err);
/* Pushes a commit that is built on its tip `base` (NULL: it has none).
 * ERR_MOVED: it has another one by now. */
enum err exchange_send(struct ledger *l, const struct oid *commit,
	const struct oid *base, struct error *err);
void exchange_pause(int attempt);
/* As many as there may be others that were quicker. */
#define EXCHANGE_TRIES 200
/* Does what was verified of the remote last hold the entry? */
enum err exchange_holds(struct ledger *l, const struct journal_item *it,
	bool *ret, struct error *err);
/* A commit of no entry that holds what either tip holds. */
enum err ledger_merge(struct ledger *l, const struct oid *ours,
	const struct oid *theirs, struct oid *ret, struct error *err);

/* Where the remote's tip is fetched to, and the last one of it that was
 * verified; the caller frees them. */
char *exchange_fetched_ref(const struct ledger *l);
char *exchange_seen_ref(const struct ledger *l);
/* A reference that need not be there. */
enum err exchange_read_ref(struct ledger *l, const char *ref, struct oid *ret,
	bool *there, struct error *err);

/* exchangerefuse.c: ERR_FATAL, and how to go on, where the remote's tip (NULL:
 * it has none) no longer has what was verified of it; */
enum err exchange_refuse_rewound(
	struct ledger *l, const struct oid *theirs, struct error *err);
/* where it is of another ledger, which is the plainest of reasons and said
 * before anything of it is walked; */
enum err exchange_refuse_another(
	struct ledger *l, const struct oid *theirs, struct error *err);
/* where what `l` has been taken to is not sound. */
enum err exchange_refuse_unsound(struct ledger *l, struct error *err);

#endif
