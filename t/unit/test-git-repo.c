/* Opening, configuration and identity, compared with what stock git says. */
#include "git-fixture.h"

/* ---- opening ---- */

static void check_paths(const char *git, const char *common, const char *tree,
	const char *prefix)
{
	struct repo *r = opened();
	char *want;

	want = xstrfmt("%s/%s", top, git);
	assert_string_equal(repo_git_dir(r), want);
	free(want);
	want = xstrfmt("%s/%s", top, common);
	assert_string_equal(repo_common_dir(r), want);
	free(want);
	if (tree) {
		want = xstrfmt("%s/%s", top, tree);
		assert_string_equal(repo_work_tree(r), want);
		free(want);
	} else {
		assert_null(repo_work_tree(r));
	}
	assert_string_equal(repo_prefix(r), prefix);
	repo_free(r);
}

static void test_open(void **state)
{
	struct repo *r = NULL;

	(void)state;
	fresh("a");
	sh("git commit -q --allow-empty -m one; mkdir -p sub/dir none\n"
	   "git worktree add -q ../linked; git init -q --bare ../bare.git\n"
	   "mkdir ../linked/deep; git init -q --separate-git-dir=../sep.git "
	   "../sep");
	check_paths("a/.git", "a/.git", "a", "");
	go("a/sub/dir");
	check_paths("a/.git", "a/.git", "a", "sub/dir/");
	go("a/.git");
	check_paths("a/.git", "a/.git", "a", "");
	go("linked/deep");
	check_paths("a/.git/worktrees/linked", "a/.git", "linked", "deep/");
	go("bare.git");
	check_paths("bare.git", "bare.git", NULL, "");
	go("bare.git/refs");
	check_paths("bare.git", "bare.git", NULL, "");
	go("sep");
	check_paths("sep.git", "sep.git", "sep", "");
	go("");
	fails(ERR_FATAL, "not a git repository", repo_open(&r, &err));
}

static void test_open_env(void **state)
{
	struct repo *r = NULL;

	(void)state;
	go("a/sub");
	setenv("GIT_DIR", "../.git", 1);
	check_paths("a/.git", "a/.git", "a/sub", "");
	setenv("GIT_WORK_TREE", "..", 1);
	check_paths("a/.git", "a/.git", "a", "sub/");
	unsetenv("GIT_DIR");
	setenv("GIT_WORK_TREE", "dir", 1);
	check_paths("a/.git", "a/.git", "a/sub/dir", "");
	setenv("GIT_WORK_TREE", "missing", 1);
	fails(ERR_FATAL, "GIT_WORK_TREE", repo_open(&r, &err));
	unsetenv("GIT_WORK_TREE");
	setenv("GIT_DIR", "nowhere", 1);
	fails(ERR_FATAL, "GIT_DIR", repo_open(&r, &err));
	go("");
	setenv("GIT_DIR", "bare.git", 1);
	check_paths("bare.git", "bare.git", NULL, "");
	setenv("GIT_DIR", ".git", 1);
	go("linked");
	check_paths("a/.git/worktrees/linked", "a/.git", "linked", "");
	unsetenv("GIT_DIR");
}

static void test_open_settings(void **state)
{
	struct repo *r = NULL;

	(void)state;
	fresh("cw");
	sh("mkdir ../elsewhere; git config core.worktree ../../elsewhere");
	check_paths("cw/.git", "cw/.git", "elsewhere", "");
	fresh("wc");
	sh("git commit -q --allow-empty -m one\n"
	   "git config extensions.worktreeConfig true\n"
	   "git config core.repositoryFormatVersion 1\n"
	   "git config --worktree strack.x here");
	r = opened();
	assert_string_equal(repo_config(r, "strack.x"), "here");
	repo_free(r);
	go("");
	sh("git init -q --object-format=sha256 s256\n"
	   "git init -q rt; git -C rt config core.repositoryformatversion 1\n"
	   "git -C rt config extensions.refstorage reftable\n"
	   "git init -q ext; git -C ext config core.repositoryformatversion 1\n"
	   "git -C ext config extensions.fancy yes");
	go("s256");
	fails(ERR_FATAL, "sha256", repo_open(&r, &err));
	go("rt");
	fails(ERR_FATAL, "reftable", repo_open(&r, &err));
	go("ext");
	fails(ERR_FATAL, "fancy", repo_open(&r, &err));
}

