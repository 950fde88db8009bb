/*
 * Takes secrets out of a stream of bytes: the texts that it was told, and
 * the password of every URL.  Private to src/run/capture.c.
 */
#ifndef STRACK_RUN_MASK_H
#define STRACK_RUN_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include "strack/buf.h"

#define MASK_TEXT "***"
#define MASK_URL_HOLD 1024        /* of an authority, until it is decided */
#define MASK_URL_DROP (64 * 1024) /* of a password longer than that */

struct mask;

/* Gets what may be shown, in order, in pieces of any size. */
typedef void mask_out_fn(const void *p, size_t n, void *arg);

struct mask *mask_new(mask_out_fn *out, void *arg);
void mask_free(struct mask *m);

/* From now on `secret` becomes MASK_TEXT, and so does each line of it that
 * has three bytes without the blanks around it.  Held-back bytes count as
 * not yet seen.  False when it is too short or blank, or when not all of it
 * fits into the 256 KiB for all. */
bool mask_secret(struct mask *m, const char *secret, size_t len);

/* Every byte that an occurrence of a secret covers goes; occurrences that
 * overlap become one MASK_TEXT.  What may be the begin of a secret or of a
 * URL's password is held back.  The output depends on the bytes alone, never
 * on how they were cut into calls. */
void mask_add(struct mask *m, const void *p, size_t n);
/* Decides and hands out what is held back; the stream begins anew. */
void mask_flush(struct mask *m);

/* The same for a text that stands alone; the stream is not touched. */
void mask_text(struct mask *m, struct buf *text);

#endif
