/*
 * The status of all environments for people: a table of scripts by
 * environment, or, where the terminal is too narrow for it, a script a
 * paragraph.
 */
#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "status.h"

#define SCRIPT_ROOM 24 /* columns that make a table still worth it */

void status_matrix_release(struct status_matrix *m)
{
	strmap_release(&m->lines, free);
}

void status_matrix_add(struct status_matrix *m, size_t env,
	const struct view *v, const struct status_pick *p)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct view_row *r = &v->v[i];
		struct status_cell *cells;

		if (!status_shows(p, r))
			continue;
		cells = strmap_get(&m->lines, r->path);
		if (!cells) {
			cells = xcalloc(m->envs->n, sizeof(*cells));
			strmap_put(&m->lines, r->path, cells);
		}
		cells[env] = (struct status_cell){ .known = true,
			.here = r->decision != PLAN_NOT_HERE,
			.state = r->state,
			.flags = r->flags };
	}
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int line_cmp(const void *a, const void *b)
{
	const struct strmap_item *x = *(const struct strmap_item *const *)a;
	const struct strmap_item *y = *(const struct strmap_item *const *)b;
	int c = strcmp(base_of(x->key), base_of(y->key));

	return c ? c : strcmp(x->key, y->key);
}

/* In plan order: one environment may know scripts that another does not. */
static const struct strmap_item **sorted(const struct status_matrix *m)
{
	const struct strmap_item **v = xcalloc(m->lines.n + 1, sizeof(*v));

	for (size_t i = 0; i < m->lines.n; i++)
		v[i] = &m->lines.items[i];
	qsort(v, m->lines.n, sizeof(*v), line_cmp);
	return v;
}

/* A star for what the one environment's status has more to say about. */
static void cell_text(const struct status_cell *c, struct buf *b)
{
	buf_reset(b);
	if (!c->known || !c->here)
		buf_addch(b, '-');
	else
		buf_addf(b, "%s%s", state_name(c->state), c->flags ? "*" : "");
}

static enum style cell_style(const struct status_cell *c)
{
	if (!c->known || !c->here)
		return STYLE_DIM;
	if (c->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT))
		return STYLE_BAD;
	return state_style(c->state);
}

/* Widths of the cells; returns the columns that they take together. */
static int measure(const struct status_matrix *m, int *widths, bool *starred)
{
	struct buf text = BUF_INIT;
	int sum = 0;

	*starred = false;
	for (size_t e = 0; e < m->envs->n; e++) {
		widths[e] = out_width(m->envs->v[e]);
		for (size_t i = 0; i < m->lines.n; i++) {
			const struct status_cell *c = m->lines.items[i].value;
			int n;

			cell_text(&c[e], &text);
			n = out_width(text.ptr);
			if (n > widths[e])
				widths[e] = n;
			*starred |= c[e].known && c[e].here && c[e].flags;
		}
		sum += widths[e] + 2;
	}
	buf_release(&text);
	return sum;
}

static int longest_script(const struct status_matrix *m)
{
	struct buf text = BUF_INIT;
	int longest = out_width("script");

	for (size_t i = 0; i < m->lines.n; i++) {
		const char *path = m->lines.items[i].key;
		int n;

		buf_reset(&text);
		out_escape(&text, path, strlen(path), NULL);
		n = out_width(text.ptr);
		if (n > longest)
			longest = n;
	}
	buf_release(&text);
	return longest;
}

static void put_cells(struct out *o, const struct status_matrix *m,
	const struct status_cell *c, const int *widths)
{
	struct buf text = BUF_INIT;

	for (size_t e = 0; e < m->envs->n; e++) {
		int pad;

		cell_text(&c[e], &text);
		pad = e + 1 < m->envs->n ? widths[e] - out_width(text.ptr) : 0;
		out_printf(o, "  ");
		out_styled(o, cell_style(&c[e]), "%s", text.ptr);
		out_printf(o, "%*s", pad, "");
	}
	out_printf(o, "\n");
	buf_release(&text);
}

static void put_table(struct out *o, const struct status_matrix *m,
	const struct strmap_item **v, const int *widths, int script)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%-*s", script, "script");
	for (size_t e = 0; e < m->envs->n; e++)
		buf_addf(&line, "  %-*s", widths[e], m->envs->v[e]);
	buf_trim_end(&line);
	out_styled(o, STYLE_BOLD, "%s", line.ptr);
	out_printf(o, "\n");
	for (size_t i = 0; i < m->lines.n; i++) {
		buf_reset(&line);
		out_fit(&line, v[i]->key, script, true);
		out_printf(o, "%s", line.ptr);
		put_cells(o, m, v[i]->value, widths);
	}
	buf_release(&line);
}

static void put_paragraphs(struct out *o, const struct status_matrix *m,
	const struct strmap_item **v)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < m->lines.n; i++) {
		const struct status_cell *c = v[i]->value;

		buf_reset(&text);
		out_fit(&text, v[i]->key, o->width, false);
		out_printf(o, "%s\n", text.ptr);
		for (size_t e = 0; e < m->envs->n; e++) {
			cell_text(&c[e], &text);
			out_printf(o, "  %s: ", m->envs->v[e]);
			out_styled(o, cell_style(&c[e]), "%s", text.ptr);
			out_printf(o, "\n");
		}
	}
	buf_release(&text);
}

static void put_summary(struct out *o, const struct status_matrix *m)
{
	for (size_t e = 0; e < m->envs->n; e++) {
		size_t counts[STATE_NR] = { 0 };
		struct buf text = BUF_INIT;

		for (size_t i = 0; i < m->lines.n; i++) {
			const struct status_cell *c = m->lines.items[i].value;

			if (c[e].known && c[e].here)
				counts[c[e].state]++;
		}
		status_add_counts(&text, counts);
		out_printf(o, "%s: %s\n", m->envs->v[e],
			text.len ? text.ptr : "nothing");
		buf_release(&text);
	}
}

void status_matrix_show(struct session *s, struct status_matrix *m)
{
	int *widths = xcalloc(m->envs->n + 1, sizeof(*widths));
	const struct strmap_item **v = sorted(m);
	struct out *o = &s->out;
	int script = longest_script(m), cells;
	bool starred;

	cells = measure(m, widths, &starred);
	if (o->tty && script + cells > o->width)
		script = o->width - cells;
	if (!o->tty || script >= SCRIPT_ROOM || script == longest_script(m))
		put_table(o, m, v, widths, script);
	else
		put_paragraphs(o, m, v);
	out_printf(o, "\n");
	if (starred)
		out_printf(o, "* more to say: git strack status --env <env>\n");
	put_summary(o, m);
	free(v);
	free(widths);
}
