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

typedef enum err trust_word_fn(struct session *s, const struct trust_opts *o,
	const char *arg, struct error *err);

trust_word_fn trust_word_list;
trust_word_fn trust_word_export; /* trustlist.c */
trust_word_fn trust_word_add;
trust_word_fn trust_word_revoke;
trust_word_fn trust_word_disown; /* trustwords.c */

#endif
