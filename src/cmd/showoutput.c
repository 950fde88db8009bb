/*
 * What a run wrote: all of it, in constant memory however much it is, or its
 * last lines.  A terminal never gets it raw.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "show.h"
#include "strack/file.h"
#include "strack/text.h"

#define CHUNK 65536
#define TAIL_LINES 20
#define TAIL_BYTES 16384

/* The full log of this clone; -1 where there is none. */
static int open_log(const struct shown *sh)
{
	struct stat st;
	char *dir, *name, *path;
	int fd = -1;

	/* the id names a file, and came from an entry: its form is checked */
	if (!sh->found.run || !ulid_valid(sh->found.run))
		return -1;
	dir = path_join(sh->s->state_dir, "logs");
	name = xstrfmt("%s.log", sh->found.run);
	path = path_join(dir, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd); /* was only read */
		fd = -1;
	}
	free(path);
	free(name);
	free(dir);
	return fd;
}

static bool kept_log(const struct shown *sh, struct buf *ret)
{
	return sh->outcome && !ledger_beside(sh->s->ledger, sh->outcome->path,
				      ".log", ret, NULL);
}

/* ---- all of it ---- */

/* How many bytes at the end are the beginning of a character that goes on in
 * the next chunk: at most 3. */
static size_t unfinished(const struct buf *b)
{
	for (size_t n = 1; n <= 3 && n <= b->len; n++) {
		unsigned char c = (unsigned char)b->ptr[b->len - n];

		if (c >= 0xc0)
			return n < (c >= 0xf0          ? 4u
					   : c >= 0xe0 ? 3u
						       : 2u)
				       ? n
				       : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

static void put_chunk(struct out *o, struct buf *b, bool last)
{
	size_t hold = last || !o->tty ? 0 : unfinished(b);
	size_t n = b->len - hold;

	if (o->tty)
		out_block(o, b->ptr, n);
	else
		out_raw(o, b->ptr, n);
	buf_remove(b, 0, n);
}

static enum err copy_log(struct out *o, int fd, struct error *err)
{
	struct buf b = BUF_INIT;
	enum err rc = ERR_OK;
	ssize_t got;

	while (!o->sys) {
		buf_grow(&b, CHUNK);
		got = read(fd, b.ptr + b.len, CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			rc = error_sys(err, "the log of the run");
		if (got <= 0)
			break;
		b.len += (size_t)got;
		b.ptr[b.len] = '\0';
		put_chunk(o, &b, false);
	}
	put_chunk(o, &b, true);
	buf_release(&b);
	return rc;
}

static enum err no_output(const struct shown *sh, struct error *err)
{
	const struct entry *e = sh->outcome ? sh->outcome->e : NULL;
	const struct entry *claim = sh->claim ? sh->claim->e : NULL;
	const char *host = claim ? entry_get(claim, KEY_HOST) : NULL;

	if (e && entry_number(e, KEY_OUTPUT_BYTES, -1) == 0)
		return ERR_OK; /* it wrote nothing: that is all of it */
	if (host)
		error_hint(
			err, "it ran on %s: its full log may be there", host);
	return error_set(
		err, ERR_NOTFOUND, "the output of this run is not kept here");
}

enum err show_output(struct shown *sh, struct error *err)
{
	struct buf kept = BUF_INIT;
	enum err rc = ERR_OK;
	int fd = open_log(sh);

	if (fd >= 0) {
		rc = copy_log(&sh->s->out, fd, err);
		close(fd); /* was only read */
	} else if (kept_log(sh, &kept)) {
		put_chunk(&sh->s->out, &kept, true);
	} else {
		rc = no_output(sh, err);
	}
	buf_release(&kept);
	return rc;
}

/* ---- the end of it ---- */

/* At most TAIL_BYTES of the end, beginning with a whole line where one of
 * them does; *cut when something stands before. */
static void read_tail(int fd, struct buf *ret, bool *cut)
{
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got;

	if (size > TAIL_BYTES && lseek(fd, -TAIL_BYTES, SEEK_END) >= 0)
		*cut = true;
	else if (lseek(fd, 0, SEEK_SET) < 0)
		return;
	buf_grow(ret, TAIL_BYTES);
	/* no loop: a regular file gives what is there */
	got = read(fd, ret->ptr, TAIL_BYTES);
	if (got > 0) {
		ret->len = (size_t)got;
		ret->ptr[ret->len] = '\0';
	}
}

/* Where the last TAIL_LINES lines begin. */
static size_t tail_start(const struct buf *b, bool cut)
{
	size_t at = b->len;
	int lines = 0;

	if (at && b->ptr[at - 1] == '\n')
		at--;
	while (at) {
		if (b->ptr[at - 1] == '\n' && ++lines == TAIL_LINES)
			return at;
		at--;
	}
	if (cut) {
		const char *newline = memchr(b->ptr, '\n', b->len);

		at = newline ? (size_t)(newline + 1 - b->ptr) : 0;
	}
	return at < b->len ? at : 0;
}

static void put_tail(struct shown *sh, const struct buf *b, size_t at)
{
	struct out *o = &sh->s->out;
	const char *p = b->ptr + at, *end = b->ptr + b->len;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);

		out_printf(o, "    ");
		out_block(o, p, n);
		out_printf(o, "\n");
		p += n + (newline != NULL);
	}
}

void show_tail(struct shown *sh)
{
	struct out *o = &sh->s->out;
	struct buf b = BUF_INIT;
	bool cut = false;
	int fd = open_log(sh);
	size_t at;

	if (fd >= 0) {
		read_tail(fd, &b, &cut);
		close(fd); /* was only read */
	} else if (!kept_log(sh, &b)) {
		goto out;
	}
	if (!b.len) {
		out_printf(o, "\nit wrote nothing\n");
		goto out;
	}
	at = tail_start(&b, cut);
	out_printf(o, "\n");
	if (at || cut)
		out_styled(o, STYLE_BOLD,
			"the end of its output (all: git strack show --output "
			"%s)",
			sh->found.run);
	else
		out_styled(o, STYLE_BOLD, "its output");
	out_printf(o, "\n");
	put_tail(sh, &b, at);
out:
	buf_release(&b);
}
