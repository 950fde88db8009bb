/* What a plan makes of scripts that wait for something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/plan.h"

/* A world: scripts with what they require, and rows by "env path state". */
struct world {
	struct scriptvec scripts;
	struct state_row rows[8];
	size_t nrows;
	struct environment_def def;
	int64_t approvals;
	const char *gone;
};

static void add(struct world *w, const char *path, const char *requires)
{
	struct script *sc = xcalloc(1, sizeof(*sc));
	const char *slash;

	sc->path = xstrdup(path);
	slash = strrchr(sc->path, '/');
	sc->base = slash ? slash + 1 : sc->path;
	header_init(&sc->header);
	sc->problem = (struct error)ERROR_INIT;
	strvec_split(&sc->header.requires, requires);
	ARRAY_GROW(w->scripts.v, w->scripts.n + 1, w->scripts.cap);
	w->scripts.v[w->scripts.n++] = sc;
}

static void is(struct world *w, const char *env, const char *path,
	enum state state, unsigned flags)
{
	w->rows[w->nrows++] = (struct state_row){ .env = (char *)env,
		.script = (char *)path,
		.state = state,
		.flags = flags,
		.blob = (char *)"blob" };
}

static const struct state_row *row(
	const char *script, const char *env, enum state *state, void *arg)
{
	struct world *w = arg;

	*state = STATE_PENDING;
	for (size_t i = 0; i < w->nrows; i++) {
		if (strcmp(w->rows[i].script, script) != 0 ||
			strcmp(w->rows[i].env, env) != 0)
			continue;
		*state = w->rows[i].state;
		return &w->rows[i];
	}
	return NULL;
}

static int64_t approvals(
	const char *script, const char *b, struct buf *note, void *arg)
{
	struct world *w = arg;

	(void)script;
	assert_string_equal(b, "blob");
	if (w->approvals < 2)
		buf_adds(note, "ada would be");
	return w->approvals;
}

static const char *blob(const char *script, void *arg)
{
	(void)script;
	(void)arg;
	return "blob";
}

static const char *moved(const char *script, void *arg)
{
	(void)script;
	(void)arg;
	return NULL;
}

static const char *gone(const char *name, void *arg)
{
	struct world *w = arg;

	(void)name;
	return w->gone;
}

/* Plans, and says of the script at `at` why it is blocked, "" when it runs. */
static void check(struct world *w, size_t at, const char *why, const char *how)
{
	const struct plan_facts facts = { .env = "prod",
		.def = &w->def,
		.scripts = &w->scripts,
		.row = row,
		.approvals = approvals,
		.blob = blob,
		.moved_from = moved,
		.gone = gone,
		.arg = w };
	const struct plan_wish wish = { 0 };
	struct plan p = PLAN_INIT;

	plan_make(&facts, &wish, &p);
	assert_int_equal(p.v[at].decision, *why ? PLAN_BLOCKED : PLAN_RUN);
	assert_int_equal(p.v[at].flags & FLAG_BLOCKED, *why ? FLAG_BLOCKED : 0);
	assert_string_equal(p.v[at].why.ptr, why);
	assert_string_equal(p.v[at].how.ptr, how);
	plan_release(&p);
}

static void forget(struct world *w)
{
	scriptvec_release(&w->scripts);
}

#define RUN "git strack run --env "

static void test_requires(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT };

	(void)state;
	add(&w, "s/1_a", "");
	add(&w, "s/2_b", "1_a s/1_a");
	add(&w, "s/3_c", "4_d");
	add(&w, "s/4_d", "nosuch");
	check(&w, 1, "", "");
	check(&w, 2, "requires 4_d, which is pending", RUN "prod s/4_d");
	check(&w, 3, "requires nosuch, which is not there", "");
	w.gone = "s/0_x";
	check(&w, 3, "requires nosuch, which is pending and gone",
		"git strack mark --env prod -m <why> s/0_x");
	is(&w, "prod", "s/0_x", STATE_RETIRED, 0);
	check(&w, 3, "", "");
	is(&w, "prod", "s/1_a", STATE_SKIPPED, 0);
	check(&w, 1, "", "");
	w.rows[1].flags = FLAG_CONFLICT;
	check(&w, 1,
		"requires 1_a, which is skipped (conflict); "
		"requires s/1_a, which is skipped (conflict)",
		"git strack verify");
	w.rows[1].flags = 0;
	w.rows[1].state = STATE_FAILED;
	check(&w, 1,
		"requires 1_a, which is failed; requires s/1_a, which is "
		"failed",
		RUN "prod --retry s/1_a\n"
		    "git strack mark --env prod -m <why> s/1_a");
	forget(&w);
}

