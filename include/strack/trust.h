/*
 * Who may sign what: worked out from all trust entries until nothing changes,
 * then asked about every other entry.  Pure: ancestry comes through a callback.
 * The rules are strack-ledger(5), "TRUST".
 */
#ifndef STRACK_TRUST_H
#define STRACK_TRUST_H

#include <stdbool.h>
#include "strack/entry.h"
#include "strack/object.h"

/* A trust entry, the commit that brought it, and whether its signature is
 * good. */
struct trust_fact {
	const struct entry *e;
	struct oid at;
	const char *key_fingerprint; /* of `key`, for trust-add; else NULL */
	bool sound;    /* well-formed, signature good, not disowned */
	bool founding; /* brought by the root commit */
	/* results */
	bool valid;          /* signed by a root that counts there */
	const char *problem; /* why not, or NULL; static text */
};

/* Is `a` equal to `b` or an ancestor of it? */
typedef bool trust_reaches_fn(
	const struct oid *a, const struct oid *b, void *arg);

struct trust_admission {
	char *principal;
	unsigned roles;             /* ROLE_ bits */
	struct strvec environments; /* empty: all */
	bool closed;                /* by a revocation */
	struct oid at;
};

struct trust_key {
	char *fingerprint;
	char *line; /* public key, "type base64" */
	struct trust_admission *v;
	size_t n, cap;
	bool revoked;
	struct oidvec revoked_after; /* what counts is what all of them reach */
	struct oidvec revoked_at;    /* commits that brought the revocations */
	bool readmitted;
	struct oid readmitted_at;
};

struct trust {
	struct trust_key *v;
	size_t n, cap;
	trust_reaches_fn *reaches;
	void *arg;
};

/* `facts` in entry order; sets their results. */
void trust_work_out(struct trust *t, struct trust_fact *facts, size_t n,
	trust_reaches_fn *reaches, void *arg);
void trust_release(struct trust *t);
const struct trust_key *trust_find(
	const struct trust *t, const char *fingerprint);
/* NULL when the key may do that in an entry brought by commit `at`; otherwise
 * why not, in words that finish "signer SHA256:... ". `env` NULL: any. */
const char *trust_refuses(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env, const struct oid *at);
/* The same for an entry beside the branch, in what is this clone's alone: no
 * `after` reaches there, and nobody else can slip one in, so it goes by what
 * the clone knew when it wrote it. */
const char *trust_refuses_aside(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env, const struct oid *at);
/* The same for an entry yet to be written on top of everything. */
const char *trust_refuses_now(const struct trust *t, const char *fingerprint,
	unsigned role, const char *env);
/* Has it an admission that no revocation closed?  The second one: has it ever
 * had one? */
bool trust_is_admitted(const struct trust *t, const char *fingerprint);
bool trust_was_admitted(const struct trust *t, const char *fingerprint);
/* How many keys may still act as root now. */
size_t trust_roots(const struct trust *t);
/* The last principal of a key, or NULL. */
const char *trust_principal(const struct trust *t, const char *fingerprint);
/* Does one person hold both: is it one key, or does any admission of the one
 * give the principal of one of the other? */
bool trust_same_person(
	const struct trust *t, const char *fingerprint, const char *other);
/* "root,run" text of role bits, and back; false when a word is no role. */
void roles_format(unsigned roles, struct buf *ret);
bool roles_parse(const char *text, unsigned *ret);

#endif
