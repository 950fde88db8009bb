/*
 * A hash table with open addressing over an array that keeps the order of
 * insertion.  Nothing is ever removed, so no tombstones.  The hash is not
 * keyed: who can choose what goes into a ledger has better ways to be slow.
 */
#include "strack/strmap.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strack/buf.h"

/* FNV-1a, 64 bits (draft-eastlake-fnv), folded as its section 3 advises. */
static size_t hash(const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *key; key++) {
		h ^= (unsigned char)*key;
		h *= UINT64_C(0x100000001b3);
	}
	return (size_t)(h ^ (h >> 32));
}

/* The slot where `key` is, or the free one where it would go. */
static size_t find_slot(const struct strmap *m, const char *key, size_t h)
{
	size_t at = h & (m->nslots - 1);

	for (; m->slots[at]; at = (at + 1) & (m->nslots - 1)) {
		const struct strmap_item *it = &m->items[m->slots[at] - 1];

		if (it->hash == h && !strcmp(it->key, key))
			break;
	}
	return at;
}

static const struct strmap_item *find(const struct strmap *m, const char *key)
{
	size_t at;

	if (!m->nslots)
		return NULL;
	at = find_slot(m, key, hash(key));
	return m->slots[at] ? &m->items[m->slots[at] - 1] : NULL;
}

void *strmap_get(const struct strmap *m, const char *key)
{
	const struct strmap_item *it = find(m, key);

	return it ? it->value : NULL;
}

bool strmap_has(const struct strmap *m, const char *key)
{
	return find(m, key) != NULL;
}

static void rehash(struct strmap *m)
{
	size_t i, at;

	m->nslots = m->nslots ? m->nslots * 2 : 32;
	free(m->slots);
	m->slots = xcalloc(m->nslots, sizeof(*m->slots));
	for (i = 0; i < m->n; i++) {
		at = m->items[i].hash & (m->nslots - 1);
		while (m->slots[at])
			at = (at + 1) & (m->nslots - 1);
		m->slots[at] = (unsigned)i + 1;
	}
}

void **strmap_put(struct strmap *m, const char *key, void *value)
{
	struct strmap_item *it;
	size_t h = hash(key), at;

	/* At most half full, so that a search that fails stays short. */
	if ((m->n + 1) * 2 > m->nslots)
		rehash(m);
	at = find_slot(m, key, h);
	if (!m->slots[at]) {
		if (m->n >= UINT_MAX - 1)
			abort(); /* out of numbers as of memory */
		ARRAY_GROW(m->items, m->n + 1, m->cap);
		m->items[m->n].key = xstrdup(key);
		m->items[m->n].hash = h;
		m->slots[at] = (unsigned)++m->n;
	}
	it = &m->items[m->slots[at] - 1];
	it->value = value;
	return &it->value;
}

void strmap_release(struct strmap *m, void (*free_value)(void *))
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->items[i].key);
		if (free_value)
			free_value(m->items[i].value);
	}
	free(m->items);
	free(m->slots);
	*m = (struct strmap)STRMAP_INIT;
}
