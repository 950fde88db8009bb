/* Parameters: what headers declare, and what is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "strack/param.h"

static char *lookup(const char *name)
{
	static char value[] = "from=there";

	return !strcmp(name, "STRACK_PARAM_V") ? value : NULL;
}

static void test_declared(void **state)
{
	struct paramvec l = { NULL, 0, 0 };

	(void)state;
	assert_true(paramvec_parse(&l, "LIMIT 1000 How many, at most"));
	assert_true(paramvec_parse(&l, "A required"));
	assert_true(paramvec_parse(&l, "B_2\t secret  of  it"));
	assert_false(paramvec_parse(&l, "A 2")); /* it is there */
	assert_false(paramvec_parse(&l, "C"));
	assert_false(paramvec_parse(&l, ""));
	assert_false(paramvec_parse(&l, "c 1"));
	assert_false(paramvec_parse(&l, "2C 1"));
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].fallback, "1000");
	assert_string_equal(l.v[0].description, "How many, at most");
	assert_null(l.v[1].fallback);
	assert_null(l.v[1].description);
	assert_false(l.v[1].secret);
	assert_null(l.v[2].fallback);
	assert_true(l.v[2].secret);
	assert_string_equal(l.v[2].description, "of  it");
	assert_ptr_equal(paramvec_find(&l, "A=x", 1), &l.v[1]);
	assert_null(paramvec_find(&l, "LIMI", 4));
	paramvec_release(&l);
}

static void test_name(void **state)
{
	char longest[66];

	(void)state;
	memset(longest, 'A', sizeof(longest));
	assert_true(param_name_valid(longest, 64));
	assert_false(param_name_valid(longest, 65));
	assert_false(param_name_valid("", 0));
	assert_true(param_name_valid("Z9_", 3));
	assert_false(param_name_valid("_A", 2));
	assert_false(param_name_valid("A\0", 2));
}

/* `words` with blanks between; what all of it comes to, or the message. */
static void check(const char *declared, const char *words, const char *want)
{
	struct paramvec l = { NULL, 0, 0 };
	struct strvec typed = STRVEC_INIT, given = STRVEC_INIT;
	struct strvec all = STRVEC_INIT, secrets = STRVEC_INIT;
	struct error err = ERROR_INIT;
	struct buf got = BUF_INIT;
	enum err rc;

	assert_true(paramvec_parse(&l, declared));
	strvec_split(&typed, words);
	rc = params_given(&typed, lookup, &given, &err);
	if (!rc)
		rc = params_resolve(
			&l, "s.sh", &typed, &given, &all, &secrets, &err);
	if (rc)
		buf_adds(&got, err.text.ptr);
	for (size_t i = 0; !rc && i < all.n; i++)
		buf_addf(&got, "%s%s", i ? " " : "", all.v[i]);
	assert_string_equal(got.ptr, want);
	paramvec_release(&l);
	strvec_release(&typed);
	strvec_release(&given);
	strvec_release(&all);
	strvec_release(&secrets);
	error_release(&err);
	buf_release(&got);
}

static void test_resolved(void **state)
{
	(void)state;
	check("V 1", "", "V=1");
	check("V 1", "V=", "V=");
	check("V 1", "V=a=b", "V=a=b");
	check("V 1", "V", "V=from=there");
	check("V secret", "V", "V=from=there");
	check("W 1", "V", "W=1"); /* unwanted: the caller's affair */
	check("W required What", "V", "s.sh: the parameter W is missing: What");
	check("V secret", "V=abc",
		"s.sh: V is a secret, and a command line is for everybody to "
		"see");
	check("V 1", "V=1 V=2", "--param V: given twice; keep one");
	check("V 1", "W",
		"--param W: no value, and no variable "
		"STRACK_PARAM_W; try --param W=VALUE");
	check("V 1", "s3cr3t",
		"--param: that is no NAME=VALUE; names are of A-Z, 0-9 and _");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_resolved),
	};

	return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
