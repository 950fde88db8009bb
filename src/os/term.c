/*
 * The terminal: how wide it is, and one question to the person in front of
 * it.  What is asked, and what an answer means, is for the commands.
 */
#include "strack/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "strack/file.h"
#include "strack/text.h"

#define WIDTH_MIN 20
#define WIDTH_MAX 10000 /* beyond it the number is a mistake */
#define WIDTH_ELSE 80
#define ANSWER_MAX 4096

int term_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws = { 0 };
	int64_t n = 0;

	/* As git does: a person who sets COLUMNS means it. */
	if (!columns || !number_parse(columns, &n) || n < 1 || n > WIDTH_MAX)
		n = ioctl(fd, TIOCGWINSZ, &ws) ? 0 : ws.ws_col;
	if (n < 1 || n > WIDTH_MAX)
		n = WIDTH_ELSE;
	return n < WIDTH_MIN ? WIDTH_MIN : (int)n;
}

bool term_is_tty(int fd)
{
	return isatty(fd) == 1;
}

char *term_name(void)
{
	const char *name = ttyname(STDERR_FILENO);

	if (!name)
		name = ttyname(STDIN_FILENO);
	if (!name)
		return NULL;
	return xstrdup(str_starts(name, "/dev/") ? name + 5 : name);
}

/* One byte at a time: what follows the line is for whoever reads next. */
static enum err read_line(int fd, struct buf *line, struct error *err)
{
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);

		/* EINTR too: it means that a handler of ours wants out. */
		if (n < 0) {
			error_sys(err, "terminal");
			return ERR_FATAL;
		}
		if (n == 0 || c == '\n')
			return ERR_OK; /* end of input is an empty answer */
		if (line->len == ANSWER_MAX)
			return error_set(err, ERR_TOOBIG,
				"terminal: an answer has at most %d bytes",
				ANSWER_MAX);
		buf_addch(line, c);
	}
}

enum err term_ask(const char *question, struct buf *answer, struct error *err)
{
	struct buf line = BUF_INIT;
	enum err rc;
	int fd;

	fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		error_sys(err, "there is no terminal to ask on");
		return ERR_NOTFOUND;
	}
	/* Lost results are out_finish's to report; here only the order counts.
	 */
	(void)fflush(stdout);
	if (fputs(question, stderr) < 0 || fflush(stderr)) {
		rc = error_sys(err, "standard error");
		goto out;
	}
	rc = read_line(fd, &line, err);
	if (rc)
		goto out;
	buf_reset(answer);
	buf_addbuf(answer, &line);
out:
	close(fd); /* only read from */
	buf_release(&line);
	return rc;
}
