/*
 * Ending all that descends from this process.  Knows no run and no ledger.
 */
#include "ending.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strack/process.h"

/* Tells all of them, and how many there are. */
static size_t tell(const struct ending *e, const int *sig, size_t nsig)
{
	struct pidvec all = PIDVEC_INIT;
	size_t n;

	if (process_descendants(getpid(), &all, NULL)) {
		/* No /proc: the group of the script is all that we know. */
		for (size_t i = 0; i < nsig; i++)
			kill(-e->group, sig[i]); /* may be gone */
		n = process_group_alive(e->group) ? 1 : 0;
	} else {
		for (size_t i = 0; i < nsig; i++)
			process_signal_all(&all, sig[i]);
		n = all.n;
	}
	pidvec_release(&all);
	return n;
}

void ending_begin(struct ending *e, pid_t group, int64_t now, int64_t grace_ms)
{
	static const int ask[] = { SIGTERM, SIGCONT };

	e->group = group;
	e->step = ENDING_ASKED;
	e->deadline = now + grace_ms;
	tell(e, ask, 2);
}

void ending_hurry(struct ending *e, int64_t now)
{
	if (e->step == ENDING_ASKED)
		e->deadline = now;
}

bool ending_step(struct ending *e, int64_t now)
{
	static const int force[] = { SIGKILL };

	if (e->step == ENDING_ASKED && now >= e->deadline) {
		e->step = ENDING_KILLED;
		e->deadline = now + ENDING_REAP_MS;
	}
	if (e->step == ENDING_ASKED)
		return tell(e, NULL, 0) == 0;
	/* Again and again: one that forks fast is ahead of a single look. */
	return tell(e, force, 1) == 0 || now >= e->deadline;
}

int64_t ending_left(void)
{
	struct pidvec all = PIDVEC_INIT;
	siginfo_t si;
	int64_t n = 0;

	/* Every orphan of ours is our child: without a child nothing is left,
	 * and all of /proc need not be read to know it. */
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 &&
		errno == ECHILD)
		return 0;
	if (process_descendants(getpid(), &all, NULL) == ERR_OK)
		n = (int64_t)all.n;
	pidvec_release(&all);
	return n;
}
