/*
 * Trust, worked out as a fixpoint.  Admission is not by position (who is
 * admitted now was good before); revocation is.  Who may admit and revoke is
 * itself subject to revocations, so rounds go on until the revocations that
 * went in are those that came out.
 *
 * Entries that would pass only thanks to a later admission of their signer as
 * root don't pass: trust entries are judged in entry order, all others by the
 * end result.
 */
#include "strack/trust.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned role;
} role_names[] = {
	{ "root", ROLE_ROOT },
	{ "run", ROLE_RUN },
	{ "approve", ROLE_APPROVE },
};

void roles_format(unsigned roles, struct buf *ret)
{
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_SIZE(role_names); i++) {
		if (!(roles & role_names[i].role))
			continue;
		buf_addf(ret, "%s%s", sep, role_names[i].name);
		sep = " ";
	}
}

bool roles_parse(const char *text, unsigned *ret)
{
	unsigned roles = 0;

	while (*text) {
		size_t n = strcspn(text, ", ");
		unsigned found = 0;

		for (size_t i = 0; i < ARRAY_SIZE(role_names); i++) {
			if (strlen(role_names[i].name) == n &&
				!memcmp(role_names[i].name, text, n))
				found = role_names[i].role;
		}
		if (!found)
			return false;
		roles |= found;
		text += n;
		text += strspn(text, ", ");
	}
	*ret = roles;
	return roles != 0;
}

static struct trust_key *find(const struct trust *t, const char *fingerprint)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!strcmp(t->v[i].fingerprint, fingerprint))
			return &t->v[i];
	}
	return NULL;
}

const struct trust_key *trust_find(
	const struct trust *t, const char *fingerprint)
{
	return find(t, fingerprint);
}

static struct trust_key *find_or_add(struct trust *t, const char *fingerprint)
{
	struct trust_key *k = find(t, fingerprint);

	if (k)
		return k;
	ARRAY_GROW(t->v, t->n + 1, t->cap);
	k = &t->v[t->n++];
	*k = (struct trust_key){ .fingerprint = xstrdup(fingerprint) };
	return k;
}

void trust_release(struct trust *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct trust_key *k = &t->v[i];

		for (size_t j = 0; j < k->n; j++) {
			free(k->v[j].principal);
			strvec_release(&k->v[j].environments);
		}
		free(k->v);
		oidvec_release(&k->revoked_after);
		oidvec_release(&k->revoked_at);
		free(k->fingerprint);
		free(k->line);
	}
	free(t->v);
	*t = (struct trust){ 0 };
}

static void admit(struct trust *t, const struct trust_fact *f, unsigned roles,
	const char *environments)
{
	struct trust_key *k = find_or_add(t, f->key_fingerprint);
	struct trust_admission *a;

	if (!k->line)
		k->line = xstrdup(entry_get(f->e, KEY_KEY));
	if (k->revoked && !k->readmitted) {
		k->readmitted = true;
		k->readmitted_at = f->at;
	}
	ARRAY_GROW(k->v, k->n + 1, k->cap);
	a = &k->v[k->n++];
	*a = (struct trust_admission){ .roles = roles, .at = f->at };
	a->principal = xstrdup(entry_get(f->e, KEY_PRINCIPAL));
	if (environments)
		strvec_split(&a->environments, environments);
}

/* Is this one of the admissions that came after the last revocation? */
static bool is_later(const struct trust *t, const struct trust_key *past,
	const struct trust_admission *a)
{
	/* In the order of entries: on another side of a merge it need not
	 * descend from the first one that came after. */
	for (size_t i = 0; i < past->n; i++) {
		if (!oid_cmp(&past->v[i].at, &a->at))
			return !past->v[i].closed;
	}
	return past->readmitted &&
	       t->reaches(&past->readmitted_at, &a->at, t->arg);
}

/* Of several revocations the earliest wins; on two sides of a merge neither is
 * earlier, and both hold. */
