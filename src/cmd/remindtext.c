/*
 * What is to be reminded of, for people: a line for each group, and some of
 * its scripts, each with the commands to go on with.  Between the lines of a
 * git command each group says who speaks.
 */
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "remind.h"
#include "rowtext.h"
#include "strack/text.h"

#define INDENT 4

struct text {
	struct remind *r;
	struct out *o;
	struct buf line;
};

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- parts of a line ---- */

/* `path` NULL: all that is pending there. */
static void add_run(struct buf *b, const char *env, const char *path)
{
	buf_addf(b, "%sgit strack run", b->len ? "\n" : "");
	if (strcmp(env, ENV_LOCAL) != 0)
		buf_addf(b, " --env %s", env);
	if (path) {
		buf_addch(b, ' ');
		shell_word(b, path);
	}
}

static void add_part(struct buf *b)
{
	if (b->len)
		buf_adds(b, "; ");
}

/* "staging, production (blocked)": the flags that not all of them have. */
static void add_envs(struct buf *b, const struct item *it, unsigned common)
{
	for (size_t i = 0; i < it->n; i++) {
		unsigned flags = it->v[i].flags & ~common;

		buf_addf(b, "%s%s%s", i ? ", " : "", it->v[i].env,
			flags ? " (" : "");
		flags_text(flags, " ", b);
		buf_adds(b, flags ? ")" : "");
	}
}

static void add_owner(struct text *t, const struct owner *o)
{
	add_part(&t->line);
	if (!o->known) {
		buf_adds(&t->line, "nobody knows who added it");
		return;
	}
	buf_addf(&t->line, "added by %s%s ", o->name, o->yours ? " (you)" : "");
	time_ago(&t->line, o->when * 1000, t->r->now_ms);
}

static void add_limit(struct text *t, const struct item *it)
{
	add_part(&t->line);
	if (it->timeout > 0) {
		buf_adds(&t->line, "limit ");
		duration_format(&t->line, it->timeout * 1000);
	} else {
		buf_adds(&t->line, "no time limit");
	}
}

static void add_since(struct text *t, const struct place *p)
{
	if (p->time_ms < 0)
		return;
	buf_addch(&t->line, ' ');
	time_ago(&t->line, p->time_ms, t->r->now_ms);
	if (p->user)
		buf_addf(&t->line, " (%s)", p->user);
}

static void put_line(struct text *t)
{
	lines_wrapped(t->o, t->o->width, INDENT, t->line.ptr);
	buf_reset(&t->line);
}

static void put_path(struct text *t, const struct item *it, unsigned flags)
{
	struct buf names = BUF_INIT;

	out_printf(t->o, "  ");
	out_text_styled(t->o, STYLE_BOLD, it->path);
	flags_text(flags, " ", &names);
	if (names.len)
		out_styled(t->o, STYLE_WAIT, "  %s", names.ptr);
	out_printf(t->o, "\n");
	buf_release(&names);
}

/* ---- a script of each group ---- */

static unsigned common_flags(const struct item *it)
{
	unsigned flags = it->v[0].flags;

	for (size_t i = 1; i < it->n; i++)
		flags &= it->v[i].flags;
	return flags;
}

/* The same reason in several environments is told once; its commands name
 * the first of them. */
static bool is_told(const struct item *it, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (!strcmp(it->v[i].why.ptr, it->v[at].why.ptr))
			return true;
	}
	return false;
}

/* Commands that are among those below the group are not told twice. */
static bool is_run_of(const struct item *it, const char *how)
{
	for (size_t i = 0; i < it->n; i++) {
		if (it->v[i].runs && !strcmp(it->v[i].how.ptr, how))
			return true;
	}
	return false;
}

static void put_waiting(struct text *t, const struct item *it)
{
	bool ledger = t->r->s->ledger != NULL;
	unsigned common = common_flags(it);

	put_path(t, it, ledger ? common : 0);
	if (it->description) {
		buf_adds(&t->line, it->description);
		put_line(t);
	}
	add_owner(t, &it->owner);
	buf_adds(&t->line, "; for ");
	add_envs(&t->line, it, ledger ? common : ~0u);
	if (it->timeout >= 0)
		add_limit(t, it);
	put_line(t);
	for (size_t i = 0; ledger && i < it->n; i++) {
		if (!it->v[i].why.len || is_told(it, i))
			continue;
		buf_addf(&t->line, "%s: %s", it->v[i].env, it->v[i].why.ptr);
		put_line(t);
		if (!is_run_of(it, it->v[i].how.ptr))
			lines_commands(t->o, INDENT, it->v[i].how.ptr);
	}
}

static void put_open(struct text *t, const struct item *it)
{
	put_path(t, it, 0);
	for (size_t i = 0; i < it->n; i++) {
		const struct place *p = &it->v[i];

		buf_addf(&t->line, "%s ", state_name(p->state));
		flags_text(p->flags, " ", &t->line);
		buf_addf(&t->line, "%sin %s", p->flags ? " " : "", p->env);
		add_since(t, p);
		if (p->why.len)
			buf_addf(&t->line, ": %s", p->why.ptr);
		put_line(t);
		lines_commands(t->o, INDENT, p->how.ptr);
	}
}