static void test_owner(void **state)
{
	struct repo *r = NULL;

	(void)state;
	if (geteuid() != 0) {
		skip();
		return;
	}
	fresh("foreign");
	sh("chown -R 12345 .");
	fails(ERR_FATAL, "dubious ownership", repo_open(&r, &err));
	setenv("SUDO_UID", "12345", 1);
	repo_free(opened());
	unsetenv("SUDO_UID");
	sh("git config --global safe.directory '*'");
	repo_free(opened());
	sh("git config --global --unset safe.directory");
	setenv("GIT_DIR", ".git", 1);
	repo_free(opened());
	unsetenv("GIT_DIR");
}

/* ---- configuration ---- */

static void test_config(void **state)
{
	struct strvec remotes = STRVEC_INIT;
	struct buf where = BUF_INIT;
	struct repo *r;
	bool yes = false;

	(void)state;
	fresh("cfg");
	sh("git config Strack.SigningKey k; git config strack.Sub.Case.Name v\n"
	   "git config --add strack.multi 1; git config --add strack.multi 2\n"
	   "printf '[strack]\\n\\tlone\\n\\tempty =\\n' >>.git/config\n"
	   "git config include.path extra; "
	   "git config -f .git/extra strack.inc in\n"
	   "git config strack.bad maybe\n"
	   "git config remote.origin.url x; git config remote.a.b.url y");
	for (int env = 0; env < 2; env++) {
		r = opened();
		assert_string_equal(repo_config(r, "STRACK.signingkey"), "k");
		assert_string_equal(
			repo_config(r, "Strack.Sub.Case.NAME"), "v");
		assert_null(repo_config(r, "strack.sub.case.name"));
		assert_string_equal(repo_config(r, "strack.multi"), "2");
		assert_string_equal(repo_config(r, "strack.inc"), "in");
		assert_string_equal(repo_config(r, "strack.empty"), "");
		ok(repo_config_bool(r, "strack.lone", false, &yes, &err));
		assert_true(yes);
		ok(repo_config_bool(r, "strack.none", true, &yes, &err));
		assert_true(yes);
		fails(ERR_FATAL, "file:.git/config: strack.bad: 'maybe'",
			repo_config_bool(r, "strack.bad", true, &yes, &err));
		repo_config_origin(r, "strack.inc", &where);
		assert_string_equal(where.ptr, "file:.git/extra");
		ok(repo_config_set(r, "strack.new", "a b\n#c", &err));
		assert_string_equal(repo_config(r, "strack.new"), "a b\n#c");
		assert_string_equal(sh("git config strack.new"), "a b\n#c");
		ok(repo_config_set(r, "strack.new", NULL, &err));
		assert_null(repo_config(r, "strack.new"));
		ok(repo_config_set(r, "strack.new", NULL, &err));
		ok(repo_remotes(r, &remotes, &err));
		assert_int_equal(remotes.n, 2);
		assert_true(strvec_has(&remotes, "origin"));
		assert_true(strvec_has(&remotes, "a.b"));
		strvec_clear(&remotes);
		assert_string_equal(
			repo_config(r, "strack.over") ? "set" : "unset",
			env ? "set" : "unset");
		repo_free(r);
		setenv("GIT_CONFIG_COUNT", "1", 1);
		setenv("GIT_CONFIG_KEY_0", "strack.over", 1);
		setenv("GIT_CONFIG_VALUE_0", "ride", 1);
	}
	unsetenv("GIT_CONFIG_COUNT");
	strvec_release(&remotes);
	buf_release(&where);
}

