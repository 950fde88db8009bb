/*
 * The status of one environment for people: groups, columns, and below what
 * needs a person the reason and the commands to go on with.  The columns
 * give way as the terminal gets narrow; where it is no terminal nothing is
 * ever cut.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "status.h"
#include "strack/text.h"

#define SCRIPT_ROOM 36 /* columns that a script gets before others go */
#define SCRIPT_LEAST 16
#define DETAIL_INDENT 4

enum group { DECIDE, RUNNING, PENDING, SETTLED, NOT_HERE, GROUP_NR };

enum column { STATE, SCRIPT, WHEN, DURATION, WHO, COLUMN_NR };

struct list {
	struct session *s;
	const struct view *v;
	struct out *o;
	int width[COLUMN_NR]; /* 0: not shown */
	bool stacked;         /* the script has a line of its own */
	struct buf cell;
	struct buf line;
};

static enum group group_of(const struct view_row *r)
{
	if (r->decision == PLAN_NOT_HERE)
		return NOT_HERE;
	if (view_needs_decision(r))
		return DECIDE;
	if (r->state == STATE_RUNNING)
		return RUNNING;
	return view_waits(r) ? PENDING : SETTLED;
}

/* ---- columns ---- */

static void cell_text(
	struct list *l, enum column c, const struct view_row *r, struct buf *b)
{
	const struct state_row *row = r->row;

	buf_reset(b);
	switch (c) {
	case STATE:
		buf_adds(b, r->decision == PLAN_NOT_HERE
				    ? "not here"
				    : state_name(r->state));
		if (r->flags)
			buf_addch(b, ' ');
		flags_text(r->flags, " ", b);
		break;
	case SCRIPT:
		out_escape(b, r->path, strlen(r->path), NULL);
		break;
	case WHEN:
		if (row && row->entry)
			time_ago(b, row->time_ms, l->v->now_ms);
		break;
	case DURATION:
		if (row && row->duration_ms >= 0)
			duration_format(b, row->duration_ms);
		break;
	case WHO:
		if (row && row->entry && row->user)
			out_escape(b, row->user, strlen(row->user), NULL);
		break;
	case COLUMN_NR:
		break;
	}
}

static void measure(struct list *l, const struct view_row *r)
{
	for (int c = 0; c < COLUMN_NR; c++) {
		int n;

		cell_text(l, (enum column)c, r, &l->cell);
		n = out_width(l->cell.ptr);
		if (n > l->width[c])
			l->width[c] = n;
	}
}

static int total_width(const struct list *l)
{
	int sum = 0;

	for (int c = 0; c < COLUMN_NR; c++)
		sum += l->width[c] ? l->width[c] + 2 : 0;
	return sum ? sum - 2 : 0;
}

/* Cuts the scripts down to what is left, drops columns from the right while
 * that is too little, and last gives the script a line of its own. */
static void fit(struct list *l)
{
	int longest = l->width[SCRIPT], over;

	if (!l->o->tty)
		return;
	for (int c = COLUMN_NR - 1; c > SCRIPT; c--) {
		int least = longest < SCRIPT_ROOM ? longest : SCRIPT_ROOM;

		if (total_width(l) - longest + least <= l->o->width)
			break;
		l->width[c] = 0;
	}
	over = total_width(l) - l->o->width;
	if (over <= 0)
		return;
	l->width[SCRIPT] -= over;
	if (l->width[SCRIPT] >= SCRIPT_LEAST)
		return;
	l->stacked = true;
	l->width[SCRIPT] = l->o->width - 2;
}

/* ---- lines ---- */

static enum style row_style(const struct view_row *r)
{
	if (view_needs_decision(r))
		return STYLE_BAD;
	if (r->decision == PLAN_NOT_HERE)
		return STYLE_DIM;
	return state_style(r->state);
}

static void add_blanks(struct buf *b, int n)
{
	if (n > 0)
		buf_addf(b, "%*s", n, "");
}

static void add_cell(struct list *l, enum column c)
{
	int pad = l->width[c] - out_width(l->cell.ptr);

	if (c == DURATION) /* numbers to the right */
		add_blanks(&l->line, pad);
	buf_addbuf(&l->line, &l->cell);
	if (c != DURATION)
		add_blanks(&l->line, pad);
	buf_adds(&l->line, "  ");
}

/* The state alone is coloured. */
static void put_line(struct list *l, const struct view_row *r)
{
	cell_text(l, STATE, r, &l->cell);
	out_styled(l->o, row_style(r), "%s", l->cell.ptr);
	buf_reset(&l->line);
	if (l->stacked)
		buf_adds(&l->line, "\n  ");
	else
		add_blanks(
			&l->line, l->width[STATE] + 2 - out_width(l->cell.ptr));
	buf_reset(&l->cell);
	if (l->o->tty)
		out_fit(&l->cell, r->path, l->width[SCRIPT], false);
	else
		out_escape(&l->cell, r->path, strlen(r->path), NULL);
	add_cell(l, SCRIPT);
	for (int c = WHEN; c < COLUMN_NR; c++) {
		if (!l->width[c])
			continue;
		cell_text(l, (enum column)c, r, &l->cell);
		add_cell(l, (enum column)c);
	}
	buf_trim_end(&l->line);
	out_printf(l->o, "%s\n", l->line.ptr);
}

/* A text of several words, broken between them where a terminal would break
 * it anywhere. */
