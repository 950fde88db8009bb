/* References, races for them, and history, compared with stock git. */
#include "git-fixture.h"
#include <sys/wait.h>
#include "strack/refs.h"

/* ---- references ---- */

static void test_refs(void **state)
{
	struct strvec names = STRVEC_INIT;
	struct buf where = BUF_INIT;
	struct oid a, b, id;
	struct repo *r;

	(void)state;
	fresh("refs");
	r = opened();
	fails(ERR_NOTFOUND, "no commit yet", repo_head(r, &id, &err));
	sh("git commit -q --allow-empty -m a; git tag a\n"
	   "git commit -q --allow-empty -m b; git tag b");
	a = oid_of("a");
	b = oid_of("b");
	ok(ref_cas(r, "refs/heads/l", &a, NULL, "begin", &err));
	assert_string_equal(sh("git rev-parse l"), hex(&a));
	assert_non_null(strstr(sh("cat .git/logs/refs/heads/l"),
		"A U Thor <author@example.com>"));
	fails(ERR_MOVED, "moved",
		ref_cas(r, "refs/heads/l", &b, NULL, "x", &err));
	fails(ERR_MOVED, "moved",
		ref_cas(r, "refs/heads/l", &b, &b, "x", &err));
	fails(ERR_MOVED, "moved",
		ref_cas(r, "refs/heads/none", &b, &a, "x", &err));
	ok(ref_cas(r, "refs/heads/l", &b, &a, "on", &err));
	sh("git pack-refs --all");
	fails(ERR_MOVED, "moved",
		ref_cas(r, "refs/heads/l", &a, NULL, "x", &err));
	ok(ref_cas(r, "refs/heads/l", &a, &b, "back", &err));
	ok(ref_cas(r, "refs/strack/seen/deep/er", &a, NULL, "x", &err));
	memset(&id, 3, sizeof(id));
	fails(ERR_FATAL, "refs/heads/l",
		ref_cas(r, "refs/heads/l", &id, &a, "x", &err));
	fails(ERR_FATAL, "refs/heads/l/x",
		ref_cas(r, "refs/heads/l/x", &a, NULL, "x", &err));
	fails(ERR_FATAL, "..",
		ref_cas(r, "refs/heads/..", &a, NULL, "x", &err));
	sh(": >.git/refs/heads/l.lock");
	fails(ERR_FATAL, "l.lock",
		ref_cas(r, "refs/heads/l", &b, &a, "x", &err));
	sh("rm .git/refs/heads/l.lock");
	ok(ref_list(r, "refs/tags/", &names, &err));
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[1], "refs/tags/b");
	ok(ref_list(r, "refs/none/", &names, &err));
	assert_int_equal(names.n, 2);
	fails(ERR_MOVED, "moved", ref_delete(r, "refs/heads/l", &b, &err));
	sh("git pack-refs --all");
	ok(ref_delete(r, "refs/heads/l", &a, &err));
	fails(ERR_NOTFOUND, "no such", ref_read(r, "refs/heads/l", &id, &err));
	assert_false(sh_ok("git rev-parse -q --verify refs/heads/l"));
	fails(ERR_NOTFOUND, "not checked",
		ref_checked_out(r, "refs/heads/led", &where, &err));
	sh("git branch led; rm -rf ../lw; git worktree add -q ../lw led");
	ok(ref_checked_out(r, "refs/heads/led", &where, &err));
	assert_true(str_ends(where.ptr, "/lw"));
	ok(ref_checked_out(r, "refs/heads/main", &where, &err));
	assert_true(str_ends(where.ptr, "/refs"));
	repo_free(r);
	go("lw");
	r = opened();
	ok(ref_checked_out(r, "refs/heads/main", &where, &err));
	assert_true(str_ends(where.ptr, "/refs"));
	/* in a linked work tree, everything goes to the common folder */
	ok(ref_cas(r, "refs/heads/from-linked", &a, NULL, "x", &err));
	ok(object_write(r, OBJECT_BLOB, "linked", 6, &id, &err));
	repo_free(r);
	go("refs");
	assert_string_equal(sh("git rev-parse from-linked"), hex(&a));
	assert_string_equal(sh("git cat-file blob %s", hex(&id)), "linked");
	strvec_release(&names);
	buf_release(&where);
}

