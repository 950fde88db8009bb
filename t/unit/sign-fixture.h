/*
 * What the tests of src/sign share: keys of every kind made by the real
 * ssh-keygen, an agent, and helpers that run them.
 */
#ifndef STRACK_SIGN_FIXTURE_H
#define STRACK_SIGN_FIXTURE_H

#include "strack/sign.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "strack/digest.h"
#include "strack/file.h"
#include "strack/process.h"
#include "../../src/sign/sshsig.h"

#define NS SIGN_NS_ENTRY
#define MSG "strack-entry 1\nkind done\n"
#define MSG_LEN (sizeof(MSG) - 1)
#define SCRATCH "run" /* where the signer may have temporary files */

static char *home; /* the folder of this run, and the current one */

/* ---- helpers ---- */

static inline int sh(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* Runs a line of shell; its exit status. */
static inline int sh(const char *fmt, ...)
{
	struct process_result r = PROCESS_RESULT_INIT;
	struct error err = ERROR_INIT;
	struct buf line = BUF_INIT;
	const char *argv[] = { "sh", "-c", NULL, NULL };
	struct process_opts opts = { .argv = argv };
	va_list ap;
	int status;

	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	argv[2] = line.ptr;
	if (process_run(&opts, &r, &err))
		fail_msg("sh: %s", err.text.ptr);
	status = r.signal ? 128 + r.signal : r.exit;
	process_result_release(&r);
	error_release(&err);
	buf_release(&line);
	return status;
}

static inline void slurp(const char *path, struct buf *ret)
{
	struct error err = ERROR_INIT;

	if (file_read(path, 1 << 20, true, ret, &err))
		fail_msg("%s", err.text.ptr);
}

static inline void spew(const char *path, const void *data, size_t len)
{
	struct error err = ERROR_INIT;

	if (file_replace(path, 0600, data, len, &err))
		fail_msg("%s", err.text.ptr);
}

static inline struct signer *must_open(const char *spec, const char *program)
{
	struct error err = ERROR_INIT;
	struct signer *s = NULL;

	if (signer_open(spec, program, SCRATCH, &s, &err))
		fail_msg("%s: %s", spec, err.text.ptr);
	return s;
}

/* Opening must fail so, with a message that holds `say`. */
static inline void cannot_open(const char *spec, enum err code, const char *say)
{
	struct error err = ERROR_INIT;
	struct signer *s = NULL;
	enum err rc;

	rc = signer_open(spec, NULL, SCRATCH, &s, &err);
	assert_null(s);
	if (rc != code || !strstr(err.text.ptr, say))
		fail_msg("%s: %d, %s", spec, rc, err.text.ptr);
	error_release(&err);
}

static inline void must_sign(const struct signer *s, const char *ns,
	const void *data, size_t len, struct buf *ret)
{
	struct error err = ERROR_INIT;

	if (signer_sign(s, ns, data, len, ret, &err))
		fail_msg("sign: %s", err.text.ptr);
}

static inline enum err check(const struct buf *armor, const char *ns,
	const char *data, size_t len, struct pubkey *who, struct error *err)
{
	return signature_check(
		armor->ptr, armor->len, ns, data, len, NULL, who, err);
}

static inline void must_check(const struct buf *armor, const char *line)
{
	struct pubkey who = PUBKEY_INIT;
	struct error err = ERROR_INIT;

	if (check(armor, NS, MSG, MSG_LEN, &who, &err))
		fail_msg("check: %s", err.text.ptr);
	assert_string_equal(who.line, line);
	pubkey_release(&who);
}

/* Is refused as bad, for this reason, and `who` is left alone. */
static inline void must_refuse(const char *armor, size_t len, const char *why)
{
	struct pubkey who = PUBKEY_INIT;
	struct error err = ERROR_INIT;
	enum err rc;

	rc = signature_check(armor, len, NS, MSG, MSG_LEN, NULL, &who, &err);
	if (rc != ERR_BAD || !strstr(err.text.ptr, why))
		fail_msg("wanted '%s', got %d '%s'", why, rc, err.text.ptr);
	assert_null(who.line);
	error_release(&err);
}

static inline void load_key(const char *pub, struct pubkey *ret)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;

	slurp(pub, &text);
	if (pubkey_parse(text.ptr, text.len, ret, &err))
		fail_msg("%s: %s", pub, err.text.ptr);
	buf_release(&text);
}

