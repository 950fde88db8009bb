/*
 * Which environments need a script.  Knows no ledger: what has happened there
 * is for the caller to ask.
 */
#include "strack/needs.h"

#include <string.h>

static void add_shared(struct strvec *ret, const char *env)
{
	if (strcmp(env, ENV_LOCAL) != 0 && !strvec_has(ret, env))
		strvec_push(ret, env);
}

void needs_environments(const struct settings *s, const struct header *h,
	const char *current, struct strvec *ret)
{
	size_t before = ret->n;

	for (size_t i = 0; i < h->environments.n; i++)
		add_shared(ret, h->environments.v[i]);
	if (ret->n > before)
		return;
	if (h->environments.n) { /* it names `local`, and only that */
		strvec_push(ret, ENV_LOCAL);
		return;
	}
	for (size_t i = 0; i < s->nenvs; i++)
		add_shared(ret, s->envs[i].name);
	if (ret->n == before)
		strvec_push(ret, current);
}
