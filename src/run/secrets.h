/*
 * The secrets to be found in a stream, all at once.  Private to
 * src/run/mask.c.
 */
#ifndef STRACK_RUN_SECRETS_H
#define STRACK_RUN_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MIN 3             /* shorter ones would mask everything */
#define SECRETS_MAX (256 * 1024) /* bytes in all, shared prefixes once */

/* Node 0 is the root and stands for "none" as a child or sibling, which the
 * root never is. */
struct node {
	uint32_t child; /* first; the others by `sibling` */
	uint32_t sibling;
	uint32_t fail;    /* node of the longest proper end of this text */
	uint32_t depth;   /* length of this text */
	uint32_t longest; /* the longest secret that ends here, or 0 */
	unsigned char byte;
};

struct secrets {
	struct node *node;
	size_t nr, cap;
	uint32_t root[256];        /* children of the root by byte */
	unsigned char first[8192]; /* a bit for each pair that begins one */
	unsigned char early[8192]; /* and for each second pair */
	bool dirty;                /* the fail links are out of date */
	unsigned generation;
};

void secrets_init(struct secrets *s);
void secrets_release(struct secrets *s);

/* `text`, and each line of it that has SECRET_MIN bytes without the blanks
 * around it.  False when it is too short or blank, or when not all of it
 * fits into SECRETS_MAX. */
bool secrets_add(struct secrets *s, const char *text, size_t len);
/* Before the two below, after secrets_add; costs nothing when nothing is
 * new.  A new generation makes the states of before void. */
void secrets_prepare(struct secrets *s);
/* The state behind `byte`; 0 is the first. */
uint32_t secrets_next(const struct secrets *s, uint32_t at, int byte);
/* How many bytes can't begin a secret; the last one is never among them. */
size_t secrets_skip(const struct secrets *s, const char *p, size_t n);

#endif
