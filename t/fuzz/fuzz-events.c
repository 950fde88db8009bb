/*
 * The events file: any bytes, by any process.  However it is cut into reads,
 * the same events come out, and nothing that was meant to be hidden is in what
 * an unknown line shows.
 */
#include "fuzz.h"

#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run/events.h"
#include "strack/text.h"

struct seen {
	struct buf text;
	size_t n, unknown;
};

static void inside(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_PROGRESS:
		MUST(ev->current >= 0 && ev->total >= -1);
		break;
	case EVENT_CHECKPOINT:
		MUST(*ev->name && *ev->value && !strpbrk(ev->name, " ="));
		break;
	case EVENT_LOG:
		MUST(ev->level);
		break;
	case EVENT_MASK:
		MUST(ev->len);
		break;
	case EVENT_SKIP:
		break;
	case EVENT_UNKNOWN:
		for (const char *p = ev->text; *p == ' '; p++)
			;
		MUST(ev->len <= EVENT_LINE_MAX);
		MUST(strncasecmp(ev->text, "mask", 4) != 0 || ev->len == 4);
		return;
	case EVENT_NR:
		abort();
	}
	for (size_t i = 0; ev->text && i < ev->len; i++)
		MUST((unsigned char)ev->text[i] >= 0x20 && ev->text[i] != 0x7f);
}

static void note(const struct event *ev, void *arg)
{
	struct seen *s = arg;

	inside(ev);
	buf_addf(&s->text, "%d", (int)ev->kind);
	switch (ev->kind) {
	case EVENT_PROGRESS:
		buf_addf(&s->text, " %lld %lld", (long long)ev->current,
			(long long)ev->total);
		break;
	case EVENT_CHECKPOINT:
		buf_addf(&s->text, " %s=%s", ev->name, ev->value);
		break;
	case EVENT_LOG:
		buf_addf(&s->text, " %s", ev->level);
		break;
	case EVENT_UNKNOWN:
		s->unknown++;
		break;
	case EVENT_SKIP:
	case EVENT_MASK:
	case EVENT_NR:
		break;
	}
	if (ev->text)
		buf_add(&s->text, ev->text, ev->len);
	buf_addch(&s->text, '\n');
	s->n++;
}

static void follow(int fd, int64_t max, struct seen *s)
{
	struct events e;
	struct error err = ERROR_INIT;
	bool more = true;

	e = (struct events){ .fd = dup(fd), .watch_fd = -1 };
	buf_init(&e.line);
	while (more)
		MUST(events_read(&e, max, note, s, &more, &err) == ERR_OK);
	events_end(&e, note, s);
	MUST((size_t)e.unknown == s->unknown);
	events_close(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* each cut is a call of the system: short ones for short inputs */
	static const struct {
		int64_t every;
		size_t max;
	} cuts[] = { { 1, 128 }, { 7, 1024 }, { 4095, SIZE_MAX } };
	struct seen whole = { BUF_INIT, 0, 0 };
	int fd = memfd_create("events", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	follow(fd, 0, &whole);
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct seen s = { BUF_INIT, 0, 0 };

		if (size > cuts[i].max)
			continue;
		follow(fd, cuts[i].every, &s);
		MUST(s.n == whole.n && fuzz_same(&s.text, &whole.text));
		buf_release(&s.text);
	}
	close(fd); /* only in memory */
	buf_release(&whole.text);
	return 0;
}
