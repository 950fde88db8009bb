/* Which parameters the scripts of a batch get, before anything is claimed. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "strack/param.h"

static bool is_declared(const struct batch *b, const char *word)
{
	for (size_t i = 0; i < b->plan.n; i++) {
		const struct plan_item *it = &b->plan.v[i];

		if (it->decision == PLAN_RUN &&
			paramvec_find(&it->script->header.params, word,
				strcspn(word, "=")))
			return true;
	}
	return false;
}

enum err batch_params(const struct batch *b, const struct script *sc,
	struct strvec *ret, struct strvec *secrets, struct error *err)
{
	return params_resolve(&sc->header.params, sc->path, &b->o->params,
		&b->given, ret, secrets, err);
}

enum err batch_check_params(struct batch *b, struct error *err)
{
	enum err rc = params_given(&b->o->params, getenv, &b->given, err);

	for (size_t i = 0; !rc && i < b->given.n; i++) {
		const char *word = b->given.v[i];

		if (!is_declared(b, word))
			rc = error_set(err, ERR_USAGE,
				"--param %.*s: no script that would run "
				"declares it; its header says: strack: param "
				"%.*s required",
				(int)strcspn(word, "="), word,
				(int)strcspn(word, "="), word);
	}
	for (size_t i = 0; !rc && i < b->plan.n; i++) {
		const struct plan_item *it = &b->plan.v[i];
		struct strvec all = STRVEC_INIT, secrets = STRVEC_INIT;

		if (it->decision == PLAN_RUN)
			rc = batch_params(b, it->script, &all, &secrets, err);
		strvec_release(&all);
		strvec_release(&secrets);
	}
	return rc;
}
