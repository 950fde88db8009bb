/* Names, discovery, starting and matching of scripts, and slugs. */
#include "scratch.h"
#include "strack/repo.h"
#include "strack/script.h"

#define DATE "20260102030405"

static void test_names(void **state)
{
	static const char *const dated[] = { "20260102_a", "20260102-a.sh",
		DATE "_fix.sh", "2026010203_x.py", DATE "_.sh" };
	static const char *const others[] = { "", "deploy.sh", "2026010_a.sh",
		"202601020304051_a.sh", "20260102.sh", "20260102", "_a",
		DATE "_a.sh~", DATE "_a.sh.orig", DATE "_a.rej",
		DATE "_a.sh.swp", "x20260102_a.sh" };
	static const char *const companions[] = { DATE "_a.rollback.sh",
		DATE "_a.verify.py", DATE "_a.rollback" };
	static const char *const scripts[] = { DATE "_rollback.sh",
		DATE "_a.rollback_b.sh", DATE "_verify" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(dated); i++)
		assert_true(script_name_dated(dated[i]));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(script_name_dated(others[i]));
	for (i = 0; i < ARRAY_SIZE(companions); i++)
		assert_true(script_name_companion(companions[i]));
	for (i = 0; i < ARRAY_SIZE(scripts); i++)
		assert_false(script_name_companion(scripts[i]));
}

static void test_name_time(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_true(script_name_time("20260102_a", &ms));
	assert_true(ms == INT64_C(1767312000000));
	assert_true(script_name_time("202601020304-a", &ms));
	assert_true(ms == INT64_C(1767312000000) + (3 * 60 + 4) * 60000);
	assert_true(script_name_time("20260102030405_a", &ms));
	assert_true(ms == INT64_C(1767312000000) + (3 * 3600 + 245) * 1000);
	assert_false(script_name_time("20261302_a", &ms));
	assert_true(script_name_time("2026010203_a", &ms));
	assert_true(script_name_time("20260102039_a", &ms));
	assert_false(script_name_time("2026010299_a", &ms));
	assert_false(script_name_time("00000001_a", &ms));
}

static void test_slug(void **state)
{
	static const char *const rows[][2] = {
		{ "Give every user a default theme",
			"give_every_user_a_default_theme" },
		{ "  2FA -- don't ask!  ", "2fa_dont_ask" },
		{ "\xc3\x9c\x62\x65r Stra\xc3\x9f\x65", "uber_strasse" },
		{ "e\xcc\x81te\xcc\x81", "ete" },
		{ "\xd0\xa1\xd1\x8a\xd1\x91\xd0\xbc\xd0\xba\xd0\xb0",
			"syomka" },
		{ "\xce\xa8\xcf\x85\xcf\x87\xce\xae", "psychi" },
		{ "bad\xff"
		  "byte",
			"bad_byte" },
		{ "one two three four five six seven eight nine ten eleven "
		  "twelve",
			"one_two_three_four_five_six_seven_eight_nine_"
			"ten_eleven" },
	};
	static const char *const empty[] = { "", "   ", "!?", "\xe6\x97\xa5",
		"\xd1\x8a" };
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	char *word;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_reset(&b);
		assert_int_equal(script_slug(rows[i][0], &b, &err), ERR_OK);
		assert_string_equal(b.ptr, rows[i][1]);
	}
	buf_reset(&b);
	for (i = 0; i < ARRAY_SIZE(empty); i++)
		assert_int_equal(script_slug(empty[i], &b, &err), ERR_BAD);
	assert_int_equal(b.len, 0);
	for (i = 0; i < 200; i++)
		buf_addch(&b, 'X');
	word = buf_detach(&b);
	assert_int_equal(script_slug(word, &b, &err), ERR_OK);
	assert_int_equal(b.len, 60);
	free(word);
	buf_release(&b);
	error_release(&err);
}

/* ---- with a repository ---- */

struct fixture {
	struct scratch scratch;
	struct repo *r;
	struct settings s;
	struct scriptvec list;
	struct error err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->err = (struct error)ERROR_INIT;
	scratch_begin(&f->scratch);
	assert_int_equal(mkdir("scripts", 0755), 0);
	assert_int_equal(mkdir("scripts/sub", 0755), 0);
	settings_init(&f->s);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	scriptvec_release(&f->list);
	settings_release(&f->s);
	error_release(&f->err);
	repo_free(f->r);
	scratch_end(&f->scratch);
	free(f);
	return 0;
}

