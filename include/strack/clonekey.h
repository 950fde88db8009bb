/*
 * The exchange of the clone's own key for a new one.  In the state folder:
 *
 *   id_ed25519       signs
 *   id_ed25519.new   waits: it takes the place once it is admitted
 *   id_ed25519.old   signed before; an outcome in the journal may need it
 *
 * A crash at any instant leaves a private half under `id_ed25519`.  Whether a
 * key may sign is for the caller to ask.
 */
#ifndef STRACK_CLONEKEY_H
#define STRACK_CLONEKEY_H

#include "strack/lock.h"
#include "strack/session.h"

/* What names a key that lies elsewhere ("STRACK_SIGNING_KEY_FILE" or
 * "strack.signingKey"), or NULL: it is the one in the state folder. */
const char *clonekey_named_by(struct session *s);
/* Held while keys are looked at to be exchanged.  The state is prepared. */
enum err clonekey_lock(
	const struct session *s, struct lock *ret, struct error *err);
/* The key that waits, and the one before; ERR_NOTFOUND where there is none.
 * The caller frees them. */
enum err clonekey_waiting(
	const struct session *s, struct signer **ret, struct error *err);
enum err clonekey_former(
	const struct session *s, struct signer **ret, struct error *err);
/* Makes the one that waits, in place of one that nobody wants any more. */
enum err clonekey_make_waiting(const struct session *s, struct error *err);
/* Puts the one that waits in place.  What session_clone_signer gave is gone
 * then. */
enum err clonekey_exchange(struct session *s, struct error *err);
/* Makes the public half fit, after a crash in the middle of that. */
enum err clonekey_tidy(const struct session *s, struct error *err);
/* After a crash, or a root elsewhere: an admitted key that waits takes the
 * place of one that no longer counts; and the above. */
enum err clonekey_mend(struct session *s, struct error *err);

#endif
