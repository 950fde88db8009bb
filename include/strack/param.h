/*
 * Parameters of scripts: what a header declares and what a person gives.  Pure.
 */
#ifndef STRACK_PARAM_H
#define STRACK_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include "strack/error.h"
#include "strack/strvec.h"

#define PARAM_VARIABLE "STRACK_PARAM_"
#define PARAM_SECRET_MIN 3 /* bytes; what is shorter can't be masked */

struct param {
	char *name;        /* A-Z, digits and `_`, at most 64, a letter first */
	char *fallback;    /* NULL: it has to be given */
	bool secret;       /* never shown or recorded */
	char *description; /* or NULL */
};
struct paramvec {
	struct param *v;
	size_t n, cap;
};
void paramvec_release(struct paramvec *l);

bool param_name_valid(const char *name, size_t len);
/* Adds `NAME DEFAULT|required|secret [description]`; false when it is none, or
 * the name is there already. */
bool paramvec_parse(struct paramvec *l, const char *text);
const struct param *paramvec_find(
	const struct paramvec *l, const char *name, size_t len); /* or NULL */

/* What a person gave: "NAME=VALUE", or "NAME" for that of the caller's own
 * variable STRACK_PARAM_NAME, which `lookup` (getenv(3)) tells.  The same words
 * go to `ret`, all with a value.  Twice, or no name, or no variable: ERR_USAGE.
 */
enum err params_given(const struct strvec *words,
	char *(*lookup)(const char *name), struct strvec *ret,
	struct error *err);

/* All that one script gets, as "NAME=VALUE", and the values of its secrets.
 * ERR_USAGE, which names `script` and how to go on: one is missing, or a secret
 * stands in `words`, where everybody sees it, or is too short to be masked. */
enum err params_resolve(const struct paramvec *declared, const char *script,
	const struct strvec *words, const struct strvec *given,
	struct strvec *ret, struct strvec *secrets, struct error *err);

#endif
