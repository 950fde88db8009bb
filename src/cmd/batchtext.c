/* What a person sees of a batch, and its JSON. */
#include "batch.h"

#include <string.h>
#include <unistd.h>

#include "endedtext.h"
#include "lines.h"
#include "strack/clock.h"
#include "strack/json.h"
#include "strack/text.h"

#define DETAIL_INDENT 4
#define NUMBERS_WIDTH 10 /* "[12/345] ", roughly */
#define USEFUL_WIDTH 12  /* of a description; less says nothing */

/* On a terminal it has what is left of the line. */
static void say_description(
	struct batch *b, const struct script *sc, int before)
{
	struct buf path = BUF_INIT, fit = BUF_INIT;
	int room;

	if (!sc->header.description)
		return;
	out_escape(&path, sc->path, strlen(sc->path), NULL);
	room = b->out->width - before - out_width(path.ptr) - 2;
	if (!b->out->tty) {
		out_printf(b->out, "  ");
		out_text_styled(b->out, STYLE_DIM, sc->header.description);
	} else if (room >= USEFUL_WIDTH) {
		out_fit(&fit, sc->header.description, room, false);
		out_styled(b->out, STYLE_DIM, "  %s", fit.ptr);
	}
	buf_release(&path);
	buf_release(&fit);
}

void batch_say_start(struct batch *b, const struct plan_item *it)
{
	out_styled(b->out, STYLE_BOLD, "[%zu/%zu] ", b->at, b->to_run);
	out_text_styled(b->out, STYLE_BOLD, it->script->path);
	say_description(b, it->script, NUMBERS_WIDTH);
	if (it->attempt > 1)
		out_styled(b->out, STYLE_DIM, "  (attempt %lld)",
			(long long)it->attempt);
	out_printf(b->out, "\n");
	out_finish(b->out, NULL);
}

void batch_say_end(struct batch *b, const struct state_row *r)
{
	const struct result result = result_of_row(r);

	ended_line(b->out, r->state, r->script, r->duration_ms, &result);
}

void batch_say_retry(struct batch *b, const struct script *sc)
{
	out_printf(b->out, "%s", b->retry_why.ptr);
	if (sc->header.retry_delay) {
		struct buf text = BUF_INIT;

		duration_rough(&text, sc->header.retry_delay * 1000);
		out_printf(b->out, " in %s", text.ptr);
		buf_release(&text);
	}
	out_printf(b->out, "\n");
	out_finish(b->out, NULL);
}

/* What is wrong with a script names it already. */
static const char *without_path(const char *path, const char *why)
{
	size_t n = strlen(path);

	return !strncmp(why, path, n) && str_starts(why + n, ": ") ? why + n + 2
								   : why;
}

void batch_say_passed(struct batch *b, const char *word,
	const struct plan_item *it, const char *why)
{
	word_column(b->out,
		it->decision == PLAN_BLOCKED ? STYLE_WAIT : STYLE_BAD, word);
	out_text(b->out, it->script->path);
	if (*why) {
		out_printf(b->out, "  ");
		out_text(b->out, without_path(it->script->path, why));
	}
	out_printf(b->out, "\n");
}

void batch_say_waiting(
	struct batch *b, const char *word, const struct plan_item *it)
{
	batch_say_passed(b, word, it, it->why.ptr);
	lines_commands(b->out, DETAIL_INDENT, it->how.ptr);
}

/* ---- dry run ---- */

static void say_planned(struct batch *b, const struct plan_item *it)
{
	word_column(b->out, STYLE_WAIT, "would run");
	out_text(b->out, it->script->path);
	say_description(b, it->script, NUMBERS_WIDTH);
	if (it->again.len) {
		out_printf(b->out, "  (again: ");
		out_text(b->out, it->again.ptr);
		out_printf(b->out, ")");
	}
	out_printf(b->out, "\n");
}

void batch_say_plan(struct batch *b)
{
	bool stopped = false;

	for (size_t i = 0; i < b->todo.n; i++) {
		const struct plan_item *it = batch_find(b, b->todo.v[i]);

		if (it->decision == PLAN_BLOCKED) {
			batch_say_waiting(b, "blocked", it);
			b->blocked++;
			continue;
		}
		if (it->decision != PLAN_RUN && !stopped) {
			batch_say_waiting(b,
				batch_stops_at(it) ? "stops at" : "not run",
				it);
			stopped = !b->o->keep_going && batch_stops_at(it);
		} else if (it->decision == PLAN_RUN && !stopped) {
			say_planned(b, it);
			continue;
		}
		b->not_run++;
	}
	if (stopped && b->not_run > 1)
		out_printf(b->out, "and %zu more would not be reached\n",
			b->not_run - 1);
}

