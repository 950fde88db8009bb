/*
 * The side of a run that a person started: lock, claim, fork the warden, and
 * then show what it does and pass on the signals of the terminal.  That this
 * process dies ends the run, but never leaves it unrecorded.
 */
#include "job.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/process.h"
#include "strack/term.h"
#include "lifeline.h"
#include "live.h"

/* ---- signals ---- */

/*
 * A handler sends them on itself, because this process may hang in a write to
 * a terminal that stands still; so these two can't be but global.
 */
static volatile sig_atomic_t signal_fd = -1;
static volatile sig_atomic_t signal_seen;

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct guard {
	sigset_t mask; /* as it was */
	struct sigaction old[ARRAY_SIZE(passed_on)];
	bool handled;
};

static void on_signal(int sig, siginfo_t *si, void *ctx)
{
	struct life l = { .kind = LIFE_CANCEL,
		.sig = sig,
		.code = si->si_code,
		.pid = si->si_pid,
		.uid = si->si_uid };

	(void)ctx;
	signal_seen = 1;
	if (signal_fd >= 0)
		lifeline_send(signal_fd, &l, NULL, 0);
}

/* From before the claim until the warden is there, a signal has to wait. */
static void signals_hold(struct guard *g)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, &g->mask); /* can't fail: valid */
}

