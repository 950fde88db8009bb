/* The other end of fault-server.c. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fault-world.h"

#define PATIENCE_MS 120000

void ended_drop(struct ended *e)
{
	drop(&e->out);
	drop(&e->err);
}

static void take(int fd, struct text *to)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		add(to, part, (size_t)n);
}

/* The program, started up to its main, and what it says. */
static int control, said[2];
static pid_t server;

void start_server(const char *preload, const char *count, char *const *argv)
{
	int ends[2], out[2], err[2];
	char fd[16];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
		pipe2(out, O_CLOEXEC | O_NONBLOCK) ||
		pipe2(err, O_CLOEXEC | O_NONBLOCK))
		fatal("pipe");
	/* nobody reads before it is over */
	fcntl(out[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(err[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(out[1], F_SETFL, 0);
	fcntl(err[1], F_SETFL, 0);
	server = fork();
	if (server < 0)
		fatal("fork");
	if (!server) {
		int null = open("/dev/null", O_RDONLY);

		fcntl(ends[1], F_SETFD, 0);
		if (dup2(null, 0) || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0)
			_exit(126);
		snprintf(fd, sizeof(fd), "%d", ends[1]);
		setenv("STRACK_FAULT_SERVER", fd, 1);
		setenv("STRACK_FAULT_COUNT", count, 1);
		setenv("LD_PRELOAD", preload, 1);
		execvp(argv[0], argv);
		_exit(126);
	}
	close(ends[1]);
	close(out[1]);
	close(err[1]);
	control = ends[0];
	said[0] = out[0];
	said[1] = err[0];
}

static void put(struct text *t, const char *s)
{
	add(t, s, strlen(s) + 1);
}

/* `how` NULL: no fault. */
static void ask_for(char *const *argv, const char *how, int at, long now)
{
	struct text req = { 0 };

	put(&req, "STRACK_FAULT_DIR=w/r");
	addf(&req, "STRACK_FAULT_NOW=%ld", now);
	put(&req, "");
	put(&req, "STRACK_FAULT_LOG=../../hit");
	if (how) {
		addf(&req, "STRACK_FAULT_HOW=%.*s", (int)strcspn(how, ":"),
			how);
		put(&req, "");
		addf(&req, "STRACK_FAULT_AT=%d", at);
		put(&req, "");
		if (strchr(how, ':'))
			put(&req, "STRACK_FAULT_LONG=1");
	}
	put(&req, "");
	for (; *argv; argv++)
		put(&req, *argv);
	if (write(control, req.p, req.n) != (ssize_t)req.n)
		fatal("the server");
	drop(&req);
}

/* Until all that it started is gone. */
void run(char *const *argv, const char *how, int at, long now, struct ended *e)
{
	struct pollfd p = { .fd = control, .events = POLLIN };

	ask_for(argv, how, at, now);
	if (poll(&p, 1, PATIENCE_MS) != 1 ||
		read(control, &e->status, sizeof(e->status)) !=
			sizeof(e->status)) {
		take(said[0], &e->out);
		take(said[1], &e->err);
		fprintf(stderr, "%s %d: it does not end\n%s%s\n",
			how ? how : "next", at, str(&e->out), str(&e->err));
		exit(1);
	}
	take(said[0], &e->out);
	take(said[1], &e->err);
}

void end_server(void)
{
	close(control); /* it ends, and with it what it used is known */
	waitpid(server, NULL, 0);
}
