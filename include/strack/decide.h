/*
 * What the commands share by which a person decides about scripts: finding
 * them (in the work tree, or only on the ledger), and signing the decision.
 */
#ifndef STRACK_DECIDE_H
#define STRACK_DECIDE_H

#include "strack/script.h"
#include "strack/session.h"

/* All scripts that a person may name: those of the work tree in plan order,
 * then those that only the ledger (which may be missing) knows; *here gets the
 * number of the former. */
enum err decide_known(struct session *s, struct scriptvec *ret, size_t *here,
	struct error *err);

/* Paths of the scripts that the words name, in plan order; also of scripts
 * that are gone from the work tree and only on the ledger. */
enum err decide_scripts(struct session *s, const struct strvec *words,
	struct strvec *paths, struct error *err);

/* "a reason is needed" when there is none, or it is blank or too long. */
enum err decide_reason(
	const char *command, const char *reason, struct error *err);

/* The id (64 hex) of whoever signed an entry about the script; ERR_NOTFOUND. */
enum err decide_signer_of(struct session *s, const char *script,
	const char *entry_id, struct buf *ret, struct error *err);

/* Records `e` (kind and own keys set) about `script` with the person's key, in
 * the environment that it names, else the session's.  `over` is the fingerprint
 * of whose entry it decides about (NULL: nobody's): deciding over another's
 * takes the role approve, and where the person lacks it but the clone signed
 * that entry itself, the clone's key signs.  The state of the script must still
 * be that of `row` (NULL: none) when it is written. */
enum err decide_record(struct session *s, struct entry *e, const char *script,
	const struct state_row *row, const char *over, struct error *err);

/* Would the person's key do for an entry of that kind there?  ERR_HELD with
 * what a root must type: for what must be known before anything is done. */
enum err decide_may(
	struct session *s, enum kind kind, const char *env, struct error *err);

/* A hint: `git strack COMMAND` on that script, in the session's environment. */
void decide_hint(const struct session *s, const char *command,
	const char *script, struct error *err);

/* One line that says what became of it. */
void decide_say(struct session *s, enum style style, const char *word,
	const char *script, const char *detail);

#endif
