/*
 * From what another tool calls a script to the script.  Guesses nothing: a
 * name that is only alike is no match.
 */
#include "strack/imports.h"

#include <stdlib.h>
#include <string.h>

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* From the last dot on; "" where there is none. */
static const char *extension_of(const char *name)
{
	const char *base = base_of(name), *dot = strrchr(base, '.');

	return dot ? dot : base + strlen(base);
}

void import_names_release(struct import_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
	strmap_release(&l->path, NULL);
	strmap_release(&l->base, NULL);
	strmap_release(&l->version, NULL);
	*l = (struct import_names)IMPORT_NAMES_INIT;
}

/* Puts the last name before those that have the key already. */
static size_t chain(struct import_names *l, struct strmap *m, const char *key)
{
	size_t before = (size_t)strmap_get(m, key);

	strmap_put(m, key, (void *)l->n);
	return before;
}

void import_names_add(struct import_names *l, const char *path, bool here)
{
	struct import_name *name;
	const char *base;
	char *version;

	if (strmap_has(&l->path, path))
		return;
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	name = &l->v[l->n++];
	name->path = xstrdup(path);
	name->here = here;
	base = base_of(name->path);
	version = xstrndup(base, strspn(base, "0123456789"));
	chain(l, &l->path, path);
	name->same_base = chain(l, &l->base, base);
	name->same_version = chain(l, &l->version, version);
	free(version);
}

/* The names of a chain, those of the work tree alone where there are any. */
static void collect(const struct import_names *l, size_t at, bool by_base,
	struct strvec *ret)
{
	struct strvec gone = STRVEC_INIT;

	while (at) {
		const struct import_name *name = &l->v[at - 1];

		strvec_push(name->here ? ret : &gone, name->path);
		at = by_base ? name->same_base : name->same_version;
	}
	for (size_t i = 0; !ret->n && i < gone.n; i++) {
		strvec_take(ret, gone.v[i]);
		gone.v[i] = NULL; /* transferred */
	}
	strvec_sort(ret);
	strvec_release(&gone);
}

static enum import_match by_version(const struct import_names *l,
	const struct import_row *row, struct strvec *ret)
{
	collect(l, (size_t)strmap_get(&l->version, row->version), false, ret);
	if (ret->n != 1)
		return ret->n ? IMPORT_MATCH_MANY : IMPORT_MATCH_NONE;
	if (row->file &&
		strcmp(extension_of(row->file), extension_of(ret->v[0])) != 0)
		return IMPORT_MATCH_EXTENSION;
	return IMPORT_MATCH_ONE;
}

/* Without a version: was the same name given to another language? */
static enum import_match by_stem(const struct import_names *l,
	const struct import_row *row, struct strvec *ret)
{
	const char *base = base_of(row->file), *end = extension_of(row->file);
	char *version = xstrndup(base, strspn(base, "0123456789"));
	struct strvec same = STRVEC_INIT;

	if (*version)
		collect(l, (size_t)strmap_get(&l->version, version), false,
			&same);
	for (size_t i = 0; i < same.n; i++) {
		const char *other = base_of(same.v[i]);
		size_t stem = (size_t)(extension_of(other) - other);

		if (stem == (size_t)(end - base) && !memcmp(other, base, stem))
			strvec_push(ret, same.v[i]);
	}
	strvec_release(&same);
	free(version);
	return ret->n > 1 ? IMPORT_MATCH_MANY
	       : ret->n   ? IMPORT_MATCH_EXTENSION
			  : IMPORT_MATCH_NONE;
}

enum import_match import_match(const struct import_names *l,
	const struct import_row *row, struct strvec *ret)
{
	strvec_clear(ret);
	if (row->file && strmap_has(&l->path, row->file)) {
		strvec_push(ret, row->file);
		return IMPORT_MATCH_ONE;
	}
	if (row->file)
		collect(l, (size_t)strmap_get(&l->base, base_of(row->file)),
			true, ret);
	if (ret->n)
		return ret->n == 1 ? IMPORT_MATCH_ONE : IMPORT_MATCH_MANY;
	if (row->version)
		return by_version(l, row, ret);
	return row->file ? by_stem(l, row, ret) : IMPORT_MATCH_NONE;
}
