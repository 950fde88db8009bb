/* Who may sign what, worked out over a made-up history: commits are numbers,
 * and a table says who their parents are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/trust.h"

#define MAX 32

static int parents[MAX][2]; /* 0: none */

static struct oid commit(int n)
{
	struct oid id = { { 0 } };

	id.id[0] = (unsigned char)n;
	return id;
}

static bool below(int a, int b)
{
	if (a == b)
		return true;
	return b && ((parents[b][0] && below(a, parents[b][0])) ||
			    (parents[b][1] && below(a, parents[b][1])));
}

static bool reaches(const struct oid *a, const struct oid *b, void *arg)
{
	assert_ptr_equal(arg, parents);
	return below(a->id[0], b->id[0]);
}

/* 1 - 2 - 3 - ... in one line, until a test says otherwise. */
static void line_of_commits(void)
{
	for (int i = 1; i < MAX; i++) {
		parents[i][0] = i - 1;
		parents[i][1] = 0;
	}
}

struct world {
	struct trust_fact facts[MAX];
	struct entry entries[MAX];
	size_t n;
	struct trust trust;
};

static struct world w;

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	line_of_commits();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < w.n; i++)
		entry_release(&w.entries[i]);
	trust_release(&w.trust);
	return 0;
}

static struct trust_fact *fact(enum kind kind, int at, const char *signer)
{
	struct trust_fact *f = &w.facts[w.n];
	struct entry *e = &w.entries[w.n++];

	entry_init(e);
	entry_set_kind(e, kind);
	entry_set(e, KEY_SIGNER, signer);
	f->e = e;
	f->at = commit(at);
	f->sound = true;
	return f;
}

static struct trust_fact *add(int at, const char *signer, const char *key,
	const char *roles, const char *envs)
{
	struct trust_fact *f = fact(KIND_TRUST_ADD, at, signer);
	struct entry *e = &w.entries[w.n - 1];

	entry_set(e, KEY_KEY, key);
	entry_set(e, KEY_PRINCIPAL, key);
	entry_set(e, KEY_ROLES, roles);
	entry_set(e, KEY_ENVIRONMENTS, envs);
	f->key_fingerprint = key;
	f->founding = w.n == 1;
	return f;
}

static struct trust_fact *revoke(
	int at, const char *signer, const char *key, int after)
{
	struct trust_fact *f = fact(KIND_TRUST_REVOKE, at, signer);
	struct oid id = commit(after);
	char hex[OID_HEX + 1];

	oid_hex(&id, hex);
	entry_set(&w.entries[w.n - 1], KEY_FINGERPRINT, key);
	entry_set(&w.entries[w.n - 1], KEY_AFTER, hex);
	return f;
}

static void work_out(void)
{
	trust_work_out(&w.trust, w.facts, w.n, reaches, parents);
}

static void expect(const char *why, const char *key, unsigned role,
	const char *env, int at)
{
	struct oid id = commit(at);
	const char *is = at ? trust_refuses(&w.trust, key, role, env, &id)
			    : trust_refuses_now(&w.trust, key, role, env);

	if ((is == NULL) != (why == NULL) || (is && strcmp(is, why) != 0))
		fail_msg("%s at %d: '%s', not '%s'", key, at, is ? is : "yes",
			why ? why : "yes");
}

#define REVOKED "was revoked"
#define UNKNOWN "is not trusted"

static void test_founding(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run,approve", NULL);
	work_out();
	assert_true(w.facts[0].valid);
	expect(NULL, "A", ROLE_ROOT, NULL, 1);
	expect(NULL, "A", ROLE_RUN, "staging", 1);
	expect(NULL, "B", ROLE_APPROVE, "staging", 0);
	expect("is no root there", "B", ROLE_ROOT, NULL, 0);
	expect(UNKNOWN, "C", ROLE_RUN, NULL, 0);
	assert_int_equal(trust_roots(&w.trust), 1);
	assert_string_equal(trust_principal(&w.trust, "B"), "B");
	assert_null(trust_principal(&w.trust, "C"));
	assert_null(trust_find(&w.trust, "C"));
}

