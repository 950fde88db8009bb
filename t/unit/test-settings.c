/* .strack.ini: values, defaults, and what is said of mistakes. */
#include "scratch.h"
#include "strack/file.h"
#include "strack/repo.h"
#include "strack/settings.h"

#define UUID "8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d11"
#define ROOT "SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE"

static void parses(struct settings *s, const char *text)
{
	struct error err = ERROR_INIT;

	settings_init(s);
	if (settings_parse(s, ".strack.ini", text, strlen(text), &err))
		fail_msg("%s", err.text.ptr);
	error_release(&err);
}

static void refused(const char *text, const char *message)
{
	struct error err = ERROR_INIT;
	struct settings s;

	settings_init(&s);
	assert_int_equal(
		settings_parse(&s, ".strack.ini", text, strlen(text), &err),
		ERR_BAD);
	assert_string_equal(err.text.ptr, message);
	/* nothing of a file with an error is applied */
	assert_int_equal(s.timeout, 300);
	assert_int_equal(s.nenvs, 0);
	settings_release(&s);
	error_release(&err);
}

static void test_defaults(void **state)
{
	struct settings s;

	(void)state;
	parses(&s, "");
	assert_null(s.ledger_id);
	assert_int_equal(s.paths.n, 1);
	assert_string_equal(s.paths.v[0], "scripts");
	assert_int_equal(s.timeout, 300);
	assert_int_equal(s.grace, 10);
	assert_int_equal(s.layout, LAYOUT_FLAT);
	assert_false(s.require_rollback);
	assert_int_equal(s.log_keep, 65536);
	assert_true(s.log_share);
	assert_int_equal(s.mask.n, 5);
	assert_string_equal(settings_runner(&s, "py")->command.v[0], "python3");
	assert_int_equal(settings_runner(&s, "sql")->command.n, 0);
	assert_null(settings_runner(&s, "csv"));
	assert_null(settings_env(&s, "production"));
	settings_release(&s);
}

static void test_all_keys(void **state)
{
	const struct environment_def *e;
	struct settings s;

	(void)state;
	parses(&s, "# the team's\n"
		   "[ledger]\n"
		   "id = " UUID "\n"
		   "root = " ROOT "\n"
		   "[scripts]\n"
		   "path = ./scripts/ db//fixes\n"
		   "timeout = 1h\n"
		   "grace = 0\n"
		   "layout = month\n"
		   "require-rollback = yes\n"
		   "[runner \"py\"]\n"
		   "command = uv run  --quiet\n"
		   "[environment \"staging\"]\n"
		   "[environment \"production\"]\n"
		   "protected = yes        ; asks for the name\n"
		   "approvals = 2\n"
		   "after = staging\n"
		   "[log]\n"
		   "keep = 1m\n"
		   "share = no\n"
		   "mask =\n");
	assert_string_equal(s.ledger_id, UUID);
	assert_string_equal(s.ledger_root, ROOT);
	assert_int_equal(s.paths.n, 2);
	assert_string_equal(s.paths.v[0], "scripts");
	assert_string_equal(s.paths.v[1], "db/fixes");
	assert_int_equal(s.timeout, 3600);
	assert_int_equal(s.grace, 0);
	assert_int_equal(s.layout, LAYOUT_MONTH);
	assert_true(s.require_rollback);
	assert_int_equal(settings_runner(&s, "py")->command.n, 3);
	assert_int_equal(s.nenvs, 2);
	assert_string_equal(s.envs[0].name, "staging");
	e = settings_env(&s, "production");
	assert_true(e->protected);
	assert_int_equal(e->approvals, 2);
	assert_string_equal(e->after, "staging");
	assert_int_equal(s.log_keep, 1 << 20);
	assert_false(s.log_share);
	assert_int_equal(s.mask.n, 0);
	settings_release(&s);
}

static void test_line_ends(void **state)
{
	struct settings s;

	(void)state;
	parses(&s, "\xef\xbb\xbf[environment \"a\"]\r\n[scripts]\r\n"
		   "timeout = 9\r\n");
	assert_int_equal(s.timeout, 9);
	assert_non_null(settings_env(&s, "a"));
	settings_release(&s);
	parses(&s, "[environment \"local\"]\nprotected = no");
	settings_release(&s);
}

