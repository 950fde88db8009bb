/* Tests of src/run/events.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "run/events.h"

#define ALL 0

/* ---- one line ---- */

static void parse(struct buf *line, const char *text, struct event *ev)
{
	buf_set(line, text);
	event_parse(line->ptr, line->len, ev);
}

static void test_progress(void **state)
{
	struct buf line = BUF_INIT;
	struct event ev;

	(void)state;
	parse(&line, "progress 6200 10000 users of all", &ev);
	assert_int_equal(ev.kind, EVENT_PROGRESS);
	assert_int_equal(ev.current, 6200);
	assert_int_equal(ev.total, 10000);
	assert_string_equal(ev.text, "users of all");
	parse(&line, "  progress   5  ", &ev);
	assert_int_equal(ev.kind, EVENT_PROGRESS);
	assert_int_equal(ev.current, 5);
	assert_int_equal(ev.total, -1);
	assert_string_equal(ev.text, "");
	parse(&line, "progress 5 - rows", &ev);
	assert_int_equal(ev.total, -1);
	assert_string_equal(ev.text, "rows");
	buf_release(&line);
}

static void test_checkpoint(void **state)
{
	struct buf line = BUF_INIT;
	struct event ev;

	(void)state;
	parse(&line, "checkpoint last_id 6200", &ev);
	assert_int_equal(ev.kind, EVENT_CHECKPOINT);
	assert_string_equal(ev.name, "last_id");
	assert_string_equal(ev.value, "6200");
	parse(&line, "checkpoint a  b = c ", &ev);
	assert_string_equal(ev.name, "a");
	assert_string_equal(ev.value, "b = c");
	buf_release(&line);
}

static void test_texts(void **state)
{
	struct buf line = BUF_INIT;
	struct event ev;

	(void)state;
	parse(&line, "skip No users need it", &ev);
	assert_int_equal(ev.kind, EVENT_SKIP);
	assert_string_equal(ev.text, "No users need it");
	assert_int_equal(ev.len, 16);
	parse(&line, "skip", &ev);
	assert_int_equal(ev.kind, EVENT_SKIP);
	assert_string_equal(ev.text, "");
	parse(&line, "log warn 3 users \xff %20 \xc2\x9b", &ev);
	assert_int_equal(ev.kind, EVENT_LOG);
	assert_string_equal(ev.level, "warn");
	assert_string_equal(ev.text, "3 users \xff %20 \xc2\x9b");
	parse(&line, "log error", &ev);
	assert_int_equal(ev.kind, EVENT_LOG);
	assert_string_equal(ev.text, "");
	parse(&line, "mask  two words  ", &ev);
	assert_int_equal(ev.kind, EVENT_MASK);
	assert_string_equal(ev.text, "two words");
	assert_int_equal(ev.len, 9);
	buf_release(&line);
}

static void test_unknown(void **state)
{
	static const char *const bad[] = { "", " ", "hello", "skipped x",
		"progress", "progress x", "progress -1 5", "progress 1 x",
		"progress 01", "progress 99999999999999999999",
		"progress 1.5 2", "checkpoint", "checkpoint a", "checkpoint a ",
		"checkpoint a=b c", "log", "log fatal x", "log WARN x",
		"log warn a\tb", "skip a\r", "skip \x1b[1m", "skip \x7f",
		"Skip x" };
	struct buf line = BUF_INIT;
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		parse(&line, bad[i], &ev);
		assert_int_equal(ev.kind, EVENT_UNKNOWN);
		assert_string_equal(ev.text, bad[i]);
		assert_int_equal(ev.len, strlen(bad[i]));
	}
	buf_reset(&line);
	buf_add(&line, "skip a\0b", 8);
	event_parse(line.ptr, line.len, &ev);
	assert_int_equal(ev.kind, EVENT_UNKNOWN);
	assert_int_equal(ev.len, 8);
	buf_release(&line);
}

/* What was meant to be hidden is not in what will be shown. */
static void test_unknown_mask(void **state)
{
	static const char *const bad[] = { "mask", "mask a\tb", "mask\ts3cret",
		" mask: s3cret\x01", "MASK s3cret", "masks s3cret" };
	struct buf line = BUF_INIT;
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		parse(&line, bad[i], &ev);
		assert_int_equal(ev.kind, EVENT_UNKNOWN);
		assert_string_equal(ev.text, "mask");
		assert_int_equal(ev.len, 4);
	}
	buf_release(&line);
}

/* ---- the file ---- */

struct fixture {
	char dir[32];
	char *path;
	FILE *f;
	struct events e;
	struct buf seen; /* KIND:TEXT; each */
	int64_t nr;
};

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	strncpy(x->dir, "/tmp/strack-events.XXXXXX", sizeof(x->dir) - 1);
	if (!mkdtemp(x->dir))
		return -1;
	x->path = xstrfmt("%s/events", x->dir);
	x->f = fopen(x->path, "a");
	buf_init(&x->seen);
	*state = x;
	return !x->f || events_open(&x->e, x->path, NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	events_close(&x->e);
	fclose(x->f);
	unlink(x->path);
	rmdir(x->dir);
	buf_release(&x->seen);
	free(x->path);
	free(x);
	return 0;
}

static void say(struct fixture *x, const char *text)
{
	fputs(text, x->f);
	assert_int_equal(fflush(x->f), 0);
}

static void note(const struct event *ev, void *arg)
{
	struct fixture *x = arg;

	x->nr++;
	buf_addf(&x->seen, "%d:%.*s;", (int)ev->kind, (int)ev->len, ev->text);
}

