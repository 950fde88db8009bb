/* Follows the log of a run and shows it.  Knows no process and no ledger. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/term.h"
#include "strack/text.h"

#define CHUNK 16384
#define LINE_AFTER_MS 1000 /* what ends sooner needs no line */

void live_init(struct live *l, struct out *out, struct out *msg,
	const char *log_path, int64_t limit)
{
	*l = (struct live){ .out = out,
		.msg = msg,
		.hold = BUF_INIT,
		.start = clock_mono_ms(),
		.limit = limit,
		.current = -1,
		.label = BUF_INIT,
		.phase = BUF_INIT };
	l->fd = out ? open(log_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

void live_release(struct live *l)
{
	if (l->fd >= 0)
		close(l->fd); /* only read from */
	l->fd = -1;
	buf_release(&l->hold);
	buf_release(&l->label);
	buf_release(&l->phase);
}

void live_clear(struct live *l)
{
	if (!l->shown)
		return;
	out_printf(l->msg, "\r\033[K");
	fflush(l->msg->f);
	l->shown = false;
}

/* How much of it can be shown: all but the begin of a character whose rest
 * has not been written yet. */
static size_t whole(const char *p, size_t n)
{
	size_t back, need;
	unsigned char c;

	for (back = 1; back <= 3 && back <= n; back++) {
		c = (unsigned char)p[n - back];
		if ((c & 0xc0) == 0x80)
			continue;
		need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
		return need > back ? n - back : n;
	}
	return n;
}

static void show(struct live *l, const char *p, size_t n)
{
	if (!n)
		return;
	live_clear(l);
	out_block(l->out, p, n);
	l->midline = p[n - 1] != '\n';
}

void live_follow(struct live *l)
{
	char chunk[CHUNK];
	bool any = false;
	ssize_t n;
	size_t now;

	while (l->fd >= 0 && !(l->stop && *l->stop)) {
		n = read(l->fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		any = true;
		buf_add(&l->hold, chunk, (size_t)n);
		now = whole(l->hold.ptr, l->hold.len);
		show(l, l->hold.ptr, now);
		buf_remove(&l->hold, 0, now);
	}
	if (any)
		out_finish(l->out, NULL); /* it remembers a failure */
}

void live_end(struct live *l)
{
	live_follow(l);
	show(l, l->hold.ptr, l->hold.len);
	buf_reset(&l->hold);
	live_clear(l);
	if (l->out)
		out_finish(l->out, NULL);
}

/* Tenths of a second are no use in what changes once a second. */
static void add_seconds(struct buf *b, int64_t ms)
{
	if (ms < 60000)
		buf_addf(b, "%" PRId64 "s", ms / 1000);
	else
		duration_format(b, ms / 1000 * 1000);
}

static void add_progress(const struct live *l, struct buf *b)
{
	if (l->current < 0)
		return;
	buf_addf(b, ", %" PRId64, l->current);
	if (l->total > 0)
		buf_addf(b, " of %" PRId64, l->total);
	if (l->label.len)
		buf_addf(b, " %s", l->label.ptr);
	if (l->total > 0 && l->current <= l->total)
		buf_addf(b, " (%d %%)",
			(int)((double)l->current * 100 / (double)l->total));
}

void live_line(struct live *l)
{
	int64_t ms = clock_mono_ms() - l->start;
	struct buf text = BUF_INIT, fit = BUF_INIT;

	/* An unfinished line of the script's is not to be overwritten. */
	if (!l->msg->tty || ms < LINE_AFTER_MS || (l->midline && l->out->tty))
		return;
	buf_adds(&text, "... ");
	if (l->phase.len)
		buf_addf(&text, "%s, ", l->phase.ptr);
	add_seconds(&text, ms);
	if (l->limit > 0 && !l->phase.len) {
		buf_adds(&text, " of at most ");
		add_seconds(&text, l->limit * 1000);
	}
	add_progress(l, &text);
	l->msg->width = term_width(fileno(l->msg->f));
	out_fit(&fit, text.ptr, l->msg->width - 1, false);
	out_printf(l->msg, "\r\033[K");
	out_styled(l->msg, STYLE_DIM, "%s", fit.ptr);
	fflush(l->msg->f);
	l->shown = true;
	buf_release(&text);
	buf_release(&fit);
}
