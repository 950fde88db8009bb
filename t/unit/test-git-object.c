/* Objects and commits, compared with what stock git says. */
#include "git-fixture.h"
#include <sys/stat.h>

/* ---- objects ---- */

static void test_oid(void **state)
{
	static const char text[] = "0123456789abcdef0123456789abcdef01234567";
	struct oid id;

	(void)state;
	assert_true(oid_parse(text, 40, &id));
	assert_string_equal(hex(&id), text);
	assert_false(oid_parse(text, 39, &id));
	assert_false(
		oid_parse("0123456789ABCDEF0123456789abcdef01234567", 40, &id));
	assert_false(oid_is_zero(&id));
	memset(&id, 0, sizeof(id));
	assert_true(oid_is_zero(&id));
}

static void test_objects(void **state)
{
	struct oidvec all = OIDVEC_INIT;
	struct buf b = BUF_INIT;
	enum object_type type;
	struct oid id, none;
	struct repo *r;
	uint64_t size;

	(void)state;
	fresh("obj");
	r = opened();
	ok(object_write(r, OBJECT_BLOB, "hello\n", 6, &id, &err));
	oidvec_push(&all, &id);
	assert_string_equal(
		sh("echo hello | git hash-object --stdin"), hex(&id));
	ok(objects_sync(r, &all, &err));
	ok(object_stat(r, &id, &type, &size, &err));
	assert_int_equal(type, OBJECT_BLOB);
	assert_int_equal(size, 6);
	ok(object_read(r, &id, OBJECT_BLOB, 6, &b, &err));
	assert_string_equal(b.ptr, "hello\n");
	fails(ERR_TOOBIG, "6 bytes",
		object_read(r, &id, OBJECT_BLOB, 5, &b, &err));
	fails(ERR_BAD, "is a blob and no tree",
		object_read(r, &id, OBJECT_TREE, 100, &b, &err));
	memset(&none, 7, sizeof(none));
	fails(ERR_NOTFOUND, "not in this clone",
		object_stat(r, &none, &type, &size, &err));
	memset(&none, 0, sizeof(none));
	fails(ERR_NOTFOUND, "not in this clone",
		object_read(r, &none, OBJECT_BLOB, 9, &b, &err));
	oidvec_push(&all, &none);
	fails(ERR_NOTFOUND, "not in this clone", objects_sync(r, &all, &err));
	all.n = 1;
	/* packed, repacked and pruned under us */
	sh("git update-ref refs/tags/x %s; git gc -q --prune=now", hex(&id));
	ok(object_stat(r, &id, &type, &size, &err));
	ok(objects_sync(r, &all, &err));
	sh("echo other | git hash-object -w --stdin | xargs git update-ref "
	   "refs/tags/y; git repack -qadf; git prune-packed");
	ok(object_read(r, &id, OBJECT_BLOB, 6, &b, &err));
	sh("git update-ref -d refs/tags/x; git gc -q --prune=now");
	objects_refresh(r);
	fails(ERR_NOTFOUND, "not in this clone",
		object_stat(r, &id, &type, &size, &err));
	/* broken ones */
	id = *all.v;
	sh("echo hello | git hash-object -w --stdin\n"
	   "f=.git/objects/%.2s/%s; chmod u+w $f; : >$f",
		hex(&id), hex(&id) + 2);
	objects_refresh(r);
	fails(ERR_BAD, hex(&id), object_read(r, &id, OBJECT_BLOB, 9, &b, &err));
	fails(ERR_BAD, hex(&id), objects_sync(r, &all, &err));
	sh("f=.git/objects/%.2s/%s; rm -f $f\n"
	   "o=$(echo hexxo | git hash-object -w --stdin)\n"
	   "cp .git/objects/$(echo $o | sed 's,^..,&/,') $f",
		hex(&id), hex(&id) + 2);
	fails(ERR_BAD, "corrupt",
		object_read(r, &id, OBJECT_BLOB, 9, &b, &err));
	repo_free(r);
	oidvec_release(&all);
	buf_release(&b);
}

static void test_shared_modes(void **state)
{
	struct repo *r;
	struct oid id;
	mode_t before = umask(077);

	(void)state;
	fresh("shared");
	sh("git config core.sharedRepository group");
	r = opened();
	ok(object_write(r, OBJECT_BLOB, "hello\n", 6, &id, &err));
	assert_string_equal(
		sh("stat -c %%a .git/objects/%.2s", hex(&id)), "770");
	assert_string_equal(
		sh("stat -c %%a .git/objects/%.2s/*", hex(&id)), "440");
	assert_int_equal(umask(before), 077);
	repo_free(r);
}

/* ---- commits ---- */

