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
/* Lines that stay: the first, and the longest time between two. */
#define PLAIN_AFTER_MS 10000
#define PLAIN_MAX_MS 60000
#define BAR_MIN 8
#define BAR_MAX 24

void live_init(struct live *l, struct out *out, struct out *msg,
	const char *log_path, int64_t limit)
{
	*l = (struct live){ .out = out,
		.msg = msg,
		.hold = BUF_INIT,
		.start = clock_mono_ms(),
		.limit = limit,
		.progress = PROGRESS_INIT,
		.line_gap = PLAIN_AFTER_MS,
		.phase = BUF_INIT };
	l->line_at = l->start + PLAIN_AFTER_MS;
	l->fd = out ? open(log_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

void live_release(struct live *l)
{
	if (l->fd >= 0)
		close(l->fd); /* only read from */
	l->fd = -1;
	buf_release(&l->hold);
	progress_release(&l->progress);
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

static void add_time(const struct live *l, struct buf *b, int64_t ms)
{
	duration_rough(b, ms);
	if (l->limit > 0 && !l->phase.len) {
		buf_adds(b, " of at most ");
		duration_rough(b, l->limit * 1000);
	}
}

/* As wide as there is room for. */
static void add_bar(struct buf *b, int percent, int room)
{
	int width = room > BAR_MAX ? BAR_MAX : room;

	if (width < BAR_MIN)
		return;
	buf_addch(b, '[');
	for (int i = 0; i < width - 2; i++)
		buf_addch(b, i < (width - 2) * percent / 100 ? '#' : '.');
	buf_adds(b, "] ");
}

/* "[2/7] 62 % [####....] 6200 of 10000 users, 1240/s, 3s left, 5s of ..." */
static void compose(
	const struct live *l, struct buf *ret, int64_t ms, int columns)
{
	int percent = l->phase.len ? -1 : progress_percent(&l->progress);
	struct buf rest = BUF_INIT;

	if (l->of > 1)
		buf_addf(ret, "[%zu/%zu] ", l->nth, l->of);
	if (l->phase.len) {
		buf_addf(&rest, "%s, ", l->phase.ptr);
	} else if (l->progress.current >= 0) {
		progress_count(&l->progress, &rest);
		pace_text(&l->pace, &l->progress, &rest);
		buf_adds(&rest, ", ");
	}
	add_time(l, &rest, ms);
	if (percent >= 0) {
		buf_addf(ret, "%d %% ", percent);
		add_bar(ret, percent,
			columns - (int)ret->len - out_width(rest.ptr) - 1);
	} else {
		buf_adds(ret, "... ");
	}
	buf_addbuf(ret, &rest);
	buf_release(&rest);
}

void live_progress(
	struct live *l, int64_t current, int64_t total, const char *label)
{
	if (current < 0)
		return;
	l->line_news = l->line_news || current != l->progress.current;
	progress_set(&l->progress, current, total, label);
	pace_add(&l->pace, clock_mono_ms(), current);
}

/* Where nothing can be drawn again, and nobody may be looking. */
static void plain_line(struct live *l, int64_t now)
{
	struct buf text = BUF_INIT;

	if (!l->line_news || now < l->line_at || l->midline)
		return;
	if (l->of > 1)
		out_printf(l->msg, "[%zu/%zu] ", l->nth, l->of);
	buf_adds(&text, "progress: ");
	progress_text(&l->progress, &text);
	pace_text(&l->pace, &l->progress, &text);
	out_text(l->msg, text.ptr);
	out_printf(l->msg, "\n");
	fflush(l->msg->f);
	l->line_news = false;
	l->line_at = now + l->line_gap;
	l->line_gap =
		2 * l->line_gap < PLAIN_MAX_MS ? 2 * l->line_gap : PLAIN_MAX_MS;
	buf_release(&text);
}

void live_line(struct live *l)
{
	int64_t now = clock_mono_ms(), ms = now - l->start;
	struct buf text = BUF_INIT, fit = BUF_INIT;

	if (!l->msg->tty) {
		plain_line(l, now);
		return;
	}
	/* An unfinished line of the script's is not to be overwritten. */
	if (ms < LINE_AFTER_MS || (l->midline && l->out && l->out->tty))
		return;
	l->msg->width = term_width(fileno(l->msg->f));
	compose(l, &text, ms, l->msg->width - 1);
	out_fit(&fit, text.ptr, l->msg->width - 1, false);
	out_printf(l->msg, "\r\033[K");
	out_styled(l->msg, STYLE_DIM, "%s", fit.ptr);
	fflush(l->msg->f);
	l->shown = true;
	buf_release(&text);
	buf_release(&fit);
}
