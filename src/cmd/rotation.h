/* Private to src/cmd: a key goes, and another one takes its place. */
#ifndef STRACK_CMD_ROTATION_H
#define STRACK_CMD_ROTATION_H

#include "strack/session.h"

struct rotation_admission {
	char *principal;
	unsigned roles;
	struct buf environments; /* blanks between; empty: all */
};

struct rotation {
	struct session *s;
	const char *reason; /* or NULL */
	char *old;          /* fingerprint */
	struct pubkey new;
	struct rotation_admission *v; /* what the old one has, the new not */
	size_t n, cap;
	bool of_root;              /* the old one is a root */
	const struct signer *root; /* of ours, for the admissions; or NULL */
	/* of ours and not the old one, for the revocation; or NULL: then only
	 * the new one, once it is root, could be. */
	const struct signer *last;
};
#define ROTATION_INIT                                                          \
	{                                                                      \
		.new = PUBKEY_INIT                                             \
	}
void rotation_release(struct rotation *r);

/* Fills in the rest from `s`, `old` and `new`; writes nothing. */
enum err rotation_plan(struct rotation *r, struct error *err);
/* ERR_HELD when something runs that the old key would have to close. */
enum err rotation_refuse_open(const struct rotation *r, struct error *err);
/* ERR_HELD: nobody here may; the hint is what a root types. */
enum err rotation_no_root(const struct rotation *r, struct error *err);
/* Write, and say so. */
enum err rotation_admit(struct rotation *r, struct error *err);
enum err rotation_revoke(
	struct rotation *r, const struct signer *by, struct error *err);

/* trustrotateown.c: of the key of this clone. */
enum err rotate_own(struct session *s, const char *reason, struct error *err);

#endif
