/*
 * git's index as gitformat-index(5) has it: names and stat data, and nothing
 * that is only needed to write one.  libgit2 makes an object of each entry,
 * sorts them and hashes the file, which for ten thousand entries takes longer
 * than everything else that a status does.  As in git, the checksum at the end
 * is not looked at.
 */
#include "indexfile.h"

#include <stdlib.h>
#include "strack/file.h"

#define INDEX_MAX (2u << 30)
#define STAT_LEN 62 /* of an entry, up to its name */
#define TRAILER_LEN 20

enum { FLAG_EXTENDED = 0x4000, FLAG_STAGE = 0x3000, FLAG_INTENT = 0x2000 };

static uint32_t be32(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static unsigned be16(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;

	return (unsigned)p[0] << 8 | p[1];
}

void indexfile_release(struct indexfile *x)
{
	buf_release(&x->data);
	buf_release(&x->names);
	free(x->v);
	*x = (struct indexfile)INDEXFILE_INIT;
}

/* How many bytes of the name before go away (a number as in pack files). */
static bool read_strip(const char **p, const char *end, size_t *ret)
{
	size_t n;
	unsigned char c;

	if (*p >= end)
		return false;
	c = (unsigned char)*(*p)++;
	for (n = c & 0x7f; c & 0x80; n = (n << 7) | (c & 0x7f)) {
		if (*p >= end || n > INDEX_MAX)
			return false;
		c = (unsigned char)*(*p)++;
		n++;
	}
	*ret = n;
	return true;
}

/* Version 4: the name is what is left of the one before, and a rest. */
static bool unfold_name(struct indexfile *x, const char **p, const char *end)
{
	const char *nul;
	size_t strip, before = x->names.len, keep = 0;

	if (!read_strip(p, end, &strip))
		return false;
	nul = memchr(*p, '\0', (size_t)(end - *p));
	if (x->n) {
		before = x->v[x->n - 1].name;
		keep = x->names.len - 1 - before;
	}
	if (!nul || strip > keep)
		return false;
	keep -= strip;
	x->v[x->n].name = x->names.len;
	buf_grow(&x->names, keep + 1);
	buf_add(&x->names, x->names.ptr + before, keep);
	buf_add(&x->names, *p, (size_t)(nul + 1 - *p));
	*p = nul + 1;
	return true;
}

/* One entry; *at goes on to the next. */
static bool read_entry(struct indexfile *x, const char **at, const char *end)
{
	struct indexfile_entry *e = &x->v[x->n];
	const char *p = *at, *nul;
	size_t head = STAT_LEN;

	if (end - p < STAT_LEN + 2)
		return false;
	e->stat = (size_t)(p - x->data.ptr);
	if (be16(p + STAT_LEN - 2) & FLAG_EXTENDED)
		head += 2;
	p += head;
	if (x->version == 4) {
		*at = p;
		return unfold_name(x, at, end);
	}
	nul = memchr(p, '\0', (size_t)(end - p));
	if (!nul)
		return false;
	e->name = (size_t)(p - x->data.ptr);
	/* one to eight NULs, to a multiple of eight */
	*at += ((size_t)(nul - *at) + 8) & ~(size_t)7;
	return *at <= end;
}

static const char *name_at(const struct indexfile *x, size_t i)
{
	return (x->version == 4 ? x->names.ptr : x->data.ptr) + x->v[i].name;
}

static unsigned stage_at(const struct indexfile *x, size_t i)
{
	return be16(x->data.ptr + x->v[i].stat + STAT_LEN - 2) & FLAG_STAGE;
}

static bool in_order(const struct indexfile *x, size_t i)
{
	int cmp = i ? strcmp(name_at(x, i - 1), name_at(x, i)) : -1;

	return cmp < 0 || (cmp == 0 && stage_at(x, i - 1) < stage_at(x, i));
}

/* Extensions whose name begins with a capital may be left aside; the others
 * (split and sparse indexes) change what the entries mean. */
static bool extensions_harmless(const char *p, const char *end)
{
	while (end - p >= 8) {
		size_t size = be32(p + 4);

		if (*p < 'A' || *p > 'Z' || size > (size_t)(end - p) - 8)
			return false;
		p += 8 + size;
	}
	return p == end;
}

static bool parse(struct indexfile *x)
{
	const char *p = x->data.ptr, *end;
	size_t count;

	if (x->data.len < 12 + TRAILER_LEN || memcmp(p, "DIRC", 4) != 0)
		return false;
	x->version = be32(p + 4);
	count = be32(p + 8);
	end = p + x->data.len - TRAILER_LEN;
	p += 12;
	if (x->version < 2 || x->version > 4 ||
		count > (size_t)(end - p) / STAT_LEN)
		return false;
	x->v = xcalloc(count, sizeof(*x->v));
	for (; x->n < count; x->n++) {
		if (!read_entry(x, &p, end) || !in_order(x, x->n))
			return false;
	}
	return extensions_harmless(p, end);
}

enum err indexfile_read(
	struct indexfile *x, const char *path, struct error *err)
{
	enum err rc;

	indexfile_release(x);
	rc = file_read(path, INDEX_MAX, true, &x->data, err);
	if (!rc && !parse(x))
		rc = error_set(err, ERR_BAD,
			"%s: is of a kind that only git reads", path);
	if (rc)
		indexfile_release(x);
	return rc;
}

/* The first of the stages of a name, or x->n. */
static size_t find(const struct indexfile *x, const char *path)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(name_at(x, mid), path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < x->n && !strcmp(name_at(x, low), path) ? low : x->n;
}

bool indexfile_has(const struct indexfile *x, const char *path)
{
	return find(x, path) < x->n;
}

bool indexfile_stat(
	const struct indexfile *x, const char *path, struct indexfile_stat *ret)
{
	size_t i = find(x, path);
	unsigned flags;
	const char *p;

	if (i == x->n)
		return false;
	p = x->data.ptr + x->v[i].stat;
	flags = be16(p + STAT_LEN - 2);
	if (flags & FLAG_STAGE)
		return false;
	if (flags & FLAG_EXTENDED && be16(p + STAT_LEN) & FLAG_INTENT)
		return false;
	ret->ctime_s = be32(p);
	ret->ctime_ns = be32(p + 4);
	ret->mtime_s = be32(p + 8);
	ret->mtime_ns = be32(p + 12);
	ret->ino = be32(p + 20);
	ret->mode = be32(p + 24);
	ret->uid = be32(p + 28);
	ret->gid = be32(p + 32);
	ret->size = be32(p + 36);
	memcpy(ret->id.id, p + 40, OID_RAW);
	return true;
}
