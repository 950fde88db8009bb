/*
 * Words, colours and JSON for rows and results.  Prints nothing itself, and
 * what it hands out is not escaped: that is for whoever prints.
 */
#include "rowtext.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "strack/process.h"
#include "strack/text.h"
#include "strack/underway.h"

/* ---- results ---- */

struct result result_of_row(const struct state_row *r)
{
	return (struct result){ r->exit, r->signal, r->timed_out, r->cancelled,
		r->reason };
}

struct result result_of_entry(const struct entry *e)
{
	return (struct result){ entry_number(e, KEY_EXIT, -1),
		entry_number(e, KEY_SIGNAL, 0),
		entry_number(e, KEY_TIMED_OUT, 0), entry_get(e, KEY_CANCELLED),
		entry_get(e, KEY_REASON) };
}

static void add_part(struct buf *b, size_t start)
{
	if (b->len > start)
		buf_adds(b, ", ");
}

void result_text(const struct result *r, struct buf *ret)
{
	size_t start = ret->len;
	bool verdict = r->reason && str_starts(r->reason, "verify: ");

	if (r->timed_out > 0) {
		buf_adds(ret, "timed out after ");
		duration_format(ret, r->timed_out * 1000);
	}
	if (r->cancelled) {
		add_part(ret, start);
		buf_addf(ret, "cancelled (%s)", r->cancelled);
	}
	if (r->signal > 0) {
		add_part(ret, start);
		buf_addf(ret, "killed by %s",
			r->signal < 128 ? process_signal_name((int)r->signal)
					: "an unknown signal");
	}
	/* its verify companion judged otherwise */
	if (r->exit > 0 || (r->exit == 0 && !verdict)) {
		add_part(ret, start);
		buf_addf(ret, "exit %" PRId64, r->exit);
	}
	/* A reason that only says the same in words adds nothing, and one that
	 * says more has it all. */
	if (r->reason && ret->len > start &&
		strstr(r->reason, ret->ptr + start))
		buf_setlen(ret, start);
	if (r->reason && !strstr(ret->ptr + start, r->reason))
		buf_addf(ret, "%s%s", ret->len > start ? ": " : "", r->reason);
}

/* ---- rows ---- */

enum style state_style(enum state state)
{
	switch (state) {
	case STATE_DONE:
	case STATE_SKIPPED:
	case STATE_MARKED:
		return STYLE_GOOD;
	case STATE_FAILED:
	case STATE_LOST:
	case STATE_OVERDUE:
	case STATE_ROLLED_BACK:
		return STYLE_BAD;
	case STATE_PENDING:
	case STATE_RUNNING:
		return STYLE_WAIT;
	case STATE_RETIRED:
	case STATE_NR:
		break;
	}
	return STYLE_DIM;
}

void flags_text(unsigned flags, const char *sep, struct buf *ret)
{
	bool first = true;

	for (int i = 0; i < FLAG_COUNT; i++) {
		if (!(flags & 1u << i))
			continue;
		buf_addf(ret, "%s%s", first ? "" : sep, flag_name(1u << i));
		first = false;
	}
}

static const char *or_unknown(const char *s)
{
	return s ? s : "unknown";
}

/* Of a row that no script is left for: the planner has not seen it. */
static void gone_why(const struct view_row *r, struct buf *ret)
{
	if (r->flags & FLAG_UNTRUSTED)
		buf_adds(ret, "the ledger has an entry about it that does "
			      "not count (untrusted)");
	else if (r->flags & FLAG_CONFLICT)
		buf_adds(ret, "its entries contradict each other (conflict)");
	else if (r->state == STATE_LOST)
		buf_adds(ret, "nobody knows whether it worked");
	else if (r->state == STATE_OVERDUE)
		buf_addf(ret, "claimed by %s on %s, its time limit has passed",
			or_unknown(r->row->user), or_unknown(r->row->host));
	else if (r->state == STATE_RUNNING)
		buf_addf(ret, "running since it was claimed by %s on %s",
			or_unknown(r->row->user), or_unknown(r->row->host));
	else
		return;
	buf_adds(ret, "; the script is gone from the work tree");
}

/* The line above names the script and its state already. */
static const char *without(const char *text, const char *lead)
{
	size_t n = strlen(lead);

	return !strncmp(text, lead, n) && str_starts(text + n, ": ")
		       ? text + n + 2
		       : text;
}

void row_why(const struct view_row *r, struct buf *ret)
{
	struct result result;
	size_t start = ret->len;

	if (r->state == STATE_FAILED && r->decision != PLAN_WRONG &&
		!(r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT))) {
		result = result_of_row(r->row);
		result_text(&result, ret);
		if (ret->len == start)
			buf_adds(ret, "failed");
		if (!r->script)
			buf_adds(ret, "; the script is gone from the work "
				      "tree");
	} else if (!r->script) {
		gone_why(r, ret);
	} else {
		buf_adds(ret, without(without(r->why.ptr, r->path),
				      state_name(r->state)));
	}
}

