/*
 * The cache of a ledger: what was worked out at one tip, so that the next
 * command need not.  It may be deleted at any time, and anything odd about it
 * makes it worthless, never an error.  It is as trustworthy as the rest of
 * .git: whoever can write it can also write the scripts.
 *
 * Format: a line "strack-cache N CHECKSUM", then fields ended by NUL, in the
 * order of store() below.  The checksum is against accidents only.
 */
#include "ledger_i.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "strack/file.h"
#include "strack/repo.h"
#include "strack/text.h"

#define CACHE_MAGIC "strack-cache 1 "
#define CACHE_MAX (1u << 30)
#define HEAD_LEN (sizeof(CACHE_MAGIC) - 1 + 16 + 1)

static uint64_t checksum(const char *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	uint64_t word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	for (; n; p++, n--)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return h;
}

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

static void put_row(struct buf *b, const struct state_row *r)
{
	put(b, r->script);
	put(b, r->env);
	put(b, r->clone);
	put(b, r->run);
	put(b, r->reason);
	put(b, r->cancelled);
	put(b, r->user);
	put(b, r->host);
	put(b, r->signer);
	put(b, r->blob);
	put(b, r->claim);
	put(b, r->entry);
	put_num(b, r->state);
	put_num(b, r->flags);
	put_num(b, r->attempt);
	put_num(b, r->time_ms);
	put_num(b, r->limit);
	put_num(b, r->claim_ms);
	put_num(b, r->duration_ms);
	put_num(b, r->exit);
	put_num(b, r->signal);
	put_num(b, r->timed_out);
	put_num(b, r->open);
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
	put_num(b, (int64_t)l->rows.n);
	for (size_t i = 0; i < l->rows.n; i++)
		put_row(b, &l->rows.v[i]);
}

static char *cache_path(const struct ledger *l)
{
	return xstrfmt("%s/cache/ledger", l->opts.state_dir);
}

/* Renamed into place, but not synced: a torn one fails its checksum. */
static void write_file(
	const struct ledger *l, const char *path, const struct buf *b)
{
	char *tmp = xstrfmt("%s.%ld", path, (long)getpid());
	unsigned file, dir;
	bool ok;
	int fd;

	unlink(tmp); /* of a crash, before the pids began anew */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		goto out;
	repo_state_modes(l->opts.repo, &file, &dir);
	ok = fchmod(fd, file) == 0 && /* whatever the umask */
	     fd_write_all(fd, b->ptr, b->len, tmp, NULL) == ERR_OK;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(tmp, path) < 0)
		unlink(tmp);
out:
	free(tmp);
}

void ledger_cache_store(struct ledger *l)
{
	struct buf b = BUF_INIT;
	char head[HEAD_LEN + 1];
	char *path = cache_path(l);

	buf_add(&b, head, HEAD_LEN); /* its place */
	store(l, &b);
	snprintf(head, sizeof(head), "%s%016llx\n", CACHE_MAGIC,
		(unsigned long long)checksum(
			b.ptr + HEAD_LEN, b.len - HEAD_LEN));
	memcpy(b.ptr, head, HEAD_LEN);
	write_file(l, path, &b);
	l->cache_stale = false;
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

static void get_row(struct reader *r, struct rowvec *l)
{
	struct state_row *row = rowvec_add(l);

	row->script = get_str(r);
	row->env = get_str(r);
	row->clone = get_str(r);
	row->run = get_str(r);
	row->reason = get_str(r);
	row->cancelled = get_str(r);
	row->user = get_str(r);
	row->host = get_str(r);
	row->signer = get_str(r);
	row->blob = get_str(r);
	row->claim = get_str(r);
	row->entry = get_str(r);
	row->state = (enum state)get_num(r);
	row->flags = (unsigned)get_num(r);
	row->attempt = get_num(r);
	row->time_ms = get_num(r);
	row->limit = get_num(r);
	row->claim_ms = get_num(r);
	row->duration_ms = get_num(r);
	row->exit = get_num(r);
	row->signal = get_num(r);
	row->timed_out = get_num(r);
	row->open = get_num(r) != 0;
	if (!row->script || !row->env || !row->clone || (int)row->state < 0 ||
		row->state >= STATE_NR)
		r->bad = true;
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
	for (size_t n = get_count(r); n && !r->bad; n--)
		get_row(r, &l->rows);
	if (r->bad || r->p != r->end)
		return false;
	l->tip = tip;
	l->loaded = true;
	return true;
}

bool ledger_cache_load(struct ledger *l)
{
	char *path = cache_path(l);
	struct buf b = BUF_INIT;
	char head[HEAD_LEN + 1];
	char id[37];
	bool ok = false;

	memcpy(id, l->id, sizeof(id));
	if (file_read(path, CACHE_MAX, false, &b, NULL) || b.len < HEAD_LEN)
		goto out;
	snprintf(head, sizeof(head), "%s%016llx\n", CACHE_MAGIC,
		(unsigned long long)checksum(
			b.ptr + HEAD_LEN, b.len - HEAD_LEN));
	if (!memcmp(head, b.ptr, HEAD_LEN)) {
		struct reader r = { b.ptr + HEAD_LEN, b.ptr + b.len, false };

		ok = fetch(l, &r) && !strcmp(id, l->id);
	}
	if (!ok) {
		ledger_forget(l);
		memcpy(l->id, id, sizeof(id));
	}
out:
	free(path);
	buf_release(&b);
	return ok;
}
