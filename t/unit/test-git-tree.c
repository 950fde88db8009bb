/* Trees: walked, compared, added to, and checked against stock git. */
#include "git-fixture.h"

/* ---- trees ---- */

static enum err print_entry(const char *path, const struct tree_entry *e,
	void *arg, struct error *unused)
{
	static const char *const kind[] = { "blob", "commit" };
	char h[OID_HEX + 1];

	(void)unused;
	oid_hex(&e->id, h);
	buf_addf(arg, "%06o %s %s\t%s\n", e->mode, kind[e->mode == 0160000], h,
		path);
	return ERR_OK;
}

static enum err print_change(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *unused)
{
	(void)unused;
	assert_true(status == 'A'   ? !old && new
		    : status == 'D' ? old && !new
				    : old &&new);
	/* git tells a change of type apart, we don't */
	buf_addf(arg, "%c\t%s\n", status, path);
	return ERR_OK;
}

static void check_tree(struct repo *r, const char *rev)
{
	struct oid id = oid_of(rev);
	struct buf b = BUF_INIT;

	ok(tree_walk(r, &id, "", print_entry, &b, &err));
	buf_trim_end(&b);
	assert_string_equal(
		b.ptr, sh("git -c core.quotePath=false ls-tree -r '%s'", rev));
	buf_release(&b);
}

static void check_diff(struct repo *r, const char *old, const char *new)
{
	struct oid a = oid_of(old), c = oid_of(new);
	struct buf b = BUF_INIT;

	ok(tree_diff(r, &a, &c, print_change, &b, &err));
	buf_trim_end(&b);
	assert_string_equal(b.ptr,
		sh("git -c core.quotePath=false diff-tree -r --no-renames "
		   "--name-status '%s' '%s' | sed s/^T/M/",
			old, new));
	buf_release(&b);
}

static void test_trees(void **state)
{
	struct buf b = BUF_INIT;
	struct oid root, id;
	struct repo *r;
	unsigned mode;

	(void)state;
	fresh("trees");
	sh("mkdir -p a/b a.b; echo 1 >a/b/c; echo 2 >a/x; echo 3 >a.b/y\n"
	   "echo 4 >a-; echo 5 >a0; ln -s a link; echo 6 >ab; chmod +x ab\n"
	   "git add .; git commit -qm one\n"
	   "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),m\n"
	   "git commit -qm two\n"
	   "git rm -rqf a a.b; echo f >a; echo g >a.b; git rm -q --cached m\n"
	   "mkdir m; echo h >m/h; rm link; echo file >link; chmod -x ab\n"
	   "git add .; git commit -qm three");
	r = opened();
	check_tree(r, "HEAD^{tree}");
	check_tree(r, "HEAD~1^{tree}");
	check_diff(r, "HEAD~2^{tree}", "HEAD~1^{tree}");
	check_diff(r, "HEAD~1^{tree}", "HEAD^{tree}");
	check_diff(r, "HEAD^{tree}", "HEAD~1^{tree}");
	root = oid_of("HEAD~1^{tree}");
	ok(tree_find(r, &root, "a/b/c", &mode, &id, &err));
	assert_int_equal(mode, MODE_FILE);
	assert_string_equal(sh("git rev-parse HEAD~1:a/b/c"), hex(&id));
	ok(tree_find(r, &root, "a/b", &mode, &id, &err));
	assert_int_equal(mode, MODE_TREE);
	fails(ERR_NOTFOUND, "a/b/c/d",
		tree_find(r, &root, "a/b/c/d", &mode, &id, &err));
	fails(ERR_NOTFOUND, "zz", tree_find(r, &root, "zz", &mode, &id, &err));
	ok(tree_walk(r, &root, "a/b", print_entry, &b, &err));
	assert_non_null(strstr(b.ptr, "\ta/b/c\n"));
	buf_reset(&b);
	ok(tree_walk(r, &root, "no/where", print_entry, &b, &err));
	ok(tree_walk(r, &root, "a/x", print_entry, &b, &err));
	assert_int_equal(b.len, 0);
	ok(tree_diff(r, NULL, &root, print_change, &b, &err));
	assert_non_null(strstr(b.ptr, "A\ta/b/c\n"));
	repo_free(r);
	buf_release(&b);
}

