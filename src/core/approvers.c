/* Counts approvers; see the header.  Knows no ledger. */
#include "approvers.h"

#include <strings.h>

void approvers_release(struct approvers *a)
{
	strvec_release(&a->barred);
	strvec_release(&a->counted);
}

bool approvers_same_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static bool has_name(const struct strvec *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (approvers_same_name(l->v[i], name))
			return true;
	}
	return false;
}

/* A person is known by the principal of the key; a key without one, which
 * nobody admitted, stands for itself. */
static const char *person_of(const struct approvers *a, const char *fingerprint)
{
	const char *name = trust_principal(a->trust, fingerprint);

	return name ? name : fingerprint;
}

void approvers_bar(struct approvers *a, const char *fingerprint)
{
	strvec_push(&a->barred, person_of(a, fingerprint));
}

bool approvers_barred(const struct approvers *a, const char *fingerprint)
{
	return has_name(&a->barred, person_of(a, fingerprint));
}

void approvers_take(struct approvers *a, const char *fingerprint)
{
	const char *who = person_of(a, fingerprint);

	if (!has_name(&a->barred, who) && !has_name(&a->counted, who))
		strvec_push(&a->counted, who);
}