static void test_founding_must_be_right(void **state)
{
	static const struct {
		const char *signer, *key, *roles, *envs;
		bool founding;
	} wrong[] = {
		{ "A", "B", "root", NULL, true },
		{ "A", "A", "run", NULL, true },
		{ "A", "A", "root", "staging", true },
		{ "A", "A", "king", NULL, true },
		{ "A", "A", "root", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_up(state);
		add(1, wrong[i].signer, wrong[i].key, wrong[i].roles,
			wrong[i].envs)
			->founding = wrong[i].founding;
		work_out();
		assert_false(w.facts[0].valid);
		assert_string_equal(w.facts[0].problem, UNKNOWN);
		assert_int_equal(trust_roots(&w.trust), 0);
		tear_down(state);
	}
	set_up(state);
}

static void test_not_by_position(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(5, "A", "B", "run", NULL);
	work_out();
	expect(NULL, "B", ROLE_RUN, "staging", 2);
	expect("lacks the role 'approve'", "B", ROLE_APPROVE, NULL, 9);
}

/* But trust entries are taken in their order. */
static void test_trust_entries_in_order(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "B", "C", "run", NULL);
	add(3, "A", "B", "root", NULL);
	add(4, "B", "D", "run", NULL);
	work_out();
	assert_false(w.facts[1].valid);
	assert_string_equal(w.facts[1].problem, UNKNOWN);
	assert_true(w.facts[3].valid);
	expect(UNKNOWN, "C", ROLE_RUN, NULL, 9);
	expect(NULL, "D", ROLE_RUN, NULL, 2);
}

static void test_unsound(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "root", NULL)->sound = false;
	add(3, "B", "C", "run", NULL);
	add(4, "A", "D", "run", NULL)->key_fingerprint = NULL;
	add(5, "A", "E", "run king", NULL);
	fact(KIND_DISOWN, 6, "A");
	fact(KIND_DISOWN, 7, "D");
	work_out();
	assert_false(w.facts[1].valid);
	assert_false(w.facts[2].valid);
	assert_string_equal(w.facts[3].problem, "admits what is no public key");
	assert_string_equal(
		w.facts[4].problem, "admits with a role that does not exist");
	assert_true(w.facts[5].valid);
	assert_false(w.facts[6].valid);
}

static void test_admissions_add_up(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run", "staging local");
	add(3, "A", "B", "approve", "production");
	work_out();
	expect(NULL, "B", ROLE_RUN, "local", 2);
	expect(NULL, "B", ROLE_APPROVE, "production", 2);
	/* each role only where it was given */
	expect("has no right to act in this environment", "B", ROLE_RUN,
		"production", 2);
	expect("has no right to act in this environment", "B", ROLE_APPROVE,
		"staging", 0);
	expect(NULL, "B", ROLE_RUN, NULL, 0);
}

static void test_revoked(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run", NULL);
	revoke(6, "A", "B", 4);
	work_out();
	expect(NULL, "B", ROLE_RUN, NULL, 4);
	expect(NULL, "B", ROLE_RUN, NULL, 1);
	expect(REVOKED, "B", ROLE_RUN, NULL, 5);
	expect(REVOKED, "B", ROLE_RUN, NULL, 0);
	assert_true(trust_find(&w.trust, "B")->revoked);
}

static void test_bad_revocations(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run", NULL);
	revoke(3, "A", "C", 2);
	revoke(4, "A", "A", 3);
	revoke(5, "A", "B", 9);
	revoke(6, "B", "A", 5);
	work_out();
	assert_string_equal(
		w.facts[2].problem, "revokes a key that nobody admitted");
	assert_string_equal(w.facts[3].problem, "would revoke the last root");
	assert_string_equal(
		w.facts[4].problem, "'after' is no ancestor of its commit");
	assert_string_equal(w.facts[5].problem, "is no root there");
	expect(NULL, "A", ROLE_ROOT, NULL, 0);
	expect(NULL, "B", ROLE_RUN, NULL, 0);
}

