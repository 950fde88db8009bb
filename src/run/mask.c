/*
 * Takes secrets out of a stream of bytes: the texts that it was told, and
 * the password of every URL.  Knows no process, no file and no limit on what
 * is kept.
 *
 * Two stages, each with a bounded hold.  The first finds secrets, by
 * secrets.c.  The second reads what the first lets pass and masks the
 * password in scheme://user:PASSWORD@host, and the token in
 * https://TOKEN@host; the other way round a secret that is a URL would no
 * longer be found.
 */
#include "mask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "secrets.h"

/* Bytes of the stream that are masked; positions count from its begin. */
struct span {
	int64_t start, end;
	bool shown; /* its MASK_TEXT is out already */
};

enum url_state {
	URL_TEXT,
	URL_COLON,     /* seen ":" */
	URL_SLASH,     /* seen ":/" */
	URL_AUTHORITY, /* behind "://", all of it held back */
	URL_DROP,      /* in a password that is longer than the hold */
};

struct url {
	enum url_state state;
	struct buf held;
	size_t colon;   /* index + 1 of the first ':' in held, or 0 */
	size_t at;      /* index + 1 of the last '@' in held, or 0 */
	size_t dropped; /* bytes, in URL_DROP */
	char last;      /* the byte before, in URL_AUTHORITY and URL_DROP */
	bool web;       /* the scheme is http or https */
	char recent[5]; /* the last bytes of the call before, at its end */
};

struct stream {
	struct secrets *secrets;
	unsigned generation; /* of secrets, that `state` belongs to */
	uint32_t state;
	struct buf held; /* from `start` on: what is not yet decided */
	size_t start;
	int64_t base;      /* position of the first byte held */
	struct span *span; /* those that reach into held, sorted, disjoint */
	size_t spans, spans_cap;
	struct url url;
	mask_out_fn *out;
	void *arg;
};

struct mask {
	struct secrets secrets;
	struct stream stream;
};

static void url_add(struct stream *st, const char *p, size_t n);

/* ---- first stage: secrets ---- */

static size_t stream_held(const struct stream *st)
{
	return st->held.len - st->start;
}

/* Joins [start, end) with what it overlaps. */
static void span_add(struct stream *st, int64_t start, int64_t end)
{
	struct span new = { start, end, false };
	size_t hi = st->spans, lo;

	while (hi && st->span[hi - 1].start >= end)
		hi--;
	for (lo = hi; lo && st->span[lo - 1].end > start; lo--) {
		const struct span *old = &st->span[lo - 1];

		if (old->start <= new.start) {
			new.start = old->start;
			new.shown = old->shown;
		}
		if (old->end > new.end)
			new.end = old->end;
	}
	if (lo == hi)
		ARRAY_GROW(st->span, st->spans + 1, st->spans_cap);
	memmove(st->span + lo + 1, st->span + hi,
		(st->spans - hi) * sizeof(*st->span));
	st->spans += lo + 1 - hi;
	st->span[lo] = new;
}

/* Lets `n` held bytes go. */
static void held_drop(struct stream *st, size_t n)
{
	st->base += (int64_t)n;
	st->start += n;
	if (st->start == st->held.len) {
		buf_reset(&st->held);
		st->start = 0;
	} else if (st->start > 4096 && st->start > st->held.len / 2) {
		buf_remove(&st->held, 0, st->start);
		st->start = 0;
	}
}

/* Everything before position `upto` is decided. */
static void stream_decide(struct stream *st, int64_t upto)
{
	while (st->base < upto) {
		struct span *sp = st->spans ? st->span : NULL;
		int64_t end = upto;

		if (sp && sp->start <= st->base) {
			if (!sp->shown)
				url_add(st, MASK_TEXT, sizeof(MASK_TEXT) - 1);
			sp->shown = true;
			if (sp->end < end)
				end = sp->end;
		} else {
			if (sp && sp->start < end)
				end = sp->start;
			url_add(st, st->held.ptr + st->start,
				(size_t)(end - st->base));
		}
		held_drop(st, (size_t)(end - st->base));
		if (sp && sp->end <= st->base) {
			st->spans--;
			memmove(sp, sp + 1, st->spans * sizeof(*sp));
		}
	}
}

static void stream_step(struct stream *st, char c)
{
	const struct secrets *s = st->secrets;
	const struct node *n;
	int64_t end;

	buf_addch(&st->held, c);
	st->state = secrets_next(s, st->state, (unsigned char)c);
	n = &s->node[st->state];
	end = st->base + (int64_t)stream_held(st);
	if (n->longest)
		span_add(st, end - n->longest, end);
	stream_decide(st, end - n->depth);
}

