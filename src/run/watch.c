/*
 * Follows a run from outside: what its warden and its script write into files
 * is all that is looked at, so nothing here can hold it up.
 */
#include "strack/underway.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/rundir.h"
#include "events.h"
#include "job.h"
#include "live.h"
#include "said.h"

#define LOOK_MS 100
#define LINE_MS 1000         /* between two lines that only the time moves */
#define EVENTS_MAX (1 << 20) /* bytes of events between two looks */
/* Of events that are read only to tell how far a run is; about 10^6 of them. */
#define GLANCE_MAX (32 << 20)

/* A handler has nothing else to set. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void catch_interrupt(struct sigaction *old)
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	/* Without SA_RESTART: a write to a terminal that stands still ends. */
	sigemptyset(&sa.sa_mask);
	interrupted = 0;
	sigaction(SIGINT, NULL, old); /* can't fail: valid */
	if (old->sa_handler != SIG_IGN)
		sigaction(SIGINT, &sa, NULL);
}

struct follower {
	struct live live;
	struct events events;
	bool events_open;
	struct said said;
	int64_t line_at; /* when the line was drawn last */
};

static void read_progress(struct follower *f)
{
	bool more = true;

	while (f->events_open && more) {
		if (!events_read(&f->events, EVENTS_MAX, said_event, &f->said,
			    &more, NULL))
			continue;
		events_close(&f->events); /* then there is no progress */
		f->events_open = false;
	}
	if (!f->said.progress)
		return;
	f->said.progress = false;
	live_progress(&f->live, f->said.current, f->said.total, f->said.label);
	f->line_at = 0;
}

/* The log is made right before the claim. */
static void open_log(struct live *l, const char *path)
{
	if (l->fd < 0)
		l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static void look(struct follower *f, const char *log)
{
	int64_t now = clock_mono_ms();

	open_log(&f->live, log);
	live_follow(&f->live);
	read_progress(f);
	if (f->live.shown && now < f->line_at + LINE_MS)
		return;
	live_line(&f->live);
	f->line_at = now;
}

bool underway_progress(
	const struct session *s, const char *run, struct progress *ret)
{
	char *path = rundir_path(s->state_dir, run, "events");
	struct said said = SAID_INIT;
	struct events ev = { .fd = -1 };
	bool more = false;

	said.cap = capture_new(-1, 0);
	environ_mask(&s->settings, said.cap);
	if (underway_held(s, run) && !events_open(&ev, path, NULL)) {
		if (events_read(
			    &ev, GLANCE_MAX, said_event, &said, &more, NULL))
			more = true;
		events_close(&ev);
	}
	if (said.label && !more)
		progress_set(ret, said.current, said.total, said.label);
	more = more || !said.label;
	capture_free(said.cap);
	said_release(&said);
	free(path);
	return !more;
}

enum err underway_watch(struct session *s, struct watch *w, struct error *err)
{
	char *log = xstrfmt("%s/logs/%s.log", s->state_dir, w->run);
	char *events = rundir_path(s->state_dir, w->run, "events");
	struct follower f = { .said = SAID_INIT };
	struct sigaction old;

	f.said.cap = capture_new(-1, 0);
	environ_mask(&s->settings, f.said.cap);
	catch_interrupt(&old);
	live_init(&f.live, &s->out, &s->msg, log, w->limit);
	f.live.stop = &interrupted;
	if (w->since && w->since < clock_now_ms())
		f.live.start -= clock_now_ms() - w->since;
	f.events_open = !events_open(&f.events, events, NULL);
	while (!interrupted && !s->out.sys && underway_held(s, w->run)) {
		look(&f, log);
		poll(NULL, 0, LOOK_MS); /* a signal ends it early */
	}
	w->left = interrupted;
	open_log(&f.live, log);
	live_end(&f.live);
	w->midline = f.live.midline;
	sigaction(SIGINT, &old, NULL);
	if (f.events_open)
		events_close(&f.events);
	capture_free(f.said.cap);
	said_release(&f.said);
	live_release(&f.live);
	free(events);
	free(log);
	return w->left ? ERR_OK : out_finish(&s->out, err);
}
