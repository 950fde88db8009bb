/* Blobs of files, what is ignored, valid paths: compared with stock git. */
#include "git-fixture.h"
#include <sys/stat.h>

/* ---- the work tree ---- */

/* Compares with the blob that `git add` makes. */
static void check_blob(struct repo *r, const char *path)
{
	struct oid id;

	worktree_refresh(r);
	ok(worktree_blob(r, path, 1 << 20, false, &id, &err));
	assert_string_equal(
		hex(&id), sh("cp -p .git/index .git/i2 2>/dev/null || :\n"
			     "GIT_INDEX_FILE=.git/i2 git add -f '%s'\n"
			     "GIT_INDEX_FILE=.git/i2 git rev-parse ':%s'\n"
			     "rm -f .git/i2",
				  path, path));
}

/* The files f0.t, f1.t … against all the blobs that one `git add` makes. */
static void check_blobs(struct repo *r, size_t n)
{
	struct strvec want = STRVEC_INIT;
	struct oid id;

	strvec_split(&want,
		sh("export GIT_INDEX_FILE=.git/i2; rm -f .git/i2\n"
		   "git add -f f*.t; git ls-files -s | cut -d ' ' -f 2 | xargs"));
	assert_int_equal(want.n, n);
	worktree_refresh(r);
	for (size_t i = 0; i < n; i++) {
		char *path = xstrfmt("f%zu.t", i);

		ok(worktree_blob(r, path, 1 << 20, false, &id, &err));
		assert_string_equal(hex(&id), want.v[i]);
		free(path);
	}
	strvec_release(&want);
}

/* Writes them: one of each text, in the encoding that the attributes want. */
static void write_texts(const char *const *text, size_t n, bool utf16)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "printf '%s' %s >f%zu.t\n", text[i],
			utf16 && *text[i] ? "| iconv -t utf-16" : "", i);
	sh("%s", b.ptr);
	buf_release(&b);
}

static void test_blob_filters(void **state)
{
	static const char *const attrs[] = { "", "text", "text=auto", "-text",
		"text eol=crlf", "eol=lf", "text=auto eol=crlf", "ident",
		"binary", "working-tree-encoding=UTF-16", "filter=up",
		"filter=none", "crlf=input", "text ident" };
	static const char *const crlf[] = { "false", "true", "input" };
	static const char *const text[] = { "a\\nb\\n", "a\\r\\nb\\r\\n",
		"a\\r\\nb\\n", "a\\000b\\r\\n", "", "$Id: x$\\r\\n", "a\\rb" };
	struct repo *r;

	(void)state;
	fresh("filters");
	sh("git config filter.up.clean 'tr a-z A-Z'");
	for (size_t c = 0; c < ARRAY_SIZE(crlf); c++) {
		sh("git config core.autocrlf %s", crlf[c]);
		for (size_t a = 0; a < ARRAY_SIZE(attrs); a++) {
			sh("echo '*.t %s' >.gitattributes", attrs[a]);
			write_texts(text, ARRAY_SIZE(text),
				strstr(attrs[a], "UTF-16") != NULL);
			r = opened();
			check_blobs(r, ARRAY_SIZE(text));
			repo_free(r);
		}
	}
	/* a file that has CRLF in the index keeps it */
	sh("git config core.autocrlf false; rm .gitattributes\n"
	   "printf 'a\\r\\n' >k.t; git add k.t; git config core.autocrlf true\n"
	   "printf 'bb\\r\\n' >k.t");
	r = opened();
	check_blob(r, "k.t");
	repo_free(r);
	/* -c, which libgit2 doesn't see */
	sh("git config --unset core.autocrlf; printf 'x\\r\\n' >new.t");
	setenv("GIT_CONFIG_COUNT", "1", 1);
	setenv("GIT_CONFIG_KEY_0", "core.autocrlf", 1);
	setenv("GIT_CONFIG_VALUE_0", "input", 1);
	r = opened();
	check_blob(r, "new.t");
	repo_free(r);
	unsetenv("GIT_CONFIG_COUNT");
}

