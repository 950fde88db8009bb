/*
 * The rules of reviews.  Who may sign one at all is trust's; who is one
 * person the caller knows.
 */
#include "strack/review.h"

#include <string.h>

static bool same_key(const struct entry *a, const struct entry *b, enum key k)
{
	const char *x = entry_get(a, k), *y = entry_get(b, k);

	return (!x && !y) || (x && y && !strcmp(x, y));
}

const char *review_refuses(const struct entry *review,
	const struct entry *target, bool same_person)
{
	const char *verdict = entry_get(review, KEY_VERDICT);

	if (!target || entry_cmp(target, review) >= 0)
		return "reviews what is not there";
	if (target->kind != KIND_EXEC)
		return "reviews what is no command";
	/* Else the right to review in one would do for all. */
	if (!same_key(target, review, KEY_ENVIRONMENT) ||
		!same_key(target, review, KEY_CLONE))
		return "reviews a command of another environment";
	if (entry_get(review, KEY_RUN) && !same_key(target, review, KEY_RUN))
		return "reviews another run's command";
	if (strcmp(verdict, VERDICT_OK) != 0 &&
		strcmp(verdict, VERDICT_FLAG) != 0)
		return "unknown verdict";
	if (same_person)
		return "reviewed by the one who ran it";
	return NULL;
}
