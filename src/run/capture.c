/*
 * What a script says, on its way to the log: masked, digested, written to
 * the full log, and kept as head and tail within a limit.  Knows no process,
 * no ledger, and not how secrets are found (mask.c).
 */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "strack/file.h"
#include "mask.h"

#define OUT_MAX 16384   /* small pieces are gathered up to this */
#define SHORT_LINE 1024 /* a cut goes back to a line border this near */

struct capture {
	struct mask *mask;
	struct digest *digest;
	char hex[SHA256_HEX + 1];
	int log_fd;
	int log_error;
	int64_t bytes;
	bool ended;
	bool midline; /* the last byte was no newline */

	struct buf out; /* masked, not yet in any of the below */
	char *head;
	size_t head_len, head_max;
	char *tail; /* a ring; tail_next is also its oldest byte once full */
	size_t tail_len, tail_max, tail_next;
};

static void tail_add(struct capture *c, const char *p, size_t n)
{
	size_t room;

	if (n > c->tail_max) {
		p += n - c->tail_max;
		n = c->tail_max;
	}
	while (n) {
		room = c->tail_max - c->tail_next;
		if (room > n)
			room = n;
		memcpy(c->tail + c->tail_next, p, room);
		c->tail_next = (c->tail_next + room) % c->tail_max;
		c->tail_len += room;
		p += room;
		n -= room;
	}
	if (c->tail_len > c->tail_max)
		c->tail_len = c->tail_max;
}

static void log_add(struct capture *c, const char *p, size_t n)
{
	struct error err = ERROR_INIT;

	/* After one failure nothing more: a log with holes would mislead. */
	if (c->log_fd < 0 || c->log_error)
		return;
	if (fd_write_all(c->log_fd, p, n, "log", &err))
		c->log_error = err.sys ? err.sys : EIO;
	error_release(&err);
}

static void settle(struct capture *c, const char *p, size_t n)
{
	size_t room = c->head_max - c->head_len;

	if (!n)
		return;
	c->bytes += (int64_t)n;
	digest_add(c->digest, p, n);
	log_add(c, p, n);
	if (room > n)
		room = n;
	if (room) {
		memcpy(c->head + c->head_len, p, room);
		c->head_len += room;
	}
	tail_add(c, p + room, n - room);
}

static void flush(struct capture *c)
{
	settle(c, c->out.ptr, c->out.len);
	buf_reset(&c->out);
}

/* What the masking lets pass. */
static void masked_out(const void *p, size_t n, void *arg)
{
	struct capture *c = arg;

	c->midline = ((const char *)p)[n - 1] != '\n';
	if (c->out.len + n > OUT_MAX)
		flush(c);
	if (n > OUT_MAX)
		settle(c, p, n);
	else
		buf_add(&c->out, p, n);
}

struct capture *capture_new(int log_fd, int64_t keep)
{
	struct capture *c = xcalloc(1, sizeof(*c));

	c->mask = mask_new(masked_out, c);
	c->digest = digest_new();
	c->log_fd = log_fd;
	buf_init(&c->out);
	if (keep > 0) {
		c->head_max = (size_t)keep / 2;
		c->tail_max = (size_t)keep - c->head_max;
		c->head = xcalloc(1, c->head_max + 1);
		c->tail = xcalloc(1, c->tail_max);
	}
	return c;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	mask_free(c->mask);
	digest_free(c->digest);
	buf_release(&c->out);
	free(c->head);
	free(c->tail);
	free(c);
}

bool capture_mask(struct capture *c, const char *secret, size_t len)
{
	return mask_secret(c->mask, secret, len);
}

void capture_mask_text(const struct capture *c, struct buf *text)
{
	mask_text(c->mask, text);
}

void capture_add(struct capture *c, const void *p, size_t n)
{
	if (c->ended)
		return;
	mask_add(c->mask, p, n);
	/* Now and not when the buffer is full: the log may be followed. */
	flush(c);
}

/* Goes in before what is held back: to decide that here would show a secret
 * of which the script has written one half. */
