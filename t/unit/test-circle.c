/* Circles among things that need each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "strack/buf.h"
#include "strack/circle.h"

static void note(const size_t *v, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_addch(b, b->len ? ' ' : '(');
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s%zu", i ? ">" : "", v[i]);
}

/* Edges as "0>1 1>0", the circles likewise. */
static void check(size_t n, const char *edges, const char *want)
{
	struct circle_edge v[32];
	struct buf got = BUF_INIT;
	size_t nv = 0;

	for (const char *s = edges; *s; s += 3 + (s[3] == ' '))
		v[nv++] = (struct circle_edge){ (size_t)(s[0] - '0'),
			(size_t)(s[2] - '0') };
	circles_find(n, v, nv, note, &got);
	assert_string_equal(got.len ? got.ptr + 1 : "", want);
	buf_release(&got);
}

static void test_none(void **state)
{
	(void)state;
	check(0, "", "");
	check(3, "", "");
	check(4, "0>1 1>2 0>2 3>2", "");
	check(4, "3>2 2>1 1>0", "");
}

static void test_one(void **state)
{
	(void)state;
	check(1, "0>0", "0");
	check(2, "0>1 1>0", "0>1");
	check(4, "3>1 1>2 2>3", "1>2>3");
	check(4, "0>1 1>2 2>3 3>1", "1>2>3"); /* 0 only leads there */
	check(2, "0>1 0>1 1>0", "0>1");
}

static void test_shortest(void **state)
{
	(void)state;
	check(5, "0>1 1>2 2>3 3>0 1>4 4>0", "0>1>4");
	check(3, "0>0 0>1 1>0", "0");
}

static void test_more_than_one(void **state)
{
	(void)state;
	check(6, "4>5 5>4 0>1 1>0 2>3", "0>1 4>5");
	/* a knot is told once, and again when the first is undone */
	check(3, "0>1 1>0 1>2 2>1", "0>1");
	check(3, "1>2 2>1", "1>2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_shortest),
		cmocka_unit_test(test_more_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
