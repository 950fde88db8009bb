/*
 * What procfs.c reads of /proc, for carriers.c.  Private to src/os.
 */
#ifndef OS_PROCFS_H
#define OS_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>
#include "strack/process.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h */

struct proc_stat {
	pid_t pid;
	pid_t ppid;
	pid_t pgrp;
	unsigned flags;
	bool alive;
	/* Its first thread has ended, and others run on: what is asked of the
	 * process has no answer, only what is asked of a thread. */
	bool headless;
	/* All 0 in the middle of an execve(2), of which the first is the last
	 * to be set. */
	unsigned long long start_code, env_start, env_end;
};

/* False when it is gone, or hidden from us.  With `thread` of that thread,
 * else of the process. */
bool proc_stat_read(pid_t pid, pid_t thread, struct proc_stat *ret);
/* All that there are now, in the order of their numbers. */
enum err proc_pids(struct pidvec *ret, struct error *err);
/* /proc/PID/NAME, or with `thread` /proc/PID/task/THREAD/NAME, for reading; -1
 * with errno. */
int proc_open(pid_t pid, pid_t thread, const char *name);
ssize_t proc_read(int fd, void *p, size_t n);

void pidvec_push(struct pidvec *l, pid_t pid);

#endif