/* Stock ssh-keygen takes it as by `pub`. */
static inline void stock_verify(const char *pub, const char *ns,
	const void *data, size_t len, const struct buf *armor)
{
	spew("v.msg", data, len);
	spew("v.sig", armor->ptr, armor->len);
	assert_int_equal(
		sh("printf 'p %%s\\n' \"$(cut -d' ' -f1,2 %s)\" >v.as", pub),
		0);
	assert_int_equal(sh("ssh-keygen -Y verify -n %s -f v.as -I p -s v.sig "
			    "<v.msg",
				 ns),
		0);
}

/* Signs with `spec`, lets both check it, and compares the key to `pub`. */
static inline void round_trip(const char *spec, const char *pub)
{
	struct pubkey key = PUBKEY_INIT;
	struct buf armor = BUF_INIT;
	struct signer *s;

	load_key(pub, &key);
	s = must_open(spec, NULL);
	assert_string_equal(signer_key(s)->line, key.line);
	assert_string_equal(signer_key(s)->fingerprint, key.fingerprint);
	must_sign(s, NS, MSG, MSG_LEN, &armor);
	stock_verify(pub, NS, MSG, MSG_LEN, &armor);
	must_check(&armor, key.line);
	signer_free(s);
	buf_release(&armor);
	pubkey_release(&key);
}

static inline void sign_ed(struct buf *ret)
{
	struct signer *s = must_open("ed", NULL);

	must_sign(s, NS, MSG, MSG_LEN, ret);
	signer_free(s);
}

/* ---- the keys that all tests use ---- */

static inline int set_up(void **state)
{
	char dir[] = "/tmp/strack-sign-XXXXXX";
	const char *run;

	(void)state;
	if (sign_init(NULL) || !mkdtemp(dir) || chdir(dir))
		return -1;
	home = xstrdup(dir);
	run = xstrfmt("%s/run", dir);
	if (mkdir(run, 0700) || setenv("TMPDIR", "/nonexistent", 1) ||
		setenv("HOME", dir, 1) || unsetenv("SSH_AUTH_SOCK") ||
		unsetenv("SSH_ASKPASS") || unsetenv("DISPLAY"))
		return -1;
	free((char *)run);
	return sh("set -e; k='ssh-keygen -q'\n"
		  "$k -t ed25519 -N '' -C 'a comment' -f ed\n"
		  "$k -t ed25519 -N '' -f other\n"
		  "$k -t ed25519 -N secret -f locked\n"
		  "$k -t ed25519 -N '' -C '' -f agented\n"
		  "$k -t rsa -b 2048 -N '' -f rsa\n"
		  "$k -t rsa -b 2048 -m PEM -N '' -f pem\n"
		  "$k -t ecdsa -b 256 -N '' -f ec256\n"
		  "$k -t ecdsa -b 384 -N '' -f ec384\n"
		  "$k -t ecdsa -b 521 -N '' -f ec521\n"
		  "mkdir hidden; ssh-agent -a \"$PWD/agent\" >agent.env\n"
		  "SSH_AUTH_SOCK=$PWD/agent ssh-add -q agented\n"
		  "mv agented hidden/\n");
}

static inline int tear_down(void **state)
{
	(void)state;
	sh(". ./agent.env >/dev/null; ssh-agent -k >/dev/null");
	if (chdir("/"))
		return -1;
	if (dir_remove_all(home, NULL))
		return -1;
	free(home);
	return 0;
}

/* Every test leaves no temporary file behind, whatever it did. */
static inline int nothing_left(void **state)
{
	(void)state;
	return sh("test -z \"$(ls -A run)\"");
}

#define TEST(f) cmocka_unit_test_teardown(f, nothing_left)

#endif
