/*
 * Between a person's terminal and the lifeline.  Nobody waits for a tick: what
 * is typed is sent as it is read, and shown as it comes back.  At most one
 * packet of typing is under way, so a program that reads nothing holds back
 * the keyboard and nothing else.
 */
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define AGAIN_MS 20 /* until a packet that found no room is tried again */

/* For the handlers alone, so these two can't be but global. */
static const struct console *shown_on;
static volatile sig_atomic_t watching;

enum err console_open(struct console *c, struct error *err)
{
	*c = (struct console){ .life = -1, .typed = BUF_INIT };
	return terminal_read(STDIN_FILENO, &c->before, err);
}

/* ---- signals ---- */

static void send_size(const struct console *c)
{
	struct life l = { .kind = LIFE_SIZE };
	unsigned short columns, rows;

	if (!terminal_size(STDIN_FILENO, &columns, &rows))
		return;
	l.a = columns;
	l.b = rows;
	lifeline_send(c->life, &l, NULL, 0);
}

/* A new size; or we were stopped, and a shell has set up the terminal for
 * itself meanwhile. */
static void on_change(int sig)
{
	int saved = errno;

	if (watching) {
		if (sig == SIGCONT)
			terminal_make_raw(STDIN_FILENO, &shown_on->before);
		send_size(shown_on);
	}
	errno = saved;
}

struct handlers {
	struct sigaction winch, cont;
};

static void watch_terminal(struct console *c, struct handlers *old)
{
	struct sigaction sa = { .sa_handler = on_change,
		.sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	shown_on = c;
	watching = 1;
	sigaction(SIGWINCH, &sa, &old->winch); /* can't fail: valid */
	sigaction(SIGCONT, &sa, &old->cont);
	terminal_make_raw(STDIN_FILENO, &c->before);
	send_size(c); /* it may have changed since it was looked at */
}

static void leave_terminal(struct console *c, const struct handlers *old)
{
	watching = 0;
	sigaction(SIGWINCH, &old->winch, NULL);
	sigaction(SIGCONT, &old->cont, NULL);
	terminal_restore(STDIN_FILENO, &c->before, false);
	shown_on = NULL;
}

/* ---- both ways ---- */

/* A terminal that is gone takes nothing; the transcript is the warden's. */
static void show(struct console *c, const struct buf *text)
{
	size_t at = 0;
	ssize_t n;

	while (at < text->len) {
		n = write(STDOUT_FILENO, text->ptr + at, text->len - at);
		if (n < 0 && errno == EAGAIN)
			usleep(1000); /* whoever shares it made it so */
		else if (n < 0 && errno != EINTR)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
	if (text->len)
		c->midline = text->ptr[text->len - 1] != '\n';
}

static void send_typed(struct console *c)
{
	const struct life l = { .kind = LIFE_INPUT };

	if (!c->typed.len || c->waits)
		return;
	if (!lifeline_send(c->life, &l, c->typed.ptr, c->typed.len))
		return;
	buf_reset(&c->typed);
	c->waits = true;
}

static void read_typed(struct console *c)
{
	const struct life hang_up = {
		.kind = LIFE_CANCEL, .sig = SIGHUP, .code = SI_KERNEL
	};
	char data[CONSOLE_TYPED_MAX];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) { /* in raw mode no key does that */
		c->gone = true;
		lifeline_send(c->life, &hang_up, NULL, 0);
		return;
	}
	buf_add(&c->typed, data, (size_t)n);
	send_typed(c);
}

static bool take(struct console *c, const struct life *l,
	const struct buf *text, console_fn *fn, void *arg)
{
	switch (l->kind) {
	case LIFE_OUTPUT:
		show(c, text);
		return true;
	case LIFE_TAKEN:
		c->waits = false;
		return true;
	case LIFE_CANCEL:
	case LIFE_SEEN:
	case LIFE_INPUT:
	case LIFE_SIZE:
	case LIFE_STARTED:
	case LIFE_TICK:
	case LIFE_PHASE:
	case LIFE_FAILED:
	case LIFE_DONE:
	case LIFE_CLOSED:
		break;
	}
	return fn(l, text, arg);
}

void console_relay(struct console *c, int life, console_fn *fn, void *arg)
{
	struct handlers old;
	struct buf text = BUF_INIT;
	struct pollfd p[2];
	bool open = true;
	struct life l;

	c->life = life;
	watch_terminal(c, &old);
	while (open) {
		bool reads = !c->gone && !c->waits && !c->typed.len;

		p[0] = (struct pollfd){ .fd = life, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = reads ? STDIN_FILENO : -1,
			.events = POLLIN };
		if (poll(p, 2, c->typed.len ? AGAIN_MS : -1) < 0) {
			if (errno != EINTR)
				usleep(1000); /* no memory: it may pass */
			p[1].revents = 0;
		}
		while (open && lifeline_next(life, &l, &text))
			open = take(c, &l, &text, fn, arg);
		if (open && p[1].revents)
			read_typed(c);
		if (open)
			send_typed(c);
	}
	leave_terminal(c, &old);
	buf_release(&text);
	buf_release(&c->typed);
}
