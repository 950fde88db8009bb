/*
 * Watches over one run, in a process and session of its own: starts the
 * script, listens to it, ends it when it must end, and records the outcome.
 * It holds the locks of the run; that they are free says that it is gone.
 * Knows no terminal and shows nothing: the runner follows the log.
 */
#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/file.h"
#include "strack/process.h"
#include "lifeline.h"

#define CHUNK 65536
#define GROUP_MS 5000        /* for the rest of the process group */
#define EVENTS_MAX (1 << 20) /* bytes of events between two looks around */
#define EVENTS_MS 50         /* a script that says much wakes us that often */
#define WARN_PERCENT 80
#define DRAIN_MS 500  /* for what is left in a console's terminal */
#define ORDERS_MAX 16 /* between two looks around */

/* ---- telling the runner ---- */

static void send_phase(const struct warden *w, const char *text)
{
	const struct life l = { .kind = LIFE_PHASE };

	lifeline_send(w->j->life, &l, text, strlen(text));
}

/* At most one tick is under way, so that a runner that does not read never
 * fills the lifeline. */
static void send_tick(struct warden *w)
{
	struct life l = { .kind = LIFE_TICK };
	int64_t bytes = capture_bytes(w->j->cap);

	if (bytes != w->log_bytes || w->said.progress)
		w->tick_due = true;
	if (!w->tick_due || !w->tick_free || w->j->req->console)
		return;
	l.a = w->said.label ? w->said.current : -1;
	l.b = w->said.label ? w->said.total : -1;
	lifeline_send(w->j->life, &l, w->said.label,
		w->said.label ? strlen(w->said.label) : 0);
	w->tick_free = w->tick_due = w->said.progress = false;
	w->log_bytes = bytes;
}

/* ---- the time limit ---- */

static void arm(struct warden *w, int64_t ms)
{
	struct itimerspec at = { .it_value = { .tv_sec = ms / 1000,
					 .tv_nsec = ms % 1000 * 1000000 } };

	if (w->timer_set)
		timer_settime(w->timer, 0, &at, NULL); /* can't fail: valid */
}

enum err warden_limit(struct warden *w, int64_t seconds, struct error *err)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM };

	w->limit = seconds;
	w->warned = false;
	if (seconds <= 0)
		return ERR_OK;
	if (!w->timer_set && timer_create(CLOCK_MONOTONIC, &ev, &w->timer))
		return error_sys(err, "cannot make a timer");
	w->timer_set = true;
	arm(w, seconds * 1000 * WARN_PERCENT / 100);
	return ERR_OK;
}

/* ---- ending it ---- */

static void end_all(struct warden *w, int64_t grace_ms)
{
	if (w->phase == PHASE_END || w->phase == PHASE_OVER)
		return;
	w->phase = PHASE_END;
	arm(w, 0);
	send_phase(w, "ending it");
	relay_note(w, w->timed_out ? "ending it: timed out" : "ending it");
	relay_hang_up(w);
	ending_begin(&w->ending, w->pid, clock_mono_ms(), grace_ms);
}

static void cancel(struct warden *w, char *who)
{
	if (w->cancelled) {
		ending_hurry(&w->ending, clock_mono_ms());
		free(who);
		return;
	}
	if (w->phase == PHASE_END) { /* at the time limit: no more patience */
		ending_hurry(&w->ending, clock_mono_ms());
		free(who);
		return;
	}
	w->cancelled = who;
	if (w->started)
		end_all(w, w->j->s->settings.grace * 1000);
}

/* The limit is over, or 80 % of it. */
static void on_alarm(struct warden *w)
{
	struct buf line = BUF_INIT;
	int64_t limit = w->limit * 1000;

	if (w->phase != PHASE_RUN)
		return;
	if (!w->warned) {
		w->warned = true;
		arm(w, limit - limit * WARN_PERCENT / 100);
		buf_printf(&line, "warn: %d %% of the time limit of ",
			WARN_PERCENT);
		duration_format(&line, limit);
		buf_adds(&line, " is over");
		capture_line(w->j->cap, line.ptr, line.len);
		relay_note(w, line.ptr);
		buf_release(&line);
		return;
	}
	w->timed_out = true;
	end_all(w, w->j->s->settings.grace * 1000);
}

