/*
 * One run for people: what it comes down to, then each of its entries with
 * all that it says, then the end of the output.
 */
#include <string.h>

#include "entrytext.h"
#include "rowtext.h"
#include "show.h"
#include "strack/clock.h"
#include "strack/text.h"

static const struct entry *entry_of(const struct ledger_entry *le)
{
	return le ? le->e : NULL;
}

/* The row, when it still speaks of this run. */
static const struct state_row *row_of(
	const struct shown *sh, const struct entry *e)
{
	const char *env = entry_get(e, KEY_ENVIRONMENT);
	const char *script = entry_get(e, KEY_SCRIPT);
	const struct state_row *r;

	if (!env || !script)
		return NULL;
	r = ledger_row(sh->s->ledger, script, env);
	if (!r || !r->run || !sh->found.run || strcmp(r->run, sh->found.run))
		return NULL;
	return r;
}

static void put(struct shown *sh, const char *label, const char *text)
{
	if (str_empty(text))
		return;
	entry_label(sh->s, 0, label);
	out_text(&sh->s->out, text);
	out_printf(&sh->s->out, "\n");
}

static void put_state(
	struct shown *sh, const struct state_row *r, int64_t now_ms)
{
	enum state state = session_state(sh->s, r, now_ms);
	struct buf flags = BUF_INIT;

	entry_label(sh->s, 0, "State");
	out_styled(&sh->s->out, state_style(state), "%s", state_name(state));
	flags_text(r->flags, ", ", &flags);
	if (flags.len)
		out_printf(&sh->s->out, " (%s)", flags.ptr);
	out_printf(&sh->s->out, "\n");
	buf_release(&flags);
}

static void put_time(struct shown *sh, const char *label, const struct entry *e,
	int64_t now_ms)
{
	struct buf text = BUF_INIT;

	if (!e)
		return;
	time_local(&text, e->time_ms);
	buf_adds(&text, " (");
	time_ago(&text, e->time_ms, now_ms);
	buf_addch(&text, ')');
	put(sh, label, text.ptr);
	buf_release(&text);
}

static void put_result(struct shown *sh, const struct entry *e)
{
	struct result result;
	struct buf text = BUF_INIT;
	const char *took;
	int64_t ms;

	if (!e)
		return;
	buf_addf(&text, "%s", kind_info(e->kind)->name);
	result = result_of_entry(e);
	buf_adds(&text, result.exit >= 0 || result.signal || result.reason ||
					result.timed_out || result.cancelled
				? ", "
				: "");
	result_text(&result, &text);
	put(sh, "Result", text.ptr);
	took = entry_get(e, KEY_DURATION);
	buf_reset(&text);
	if (took && duration_seconds_parse(took, &ms))
		duration_format(&text, ms);
	put(sh, "Took", text.ptr);
	buf_release(&text);
}

/* Where the next attempt goes on. */
static void put_stop(struct shown *sh, const struct entry *e)
{
	const char *value = e && (e->kind == KIND_FAIL || e->kind == KIND_LOST)
				    ? entry_get(e, KEY_CHECKPOINT)
				    : NULL;
	struct strvec items = STRVEC_INIT;
	struct buf text = BUF_INIT;

	if (value && entry_items(value, &items))
		for (size_t i = 0; i < items.n; i++)
			buf_addf(&text, "%s%s", i ? ", " : "", items.v[i]);
	put(sh, "Stopped at", text.ptr);
	strvec_release(&items);
	buf_release(&text);
}

static void put_who(struct shown *sh, const struct entry *e)
{
	struct buf text = BUF_INIT;
	const char *user = entry_get(e, KEY_USER), *host;

	host = entry_get(e, KEY_HOST);
	buf_addf(&text, "%s%s%s, signed by ", user ? user : "unknown",
		host ? " on " : "", host ? host : "");
	entry_signer(sh->s, e, &text);
	put(sh, "Who", text.ptr);
	buf_release(&text);
}

/* ---- of an ad-hoc command ---- */