void capture_line(struct capture *c, const char *line, size_t n)
{
	struct buf text = BUF_INIT;

	if (c->ended)
		return;
	buf_add(&text, line, n);
	mask_text(c->mask, &text);
	if (!text.len || text.ptr[text.len - 1] != '\n')
		buf_addch(&text, '\n');
	if (c->midline)
		buf_insert(&text, 0, "\n", 1);
	masked_out(text.ptr, text.len, c);
	flush(c);
	buf_release(&text);
}

void capture_end(struct capture *c)
{
	if (c->ended)
		return;
	mask_flush(c->mask);
	flush(c);
	digest_final(c->digest, c->hex);
	c->digest = NULL;
	c->ended = true;
}

int64_t capture_bytes(const struct capture *c)
{
	return c->bytes;
}

void capture_digest(struct capture *c, char ret[SHA256_HEX + 1])
{
	memcpy(ret, c->hex, sizeof(c->hex));
}

int capture_log_error(const struct capture *c)
{
	return c->log_error;
}

static bool is_continuation(char ch)
{
	return ((unsigned char)ch & 0xc0) == 0x80;
}

/* `n` less the begin of a UTF-8 character that goes on behind it. */
static size_t cut_char_end(const char *p, size_t n)
{
	size_t back, need;
	unsigned char lead;

	for (back = 1; back <= 3 && back <= n; back++) {
		lead = (unsigned char)p[n - back];
		if (is_continuation((char)lead))
			continue;
		need = lead >= 0xf0   ? 4
		       : lead >= 0xe0 ? 3
		       : lead >= 0xc0 ? 2
				      : 1;
		return need > back ? n - back : n;
	}
	return n;
}

/* How many bytes of a text that begins anywhere belong to a character that
 * began before it. */
static size_t cut_char_begin(const char *p, size_t n)
{
	size_t i = 0;

	while (i < 3 && i < n && is_continuation(p[i]))
		i++;
	return i;
}

static size_t cut_head(const char *p, size_t n)
{
	size_t i, near = n / 2 < SHORT_LINE ? n / 2 : SHORT_LINE;

	for (i = n; i > n - near; i--)
		if (p[i - 1] == '\n')
			return i;
	return cut_char_end(p, n);
}

static size_t cut_tail(const char *p, size_t n)
{
	size_t near = n / 2 < SHORT_LINE ? n / 2 : SHORT_LINE;
	const char *nl = memchr(p, '\n', near);

	return nl ? (size_t)(nl - p) + 1 : cut_char_begin(p, n);
}

static void tail_get(const struct capture *c, struct buf *ret)
{
	size_t at = c->tail_len < c->tail_max ? 0 : c->tail_next;

	buf_add(ret, c->tail + at, c->tail_len - at);
	buf_add(ret, c->tail, at);
}

void capture_kept(const struct capture *c, struct buf *ret)
{
	struct buf tail = BUF_INIT;
	size_t head = c->head_len, skip = 0;

	if (!c->tail_max)
		return;
	tail_get(c, &tail);
	if (c->bytes > (int64_t)(c->head_len + tail.len)) {
		head = cut_head(c->head, head);
		skip = cut_tail(tail.ptr, tail.len);
	}
	buf_add(ret, c->head, head);
	if (c->bytes > (int64_t)(c->head_len + tail.len)) {
		if (head && c->head[head - 1] != '\n')
			buf_addch(ret, '\n');
		buf_addf(ret,
			"[... %" PRId64 " bytes left out; SHA-256 of all of it "
			"is in the entry ...]\n",
			c->bytes - (int64_t)(head + tail.len - skip));
	}
	buf_add(ret, tail.ptr + skip, tail.len - skip);
	buf_release(&tail);
}

void capture_tail(
	const struct capture *c, int lines, size_t max, struct buf *ret)
{
	struct buf kept = BUF_INIT;
	const char *p;
	size_t n, i;

	capture_kept(c, &kept);
	i = kept.len;
	if (i && kept.ptr[i - 1] == '\n')
		i--; /* ends the last line, begins none */
	for (; i; i--)
		if (kept.ptr[i - 1] == '\n' && --lines <= 0)
			break;
	p = kept.ptr + i;
	n = kept.len - i;
	if (n > max) {
		p += n - max;
		n = max;
		i = cut_char_begin(p, n);
		p += i;
		n -= i;
	}
	buf_add(ret, p, n);
	buf_release(&kept);
}