static void test_earliest_after(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run", NULL);
	revoke(7, "A", "B", 6);
	revoke(8, "A", "B", 3);
	revoke(9, "A", "B", 5);
	work_out();
	expect(NULL, "B", ROLE_RUN, NULL, 3);
	expect(REVOKED, "B", ROLE_RUN, NULL, 4);
	expect(REVOKED, "B", ROLE_RUN, NULL, 6);
}

/* 2 - 3, 2 - 4, merged by 5 */
static void fork_and_merge(void)
{
	parents[4][0] = 2;
	parents[5][0] = 3;
	parents[5][1] = 4;
}

/* On two sides of a merge neither is earlier, and both hold. */
static void test_afters_on_two_sides(void **state)
{
	(void)state;
	fork_and_merge();
	add(1, "A", "A", "root", NULL);
	add(1, "A", "B", "run", NULL);
	revoke(6, "A", "B", 3);
	revoke(7, "A", "B", 4);
	work_out();
	expect(NULL, "B", ROLE_RUN, NULL, 2);
	expect(REVOKED, "B", ROLE_RUN, NULL, 3);
	expect(REVOKED, "B", ROLE_RUN, NULL, 4);
	expect(REVOKED, "B", ROLE_RUN, NULL, 5);
}

static void test_admitted_anew(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run,approve", NULL);
	revoke(4, "A", "B", 3);
	add(6, "A", "B", "run", "staging");
	work_out();
	expect(NULL, "B", ROLE_APPROVE, "production", 3);
	expect(REVOKED, "B", ROLE_RUN, "staging", 4);
	expect(REVOKED, "B", ROLE_RUN, "staging", 5);
	expect(NULL, "B", ROLE_RUN, "staging", 6);
	expect(NULL, "B", ROLE_RUN, "staging", 0);
	/* only with what it allows */
	expect("lacks the role 'approve'", "B", ROLE_APPROVE, "staging", 7);
	expect("has no right to act in this environment", "B", ROLE_RUN,
		"production", 7);
	assert_true(trust_find(&w.trust, "B")->readmitted);
}

static void test_admitted_anew_and_revoked_again(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "run", NULL);
	revoke(4, "A", "B", 3);
	add(6, "A", "B", "run", NULL);
	revoke(9, "A", "B", 8);
	work_out();
	/* the earliest `after` is in force, and all admissions are closed */
	expect(NULL, "B", ROLE_RUN, NULL, 3);
	expect(REVOKED, "B", ROLE_RUN, NULL, 7);
	expect(REVOKED, "B", ROLE_RUN, NULL, 0);
}

/* Admitted anew twice, on two sides: each counts for what is behind it. */
static void test_admitted_anew_on_two_sides(void **state)
{
	(void)state;
	fork_and_merge();
	parents[6][0] = 3;
	parents[7][0] = 4;
	add(1, "A", "A", "root", NULL);
	add(1, "A", "B", "run,approve", NULL);
	revoke(2, "A", "B", 1);
	add(3, "A", "B", "run", "staging");
	add(4, "A", "B", "run", "production");
	work_out();
	expect(NULL, "B", ROLE_RUN, "staging", 6);
	expect(NULL, "B", ROLE_RUN, "production", 7);
	expect("has no right to act in this environment", "B", ROLE_RUN,
		"production", 6);
	expect(NULL, "B", ROLE_RUN, "staging", 5);
	expect(NULL, "B", ROLE_RUN, "production", 5);
	expect(NULL, "B", ROLE_APPROVE, "production", 1);
}

/* Revoked on one side of a merge, it mints a root on the other. */
static void test_side_branch(void **state)
{
	(void)state;
	fork_and_merge();
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "root", NULL);
	add(4, "B", "C", "root", NULL);
	revoke(3, "A", "B", 2);
	add(6, "C", "D", "run", NULL);
	work_out();
	assert_false(w.facts[2].valid);
	assert_string_equal(w.facts[2].problem, REVOKED);
	assert_false(w.facts[4].valid);
	expect(UNKNOWN, "C", ROLE_RUN, NULL, 0);
	expect(UNKNOWN, "D", ROLE_RUN, NULL, 0);
	assert_int_equal(trust_roots(&w.trust), 1);
}