static void test_commits(void **state)
{
	struct commit c = COMMIT_INIT;
	struct buf text = BUF_INIT, who = BUF_INIT, sig = BUF_INIT;
	struct oid id, head;
	struct repo *r;

	(void)state;
	fresh("commits");
	sh("ssh-keygen -q -t ed25519 -N '' -f .git/k\n"
	   "git config gpg.format ssh; git config user.signingKey "
	   "\"$PWD/.git/k.pub\"\n"
	   "echo \"author@example.com $(cat .git/k.pub)\" >.git/allowed\n"
	   "git config gpg.ssh.allowedSignersFile \"$PWD/.git/allowed\"\n"
	   "echo 1 >f; git add f; git commit -q -S -m 'one\n\nbody'\n"
	   "git commit -q --allow-empty -m two\n"
	   "git checkout -q -b side HEAD~1; git commit -q --allow-empty -m s\n"
	   "git merge -q -S --no-ff -m merge main");
	r = opened();
	ok(repo_head(r, &head, &err));
	ok(commit_read(r, &head, &c, &err));
	assert_int_equal(c.parents.n, 2);
	assert_string_equal(c.message.ptr, "merge\n");
	assert_true(str_ends(c.signature.ptr, "-----END SSH SIGNATURE-----\n"));
	buf_set(&text, sh("git cat-file commit HEAD | sed '/^gpgsig/,/END "
			  "SSH/d'"));
	buf_addch(&text, '\n');
	assert_string_equal(c.payload.ptr, text.ptr);
	/* the same bytes again give the same commit */
	ok(commit_write(r, &c.payload, &c.signature, &id, &err));
	assert_string_equal(hex(&id), sh("git rev-parse HEAD"));
	assert_true(sh_ok("git verify-commit HEAD"));
	/* one of our own */
	ok(repo_identity(r, "AUTHOR", &who, &err));
	commit_format(&text, &c.tree, &head, 1, who.ptr, who.ptr, "mine\n");
	ok(commit_write(r, &text, NULL, &id, &err));
	assert_string_equal(sh("git log -1 --format=%%P %s", hex(&id)),
		sh("git rev-parse HEAD"));
	ok(commit_read(r, &id, &c, &err));
	assert_int_equal(c.signature.len, 0);
	assert_string_equal(c.payload.ptr, text.ptr);
	assert_true(sh_ok("git fsck --strict"));
	repo_free(r);
	buf_release(&text);
	buf_release(&who);
	buf_release(&sig);
	commit_release(&c);
}

static struct commit with_author(const char *line)
{
	struct commit c = COMMIT_INIT;

	buf_addf(&c.payload,
		"tree x\nauthor %s\ncommitter A <c@x> 1 +0000\n\n"
		"\nauthor No <no@x> 5 +0000\n",
		line);
	return c;
}

static void test_author(void **state)
{
	static const char *const bad[] = { "A U Thor a@example.com 1 +0000",
		"A <a@b> +0000", "A <a@b>",
		"A <a@b> 99999999999999999999 +0000", "" };
	struct buf name = BUF_INIT, mail = BUF_INIT;
	int64_t when;
	struct commit c;

	(void)state;
	c = with_author("Ada >Lovelace< <ada@example.com> 1763720102 +0100");
	assert_true(commit_author(&c, &name, &mail, &when));
	assert_string_equal(name.ptr, "Ada >Lovelace<");
	assert_string_equal(mail.ptr, "ada@example.com");
	assert_int_equal(when, 1763720102);
	commit_release(&c);
	c = with_author(" <> 7 +0000");
	assert_true(commit_author(&c, &name, &mail, &when));
	assert_string_equal(name.ptr, "");
	assert_string_equal(mail.ptr, "");
	commit_release(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		c = with_author(bad[i]);
		assert_false(commit_author(&c, &name, &mail, &when));
		commit_release(&c);
	}
	buf_release(&name);
	buf_release(&mail);
}

static void test_bad_commits(void **state)
{
#define T "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\\n"
#define A "author A <a@b> 1 +0000\\n"
#define C "committer A <a@b> 1 +0000\\n"
	static const char *const bad[] = { "", "rubbish\\n", T, T A, T A C,
		A C "\\nx", T C A "\\nx", T A C "mergetag x\\n y\\n\\nx",
		T A C "gpgsig x\\n y\\ngpgsig x\\n\\nx",
		T A C "encoding x\\nencoding x\\n\\nx",
		T "parent zz\\n" A C "\\nx", T A C "\\nx\\000y", T A A C "\\nx",
		"tree 4b825dc\\n" A C "\\nx", T A C "gpgsig x\\n y" };
	static const char *const good[] = { T A C "\\n", T A C "\\nx",
		T A C "encoding latin1\\n\\nx",
		T A C "gpgsig x\\n \\n y\\n\\nx" };
	struct commit c = COMMIT_INIT;
	struct repo *r;
	struct oid id;

	(void)state;
	fresh("badcommits");
	r = opened();
	for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
		bool is_good = i >= ARRAY_SIZE(bad);
		const char *text = is_good ? good[i - ARRAY_SIZE(bad)] : bad[i];
		enum err rc;

		assert_true(oid_parse(
			sh("printf '%s' | git hash-object -w --stdin -t commit "
			   "--literally",
				text),
			OID_HEX, &id));
		rc = commit_read(r, &id, &c, &err);
		if (rc != (is_good ? ERR_OK : ERR_BAD))
			fail_msg("%s: %d", text, rc);
		error_reset(&err);
	}
	assert_string_equal(c.signature.ptr, "x\n\ny\n");
	repo_free(r);
	commit_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_oid, clean_env),
		cmocka_unit_test_setup(test_objects, clean_env),
		cmocka_unit_test_setup(test_shared_modes, clean_env),
		cmocka_unit_test_setup(test_commits, clean_env),
		cmocka_unit_test_setup(test_bad_commits, clean_env),
		cmocka_unit_test(test_author),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