static bool before_revocations(const struct trust *t,
	const struct trust_key *past, const struct oid *at, bool aside)
{
	for (size_t i = 0; i < past->revoked_after.n; i++) {
		if (aside && !t->reaches(&past->revoked_at.v[i], at, t->arg))
			continue;
		if (!t->reaches(at, &past->revoked_after.v[i], t->arg))
			return false;
	}
	return true;
}

/* Does this admission count for an entry that commit `at` (NULL: one on top
 * of everything) brought?  `past` holds the revocations to go by: what they
 * closed counts for what the earliest `after` reaches, what came later for
 * what follows it. */
static bool in_force(const struct trust *t, const struct trust_key *past,
	const struct trust_admission *a, const struct oid *at, bool aside)
{
	if (!past || !past->revoked)
		return true;
	if (at && before_revocations(t, past, at, aside))
		return !is_later(t, past, a);
	return !a->closed && is_later(t, past, a) &&
	       (!at || t->reaches(&a->at, at, t->arg));
}

static bool environment_allowed(
	const struct trust_admission *a, const char *env)
{
	return !env || a->environments.n == 0 ||
	       strvec_has(&a->environments, env);
}

/* `now` holds the admissions, `past` the revocations. */
static const char *refuses(const struct trust *now, const struct trust *past,
	const char *fingerprint, unsigned role, const char *env,
	const struct oid *at, bool aside)
{
	const struct trust_key *k = find(now, fingerprint);
	const struct trust_key *p = find(past, fingerprint);
	bool counts = false, has_role = false;

	if (!k || k->n == 0)
		return "is not trusted";
	for (size_t i = 0; i < k->n; i++) {
		const struct trust_admission *a = &k->v[i];

		if (!in_force(past, p, a, at, aside))
			continue;
		counts = true;
		if (!(a->roles & (role | ROLE_ROOT)))
			continue;
		has_role = true;
		if (environment_allowed(a, env))
			return NULL;
	}
	if (!counts)
		return "was revoked";
	if (has_role)
		return "has no right to act in this environment";
	switch (role) {
	case ROLE_RUN:
		return "lacks the role 'run'";
	case ROLE_APPROVE:
		return "lacks the role 'approve'";
	default:
		return "is no root there";
	}
}

const char *trust_refuses(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env, const struct oid *at)
{
	return refuses(t, t, fingerprint, role, env, at, false);
}

const char *trust_refuses_aside(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env, const struct oid *at)
{
	return refuses(t, t, fingerprint, role, env, at, true);
}

const char *trust_refuses_now(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env)
{
	return refuses(t, t, fingerprint, role, env, NULL, false);
}

bool trust_was_admitted(const struct trust *t, const char *fingerprint)
{
	const struct trust_key *k = find(t, fingerprint);

	return k && k->n > 0;
}

bool trust_is_admitted(const struct trust *t, const char *fingerprint)
{
	const struct trust_key *k = find(t, fingerprint);

	for (size_t i = 0; k && i < k->n; i++) {
		if (!k->v[i].closed)
			return true;
	}
	return false;
}

static bool acts_as_root(const struct trust_key *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!k->v[i].closed && (k->v[i].roles & ROLE_ROOT))
			return true;
	}
	return false;
}

size_t trust_roots(const struct trust *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += acts_as_root(&t->v[i]);
	return n;
}

const char *trust_principal(const struct trust *t, const char *fingerprint)
{
	const struct trust_key *k = find(t, fingerprint);

	return k && k->n ? k->v[k->n - 1].principal : NULL;
}

bool trust_same_person(
	const struct trust *t, const char *fingerprint, const char *other)
{
	const struct trust_key *a = find(t, fingerprint);
	const struct trust_key *b = find(t, other);

	if (!strcmp(fingerprint, other))
		return true;
	for (size_t i = 0; a && b && i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			if (!strcmp(a->v[i].principal, b->v[k].principal))
				return true;
		}
	}
	return false;
}

static void apply_add(struct trust *t, struct trust_fact *f)
{
	unsigned roles;

	if (!f->key_fingerprint) {
		f->problem = "admits what is no public key";
		return;
	}
	if (!roles_parse(entry_get(f->e, KEY_ROLES), &roles)) {
		f->problem = "admits with a role that does not exist";
		return;
	}
	admit(t, f, roles, entry_get(f->e, KEY_ENVIRONMENTS));
	f->valid = true;
}

