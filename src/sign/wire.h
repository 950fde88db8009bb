/*
 * The binary form that SSH uses for keys and signatures (RFC 4251, section
 * 5), and its base64.  Private to src/sign.
 */
#ifndef STRACK_SIGN_WIRE_H
#define STRACK_SIGN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "strack/buf.h"

/* Columns of the armour of ssh-keygen, for keys and signatures alike. */
#define WIRE_COLUMNS 70

/* Bytes of somebody else, read from the front. */
struct wire {
	const unsigned char *p;
	size_t len;
};

struct wire wire_from(const void *p, size_t len);

/* Take one value from the front; false, with `w` untouched, when it isn't
 * whole.  A string points into what `w` points into. */
bool wire_u32(struct wire *w, uint32_t *ret);
bool wire_string(struct wire *w, struct wire *ret);
bool wire_take(struct wire *w, size_t n, struct wire *ret);

/* Is it exactly this text, or the same bytes? */
bool wire_is(const struct wire *w, const char *text);
bool wire_same(const struct wire *a, const struct wire *b);

void wire_put_u32(struct buf *b, uint32_t v);
void wire_put_string(struct buf *b, const void *p, size_t len);
void wire_put_text(struct buf *b, const char *text);

/* Appends base64; with `columns`, in lines of so many characters, each with
 * its newline.  Leaves no copy behind in freed memory when `b` has room. */
void base64_add(struct buf *b, const void *p, size_t len, size_t columns);

/* Appends what padded base64 says, all of it or nothing.  `ignore` names
 * characters that may stand anywhere, or is NULL; without, only the one
 * canonical form is taken. */
bool base64_decode(
	const char *s, size_t len, const char *ignore, struct buf *ret);

/* Wipes what a buffer holds, unused room too, and frees it. */
void buf_burn(struct buf *b);

#endif
