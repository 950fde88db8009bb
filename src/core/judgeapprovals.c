/*
 * Holds claims against the approvals that the .strack.ini of their time asked
 * for: both the one that the claim names as `config` and the one of the commit
 * that it ran on.  What a writer of the ledger never writes is a finding; what
 * can't be told in this clone, because the objects are not here, is counted.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "approvers.h"
#include "strack/repo.h"
#include "strack/settings.h"

static void free_settings(void *settings)
{
	if (settings)
		settings_release(settings);
	free(settings);
}

void judge_forget_configs(struct ledger *l)
{
	strmap_release(&l->configs, free_settings);
	strmap_release(&l->config_of, free);
}

/* What a blob says; NULL where that can't be told. */
static const struct settings *config(struct ledger *l, const char *hex)
{
	struct settings *s;
	struct oid id;

	if (strmap_has(&l->configs, hex))
		return strmap_get(&l->configs, hex);
	s = xcalloc(1, sizeof(*s));
	if (!oid_parse(hex, strlen(hex), &id) ||
		!settings_of_blob(l->opts.repo, &id, s)) {
		free_settings(s);
		s = NULL;
	}
	strmap_put(&l->configs, hex, s);
	return s;
}

/* Blob of the commit's own .strack.ini, "" where it has none, NULL where that
 * can't be told. */
static const char *config_of(struct ledger *l, const char *commit)
{
	struct oid id, blob;
	char hex[OID_HEX + 1];
	char *ret = NULL;

	if (strmap_has(&l->config_of, commit))
		return strmap_get(&l->config_of, commit);
	if (oid_parse(commit, strlen(commit), &id)) {
		switch (settings_at(l->opts.repo, &id, &blob)) {
		case SETTINGS_BLOB:
			oid_hex(&blob, hex);
			ret = xstrdup(hex);
			break;
		case SETTINGS_NONE:
			ret = xstrdup("");
			break;
		case SETTINGS_UNKNOWN:
			break;
		}
	}
	strmap_put(&l->config_of, commit, ret);
	return ret;
}

/* What one of the two demands; *known is cleared where it can't be told. */
static int64_t demanded(
	struct ledger *l, const char *hex, const char *env, bool *known)
{
	const struct settings *s = *hex ? config(l, hex) : NULL;

	if (*hex && !s)
		*known = false;
	return s ? settings_approvals(s, env) : 0;
}

static bool same(const struct entry *a, const struct entry *b, enum key k)
{
	return !strcmp(entry_get(a, k), entry_get(b, k));
}

/* Approvals of these very bytes, for this environment, before the claim and
 * by others than its signer. */
static int64_t approved(struct ledger *l, const struct fact *facts, size_t at)
{
	const struct entry *claim = facts[at].e;
	struct approvers a = APPROVERS_INIT(&l->trust);
	int64_t n;

	approvers_bar(&a, entry_get(claim, KEY_SIGNER));
	for (size_t i = 0; i < at; i++) {
		const struct entry *e = facts[i].e;

		if (facts[i].counts && e->kind == KIND_APPROVE &&
			same(e, claim, KEY_ENVIRONMENT) &&
			same(e, claim, KEY_BLOB))
			approvers_take(&a, entry_get(e, KEY_SIGNER));
	}
	n = (int64_t)a.counted.n;
	approvers_release(&a);
	return n;
}

/* Sets `problem`, or leaves it empty. */
static void judge_claim(struct ledger *l, const struct fact *facts, size_t at,
	struct buf *problem)
{
	const struct entry *e = facts[at].e;
	const char *env = entry_get(e, KEY_ENVIRONMENT);
	const char *said = entry_get(e, KEY_CONFIG);
	const char *own = config_of(l, entry_get(e, KEY_COMMIT));
	bool dirty = entry_get(e, KEY_DIRTY) != NULL;
	bool known = said || own;
	int64_t want, have, other;

	said = said ? said : "";
	want = demanded(l, said, env, &known);
	other = own ? demanded(l, own, env, &known) : 0;
	if (other > want)
		want = other;
	have = want ? approved(l, facts, at) : 0;
	if (want && dirty)
		buf_printf(problem,
			"claimed on what was not committed, which no approval "
			"covers");
	else if (have < want)
		buf_printf(problem, "claimed with %lld of %lld approvals",
			(long long)have, (long long)want);
	else if (own && !dirty && strcmp(said, own) != 0)
		buf_printf(problem, "its config is not the " SETTINGS_FILE
				    " of its commit");
	else if (!known)
		l->nunheld++;
}

void judge_approvals(struct ledger *l, struct fact *facts, size_t n,
	anomaly_fn *fn, void *arg)
{
	struct buf problem = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		const struct entry *e = facts[i].e;

		if (!facts[i].counts || e->kind != KIND_CLAIM ||
			!strcmp(entry_get(e, KEY_ENVIRONMENT), ENV_LOCAL))
			continue;
		buf_reset(&problem);
		judge_claim(l, facts, i, &problem);
		facts[i].conflict = problem.len > 0;
		if (problem.len)
			fn(e, problem.ptr, arg);
	}
	buf_release(&problem);
}