static char *sender(
	const struct warden *w, int sig, int code, pid_t pid, uid_t uid)
{
	const struct passwd *pw;

	if (code > 0 || pid <= 0) /* the kernel: a key, or a hang-up */
		return xstrfmt("%s from %s@%s", process_signal_name(sig),
			w->j->s->user, w->j->tty ? w->j->tty : w->j->s->host);
	pw = getpwuid(uid);
	if (!pw)
		return xstrfmt("%s from process %ld of uid %lu",
			process_signal_name(sig), (long)pid,
			(unsigned long)uid);
	return xstrfmt("%s from process %ld of %s", process_signal_name(sig),
		(long)pid, pw->pw_name);
}

/* ---- what comes in ---- */

static void read_lifeline(struct warden *w)
{
	struct buf text = BUF_INIT;
	struct life l;

	while (!w->runner_gone && lifeline_next(w->j->life, &l, &text)) {
		switch (l.kind) {
		case LIFE_CANCEL:
			cancel(w, sender(w, l.sig, l.code, l.pid, l.uid));
			break;
		case LIFE_SEEN:
			w->tick_free = true;
			break;
		case LIFE_CLOSED:
			w->runner_gone = true;
			relay_orphan(w);
			/* a detached one goes on without */
			if (!w->j->req->batch && !w->cancelled &&
				w->phase != PHASE_END)
				cancel(w, xstrdup("the runner is gone"));
			break;
		case LIFE_INPUT:
		case LIFE_SIZE:
			relay_take(w, &l, &text);
			break;
		case LIFE_STARTED:
		case LIFE_TICK:
		case LIFE_PHASE:
		case LIFE_FAILED:
		case LIFE_DONE:
		case LIFE_TAKEN:
		case LIFE_OUTPUT:
			break;
		}
	}
	buf_release(&text);
}

static void read_control(struct warden *w)
{
	struct buf who = BUF_INIT;

	for (int i = 0; i < ORDERS_MAX && control_next(&w->control, &who); i++)
		cancel(w, xstrdup(who.ptr));
	buf_release(&who);
}

static void script_ended(struct warden *w, int status)
{
	w->reaped = true;
	w->status = status;
	w->end = clock_mono_ms();
	if (w->phase != PHASE_RUN)
		return;
	arm(w, 0);
	w->phase = PHASE_GROUP;
	w->group_until = w->end + GROUP_MS;
}

/* The orphans of the script come to us; they are reaped and forgotten. */
static void reap(struct warden *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == w->pid)
			script_ended(w, status);
}

