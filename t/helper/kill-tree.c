/*
 * Runs a command, the runner, and kills some of it with SIGKILL at an instant.
 *
 *	kill-tree WHO WHEN MICROSECONDS COMMAND [ARGUMENT...]
 *
 * WHO holds r for the runner, w for its warden (the child that leads a session)
 * and s for the script (the warden's child that leads a process group).  The
 * time counts from the `start`, from when all of them are `there`, or from when
 * the file that WHEN names is there too.  Those that are there at that instant
 *are stopped first, so that none acts on the death of another, and then killed.
 *
 * On standard output: `hit` and the letters of those that were, the exit status
 * of the command as a shell gives it, and the warden's process id or 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US 60000000 /* until all of them are there */
#define STEP_US 200

struct tree {
	pid_t pid[3]; /* runner, warden, script; 0: not there */
};

static const char letters[] = "rws";

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

/* The child of `parent` that leads its session, or its process group. */
static pid_t child_of(pid_t parent, pid_t (*leader)(pid_t))
{
	char path[64];
	pid_t found = 0;
	long pid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children",
		(long)parent, (long)parent);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (!found && fscanf(f, "%ld", &pid) == 1)
		if (leader((pid_t)pid) == (pid_t)pid)
			found = (pid_t)pid;
	fclose(f);
	return found;
}

/* The script leads no session; a daemon does, which the warden inherits. */
static pid_t group_of(pid_t pid)
{
	return getsid(pid) == pid ? 0 : getpgid(pid);
}

/* A warden that led no session yet when its runner was killed is ours now. */
static pid_t itself_if_warden(pid_t pid)
{
	char path[64], name[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%15s", name) != 1)
		name[0] = '\0';
	fclose(f);
	return strcmp(name, "git-strack") ? 0 : pid;
}

static void look(struct tree *t)
{
	if (!t->pid[1])
		t->pid[1] = child_of(t->pid[0], getsid);
	if (t->pid[1] && !t->pid[2])
		t->pid[2] = child_of(t->pid[1], group_of);
}

static int over(pid_t pid)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ||
	       si.si_pid == pid;
}

static int all_there(const struct tree *t, const char *who)
{
	for (int i = 0; i < 3; i++)
		if (strchr(who, letters[i]) && !t->pid[i])
			return 0;
	return 1;
}

static void await(struct tree *t, const char *who, const char *file)
{
	long end = now_us() + PATIENCE_US;

	while ((!all_there(t, who) || access(file, F_OK)) && !over(t->pid[0]) &&
		now_us() < end) {
		usleep(STEP_US);
		look(t);
	}
}

/* Returns the letters of those that were there. */
static const char *strike(struct tree *t, const char *who)
{
	static char hit[4];
	char *p = hit;

	look(t);
	for (int sig = SIGSTOP; sig; sig = sig == SIGSTOP ? SIGKILL : 0)
		for (int i = 0; i < 3; i++) {
			if (!strchr(who, letters[i]) || !t->pid[i] ||
				(i == 0 && over(t->pid[0])))
				continue;
			if (!kill(t->pid[i], sig) && sig == SIGKILL)
				*p++ = letters[i];
		}
	return hit;
}

int main(int argc, char **argv)
{
	struct tree t = { { 0 } };
	const char *hit;
	int status;
	long end;

	if (argc < 5)
		return 129;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 128;
	t.pid[0] = fork();
	if (t.pid[0] < 0)
		return 128;
	if (!t.pid[0]) {
		dup2(2, 1); /* what we say is not what it says */
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	end = now_us();
	if (strcmp(argv[2], "start")) {
		await(&t, argv[1], strcmp(argv[2], "there") ? argv[2] : "/");
		end = now_us();
	}
	end += atol(argv[3]);
	while (now_us() < end && !over(t.pid[0]))
		usleep((useconds_t)(end - now_us() > STEP_US ? STEP_US : 50));
	hit = strike(&t, argv[1]);
	while (waitpid(t.pid[0], &status, 0) < 0 && errno == EINTR)
		;
	if (!t.pid[1])
		t.pid[1] = child_of(getpid(), itself_if_warden);
	printf("hit %s %d %ld\n", *hit ? hit : "none",
		WIFEXITED(status) ? WEXITSTATUS(status)
				  : 128 + WTERMSIG(status),
		(long)t.pid[1]);
	return 0;
}