/* What the last line of a reflog says, of HEAD and of its branch. */
static void test_last_move(void **state)
{
	struct reflog_line l = { .message = BUF_INIT };
	struct oid a, b;
	struct repo *r;

	(void)state;
	fresh("moves");
	r = opened();
	fails(ERR_NOTFOUND, "logs", ref_last_move(r, false, &l, &err));
	sh("git commit -q --allow-empty -m a; git tag a\n"
	   "git commit -q --allow-empty -m b; git tag b");
	a = oid_of("a");
	b = oid_of("b");
	ok(ref_last_move(r, true, &l, &err));
	assert_int_equal(oid_cmp(&l.old, &a), 0);
	assert_int_equal(oid_cmp(&l.new, &b), 0);
	assert_string_equal(l.message.ptr, "commit: b");
	sh("git checkout -q a");
	ok(ref_last_move(r, false, &l, &err));
	assert_int_equal(oid_cmp(&l.old, &b), 0);
	assert_int_equal(oid_cmp(&l.new, &a), 0);
	assert_string_equal(l.message.ptr, "checkout: moving from main to a");
	fails(ERR_NOTFOUND, "no branch", ref_last_move(r, true, &l, &err));
	sh("git checkout -q main\n"
	   "for i in $(seq 200); do git update-ref -m \"move $i\" HEAD a;"
	   " git update-ref -m back HEAD b; done");
	ok(ref_last_move(r, true, &l, &err));
	assert_string_equal(l.message.ptr, "back");
	sh("head -c 9000 /dev/zero | tr '\\0' x >>.git/logs/HEAD");
	fails(ERR_NOTFOUND, "last line", ref_last_move(r, false, &l, &err));
	sh("rm .git/logs/HEAD; mkdir .git/logs/HEAD");
	fails(ERR_FATAL, "read", ref_last_move(r, false, &l, &err));
	sh("git worktree add -q ../moves-too a");
	repo_free(r);
	go("moves-too");
	r = opened();
	ok(ref_last_move(r, false, &l, &err));
	assert_int_equal(oid_cmp(&l.new, &a), 0);
	repo_free(r);
	buf_release(&l.message);
}

/* Many at once want to be the first: one is. */
static void test_ref_race(void **state)
{
	struct oid a;

	(void)state;
	go("refs");
	a = oid_of("a");
	for (int round = 0; round < 20; round++) {
		char *name = xstrfmt("refs/heads/race%d", round);
		int won = 0, status;
		pid_t pid[4];

		for (int i = 0; i < 4; i++) {
			pid[i] = fork();
			if (pid[i] == 0) {
				struct repo *r = opened();
				enum err rc =
					ref_cas(r, name, &a, NULL, "x", &err);

				_exit(rc == ERR_OK        ? 1
					: rc == ERR_MOVED ? 0
							  : 2);
			}
		}
		for (int i = 0; i < 4; i++) {
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFEXITED(status));
			assert_in_range(WEXITSTATUS(status), 0, 1);
			won += WEXITSTATUS(status);
		}
		assert_int_equal(won, 1);
		free(name);
	}
}

/* ---- history ---- */

/* A list is right when it has what rev-list has, parents first. */
static void check_list(struct repo *r, const char *tip, const char *base)
{
	struct oid t = oid_of(tip), b;
	struct oidvec l = OIDVEC_INIT;
	struct strvec got = STRVEC_INIT, want = STRVEC_INIT;
	struct commit c = COMMIT_INIT;

	if (base)
		b = oid_of(base);
	ok(history_list(r, &t, base ? &b : NULL, &l, &err));
	for (size_t i = 0; i < l.n; i++) {
		ok(commit_read(r, &l.v[i], &c, &err));
		for (size_t p = 0; p < c.parents.n; p++)
			for (size_t j = i + 1; j < l.n; j++)
				assert_int_not_equal(
					oid_cmp(&l.v[j], &c.parents.v[p]), 0);
		strvec_push(&got, hex(&l.v[i]));
	}
	/* drained in full: git itself can be wrong where clocks are */
	strvec_split(&want,
		base ? sh("git rev-list %s | sort >.git/1; git rev-list %s | "
			  "sort >.git/2; comm -23 .git/1 .git/2 | xargs",
			       tip, base)
		     : sh("git rev-list %s | xargs", tip));
	strvec_sort(&got);
	strvec_sort(&want);
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < got.n; i++)
		assert_string_equal(got.v[i], want.v[i]);
	strvec_release(&got);
	strvec_release(&want);
	oidvec_release(&l);
	commit_release(&c);
}

static void check_ancestor(struct repo *r, const char *x, const char *y)
{
	struct oid a = oid_of(x), b = oid_of(y);
	struct buf list = BUF_INIT;
	bool yes = false;

	ok(history_is_ancestor(r, &a, &b, &yes, &err));
	buf_set(&list, sh("git rev-list %s", y));
	if (yes != (strstr(list.ptr, hex(&a)) != NULL))
		fail_msg("%s in %s: %d", x, y, yes);
	buf_release(&list);
}

