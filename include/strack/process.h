/*
 * Other programs: the only module that forks.  Argument lists, never a shell.
 */
#ifndef STRACK_PROCESS_H
#define STRACK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/strvec.h"

struct process_result {
	int exit;   /* exit status, or -1 */
	int signal; /* signal that ended it, or 0 */
	struct buf out;
	struct buf err;
};

#define PROCESS_RESULT_INIT                                                    \
	{                                                                      \
		-1, 0, BUF_INIT, BUF_INIT                                      \
	}

struct process_opts {
	const char *const *argv; /* argv[0] is looked up in PATH */
	const char *const *env;  /* NAME=VALUE to set, NAME to unset; or NULL */
	char *const *whole_env;  /* the whole environment; NULL: ours */
	const char *dir;         /* or NULL */
	const void *input;       /* standard input; NULL is /dev/null */
	size_t input_len;
	size_t max_out;   /* more is ERR_TOOBIG; 0 is 1 MiB */
	int timeout_ms;   /* > 0: TERM then KILL after it, ERR_FATAL */
	bool inherit_err; /* standard error is ours, not captured */
	bool inherit_in;  /* standard input is ours: ssh-keygen asks there */
};

/* Runs it to its end.  ERR_OK whenever it was started and reaped, whatever
 * its exit status; ERR_NOTFOUND when the program is missing. */
enum err process_run(const struct process_opts *opts,
	struct process_result *ret, struct error *err);
void process_result_release(struct process_result *r);

/* Like process_run, but a non-zero exit is ERR_FATAL with what it said on
 * standard error (its first lines). `ret` gets standard output. */
enum err process_capture(
	const struct process_opts *opts, struct buf *ret, struct error *err);

/* Runs a program on our own terminal and waits (pager, editor). */
enum err process_foreground(
	const char *const *argv, int *exit_status, struct error *err);

/* fork(2); flushes stdio first.  *pid 0 in the child. */
enum err process_fork(pid_t *pid, struct error *err);

/* The same, but the child is in a session of its own and ignores SIGHUP.  Until
 * it calls process_let_go it gets SIGTERM when its parent dies. */
enum err process_fork_session(pid_t *pid, struct error *err);
void process_let_go(void);

/* ---- starting a script, from the warden ---- */
struct exec_opts {
	const char *const *argv; /* argv[0] is a path or looked up in PATH */
	char *const *envp;       /* the whole environment */
	const char *dir;         /* NULL: where we are */
	int out_fd;              /* becomes 1 and 2 */
	const char *input;       /* file that becomes 0; NULL: /dev/null */
	/* out_fd is a terminal: it becomes 0 as well, and the controlling one
	 * of a session of its own */
	bool terminal;
};

/* Forks; the child makes a process group of its own, asks for SIGKILL when
 * its parent dies (and checks that it has not died already), restores every
 * signal's default and the empty mask, and executes.  Returns when the exec
 * happened (close-on-exec pipe) or failed: then ERR_FATAL with err->sys the
 * errno and *step what failed ("chdir", "exec", ...), the child reaped. */
enum err process_exec(const struct exec_opts *opts, pid_t *ret,
	const char **step, struct error *err);

/* ---- /proc ---- */
struct pidvec {
	pid_t *v;
	size_t n;
	size_t cap;
};
#define PIDVEC_INIT                                                            \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void pidvec_release(struct pidvec *l);

/* All living (not zombie) processes that descend from `root`, without it;
 * deepest last.  Whatever vanishes meanwhile is left out. */
enum err process_descendants(pid_t root, struct pidvec *ret, struct error *err);
/* All living processes of this user (all, for root) whose environment holds
 * exactly `entry` ("STRACK_RUN=01K..."), without ourselves.  None is proof:
 * where it can't be told, one of which it can't stands for it. */
enum err process_with_env(
	const char *entry, struct pidvec *ret, struct error *err);
/* Sends `sig` (0: none) to all of these; `*n` gets how many there are.  One
 * that has got the number of one that ended meanwhile is spared. */
enum err process_signal_with_env(
	const char *entry, int sig, size_t *n, struct error *err);
/* Is any process of group `pgid` alive (zombies don't count)? */
bool process_group_alive(pid_t pgid);
/* Sends `sig` to each; errors (gone already) are ignored. */
void process_signal_all(const struct pidvec *l, int sig);
/* The name of a signal, "SIGTERM"; or "signal 70". Static or thread-local. */
const char *process_signal_name(int sig);
/* Fresh value: /proc/sys/kernel/random/boot_id, and the pid namespace as
 * "pid:[4026531836]"; empty where /proc lacks them. */
enum err process_boot_id(struct buf *ret, struct error *err);
enum err process_pid_namespace(struct buf *ret, struct error *err);

#endif
