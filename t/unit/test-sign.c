/*
 * Signing with every kind of key, by the real ssh-keygen and ssh-agent too;
 * what we make stock ssh-keygen takes.
 */
#include <signal.h>

#include "sign-fixture.h"

/* ---- signing ---- */

/* Ed25519 is deterministic: ours and ssh-keygen's must be the same bytes, at
 * every place where a line of the armour can end. */
static void test_same_bytes(void **state)
{
	struct signer *s = must_open("ed", NULL);
	char ns[80];
	size_t n;

	(void)state;
	for (n = 1; n < sizeof(ns); n += n < 30 || n > 45 ? 7 : 1) {
		struct buf ours = BUF_INIT, theirs = BUF_INIT;

		memset(ns, 'n', n);
		ns[n] = '\0';
		must_sign(s, ns, MSG, MSG_LEN, &ours);
		spew("m", MSG, MSG_LEN);
		assert_int_equal(sh("rm -f m.sig; ssh-keygen -q -Y sign -n %s "
				    "-f ed m",
					 ns),
			0);
		slurp("m.sig", &theirs);
		assert_string_equal(ours.ptr, theirs.ptr);
		buf_release(&ours);
		buf_release(&theirs);
	}
	signer_free(s);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 111, 112, 128, 65536, 1 << 20 };
	struct signer *s = must_open("ed", NULL);
	char *data = xcalloc(1, 1 << 20);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buf armor = BUF_INIT;
		struct pubkey who = PUBKEY_INIT;

		must_sign(s, SIGN_NS_GIT, data, sizes[i], &armor);
		stock_verify("ed.pub", SIGN_NS_GIT, data, sizes[i], &armor);
		assert_int_equal(
			check(&armor, SIGN_NS_GIT, data, sizes[i], &who, NULL),
			ERR_OK);
		pubkey_release(&who);
		assert_int_equal(check(&armor, SIGN_NS_GIT, data, sizes[i] ^ 1,
					 &who, NULL),
			ERR_BAD);
		buf_release(&armor);
	}
	free(data);
	signer_free(s);
}

static void test_round_trips(void **state)
{
	(void)state;
	round_trip("ed", "ed.pub");
	round_trip("ed.pub", "ed.pub");
	round_trip("./ed", "ed.pub");
	round_trip("~/ed.pub", "ed.pub");
	round_trip("rsa", "rsa.pub");
	round_trip("rsa.pub", "rsa.pub");
	round_trip("pem", "pem.pub");
	round_trip("ec256", "ec256.pub");
	round_trip("ec384", "ec384.pub");
	round_trip("ec521.pub", "ec521.pub");
}

/* A plain ed25519 key needs no program at all, by either name. */
static void test_in_process(void **state)
{
	static const char *const specs[] = { "ed", "ed.pub", "link.pub" };
	struct buf armor = BUF_INIT;
	size_t i;

	(void)state;
	assert_int_equal(sh("ln -s ed link; ln -s ed.pub link.pub"), 0);
	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		struct signer *s = must_open(specs[i], "/nonexistent/program");

		must_sign(s, NS, MSG, MSG_LEN, &armor);
		signer_free(s);
	}
	buf_release(&armor);
}

/* The folder may change between opening and signing. */
static void test_relative(void **state)
{
	struct signer *s = must_open("rsa", NULL);
	struct buf armor = BUF_INIT;

	(void)state;
	assert_int_equal(chdir("/"), 0);
	must_sign(s, NS, MSG, MSG_LEN, &armor);
	assert_int_equal(chdir(home), 0);
	buf_release(&armor);
	signer_free(s);
}

static void test_pem_without_public(void **state)
{
	(void)state;
	assert_int_equal(sh("cp pem lone"), 0);
	cannot_open("lone", ERR_BAD, "lone.pub");
	assert_int_equal(sh("ssh-keygen -y -f lone >lone.pub"), 0);
	round_trip("lone", "pem.pub");
}

static void test_passphrase(void **state)
{
	struct signer *s = must_open("locked", NULL);
	struct error err = ERROR_INIT;
	struct buf armor = BUF_INIT;

	(void)state;
	/* no terminal and nobody to ask */
	assert_int_equal(
		signer_sign(s, NS, MSG, MSG_LEN, &armor, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "passphrase"));
	assert_int_equal(armor.len, 0);
	error_release(&err);
	signer_free(s);

	spew("ask", "#!/bin/sh\necho secret\n", 22);
	assert_int_equal(chmod("ask", 0700), 0);
	setenv("SSH_ASKPASS", "./ask", 1);
	setenv("SSH_ASKPASS_REQUIRE", "force", 1);
	round_trip("locked", "locked.pub");
	round_trip("locked.pub", "locked.pub");
	unsetenv("SSH_ASKPASS");
	unsetenv("SSH_ASKPASS_REQUIRE");
}