/* Random merges with clocks that are right, off, and absurd. */
static void test_history_random(void **state)
{
	struct repo *r;

	(void)state;
	for (int skew = 0; skew < 3; skew++) {
		fresh("dag");
		sh("awk -v skew=%d 'BEGIN { srand(skew + 3)\n"
		   "for (c = 1; c <= 80; c++) {\n"
		   " d = 1000000 + c * 10\n"
		   " if (skew == 1) d += int(rand() * 60) - 30\n"
		   " if (skew == 2) d = int(rand() * 2000000)\n"
		   " printf \"commit refs/heads/c%%d\\nmark :%%d\\n\", c, c\n"
		   " printf \"committer A <a@b> %%d +0000\\ndata 0\\n\", d\n"
		   " if (c > 1 && rand() < .97) {\n"
		   "  p = c - 1 - int(rand() * 4); if (p < 1) p = 1\n"
		   "  printf \"from :%%d\\n\", p\n"
		   "  q = c - 1 - int(rand() * 12)\n"
		   "  if (q >= 1 && q != p && rand() < .4)\n"
		   "   printf \"merge :%%d\\n\", q\n"
		   " }\n"
		   " printf \"M 100644 inline f%%d\\ndata 1\\n%%d\\n\", c %% 7, "
		   "c %% 2\n"
		   "} }' | git fast-import --quiet",
			skew);
		r = opened();
		check_list(r, "c80", NULL);
		for (int i = 0; i < sample(60, 8); i++) {
			char *x = xstrfmt("c%d", 80 - i * 7 % 80);
			char *y = xstrfmt("c%d", 80 - i * 11 % 79);

			check_list(r, x, y);
			check_ancestor(r, x, y);
			free(x);
			free(y);
		}
		repo_free(r);
	}
}

static void test_last_change(void **state)
{
	struct repo *r;
	struct oid tip, id;

	(void)state;
	go("dag");
	r = opened();
	tip = oid_of("c80");
	for (int i = 0; i < 7; i++) {
		char *path = xstrfmt("f%d", i);

		enum err rc = history_last_change(r, &tip, path, &id, &err);
		const char *want =
			sh("git log -1 --format=%%H c80 -- %s", path);

		if (!*want)
			assert_int_equal(rc, ERR_NOTFOUND);
		else
			assert_string_equal(rc ? "" : hex(&id), want);
		error_reset(&err);
		free(path);
	}
	fails(ERR_NOTFOUND, "zz",
		history_last_change(r, &tip, "zz/y", &id, &err));
	repo_free(r);
	fresh("lc");
	sh("mkdir d; echo 1 >d/f; git add .; git commit -qm 1; git rm -qf d/f\n"
	   "echo 2 >g; git add g; git commit -qm 2; git commit -q "
	   "--allow-empty -m 3");
	r = opened();
	tip = oid_of("HEAD");
	ok(history_last_change(r, &tip, "d/f", &id, &err));
	assert_string_equal(hex(&id), sh("git rev-parse HEAD~1"));
	repo_free(r);
}

static void test_shallow(void **state)
{
	struct oidvec l = OIDVEC_INIT;
	struct oid tip, gone, id;
	struct repo *r;
	bool yes = true;

	(void)state;
	fresh("full");
	sh("for i in 1 2 3 4 5; do git commit -q --allow-empty -m $i; done\n"
	   "echo x >f; git add f; git commit -qm f; rm -rf ../shallow\n"
	   "git clone -q --depth 2 file://$PWD ../shallow");
	gone = oid_of("HEAD~4");
	go("shallow");
	r = opened();
	assert_true(repo_is_shallow(r));
	tip = oid_of("HEAD");
	assert_int_equal(history_list(r, &tip, NULL, &l, &err), ERR_NOTFOUND);
	assert_non_null(strstr(err.hint.ptr, "--depth=2147483647 origin"));
	assert_int_equal(l.n, 0);
	error_reset(&err);
	fails(ERR_NOTFOUND, "not in this clone",
		history_list(r, &tip, &gone, &l, &err));
	ok(history_is_ancestor(r, &gone, &tip, &yes, &err));
	assert_false(yes);
	id = oid_of("HEAD~1");
	ok(history_list(r, &tip, &id, &l, &err));
	assert_int_equal(l.n, 1);
	ok(history_last_change(r, &tip, "f", &id, &err));
	assert_int_equal(oid_cmp(&id, &tip), 0);
	repo_free(r);
	oidvec_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_refs, clean_env),
		cmocka_unit_test_setup(test_last_move, clean_env),
		cmocka_unit_test_setup(test_ref_race, clean_env),
		cmocka_unit_test_setup(test_history_random, clean_env),
		cmocka_unit_test_setup(test_last_change, clean_env),
		cmocka_unit_test_setup(test_shallow, clean_env),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
