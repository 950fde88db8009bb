/*
 * The rows of a ledger, asked for by script and environment.
 */
#include "ledger_i.h"

#include <string.h>

#include "strack/settings.h"

const struct rowvec *ledger_rows(const struct ledger *l)
{
	return &l->rows;
}

static bool is_mine(const struct ledger *l, const struct state_row *r)
{
	if (strcmp(r->env, ENV_LOCAL) != 0)
		return true;
	return l->opts.clone && !strcmp(r->clone, l->opts.clone);
}

static void build_index(struct ledger *l)
{
	struct buf key = BUF_INIT;

	strmap_release(&l->index, NULL);
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct state_row *r = &l->rows.v[i];

		if (!is_mine(l, r))
			continue;
		buf_printf(&key, "%s/%s", r->env, r->script);
		strmap_put(&l->index, key.ptr, (void *)(i + 1));
	}
	buf_release(&key);
	l->indexed = true;
}

const struct state_row *ledger_row(
	const struct ledger *cl, const char *script, const char *env)
{
	struct ledger *l = (struct ledger *)cl; /* the index is a cache */
	struct buf key = BUF_INIT;
	size_t at;

	if (!l->indexed)
		build_index(l);
	buf_printf(&key, "%s/%s", env, script);
	at = (size_t)strmap_get(&l->index, key.ptr);
	buf_release(&key);
	return at ? &l->rows.v[at - 1] : NULL;
}

bool ledger_env_used(const struct ledger *l, const char *env)
{
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct state_row *r = &l->rows.v[i];

		if (!strcmp(r->env, env) && is_mine(l, r))
			return true;
	}
	return false;
}