/* Without an outcome: only where it runs can be told whether it still does. */
static void put_life(struct shown *sh)
{
	enum run_life life = RUN_ELSEWHERE;

	if (sh->outcome)
		return;
	if (session_run_life(sh->s, sh->found.run, &life, NULL))
		life = RUN_ALIVE; /* when in doubt, it lives */
	if (life == RUN_GONE)
		put(sh, "State", "lost; git strack cleanup records it");
	else
		put(sh, "State", "running");
}

/* Is there a later one by the same key?  Then that is what it says now. */
static bool is_superseded(const struct shown *sh, size_t at)
{
	const char *by = entry_get(sh->v[at]->e, KEY_SIGNER);

	for (size_t i = at + 1; i < sh->n; i++) {
		const struct ledger_entry *le = sh->v[i];

		if (le->name.kind == KIND_REVIEW && le->e && !le->problem &&
			!le->disowned &&
			!strcmp(entry_get(le->e, KEY_SIGNER), by))
			return true;
	}
	return false;
}

static void put_reviews(struct shown *sh)
{
	struct buf text = BUF_INIT;
	bool any = false;

	for (size_t i = 0; i < sh->n; i++) {
		const struct ledger_entry *le = sh->v[i];
		const char *note;

		if (le->name.kind != KIND_REVIEW || !le->e || le->problem ||
			le->disowned || is_superseded(sh, i))
			continue;
		any = true;
		note = entry_get(le->e, KEY_REASON);
		buf_printf(&text, "%s, by ", entry_get(le->e, KEY_VERDICT));
		entry_signer(sh->s, le->e, &text);
		if (note)
			buf_addf(&text, ": %s", note);
		put(sh, "Review", text.ptr);
	}
	if (!any)
		put(sh, "Review", "none yet");
	buf_release(&text);
}

static void put_command(struct shown *sh, const struct entry *e)
{
	struct buf text = BUF_INIT;

	entry_value(sh->s, e, KEY_ARGS, &text);
	put(sh, "Command", text.ptr);
	put(sh, "Why", entry_get(e, KEY_REASON));
	put_life(sh);
	buf_release(&text);
}

/* ---- the whole ---- */

static void put_summary(struct shown *sh, const struct entry *e)
{
	const struct state_row *row = row_of(sh, e);
	int64_t now_ms = clock_now_ms();

	put(sh, "Script", entry_get(e, KEY_SCRIPT));
	if (e->kind == KIND_EXEC)
		put_command(sh, e);
	put(sh, "Environment", entry_get(e, KEY_ENVIRONMENT));
	if (row)
		put_state(sh, row, now_ms);
	put(sh, "Attempt", entry_get(e, KEY_ATTEMPT));
	put_who(sh, e);
	put_time(sh, "Started", entry_of(sh->claim), now_ms);
	put_time(sh, "Ended", entry_of(sh->outcome), now_ms);
	put_result(sh, entry_of(sh->outcome));
	put_stop(sh, entry_of(sh->outcome));
	if (e->kind == KIND_EXEC)
		put_reviews(sh);
}

/* What all entries of a run agree on is not said again. */
static void put_entries(struct shown *sh)
{
	static const uint64_t common =
		KEYBIT(KEY_LEDGER) | KEYBIT(KEY_SCRIPT) | KEYBIT(KEY_KIND) |
		KEYBIT(KEY_ENVIRONMENT) | KEYBIT(KEY_RUN) | KEYBIT(KEY_ATTEMPT);

	for (size_t i = 0; i < sh->n; i++) {
		struct ledger_entry *le = sh->v[i];

		out_printf(&sh->s->out, "\n");
		entry_heading(sh->s, kind_info(le->name.kind)->name, le);
		entry_fields(sh->s, le, common, 4);
	}
}

void show_run(struct shown *sh)
{
	const struct entry *e = entry_of(sh->claim);

	if (!e)
		e = entry_of(sh->outcome);
	if (!sh->found.run || !e) {
		for (size_t i = 0; i < sh->n; i++) {
			entry_heading(sh->s, "entry", sh->v[i]);
			entry_fields(sh->s, sh->v[i], 0, 0);
		}
		return;
	}
	out_styled(&sh->s->out, STYLE_ID, "run %s", sh->found.run);
	out_printf(&sh->s->out, "\n");
	put_summary(sh, e);
	put_entries(sh);
	show_tail(sh);
}