/* Random trees with few names, so that files become folders and back. */
static void test_diff_random(void **state)
{
	struct repo *r;

	(void)state;
	fresh("random");
	sh("awk 'BEGIN { srand(7)\n"
	   "for (c = 1; c <= 60; c++) {\n"
	   " printf \"commit refs/heads/r%%d\\ncommitter A <a@b> %%d +0000\\n"
	   "data 0\\n\", c, c\n"
	   " n = int(rand() * 40) + 1\n"
	   " for (i = 0; i < n; i++) {\n"
	   "  p = substr(\"abAB-.0\", int(rand() * 7) + 1, 1)\n"
	   "  if (rand() < .7) p = p substr(\"ab.-0/\", int(rand()*6)+1, 1) "
	   "substr(\"xyz\", int(rand()*3)+1, 1)\n"
	   "  if (rand() < .4) p = p \"/\" substr(\"xyz\", int(rand()*3)+1, 1)\n"
	   "  m = rand() < .8 ? \"100644\" : rand() < .5 ? \"100755\" : "
	   "\"120000\"\n"
	   "  printf \"M %%s inline %%s\\ndata 1\\n%%d\\n\", m, p, "
	   "int(rand()*2)\n"
	   " } } }' | git fast-import --quiet");
	r = opened();
	for (int i = 1; i < sample(60, 12); i++) {
		char *a = xstrfmt("r%d^{tree}", i);
		char *b = xstrfmt("r%d^{tree}", i + 1);

		check_tree(r, a);
		check_diff(r, a, b);
		free(a);
		free(b);
	}
	repo_free(r);
}

/* A long tree in which one thing changes, at each place. */
static void test_diff_long(void **state)
{
	struct repo *r;

	(void)state;
	fresh("long");
	sh("for i in $(seq 100 160); do echo $i >f$i; done; git add .\n"
	   "git commit -qm all\n"
	   "for i in 100 101 130 159 160; do git checkout -q main\n"
	   "git checkout -q -b c$i; echo x >f$i; git commit -qam x\n"
	   "git rm -qf f$i; git commit -qm y; git tag d$i\n"
	   "mkdir f$i; echo z >f$i/z; git add .; git commit -qm z; git tag "
	   "e$i; done");
	r = opened();
	for (int i = 0; i < 5; i++) {
		static const int at[] = { 100, 101, 130, 159, 160 };

		for (const char *k = "cde"; *k; k++) {
			char *a = xstrfmt("%c%d^{tree}", *k, at[i]);

			check_diff(r, "main^{tree}", a);
			check_diff(r, a, "main^{tree}");
			check_diff(r, a, "c130^{tree}");
			free(a);
		}
	}
	repo_free(r);
}

static void test_bad_trees(void **state)
{
	static const char *const bad[] = {
		"100644 b\\0aaaaaaaaaaaaaaaaaaaa100644 a\\0aaaaaaaaaaaaaaaaaaaa",
		"100644 a\\0aaaaaaaaaaaaaaaaaaaa100644 a\\0aaaaaaaaaaaaaaaaaaaa",
		("100644 a\\0aaaaaaaaaaaaaaaaaaaa"
		 "100644 a.\\0aaaaaaaaaaaaaaaaaaaa"
		 "40000 a\\0aaaaaaaaaaaaaaaaaaaa"),
		"100644 a\\0aaaaaaaaaaaaaaaaaaa",
		"100644 \\0aaaaaaaaaaaaaaaaaaaa",
		"100644 a/b\\0aaaaaaaaaaaaaaaaaaaa",
		"rubbish a\\0aaaaaaaaaaaaaaaaaaaa",
		"100644",
	};
	struct buf b = BUF_INIT;
	struct repo *r;
	struct oid id;

	(void)state;
	fresh("badtrees");
	r = opened();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(oid_parse(
			sh("printf '%s' | git hash-object -w --stdin -t tree "
			   "--literally",
				bad[i]),
			OID_HEX, &id));
		assert_int_equal(
			tree_walk(r, &id, "", print_entry, &b, &err), ERR_BAD);
		assert_int_equal(
			tree_diff(r, NULL, &id, print_change, &b, &err),
			ERR_BAD);
		error_reset(&err);
	}
	/* 70 levels */
	assert_true(oid_parse(
		sh("o=$(git hash-object -w --stdin </dev/null)\n"
		   "t=$(printf '100644 blob %%s\\tf\\n' $o | git mktree)\n"
		   "for i in $(seq 70); do t=$(printf '040000 tree %%s\\td\\n' "
		   "$t | git mktree); done; echo $t"),
		OID_HEX, &id));
	fails(ERR_BAD, "deeply", tree_walk(r, &id, "", print_entry, &b, &err));
	fails(ERR_BAD, "deeply",
		tree_diff(r, NULL, &id, print_change, &b, &err));
	repo_free(r);
	buf_release(&b);
}

/* The tree that git makes of "PATH CONTENT" words. */
static struct oid tree_of(const char *words)
{
	struct oid id;

	assert_true(oid_parse(
		sh("rm -f .git/index; set -- %s; while [ $# -gt 0 ]; do "
		   "git update-index --add --cacheinfo 100644,$(echo $2 | "
		   "git hash-object -w --stdin),$1; shift 2; done; "
		   "git write-tree",
			words),
		OID_HEX, &id));
	return id;
}

