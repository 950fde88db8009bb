/* What entries about one script add up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/state.h"
#include "strack/strvec.h"

#define MAX 16

/* A story is one word a step: KIND[:KEY=VALUE...], and these besides:
 *	claim=2		what step 2 (from 1) opened; else the last that opens
 *	entry=2		that step
 *	?		after the kind: not trusted; !: disowned; *: a conflict
 */
struct story {
	struct entry entries[MAX];
	struct fact facts[MAX];
	size_t n;
	struct rowvec rows;
	struct buf said;
};

static void note(const struct entry *e, const char *problem, void *arg)
{
	struct story *s = arg;

	buf_addf(&s->said, "%s%s: %s", s->said.len ? "; " : "",
		kind_info(e->kind)->name, problem);
}

static const char *id_of(size_t step)
{
	static char ids[MAX][ENTRY_ID_HEX + 1];

	snprintf(ids[step], sizeof(ids[step]), "%064zu", step);
	return ids[step];
}

static void set(struct entry *e, const char *key, char *value)
{
	enum key k;

	if (!key_parse(key, strlen(key), &k))
		fail_msg("no key %s", key);
	if (k == KEY_CLAIM || k == KEY_ENTRY)
		entry_set(e, k, id_of((size_t)atoi(value)));
	else
		entry_set(e, k, value);
}

static void step(struct story *s, char *word)
{
	struct entry *e = &s->entries[s->n];
	struct fact *f = &s->facts[s->n++];
	char *part = strtok(word, ":");
	size_t len = strcspn(part, "?!*");
	enum kind kind;

	entry_init(e);
	f->e = e;
	f->counts = part[len] == '\0' || part[len] == '*';
	f->conflict = part[len] == '*';
	f->disowned = part[len] == '!';
	if (!kind_parse(part, len, &kind))
		fail_msg("no kind %s", part);
	entry_set_kind(e, kind);
	memcpy(e->id, id_of(s->n), sizeof(e->id));
	entry_setf(e, KEY_SEQ, "%zu", s->n);
	entry_setf(e, KEY_TIME, "2026-01-01T00:00:%02zuZ", s->n);
	entry_set(e, KEY_SCRIPT, "scripts/1_a.sh");
	entry_set(e, KEY_ENVIRONMENT, "staging");
	entry_set(e, KEY_RUN, "R");
	for (size_t i = s->n - 1; kind_info(kind)->closes && i > 0; i--) {
		if (!kind_info(s->entries[i - 1].kind)->opens)
			continue;
		entry_set(e, KEY_CLAIM, id_of(i));
		break;
	}
	while ((part = strtok(NULL, ":"))) {
		char *eq = strchr(part, '=');

		*eq = '\0';
		set(e, part, eq + 1);
	}
}

static void tell(struct story *s, const char *text)
{
	struct strvec words = STRVEC_INIT;

	memset(s, 0, sizeof(*s));
	buf_init(&s->said);
	strvec_split(&words, text);
	for (size_t i = 0; i < words.n; i++) {
		char *word = xstrdup(words.v[i]);

		step(s, word);
		free(word);
	}
	strvec_release(&words);
	state_fold(s->facts, s->n, &s->rows, note, s);
}

static void forget(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		entry_release(&s->entries[i]);
	rowvec_release(&s->rows);
	buf_release(&s->said);
}

/* "done conflict late", "running open" */
static void row_text(const struct state_row *r, struct buf *ret)
{
	buf_adds(ret, state_name(r->state));
	for (int i = 0; i < FLAG_COUNT; i++) {
		if (r->flags & 1u << i)
			buf_addf(ret, " %s", flag_name(1u << i));
	}
	if (r->open)
		buf_adds(ret, " open");
}

static void ends(const char *text, const char *state, const char *said)
{
	struct buf have = BUF_INIT;
	struct story s;

	tell(&s, text);
	for (size_t i = 0; i < s.rows.n; i++) {
		if (i)
			buf_adds(&have, ", ");
		row_text(&s.rows.v[i], &have);
	}
	if (strcmp(have.ptr, state) != 0 || strcmp(s.said.ptr, said) != 0)
		fail_msg("%s: '%s' (%s), not '%s' (%s)", text, have.ptr,
			s.said.ptr, state, said);
	buf_release(&have);
	forget(&s);
}

