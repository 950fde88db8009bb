/* git strack trust list and export: what the trust entries add up to. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "strack/refs.h"
#include "strack/text.h"
#include "trustwords.h"

static void print_admission(struct session *s, const struct trust_key *k,
	const struct trust_admission *a)
{
	struct buf roles = BUF_INIT;
	bool over = a->closed;

	roles_format(a->roles, &roles);
	out_styled(&s->out, over ? STYLE_DIM : STYLE_ID, "%s", k->fingerprint);
	out_printf(&s->out, "  ");
	out_text_styled(&s->out, over ? STYLE_DIM : STYLE_BOLD, a->principal);
	out_printf(&s->out, "\n    %s", roles.ptr);
	out_printf(&s->out, " in ");
	if (a->environments.n == 0)
		out_printf(&s->out, "all environments");
	for (size_t i = 0; i < a->environments.n; i++) {
		out_printf(&s->out, "%s", i ? ", " : "");
		out_text(&s->out, a->environments.v[i]);
	}
	if (over)
		out_styled(&s->out, STYLE_BAD, "  revoked");
	out_printf(&s->out, "\n");
	buf_release(&roles);
}

enum err trust_word_list(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	const struct trust *t;
	enum err rc = ledger_trust(s->ledger, &t, err);

	(void)o;
	(void)args;
	for (size_t i = 0; !rc && i < t->n; i++) {
		for (size_t j = 0; j < t->v[i].n; j++)
			print_admission(s, &t->v[i], &t->v[i].v[j]);
	}
	return rc;
}

/* A principal as one word of an allowed_signers file (ssh-keygen(1)). */
static void add_principal(struct buf *b, const char *name)
{
	for (; *name; name++) {
		bool plain = strchr("abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@._+-",
				     *name) != NULL;

		buf_addch(b, plain ? *name : '_');
	}
}

/* The committer's time, or INT64_MIN for what can't be read. */
static int64_t committed_at(struct session *s, const struct oid *id)
{
	struct commit c = COMMIT_INIT;
	int64_t ret = INT64_MIN;
	const char *p;

	if (commit_read(s->repo, id, &c, NULL) == ERR_OK) {
		p = strstr(c.payload.ptr, "\ncommitter ");
		p = p ? strstr(p, "> ") : NULL;
		ret = p ? strtoll(p + 2, NULL, 10) : INT64_MIN;
	}
	commit_release(&c);
	return ret;
}

/* Of all that `after` reaches, not of `after` alone: the clocks of several
 * machines don't agree. */
static int64_t newest_until(struct session *s, const struct oid *after)
{
	struct oidvec ids = OIDVEC_INIT;
	int64_t newest = INT64_MIN, at;

	if (history_list(s->repo, after, NULL, &ids, NULL))
		oidvec_release(&ids);
	for (size_t i = 0; i < ids.n; i++) {
		at = committed_at(s, &ids.v[i]);
		if (at > newest)
			newest = at;
	}
	oidvec_release(&ids);
	return newest;
}

/* When a revoked key was good last, as ssh-keygen reads it; nothing where it
 * is in force again. */
static void add_valid_before(
	struct session *s, const struct trust_key *k, struct buf *ret)
{
	struct buf when = BUF_INIT;
	int64_t first = INT64_MAX, at;

	if (!k->revoked || k->readmitted)
		return;
	for (size_t i = 0; i < k->revoked_after.n; i++) {
		at = newest_until(s, &k->revoked_after.v[i]);
		if (at != INT64_MIN && at < first)
			first = at;
	}
	if (first == INT64_MAX)
		return;
	/* YYYYMMDDHHMMSSZ, of the second behind it */
	time_compact(&when, (first + 1) * 1000);
	buf_remove(&when, 8, 1); /* the T */
	buf_addf(ret, ",valid-before=\"%s\"", when.ptr);
	buf_release(&when);
}

enum err trust_word_export(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	const struct trust *t;
	enum err rc = ledger_trust(s->ledger, &t, err);

	(void)o;
	(void)args;
	for (size_t i = 0; !rc && i < t->n; i++) {
		const struct trust_key *k = &t->v[i];
		struct buf b = BUF_INIT;

		if (k->n == 0)
			continue;
		add_principal(&b, k->v[k->n - 1].principal);
		buf_addf(&b, " namespaces=\"%s,%s\"", SIGN_NS_GIT,
			SIGN_NS_ENTRY);
		add_valid_before(s, k, &b);
		buf_addf(&b, " %s\n", k->line);
		out_raw(&s->out, b.ptr, b.len);
		buf_release(&b);
	}
	return rc;
}
