/*
 * git strack trust requests: keys that nobody admitted and that signed
 * entries, with what a root would type.  All that it knows of a key but the
 * key itself is what the key's holder wrote.
 */
#include "trustwords.h"

#include <stdlib.h>
#include <string.h>

#include "strack/repo.h"
#include "strack/requests.h"
#include "strack/text.h"

#define WHO_COLUMNS 60
#define PRINCIPAL_MAX 80

/* A principal to suggest: what shows as it is, and is no longer than a name.
 * What does not show would be typed unseen. */
static void suggest_principal(struct buf *ret, const char *who)
{
	size_t len = strlen(who), n;

	for (const char *p = who; *p; p += n, len -= n) {
		struct buf seen = BUF_INIT;

		n = utf8_next(p, len, NULL);
		out_escape(&seen, p, n ? n : 1, "");
		if (ret->len + n > PRINCIPAL_MAX) {
			buf_release(&seen);
			return;
		}
		if (n && seen.len == n && !memcmp(seen.ptr, p, n))
			buf_add(ret, p, n);
		else
			buf_addch(ret, '_');
		n = n ? n : 1;
		buf_release(&seen);
	}
}

/* The key that has this principal already, or NULL. */
static const struct trust_key *holder_of(
	const struct trust *t, const char *principal)
{
	for (size_t i = 0; i < t->n; i++) {
		if (trust_named_by(&t->v[i], principal))
			return &t->v[i];
	}
	return NULL;
}

static void print_who(struct out *o, const struct request *r)
{
	struct buf text = BUF_INIT;

	out_printf(o, "    says to be ");
	for (size_t i = 0; i < r->who.n; i++) {
		out_printf(o, "%s", i ? ", " : "");
		buf_reset(&text);
		out_fit(&text, r->who.v[i], WHO_COLUMNS, false);
		out_printf(o, "%s", text.ptr);
	}
	out_printf(o, "\n");
	buf_release(&text);
}

static void print_entries(struct out *o, const struct request *r)
{
	const char *sep = ": ";
	struct buf first = BUF_INIT, last = BUF_INIT;

	out_printf(o, "    %zu %s", r->entries,
		r->entries == 1 ? "entry" : "entries");
	for (int k = 0; k < KIND_NR; k++) {
		if (!r->kinds[k])
			continue;
		out_printf(o, "%s%zu %s", sep, r->kinds[k],
			kind_info((enum kind)k)->name);
		sep = ", ";
	}
	for (size_t i = 0; i < r->environments.n; i++)
		out_printf(o, "%s%s", i ? ", " : "; in ", r->environments.v[i]);
	time_local(&first, r->first_ms);
	time_local(&last, r->last_ms);
	if (strcmp(first.ptr, last.ptr) != 0)
		out_printf(o, "\n    from %s to %s\n", first.ptr, last.ptr);
	else
		out_printf(o, "\n    at %s\n", first.ptr);
	buf_release(&first);
	buf_release(&last);
}

/* That somebody signs what only a root may is no reason to make them one. */
static void print_line(
	struct out *o, const struct trust *t, const struct request *r)
{
	unsigned roles = r->roles & ~(unsigned)ROLE_ROOT;
	struct buf name = BUF_INIT, word = BUF_INIT, text = BUF_INIT;
	const struct trust_key *taken;

	suggest_principal(&name, r->who.v[0]);
	shell_word(&word, name.ptr);
	taken = holder_of(t, name.ptr);
	if (taken)
		out_printf(o,
			"    careful: %s has that name already; who can choose "
			"it freely need not be the same\n",
			taken->fingerprint);
	if (r->roles & ROLE_ROOT)
		out_printf(o, "    careful: it tried to change trust itself, "
			      "which only a root may\n");
	if (roles) {
		roles_format(roles, &text);
		for (char *p = text.ptr; *p; p++)
			*p = *p == ' ' ? ',' : *p;
		out_printf(o,
			"    git strack trust add '%s' --principal %s --roles "
			"%s",
			r->key.line, word.ptr, text.ptr);
		for (size_t i = 0; i < r->environments.n; i++)
			out_printf(o, "%s%s", i ? "," : " --environments ",
				r->environments.v[i]);
		out_printf(o, "\n");
	} else {
		out_printf(o, "    %s\n", r->key.line);
	}
	buf_release(&name);
	buf_release(&word);
	buf_release(&text);
}

/* A root has said no: nothing to type is offered, and nothing that they say of
 * themselves is repeated. */
static void print_revoked(
	struct session *s, const struct trust *t, const struct requestvec *l)
{
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct request *r = &l->v[i];

		if (!r->revoked)
			continue;
		if (!any)
			out_printf(&s->out,
				"Revoked, and signed what no longer counts "
				"(git strack verify names it):\n");
		any = true;
		out_styled(&s->out, STYLE_DIM, "%s", r->key.fingerprint);
		out_printf(&s->out, "  ");
		out_text(&s->out, trust_principal(t, r->key.fingerprint));
		out_printf(&s->out, "  %zu %s\n", r->entries,
			r->entries == 1 ? "entry" : "entries");
	}
}

enum err trust_word_requests(struct session *s, const struct trust_opts *o,
	char *const *args, struct error *err)
{
	struct requestvec l = REQUESTVEC_INIT;
	const struct trust *t;
	size_t open = 0;
	enum err rc = ledger_trust(s->ledger, &t, err);

	(void)o;
	(void)args;
	if (!rc)
		rc = requests_collect(s->ledger,
			repo_config(s->repo, "gpg.ssh.program"), &l, err);
	for (size_t i = 0; !rc && i < l.n; i++) {
		const struct request *r = &l.v[i];

		if (r->revoked)
			continue;
		open++;
		out_styled(&s->out, STYLE_ID, "%s\n", r->key.fingerprint);
		print_who(&s->out, r);
		print_entries(&s->out, r);
		print_line(&s->out, t, r);
		out_printf(&s->out, "\n");
	}
	if (!rc && open)
		out_printf(&s->out,
			"Who a key says to be is its own word alone: ask that "
			"person for the fingerprint first.\n");
	else if (!rc)
		out_printf(&s->out, "no unknown key has signed anything on "
				    "this ledger\n");
	if (!rc)
		print_revoked(s, t, &l);
	requestvec_release(&l);
	return rc;
}