static void put_changed(struct text *t, const struct item *it)
{
	put_path(t, it, 0);
	for (size_t i = 0; i < it->n; i++) {
		const struct place *p = &it->v[i];

		buf_addf(&t->line, "%s in %s", state_name(p->state), p->env);
		add_since(t, p);
		put_line(t);
	}
	lines_commands(t->o, INDENT, it->v[0].how.ptr);
}

static void put_removable(struct text *t, const struct item *it)
{
	put_path(t, it, 0);
	buf_adds(&t->line, "settled ");
	time_ago(&t->line, it->since_ms, t->r->now_ms);
	buf_adds(&t->line, " in ");
	add_envs(&t->line, it, ~0u);
	add_owner(t, &it->owner);
	put_line(t);
	lines_commands(t->o, INDENT, it->v[0].how.ptr);
}

/* ---- headings ---- */

static void head_waiting(struct text *t, const struct group *g)
{
	bool hook = t->r->opts->hook != NULL, ledger = t->r->s->ledger;

	buf_addf(&t->line, "%zu script%s%s%s", g->n, plural(g->n),
		hook ? " came in" : "",
		!ledger ? ""
		: hook  ? " and wait"
			: " wait");
	if (ledger && g->n == 1)
		buf_addch(&t->line, 's');
}

static void head_open(struct text *t, const struct group *g)
{
	buf_addf(&t->line, "%zu script%s need%s a decision", g->n, plural(g->n),
		g->n == 1 ? "s" : "");
}

static void head_changed(struct text *t, const struct group *g)
{
	buf_addf(&t->line, "%zu script%s changed after %s ran", g->n,
		plural(g->n), g->n == 1 ? "it" : "they");
}

static void head_removable(struct text *t, const struct group *g)
{
	size_t yours = 0;

	for (size_t i = 0; i < g->n; i++)
		yours += g->v[i].owner.yours;
	buf_addf(&t->line, "%zu script%s can go, settled wherever needed", g->n,
		plural(g->n));
	if (yours)
		buf_addf(&t->line, "; %s%s to remove",
			yours == g->n ? "" : "some are ", "yours");
}

/* ---- groups ---- */

static const struct {
	void (*head)(struct text *t, const struct group *g);
	void (*item)(struct text *t, const struct item *it);
} forms[REMIND_GROUPS] = {
	[REMIND_WAITING] = { head_waiting, put_waiting },
	[REMIND_OPEN] = { head_open, put_open },
	[REMIND_CHANGED] = { head_changed, put_changed },
	[REMIND_REMOVABLE] = { head_removable, put_removable },
};

/* How to run what waits: in each environment in which something may. */
static void put_runs(struct text *t, const struct group *g)
{
	const struct strvec *envs = &t->r->envs;
	struct buf how = BUF_INIT;

	for (size_t e = 0; e < envs->n; e++) {
		const char *only = NULL;
		size_t n = 0;

		for (size_t i = 0; i < g->n; i++) {
			for (size_t k = 0; k < g->v[i].n; k++) {
				if (!g->v[i].v[k].runs ||
					strcmp(g->v[i].v[k].env, envs->v[e]))
					continue;
				only = n++ ? NULL : g->v[i].path;
			}
		}
		if (n)
			add_run(&how, envs->v[e], only);
	}
	lines_commands(t->o, 2, how.ptr);
	buf_release(&how);
}

static void put_group(struct text *t, enum remind_group at)
{
	struct group *g = &t->r->groups[at];
	size_t max = t->r->opts->all || g->n < (size_t)t->r->max
			     ? g->n
			     : (size_t)t->r->max;

	if (!g->n)
		return;
	if (at == REMIND_WAITING)
		remind_find_owners(t->r, g, max);
	forms[at].head(t, g);
	out_printf(t->o, "%s", t->r->opts->hook ? "git strack: " : "");
	out_styled(t->o, STYLE_BOLD, "%s\n", t->line.ptr);
	buf_reset(&t->line);
	for (size_t i = 0; i < max; i++)
		forms[at].item(t, &g->v[i]);
	if (g->n > max)
		out_printf(t->o, "  and %zu more: git strack remind --all\n",
			g->n - max);
	if (at == REMIND_WAITING && t->r->s->ledger)
		put_runs(t, g);
}

void remind_text(struct remind *r, struct out *o)
{
	struct text t = { .r = r, .o = o, .line = BUF_INIT };

	for (size_t g = 0; g < REMIND_GROUPS; g++)
		put_group(&t, (enum remind_group)g);
	if (!r->s->ledger && !remind_is_empty(r))
		out_printf(o,
			"%sthis clone has no ledger yet, so nobody here "
			"knows what ran:\n  -> git strack init\n",
			r->opts->hook ? "git strack: " : "");
	if (remind_is_empty(r) && !r->opts->hook)
		out_printf(o, "nothing waits, nothing is open, and nothing "
			      "can go\n");
	buf_release(&t.line);
}