/* A revocation that reaches back undoes what was built on the key: each round
 * settles one storey more. */
static void test_rounds(void **state)
{
	static const char *const names[] = { "B", "C", "D", "E", "F", "G" };

	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "root", NULL);
	for (int i = 1; i < 6; i++)
		add(2 + i, names[i - 1], names[i], "root", NULL);
	add(9, "G", "H", "run", NULL);
	revoke(10, "A", "B", 2);
	work_out();
	assert_true(w.facts[1].valid);
	for (int i = 1; i < 6; i++)
		expect(UNKNOWN, names[i], ROLE_ROOT, NULL, 0);
	expect(NULL, "A", ROLE_ROOT, NULL, 0);
	assert_int_equal(trust_roots(&w.trust), 1);
}

/* A root that was revoked in time did not revoke. */
static void test_revoked_revoker(void **state)
{
	(void)state;
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "root", NULL);
	add(3, "A", "C", "run", NULL);
	revoke(5, "B", "C", 4);
	revoke(6, "A", "B", 4);
	work_out();
	assert_false(w.facts[3].valid);
	assert_string_equal(w.facts[3].problem, REVOKED);
	expect(NULL, "C", ROLE_RUN, NULL, 0);
}

/* Three roots, each of whom revokes the next as of before that: nothing is
 * stable, but it ends, always alike, and somebody is left. */
static void test_oscillation(void **state)
{
	bool first[MAX] = { false };

	(void)state;
	for (int again = 0; again < 2; again++) {
		set_up(state);
		add(1, "A", "A", "root", NULL);
		add(2, "A", "B", "root", NULL);
		add(3, "A", "C", "root", NULL);
		revoke(4, "A", "B", 3);
		revoke(5, "B", "C", 3);
		revoke(6, "C", "A", 3);
		work_out();
		assert_true(trust_roots(&w.trust) > 0);
		for (size_t i = 0; i < w.n; i++) {
			if (again)
				assert_int_equal(first[i], w.facts[i].valid);
			first[i] = w.facts[i].valid;
		}
		if (!again)
			tear_down(state);
	}
}

static void test_two_roots_revoke_each_other(void **state)
{
	(void)state;
	fork_and_merge();
	add(1, "A", "A", "root", NULL);
	add(2, "A", "B", "root", NULL);
	revoke(3, "A", "B", 2);
	revoke(4, "B", "A", 2);
	work_out();
	/* the first in the order of entries */
	assert_true(w.facts[2].valid);
	assert_false(w.facts[3].valid);
	expect(NULL, "A", ROLE_ROOT, NULL, 0);
	expect(REVOKED, "B", ROLE_ROOT, NULL, 0);
}

static void test_roles(void **state)
{
	struct buf b = BUF_INIT;
	unsigned roles = 77;

	(void)state;
	assert_true(roles_parse("root", &roles));
	assert_int_equal(roles, ROLE_ROOT);
	assert_true(roles_parse("approve,run", &roles));
	roles_format(roles, &b);
	assert_string_equal(b.ptr, "run approve");
	assert_true(roles_parse("run, approve root", &roles));
	assert_int_equal(roles, ROLE_ROOT | ROLE_RUN | ROLE_APPROVE);
	roles = 77;
	assert_false(roles_parse("", &roles));
	assert_false(roles_parse("rooty", &roles));
	assert_false(roles_parse("roo", &roles));
	assert_false(roles_parse("run king", &roles));
	buf_release(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_founding),
		TEST(test_founding_must_be_right),
		TEST(test_not_by_position),
		TEST(test_trust_entries_in_order),
		TEST(test_unsound),
		TEST(test_admissions_add_up),
		TEST(test_revoked),
		TEST(test_bad_revocations),
		TEST(test_earliest_after),
		TEST(test_afters_on_two_sides),
		TEST(test_admitted_anew),
		TEST(test_admitted_anew_and_revoked_again),
		TEST(test_admitted_anew_on_two_sides),
		TEST(test_side_branch),
		TEST(test_rounds),
		TEST(test_revoked_revoker),
		TEST(test_oscillation),
		TEST(test_two_roots_revoke_each_other),
		TEST(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
