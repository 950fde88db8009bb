/*
 * Private to src/core: who has approved something, each person once.  Keys are
 * told apart, and so are the principals that they belong to.  Pure.
 */
#ifndef STRACK_CORE_APPROVERS_H
#define STRACK_CORE_APPROVERS_H

#include "strack/trust.h"

struct approvers {
	const struct trust *trust; /* knows the principals */
	struct strvec barred;      /* persons whose approval does not count */
	struct strvec counted;     /* and those whose does */
};
#define APPROVERS_INIT(t)                                                      \
	{                                                                      \
		(t), STRVEC_INIT, STRVEC_INIT                                  \
	}
void approvers_release(struct approvers *a);

/* Neither this key nor any other of the same principal counts. */
void approvers_bar(struct approvers *a, const char *fingerprint);
bool approvers_barred(const struct approvers *a, const char *fingerprint);
/* Counts the key's person, if that was not done before and none is barred. */
void approvers_take(struct approvers *a, const char *fingerprint);

/* Letters of both cases are the same in names and mail addresses. */
bool approvers_same_name(const char *a, const char *b);

#endif
