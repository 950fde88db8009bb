/*
 * Strings to pointers, in the order of insertion.  Keys are copied; values
 * belong to the caller.
 */
#ifndef STRACK_STRMAP_H
#define STRACK_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

struct strmap_item {
	char *key;
	void *value;
	size_t hash; /* private */
};

struct strmap {
	struct strmap_item *items; /* in order of insertion */
	size_t n;
	size_t cap;
	unsigned *slots; /* index + 1 into items, 0 is free */
	size_t nslots;   /* a power of two, or 0 */
};

#define STRMAP_INIT                                                            \
	{                                                                      \
		NULL, 0, 0, NULL, 0                                            \
	}

void *strmap_get(const struct strmap *m, const char *key); /* or NULL */
bool strmap_has(const struct strmap *m, const char *key);
/* Sets or replaces; returns the address of the value's place, valid until
 * the next insertion. */
void **strmap_put(struct strmap *m, const char *key, void *value);
void strmap_release(struct strmap *m, void (*free_value)(void *));

#endif
