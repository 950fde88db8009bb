/* What a review must be to count, and who is one person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "strack/review.h"
#include "strack/trust.h"

static struct entry exec, review;

static int set_up(void **state)
{
	(void)state;
	entry_init(&exec);
	entry_init(&review);
	entry_set_kind(&exec, KIND_EXEC);
	entry_set(&exec, KEY_ENVIRONMENT, "local");
	entry_set(&exec, KEY_CLONE, "here");
	entry_set(&exec, KEY_RUN, "01KB2ZJ6V3N8Q4T7W9XYEA0001");
	exec.seq = 7;
	entry_set_kind(&review, KIND_REVIEW);
	entry_set(&review, KEY_ENVIRONMENT, "local");
	entry_set(&review, KEY_CLONE, "here");
	entry_set(&review, KEY_VERDICT, VERDICT_OK);
	review.seq = 8;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	entry_release(&exec);
	entry_release(&review);
	return 0;
}

static void refused_for(const char *why)
{
	const char *got = review_refuses(&review, &exec, false);

	assert_non_null(got);
	assert_string_equal(got, why);
}

static void counts(void **state)
{
	(void)state;
	assert_null(review_refuses(&review, &exec, false));
	entry_set(&review, KEY_VERDICT, VERDICT_FLAG);
	entry_set(&review, KEY_RUN, entry_get(&exec, KEY_RUN));
	assert_null(review_refuses(&review, &exec, false));
	entry_set(&exec, KEY_ENVIRONMENT, "staging");
	entry_set(&exec, KEY_CLONE, NULL);
	entry_set(&review, KEY_ENVIRONMENT, "staging");
	entry_set(&review, KEY_CLONE, NULL);
	assert_null(review_refuses(&review, &exec, false));
}

static void of_what(void **state)
{
	(void)state;
	assert_string_equal(review_refuses(&review, NULL, false),
		"reviews what is not there");
	exec.seq = 9;
	refused_for("reviews what is not there");
	exec.seq = 7;
	exec.kind = KIND_DONE;
	refused_for("reviews what is no command");
}

static void about_what(void **state)
{
	(void)state;
	entry_set(&review, KEY_CLONE, "there");
	refused_for("reviews a command of another environment");
	entry_set(&review, KEY_CLONE, NULL);
	refused_for("reviews a command of another environment");
	entry_set(&review, KEY_CLONE, "here");
	entry_set(&review, KEY_ENVIRONMENT, "staging");
	refused_for("reviews a command of another environment");
	entry_set(&review, KEY_ENVIRONMENT, "local");
	entry_set(&review, KEY_RUN, "01KB2ZJ6V3N8Q4T7W9XYEA0002");
	refused_for("reviews another run's command");
}

static void says_what(void **state)
{
	static const char *const words[] = { "OK", "ok ", "flagged", "no" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		entry_set(&review, KEY_VERDICT, words[i]);
		refused_for("unknown verdict");
	}
}

static void by_whom(void **state)
{
	(void)state;
	assert_string_equal(review_refuses(&review, &exec, true),
		"reviewed by the one who ran it");
}

/* ---- one person ---- */

static void is_one_person(void **state)
{
	char rita[] = "rita", ben[] = "ben", anna[] = "anna", carl[] = "carl";
	char fa[] = "A", fb[] = "B", fc[] = "C";
	struct trust_admission a[] = { { .principal = rita },
		{ .principal = ben } };
	struct trust_admission b[] = { { .principal = anna },
		{ .principal = rita } };
	struct trust_admission c[] = { { .principal = carl } };
	struct trust_key keys[] = { { .fingerprint = fa, .v = a, .n = 2 },
		{ .fingerprint = fb, .v = b, .n = 2 },
		{ .fingerprint = fc, .v = c, .n = 1 } };
	struct trust t = { .v = keys, .n = 3 };

	(void)state;
	assert_true(trust_same_person(&t, "A", "A"));
	assert_true(trust_same_person(&t, "A", "B"));
	assert_true(trust_same_person(&t, "B", "A"));
	assert_false(trust_same_person(&t, "A", "C"));
	assert_false(trust_same_person(&t, "B", "C"));
	/* Nobody knows them: only the key tells. */
	assert_true(trust_same_person(&t, "X", "X"));
	assert_false(trust_same_person(&t, "X", "Y"));
	assert_false(trust_same_person(&t, "A", "X"));
	/* That an admission is over changes no names. */
	b[1].closed = true;
	assert_true(trust_same_person(&t, "A", "B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(about_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_whom, set_up, tear_down),
		cmocka_unit_test(is_one_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