static void discover(struct fixture *f)
{
	if (!f->r)
		assert_int_equal(repo_open(&f->r, &f->err), ERR_OK);
	if (script_discover(f->r, &f->s, &f->list, &f->err))
		fail_msg("%s", f->err.text.ptr);
}

static struct script *only(struct fixture *f)
{
	discover(f);
	assert_int_equal(f->list.n, 1);
	return f->list.v[0];
}

static void test_discover(void **state)
{
	static const char *const wanted[] = { "scripts/20260101_first.py",
		"scripts/sub/20260102_same.sh", "scripts/z/20260102_same.sh",
		"scripts/20260103_exec" };
	struct fixture *f = *state;
	size_t i;

	assert_int_equal(mkdir("scripts/z", 0755), 0);
	assert_int_equal(mkdir("scripts/other", 0755), 0);
	assert_int_equal(mkdir("scripts/20260101_dir.sh", 0755), 0);
	scratch_file("scripts/z/20260102_same.sh", 0644, "x");
	scratch_file("scripts/sub/20260102_same.sh", 0644, "x");
	scratch_file("scripts/20260101_first.py", 0644, "x");
	scratch_file("scripts/20260103_exec", 0755, "x");
	/* none of these is a script */
	scratch_file("20260101_top.sh", 0755, "x");
	scratch_file("scripts/20260102_rows.csv", 0644, "x");
	scratch_file("scripts/deploy.sh", 0755, "x");
	scratch_file("scripts/20260101_first.rollback.py", 0755, "x");
	scratch_file("scripts/20260101_ignored.sh", 0644, "x");
	scratch_file("scripts/.gitignore", 0644, "*_ignored.sh\n*_same.sh\n");
	assert_int_equal(symlink("deploy.sh", "scripts/20260101_link.sh"), 0);
	scratch_git("init", "-q", "scripts/other");
	scratch_file("scripts/other/20260101_theirs.sh", 0644, "x");
	/* tracked beats ignored */
	scratch_git("add", "-f", "scripts/z/20260102_same.sh",
		"scripts/sub/20260102_same.sh");

	strvec_push(&f->s.paths, "scripts/z");
	strvec_push(&f->s.paths, "scripts");
	strvec_push(&f->s.paths, "missing/too");
	discover(f);
	assert_int_equal(f->list.n, ARRAY_SIZE(wanted));
	for (i = 0; i < f->list.n; i++)
		assert_string_equal(f->list.v[i]->path, wanted[i]);
	assert_string_equal(f->list.v[1]->base, "20260102_same.sh");
}

static void test_refused_paths(void **state)
{
	static const char *const folders[] = { "scripts/.strack",
		"scripts/00000042.20261121T101502Z.production.done."
		"3f9a1c0b7d21a6e4" };
	struct fixture *f = *state;
	struct buf path = BUF_INIT;
	size_t i;

	scratch_file("scripts/20260101_a\nb.sh", 0644, "x");
	assert_int_equal(repo_open(&f->r, &f->err), ERR_OK);
	assert_int_equal(
		script_discover(f->r, &f->s, &f->list, &f->err), ERR_BAD);
	assert_string_equal(f->err.text.ptr, "scripts/20260101_a\\nb.sh: has "
					     "a control character; rename it");
	assert_int_equal(unlink("scripts/20260101_a\nb.sh"), 0);
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		assert_int_equal(mkdir(folders[i], 0755), 0);
		discover(f); /* a folder alone does no harm */
		buf_printf(&path, "%s/20260101_a.sh", folders[i]);
		scratch_file(path.ptr, 0644, "x");
		assert_int_equal(
			script_discover(f->r, &f->s, &f->list, &f->err),
			ERR_BAD);
		assert_non_null(strstr(f->err.text.ptr, path.ptr));
		assert_int_equal(unlink(path.ptr), 0);
	}
	scratch_file("scripts/20260101_\xff.sh", 0644, "x");
	discover(f); /* bytes that are not UTF-8 are only shown otherwise */
	assert_int_equal(f->list.n, 1);
	buf_release(&path);
}

