/* SHA-256, the one digest of the ledger (git's own ids are src/git's). */
#ifndef STRACK_DIGEST_H
#define STRACK_DIGEST_H

#include <stddef.h>
#include "strack/error.h"

#define SHA256_LEN 32
#define SHA256_HEX 64

/* Once per process, before anything of src/sign. */
enum err sign_init(struct error *err);

/* A running digest; opaque bytes, freed by digest_free or digest_final. */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_final(struct digest *d, char ret[SHA256_HEX + 1]); /* frees d */
void digest_free(struct digest *d);

void sha256_hex(const void *p, size_t n, char ret[SHA256_HEX + 1]);

#endif
