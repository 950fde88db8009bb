/*
 * The second thing that a warden starts: the verify companion of a script that
 * went well.  It is watched as the script is, with a time limit of its own,
 * and its output stands in the same log.  What it says against the run makes
 * the run failed; the numbers of the outcome stay the script's.
 */
#include "warden.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/process.h"

static bool went_well(const struct warden *w)
{
	return w->started && w->reaped && WIFEXITED(w->status) &&
	       !WEXITSTATUS(w->status) && !w->timed_out && !w->cancelled &&
	       !w->said.skip;
}

static void say(struct warden *w, const char *what)
{
	char *line = xstrfmt("verify: %s", what);

	capture_line(w->j->cap, line, strlen(line));
	free(line);
}

/* From its start to its end; what it was watched by is as at the beginning. */
static enum err run_it(struct warden *w, struct error *err)
{
	const struct job *j = w->j;
	struct program program = PROGRAM_INIT;
	int out[2] = { -1, -1 };
	enum err rc;

	w->phase = PHASE_RUN;
	w->reaped = false;
	w->ending = (struct ending){ .step = ENDING_NOT };
	rc = warden_check_bytes(j, j->req->verify, j->verify_raw, err);
	if (!rc)
		rc = program_make(
			w->j, j->req->verify, PART_VERIFY, &program, err);
	if (!rc)
		rc = warden_open_output(j, out, err);
	if (!rc)
		rc = warden_limit(w, j->verify_limit, err);
	if (!rc)
		rc = warden_exec(w, &program, PART_VERIFY, out[1], err);
	if (out[1] >= 0)
		close(out[1]); /* the companion has it now */
	w->out_fd = out[0];
	if (!rc) {
		warden_watch(w);
		warden_drain(w);
	} else if (w->out_fd >= 0) {
		close(w->out_fd); /* nothing was written */
		w->out_fd = -1;
	}
	program_release(&program);
	return rc;
}

static char *judge(const struct warden *w)
{
	struct buf limit = BUF_INIT;
	char *ret = NULL;

	if (w->timed_out) {
		duration_format(&limit, w->limit * 1000);
		ret = xstrfmt("verify: timed out after %s", limit.ptr);
	} else if (w->cancelled) {
		ret = xstrdup("verify: cancelled");
	} else if (!w->reaped) {
		ret = xstrdup("verify: lost sight of it");
	} else if (WIFSIGNALED(w->status)) {
		ret = xstrfmt("verify: killed by %s",
			process_signal_name(WTERMSIG(w->status)));
	} else if (WEXITSTATUS(w->status)) {
		ret = xstrfmt("verify: exit %d", WEXITSTATUS(w->status));
	}
	buf_release(&limit);
	return ret;
}

void warden_verify(struct warden *w)
{
	const struct script *verify = w->j->req->verify;
	struct error err = ERROR_INIT;
	int64_t start = w->start, end = w->end;
	int status = w->status;

	if (!verify || !went_well(w))
		return;
	w->verified = true;
	say(w, verify->path);
	if (run_it(w, &err))
		w->verdict =
			xstrfmt("verify: can't be started: %s", err.text.ptr);
	else
		w->verdict = judge(w);
	if (w->verdict)
		say(w, w->verdict + strlen("verify: "));
	w->start = start;
	w->end = end;
	w->status = status;
	w->reaped = true;
	error_release(&err);
}