static void test_tree_union(void **state)
{
	struct oidvec written = OIDVEC_INIT;
	struct oid a, b, u;
	struct repo *r;

	(void)state;
	fresh("union");
	r = opened();
	a = tree_of("README x s/a/1 x s/a/3 x s/b/1 x s/b- x");
	b = tree_of("README x s/a/1 x s/a/2 y s/c/1 x t x");
	ok(tree_union(r, &a, &b, &written, &u, &err));
	assert_string_equal(hex(&u),
		sh("%s", "rm -f .git/index; for t in README=x s/a/1=x s/a/3=x "
			 "s/b/1=x s/b-=x s/a/2=y s/c/1=x t=x; do git "
			 "update-index --add --cacheinfo 100644,$(echo "
			 "${t#*=} | git hash-object --stdin),${t%=*}; done; "
			 "git write-tree"));
	ok(tree_union(r, &b, &a, &written, &b, &err));
	assert_int_equal(oid_cmp(&u, &b), 0);
	ok(tree_union(r, &u, &a, &written, &b, &err));
	assert_int_equal(oid_cmp(&u, &b), 0);
	b = tree_of("s/a/1 z");
	fails(ERR_EXISTS, "s/a/1 is there on both sides",
		tree_union(r, &a, &b, &written, &u, &err));
	b = tree_of("s/a z");
	fails(ERR_EXISTS, "s/a is there on both sides",
		tree_union(r, &a, &b, &written, &u, &err));
	fails(ERR_EXISTS, "s/a is there on both sides",
		tree_union(r, &b, &a, &written, &u, &err));
	repo_free(r);
	oidvec_release(&written);
}

static void test_tree_add(void **state)
{
	struct oidvec written = OIDVEC_INIT;
	struct tree_addition v[6];
	struct oid blob, t1, t2;
	struct repo *r;

	(void)state;
	fresh("add");
	r = opened();
	ok(object_write(r, OBJECT_BLOB, "x\n", 2, &blob, &err));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i].blob = blob;
	v[0].path = "s/b/2";
	v[1].path = "README.md";
	v[2].path = "s/b/1";
	v[3].path = "s/b.x/1";
	v[4].path = "s/b-";
	v[5].path = "s/b0";
	ok(tree_add(r, NULL, v, 6, &written, &t1, &err));
	assert_int_equal(written.n, 4);
	assert_string_equal(sh("for p in s/b/2 README.md s/b/1 s/b.x/1 s/b- "
			       "s/b0; do git update-index --add --cacheinfo "
			       "100644,%s,$p; done; git write-tree",
				    hex(&blob)),
		hex(&t1));
	v[0].path = "s/b/0";
	v[1].path = "t/u/v";
	v[2].path = "a";
	v[3].path = "s/c";
	ok(tree_add(r, &t1, v, 4, &written, &t2, &err));
	assert_string_equal(
		sh("for p in s/b/0 t/u/v a s/c; do git update-index --add "
		   "--cacheinfo 100644,%s,$p; done; git write-tree",
			hex(&blob)),
		hex(&t2));
	ok(objects_sync(r, &written, &err));
	assert_int_equal(sh_ok("git fsck --strict"), true);
	fails(ERR_EXISTS, "s/c",
		tree_add(r, &t2, v + 3, 1, &written, &t1, &err));
	v[0].path = "s";
	fails(ERR_EXISTS, "s is", tree_add(r, &t2, v, 1, &written, &t1, &err));
	v[0].path = "s/b-/x";
	fails(ERR_EXISTS, "s/b- is",
		tree_add(r, &t2, v, 1, &written, &t1, &err));
	v[0].path = "n/a/x";
	v[1].path = "n/a";
	v[2].path = "n/a.x";
	fails(ERR_EXISTS, "n/a is",
		tree_add(r, &t2, v, 3, &written, &t1, &err));
	v[1].path = "n/a/x";
	fails(ERR_EXISTS, "n/a/x is",
		tree_add(r, &t2, v, 2, &written, &t1, &err));
	v[0].path = "x/../y";
	fails(ERR_BAD, "x/../y", tree_add(r, &t2, v, 1, &written, &t1, &err));
	ok(tree_add(r, &t2, v, 0, &written, &t1, &err));
	assert_int_equal(oid_cmp(&t1, &t2), 0);
	ok(tree_add(r, NULL, v, 0, &written, &t1, &err));
	assert_string_equal(
		hex(&t1), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	repo_free(r);
	oidvec_release(&written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_trees, clean_env),
		cmocka_unit_test_setup(test_diff_random, clean_env),
		cmocka_unit_test_setup(test_diff_long, clean_env),
		cmocka_unit_test_setup(test_bad_trees, clean_env),
		cmocka_unit_test_setup(test_tree_add, clean_env),
		cmocka_unit_test_setup(test_tree_union, clean_env),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
