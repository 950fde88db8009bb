/* Between a pseudo-terminal and the lifeline.  Reads neither: the warden
 * does. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "warden.h"

#define PACKET (LIFE_TEXT_MAX / 2)
#define LEFT_MAX                                                               \
	(1 << 20)   /* that a runner which stands still may still get          \
		     */
#define END_MS 2000 /* without any progress */

void relay_begin(struct warden *w)
{
	w->relay = (struct relay){
		.tty = -1, .shown = BUF_INIT, .typed = BUF_INIT
	};
	if (w->j->req->console)
		w->relay.tty = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* Room for a packet; and then some is left for small ones of other kinds. */
static bool has_room(const struct warden *w, int ms)
{
	struct pollfd p = { .fd = w->j->life, .events = POLLOUT };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLOUT);
}

static void push_shown(struct warden *w, int ms)
{
	const struct life l = { .kind = LIFE_OUTPUT };
	struct buf *b = &w->relay.shown;

	if (w->runner_gone)
		buf_reset(b);
	while (b->len && has_room(w, ms)) {
		size_t n = b->len < PACKET ? b->len : PACKET;

		if (!lifeline_send(w->j->life, &l, b->ptr, n))
			return;
		buf_remove(b, 0, n);
	}
}

static void push_typed(struct warden *w)
{
	const struct life taken = { .kind = LIFE_TAKEN };
	struct buf *b = &w->relay.typed;
	ssize_t n = 0;

	while (b->len && w->out_fd >= 0) {
		n = write(w->out_fd, b->ptr, b->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_remove(b, 0, (size_t)n);
	}
	if (n < 0 && errno != EAGAIN)
		buf_reset(b); /* nobody is there to read it */
	if (b->len || !w->relay.asked)
		return;
	w->relay.asked = false;
	lifeline_send(w->j->life, &taken, NULL, 0);
}

void relay_push(struct warden *w)
{
	push_shown(w, 0);
	push_typed(w);
}

bool relay_full(const struct warden *w)
{
	return w->relay.shown.len && !w->runner_gone && w->phase < PHASE_END;
}

void relay_show(struct warden *w, const char *p, size_t n)
{
	if (w->runner_gone || !w->j->req->console)
		return;
	if (w->phase < PHASE_END || w->relay.shown.len < LEFT_MAX)
		buf_add(&w->relay.shown, p, n);
	push_shown(w, 0);
}

void relay_note(struct warden *w, const char *text)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "\r\n[git strack: %s]\r\n", text);
	relay_show(w, line.ptr, line.len);
	buf_release(&line);
}

void relay_take(struct warden *w, const struct life *l, const struct buf *text)
{
	if (!w->j->req->console)
		return;
	if (l->kind == LIFE_SIZE && w->out_fd >= 0)
		terminal_set_size(
			w->out_fd, (unsigned short)l->a, (unsigned short)l->b);
	if (l->kind != LIFE_INPUT)
		return;
	buf_addbuf(&w->relay.typed, text);
	w->relay.asked = true;
	push_typed(w);
}

void relay_orphan(struct warden *w)
{
	if (w->relay.tty < 0)
		return;
	terminal_restore(w->relay.tty, &w->j->console.before, true);
	close(w->relay.tty); /* only looked at */
	w->relay.tty = -1;
}

void relay_hang_up(const struct warden *w)
{
	if (w->j->req->console && w->pid > 0)
		kill(-w->pid, SIGHUP); /* may be gone */
}

void relay_end(struct warden *w)
{
	if (w->j->req->console)
		push_shown(w, END_MS);
	buf_release(&w->relay.shown);
	buf_release(&w->relay.typed);
}
