/*
 * Keys that signed entries of the ledger and that nobody admitted, as requests
 * to be admitted.  Not asked of whom a root revoked: those stand apart.
 */
#ifndef STRACK_REQUESTS_H
#define STRACK_REQUESTS_H

#include "strack/ledger.h"

#define REQUEST_WHO_MAX 5

struct request {
	struct pubkey key; /* as the signatures carry it */
	bool revoked;      /* it was admitted once */
	size_t entries;    /* that count for nothing for want of admission */
	size_t kinds[KIND_NR];
	unsigned roles;             /* ROLE_ bits that they need */
	struct strvec environments; /* sorted; what stands in them */
	/* "user@host" that the entries name, newest first, the last
	 * REQUEST_WHO_MAX of them.  Foreign text, and anybody's claim. */
	struct strvec who;
	int64_t first_ms, last_ms; /* as the entries say */
};

struct requestvec {
	struct request *v; /* in the order of the ledger */
	size_t n, cap;
};
#define REQUESTVEC_INIT                                                        \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void requestvec_release(struct requestvec *l);

/* `program` is gpg.ssh.program, or NULL.  Entries with a signature that is not
 * good by itself, and those that were disowned, are nobody's. */
enum err requests_collect(struct ledger *l, const char *program,
	struct requestvec *ret, struct error *err);

#endif