static void test_circles(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT };
	const char *end = "; one of them has to go without";
	struct buf want = BUF_INIT;

	(void)state;
	add(&w, "s/1_a", "2_b");
	add(&w, "s/2_b", "s/3_c 0_x");
	add(&w, "s/3_c", "1_a");
	add(&w, "s/4_d", "4_d");
	w.gone = "s/0_x";
	is(&w, "prod", "s/0_x", STATE_DONE, 0);
	buf_printf(&want,
		"requires itself in a circle: 1_a -> 2_b -> 3_c -> 1_a%s", end);
	check(&w, 0, want.ptr, "");
	buf_printf(&want, "requires itself in a circle: 4_d -> 4_d%s", end);
	check(&w, 3, want.ptr, "");
	/* settled by hand, it is none any more */
	is(&w, "prod", "s/2_b", STATE_MARKED, 0);
	check(&w, 0, "", "");
	check(&w, 2, "", "");
	forget(&w);
	buf_release(&want);
}

/* Twenty layers of two, each of which requires both below: a million ways. */
static void test_many_ways(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT };
	char name[2][8] = { "000_a", "000_b" }, both[24] = "nosuch";

	(void)state;
	for (int i = 20; i > 0; i--) {
		for (int k = 0; k < 2; k++) {
			name[k][1] = (char)('0' + i / 10);
			name[k][2] = (char)('0' + i % 10);
			add(&w, name[k], both);
		}
		memcpy(both, name[0], 5);
		both[5] = ' ';
		memcpy(both + 6, name[1], 6);
	}
	check(&w, 2,
		"requires 020_a, which is pending (blocked); "
		"requires 020_b, which is pending (blocked)",
		RUN "prod 020_a\n" RUN "prod 020_b");
	forget(&w);
}

static void test_ambiguous(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT };

	(void)state;
	add(&w, "1_a", "");
	add(&w, "s/1_a", "");
	add(&w, "s/2_b", "1_a");
	add(&w, "s/3_c", "s/2_b");
	add(&w, "t/3_c", "");
	add(&w, "t/4_d", "3_c");
	check(&w, 2, "", ""); /* it is the path of one of them */
	check(&w, 5,
		"requires 3_c, which is the name of several scripts: its "
		"header has to say the path",
		"");
	forget(&w);
}

static void test_elsewhere(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT };

	(void)state;
	add(&w, "s/1_a", "");
	add(&w, "s/2_b", "1_a");
	strvec_push(&w.scripts.v[0]->header.environments, "staging");
	check(&w, 1, "requires 1_a, which by its header is not for prod",
		"git strack mark --env prod -m <why> s/1_a");
	forget(&w);
}

static void test_after(void **state)
{
	static const struct {
		enum state state;
		const char *command;
	} rows[] = {
		{ STATE_PENDING, RUN "staging s/1_a" },
		{ STATE_RUNNING, RUN "staging --wait s/1_a" },
		{ STATE_FAILED, RUN "staging --retry s/1_a" },
		{ STATE_ROLLED_BACK, RUN "staging --retry s/1_a" },
		{ STATE_SKIPPED, RUN "staging --again -m <why> s/1_a" },
		{ STATE_MARKED, RUN "staging --again -m <why> s/1_a" },
		{ STATE_RETIRED, RUN "staging --again -m <why> s/1_a" },
	};
	struct world w = { .scripts = SCRIPTVEC_INIT };
	struct buf want = BUF_INIT;

	(void)state;
	w.def.after = (char *)"staging";
	add(&w, "s/1_a", "");
	is(&w, "staging", "s/1_a", STATE_DONE, 0);
	check(&w, 0, "", "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		w.rows[0].state = rows[i].state;
		buf_printf(&want,
			"must be done in staging first, where it is %s",
			state_name(rows[i].state));
		check(&w, 0, want.ptr, rows[i].command);
	}
	w.rows[0].state = STATE_DONE;
	w.rows[0].blob = (char *)"other";
	check(&w, 0, "other bytes of it are done in staging",
		RUN "staging --again -m <why> s/1_a");
	w.rows[0].flags = FLAG_UNTRUSTED;
	check(&w, 0,
		"must be done in staging first, where it is done (untrusted)",
		"git strack verify");
	w.rows[0].flags = 0;
	strvec_push(&w.scripts.v[0]->header.environments, "prod");
	check(&w, 0,
		"must be done in staging first, which its header leaves "
		"out",
		"");
	forget(&w);
	buf_release(&want);
}

static void test_approvals(void **state)
{
	struct world w = { .scripts = SCRIPTVEC_INIT, .def.approvals = 2 };

	(void)state;
	add(&w, "s/1 a", "");
	w.approvals = 1;
	check(&w, 0, "has 1 of 2 approvals (ada would be)",
		"git strack approve --env prod 's/1 a'");
	w.approvals = 2;
	check(&w, 0, "", "");
	forget(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requires),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_many_ways),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_approvals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
