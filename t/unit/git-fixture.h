/*
 * For the tests of src/git: throw-away repositories that stock git makes, and
 * what it says of them.  Included by one test program at a time.
 */
#ifndef GIT_FIXTURE_H
#define GIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "strack/object.h"
#include "strack/process.h"
#include "strack/repo.h"
#include "sample.h"

/* libgit2 1.5 loses a match buffer whenever it looks at the extensions of a
 * repository of format 1; that is not ours to mend. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2\n";
}

static char *top; /* the folder that all repositories are in */
static struct error err = ERROR_INIT;

/* ---- stock tools ---- */

__attribute__((unused)) static int sh_status(
	struct buf *out, const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct process_opts o = { .argv = argv, .max_out = 64 << 20 };
	struct process_result res = PROCESS_RESULT_INIT;
	int rc;

	assert_int_equal(process_run(&o, &res, &err), ERR_OK);
	rc = res.exit;
	if (rc != 0 && getenv("TEST_VERBOSE"))
		print_message("%s\n", res.err.ptr);
	buf_reset(out);
	buf_addbuf(out, &res.out);
	process_result_release(&res);
	return rc;
}

/* Output of a script that must work; valid until the next call. */
static const char *sh(const char *fmt, ...)
	__attribute__((unused, format(printf, 1, 2)));
__attribute__((unused)) static const char *sh(const char *fmt, ...)
{
	static struct buf out = BUF_INIT;
	struct buf script = BUF_INIT;
	va_list ap;

	buf_adds(&script, "set -e\n");
	va_start(ap, fmt);
	buf_addv(&script, fmt, ap);
	va_end(ap);
	if (sh_status(&out, script.ptr) != 0)
		fail_msg("script failed: %s", script.ptr);
	buf_release(&script);
	buf_trim_end(&out);
	return out.ptr;
}

__attribute__((unused)) static bool sh_ok(const char *script)
{
	struct buf out = BUF_INIT;
	bool ok = sh_status(&out, script) == 0;

	buf_release(&out);
	return ok;
}

__attribute__((unused)) static void go(const char *dir)
{
	char *path = xstrfmt("%s/%s", top, dir);

	assert_int_equal(chdir(path), 0);
	free(path);
}

__attribute__((unused)) static struct repo *opened(void)
{
	struct repo *r = NULL;
	enum err rc = repo_open(&r, &err);

	if (rc)
		fail_msg("repo_open: %s", err.text.ptr);
	return r;
}

/* A fresh repository `name`, and we are in it. */
__attribute__((unused)) static void fresh(const char *name)
{
	go("");
	sh("rm -rf %s; git init -q -b main %s", name, name);
	go(name);
}

__attribute__((unused)) static struct oid oid_of(const char *rev)
{
	struct oid id;

	assert_true(oid_parse(sh("git rev-parse '%s'", rev), OID_HEX, &id));
	return id;
}

/* Good for four calls, so that several can stand in one expression. */
__attribute__((unused)) static const char *hex(const struct oid *id)
{
	static char h[4][OID_HEX + 1];
	static unsigned at;

	at = (at + 1) % 4;
	oid_hex(id, h[at]);
	return h[at];
}

#define ok(call)                                                               \
	do {                                                                   \
		if ((call) != ERR_OK)                                          \
			fail_msg("%s: %s", #call, err.text.ptr);               \
	} while (0)

/* Fails with this code and with a text that has this in it. */
#define fails(code, with, call)                                                \
	do {                                                                   \
		error_reset(&err);                                             \
		assert_int_equal(call, code);                                  \
		if (!strstr(err.text.ptr, with))                               \
			fail_msg("%s: '%s' lacks '%s'", #call, err.text.ptr,   \
				with);                                         \
		error_reset(&err);                                             \
	} while (0)

/* Each test begins without git's variables, whatever the one before did. */
__attribute__((unused)) static int clean_env(void **state)
{
	(void)state;
	for (char **e = environ; *e;) {
		if (strncmp(*e, "GIT_", 4) == 0) {
			char *name = xstrndup(*e, strcspn(*e, "="));

			unsetenv(name);
			free(name);
			e = environ;
		} else {
			e++;
		}
	}
	setenv("HOME", top, 1);
	setenv("TZ", "UTC", 1);
	tzset();
	setenv("GIT_CEILING_DIRECTORIES", top, 1);
	unsetenv("SUDO_UID");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("EMAIL");
	return 0;
}

__attribute__((unused)) static int group_setup(void **state)
{
	char *dir = throw_away();
	char *real;

	(void)state;
	assert_non_null(mkdtemp(dir));
	real = realpath(dir, NULL);
	assert_non_null(real);
	top = real;
	free(dir);
	clean_env(state);
	go("");
	sh("git config --global user.name 'A U Thor'\n"
	   "git config --global user.email author@example.com");
	return 0;
}

__attribute__((unused)) static int group_teardown(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	sh("rm -rf '%s'", top);
	free(top);
	error_release(&err);
	return 0;
}

#endif