/* There are new secrets: reads all that is held in either stage again. */
static void stream_again(struct stream *st)
{
	struct buf text = BUF_INIT;
	size_t before = st->url.held.len, i;

	st->generation = st->secrets->generation;
	if (!before && !stream_held(st))
		return;
	buf_addbuf(&text, &st->url.held);
	st->base -= (int64_t)before;
	buf_reset(&st->url.held);
	st->url.colon = 0;
	st->url.at = 0;
	buf_add(&text, st->held.ptr + st->start, stream_held(st));
	buf_reset(&st->held);
	st->start = 0;
	/* What is shown in part can't be found again, its begin is gone. */
	st->spans = st->spans && st->span[0].shown ? 1 : 0;
	if (st->spans)
		st->span[0].start = st->base + (int64_t)before;
	st->state = 0;
	for (i = 0; i < text.len; i++)
		stream_step(st, text.ptr[i]);
	buf_release(&text);
}

static void stream_init(
	struct stream *st, struct secrets *s, mask_out_fn *out, void *arg)
{
	memset(st, 0, sizeof(*st));
	st->secrets = s;
	st->out = out;
	st->arg = arg;
	buf_init(&st->held);
	buf_init(&st->url.held);
}

static void stream_release(struct stream *st)
{
	buf_release(&st->held);
	buf_release(&st->url.held);
	free(st->span);
	st->span = NULL;
}

static void stream_add(struct stream *st, const char *p, size_t n)
{
	size_t i = 0, skip;

	secrets_prepare(st->secrets);
	if (st->generation != st->secrets->generation)
		stream_again(st);
	if (st->secrets->nr == 1) {
		st->base += (int64_t)n;
		url_add(st, p, n);
		return;
	}
	while (i < n) {
		if (!st->state) {
			skip = secrets_skip(st->secrets, p + i, n - i);
			url_add(st, p + i, skip);
			st->base += (int64_t)skip;
			i += skip;
		}
		stream_step(st, p[i++]);
	}
}

/* ---- second stage: passwords of URLs ---- */

static void url_out(struct stream *st, const char *p, size_t n)
{
	if (n)
		st->out(p, n, st->arg);
}

/* RFC 3986 ends an authority at `?` and `#` too, but people write passwords
 * with these: a word masked too much is better than half a password shown. */
static bool url_ends(char c)
{
	unsigned char u = (unsigned char)c;

	return u <= ' ' || u == 0x7f || c == '/' || c == '"' || c == '<' ||
	       c == '>';
}

/* What stands alone before the '@' is a user to ssh; to a server of the web it
 * is a token, which such a server takes for both. */
static bool is_token(const struct url *u)
{
	size_t n = u->at ? u->at - 1 : 0;

	return u->web && n && !memchr(u->held.ptr, '?', n) &&
	       !memchr(u->held.ptr, '#', n);
}