static void test_blob_index(void **state)
{
	struct repo *r;
	struct oid id;

	(void)state;
	fresh("racy");
	/* same size, same time as far as the index can tell */
	sh("for i in 1 2 3 4 5 6 7 8; do echo aaaa >f$i; git add f$i\n"
	   "echo bbbb >f$i; done");
	r = opened();
	for (int i = 1; i <= 8; i++) {
		char *path = xstrfmt("f%d", i);

		check_blob(r, path);
		free(path);
	}
	/* unchanged: the index answers, even with another content in it */
	sh("echo good >g; touch -d '1 hour ago' g; git add g\n"
	   "o=$(echo evil | git hash-object -w --stdin)\n"
	   "git update-index --cacheinfo 100644,$o,g; git update-index -q "
	   "--refresh || :");
	worktree_refresh(r);
	ok(worktree_blob(r, "g", 100, false, &id, &err));
	assert_string_equal(hex(&id), sh("git hash-object g"));
	fails(ERR_TOOBIG, "g", worktree_blob(r, "g", 4, false, &id, &err));
	fails(ERR_NOTFOUND, "no such",
		worktree_blob(r, "zz", 4, false, &id, &err));
	sh("ln -s g link; mkdir dir; mkfifo fifo");
	fails(ERR_BAD, "regular",
		worktree_blob(r, "link", 9, false, &id, &err));
	fails(ERR_BAD, "regular", worktree_blob(r, "dir", 9, false, &id, &err));
	fails(ERR_BAD, "regular",
		worktree_blob(r, "fifo", 9, false, &id, &err));
	/* writes */
	sh("echo written >w");
	ok(worktree_blob(r, "w", 100, true, &id, &err));
	assert_string_equal(sh("git cat-file blob %s", hex(&id)), "written");
	assert_true(worktree_tracked(r, "g"));
	assert_false(worktree_tracked(r, "w"));
	sh("git add w");
	assert_false(worktree_tracked(r, "w"));
	worktree_refresh(r);
	assert_true(worktree_tracked(r, "w"));
	/* pruned since: written again */
	sh("git rm -qf --cached g; git update-index --add w\n"
	   "touch -d '1 hour ago' w; git update-index -q --refresh\n"
	   "rm .git/objects/%.2s/%s",
		hex(&id), hex(&id) + 2);
	worktree_refresh(r);
	ok(worktree_blob(r, "w", 100, true, &id, &err));
	assert_string_equal(sh("git cat-file blob %s", hex(&id)), "written");
	repo_free(r);
	/* an index that libgit2 can't read */
	sh("git update-index --split-index; echo more >w");
	r = opened();
	assert_true(worktree_tracked(r, "w"));
	check_blob(r, "w");
	repo_free(r);
}

static void test_ignored(void **state)
{
	static const char *const paths[] = { "a.log", "b.log", "keep.log",
		"dir/x", "dir/sub/y", "scripts/20260101_a.sh", "scripts/.x.swp",
		"glob/a/b/c.o", "glob/c.o", "tracked.log", "excl", "global.g",
		"plain" };
	struct repo *r;
	bool yes;

	(void)state;
	fresh("ign");
	sh("printf '*.log\\n!keep.log\\n/dir/\\nscripts/.*\\nglob/**/c.o\\n' "
	   ">.gitignore; mkdir -p dir/sub scripts glob/a/b\n"
	   "touch tracked.log; git add -f tracked.log\n"
	   "echo excl >.git/info/exclude\n"
	   "git config core.excludesFile \"$PWD/.git/glo\"; echo '*.g' "
	   ">.git/glo");
	for (int env = 0; env < 2; env++) {
		r = opened();
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			char *cmd =
				xstrfmt("git check-ignore -q '%s'", paths[i]);

			ok(worktree_ignored(r, paths[i], &yes, &err));
			if (yes != sh_ok(cmd))
				fail_msg("%s: %d", paths[i], yes);
			free(cmd);
		}
		repo_free(r);
		sh("echo plain >.git/other");
		setenv("GIT_CONFIG_COUNT", "1", 1);
		setenv("GIT_CONFIG_KEY_0", "core.excludesFile", 1);
		setenv("GIT_CONFIG_VALUE_0", ".git/other", 1);
	}
	unsetenv("GIT_CONFIG_COUNT");
}

static void test_path_valid(void **state)
{
	static const char *const good[] = { "a", "a/b", "scripts/x y.sh",
		".github/x", "a:b", "x.", "\xc3\xa4", "git~2", ".gitignore",
		"...", "a\\b", "\xff" };
	static const char *const bad[] = { "", "/a", "a/", "a//b", ".", "..",
		"a/../b", ".git", "a/.GIT/b", ".git.", ".git ", "git~1",
		".git::$INDEX_ALLOCATION", ".g\xe2\x80\x8cit", "a\\.git",
		".gitmodules" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!worktree_path_valid(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (worktree_path_valid(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_blob_filters, clean_env),
		cmocka_unit_test_setup(test_blob_index, clean_env),
		cmocka_unit_test_setup(test_ignored, clean_env),
		cmocka_unit_test_setup(test_path_valid, clean_env),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