static void test_modes(void **state)
{
	static const struct {
		const char *value;
		unsigned file;
	} t[] = { { "umask", 0600 }, { "group", 0660 }, { "1", 0660 },
		{ "true", 0660 }, { "all", 0660 }, { "0640", 0600 },
		{ "0660", 0660 }, { "false", 0600 } };
	unsigned f, d;
	struct repo *r;

	(void)state;
	fresh("modes");
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		sh("git config core.sharedRepository %s", t[i].value);
		r = opened();
		repo_state_modes(r, &f, &d);
		assert_int_equal(f, t[i].file);
		assert_int_equal(d, t[i].file == 0600 ? 0700 : 0770);
		repo_free(r);
	}
}

/* ---- identity ---- */

static void check_identity(void)
{
	static const char *const who[] = { "AUTHOR", "COMMITTER" };
	struct buf is = BUF_INIT, want = BUF_INIT;
	struct repo *r = opened();

	for (int i = 0; i < 4; i++) {
		const char *name = who[i % 2];

		ok(repo_identity(r, name, &is, &err));
		buf_set(&want, sh("git var GIT_%s_IDENT", name));
		/* the clock may have gone on in between */
		if (!getenv("GIT_AUTHOR_DATE")) {
			assert_string_equal(
				strrchr(is.ptr, ' '), strrchr(want.ptr, ' '));
			*(strrchr(is.ptr, '>') + 5) = '\0';
			*(strrchr(want.ptr, '>') + 5) = '\0';
		}
		assert_string_equal(is.ptr, want.ptr);
	}
	repo_free(r);
	buf_release(&is);
	buf_release(&want);
}

static void test_identity(void **state)
{
	struct buf id = BUF_INIT;
	struct repo *r;

	(void)state;
	fresh("id");
	check_identity();
	sh("git config author.name Other; git config committer.email c@d");
	check_identity();
	setenv("GIT_AUTHOR_NAME", " John \"Jr.\" <x>\nDoe, ", 1);
	setenv("GIT_COMMITTER_EMAIL", "a@b.", 1);
	check_identity();
	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	check_identity();
	setenv("TZ", "America/St_Johns", 1);
	tzset();
	check_identity();
	setenv("GIT_AUTHOR_DATE", "1234567890 +0200", 1);
	setenv("GIT_COMMITTER_DATE", "2020-01-02T03:04:05Z", 1);
	check_identity();
	unsetenv("GIT_AUTHOR_DATE");
	unsetenv("GIT_COMMITTER_DATE");
	unsetenv("GIT_COMMITTER_EMAIL");
	setenv("TZ", "UTC", 1);
	tzset();
	setenv("GIT_AUTHOR_NAME", "", 1);
	r = opened();
	fails(ERR_FATAL, "empty ident name",
		repo_identity(r, "AUTHOR", &id, &err));
	repo_free(r);
	unsetenv("GIT_AUTHOR_NAME");
	sh("git config user.useConfigOnly true\n"
	   "git config --unset committer.email");
	setenv("HOME", "/nonexistent", 1);
	r = opened();
	assert_int_equal(repo_identity(r, "AUTHOR", &id, &err), ERR_FATAL);
	assert_non_null(strstr(err.hint.ptr, "user.email"));
	error_reset(&err);
	repo_free(r);
	setenv("HOME", top, 1);
	buf_release(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open, clean_env),
		cmocka_unit_test_setup(test_open_env, clean_env),
		cmocka_unit_test_setup(test_open_settings, clean_env),
		cmocka_unit_test_setup(test_owner, clean_env),
		cmocka_unit_test_setup(test_config, clean_env),
		cmocka_unit_test_setup(test_modes, clean_env),
		cmocka_unit_test_setup(test_identity, clean_env),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