/* The authority is complete: user:***@host, or as it was. */
static void url_decide(struct stream *st)
{
	struct url *u = &st->url;

	if (!(u->colon && u->at > u->colon) && is_token(u)) {
		url_out(st, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		url_out(st, u->held.ptr + u->at - 1, u->held.len - u->at + 1);
	} else if (u->colon && u->at > u->colon) {
		url_out(st, u->held.ptr, u->colon);
		url_out(st, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		url_out(st, u->held.ptr + u->at - 1, u->held.len - u->at + 1);
	} else {
		url_out(st, u->held.ptr, u->held.len);
	}
	buf_reset(&u->held);
}

/* The hold is full.  Behind a colon that is a token as a password more
 * likely than anything that a reader would miss. */
static void url_overflow(struct stream *st)
{
	struct url *u = &st->url;

	if (u->colon) {
		url_out(st, u->held.ptr, u->colon);
		url_out(st, MASK_TEXT, sizeof(MASK_TEXT) - 1);
		u->dropped = u->held.len - u->colon;
		u->state = URL_DROP;
	} else {
		url_out(st, u->held.ptr, u->held.len);
		u->state = URL_TEXT;
	}
	buf_reset(&u->held);
}

/* One byte in URL_AUTHORITY or URL_DROP; false when it is not part of it. */
static bool url_hold(struct stream *st, char c)
{
	struct url *u = &st->url;

	if (url_ends(c)) {
		if (u->state == URL_AUTHORITY)
			url_decide(st);
		u->state = c == '/' && u->last == ':' ? URL_SLASH : URL_TEXT;
		return false;
	}
	u->last = c;
	if (u->state == URL_DROP) {
		if (++u->dropped == MASK_URL_DROP)
			u->state = c == ':' ? URL_COLON : URL_TEXT;
		return true;
	}
	buf_addch(&u->held, c);
	if (c == ':' && !u->colon)
		u->colon = u->held.len;
	if (c == '@')
		u->at = u->held.len;
	if (u->held.len == MASK_URL_HOLD)
		url_overflow(st);
	return true;
}

/* Does the text before p[i] end in http or https?  It may have begun in the
 * call before. */
static bool is_web(const struct url *u, const char *p, size_t i)
{
	static const char *const schemes[] = { "http", "https" };

	for (size_t k = 0; k < ARRAY_SIZE(schemes); k++) {
		size_t n = strlen(schemes[k]), at;

		for (at = 0; at < n; at++) {
			/* counted from the end */
			char c = i > at ? p[i - 1 - at]
					: u->recent[sizeof(u->recent) - 1 -
						    (at - i)];

			if ((c | 0x20) != schemes[k][n - 1 - at])
				break;
		}
		if (at == n)
			return true;
	}
	return false;
}

static void url_recent(struct url *u, const char *p, size_t n)
{
	size_t max = sizeof(u->recent);

	if (n < max)
		memmove(u->recent, u->recent + n, max - n);
	else
		p += n - max;
	if (n > max)
		n = max;
	memcpy(u->recent + max - n, p, n);
}

static void url_begin(struct url *u)
{
	u->state = URL_AUTHORITY;
	u->colon = 0;
	u->at = 0;
	u->last = '/';
}

static void url_add(struct stream *st, const char *p, size_t n)
{
	struct url *u = &st->url;
	size_t i = 0, from = 0; /* from: the first byte that is not out */
	const char *colon;

	while (i < n) {
		switch (u->state) {
		case URL_TEXT:
			colon = memchr(p + i, ':', n - i);
			i = colon ? (size_t)(colon - p) + 1 : n;
			if (colon)
				u->state = URL_COLON;
			if (colon)
				u->web = is_web(u, p, i - 1);
			break;
		case URL_COLON:
			if (p[i] != ':')
				u->state = p[i] == '/' ? URL_SLASH : URL_TEXT;
			i++;
			break;
		case URL_SLASH:
			u->state = p[i] == ':' ? URL_COLON : URL_TEXT;
			if (p[i++] != '/')
				break;
			url_begin(u);
			url_out(st, p + from, i - from);
			from = i;
			break;
		case URL_AUTHORITY:
		case URL_DROP:
			if (url_hold(st, p[i++]))
				from = i;
			break;
		}
	}
	url_out(st, p + from, n - from);
	if (n)
		url_recent(u, p, n);
}

/* ---- both ---- */

static void stream_flush(struct stream *st)
{
	secrets_prepare(st->secrets);
	if (st->generation != st->secrets->generation)
		stream_again(st);
	stream_decide(st, st->base + (int64_t)stream_held(st));
	st->state = 0;
	st->spans = 0;
	if (st->url.state == URL_AUTHORITY)
		url_decide(st);
	st->url.state = URL_TEXT;
}

struct mask *mask_new(mask_out_fn *out, void *arg)
{
	struct mask *m = xcalloc(1, sizeof(*m));

	secrets_init(&m->secrets);
	stream_init(&m->stream, &m->secrets, out, arg);
	return m;
}

void mask_free(struct mask *m)
{
	if (!m)
		return;
	stream_release(&m->stream);
	secrets_release(&m->secrets);
	free(m);
}

bool mask_secret(struct mask *m, const char *secret, size_t len)
{
	return secrets_add(&m->secrets, secret, len);
}

void mask_add(struct mask *m, const void *p, size_t n)
{
	stream_add(&m->stream, p, n);
}

void mask_flush(struct mask *m)
{
	stream_flush(&m->stream);
}

static void text_out(const void *p, size_t n, void *arg)
{
	buf_add(arg, p, n);
}

void mask_text(struct mask *m, struct buf *text)
{
	struct buf masked = BUF_INIT;
	struct stream st;

	stream_init(&st, &m->secrets, text_out, &masked);
	stream_add(&st, text->ptr, text->len);
	stream_flush(&st);
	stream_release(&st);
	buf_swap(text, &masked);
	buf_release(&masked);
}