static void test_plain(void **state)
{
	(void)state;
	ends("", "", "");
	ends("claim", "running open", "");
	ends("claim done", "done", "");
	ends("claim fail", "failed", "");
	ends("claim skip", "skipped", "");
	ends("claim lost", "lost", "");
	ends("mark", "marked", "");
	ends("mark void:entry=1", "pending", "");
	ends("claim void:entry=1", "pending", "");
	ends("claim done void:entry=2", "pending", "");
	ends("claim done undo", "running open", "");
	ends("claim done undo rollback", "rolled-back", "");
	ends("claim done undo done", "rolled-back", "");
	ends("claim done undo rollback-fail", "failed", "");
	ends("claim done retire", "retired", "");
	ends("claim fail retire", "failed", "");
	ends("approve", "", "");
	ends("claim:dirty=yes done", "done dirty", "");
	ends("claim:dirty=yes done claim:again=x done", "done", "");
}

static void test_again(void **state)
{
	(void)state;
	ends("claim fail claim:again=retry done", "done", "");
	ends("claim done claim done", "done conflict", "claim: ran twice");
	ends("mark claim", "running conflict open", "claim: ran twice");
	ends("claim done void:entry=1 claim done", "done", "");
	ends("claim lost claim", "running conflict open", "claim: ran twice");
	ends("claim done void:entry=2 claim done", "done", "");
}

static void test_overlap(void **state)
{
	(void)state;
	ends("claim claim", "running conflict open",
		"claim: a claim while another is open");
	ends("claim undo", "running conflict open",
		"undo: a claim while another is open");
	/* running until all are closed */
	ends("claim claim done:claim=2", "running conflict open",
		"claim: a claim while another is open");
	ends("claim claim done:claim=2 fail:claim=1", "done conflict",
		"claim: a claim while another is open");
	ends("claim claim:unclaimed=yes void:entry=2 done:claim=1",
		"done conflict", "");
	ends("claim claim:unclaimed=yes", "running conflict open", "");
	ends("claim:unclaimed=yes claim done:claim=1 fail:claim=2",
		"failed conflict", "");
	ends("claim:unclaimed=yes done claim done", "done conflict", "");
	ends("claim claim:unclaimed=yes void:entry=1 void:entry=2", "pending",
		"");
	/* a mark while it runs says nothing */
	ends("claim mark", "running conflict open", "");
}

static void test_outcomes(void **state)
{
	(void)state;
	ends("claim done fail", "done conflict",
		"fail: second outcome of one claim");
	ends("claim done lost", "done conflict",
		"lost: lost, but it was closed");
	ends("claim lost lost", "lost conflict",
		"lost: lost, but it was closed");
	ends("claim void:entry=1 lost", "pending conflict",
		"lost: lost, but it was closed");
	ends("claim lost done", "done late", "");
	ends("claim lost done:resolved=yes", "done", "");
	ends("claim void:entry=1 fail", "failed late", "");
	ends("claim lost done fail", "done conflict late",
		"fail: second outcome of one claim");
	/* late, when another run has begun */
	ends("claim lost claim:again=x done:claim=1",
		"running conflict late "
		"open",
		"");
	ends("claim lost claim:again=x fail done:claim=1",
		"failed conflict late", "");
	ends("done:claim=9", "pending conflict",
		"done: closes what is not "
		"there");
	/* order decides, not what it says */
	ends("done:claim=2 claim", "running conflict open",
		"done: closes what is not there");
}

static void test_outcome_of_another(void **state)
{
	static const char run[] = "done: outcome of another run's claim";

	(void)state;
	ends("claim done:run=S", "running conflict open", run);
	ends("claim done:script=scripts/2_b.sh", "running conflict open", run);
	ends("claim done:environment=production",
		"running open, pending conflict", run);
	ends("claim:clone=a done:clone=b", "running open, pending conflict",
		run);
	ends("claim:attempt=1 done:attempt=1", "done", "");
	ends("claim:attempt=1 done", "done", "");
	ends("claim:attempt=1 done:attempt=2", "running conflict open",
		"done: claim and outcome differ in attempt");
	ends("claim:blob=a done:blob=b", "running conflict open",
		"done: claim and outcome differ in blob");
	ends("claim rollback", "running conflict open",
		"rollback: a rollback's outcome for what is no undo");
	ends("claim rollback-fail", "running conflict open",
		"rollback-fail: a rollback's outcome for what is no undo");
}

static void test_void(void **state)
{
	(void)state;
	ends("void:entry=9", "pending", "void: withdraws what is not there");
	ends("void:entry=2 mark", "marked",
		"void: withdraws what is not there");
	ends("mark? void:entry=1", "pending untrusted",
		"void: withdraws what is not there");
	ends("mark! void:entry=1", "pending",
		"void: withdraws what is not there");
	ends("mark void:entry=1:environment=production", "marked, pending",
		"void: withdraws an entry of another environment");
	ends("mark approve void:entry=2", "marked",
		"void: withdraws what is no claim, mark or outcome");
	/* by who had not seen what came after */
	ends("claim fail claim:again=x done void:entry=2", "done conflict", "");
	ends("claim fail claim:again=x done void:entry=1", "done conflict", "");
	ends("claim fail claim:again=x void:entry=2 done:claim=3", "done", "");
	ends("mark void:entry=1 void:entry=2", "pending",
		"void: withdraws what is no claim, mark or outcome");
	ends("mark retire void:entry=2", "retired",
		"void: withdraws what is no claim, mark or outcome");
}