static void put_wrapped(struct list *l, int indent, const char *text)
{
	int room = l->o->tty ? l->o->width - indent : INT_MAX, used = 0;
	struct buf safe = BUF_INIT;

	out_escape(&safe, text, strlen(text), "\n");
	buf_reset(&l->line);
	for (char *p = safe.ptr; *p;) {
		size_t n = strcspn(p, " \n");
		char end = p[n];
		int width;

		p[n] = '\0';
		width = out_width(p);
		if (used && used + 1 + width > room) {
			buf_addch(&l->line, '\n');
			used = 0;
		}
		if (!used)
			add_blanks(&l->line, indent);
		buf_addf(&l->line, "%s%s", used ? " " : "", p);
		used += width + (used > 0);
		if (end == '\n') {
			buf_addch(&l->line, '\n');
			used = 0;
		}
		p += n + (end != '\0');
	}
	if (l->line.len)
		out_printf(l->o, "%s\n", l->line.ptr);
	buf_release(&safe);
}

/* Commands stay in one line, so that they can be copied. */
static void put_commands(struct list *l, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = xstrndup(text, n);

		out_printf(l->o, "%*s-> ", DETAIL_INDENT, "");
		out_text_styled(l->o, STYLE_BOLD, line);
		out_printf(l->o, "\n");
		free(line);
		text += n + (text[n] == '\n');
	}
}

static void put_reason(struct list *l, const struct view_row *r)
{
	struct buf text = BUF_INIT;

	row_why(r, &text);
	put_wrapped(l, DETAIL_INDENT, text.ptr);
	buf_reset(&text);
	row_how(r, l->v->env, &text);
	put_commands(l, text.ptr);
	buf_release(&text);
}

static void put_environments(struct list *l, const struct view_row *r)
{
	const struct strvec *envs = &r->script->header.environments;
	struct buf text = BUF_INIT;

	buf_adds(&text, "only for");
	for (size_t i = 0; i < envs->n; i++)
		buf_addf(&text, "%s %s", i ? "," : "", envs->v[i]);
	put_wrapped(l, DETAIL_INDENT, text.ptr);
	buf_release(&text);
}

static void put_group(
	struct list *l, const struct status_pick *p, enum group group)
{
	for (size_t i = 0; i < l->v->n; i++) {
		const struct view_row *r = &l->v->v[i];

		if (group_of(r) != group || !status_shows(p, r))
			continue;
		put_line(l, r);
		if (group == NOT_HERE)
			put_environments(l, r);
		else if (group != SETTLED && group != RUNNING)
			put_reason(l, r);
	}
}

/* ---- the whole ---- */

void status_add_counts(struct buf *b, const size_t counts[STATE_NR])
{
	static const enum state order[] = { STATE_LOST, STATE_FAILED,
		STATE_OVERDUE, STATE_ROLLED_BACK, STATE_RUNNING, STATE_PENDING,
		STATE_DONE, STATE_SKIPPED, STATE_MARKED, STATE_RETIRED };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (counts[order[i]])
			buf_addf(b, "%s%zu %s", b->len ? ", " : "",
				counts[order[i]], state_name(order[i]));
	}
}

static void put_header(struct list *l)
{
	const struct environment_def *def =
		settings_env(&l->s->settings, l->v->env);

	out_printf(l->o, "environment ");
	out_text_styled(l->o, STYLE_BOLD, l->v->env);
	if (def && def->protected)
		out_printf(l->o, " (protected)");
	if (!l->s->env_chosen && l->s->settings.nenvs)
		out_printf(l->o, " (none was chosen: --env <env>)");
	out_printf(l->o, "\n\n");
}

void status_nothing(
	struct session *s, const struct view *v, const struct status_pick *p)
{
	if (v->scripts.n || p->named.n) {
		out_printf(&s->out, "nothing to show\n");
		return;
	}
	out_printf(&s->out, "no scripts in");
	for (size_t i = 0; i < s->settings.paths.n; i++) {
		out_printf(&s->out, "%s ", i ? "," : "");
		out_text(&s->out, s->settings.paths.v[i]);
		out_printf(&s->out, "/");
	}
	out_printf(&s->out, "; make one:\n"
			    "  git strack create <description>\n");
}

static void put_summary(struct list *l, const struct status_pick *p)
{
	size_t counts[STATE_NR] = { 0 }, changed = 0, elsewhere = 0;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < l->v->n; i++) {
		const struct view_row *r = &l->v->v[i];

		if (r->decision == PLAN_NOT_HERE &&
			(!p->named.n || strmap_has(&p->named, r->path))) {
			elsewhere++;
		} else if (status_counts(p, r)) {
			counts[r->state]++;
			changed += (r->flags & FLAG_CHANGED) != 0;
		}
	}
	status_add_counts(&text, counts);
	if (changed)
		buf_addf(&text, " (%zu changed since)", changed);
	if (elsewhere)
		buf_addf(&text, "%s%zu for other environments%s",
			text.len ? "; " : "", elsewhere,
			p->opts->all ? "" : " (--all)");
	put_wrapped(l, 0, text.ptr);
	buf_release(&text);
}

void status_list(
	struct session *s, const struct view *v, const struct status_pick *p)
{
	struct list l = {
		.s = s, .v = v, .o = &s->out, .cell = BUF_INIT, .line = BUF_INIT
	};
	size_t shown = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (!status_shows(p, &v->v[i]))
			continue;
		measure(&l, &v->v[i]);
		shown++;
	}
	fit(&l);
	put_header(&l);
	for (int g = 0; g < GROUP_NR; g++)
		put_group(&l, p, (enum group)g);
	if (shown)
		out_printf(&s->out, "\n");
	else
		status_nothing(s, v, p);
	put_summary(&l, p);
	buf_release(&l.cell);
	buf_release(&l.line);
}