static void test_bad_sections(void **state)
{
	(void)state;
	refused("[script]\n", ".strack.ini: [script] is not known (line 1); "
			      "did you mean [scripts]?");
	refused("\n[colours]\n",
		".strack.ini: [colours] is not known (line 2); the sections "
		"are [ledger], [scripts], [runner \"EXT\"], [environment "
		"\"NAME\"] and [log]");
	refused("[environment production]\nprotected = yes\n",
		".strack.ini: [environment production] is not a section (line "
		"1); write [environment \"production\"], up to 32 of a-z, "
		"0-9, _ and -");
	refused("[environment \"Prod\"]\n",
		".strack.ini: [environment \"Prod\"] is not a section (line "
		"1); write [environment \"production\"], up to 32 of a-z, "
		"0-9, _ and -");
	refused("[runner \".py\"]\n",
		".strack.ini: [runner \".py\"] is not a section (line 1); "
		"write [runner \"py\"], the extension without its dot");
	refused("[log \"x\"]\nkeep = 1\n",
		".strack.ini: [log \"x\"] is not a section (line 1); write "
		"[log]");
	refused("timeout = 5m\n",
		".strack.ini: timeout: stands before any section (line 1); "
		"begin with one like [scripts]");
}

static void test_bad_keys(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "[scripts]\ntimeut = 5m\n",
			"[scripts] timeut: is not a key of this section (line "
			"2); did you mean timeout?" },
		{ "[log]\ncolour = red\n",
			"[log] colour: is not a key of this section (line 2); "
			"it can have keep, share, mask" },
		{ "[scripts]\ntimeout = 5x\n",
			"[scripts] timeout: '5x' is not a duration (line 2); "
			"try 5m, 90s, 1h30m, or 0 for no limit" },
		{ "[scripts]\nlayout = week\n",
			"[scripts] layout: 'week' is not known (line 2); try "
			"flat, year or month" },
		{ "[ledger]\nid = 12\n",
			"[ledger] id: '12' is not the id of a ledger (line 2); "
			"leave what 'git strack init' wrote" },
		{ "[ledger]\nroot = MD5:12\n",
			"[ledger] root: 'MD5:12' is not a fingerprint (line "
			"2); leave what 'git strack init' wrote, SHA256:..." },
		{ "[environment \"a\"]\nprotected = maybe\n",
			"[environment \"a\"] protected: 'maybe' is neither yes "
			"nor no (line 2); write yes or no" },
		{ "[environment \"a\"]\napprovals = 101\n",
			"[environment \"a\"] approvals: '101' is not a number "
			"(line 2); write 0 to 100" },
		{ "[log]\nkeep = 2m\n",
			"[log] keep: '2m' is not a size up to 1m (line 2); try "
			"64k, 1m, or 0 for none" },
		{ "[environment \"b\"]\n[environment \"a\"]\nafter = c\n",
			"[environment \"a\"] after: 'c' is not an environment "
			"of this file (line 3); add a section [environment "
			"\"c\"] or name another" },
		{ "[environment \"a\"]\nafter = a\n",
			"[environment \"a\"] after: 'a' comes, in the end, "
			"after 'a' itself (line 2); break the circle" },
		{ "[environment \"a\"]\nafter = b\n[environment \"b\"]\n"
		  "after = c\n[environment \"c\"]\nafter = b\n",
			"[environment \"b\"] after: 'c' comes, in the end, "
			"after 'b' itself (line 4); break the circle" },
		{ "[environment \"local\"]\nprotected = yes\n",
			"[environment \"local\"] protected: 'local' is each "
			"clone's own and can have no rules (line 2); remove "
			"the line" },
	};
	struct buf message = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		buf_printf(&message, ".strack.ini: %s", rows[i].message);
		refused(rows[i].text, message.ptr);
	}
	buf_release(&message);
}

static void test_bad_folders(void **state)
{
	static const char *const values[] = { "/etc", "..", "a/../b", ".", "./",
		".git", "a/.GIT/b", ".strack", "" };
	struct buf text = BUF_INIT, message = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		buf_printf(&text, "[scripts]\npath = %s\n", values[i]);
		buf_printf(&message,
			".strack.ini: [scripts] path: '%s' is not a list of "
			"folders (line 2); name folders below the top of the "
			"repository, with blanks between",
			values[i]);
		refused(text.ptr, message.ptr);
	}
	buf_release(&text);
	buf_release(&message);
}

/* ---- in a repository ---- */

static void assert_text(const char *path, const char *wanted)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;

	assert_int_equal(file_read(path, 65536, false, &text, &err), ERR_OK);
	assert_string_equal(text.ptr, wanted);
	buf_release(&text);
	error_release(&err);
}

static void test_load(void **state)
{
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	struct scratch scratch;
	struct settings s;
	struct repo *r;

	(void)state;
	scratch_begin(&scratch);
	settings_init(&s);
	assert_int_equal(repo_open(&r, &err), ERR_OK);
	assert_int_equal(settings_load(&s, r, NULL, &err), ERR_OK);
	assert_false(s.present);
	scratch_file(".strack.ini", 0644, "[scripts]\ntimeout = 7\n");
	assert_int_equal(settings_load(&s, r, &text, &err), ERR_OK);
	assert_true(s.present);
	assert_int_equal(s.timeout, 7);
	assert_string_equal(text.ptr, "[scripts]\ntimeout = 7\n");
	scratch_file(".strack.ini", 0644, "[scripts]\ntimeout = x\n");
	assert_int_equal(settings_load(&s, r, &text, &err), ERR_BAD);
	assert_int_equal(s.timeout, 7);
	repo_free(r);
	settings_release(&s);
	buf_release(&text);
	error_release(&err);
	scratch_end(&scratch);
}