static void count(const struct event *ev, void *arg)
{
	struct fixture *x = arg;

	assert_int_equal(ev->kind, EVENT_PROGRESS);
	assert_int_equal(ev->current, x->nr);
	x->nr++;
}

static bool follow(struct fixture *x, int64_t max)
{
	bool more = false;

	assert_int_equal(events_read(&x->e, max, note, x, &more, NULL), 0);
	return more;
}

static void test_follow(void **state)
{
	struct fixture *x = *state;

	assert_false(follow(x, ALL));
	say(x, "skip a\nsk");
	assert_false(follow(x, ALL));
	assert_string_equal(x->seen.ptr, "2:a;");
	say(x, "ip b\n\nfoo\nskip ");
	assert_false(follow(x, ALL));
	assert_string_equal(x->seen.ptr, "2:a;2:b;5:;5:foo;");
	assert_int_equal(x->e.unknown, 2);
	say(x, "c");
	while (follow(x, 1))
		;
	events_end(&x->e, note, x);
	events_end(&x->e, note, x);
	assert_string_equal(x->seen.ptr, "2:a;2:b;5:;5:foo;2:c;");
}

static void test_max(void **state)
{
	struct fixture *x = *state;

	say(x, "skip a\nskip b\n");
	assert_true(follow(x, 8));
	assert_string_equal(x->seen.ptr, "2:a;");
	assert_false(follow(x, 6));
	assert_string_equal(x->seen.ptr, "2:a;2:b;");
}

static void test_truncated(void **state)
{
	struct fixture *x = *state;

	say(x, "skip a\nskip b\nski");
	follow(x, ALL);
	assert_int_equal(ftruncate(fileno(x->f), 0), 0);
	say(x, "skip c\n");
	follow(x, ALL);
	say(x, "skip d\n");
	follow(x, ALL);
	assert_string_equal(x->seen.ptr, "2:a;2:b;2:d;");
}

static void test_overlong(void **state)
{
	struct fixture *x = *state;
	struct buf text = BUF_INIT;
	int i;

	for (i = 0; i < 2; i++) {
		buf_adds(&text, i ? "mask " : "skip ");
		while (text.len < (size_t)(i + 1) * 100000)
			buf_addch(&text, 'x');
		buf_addch(&text, '\n');
	}
	buf_adds(&text, "skip a\n");
	say(x, text.ptr);
	while (follow(x, 1000))
		;
	assert_int_equal(x->nr, 3);
	assert_int_equal(x->e.unknown, 2);
	assert_int_equal(strncmp(x->seen.ptr, "5:skip xxx", 10), 0);
	assert_true(str_ends(x->seen.ptr, "xxx;5:mask;2:a;"));
	assert_int_equal(x->seen.len,
		strlen("5:;") + EVENT_LINE_MAX + strlen("5:mask;2:a;"));
	/* the longest that is not too long */
	buf_reset(&x->seen);
	buf_set(&text, "skip ");
	while (text.len < EVENT_LINE_MAX)
		buf_addch(&text, 'y');
	buf_addch(&text, '\n');
	say(x, text.ptr);
	follow(x, ALL);
	assert_int_equal(strncmp(x->seen.ptr, "2:yyy", 5), 0);
	/* one that never ends is told once */
	while (text.len < 3 * EVENT_LINE_MAX)
		buf_addch(&text, 'z');
	say(x, text.ptr + EVENT_LINE_MAX + 1);
	follow(x, ALL);
	events_end(&x->e, note, x);
	assert_int_equal(x->nr, 5);
	buf_release(&text);
}

static void test_many(void **state)
{
	struct fixture *x = *state;
	bool more = true;
	int i;

	for (i = 0; i < 1000000; i++)
		fprintf(x->f, "progress %d 1000000 users\n", i);
	assert_int_equal(fflush(x->f), 0);
	while (more)
		assert_int_equal(
			events_read(&x->e, 1 << 20, count, x, &more, NULL), 0);
	assert_int_equal(x->nr, 1000000);
	assert_int_equal(x->e.unknown, 0);
}

/* However the file is cut into reads, the same events. */
static void test_cuts(void **state)
{
	struct fixture *x = *state;
	struct buf want = BUF_INIT;
	struct events again;
	int i, max;

	srand(2);
	for (i = 0; i < 20000; i++)
		fputc("skip \nmaslogx"[rand() % 13], x -> f);
	assert_int_equal(fflush(x->f), 0);
	follow(x, ALL);
	buf_swap(&want, &x->seen);
	again = x->e;
	for (max = 1; max < 300; max += 49) {
		buf_init(&again.line);
		assert_int_equal(events_open(&again, x->path, NULL), 0);
		buf_reset(&x->seen);
		for (bool more = true; more;)
			assert_int_equal(
				events_read(&again, max, note, x, &more, NULL),
				0);
		assert_string_equal(x->seen.ptr, want.ptr);
		events_close(&again);
	}
	buf_release(&want);
}

static void test_open(void **state)
{
	struct fixture *x = *state;
	char *path = xstrfmt("%s/other", x->dir);
	struct error err = ERROR_INIT;
	struct events e;

	assert_int_equal(events_open(&e, path, &err), ERR_NOTFOUND);
	assert_int_equal(symlink(x->path, path), 0);
	assert_int_not_equal(events_open(&e, path, &err), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_not_equal(events_open(&e, path, &err), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(events_open(&e, x->dir, &err), 0);
	error_release(&err);
	free(path);
}

#define WITH_FILE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_checkpoint),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_unknown_mask),
		WITH_FILE(test_follow),
		WITH_FILE(test_max),
		WITH_FILE(test_truncated),
		WITH_FILE(test_overlong),
		WITH_FILE(test_many),
		WITH_FILE(test_cuts),
		WITH_FILE(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