static void apply_revoke(struct trust *t, struct trust_fact *f)
{
	struct trust_key *k = find(t, entry_get(f->e, KEY_FINGERPRINT));
	const char *hex = entry_get(f->e, KEY_AFTER);
	struct oid after;

	if (!oid_parse(hex, strlen(hex), &after) ||
		!t->reaches(&after, &f->at, t->arg)) {
		f->problem = "'after' is no ancestor of its commit";
		return;
	}
	if (!k) {
		f->problem = "revokes a key that nobody admitted";
		return;
	}
	if (acts_as_root(k) && trust_roots(t) == 1) {
		f->problem = "would revoke the last root";
		return;
	}
	/* No `after` reaches the revocation itself, so it would hold just when
	 * it does not. */
	if (!strcmp(k->fingerprint, entry_get(f->e, KEY_SIGNER))) {
		f->problem = "revokes itself";
		return;
	}
	oidvec_push(&k->revoked_after, &after);
	oidvec_push(&k->revoked_at, &f->at);
	k->revoked = true;
	k->readmitted = false;
	for (size_t i = 0; i < k->n; i++)
		k->v[i].closed = true;
	f->valid = true;
}

/* The founding entry admits its own signer as root. */
static bool founds(const struct trust_fact *f)
{
	unsigned roles;

	return f->founding && f->e->kind == KIND_TRUST_ADD &&
	       f->key_fingerprint &&
	       !strcmp(f->key_fingerprint, entry_get(f->e, KEY_SIGNER)) &&
	       roles_parse(entry_get(f->e, KEY_ROLES), &roles) &&
	       (roles & ROLE_ROOT) && !entry_get(f->e, KEY_ENVIRONMENTS);
}

static void one_round(const struct trust *past, struct trust *t,
	struct trust_fact *facts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct trust_fact *f = &facts[i];

		f->valid = false;
		f->problem = NULL;
		if (!f->sound)
			continue;
		if (!founds(f))
			f->problem =
				refuses(t, past, entry_get(f->e, KEY_SIGNER),
					ROLE_ROOT, NULL, &f->at, false);
		if (f->problem)
			continue;
		if (f->e->kind == KIND_TRUST_ADD)
			apply_add(t, f);
		else if (f->e->kind == KIND_TRUST_REVOKE)
			apply_revoke(t, f);
		else
			f->valid = true;
	}
}

static bool same_revocations(const struct trust *a, const struct trust *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct trust_key *x = &a->v[i];
		const struct trust_key *y = find(b, x->fingerprint);

		if (!y || x->n != y->n || x->revoked != y->revoked ||
			x->readmitted != y->readmitted)
			return false;
		if (x->revoked_after.n != y->revoked_after.n)
			return false;
		for (size_t j = 0; j < x->revoked_after.n; j++) {
			if (oid_cmp(&x->revoked_after.v[j],
				    &y->revoked_after.v[j]))
				return false;
		}
		if (x->readmitted &&
			oid_cmp(&x->readmitted_at, &y->readmitted_at))
			return false;
		for (size_t j = 0; j < x->n; j++) {
			if (x->v[j].closed != y->v[j].closed ||
				oid_cmp(&x->v[j].at, &y->v[j].at))
				return false;
		}
	}
	return true;
}

void trust_work_out(struct trust *t, struct trust_fact *facts, size_t n,
	trust_reaches_fn *reaches, void *arg)
{
	struct trust past = { .reaches = reaches, .arg = arg };
	bool stable = false;

	/* Each round settles at least the first entry that an earlier round
	 * judged wrongly, so n + 2 rounds are enough; a ledger that still
	 * moves then (two roots that revoke each other at one seq) keeps what
	 * the last round says. */
	for (size_t round = 0; round < n + 2 && !stable; round++) {
		struct trust next = { .reaches = reaches, .arg = arg };

		one_round(&past, &next, facts, n);
		stable = same_revocations(&past, &next);
		trust_release(&past);
		past = next;
	}
	trust_release(t);
	*t = past;
}