static void test_load_bare(void **state)
{
	struct error err = ERROR_INIT;
	struct scratch scratch;
	struct settings s;
	struct repo *r;

	(void)state;
	scratch_begin(&scratch);
	settings_init(&s);
	scratch_git("init", "-q", "--bare", "empty.git");
	assert_int_equal(chdir("empty.git"), 0);
	assert_int_equal(repo_open(&r, &err), ERR_OK);
	assert_int_equal(settings_load(&s, r, NULL, &err), ERR_OK);
	assert_false(s.present);
	repo_free(r);
	assert_int_equal(chdir(".."), 0);
	scratch_file(".strack.ini", 0644, "[scripts]\ntimeout = 7\n");
	scratch_git("add", ".strack.ini");
	scratch_git("commit", "-q", "-m", "settings");
	scratch_git("clone", "-q", "--bare", ".", "bare.git");
	assert_int_equal(chdir("bare.git"), 0);
	assert_int_equal(repo_open(&r, &err), ERR_OK);
	assert_int_equal(settings_load(&s, r, NULL, &err), ERR_OK);
	assert_true(s.present);
	assert_int_equal(s.timeout, 7);
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_FATAL);
	repo_free(r);
	settings_release(&s);
	error_release(&err);
	scratch_end(&scratch);
}

static void test_write_ledger(void **state)
{
#define SECTION "[ledger]\nid = " UUID "\nroot = " ROOT "\n"
	struct error err = ERROR_INIT;
	struct scratch scratch;
	struct repo *r;

	(void)state;
	scratch_begin(&scratch);
	assert_int_equal(repo_open(&r, &err), ERR_OK);
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_OK);
	assert_text(".strack.ini", SECTION);
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_OK);
	assert_text(".strack.ini", SECTION);
	assert_int_equal(
		settings_write_ledger(r, "9" UUID, ROOT, &err), ERR_EXISTS);
	assert_text(".strack.ini", SECTION);

	scratch_file(".strack.ini", 0644, "; ours\n[log]\nkeep = 1k");
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_OK);
	assert_text(".strack.ini", "; ours\n[log]\nkeep = 1k\n\n" SECTION);

	scratch_file(".strack.ini", 0644, "[ledger]\r\nid = " UUID "\r\n");
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_OK);
	assert_text(".strack.ini", "[ledger]\r\nid = " UUID "\r\n\r\n"
				   "[ledger]\r\nroot = " ROOT "\r\n");
	/* and what was written is read */
	assert_int_equal(settings_write_ledger(r, UUID, ROOT, &err), ERR_OK);
	repo_free(r);
	error_release(&err);
	scratch_end(&scratch);
#undef SECTION
}

static void assert_environment(
	struct repo *r, const char *flag, const char *wanted, bool chosen)
{
	struct error err = ERROR_INIT;
	char *env = NULL;
	bool was;

	assert_int_equal(
		settings_environment(r, flag, &env, &was, &err), ERR_OK);
	assert_string_equal(env, wanted);
	assert_int_equal(was, chosen);
	free(env);
	error_release(&err);
}

static void test_environment(void **state)
{
	struct error err = ERROR_INIT;
	struct scratch scratch;
	struct repo *r;
	char *env = NULL;
	bool chosen;

	(void)state;
	scratch_begin(&scratch);
	assert_int_equal(repo_open(&r, &err), ERR_OK);
	assert_environment(r, NULL, "local", false);
	assert_int_equal(
		repo_config_set(r, "strack.environment", "staging", &err),
		ERR_OK);
	assert_environment(r, NULL, "staging", true);
	setenv("STRACK_ENV", "production", 1);
	assert_environment(r, NULL, "production", true);
	assert_environment(r, "qa", "qa", true);
	setenv("STRACK_ENV", "", 1);
	assert_int_equal(
		settings_environment(r, NULL, &env, &chosen, &err), ERR_FATAL);
	assert_int_equal(
		settings_environment(r, "No", &env, &chosen, &err), ERR_USAGE);
	unsetenv("STRACK_ENV");
	assert_int_equal(
		repo_config_set(r, "strack.environment", "Bad Name", &err),
		ERR_OK);
	assert_int_equal(
		settings_environment(r, NULL, &env, &chosen, &err), ERR_FATAL);
	assert_non_null(strstr(err.text.ptr, "config: strack.environment: "
					     "'Bad Name' is not an "));
	assert_null(env);
	repo_free(r);
	error_release(&err);
	scratch_end(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_bad_sections),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_bad_folders),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_bare),
		cmocka_unit_test(test_write_ledger),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
