/* Persons who approve: each once, whatever keys they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/approvers.h"

/* Keys are named by one letter, and belong to these. */
static struct trust_admission ada[] = { { .principal = (char *)"ada@x" } };
static struct trust_admission bob[] = { { .principal = (char *)"was@x" },
	{ .principal = (char *)"bob@x" } };
static struct trust_admission ada2[] = { { .principal = (char *)"ADA@x" } };
static struct trust_key keys[] = {
	{ .fingerprint = (char *)"a", .v = ada, .n = 1 },
	{ .fingerprint = (char *)"b", .v = bob, .n = 2 },
	{ .fingerprint = (char *)"A", .v = ada2, .n = 1 },
};
static const struct trust trust = { .v = keys, .n = 3 };

/* How many of the keys `take` count where those of `bar` don't. */
static size_t count(const char *bar, const char *take)
{
	struct approvers a = APPROVERS_INIT(&trust);
	char key[2] = "";
	size_t n;

	for (; *bar; bar++) {
		key[0] = *bar;
		approvers_bar(&a, key);
		assert_true(approvers_barred(&a, key));
	}
	for (; *take; take++) {
		key[0] = *take;
		approvers_take(&a, key);
	}
	n = a.counted.n;
	approvers_release(&a);
	return n;
}

static void test_count(void **state)
{
	(void)state;
	assert_int_equal(count("", ""), 0);
	assert_int_equal(count("", "ab"), 2);
	assert_int_equal(count("", "aba"), 2);
	assert_int_equal(count("", "aA"), 1);
	assert_int_equal(count("a", "aA"), 0);
	assert_int_equal(count("A", "ab"), 1);
	assert_int_equal(count("b", "aAb"), 1);
	/* keys that nobody admitted stand for themselves */
	assert_int_equal(count("x", "ab"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
