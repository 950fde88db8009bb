/*
 * A batch that goes on by itself.  It is a child that keeps the terminal, and
 * dies with whoever started it, until its first script runs: so what is wrong
 * is told where a person sees it, and nothing runs that nobody was told of.
 * From then on it is alone, and a log gets what it says.
 */
#include "strack/underway.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/process.h"
#include "job.h"
#include "lifeline.h"

#define LOOK_MS 200 /* a death that is not told otherwise */

void detach_release(struct detach *d)
{
	if (d->fd >= 0)
		close(d->fd); /* nothing more to say */
	lock_forget(&d->log);
	free(d->log_path);
	*d = (struct detach)DETACH_INIT;
}

char *detach_log_path(const struct session *s, const char *batch)
{
	return xstrfmt("%s/logs/batch-%s.log", s->state_dir, batch);
}

bool detach_lives(const char *log_path)
{
	bool held = false;

	return !lock_held(log_path, &held, NULL) && held;
}

/* Its lock tells that the batch lives, and keeps `cleanup` away. */
static enum err open_log(
	struct detach *d, const struct session *s, struct error *err)
{
	mode_t mode = 0600;
	struct stat st;
	enum err rc;

	if (!stat(s->state_dir, &st))
		mode = (st.st_mode & 0660) | 0600;
	rc = run_new_id(d->id, err);
	if (rc)
		return rc;
	d->log_path = detach_log_path(s, d->id);
	rc = lock_take(&d->log, d->log_path, mode, 0, NULL, err);
	if (rc)
		error_prefix(err, "no log for the messages of the batch");
	return rc ? ERR_FATAL : ERR_OK;
}

enum err detach_fork(
	struct detach *d, const struct session *s, struct error *err)
{
	int ends[2] = { -1, -1 };
	enum err rc = open_log(d, s, err);

	if (!rc)
		rc = lifeline_open(ends, err);
	if (!rc)
		rc = process_fork_session(&d->pid, err);
	if (rc) {
		if (ends[0] >= 0)
			close(ends[0]); /* nothing was said */
		if (ends[1] >= 0)
			close(ends[1]);
		lock_release(&d->log, true);
		return rc;
	}
	d->fd = ends[d->pid ? 0 : 1];
	close(ends[d->pid ? 1 : 0]); /* the other's */
	if (d->pid)
		lock_forget(&d->log); /* the batch has it */
	return ERR_OK;
}

/* ---- the parent ---- */

static enum err batch_died(int status, struct error *err)
{
	error_hint(err, "see what became of it:\n  git strack status");
	if (WIFSIGNALED(status))
		return error_set(err, ERR_FATAL,
			"the process of the batch was killed by %s",
			process_signal_name(WTERMSIG(status)));
	return error_set(err, ERR_FATAL,
		"the process of the batch ended with exit status %d",
		WEXITSTATUS(status));
}

/* False while it goes on. */
static bool has_died(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, WNOHANG);
	while (got < 0 && errno == EINTR);
	return got != 0;
}

/* What the batch said of its end; text, NUL, hint. */
static enum err batch_ended(
	const struct life *l, const struct buf *text, struct error *err)
{
	size_t n = strlen(text->ptr);

	if (n)
		error_set(err, ERR_FATAL, "%s", text->ptr);
	if (n + 1 < text->len)
		error_hint(err, "%s", text->ptr + n + 1);
	return (enum err)l->a;
}

static int wait_end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

enum err detach_await(struct detach *d, char run[ULID_LEN + 1], int64_t *more,
	struct error *err)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN };
	struct buf text = BUF_INIT;
	struct life l = { .kind = LIFE_CLOSED };
	bool died = false;
	int status = 0;
	enum err rc = ERR_OK;

	/* Dead or not is asked first: then all that it said is there. */
	while (!lifeline_next(d->fd, &l, &text) && !died) {
		poll(&p, 1, LOOK_MS); /* EINTR, ENOMEM: look again */
		died = has_died(d->pid, &status);
	}
	*run = '\0';
	if (l.kind == LIFE_STARTED && text.len == ULID_LEN) {
		memcpy(run, text.ptr, ULID_LEN + 1);
		*more = l.a;
	} else if (l.kind == LIFE_DONE) {
		if (!died)
			wait_end(d->pid);
		rc = batch_ended(&l, &text, err);
	} else {
		if (!died)
			status = wait_end(d->pid);
		rc = batch_died(status, err);
	}
	buf_release(&text);
	return rc;
}

/* ---- the batch ---- */

static void redirect(const struct detach *d, struct session *s)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* What can't be written is out_finish's to report, to the log. */
	(void)fflush(NULL);
	/* dup2 fails in no way that could be met here. */
	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	(void)dup2(d->log.fd, STDOUT_FILENO);
	(void)dup2(d->log.fd, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null); /* nothing was written */
	out_init(&s->out, stdout, s->color);
	out_init(&s->msg, stderr, s->color);
}

void detach_started(
	struct detach *d, struct session *s, const char *run, int64_t more)
{
	const struct life l = { .kind = LIFE_STARTED, .a = more };

	if (d->fd < 0)
		return;
	process_let_go();
	redirect(d, s);
	lifeline_send(d->fd, &l, run, strlen(run));
	close(d->fd); /* all is said */
	d->fd = -1;
	lock_forget(&d->log); /* the standard descriptors hold it */
}

enum err detach_ended(struct detach *d, enum err rc, struct error *err)
{
	const struct life l = { .kind = LIFE_DONE, .a = rc };
	struct buf text = BUF_INIT;

	if (d->fd < 0)
		return rc;
	(void)fflush(NULL); /* what it showed comes before what it says */
	buf_addbuf(&text, &err->text);
	buf_addch(&text, '\0');
	buf_addbuf(&text, &err->hint);
	if (text.len > LIFE_TEXT_MAX)
		buf_setlen(&text, LIFE_TEXT_MAX);
	lifeline_send(d->fd, &l, text.ptr, text.len);
	buf_release(&text);
	error_reset(err);
	lock_release(&d->log, true); /* it is empty */
	return ERR_OK;
}
