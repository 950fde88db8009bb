/* Private to src/cmd: the words behind `git strack trust`. */
#ifndef STRACK_CMD_TRUSTWORDS_H
#define STRACK_CMD_TRUSTWORDS_H

#include "strack/session.h"

struct trust_opts {
	const char *principal;
	const char *roles;
	const char *environments;
	const char *after;
	const char *reason;
};

/* `args` is what follows the word, with NULL at its end. */
typedef enum err trust_word_fn(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err);

trust_word_fn trust_word_list;
trust_word_fn trust_word_export; /* trustlist.c */
trust_word_fn trust_word_add;
trust_word_fn trust_word_revoke;
trust_word_fn trust_word_disown;   /* trustwords.c */
trust_word_fn trust_word_requests; /* trustrequests.c */
trust_word_fn trust_word_rotate;   /* trustrotate.c */

/* A public key as a person gives it: its text, or a file with it. */
enum err trust_read_key(const char *arg, struct pubkey *ret, struct error *err);
/* Is that the fingerprint of the key, or the principal of an admission of it
 * that is in force? */
bool trust_named_by(const struct trust_key *k, const char *arg);
/* Says that nobody is admitted by that name. */
enum err trust_no_such(const char *arg, struct error *err);

#endif
