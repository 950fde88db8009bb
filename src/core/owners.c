/*
 * Who added each script, remembered between commands.  A commit that is in
 * the history of both the tip of then and the tip of now gave both the same;
 * so only what is new is walked.
 *
 * The cache has, each ended by a NUL: the tip, then for each path: path,
 * commit, seconds, mail, name.
 */
#include "strack/owners.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cachefile.h"
#include "strack/refs.h"
#include "strack/strmap.h"

#define CACHE_MAGIC "strack-owners 1 "
#define CACHE_MAX (256u << 20)

/* The strings are the cache's or the heap's: nothing is freed by record. */
struct record {
	const char *path;
	struct oid commit;
	int64_t when;
	const char *mail, *name;
};

struct owners {
	struct session *s;
	struct oid tip, old_tip;
	struct mapping map;
	struct record *v; /* as the cache has them, then as they are */
	size_t n, cap;
	struct strmap by_path; /* to number + 1 */
	struct strvec paths;   /* all: asked for now or before */
	struct strvec strings; /* what records point to */
	const char *you[2];    /* mails, or NULL */
};

void owner_release(struct owner *o)
{
	free(o->name);
	free(o->mail);
	o->name = NULL;
	o->mail = NULL;
}

static void owners_release(struct owners *o)
{
	free(o->v);
	strmap_release(&o->by_path, NULL);
	strvec_release(&o->paths);
	strvec_release(&o->strings);
	file_unmap(&o->map);
}

/* ---- you ---- */

static void find_you(struct session *s, const char *ret[2])
{
	ret[0] = repo_config(s->repo, "user.email");
	ret[1] = repo_config(s->repo, "author.email");
}

bool owners_know_you(struct session *s)
{
	const char *you[2];

	find_you(s, you);
	return you[0] || you[1];
}

static bool is_you(const struct owners *o, const char *mail)
{
	return *mail && ((o->you[0] && !strcasecmp(o->you[0], mail)) ||
				(o->you[1] && !strcasecmp(o->you[1], mail)));
}

/* ---- the cache ---- */

static char *cache_path(const struct session *s)
{
	return xstrfmt("%s/cache/owners", s->state_dir);
}

