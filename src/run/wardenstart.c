/*
 * How a warden becomes a process of its own, and starts the script: its
 * signals, the pipe or terminal for the output, the bytes that were claimed.
 */
#include "warden.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/process.h"

enum err warden_detach(struct warden *w, struct error *err)
{
	sigset_t set;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return error_sys(err, "cannot open '/dev/null'");
	/* Nothing of ours may appear on the runner's terminal. */
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return error_sys(err, "cannot redirect");
	if (null > 2)
		close(null); /* nothing was written */
	setsid();            /* can't fail: just forked, leads no group */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return error_sys(err, "cannot become subreaper");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/* A detached batch ignores it; what is blocked is not dropped for
	 * that. */
	if (!w->j->req->batch)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	/* One that is ignored is never queued: a runner under nohup. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	/* The script knows our process id: what means nothing to us must not
	 * end us. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return error_sys(err, "cannot block signals");
	w->sig_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return w->sig_fd < 0 ? error_sys(err, "cannot make a signalfd")
			     : ERR_OK;
}

enum err warden_check_bytes(const struct job *j, const struct script *file,
	const char *raw, struct error *err)
{
	char now[SHA256_HEX + 1];
	enum err rc;

	if (!file)
		return ERR_OK;
	rc = job_hash_file(j, file, now, err);
	if (!rc && strcmp(now, raw) != 0)
		rc = error_set(err, ERR_FATAL,
			"the file changed after it was claimed");
	return rc;
}

enum err warden_exec(struct warden *w, const struct program *p, enum part part,
	int out, struct error *err)
{
	struct strvec env = STRVEC_INIT;
	struct exec_opts opts = { .argv = (const char *const *)p->argv.v,
		.input = p->input,
		.out_fd = out,
		.terminal = w->j->req->console };
	const char *step = "start";
	enum err rc;

	if (w->j->req->script) /* a command runs where the person is */
		opts.dir = repo_work_tree(w->j->s->repo);
	environ_for(w->j, part, p, &env);
	opts.envp = env.v;
	w->start = clock_mono_ms();
	rc = process_exec(&opts, &w->pid, &step, err);
	if (rc) {
		int sys = err->sys;

		error_reset(err);
		rc = error_set(err, ERR_FATAL, "%s: %s (errno %d)", step,
			sys ? strerror(sys) : "failed", sys);
	}
	strvec_release(&env);
	return rc;
}

enum err warden_open_output(const struct job *j, int out[2], struct error *err)
{
	if (j->req->console)
		return pty_open(&j->console.before, &out[0], &out[1], err);
	if (pipe2(out, O_CLOEXEC))
		return error_sys(err, "cannot make a pipe");
	if (fcntl(out[0], F_SETFL, O_NONBLOCK))
		return error_sys(err, "cannot set up a pipe");
	return ERR_OK;
}
