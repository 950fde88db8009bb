/* Hooks of ours: what is made, and what is taken for whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/hooktext.h"

#define STUB                                                                   \
	"#!/bin/sh\n# git-strack hook; to remove it: x\n"                      \
	"if a; then strack remind --hook h -- \"$@\"; fi\n"
#define FRAME                                                                  \
	"#!/bin/sh\n# git-strack hook; to remove it: x\nb() {\n\t: ours\n}\n"  \
	"b\n"

static void make(const char *stub, const char *frame, struct buf *ret)
{
	struct buf s = BUF_INIT, f = BUF_INIT;

	buf_set(&s, stub);
	buf_set(&f, frame ? frame : "");
	assert_int_equal(
		hook_text_make(&s, frame ? &f : NULL, ret, NULL), ERR_OK);
	buf_release(&s);
	buf_release(&f);
}

static enum hook_whose whose(const char *text)
{
	return hook_text_whose(text, strlen(text));
}

static void test_made(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	make(STUB, NULL, &b);
	/* printf '%s' STUB | sha256sum */
	assert_string_equal(b.ptr,
		"#!/bin/sh\n"
		"# git-strack hook 44a7281ca45c2282; to remove it: x\n"
		"if a; then strack remind --hook h -- \"$@\"; fi\n");
	make(STUB, FRAME, &b);
	assert_non_null(strstr(b.ptr,
		"b() {\n\tif a; then strack remind --hook h -- \"$@\"; fi\n}\n"
		"b\n"));
	assert_null(strstr(b.ptr, ": ours"));
	assert_int_equal(whose(b.ptr), HOOK_OURS);
	buf_release(&b);
}

static void test_every_change_is_seen(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	make(STUB, NULL, &b);
	for (size_t i = 0; i < b.len; i++) {
		char was = b.ptr[i];

		b.ptr[i] = was == 'X' ? 'Y' : 'X';
		assert_int_not_equal(whose(b.ptr), HOOK_OURS);
		b.ptr[i] = '\0'; /* cut */
		assert_int_not_equal(whose(b.ptr), HOOK_OURS);
		b.ptr[i] = was;
	}
	assert_int_equal(whose(b.ptr), HOOK_OURS);
	buf_addch(&b, '\n');
	assert_int_equal(whose(b.ptr), HOOK_CHANGED);
	buf_release(&b);
}

static void test_whose(void **state)
{
	(void)state;
	assert_int_equal(whose(""), HOOK_THEIRS);
	assert_int_equal(whose("#!/bin/sh"), HOOK_THEIRS);
	assert_int_equal(whose("#!/bin/sh\n"), HOOK_THEIRS);
	assert_int_equal(
		whose("#!/bin/sh\nx\n# git-strack hook\n"), HOOK_THEIRS);
	assert_int_equal(whose("#!/bin/sh\n# git-strack hook"), HOOK_CHANGED);
	assert_int_equal(whose(STUB), HOOK_CHANGED); /* no digest */
	assert_int_equal(
		hook_text_whose("a\n# git-strack hook\0x", 21), HOOK_THEIRS);
}

static void test_line(void **state)
{
	static const char *const bad[] = { "", "a", "a\n", "a\nb\nc\n",
		"#!/bin/sh\n# git-strack hook\n",
		"#!/bin/sh\n# git-strack hook",
		"#!/bin/sh\n# git-strack hook\nno end",
		"#!/bin/sh\n# git-strack hook\nx\ny\n" };
	struct buf s = BUF_INIT;
	char *line = NULL;

	(void)state;
	buf_set(&s, STUB);
	assert_int_equal(hook_text_line(&s, &line, NULL), ERR_OK);
	assert_string_equal(
		line, "if a; then strack remind --hook h -- \"$@\"; fi");
	free(line);
	line = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buf_set(&s, bad[i]);
		assert_int_equal(hook_text_line(&s, &line, NULL), ERR_BAD);
		assert_null(line);
	}
	buf_release(&s);
}

static void test_calls(void **state)
{
	(void)state;
	assert_true(hook_text_calls("git strack remind --hook a", "a"));
	assert_true(hook_text_calls(
		"git strack verify --pre-receive|| exit 1", "pre-receive"));
	assert_false(hook_text_calls(
		"# git strack verify --pre-receive\n", "pre-receive"));
	assert_false(hook_text_calls(
		"git strack remind --hook pre-receive", "pre-receive"));
	assert_true(
		hook_text_calls("x\n\tgit-strack remind --hook a -- $1", "a"));
	assert_true(hook_text_calls("# strack remind --hook a\n"
				    "strack remind --hook a\n",
		"a"));
	assert_false(hook_text_calls("", "a"));
	assert_false(hook_text_calls("strack remind --hook ab", "a"));
	assert_false(hook_text_calls("strack remind --hook b", "a"));
	assert_false(hook_text_calls("  # strack remind --hook a\n", "a"));
	assert_false(hook_text_calls("strack remind --hook ", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_every_change_is_seen),
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
