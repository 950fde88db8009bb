/*
 * The status of one environment for people: groups, columns, and below what
 * needs a person the reason and the commands to go on with.  The columns
 * give way as the terminal gets narrow; where it is no terminal nothing is
 * ever cut.
 */
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "rowtext.h"
#include "status.h"
#include "strack/text.h"

#define SCRIPT_ROOM 36 /* columns that a script gets before others go */
#define SCRIPT_LEAST 16
#define DETAIL_INDENT 4

enum group { DECIDE, RUNNING, PENDING, SETTLED, NOT_HERE, GROUP_NR };

enum column { STATE, SCRIPT, WHEN, DURATION, WHO, COLUMN_NR };

/* One script, its cells worked out once: they are needed for the widths
 * first, and there may be ten thousand. */
struct line {
	const struct view_row *r;
	enum group group;
	size_t at[COLUMN_NR]; /* into the pool, each ends in a NUL */
	int width[COLUMN_NR];
};

struct list {
	struct session *s;
	const struct view *v;
	struct out *o;
	struct buf pool;
	struct line *lines;
	size_t n;
	int width[COLUMN_NR]; /* 0: not shown */
	bool stacked;         /* the script has a line of its own */
	struct buf text;      /* of the line that is being put */
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

/* Printable ASCII, as nearly all names are, needs no escaping and is as wide
 * as it is long. */
static size_t plain_len(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] <= '~')
		n++;
	return n;
}

/* Returns the columns that it takes. */
static int add_escaped(struct buf *b, const char *s)
{
	size_t at = b->len, len = plain_len(s);

	if (s[len]) {
		out_escape(b, s, strlen(s), NULL);
		return out_width(b->ptr + at);
	}
	buf_add(b, s, len);
	return (int)len;
}

static void add_state(struct buf *b, const struct view_row *r)
{
	buf_adds(b, r->decision == PLAN_NOT_HERE ? "not here"
						 : state_name(r->state));
	if (!r->flags)
		return;
	buf_addch(b, ' ');
	flags_text(r->flags, " ", b);
}

/* Returns how wide it is; what we write ourselves is plain. */
static int add_cell(struct list *l, enum column c, const struct view_row *r)
{
	const struct state_row *row = r->row;
	struct buf *b = &l->pool;
	size_t at = b->len;

	switch (c) {
	case STATE:
		add_state(b, r);
		break;
	case SCRIPT:
		return add_escaped(b, r->path);
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
			return add_escaped(b, row->user);
		break;
	case COLUMN_NR:
		break;
	}
	return (int)(b->len - at);
}

static void add_line(struct list *l, const struct view_row *r)
{
	struct line *line = &l->lines[l->n++];

	line->r = r;
	line->group = group_of(r);
	for (int c = 0; c < COLUMN_NR; c++) {
		line->at[c] = l->pool.len;
		line->width[c] = add_cell(l, (enum column)c, r);
		buf_addch(&l->pool, '\0');
		if (line->width[c] > l->width[c])
			l->width[c] = line->width[c];
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
		buf_fill(b, ' ', (size_t)n);
}

static void add_script(struct list *l, const struct line *line)
{
	if (line->width[SCRIPT] > l->width[SCRIPT]) {
		out_fit(&l->text, line->r->path, l->width[SCRIPT], true);
	} else {
		buf_adds(&l->text, l->pool.ptr + line->at[SCRIPT]);
		add_blanks(&l->text, l->width[SCRIPT] - line->width[SCRIPT]);
	}
}

/* The state alone is coloured. */
static void put_line(struct list *l, const struct line *line)
{
	struct buf *b = &l->text;
	const char *state = l->pool.ptr + line->at[STATE];

	buf_reset(b);
	if (l->o->color)
		out_styled(l->o, row_style(line->r), "%s", state);
	else
		buf_adds(b, state);
	if (l->stacked)
		buf_adds(b, "\n  ");
	else
		add_blanks(b, l->width[STATE] + 2 - line->width[STATE]);
	add_script(l, line);
	for (int c = WHEN; c < COLUMN_NR; c++) {
		int pad = l->width[c] - line->width[c];

		if (!l->width[c])
			continue;
		/* numbers to the right */
		add_blanks(b, c == DURATION ? pad + 2 : 2);
		buf_adds(b, l->pool.ptr + line->at[c]);
		add_blanks(b, c == DURATION ? 0 : pad);
	}
	buf_trim_end(b);
	buf_addch(b, '\n');
	out_raw(l->o, b->ptr, b->len);
}

static void put_reason(struct list *l, const struct view_row *r)
{
	struct progress progress = PROGRESS_INIT;
	struct buf text = BUF_INIT;

	row_why(r, &text);
	lines_wrapped(l->o, lines_width(l->o), DETAIL_INDENT, text.ptr);
	buf_reset(&text);
	if (row_progress(l->s, r, &progress)) {
		progress_text(&progress, &text);
		lines_wrapped(l->o, lines_width(l->o), DETAIL_INDENT, text.ptr);
		buf_reset(&text);
	}
	row_how(r, l->v->env, &text);
	lines_commands(l->o, DETAIL_INDENT, text.ptr);
	progress_release(&progress);
	buf_release(&text);
}

static void put_environments(struct list *l, const struct view_row *r)
{
	const struct strvec *envs = &r->script->header.environments;
	struct buf text = BUF_INIT;

	buf_adds(&text, "only for");
	for (size_t i = 0; i < envs->n; i++)
		buf_addf(&text, "%s %s", i ? "," : "", envs->v[i]);
	lines_wrapped(l->o, lines_width(l->o), DETAIL_INDENT, text.ptr);
	buf_release(&text);
}

static void put_group(struct list *l, enum group group)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct line *line = &l->lines[i];

		if (line->group != group)
			continue;
		put_line(l, line);
		if (group == NOT_HERE)
			put_environments(l, line->r);
		else if (group != SETTLED)
			put_reason(l, line->r);
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
	if (!l->s->env_chosen && settings_has_shared(&l->s->settings))
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
	lines_wrapped(l->o, lines_width(l->o), 0, text.ptr);
	buf_release(&text);
}

void status_list(
	struct session *s, const struct view *v, const struct status_pick *p)
{
	struct list l = {
		.s = s, .v = v, .o = &s->out, .pool = BUF_INIT, .text = BUF_INIT
	};

	l.lines = xcalloc(v->n + 1, sizeof(*l.lines));
	for (size_t i = 0; i < v->n; i++) {
		if (status_shows(p, &v->v[i]))
			add_line(&l, &v->v[i]);
	}
	fit(&l);
	put_header(&l);
	for (int g = 0; g < GROUP_NR; g++)
		put_group(&l, (enum group)g);
	if (l.n)
		out_printf(&s->out, "\n");
	else
		status_nothing(s, v, p);
	put_summary(&l, p);
	free(l.lines);
	buf_release(&l.pool);
	buf_release(&l.text);
}
