/* Which commit added a path, compared with `git log --diff-filter=A`. */
#include "git-fixture.h"
#include "strack/refs.h"

/* The commits that added the paths of `words`, as ours says. */
static void added(const char *rev, const char *words,
	const struct added_before *before, struct oid *ret)
{
	struct strvec paths = STRVEC_INIT;
	struct repo *r = opened();
	struct oid tip = oid_of(rev);

	strvec_split(&paths, words);
	memset(ret, 9, paths.n * sizeof(*ret));
	ok(history_added(r, &tip, &paths, before, ret, &err));
	strvec_release(&paths);
	repo_free(r);
}

static void check(const char *rev, const char *path, const char *want)
{
	struct oid got;

	added(rev, path, NULL, &got);
	if (!*want)
		assert_true(oid_is_zero(&got));
	else
		assert_string_equal(sh("git rev-parse %s", want), hex(&got));
}

/* Commits have a date each, a minute after the one before. */
#define PRELUDE                                                                \
	"n=$(cat .git/n 2>/dev/null || echo 0)\n"                              \
	"c() { n=$((n + 1)); echo $n >.git/n; git add -A;"                     \
	"  GIT_AUTHOR_DATE=\"$((1700000000 + n * 60)) +0000\""                 \
	"  GIT_COMMITTER_DATE=\"$((1700000000 + n * 60)) +0000\""              \
	"  git commit -q --allow-empty -m \"$1\"; git tag -f \"$1\" >&2; }\n"  \
	"m() { n=$((n + 1)); echo $n >.git/n;"                                 \
	"  GIT_COMMITTER_DATE=\"$((1700000000 + n * 60)) +0000\""              \
	"  git merge -q --no-ff -m \"$@\"; }\n"                                \
	"exec 2>/dev/null\nmkdir -p s/d\n"

static void test_line(void **state)
{
	(void)state;
	fresh("line");
	sh(PRELUDE "echo 1 >s/a; c a\n"
		   "echo 2 >s/a; echo 1 >s/d/b; c b\n"
		   "git rm -q s/a; c gone\n"
		   "echo 1 >s/a; c again\n"
		   "echo x >other; c other\n"
		   "git mv s/d/b s/d/c; c moved\n");
	check("HEAD", "s/a", "again");
	check("b", "s/a", "a");
	check("HEAD", "s/d/c", "moved");
	check("HEAD", "s/d/b", "");
	check("HEAD", "nothing/here", "");
	check("HEAD", "other", "other");
	/* a folder that was a file, and the other way round */
	sh(PRELUDE "git rm -rq s/d; echo f >s/d; c file\n"
		   "git rm -q s/d; mkdir -p s/d; echo 1 >s/d/c; c folder\n");
	check("HEAD", "s/d/c", "folder");
	check("file", "s/d", "file");
}

static void test_merges(void **state)
{
	(void)state;
	fresh("merges");
	sh(PRELUDE "echo 1 >s/a; c a\n"
		   "git checkout -q -b side; echo 1 >s/b; c b\n"
		   "git checkout -q main; echo 1 >s/c; c c\n"
		   "m merge side\n");
	check("HEAD", "s/b", "b");
	check("HEAD", "s/c", "c");
	check("HEAD", "s/a", "a");
	/* deleted and added again beside, while main kept it: as main has it */
	sh(PRELUDE "git checkout -q -b beside; git rm -q s/a; c gone\n"
		   "echo 1 >s/a; c again\n"
		   "git checkout -q main; c main; m merge2 beside\n");
	check("HEAD", "s/a", "a");
	/* changed on both sides: still added where it was */
	sh(PRELUDE "git checkout -q -b left; seq 9 >s/a; c left\n"
		   "git checkout -q main; echo 1 >s/e; c e\n"
		   "m merge3 left; echo x >>s/a; git add s/a\n"
		   "git commit -q --amend --no-edit\n");
	check("HEAD", "s/a", "a");
	check("HEAD", "s/e", "e");
	/* what only the merge has, the merge has added */
	sh(PRELUDE "git checkout -q -b right; c right\n"
		   "git checkout -q main; c m; m merge4 right\n"
		   "echo 1 >s/f; git add s/f; git commit -q --amend --no-edit\n"
		   "git tag evil\n");
	check("HEAD", "s/f", "evil");
}