static void signals_pass_on(struct guard *g, int fd)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_RESTART };

	sa.sa_sigaction = on_signal;
	sigemptyset(&sa.sa_mask);
	signal_fd = fd;
	signal_seen = 0;
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++) {
		sigaction(passed_on[i], NULL, &g->old[i]);
		/* nohup, or a job in the background: keep ignoring it */
		if (g->old[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &sa, NULL);
	}
	g->handled = true;
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

static void signals_restore(struct guard *g)
{
	signal_fd = -1;
	for (size_t i = 0; g->handled && i < ARRAY_SIZE(passed_on); i++)
		sigaction(passed_on[i], &g->old[i], NULL);
	sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

/* ---- the lock ---- */

const char *job_folder(const struct job *j)
{
	return j->req->script ? j->req->script->path : LEDGER_EXEC_DIR;
}

static enum err take_lock(struct job *j, struct error *err)
{
	const char *script = job_folder(j);
	char *path, *note;
	struct buf holder = BUF_INIT, word = BUF_INIT;
	enum err rc;

	if (!j->req->script)
		return ERR_OK;
	path = job_lock_path(j->s, j->s->env, script);
	note = xstrfmt("run %s, process %ld of %s", j->run, (long)getpid(),
		j->s->user);
	rc = lock_take(&j->lock, path, job_file_mode(j->s),
		j->req->wait ? -1 : 0, &holder, err);
	if (rc == ERR_HELD) {
		buf_trim_end(&holder);
		error_reset(err);
		shell_word(&word, script);
		error_hint(err, "wait for it:\n  git strack %s%s%s --wait%s%s",
			j->req->undo ? "rollback" : "run",
			strcmp(j->s->env, ENV_LOCAL) ? " --env " : "",
			strcmp(j->s->env, ENV_LOCAL) ? j->s->env : "",
			j->req->undo ? " " : "", j->req->undo ? word.ptr : "");
		error_hint(err, "or follow it:\n  git strack attach%s%s %s",
			strcmp(j->s->env, ENV_LOCAL) ? " --env " : "",
			strcmp(j->s->env, ENV_LOCAL) ? j->s->env : "",
			word.ptr);
		error_set(err, ERR_HELD, "%s: another runner has it (%s)",
			script, holder.len ? holder.ptr : "just begun");
	} else if (!rc) {
		rc = lock_note(&j->lock, note, err);
	}
	buf_release(&holder);
	buf_release(&word);
	free(path);
	free(note);
	return rc;
}

static enum err look_again(struct job *j, struct error *err)
{
	bool moved = false, still = true;
	enum err rc = ledger_refresh(j->s->ledger, &moved, err);

	/* Asked even when it did not move: it may have before the lock. */
	if (!rc)
		rc = ledger_require_sound(j->s->ledger, err);
	if (!rc && j->req->still)
		rc = j->req->still(&still, j->req->arg, err);
	return !rc && !still ? ERR_MOVED : rc;
}

/* ---- after the fork ---- */

struct result {
	const struct job *j;
	bool known;
	bool failed;
	struct buf text; /* what could not be done */
	struct buf hint;
};

static void keep_result(
	struct result *res, const struct life *l, const struct buf *text)
{
	size_t n = strlen(text->ptr);

	res->known = true;
	res->failed = l->kind == LIFE_FAILED;
	buf_set(&res->text, text->ptr);
	if (n < text->len)
		buf_add(&res->hint, text->ptr + n + 1, text->len - n - 1);
}

struct follower {
	struct live live;
	int fd; /* this side's end of the lifeline */
	struct result res;
};

static bool take_message(
	const struct life *l, const struct buf *text, void *arg)
{
	const struct life seen = { .kind = LIFE_SEEN };
	struct follower *f = arg;
	struct live *live = &f->live;

	switch (l->kind) {
	case LIFE_STARTED:
		if (f->res.j->req->running)
			f->res.j->req->running(
				f->res.j->run, f->res.j->req->arg);
		break;
	case LIFE_TICK:
		live_progress(live, l->a, l->b, text->ptr);
		live_follow(live);
		lifeline_send(f->fd, &seen, NULL, 0);
		break;
	case LIFE_PHASE:
		buf_set(&live->phase, text->ptr);
		break;
	case LIFE_FAILED:
	case LIFE_DONE:
		keep_result(&f->res, l, text);
		break;
	case LIFE_CLOSED:
		return false;
	case LIFE_CANCEL:
	case LIFE_SEEN:
	case LIFE_INPUT:
	case LIFE_SIZE:
	case LIFE_TAKEN:
	case LIFE_OUTPUT:
		break;
	}
	return true;
}

/* Until the warden's end of the lifeline closes. */
static void follow(struct follower *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	struct buf text = BUF_INIT;
	bool open = true;
	struct life l;

	while (open) {
		if (poll(&p, 1, f->live.msg->tty ? 1000 : -1) < 0 &&
			errno != EINTR)
			usleep(1000); /* no memory: it may pass */
		while (open && lifeline_next(f->fd, &l, &text))
			open = take_message(&l, &text, f);
		if (open)
			live_line(&f->live);
	}
	live_end(&f->live);
	buf_release(&text);
}

static void follow_console(struct follower *f, struct console *c)
{
	out_finish(f->live.out, NULL); /* it remembers a failure */
	console_relay(c, f->fd, take_message, f);
	f->live.midline = c->midline;
}

/* The warden was killed.  The kernel ends the script; what else there is may
 * take a moment to go, or stay. */
static enum err without_warden(struct job *j, int status, struct error *err)
{
	struct lost_report report = LOST_REPORT_INIT;
	enum run_life life = RUN_ALIVE;
	enum err rc = ERR_OK;

	/* for 3 s, and ever more rarely: a look reads all of /proc */
	for (int i = 0; !rc && life == RUN_ALIVE && i < 21; i++) {
		if (i)
			usleep((useconds_t)(i < 10 ? i : 10) * 20000);
		rc = session_run_life(j->s, j->run, &life, err);
	}
	if (!rc)
		rc = lost_record(j->s, false, &report, err);
	lost_report_release(&report);
	if (rc)
		return rc;
	if (life == RUN_ALIVE)
		return lost_alive(j->s, j->run, err);
	if (WIFSIGNALED(status))
		return error_set(err, ERR_NO,
			"the warden of run %s was killed by %s", j->run,
			process_signal_name(WTERMSIG(status)));
	return error_set(err, ERR_NO,
		"the warden of run %s ended without an outcome", j->run);
}

static enum err conclude(
	struct job *j, const struct result *res, int status, struct error *err)
{
	bool moved;
	enum err rc;

	if (res->failed) {
		rc = error_set(err, ERR_FATAL,
			"the outcome of run %s could not be recorded: %s",
			j->run, res->text.ptr);
		if (res->hint.len)
			error_hint(err, "%s", res->hint.ptr);
		return rc;
	}
	rc = ledger_refresh(j->s->ledger, &moved, err);
	/* It goes well only when it is recorded, even where there was no room
	 * left to say so. */
	if (!rc && !res->known && !(WIFEXITED(status) && !WEXITSTATUS(status)))
		rc = without_warden(j, status, err);
	else if (!rc && res->text.len)
		out_printf(&j->s->msg,
			"warning: the full log could not be written: %s\n",
			res->text.ptr);
	return rc;
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Nothing but the warden holds the locks from here on. */
static void hand_over(struct job *j)
{
	rundir_forget(&j->dir);
	lock_forget(&j->lock);
	if (j->log_fd >= 0)
		close(j->log_fd); /* written to by the warden alone */
	j->log_fd = -1;
}

static enum err start_and_follow(struct job *j, struct guard *g,
	struct run_report *ret, struct error *err)
{
	struct follower f = {
		.res = { .j = j, .text = BUF_INIT, .hint = BUF_INIT }
	};
	int ends[2] = { -1, -1 }, status;
	pid_t pid;
	enum err rc;

	live_init(
		&f.live, j->req->out, &j->s->msg, j->log_path, j->req->timeout);
	f.live.nth = j->req->nth;
	f.live.of = j->req->of;
	rc = lifeline_open(ends, err);
	if (!rc)
		rc = process_fork(&pid, err);
	if (rc)
		goto out;
	if (!pid) {
		close(ends[0]); /* the runner's */
		j->life = ends[1];
		warden_main(j);
	}
	close(ends[1]); /* the warden's */
	hand_over(j);
	signals_pass_on(g, ends[0]);
	f.fd = ends[0];
	if (j->req->console)
		follow_console(&f, &j->console);
	else
		follow(&f);
	signal_fd = -1;
	status = reap(pid);
	ret->cancelled = signal_seen;
	ret->midline = f.live.midline;
	rc = conclude(j, &f.res, status, err);
out:
	if (ends[0] >= 0)
		close(ends[0]); /* nothing more to say */
	live_release(&f.live);
	buf_release(&f.res.text);
	buf_release(&f.res.hint);
	return rc;
}

/* ---- all of it ---- */

enum err run_new_id(char ret[ULID_LEN + 1], struct error *err)
{
	unsigned char r[10];
	enum err rc = random_bytes(r, sizeof(r), err);

	if (!rc)
		ulid_format(ret, clock_now_ms(), r);
	return rc;
}

static void job_release(struct job *j)
{
	if (j->maybe_claimed)
		rundir_forget(&j->dir);
	else
		rundir_drop(&j->dir);
	lock_release(&j->lock, true);
	program_release(&j->program);
	buf_release(&j->resume);
	entry_release(&j->claim);
	if (j->log_fd >= 0) {
		close(j->log_fd); /* nothing was written */
		unlink(j->log_path);
	}
	free(j->log_path);
	capture_free(j->cap);
	free(j->tty);
}

/* An outcome in the journal, its objects and trees, twice over. */
#define RESERVE_BYTES (512 * 1024)

/* A claim that failed may be on the branch all the same. */
static bool may_be_claimed(struct job *j)
{
	const struct state_row *r;
	bool moved;

	if (ledger_refresh(j->s->ledger, &moved, NULL))
		return true;
	if (!j->req->script)
		return command_is_recorded(j);
	r = ledger_row(j->s->ledger, j->req->script->path, j->s->env);
	return r && r->run && !strcmp(r->run, j->run);
}

/* Everything up to the claim can still be undone. */
static enum err claim_it(struct job *j, struct error *err)
{
	enum err rc = ERR_OK;

	if (j->req->undo || (j->req->attempt > 1 && !j->req->from_start))
		rc = resume_collect(j->s, j->req->script->path, j->req->undo,
			&j->resume, err);
	if (!rc)
		rc = rundir_create(&j->dir, j->s->state_dir, j->run,
			job_folder(j), j->s->env, &j->resume, err);
	if (!rc && j->req->batch)
		rc = rundir_put(j->s->state_dir, j->run, RUNDIR_BATCH,
			j->req->batch, err);
	if (!rc)
		rc = rundir_reserve(&j->dir,
			RESERVE_BYTES + 2 * j->s->settings.log_keep, err);
	if (!rc)
		rc = job_prepare(j, err);
	if (!rc) {
		rc = job_claim(j, err);
		/* The folder is what tells that it is lost. */
		j->maybe_claimed = !rc || j->unsure ||
				   (rc != ERR_MOVED && rc != ERR_HELD &&
					   may_be_claimed(j));
	}
	return rc;
}

enum err run_one(struct session *s, const struct run_request *req,
	struct run_report *ret, struct error *err)
{
	struct job j = { .s = s,
		.req = req,
		.file = req->undo ? req->undo : req->script,
		.lock = LOCK_INIT,
		.dir = RUNDIR_INIT,
		.resume = BUF_INIT,
		.program = PROGRAM_INIT,
		.claim = ENTRY_INIT,
		.log_fd = -1,
		.tty = term_name() };
	struct guard g = { .handled = false };
	enum err rc;

	*ret = (struct run_report){ .log_path = NULL };
	rc = session_clone_signer(s, &j.signer, err);
	if (!rc)
		rc = run_new_id(j.run, err);
	if (!rc)
		rc = take_lock(&j, err);
	signals_hold(&g);
	if (!rc)
		rc = look_again(&j, err);
	if (!rc)
		rc = claim_it(&j, err);
	if (!rc) {
		memcpy(ret->run, j.run, sizeof(j.run));
		memcpy(ret->claim, j.claim.id, sizeof(j.claim.id));
		ret->log_path = xstrdup(j.log_path);
		if (req->started)
			req->started(j.run, req->arg);
		rc = start_and_follow(&j, &g, ret, err);
	}
	job_release(&j);
	signals_restore(&g);
	return rc;
}

enum err run_wait(struct session *s, const char *script, struct error *err)
{
	char *path = job_lock_path(s, s->env, script);
	struct lock lock = LOCK_INIT;
	enum err rc = lock_take(&lock, path, job_file_mode(s), -1, NULL, err);

	lock_release(&lock, true);
	free(path);
	return rc;
}

void run_report_release(struct run_report *r)
{
	free(r->log_path);
	r->log_path = NULL;
}
