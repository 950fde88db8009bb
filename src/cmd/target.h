/* The run that `attach` and `cancel` are about. */
#ifndef STRACK_CMD_TARGET_H
#define STRACK_CMD_TARGET_H

#include "strack/session.h"

struct target {
	char *run;    /* its id */
	char *what;   /* script, or what else it is; may be empty */
	bool here;    /* something of it lives in this clone */
	char *folder; /* of its entries, once they were found */
	struct ledger_entryvec entries;
	/* of `entries`; NULL: there is none */
	const struct entry *opening, *outcome;
};
#define TARGET_INIT                                                            \
	{                                                                      \
		NULL, NULL, false, NULL, LEDGER_ENTRYVEC_INIT, NULL, NULL      \
	}
void target_release(struct target *t);

/* `command` as a person types it, "cancel -m <why>".
 * What is under way here comes first: by run id, script, or alone (`typed`
 * NULL), in any environment unless `env` says which.  Then what the ledger
 * knows.  ERR_HELD: nothing is meant.  ERR_USAGE with a list: more than one.
 * Its entries are looked at. */
enum err target_find(struct session *s, const char *command, const char *typed,
	const char *env, struct target *ret, struct error *err);
/* Looks at the ledger and at the entries of the run again. */
enum err target_look(struct session *s, struct target *t, struct error *err);

/* The same again and again until it has an outcome, or `ms` have gone by. */
enum err target_await(
	struct session *s, struct target *t, int ms, struct error *err);

/* The state that its outcome makes. */
enum state target_state(const struct target *t);
/* Did it do what it should? */
bool target_good(const struct target *t);
/* The line that `run` shows at its end; it has an outcome. */
void target_say_end(struct session *s, const struct target *t);
/* ERR_NO with what became of it, and how to see more. */
enum err target_failed(const struct target *t, struct error *err);
/* ERR_HELD for one that has no outcome and is not here: where it is, and the
 * command that is to be typed there. */
enum err target_elsewhere(struct session *s, const struct target *t,
	const char *command, struct error *err);

#endif