static void test_agent(void **state)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT, spec = BUF_INIT, armor = BUF_INIT;
	char *sock = xstrfmt("%s/agent", home);
	struct signer *s;

	(void)state;
	slurp("agented.pub", &text);
	buf_trim_end(&text);
	s = must_open(text.ptr, NULL); /* opening asks no agent */
	assert_int_equal(
		signer_sign(s, NS, MSG, MSG_LEN, &armor, &err), ERR_FATAL);
	assert_non_null(strstr(err.hint.ptr, "ssh-add"));
	error_release(&err);
	signer_free(s);

	setenv("SSH_AUTH_SOCK", sock, 1);
	round_trip(text.ptr, "agented.pub");
	buf_printf(&spec, "key::%s with a comment", text.ptr);
	round_trip(spec.ptr, "agented.pub");
	round_trip("agented.pub", "agented.pub");
	round_trip("agented", "agented.pub"); /* the name of what is not here */
	unsetenv("SSH_AUTH_SOCK");
	free(sock);
	buf_release(&text);
	buf_release(&spec);
}

static void test_public_file_forms(void **state)
{
	(void)state;
	assert_int_equal(sh("{ printf '# mine\\n\\n'; cat ed.pub; } >c.pub;"
			    "tr -d '\\n' <ed.pub >n.pub;"
			    "sed 's/$/\\r/' ed.pub >r.pub;"
			    "for i in c n r; do cp ed $i; done"),
		0);
	round_trip("c.pub", "ed.pub");
	round_trip("n.pub", "ed.pub");
	round_trip("r.pub", "ed.pub");
	assert_int_equal(sh("sed 's/$/\\r/' ed >crlf; chmod 600 crlf"), 0);
	round_trip("crlf", "ed.pub");
}

static void test_open_bad(void **state)
{
	(void)state;
	cannot_open("", ERR_BAD, "empty");
	cannot_open("missing", ERR_NOTFOUND, "missing");
	cannot_open("~/missing", ERR_NOTFOUND, home);
	cannot_open("key::nonsense", ERR_BAD, "nonsense");
	cannot_open("ssh-ed25519 AAAA", ERR_BAD, "ssh-ed25519 AAAA");
	cannot_open("hidden", ERR_FATAL, "hidden");
	cannot_open("/dev/null", ERR_BAD, "no key");
	spew("void", "", 0);
	cannot_open("void", ERR_BAD, "no key");
	spew("hash", "# only\n#a comment", 17);
	cannot_open("hash", ERR_BAD, "no key");
	assert_int_equal(sh("head -c 70000 /dev/zero >big"), 0);
	cannot_open("big", ERR_BAD, "too big");
}

static void test_wide_key(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0601, 0644 };
	size_t i;

	(void)state;
	assert_int_equal(sh("cp ed wide; cp ed.pub wide.pub"), 0);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod("wide", modes[i]), 0);
		cannot_open("wide", ERR_FATAL, "lets others use");
		cannot_open("wide.pub", ERR_FATAL, "lets others use");
	}
	assert_int_equal(chmod("wide", 0400), 0);
	round_trip("wide", "ed.pub");
}

/* The .pub of one key beside the private file of another. */
static void test_mismatch(void **state)
{
	struct error err = ERROR_INIT;
	struct buf armor = BUF_INIT;
	struct signer *s;

	(void)state;
	assert_int_equal(sh("cp ed mixed; cp other.pub mixed.pub"), 0);
	round_trip("mixed", "ed.pub");
	s = must_open("mixed.pub", NULL);
	assert_int_equal(
		signer_sign(s, NS, MSG, MSG_LEN, &armor, &err), ERR_FATAL);
	assert_int_equal(armor.len, 0);
	error_release(&err);
	signer_free(s);
}

/* ---- programs that stand in for ssh-keygen ---- */

static void program(const char *name, const char *text)
{
	spew(name, text, strlen(text));
	assert_int_equal(chmod(name, 0700), 0);
}

static void program_fails(const char *name, const char *say)
{
	char *path = xstrfmt("%s/%s", home, name);
	struct signer *s = must_open("rsa", path);
	struct error err = ERROR_INIT;
	struct buf armor = BUF_INIT;

	assert_int_equal(
		signer_sign(s, NS, MSG, MSG_LEN, &armor, &err), ERR_FATAL);
	assert_int_equal(armor.len, 0);
	if (!strstr(err.text.ptr, say))
		fail_msg("%s: %s", name, err.text.ptr);
	error_release(&err);
	signer_free(s);
	free(path);
}

