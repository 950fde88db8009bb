/*
 * The lines that a script appends to $STRACK_EVENTS, read as they are
 * written.  Whatever it writes there, each line is an event or an unknown
 * one.  Knows no process and does nothing about what an event says.
 */
#include "events.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "strack/text.h"

#define READ_MAX 16384

enum err events_open(struct events *e, const char *path, struct error *err)
{
	struct stat st;
	enum err rc;
	int fd;

	/* O_NONBLOCK: a FIFO in its place must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_sys(err, "cannot open '%s'", path);
	if (fstat(fd, &st)) {
		rc = error_sys(err, "cannot stat '%s'", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = error_set(err, ERR_FATAL, "'%s' is no regular file", path);
		goto out;
	}
	*e = (struct events){ .fd = fd, .watch_fd = -1 };
	buf_init(&e->line);
	fd = -1; /* transferred */
	rc = ERR_OK;
out:
	if (fd >= 0)
		close(fd); /* was only read */
	return rc;
}

void events_close(struct events *e)
{
	if (e->fd >= 0)
		close(e->fd); /* was only read */
	if (e->watch_fd >= 0)
		close(e->watch_fd); /* was only read */
	e->fd = e->watch_fd = -1;
	buf_release(&e->line);
}

void events_watch(struct events *e, const char *path)
{
	e->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (e->watch_fd < 0 ||
		inotify_add_watch(e->watch_fd, path, IN_MODIFY) >= 0)
		return;
	close(e->watch_fd); /* nothing is watched */
	e->watch_fd = -1;
}

/* What is read there is only that there is something to read: the kernel
 * merges what is alike. */
void events_heard(const struct events *e)
{
	char heard[4096];

	while (e->watch_fd >= 0 && read(e->watch_fd, heard, sizeof(heard)) > 0)
		;
}

/* ---- one line ---- */

struct word {
	const char *p;
	size_t len;
};

/* Takes the first word off `rest`, and the blanks on either side of it. */
static struct word next_word(struct word *rest)
{
	struct word w;

	while (rest->len && *rest->p == ' ') {
		rest->p++;
		rest->len--;
	}
	w.p = rest->p;
	while (rest->len && *rest->p != ' ') {
		rest->p++;
		rest->len--;
	}
	w.len = (size_t)(rest->p - w.p);
	while (rest->len && *rest->p == ' ') {
		rest->p++;
		rest->len--;
	}
	return w;
}

static bool word_is(struct word w, const char *s)
{
	return w.len == strlen(s) && !memcmp(w.p, s, w.len);
}

static bool word_number(struct word w, int64_t *ret)
{
	char digits[20]; /* INT64_MAX has 19 */

	if (!w.len || w.len >= sizeof(digits))
		return false;
	memcpy(digits, w.p, w.len);
	digits[w.len] = '\0';
	return number_parse(digits, ret);
}

/* Ends the word in the line itself, once nothing can fail any more. */
static const char *word_end(char *line, struct word w)
{
	char *end = line + (w.p - line) + w.len;

	if (*end)
		*end = '\0';
	return w.p;
}

static void set_text(char *line, struct word w, struct event *ret)
{
	ret->text = word_end(line, w);
	ret->len = w.len;
}

/* progress CURRENT [TOTAL|-] [LABEL] */
static bool parse_progress(char *line, struct word rest, struct event *ret)
{
	struct word current = next_word(&rest), total = next_word(&rest);

	if (!word_number(current, &ret->current))
		return false;
	if (!total.len || word_is(total, "-"))
		ret->total = -1;
	else if (!word_number(total, &ret->total))
		return false;
	set_text(line, rest, ret);
	return true;
}

/* checkpoint NAME VALUE; the entry keeps them as NAME=VALUE.  An empty value
 * is most likely a variable that was not set: nothing to resume from. */
static bool parse_checkpoint(char *line, struct word rest, struct event *ret)
{
	struct word name = next_word(&rest);

	if (!rest.len || memchr(name.p, '=', name.len))
		return false;
	ret->name = word_end(line, name);
	ret->value = word_end(line, rest);
	return true;
}

static bool parse_skip(char *line, struct word rest, struct event *ret)
{
	set_text(line, rest, ret);
	return true;
}