static void test_linked_folder(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(symlink("scripts", "linked"), 0);
	strvec_push(&f->s.paths, "linked");
	assert_int_equal(repo_open(&f->r, &f->err), ERR_OK);
	assert_int_equal(
		script_discover(f->r, &f->s, &f->list, &f->err), ERR_FATAL);
	assert_non_null(strstr(f->err.text.ptr, "linked: is a link"));
}

/* Writes a script, reads it, and compares its problem ("" for none). */
static void assert_problem(struct fixture *f, const char *base, mode_t mode,
	const char *text, const char *problem)
{
	struct script *script;
	char *path = xstrfmt("scripts/%s", base);

	scratch_file(path, mode, text);
	script = only(f);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_true(script->loaded);
	if (*problem)
		assert_non_null(strstr(script->problem.text.ptr, path));
	if (*problem ? !strstr(script->problem.text.ptr, problem)
		     : script->problem.text.len > 0)
		fail_msg("%s", script->problem.text.ptr);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void test_problems(void **state)
{
	struct fixture *f = *state;

	assert_problem(f, DATE "_a.sh", 0644, "exit 0\n", "");
	assert_problem(f, DATE "_a.sh", 0755, "#!/bin/sh -e\n", "");
	assert_problem(f, DATE "_a.sh", 0755, "echo no shebang\n", "");
	assert_problem(f, DATE "_a", 0755, "#! /usr/bin/env sh\n", "");
	assert_problem(f, DATE "_a", 0755, "#!/usr/bin/env -S A=1 sh -e\n", "");
	assert_problem(f, DATE "_a.sh", 0644, "", ": is empty");
	assert_problem(f, DATE "_a.sh", 0644, "# strack: timeout 5x\n",
		": timeout: '5x' is not a duration (line 1)");
	assert_problem(f, DATE "_a", 0755, "echo\n",
		"has no extension that names a runner");
	assert_problem(f, DATE "_a.foo", 0755, "echo\n",
		"has no '#!' line, and .foo files have no runner");
	/* which goes to a database, whatever its mode */
	assert_problem(f, DATE "_a.sql", 0644, "select 1;\n", "");
	assert_problem(f, DATE "_a.sql", 0755, "select 1;\n", "");
	assert_problem(f, DATE "_a", 0755, "#!/no/such/sh\n",
		"its interpreter '/no/such/sh' is missing");
	assert_problem(
		f, DATE "_a", 0755, "#!\n", "its '#!' names no interpreter");
	assert_problem(
		f, DATE "_a", 0755, "#!/bin/sh\r\n", "its lines end in CR LF");
	assert_problem(f, DATE "_a", 0755, "#!/usr/bin/env no-such-program\n",
		"its interpreter 'no-such-program' is not in PATH");
	assert_problem(f, DATE "_a", 0755, "#!/usr/bin/env sh -e\n",
		"env looks for a program named 'sh -e' (line 1); write env -S "
		"sh -e");
}

static void test_missing_runner(void **state)
{
	static const char ini[] = "[runner \"sh\"]\ncommand = no-such -x\n"
				  "[runner \"sql\"]\ncommand = cat -\n";
	struct fixture *f = *state;

	assert_int_equal(
		settings_parse(&f->s, "ini", ini, sizeof(ini) - 1, &f->err),
		ERR_OK);
	assert_problem(f, DATE "_a.sh", 0644, "x\n",
		"its runner 'no-such' is not installed");
	assert_problem(f, DATE "_a.sql", 0644, "x\n", "");
}

static void test_bad_files(void **state)
{
	struct fixture *f = *state;
	const char *path = "scripts/" DATE "_a.sh";
	struct script *script;

	scratch_file(path, 0644, "x");
	script = only(f);
	assert_int_equal(truncate(path, SCRIPT_MAX), 0);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_string_equal(script->problem.text.ptr, "");
	assert_int_equal(truncate(path, SCRIPT_MAX + 1), 0);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_non_null(strstr(script->problem.text.ptr, "larger than 10 MiB"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_non_null(strstr(script->problem.text.ptr, ": is gone"));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_non_null(strstr(script->problem.text.ptr, "symbolic link"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_non_null(strstr(script->problem.text.ptr, "not a regular"));
}

static void test_command(void **state)
{
	struct fixture *f = *state;
	struct strvec argv = STRVEC_INIT;
	struct script *script;

	scratch_file("scripts/" DATE "_a.py", 0644, "x");
	script = only(f);
	assert_int_equal(
		script_command(f->r, &f->s, script, &argv, &f->err), ERR_OK);
	assert_int_equal(argv.n, 2);
	assert_string_equal(argv.v[0], "python3");
	assert_int_equal(argv.v[1][0], '/');
	assert_true(str_ends(argv.v[1], "/scripts/" DATE "_a.py"));
	strvec_clear(&argv);
	scratch_file("scripts/" DATE "_a.py", 0755, "#!/bin/sh\n");
	assert_int_equal(
		script_command(f->r, &f->s, script, &argv, &f->err), ERR_OK);
	assert_int_equal(argv.n, 1);
	strvec_clear(&argv);
	assert_int_equal(script_read(f->r, &f->s, script, &f->err), ERR_OK);
	assert_true(script->executable);
	assert_int_equal(
		script_command(f->r, &f->s, script, &argv, &f->err), ERR_OK);
	assert_int_equal(argv.n, 1);
	strvec_release(&argv);
	scratch_file("scripts/" DATE "_b.sql", 0644, "x");
	discover(f);
	assert_int_equal(
		script_command(f->r, &f->s, f->list.v[1], &argv, &f->err),
		ERR_BAD);
	strvec_release(&argv);
}

static void assert_match(
	struct fixture *f, const char *typed, const char *wanted)
{
	const struct script *found = NULL;

	if (script_match(f->r, &f->list, typed, &found, &f->err))
		fail_msg("%s: %s", typed, f->err.text.ptr);
	assert_string_equal(found->path, wanted);
}

static void test_match(void **state)
{
	struct fixture *f = *state;
	const struct script *found = NULL;
	char *absolute;

	scratch_file("scripts/20260101_add_users.sh", 0644, "x");
	scratch_file("scripts/20260102_drop.sh", 0644, "x");
	scratch_file("scripts/sub/20260102_drop.sh", 0644, "x");
	scratch_file("scripts/sub/20260103_drop.sh.py", 0644, "x");
	assert_int_equal(chdir("scripts/sub"), 0);
	discover(f);
	assert_match(f, "20260102_drop.sh", "scripts/sub/20260102_drop.sh");
	assert_match(
		f, "./20260103_drop.sh.py", "scripts/sub/20260103_drop.sh.py");
	assert_match(f, "../20260102_drop.sh", "scripts/20260102_drop.sh");
	assert_match(f, "scripts/20260102_drop.sh", "scripts/20260102_drop.sh");
	assert_match(
		f, "20260101_add_users.sh", "scripts/20260101_add_users.sh");
	assert_match(f, "users", "scripts/20260101_add_users.sh");
	assert_match(f, "sub/20260103", "scripts/sub/20260103_drop.sh.py");
	absolute = xstrfmt("%s/scripts/20260102_drop.sh", repo_work_tree(f->r));
	assert_match(f, absolute, "scripts/20260102_drop.sh");
	free(absolute);
	assert_int_equal(
		script_match(f->r, &f->list, "drop", &found, &f->err), ERR_BAD);
	assert_string_equal(f->err.text.ptr,
		"'drop' is not the name of one script, 3 match");
	assert_string_equal(f->err.hint.ptr,
		"scripts/20260102_drop.sh\nscripts/sub/20260102_drop.sh\n"
		"scripts/sub/20260103_drop.sh.py");
	assert_int_equal(
		script_match(f->r, &f->list, "ad_user", &found, &f->err),
		ERR_NOTFOUND);
	assert_non_null(strstr(f->err.hint.ptr, "20260101_add_users.sh"));
	assert_int_equal(
		script_match(f->r, &f->list, "../../../x", &found, &f->err),
		ERR_NOTFOUND);
	assert_int_equal(
		script_match(f->r, &f->list, "", &found, &f->err), ERR_USAGE);
	assert_null(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_time),
		cmocka_unit_test(test_slug),
		cmocka_unit_test_setup_teardown(
			test_discover, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refused_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_linked_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_problems, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_missing_runner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_bad_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_match, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