void row_how(const struct view_row *r, const char *env, struct buf *ret)
{
	if (r->script) {
		buf_addbuf(ret, &r->how);
		return;
	}
	if (r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT)) {
		buf_adds(ret, "git strack verify");
		return;
	}
	if (r->state == STATE_LOST || r->state == STATE_OVERDUE) {
		plan_command(ret, "resolve", env, "--done -m <why>", r->path);
		plan_command(ret, "resolve", env, "--failed -m <why>", r->path);
		plan_command(
			ret, "resolve", env, "--pending -m <why>", r->path);
	} else if (r->state == STATE_FAILED) {
		plan_command(ret, "mark", env, "-m <why>", r->path);
	} else if (r->state == STATE_RUNNING) {
		plan_command(ret, "attach", env, "", r->path);
		plan_command(ret, "cancel", env, "-m <why>", r->path);
	}
}

/* ---- JSON ---- */

static void kv_known(struct json *j, const char *key, int64_t n, bool known)
{
	if (known)
		json_kv_int(j, key, n);
	else
		json_kv_null(j, key);
}

static void kv_duration(struct json *j, int64_t ms)
{
	struct buf text = BUF_INIT;

	json_key(j, "duration");
	if (ms < 0) {
		json_null(j);
		return;
	}
	duration_seconds(&text, ms);
	json_number(j, text.ptr);
	buf_release(&text);
}

void json_kv_flags(struct json *j, const char *key, unsigned flags)
{
	json_key(j, key);
	json_array(j);
	for (int i = 0; i < FLAG_COUNT; i++) {
		if (flags & 1u << i)
			json_string(j, flag_name(1u << i));
	}
	json_end_array(j);
}

void json_kv_lines(struct json *j, const char *key, const char *lines)
{
	json_key(j, key);
	json_array(j);
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		char *line = xstrndup(lines, n);

		json_string(j, line);
		free(line);
		lines += n + (lines[n] == '\n');
	}
	json_end_array(j);
}

static void kv_row(struct json *j, const struct state_row *r)
{
	static const struct state_row none = { .duration_ms = -1, .exit = -1 };
	struct buf when = BUF_INIT;

	if (!r)
		r = &none;
	json_kv(j, "run", r->run);
	kv_known(j, "attempt", r->attempt, r->attempt > 0);
	/* an entry made the state; only then it has a time */
	if (r->entry)
		time_format(&when, r->time_ms);
	json_kv(j, "time", r->entry ? when.ptr : NULL);
	kv_duration(j, r->duration_ms);
	kv_known(j, "exit", r->exit, r->exit >= 0);
	kv_known(j, "signal", r->signal, r->signal > 0);
	kv_known(j, "timed_out", r->timed_out, r->timed_out > 0);
	json_kv(j, "reason", r->reason);
	json_kv(j, "cancelled", r->cancelled);
	json_kv(j, "user", r->user);
	json_kv(j, "host", r->host);
	json_kv(j, "signer", r->signer);
	json_kv(j, "blob", r->blob);
	buf_release(&when);
}

bool row_progress(
	const struct session *s, const struct view_row *r, struct progress *ret)
{
	return r->state == STATE_RUNNING && r->row && r->row->run &&
	       underway_progress(s, r->row->run, ret);
}

static void kv_progress(
	struct json *j, const struct session *s, const struct view_row *r)
{
	struct progress p = PROGRESS_INIT;

	if (row_progress(s, r, &p)) {
		json_key(j, "progress");
		json_object(j);
		json_kv_int(j, "current", p.current);
		kv_known(j, "total", p.total, p.total >= 0);
		json_kv(j, "label", p.label.len ? p.label.ptr : NULL);
		json_end_object(j);
	} else {
		json_kv_null(j, "progress");
	}
	progress_release(&p);
}

void row_json(struct json *j, const struct session *s, const struct view_row *r,
	const char *env)
{
	struct buf why = BUF_INIT, how = BUF_INIT;

	json_object(j);
	json_kv(j, "script", r->path);
	json_kv(j, "environment", env);
	json_kv(j, "state", state_name(r->state));
	json_kv_flags(j, "flags", r->flags);
	kv_row(j, r->row);
	if (r->row)
		json_kv_bool(j, "trusted", !(r->flags & FLAG_UNTRUSTED));
	else
		json_kv_null(j, "trusted");
	json_kv(j, "moved_from", r->moved_from);
	json_kv_bool(j, "gone", !r->script);
	row_why(r, &why);
	row_how(r, env, &how);
	json_kv(j, "why", why.len ? why.ptr : NULL);
	json_kv_lines(j, "next", how.ptr);
	kv_progress(j, s, r);
	json_end_object(j);
	buf_release(&why);
	buf_release(&how);
}
