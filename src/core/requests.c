/*
 * What the judges refused for want of trust, key by key.  Begins with the
 * problems that they found: an entry of an unknown key is one of these, so
 * that a sound ledger, however long, is answered at once.
 */
#include "strack/requests.h"

#include <stdlib.h>
#include <string.h>

#include "strack/strmap.h"

void requestvec_release(struct requestvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		pubkey_release(&l->v[i].key);
		strvec_release(&l->v[i].environments);
		strvec_release(&l->v[i].who);
	}
	free(l->v);
	*l = (struct requestvec)REQUESTVEC_INIT;
}

/* The words that the judges have for it; anything else that is wrong with an
 * entry would be wrong with an admitted signer, too. */
static bool wants_trust(
	const struct trust *t, const struct problem *p, const struct entry *e)
{
	const char *signer = entry_get(e, KEY_SIGNER);
	char *said = xstrfmt("signer %s ", signer);
	bool yes = str_starts(p->text, said) && !trust_is_admitted(t, signer);

	free(said);
	return yes;
}

/* The key itself, from a signature that is good and by whom the entry says. */
static bool key_of(
	const struct entry *e, const char *program, struct pubkey *ret)
{
	struct pubkey key = PUBKEY_INIT;

	if (signature_check(e->text.ptr + e->payload_len,
		    e->text.len - e->payload_len, SIGN_NS_ENTRY, e->text.ptr,
		    e->payload_len, program, &key, NULL))
		return false;
	if (strcmp(key.fingerprint, entry_get(e, KEY_SIGNER)) != 0) {
		pubkey_release(&key);
		return false;
	}
	*ret = key;
	return true;
}

/* Did somebody else sign what this one decides over?  As judge.c asks it. */
static enum err decides_for_others(struct ledger *l,
	const struct ledger_entry *le, bool *ret, struct error *err)
{
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	const char *id = entry_get(le->e, KEY_ENTRY);
	char *dir =
		xstrndup(le->path, (size_t)(strrchr(le->path, '/') - le->path));
	enum err rc = ERR_OK;

	*ret = false;
	if (entry_get(le->e, KEY_RESOLVED))
		id = entry_get(le->e, KEY_CLAIM);
	else if (le->e->kind != KIND_VOID)
		id = NULL;
	if (id)
		rc = ledger_list(l, dir, &list, err);
	for (size_t i = 0; !rc && id && i < list.n; i++) {
		struct ledger_entry *other = &list.v[i];

		if (strncmp(other->name.id, id, strlen(other->name.id)) != 0)
			continue;
		rc = ledger_load(l, other, err);
		if (!rc && other->e && !strcmp(other->e->id, id) &&
			strcmp(entry_get(other->e, KEY_SIGNER),
				entry_get(le->e, KEY_SIGNER)) != 0)
			*ret = true;
	}
	ledger_entryvec_release(&list);
	free(dir);
	return rc;
}

static struct request *request_of(struct requestvec *l, const struct trust *t,
	const struct entry *e, const char *program)
{
	struct pubkey key = PUBKEY_INIT;
	struct request *r;

	if (!key_of(e, program, &key))
		return NULL;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].key.fingerprint, key.fingerprint) != 0)
			continue;
		pubkey_release(&key);
		return &l->v[i];
	}
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	r = &l->v[l->n++];
	*r = (struct request){ .key = key,
		.revoked = trust_was_admitted(t, key.fingerprint) };
	return r;
}

static void note_who(struct request *r, const struct entry *e)
{
	const char *user = entry_get(e, KEY_USER), *host;
	struct strvec all = STRVEC_INIT;
	char *now;

	host = entry_get(e, KEY_HOST);
	now = xstrfmt("%s@%s", user ? user : "", host ? host : "");
	strvec_take(&all, now);
	for (size_t i = 0; i < r->who.n && all.n < REQUEST_WHO_MAX; i++) {
		if (strcmp(r->who.v[i], now) != 0)
			strvec_push(&all, r->who.v[i]);
	}
	strvec_release(&r->who);
	r->who = all;
}

static enum err add_entry(struct ledger *l, struct request *r,
	const struct ledger_entry *le, struct error *err)
{
	const struct entry *e = le->e;
	const char *env = entry_get(e, KEY_ENVIRONMENT);
	bool others = false;
	enum err rc = decides_for_others(l, le, &others, err);

	if (rc)
		return rc;
	if (!r->entries || e->time_ms < r->first_ms)
		r->first_ms = e->time_ms;
	if (!r->entries || e->time_ms > r->last_ms)
		r->last_ms = e->time_ms;
	r->entries++;
	r->kinds[e->kind]++;
	r->roles |= others ? ROLE_APPROVE : kind_info(e->kind)->role;
	if (env && !strvec_has(&r->environments, env))
		strvec_push(&r->environments, env);
	note_who(r, e);
	return ERR_OK;
}

enum err requests_collect(struct ledger *l, const char *program,
	struct requestvec *ret, struct error *err)
{
	const struct problemvec *problems = ledger_problems(l);
	struct ledger_entryvec list = LEDGER_ENTRYVEC_INIT;
	struct strmap wrong = STRMAP_INIT;
	const struct trust *t;
	enum err rc = ledger_trust(l, &t, err);

	for (size_t i = 0; !rc && i < problems->n; i++) {
		struct problem *p = &problems->v[i];

		if (p->entry && !strmap_has(&wrong, p->entry))
			strmap_put(&wrong, p->entry, p);
	}
	if (!rc && wrong.n)
		rc = ledger_list(l, "", &list, err);
	for (size_t i = 0; !rc && i < list.n; i++) {
		struct ledger_entry *le = &list.v[i];
		const struct problem *p = strmap_get(&wrong, le->path);
		struct request *r;

		if (!p)
			continue;
		rc = ledger_load(l, le, err);
		if (rc || !le->e || le->disowned || !wants_trust(t, p, le->e))
			continue;
		r = request_of(ret, t, le->e, program);
		if (r)
			rc = add_entry(l, r, le, err);
		entry_free(le->e); /* thousands add up */
		le->e = NULL;
	}
	for (size_t i = 0; i < ret->n; i++)
		strvec_sort(&ret->v[i].environments);
	ledger_entryvec_release(&list);
	strmap_release(&wrong, NULL);
	return rc;
}