static void read_signals(struct warden *w)
{
	struct signalfd_siginfo si;

	while (read(w->sig_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			reap(w);
		else if (si.ssi_signo == SIGALRM)
			on_alarm(w);
		else
			cancel(w, sender(w, (int)si.ssi_signo, si.ssi_code,
					  (pid_t)si.ssi_pid, si.ssi_uid));
	}
}

/* At most `max` bytes; 0: all that there is now, but not what is appended
 * meanwhile, so that a script that never stops does not keep us here. */
static void read_events(struct warden *w, int64_t max)
{
	struct error err = ERROR_INIT;

	w->events_more = false;
	if (w->events_open && events_read(&w->events, max, said_event, &w->said,
				      &w->events_more, &err)) {
		capture_line(w->j->cap, err.text.ptr, err.text.len);
		events_close(&w->events);
		w->events_open = w->events_more = false;
	}
	error_release(&err);
}

/* One chunk and its size; 0 when there is none now.  Read first, then the
 * events: what the script asked to mask before it wrote these bytes is known by
 * then.  Where we are far behind with the events, the output waits. */
static size_t read_output(struct warden *w)
{
	char chunk[CHUNK];
	ssize_t n;

	if (w->out_fd < 0 || relay_full(w) || w->events_more)
		return 0;
	do {
		n = read(w->out_fd, chunk, sizeof(chunk));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		close(w->out_fd); /* only read from */
		w->out_fd = -1;
		return 0;
	}
	read_events(w, 0);
	capture_add(w->j->cap, chunk, (size_t)n);
	relay_show(w, chunk, (size_t)n);
	return (size_t)n;
}

/* ---- the loop ---- */

/* What may happen without any of the descriptors telling. */
static int look_again_ms(const struct warden *w)
{
	if (w->events_more)
		return 0;
	switch (w->phase) {
	case PHASE_RUN:
		if (w->events_open && clock_mono_ms() < w->events_at)
			return EVENTS_MS;
		return 200; /* events without output */
	case PHASE_GROUP:
	case PHASE_END:
		return 20;
	case PHASE_OVER:
		return 0;
	}
	return 0;
}

static void move_on(struct warden *w)
{
	int64_t now = clock_mono_ms();

	if (w->phase == PHASE_GROUP &&
		(now >= w->group_until || !process_group_alive(w->pid)))
		w->phase = PHASE_OVER;
	if (w->phase == PHASE_END && ending_step(&w->ending, now))
		w->phase = PHASE_OVER;
}

static int events_watched(const struct warden *w, int64_t now)
{
	return w->events_open && now >= w->events_at ? w->events.watch_fd : -1;
}

static void what_to_watch(const struct warden *w, struct pollfd p[5])
{
	short out = relay_full(w) ? 0 : POLLIN, life = POLLIN;

	if (w->relay.typed.len)
		out |= POLLOUT;
	if (w->relay.shown.len)
		life |= POLLOUT;
	p[0] = (struct pollfd){ .fd = w->sig_fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = w->runner_gone ? -1 : w->j->life,
		.events = life };
	p[2] = (struct pollfd){ .fd = out ? w->out_fd : -1, .events = out };
	p[3] = (struct pollfd){ .fd = w->control.fd, .events = POLLIN };
	p[4] = (struct pollfd){ .fd = events_watched(w, clock_mono_ms()),
		.events = POLLIN };
}

/* Something was said: what comes right behind it is heard together. */
static void heard_events(struct warden *w)
{
	events_heard(&w->events);
	w->events_at = clock_mono_ms() + EVENTS_MS;
}

void warden_watch(struct warden *w)
{
	struct pollfd p[5];

	while (w->phase != PHASE_OVER) {
		what_to_watch(w, p);
		if (poll(p, 5, look_again_ms(w)) < 0)
			usleep(1000); /* no memory: it may pass */
		else if (p[4].revents)
			heard_events(w);
		read_output(w);
		read_events(w, EVENTS_MAX);
		read_signals(w);
		read_lifeline(w);
		relay_push(w);
		read_control(w);
		move_on(w);
		send_tick(w);
	}
}

/* The last words of a session may be on their way through the terminal still.
 * Once nobody has it open it says so; but somebody may stay. */
static void drain_terminal(struct warden *w)
{
	int64_t until = clock_mono_ms() + DRAIN_MS;

	while (w->out_fd >= 0 && clock_mono_ms() < until) {
		struct pollfd p = { .fd = w->out_fd, .events = POLLIN };

		if (poll(&p, 1, DRAIN_MS / 5) < 1)
			break;
		read_output(w);
	}
	relay_end(w);
}

/* What the script wrote before it ended is in the pipe; whoever outlives it
 * may go on writing, but not to us. */
void warden_drain(struct warden *w)
{
	int bytes = 0;
	size_t rest, n;

	reap(w);
	w->phase = PHASE_OVER; /* also of what was not started */
	read_events(w, 0);
	if (w->j->req->console)
		drain_terminal(w);
	else if (w->out_fd >= 0 && ioctl(w->out_fd, FIONREAD, &bytes))
		bytes = 0;
	for (rest = (size_t)bytes; rest; rest -= n < rest ? n : rest) {
		n = read_output(w);
		if (!n)
			break;
	}
	if (w->out_fd >= 0)
		close(w->out_fd); /* only read from */
	w->out_fd = -1;
	read_events(w, 0);
	if (w->events_open) {
		events_end(&w->events, said_event, &w->said);
		events_close(&w->events);
		w->events_open = false;
	}
}

/* ---- starting ---- */

/* Anything that goes wrong here is why the script was not started. */
static enum err start(struct warden *w, struct error *err)
{
	char *path = path_join(w->j->dir.path, "events");
	int out[2] = { -1, -1 };
	enum err rc;

	rc = warden_detach(w, err);
	if (!rc)
		rc = warden_check_bytes(w->j, w->j->file, w->j->raw, err);
	if (!rc)
		rc = events_open(&w->events, path, err);
	if (!rc) {
		w->events_open = true;
		events_watch(&w->events, path);
	}
	if (!rc)
		rc = warden_open_output(w->j, out, err);
	if (!rc) {
		read_lifeline(w);
		read_control(w);
	}
	if (!rc && w->cancelled)
		rc = error_set(err, ERR_FATAL, "cancelled");
	if (!rc)
		rc = warden_limit(w, w->j->req->timeout, err);
	if (!rc)
		rc = warden_exec(w, &w->j->program, PART_SCRIPT, out[1], err);
	if (out[1] >= 0)
		close(out[1]); /* the script has it now */
	w->out_fd = out[0];
	w->started = !rc;
	free(path);
	return rc;
}

/* ---- the end ---- */

static void tell_result(
	const struct warden *w, enum err rc, const struct error *err)
{
	struct life l = { .kind = rc ? LIFE_FAILED : LIFE_DONE };
	int sys = w->j->log_fd < 0 ? EIO : capture_log_error(w->j->cap);
	struct buf text = BUF_INIT;

	if (rc) {
		buf_addbuf(&text, &err->text);
		buf_addch(&text, '\0');
		buf_addbuf(&text, &err->hint);
		if (text.len > LIFE_TEXT_MAX)
			buf_setlen(&text, LIFE_TEXT_MAX);
	} else if (sys) {
		buf_addf(&text, "%s", strerror(sys));
	}
	lifeline_send(w->j->life, &l, text.ptr, text.len);
	buf_release(&text);
}

static void close_run(struct warden *w)
{
	struct job *j = w->j;

	if (capture_bytes(j->cap) == 0 && j->log_fd >= 0)
		unlink(j->log_path); /* empty; no harm if it stays */
	/* First the folder, then the locks: whoever gets them must not find a
	 * run that nobody holds. */
	rundir_remove(j->s->state_dir, j->run, NULL); /* cleanup does, later */
	lock_release(&j->lock, true);
}

void warden_main(struct job *j)
{
	struct warden w = { .j = j,
		.sig_fd = -1,
		.out_fd = -1,
		.tick_free = true,
		.said = SAID_INIT,
		.control = { .fd = j->dir.control, .line = BUF_INIT } };
	const struct life started = { .kind = LIFE_STARTED };
	struct error err = ERROR_INIT, why = ERROR_INIT;
	char *refused = NULL;
	enum err rc;

	w.said.cap = j->cap;
	w.start = w.end = clock_mono_ms();
	relay_begin(&w);
	if (start(&w, &why)) {
		refused = xstrfmt("can't be started: %s", why.text.ptr);
	} else {
		lifeline_send(j->life, &started, NULL, 0);
		warden_watch(&w);
	}
	warden_drain(&w);
	warden_ask_database(&w);
	warden_verify(&w);
	capture_end(j->cap);
	send_tick(&w);
	send_phase(&w, "recording it");
	rc = outcome_record(&w, refused, &err);
	if (!rc)
		close_run(&w);
	tell_result(&w, rc, &err);
	/* Not exit(3): the runner's buffers and handlers are not ours. */
	_exit(rc ? 1 : 0);
}