static void test_program(void **state)
{
	char *path = xstrfmt("%s/rewrap", home);
	struct buf armor = BUF_INIT;
	struct signer *s;

	(void)state;
	program("silent", "#!/bin/sh\nexit 0\n");
	program_fails("silent", "cannot read the signature");
	program("failing", "#!/bin/sh\necho no key today >&2\nexit 3\n");
	program_fails("failing", "no key today");
	program("dying", "#!/bin/sh\nkill -9 $$\n");
	program_fails("dying", "SIGKILL");
	program("garbage",
		"#!/bin/sh\nfor f; do :; done; echo hi >\"$f.sig\"\n");
	program_fails("garbage", "no good");
	program("stranger",
		"#!/bin/sh\nfor f; do :; done\n"
		"test \"$2\" = sign || exec ssh-keygen \"$@\"\n"
		"exec ssh-keygen -q -Y sign -n git-strack -f other \"$f\"\n");
	program_fails("stranger", "another key");
	program("old", "#!/bin/sh\necho usage: me >&2\nexit 1\n");
	program_fails("old", "usage: me");
	program_fails("missing-program", "missing-program");

	/* git's order of arguments, CR LF and lines of 64 */
	program("rewrap",
		"#!/bin/sh\ntest \"$2\" = sign || exec ssh-keygen \"$@\"\n"
		"test $# = 7 -a \"$1 $3 $5\" = '-Y -n -f' || exit 9\n"
		"ssh-keygen -q -Y sign -n $4 -f \"$6\" \"$7\" || exit\n"
		"{ sed -n 1p \"$7.sig\"; sed '1d;$d' \"$7.sig\" | tr -d '\\n' "
		"| fold -w 64; echo; sed -n '$p' \"$7.sig\"; } | "
		"sed 's/$/\\r/' >\"$7.x\"; mv \"$7.x\" \"$7.sig\"\n");
	s = must_open("rsa", path);
	must_sign(s, NS, MSG, MSG_LEN, &armor);
	stock_verify("rsa.pub", NS, MSG, MSG_LEN, &armor);
	signer_free(s);
	free(path);
	buf_release(&armor);
}

/* A program that can't tell has not said that the signature is wrong. */
static void test_check_program(void **state)
{
	struct signer *s = must_open("ec256", NULL);
	struct pubkey who = PUBKEY_INIT;
	struct error err = ERROR_INIT;
	struct buf armor = BUF_INIT;

	(void)state;
	must_sign(s, NS, MSG, MSG_LEN, &armor);
	program("old", "#!/bin/sh\necho usage: me >&2\nexit 1\n");
	assert_int_equal(signature_check(armor.ptr, armor.len, NS, MSG, MSG_LEN,
				 "./old", &who, &err),
		ERR_FATAL);
	error_reset(&err);
	assert_int_equal(signature_check(armor.ptr, armor.len, NS, MSG, MSG_LEN,
				 "/nonexistent", &who, &err),
		ERR_FATAL);
	error_release(&err);
	signer_free(s);
	buf_release(&armor);
}

/* Never in a folder that others have their files in, too. */
static void test_scratch(void **state)
{
	struct signer *s;
	struct buf b = BUF_INIT;

	(void)state;
	program("look",
		"#!/bin/sh\ntest \"$2\" = sign || exec ssh-keygen \"$@\"\n"
		"stat -c %a run/.tmp-strack-sign-* >mode\n"
		"exec ssh-keygen -q \"$@\"\n");
	s = must_open("ec256", "./look");
	must_sign(s, NS, MSG, MSG_LEN, &b);
	buf_reset(&b);
	slurp("mode", &b);
	assert_string_equal(b.ptr, "700\n");
	signer_free(s);
	buf_release(&b);
}

/* Without a folder it can't be done, and nobody is asked. */
static void test_no_scratch(void **state)
{
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	struct signer *s = NULL;

	(void)state;
	assert_int_equal(signer_open("ec256", NULL, NULL, &s, &err), ERR_OK);
	assert_int_equal(signer_sign(s, NS, MSG, MSG_LEN, &b, &err), ERR_FATAL);
	signer_free(s);
	s = NULL;
	assert_int_equal(
		signer_open("ec256", NULL, "/nonexistent", &s, NULL), ERR_OK);
	error_reset(&err);
	assert_int_equal(signer_sign(s, NS, MSG, MSG_LEN, &b, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "/nonexistent"));
	assert_int_equal(b.len, 0);
	error_release(&err);
	signer_free(s);
}

static volatile sig_atomic_t interrupted;

/* rmdir(2) is safe in a handler, and tells whether the folder was empty. */
static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = rmdir("run") ? 2 : 1;
}

/* Ctrl-C while ssh-keygen asks: it goes, the files go, and then we do. */
static void test_interrupt(void **state)
{
	struct sigaction act = { .sa_handler = on_interrupt }, old;
	struct buf text = BUF_INIT;

	(void)state;
	assert_int_equal(sigaction(SIGINT, &act, &old), 0);
	program("ctrl-c", "#!/bin/sh\ngrep SigBlk /proc/self/status >blocked\n"
			  "kill -INT $PPID\ntest -e \"$7\" && kill -INT $$\n");
	program_fails("ctrl-c", "SIGINT");
	assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
	assert_int_equal(interrupted, 1);
	assert_int_equal(mkdir("run", 0700), 0);
	slurp("blocked", &text);
	assert_string_equal(text.ptr, "SigBlk:\t0000000000000000\n");
	buf_release(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_same_bytes),
		TEST(test_sizes),
		TEST(test_round_trips),
		TEST(test_in_process),
		TEST(test_relative),
		TEST(test_pem_without_public),
		TEST(test_passphrase),
		TEST(test_agent),
		TEST(test_public_file_forms),
		TEST(test_open_bad),
		TEST(test_wide_key),
		TEST(test_mismatch),
		TEST(test_program),
		TEST(test_check_program),
		TEST(test_scratch),
		TEST(test_no_scratch),
		TEST(test_interrupt),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