/* ---- the end ---- */

void batch_say_summary(struct batch *b)
{
	const struct {
		size_t n;
		const char *word;
		enum style style;
	} parts[] = {
		{ b->done, "done", STYLE_GOOD },
		{ b->skipped, "skipped", STYLE_GOOD },
		{ b->failed, "failed", STYLE_BAD },
		{ b->lost, "lost", STYLE_BAD },
		{ b->blocked, "blocked", STYLE_WAIT },
		{ b->not_run, "not run", STYLE_WAIT },
	};
	struct buf t = BUF_INIT;
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!parts[i].n)
			continue;
		out_printf(b->out, "%s", sep);
		out_styled(b->out, parts[i].style, "%zu %s", parts[i].n,
			parts[i].word);
		sep = ", ";
	}
	if (!*sep)
		out_printf(b->out, "nothing was left to do");
	duration_format(&t, clock_mono_ms() - b->start);
	out_printf(b->out, " in %s ", b->s->env);
	out_styled(b->out, STYLE_DIM, "(%s)", t.ptr);
	out_printf(b->out, "\n");
	out_finish(b->out, NULL);
	buf_release(&t);
}

void batch_json(struct batch *b)
{
	struct buf text = BUF_INIT;
	struct json j;

	json_init(&j, &text);
	json_object(&j);
	json_kv(&j, "environment", b->s->env);
	json_key(&j, "results");
	json_array(&j);
	for (size_t i = 0; i < b->view.n; i++)
		if (strvec_has(&b->todo, b->view.v[i].path))
			row_json(&j, b->s, &b->view.v[i], b->s->env);
	json_end_array(&j);
	json_key(&j, "summary");
	json_object(&j);
	json_kv_int(&j, "done", (int64_t)b->done);
	json_kv_int(&j, "failed", (int64_t)b->failed);
	json_kv_int(&j, "skipped", (int64_t)b->skipped);
	json_kv_int(&j, "lost", (int64_t)b->lost);
	json_kv_int(&j, "blocked", (int64_t)b->blocked);
	json_kv_int(&j, "not_run", (int64_t)b->not_run);
	json_end_object(&j);
	json_end_object(&j);
	out_raw(&b->s->out, text.ptr, text.len);
	out_printf(&b->s->out, "\n");
	buf_release(&text);
}

static void add_hints(const char *lines, struct error *err)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		error_hint(err, "  %.*s", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
}

void batch_stop_text(const struct plan_item *it, struct error *err)
{
	error_set(err, ERR_HELD, "%s was not run: %s", it->script->path,
		without_path(it->script->path, it->why.ptr));
	if (it->how.len) {
		error_hint(err,
			it->decision == PLAN_BLOCKED ? "what it waits for:"
			: it->decision == PLAN_HELD  ? "how to go on:"
						     : "what gets past it:");
		add_hints(it->how.ptr, err);
	}
}

static const struct view_row *find_row(const struct batch *b, const char *path)
{
	for (size_t i = 0; i < b->view.n; i++)
		if (!strcmp(b->view.v[i].path, path))
			return &b->view.v[i];
	return NULL;
}

/* The view says what a plain run would, whatever this one was asked for. */
static void add_ways_on(
	struct batch *b, const struct state_row *r, struct error *err)
{
	const struct view_row *row;
	struct error later = ERROR_INIT;
	struct buf how = BUF_INIT;

	if (!batch_plan(b, &later) && (row = find_row(b, r->script)))
		row_how(row, b->s->env, &how);
	if (how.len) {
		error_hint(
			err, r->state == STATE_FAILED
				     ? "mend it and run it again, or settle it:"
				     : "how to go on:");
		add_hints(how.ptr, err);
	}
	buf_release(&how);
	error_release(&later);
}

void batch_fail_text(struct batch *b, const struct state_row *r,
	const struct run_report *rep, struct error *err)
{
	const struct result result = result_of_row(r);
	struct buf why = BUF_INIT;

	result_text(&result, &why);
	if (!err->text.len) /* else it is known better already */
		error_set(err, ERR_NO, "%s %s: %s", r->script,
			state_name(r->state),
			why.len ? why.ptr : "nobody knows why");
	if (!access(rep->log_path, R_OK)) {
		error_hint(err, "all of its output (%s):", rep->log_path);
		error_hint(err, "  git strack show %s --output", rep->run);
	} else {
		error_hint(err, "what is known of it:");
		error_hint(err, "  git strack show %s", rep->run);
	}
	add_ways_on(b, r, err);
	buf_release(&why);
}
