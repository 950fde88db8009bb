/* Both ends of the FIFO of a run.  Knows not what a warden does about it. */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/rundir.h"
#include "strack/text.h"

#define CANCEL "cancel "
#define ONCE_MAX (64 * 1024) /* bytes that are read at a time: a full pipe */
#define FULL_MS 5000         /* for a full pipe to be read */

/* ---- reading ---- */

/* A text that has a NUL inside is none. */
static bool decode(struct buf *b, const char *s, size_t len)
{
	size_t at = b->len;

	return percent_decode(b, s, len) && b->len > at &&
	       strlen(b->ptr) == b->len;
}

bool control_parse(const char *line, size_t len, struct buf *ret)
{
	const size_t skip = strlen(CANCEL);
	struct buf text = BUF_INIT;
	const char *why;
	bool good = false;

	if (len < skip || memcmp(line, CANCEL, skip))
		return false;
	line += skip;
	len -= skip;
	why = memchr(line, ' ', len);
	if (why && decode(&text, line, (size_t)(why - line))) {
		buf_adds(&text, ": ");
		good = decode(&text, why + 1, len - (size_t)(why + 1 - line));
	}
	if (good)
		buf_swap(ret, &text);
	buf_release(&text);
	return good;
}

/* Takes the first line out; false when there is no whole one. */
static bool next_line(struct control *c, struct buf *ret, bool *order)
{
	const char *end = memchr(c->line.ptr, '\n', c->line.len);
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - c->line.ptr);
	*order = !c->overlong && control_parse(c->line.ptr, len, ret);
	c->overlong = false;
	buf_remove(&c->line, 0, len + 1);
	return true;
}

bool control_next(struct control *c, struct buf *ret)
{
	char chunk[PIPE_BUF];
	bool order = false;
	size_t sum = 0;
	ssize_t n;

	while (c->fd >= 0) {
		while (next_line(c, ret, &order))
			if (order)
				return true;
		if (c->line.len > PIPE_BUF) {
			buf_reset(&c->line);
			c->overlong = true;
		}
		if (sum >= ONCE_MAX)
			break;
		n = read(c->fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(&c->line, chunk, (size_t)n);
		sum += (size_t)n;
	}
	return false;
}

/* ---- writing ---- */

static enum err open_writer(const char *path, int *ret, struct error *err)
{
	struct stat st;
	int fd = open(path,
		O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENXIO)
		return error_set(err, ERR_NOTFOUND, "%s: nobody reads", path);
	if (fd < 0)
		return error_sys(err, "%s", path);
	if (fstat(fd, &st)) {
		error_sys(err, "%s", path);
		close(fd); /* nothing was written */
		return ERR_FATAL;
	}
	if (S_ISFIFO(st.st_mode) &&
		(st.st_uid == geteuid() || geteuid() == 0)) {
		*ret = fd;
		return ERR_OK;
	}
	close(fd); /* nothing was written */
	return error_set(
		err, ERR_FATAL, "%s: is not what a run of ours makes", path);
}

/* Not over PIPE_BUF, so whole or not at all. */
static enum err put_line(
	int fd, const char *path, const struct buf *line, struct error *err)
{
	int64_t until = clock_mono_ms() + FULL_MS;

	while (write(fd, line->ptr, line->len) < 0) {
		if (errno == EPIPE)
			return error_set(
				err, ERR_NOTFOUND, "%s: nobody reads", path);
		if (errno != EINTR && errno != EAGAIN)
			return error_sys(err, "%s", path);
		if (clock_mono_ms() >= until)
			return error_set(err, ERR_FATAL,
				"%s: is full, and its warden does not read it",
				path);
		usleep(20000);
	}
	return ERR_OK;
}

enum err control_cancel(const char *state_dir, const char *run, const char *who,
	const char *why, struct error *err)
{
	char *path = rundir_path(state_dir, run, "control");
	struct buf line = BUF_INIT;
	enum err rc = ERR_OK;
	int fd = -1;

	buf_adds(&line, CANCEL);
	percent_encode(&line, who, strlen(who), true);
	buf_addch(&line, ' ');
	percent_encode(&line, why, strlen(why), false);
	buf_addch(&line, '\n');
	if (line.len > PIPE_BUF)
		rc = error_set(err, ERR_TOOBIG,
			"the reason is too long by %zu bytes",
			line.len - PIPE_BUF);
	if (!rc)
		rc = open_writer(path, &fd, err);
	if (!rc)
		rc = put_line(fd, path, &line, err);
	if (fd >= 0)
		close(fd); /* a pipe keeps nothing back */
	buf_release(&line);
	free(path);
	return rc;
}