/* A history of branches and merges that chance made. */
static void test_random(void **state)
{
	struct strvec paths = STRVEC_INIT;
	struct oid *got;
	struct repo *r;
	struct oid tip;

	(void)state;
	fresh("random");
	sh("%s\nset -- $(awk 'BEGIN { srand(7); for (i = 0; i < 3 * %d; i++)"
	   " print int(rand() * 1000) }')\n"
	   "c start; i=0; while [ $# -gt 0 ]; do i=$((i + 1))\n"
	   "f=s/$(($1 %% 14)).sh; back=$(($3 %% 3))\n"
	   "case $(($2 %% 8)) in\n"
	   "0) git rm -q $f || :; c r$i ;;\n"
	   "1) git checkout -q -b side$i main~$back || :; c b$i ;;\n"
	   "2|3) git checkout -q main; git merge -q -X ours -m m$i"
	   " $(git branch --no-merged HEAD --format='%%(refname:short)' |"
	   " tail -n 1) || c m$i ;;\n"
	   "*) mkdir -p s; echo $i >$f; c w$i ;;\n"
	   "esac; shift 3; done\n"
	   "git checkout -q main\n",
		PRELUDE, sample(120, 50));
	r = opened();
	tip = oid_of("main");
	strvec_split(&paths, sh("git ls-files | xargs"));
	assert_true(paths.n > 3);
	assert_true(
		strtol(sh("git rev-list --count --merges main"), NULL, 10) > 3);
	got = xcalloc(paths.n, sizeof(*got));
	ok(history_added(r, &tip, &paths, NULL, got, &err));
	for (size_t i = 0; i < paths.n; i++) {
		/* git simplifies the history as we do; of a merge that is the
		 * same as no parent it shows every side, so ask whether ours is
		 * one of those */
		const char *all = sh("git log --format=%%H --diff-filter=A "
				     "main -- %s",
			paths.v[i]);

		if (!strstr(all, hex(&got[i])))
			fail_msg("%s: %s is not among %s", paths.v[i],
				hex(&got[i]), all);
		/* mostly there is one, and then it is that */
		if (!strchr(all, '\n'))
			assert_string_equal(all, hex(&got[i]));
	}
	free(got);
	strvec_release(&paths);
	repo_free(r);
}

static void test_shallow(void **state)
{
	(void)state;
	fresh("deep");
	sh(PRELUDE "echo 1 >s/a; c a; c x; echo 1 >s/b; c b; c y\n");
	go("");
	sh("rm -rf shallow; git clone -q --depth 3 file://$PWD/deep shallow");
	go("shallow");
	check("HEAD", "s/b", "HEAD~1");
	check("HEAD", "s/a", "");
}

/* What an earlier search found is believed where nothing is new. */
static void test_before(void **state)
{
	struct strmap fresh_ones = STRMAP_INIT;
	struct oid known[2] = { { { 0 } } }, got[2];
	struct added_before before = { &fresh_ones, known };

	(void)state;
	fresh("before");
	sh(PRELUDE "echo 1 >s/a; c a; c old; echo 1 >s/b; c b\n");
	known[0] = oid_of("old"); /* not so, but that shows who answered */
	strmap_put(&fresh_ones, sh("git rev-parse b"), known);
	added("HEAD", "s/a s/b", &before, got);
	assert_string_equal(sh("git rev-parse old"), hex(&got[0]));
	assert_string_equal(sh("git rev-parse b"), hex(&got[1]));
	/* what is not known is looked for behind that as well */
	known[0] = (struct oid){ { 0 } };
	added("HEAD", "s/a s/b", &before, got);
	assert_string_equal(sh("git rev-parse a"), hex(&got[0]));
	strmap_release(&fresh_ones, NULL);
}

/* Nothing is written where it fails. */
static void test_no_commit(void **state)
{
	struct strvec paths = STRVEC_INIT;
	struct oid tip, got = { { 5 } };
	struct repo *r;

	(void)state;
	fresh("none");
	sh(PRELUDE "echo 1 >s/a; c a");
	r = opened();
	memset(&tip, 3, sizeof(tip));
	strvec_push(&paths, "s/a");
	assert_int_not_equal(
		history_added(r, &tip, &paths, NULL, &got, &err), ERR_OK);
	assert_int_equal(got.id[0], 5);
	error_reset(&err);
	strvec_release(&paths);
	repo_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_line, clean_env),
		cmocka_unit_test_setup(test_merges, clean_env),
		cmocka_unit_test_setup(test_random, clean_env),
		cmocka_unit_test_setup(test_shallow, clean_env),
		cmocka_unit_test_setup(test_before, clean_env),
		cmocka_unit_test_setup(test_no_commit, clean_env),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