/* log LEVEL TEXT */
static bool parse_log(char *line, struct word rest, struct event *ret)
{
	static const char *const level[] = { "debug", "info", "warn", "error" };
	struct word w = next_word(&rest);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(level); i++) {
		if (word_is(w, level[i])) {
			ret->level = level[i];
			set_text(line, rest, ret);
			return true;
		}
	}
	return false;
}

static bool parse_mask(char *line, struct word rest, struct event *ret)
{
	set_text(line, rest, ret);
	return rest.len > 0;
}

static const struct {
	const char *name;
	enum event_kind kind;
	bool (*parse)(char *line, struct word rest, struct event *ret);
} events[] = {
	{ "progress", EVENT_PROGRESS, parse_progress },
	{ "checkpoint", EVENT_CHECKPOINT, parse_checkpoint },
	{ "skip", EVENT_SKIP, parse_skip },
	{ "log", EVENT_LOG, parse_log },
	{ "mask", EVENT_MASK, parse_mask },
};

static bool has_control(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return true;
	return false;
}

/* Unknown lines are logged and shown; one that was meant to hide something
 * (too long, a tab in it, misspelt) gives no more than its first word. */
static void set_unknown(const char *line, size_t len, struct event *ret)
{
	const char *p = line;
	size_t n = len;

	while (n && *p == ' ') {
		p++;
		n--;
	}
	*ret = (struct event){ .kind = EVENT_UNKNOWN };
	ret->text = line;
	ret->len = len;
	if (n >= 4 && !strncasecmp(p, "mask", 4)) {
		ret->text = "mask";
		ret->len = 4;
	}
}

void event_parse(char *line, size_t len, struct event *ret)
{
	struct word rest = { line, len }, name;
	size_t i;

	if (has_control(line, len)) {
		set_unknown(line, len, ret);
		return;
	}
	while (rest.len && rest.p[rest.len - 1] == ' ')
		rest.len--;
	name = next_word(&rest);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!word_is(name, events[i].name))
			continue;
		*ret = (struct event){ .kind = events[i].kind };
		if (events[i].parse(line, rest, ret))
			return;
		break;
	}
	set_unknown(line, len, ret);
}

/* ---- the file ---- */

/* `cut`: the line goes on, what it says is not all here. */
static void hand_out(struct events *e, bool cut, event_fn *fn, void *arg)
{
	struct event ev;

	if (cut)
		set_unknown(e->line.ptr, e->line.len, &ev);
	else
		event_parse(e->line.ptr, e->line.len, &ev);
	if (ev.kind == EVENT_UNKNOWN)
		e->unknown++;
	fn(&ev, arg);
	buf_reset(&e->line);
}

static void take(
	struct events *e, const char *p, size_t n, event_fn *fn, void *arg)
{
	const char *nl;
	size_t part, room;

	while (n) {
		nl = memchr(p, '\n', n);
		part = nl ? (size_t)(nl - p) : n;
		room = EVENT_LINE_MAX - e->line.len;
		if (!e->overlong) {
			buf_add(&e->line, p, part < room ? part : room);
			if (part > room) {
				hand_out(e, true, fn, arg);
				e->overlong = true;
			}
		}
		if (nl) {
			if (!e->overlong)
				hand_out(e, false, fn, arg);
			e->overlong = false;
			part++;
		}
		p += part;
		n -= part;
	}
}

enum err events_read(struct events *e, int64_t max, event_fn *fn, void *arg,
	bool *more, struct error *err)
{
	char chunk[READ_MAX];
	int64_t end;
	struct stat st;
	ssize_t n;

	if (fstat(e->fd, &st))
		return error_sys(err, "cannot stat the events file");
	if (st.st_size < e->at) {
		e->at = st.st_size;
		e->overlong = false;
		buf_reset(&e->line);
	}
	/* Up to its size now: a script that never stops writing does not keep
	 * us here. */
	end = st.st_size;
	if (max > 0 && end - e->at > max)
		end = e->at + max;
	while (e->at < end) {
		n = pread(e->fd, chunk,
			end - e->at < READ_MAX ? (size_t)(end - e->at)
					       : READ_MAX,
			e->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "cannot read the events file");
		if (!n)
			break; /* truncated since; seen by the next call */
		e->at += n;
		take(e, chunk, (size_t)n, fn, arg);
	}
	*more = e->at == end && end < st.st_size;
	return ERR_OK;
}

void events_end(struct events *e, event_fn *fn, void *arg)
{
	if (e->line.len)
		hand_out(e, false, fn, arg);
	e->overlong = false;
}