static void test_who_counts(void **state)
{
	(void)state;
	ends("claim done?", "running untrusted open", "");
	ends("claim? done?", "pending untrusted", "");
	ends("claim? done", "pending untrusted conflict",
		"done: closes what is not there");
	ends("mark?", "pending untrusted", "");
	ends("approve?", "pending untrusted", "");
	ends("claim done! fail", "failed", "");
	ends("claim! mark", "marked", "");
	ends("mark! claim done", "done", "");
}

static void test_rows(void **state)
{
	struct state_row copy;
	struct story s;

	(void)state;
	tell(&s, "claim:attempt=3:limit=300:blob=b:user=u "
		 "fail:exit=3:duration=1.532:reason=why:host=h "
		 "mark:environment=local:clone=a mark:environment=local");
	assert_int_equal(s.rows.n, 3);
	assert_string_equal(s.rows.v[0].script, "scripts/1_a.sh");
	assert_string_equal(s.rows.v[0].env, "staging");
	assert_string_equal(s.rows.v[0].clone, "");
	assert_int_equal(s.rows.v[0].attempt, 3);
	assert_int_equal(s.rows.v[0].limit, 300);
	assert_int_equal(s.rows.v[0].exit, 3);
	assert_int_equal(s.rows.v[0].signal, 0);
	assert_int_equal(s.rows.v[0].duration_ms, 1532);
	assert_string_equal(s.rows.v[0].reason, "why");
	assert_string_equal(s.rows.v[0].host, "h");
	assert_null(s.rows.v[0].user);
	assert_string_equal(s.rows.v[0].blob, "b");
	assert_string_equal(s.rows.v[0].claim, id_of(1));
	assert_string_equal(s.rows.v[0].entry, id_of(2));
	assert_int_equal(s.rows.v[0].time_ms - s.rows.v[0].claim_ms, 1000);
	assert_string_equal(s.rows.v[1].clone, "a");
	assert_string_equal(s.rows.v[2].clone, "");
	state_row_copy(&copy, &s.rows.v[0]);
	assert_string_equal(copy.reason, "why");
	assert_ptr_not_equal(copy.reason, s.rows.v[0].reason);
	state_row_release(&copy);
	forget(&s);
}

/* The fold appends, and knows rows of this script only. */
static void test_appends(void **state)
{
	struct story s, t;

	(void)state;
	tell(&s, "claim done");
	tell(&t, "mark");
	state_fold(t.facts, t.n, &s.rows, NULL, NULL);
	assert_int_equal(s.rows.n, 2);
	assert_int_equal(s.rows.v[0].state, STATE_DONE);
	assert_int_equal(s.rows.v[1].state, STATE_MARKED);
	forget(&s);
	forget(&t);
}

/* It did happen, and a person has to look at it. */
static void test_unapproved(void **state)
{
	(void)state;
	ends("claim*", "running conflict open", "");
	ends("claim* done", "done conflict", "");
	ends("claim* fail claim:again=x done", "done conflict", "");
	ends("claim* done mark", "marked", "");
	ends("claim* done void:entry=1", "pending", "");
	ends("claim* done void:entry=1 claim*", "running conflict open", "");
	ends("claim! done", "pending conflict",
		"done: closes what is not there");
}

static void test_exec(void **state)
{
	struct story s;

	(void)state;
	/* commands may overlap, and end in any order */
	tell(&s, "exec exec:run=S done:claim=1 fail:claim=2:run=S");
	assert_string_equal(s.said.ptr, "");
	forget(&s);
	tell(&s, "exec done done");
	assert_string_equal(s.said.ptr, "done: second outcome of one claim");
	forget(&s);
}

static void test_names(void **state)
{
	enum state s;

	(void)state;
	for (int i = 0; i < STATE_NR; i++) {
		assert_true(state_parse(state_name((enum state)i), &s));
		assert_int_equal(s, i);
	}
	assert_false(state_parse("gone", &s));
	assert_true(state_settled(STATE_RETIRED));
	assert_false(state_settled(STATE_LOST));
	assert_false(state_settled(STATE_ROLLED_BACK));
	assert_string_equal(flag_name(FLAG_LATE), "late");
	assert_string_equal(flag_name(1u << FLAG_COUNT), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_outcome_of_another),
		cmocka_unit_test(test_void),
		cmocka_unit_test(test_who_counts),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_unapproved),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