static const char *next_field(const char **p, const char *end)
{
	const char *s = *p, *nul = memchr(s, '\0', (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

static void add_record(struct owners *o, const struct record *rec)
{
	ARRAY_GROW(o->v, o->n + 1, o->cap);
	o->v[o->n++] = *rec;
	strmap_put(&o->by_path, rec->path, (void *)o->n);
}

static bool next_record(const char **p, const char *end, struct record *ret)
{
	const char *hex, *when;

	ret->path = next_field(p, end);
	hex = ret->path ? next_field(p, end) : NULL;
	when = hex ? next_field(p, end) : NULL;
	ret->mail = when ? next_field(p, end) : NULL;
	ret->name = ret->mail ? next_field(p, end) : NULL;
	if (!ret->name || !oid_parse(hex, strlen(hex), &ret->commit))
		return false;
	ret->when = strtoll(when, NULL, 10);
	return true;
}

static void load(struct owners *o)
{
	char *path = cache_path(o->s);
	const char *p, *end, *tip;
	struct record rec;

	if (!cachefile_open(path, CACHE_MAGIC, CACHE_MAX, &o->map, &p))
		goto out;
	end = o->map.ptr + o->map.len;
	tip = next_field(&p, end);
	if (tip && oid_parse(tip, strlen(tip), &o->old_tip))
		while (p < end && next_record(&p, end, &rec))
			add_record(o, &rec);
out:
	free(path);
}

static void add_field(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

static void store(struct owners *o)
{
	struct buf b = BUF_INIT;
	char *path = cache_path(o->s), hex[OID_HEX + 1];

	cachefile_begin(&b, CACHE_MAGIC);
	oid_hex(&o->tip, hex);
	add_field(&b, hex);
	for (size_t i = 0; i < o->n; i++) {
		const struct record *rec = &o->v[i];

		if (oid_is_zero(&rec->commit))
			continue;
		oid_hex(&rec->commit, hex);
		add_field(&b, rec->path);
		add_field(&b, hex);
		buf_addf(&b, "%lld", (long long)rec->when);
		buf_addch(&b, '\0');
		add_field(&b, rec->mail);
		add_field(&b, rec->name);
	}
	if (b.len <= CACHE_MAX)
		cachefile_store(o->s->repo, path, CACHE_MAGIC, &b);
	free(path);
	buf_release(&b);
}

/* ---- the history ---- */

/* Commits of `tip` that `base` does not have, as a set of their ids; false
 * where the history is not here as far as that. */
static bool commits_since(struct owners *o, const struct oid *tip,
	const struct oid *base, struct strmap *ret)
{
	struct oidvec l = OIDVEC_INIT;
	char hex[OID_HEX + 1];
	enum err rc = history_list(o->s->repo, tip, base, &l, NULL);

	for (size_t i = 0; !rc && i < l.n; i++) {
		oid_hex(&l.v[i], hex);
		strmap_put(ret, hex, o);
	}
	oidvec_release(&l);
	return rc == ERR_OK;
}

/* What the record says of the author; the strings are ours. */
static void read_author(struct owners *o, struct record *rec)
{
	struct commit c = COMMIT_INIT;
	struct buf name = BUF_INIT, mail = BUF_INIT;

	/* Not commit_read(), which is strict as the ledger's must be. */
	if (object_read(o->s->repo, &rec->commit, OBJECT_COMMIT, COMMIT_MAX,
		    &c.payload, NULL) ||
		!commit_author(&c, &name, &mail, &rec->when)) {
		rec->commit = (struct oid){ { 0 } };
	} else {
		strvec_push(&o->strings, name.ptr);
		rec->name = o->strings.v[o->strings.n - 1];
		strvec_push(&o->strings, mail.ptr);
		rec->mail = o->strings.v[o->strings.n - 1];
	}
	buf_release(&name);
	buf_release(&mail);
	commit_release(&c);
}

static enum err search(struct owners *o, struct oid *found)
{
	struct strmap fresh = STRMAP_INIT, left = STRMAP_INIT;
	struct oid *known = xcalloc(o->n + 1, sizeof(*known));
	struct added_before before = { &fresh, known };
	bool usable = !oid_is_zero(&o->old_tip);
	char hex[OID_HEX + 1];
	enum err rc;

	if (usable && oid_cmp(&o->tip, &o->old_tip) != 0)
		usable = commits_since(o, &o->tip, &o->old_tip, &fresh) &&
			 commits_since(o, &o->old_tip, &o->tip, &left);
	for (size_t i = 0; usable && i < o->n; i++) {
		oid_hex(&o->v[i].commit, hex);
		if (!strmap_has(&left, hex))
			known[i] = o->v[i].commit;
	}
	rc = history_added(o->s->repo, &o->tip, &o->paths,
		usable ? &before : NULL, found, NULL);
	free(known);
	strmap_release(&fresh, NULL);
	strmap_release(&left, NULL);
	return rc;
}

/* Brings all records to the tip of now. */
static void update(struct owners *o)
{
	struct oid *found = xcalloc(o->n + 1, sizeof(*found));
	bool changed = oid_cmp(&o->tip, &o->old_tip) != 0;

	if (search(o, found))
		goto out; /* nothing is known: of the tip of then it was */
	for (size_t i = 0; i < o->n; i++) {
		struct record *rec = &o->v[i];

		if (oid_cmp(&found[i], &rec->commit) == 0)
			continue;
		changed = true;
		rec->commit = found[i];
		if (!oid_is_zero(&rec->commit))
			read_author(o, rec);
	}
	if (changed)
		store(o);
out:
	free(found);
}

static bool all_known(const struct owners *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (oid_is_zero(&o->v[i].commit))
			return false;
	return oid_cmp(&o->tip, &o->old_tip) == 0;
}

static void give(
	struct owners *o, const struct strvec *paths, struct owner *ret)
{
	for (size_t i = 0; i < paths->n; i++) {
		size_t at = (size_t)strmap_get(&o->by_path, paths->v[i]);
		const struct record *rec = &o->v[at - 1];

		if (oid_is_zero(&rec->commit))
			continue;
		ret[i].known = true;
		ret[i].yours = is_you(o, rec->mail);
		ret[i].commit = rec->commit;
		ret[i].name = xstrdup(rec->name);
		ret[i].mail = xstrdup(rec->mail);
		ret[i].when = rec->when;
	}
}

void owners_find(
	struct session *s, const struct strvec *paths, struct owner *ret)
{
	struct owners o = { .s = s,
		.map = MAPPING_INIT,
		.by_path = STRMAP_INIT,
		.paths = STRVEC_INIT,
		.strings = STRVEC_INIT };

	memset(ret, 0, paths->n * sizeof(*ret));
	if (!paths->n || repo_head(s->repo, &o.tip, NULL))
		return;
	find_you(s, o.you);
	load(&o);
	for (size_t i = 0; i < paths->n; i++) {
		struct record none = { .path = paths->v[i] };

		if (!strmap_has(&o.by_path, paths->v[i]))
			add_record(&o, &none);
	}
	if (!all_known(&o)) {
		for (size_t i = 0; i < o.n; i++)
			strvec_push(&o.paths, o.v[i].path);
		update(&o);
	}
	give(&o, paths, ret);
	owners_release(&o);
}
