/*
 * The cache of a ledger: what was worked out at one tip, so that the next
 * command need not.
 *
 * Format, behind the line of cachefile.c: fields ended by NUL in the order of
 * store() below, then the rows as this machine has its numbers, and the
 * strings that they point to: ten thousand rows are read as fast as the disk
 * gives them.
 */
#include "ledger_i.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cachefile.h"
#include "strack/file.h"
#include "strack/text.h"

#define CACHE_MAGIC "strack-cache 3 "
#define CACHE_MAX (1u << 30)

/* ---- writing ---- */

static void put(struct buf *b, const char *s)
{
	/* NULL and "" differ: a missing string is one \1 */
	buf_adds(b, s ? s : "\1");
	buf_addch(b, '\0');
}

static void put_num(struct buf *b, int64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);

	buf_add(b, digits, (size_t)len + 1);
}

static void put_oid(struct buf *b, const struct oid *id)
{
	char hex[OID_HEX + 1];

	oid_hex(id, hex);
	put(b, hex);
}

static void put_problems(struct buf *b, const struct problemvec *l)
{
	put_num(b, (int64_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		put(b, l->v[i].commit);
		put(b, l->v[i].entry);
		put(b, l->v[i].text);
		put_num(b, l->v[i].structural + 2 * l->v[i].lasting);
	}
}

static void put_keys(struct buf *b, const struct strmap *m, bool values)
{
	put_num(b, (int64_t)m->n);
	for (size_t i = 0; i < m->n; i++) {
		put(b, m->items[i].key);
		if (values)
			put(b, m->items[i].value);
	}
}

#define ROW_NUMBERS 12
#define ROW_STRINGS 12

/* A row on disk.  Strings are offsets into the pool behind the rows; 0, where
 * nothing stands, is NULL. */
struct packed_row {
	int64_t number[ROW_NUMBERS];
	uint32_t string[ROW_STRINGS];
};

static void row_strings(const struct state_row *r, const char *ret[ROW_STRINGS])
{
	const char *all[ROW_STRINGS] = { r->script, r->env, r->clone, r->run,
		r->reason, r->cancelled, r->user, r->host, r->signer, r->blob,
		r->claim, r->entry };

	memcpy(ret, all, sizeof(all));
}

static bool same_string(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* What is as in the row before, as users and environments mostly are, is
 * there only once. */
static void pack_row(const struct rowvec *l, size_t i, struct packed_row *p,
	struct buf *pool)
{
	const struct state_row *r = &l->v[i];
	const char *now[ROW_STRINGS], *last[ROW_STRINGS] = { NULL };
	int64_t number[ROW_NUMBERS] = { r->state, r->flags, r->attempt,
		r->time_ms, r->limit, r->claim_ms, r->duration_ms, r->exit,
		r->signal, r->timed_out, r->open, r->undo };

	memcpy(p->number, number, sizeof(number));
	row_strings(r, now);
	if (i)
		row_strings(r - 1, last);
	for (size_t k = 0; k < ROW_STRINGS; k++) {
		if (!now[k]) {
			p->string[k] = 0;
		} else if (same_string(now[k], last[k])) {
			p->string[k] = p[-1].string[k];
		} else {
			p->string[k] = (uint32_t)pool->len;
			buf_add(pool, now[k], strlen(now[k]) + 1);
		}
	}
}

static void put_rows(struct buf *b, const struct rowvec *l)
{
	struct packed_row *rows = xcalloc(l->n, sizeof(*rows));
	struct buf pool = BUF_INIT;

	buf_addch(&pool, '\0'); /* no string is at 0 */
	for (size_t i = 0; i < l->n && pool.len < CACHE_MAX; i++)
		pack_row(l, i, &rows[i], &pool);
	put_num(b, (int64_t)l->n);
	buf_add(b, rows, l->n * sizeof(*rows));
	buf_addbuf(b, &pool);
	buf_release(&pool);
	free(rows);
}

static void store(const struct ledger *l, struct buf *b)
{
	put_oid(b, &l->tip);
	put_oid(b, &l->root);
	put(b, l->id);
	put(b, l->root_signer);
	/* an unreadable entry of `local` is filed under our own clone */
	put(b, l->opts.clone);
	put_num(b, l->clean);
	put_num(b, (int64_t)l->nentries);
	put_num(b, l->max_seq);
	put_keys(b, &l->trust_at, true);
	put_keys(b, &l->disowned_ids, false);
	put_keys(b, &l->disowned_paths, false);
	put_problems(b, &l->problems);
	put_problems(b, &l->disowned);
	put_rows(b, &l->rows);
}

static char *cache_path(const struct ledger *l)
{
	return xstrfmt("%s/cache/ledger%s", l->opts.state_dir,
		l->owner ? "-local" : "");
}

void ledger_cache_store(struct ledger *l)
{
	struct buf b = BUF_INIT;
	char *path = cache_path(l);

	cachefile_begin(&b, CACHE_MAGIC);
	store(l, &b);
	if (b.len <= CACHE_MAX) {
		cachefile_store(l->opts.repo, path, CACHE_MAGIC, &b);
		l->cache_stale = false;
	}
	free(path);
	buf_release(&b);
}

/* ---- reading ---- */

struct reader {
	const char *p, *end;
	bool bad;
};

static const char *get(struct reader *r)
{
	const char *s = r->p;
	const char *nul = r->bad ? NULL : memchr(s, '\0', (size_t)(r->end - s));

	if (!nul) {
		r->bad = true;
		return "";
	}
	r->p = nul + 1;
	return s;
}

static char *get_str(struct reader *r)
{
	const char *s = get(r);

	return s[0] == '\1' && !s[1] ? NULL : xstrdup(s);
}

static int64_t get_num(struct reader *r)
{
	const char *s = get(r);
	bool minus = *s == '-';
	int64_t n = 0;

	for (s += minus; *s >= '0' && *s <= '9' && n < INT64_MAX / 10 - 9; s++)
		n = n * 10 + (*s - '0');
	if (*s)
		r->bad = true;
	return minus ? -n : n;
}

static size_t get_count(struct reader *r)
{
	int64_t n = get_num(r);

	/* each item takes at least a byte */
	if (n < 0 || n > r->end - r->p)
		r->bad = true;
	return r->bad ? 0 : (size_t)n;
}

static void get_oid(struct reader *r, struct oid *id)
{
	const char *s = get(r);

	if (!oid_parse(s, strlen(s), id))
		r->bad = true;
}

static void get_problems(struct reader *r, struct problemvec *l)
{
	for (size_t n = get_count(r); n && !r->bad; n--) {
		char *commit = get_str(r), *entry = get_str(r);
		const char *text = get(r);
		int64_t bits = get_num(r);

		ledger_add_problem(l, commit, entry, text, bits & 1, bits & 2);
		free(commit);
		free(entry);
	}
}

static void get_keys(struct reader *r, struct strmap *m, void *value)
{
	for (size_t n = get_count(r); n && !r->bad; n--) {
		const char *key = get(r);

		free(value ? NULL : strmap_get(m, key));
		strmap_put(m, key, value ? value : get_str(r));
	}
}

/* The strings stay where they were read; the row only points there. */
static bool unpack_row(const struct packed_row *p, const char *pool,
	size_t size, struct state_row *row)
{
	const int64_t *n = p->number;
	char *s[ROW_STRINGS];

	for (size_t i = 0; i < ROW_STRINGS; i++) {
		if (p->string[i] >= size)
			return false;
		s[i] = p->string[i] ? (char *)pool + p->string[i] : NULL;
	}
	if (!s[0] || !s[1] || !s[2] || n[0] < 0 || n[0] >= STATE_NR)
		return false;
	*row = (struct state_row){ .script = s[0],
		.env = s[1],
		.clone = s[2],
		.run = s[3],
		.reason = s[4],
		.cancelled = s[5],
		.user = s[6],
		.host = s[7],
		.signer = s[8],
		.blob = s[9],
		.claim = s[10],
		.entry = s[11],
		.state = (enum state)n[0],
		.flags = (unsigned)n[1],
		.attempt = n[2],
		.time_ms = n[3],
		.limit = n[4],
		.claim_ms = n[5],
		.duration_ms = n[6],
		.exit = n[7],
		.signal = n[8],
		.timed_out = n[9],
		.open = n[10] != 0,
		.undo = n[11] != 0,
		.borrowed = true };
	return true;
}

/* The rest of the file, which ends with the last string. */
static void get_rows(struct reader *r, struct rowvec *l)
{
	size_t n = get_count(r), size;
	const char *rows = r->p, *pool;

	size = (size_t)(r->end - r->p);
	if (r->bad || n > size / sizeof(struct packed_row)) {
		r->bad = true;
		return;
	}
	pool = r->p + n * sizeof(struct packed_row);
	size -= n * sizeof(struct packed_row);
	r->bad = !size || pool[size - 1] != '\0';
	l->v = xcalloc(n, sizeof(*l->v));
	l->cap = n;
	for (; !r->bad && l->n < n; l->n++) {
		struct packed_row p; /* in the file it is not aligned */

		memcpy(&p, rows + l->n * sizeof(p), sizeof(p));
		if (!unpack_row(&p, pool, size, &l->v[l->n])) {
			r->bad = true;
			break;
		}
	}
}

static void get_line(struct reader *r, char *ret, size_t size)
{
	const char *s = get(r);

	if (strlen(s) >= size)
		r->bad = true;
	else
		memcpy(ret, s, strlen(s) + 1);
}

static bool fetch(struct ledger *l, struct reader *r)
{
	struct oid tip;
	char *clone;

	get_oid(r, &tip);
	get_oid(r, &l->root);
	get_line(r, l->id, sizeof(l->id));
	get_line(r, l->root_signer, sizeof(l->root_signer));
	clone = get_str(r);
	if (!clone != !l->opts.clone ||
		(clone && strcmp(clone, l->opts.clone) != 0))
		r->bad = true;
	free(clone);
	l->clean = get_num(r) != 0;
	l->nentries = (size_t)get_num(r);
	l->max_seq = get_num(r);
	get_keys(r, &l->trust_at, NULL);
	get_keys(r, &l->disowned_ids, l);
	get_keys(r, &l->disowned_paths, l);
	get_problems(r, &l->problems);
	get_problems(r, &l->disowned);
	get_rows(r, &l->rows);
	if (r->bad)
		return false;
	l->tip = tip;
	l->loaded = true;
	return true;
}

bool ledger_cache_load(struct ledger *l)
{
	char *path = cache_path(l);
	struct mapping m = MAPPING_INIT;
	struct reader r = { NULL, NULL, false };
	char id[37];
	bool ok = false;

	memcpy(id, l->id, sizeof(id));
	if (!cachefile_open(path, CACHE_MAGIC, CACHE_MAX, &m, &r.p))
		goto out;
	r.end = m.ptr + m.len;
	ok = fetch(l, &r) && !strcmp(id, l->id);
	if (ok) {
		l->cache = m; /* transferred */
		m = (struct mapping)MAPPING_INIT;
	} else {
		ledger_forget(l);
		memcpy(l->id, id, sizeof(id));
	}
out:
	file_unmap(&m);
	free(path);
	return ok;
}
