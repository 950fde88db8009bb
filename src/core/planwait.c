/*
 * What a script waits for: other scripts (`requires`), another environment
 * (`after`), other people (`approvals`).  Each reason comes with the commands
 * that bring it further.  Part of plan.c, and as pure.
 */
#include "planwait.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

#define AMBIGUOUS ((void *)UINTPTR_MAX)

void planwait_release(struct planwait *w)
{
	strmap_release(&w->names, NULL);
}

/* ---- reasons and ways on ---- */

static void block(struct plan_item *it, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void block(struct plan_item *it, const char *fmt, ...)
{
	va_list ap;

	it->decision = PLAN_BLOCKED;
	it->flags |= FLAG_BLOCKED;
	if (it->why.len)
		buf_adds(&it->why, "; ");
	va_start(ap, fmt);
	buf_addv(&it->why, fmt, ap);
	va_end(ap);
}

static bool has_line(const struct buf *lines, const char *line, size_t n)
{
	const char *p = lines->ptr;

	while (*p) {
		size_t len = strcspn(p, "\n");

		if (len == n && !memcmp(p, line, n))
			return true;
		p += len + (p[len] == '\n');
	}
	return false;
}

/* Two reasons may have one way out. */
static void add_lines(struct buf *how, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		if (!has_line(how, lines, n)) {
			if (how->len)
				buf_addch(how, '\n');
			buf_add(how, lines, n);
		}
		lines += n + (lines[n] == '\n');
	}
}

static void add_way(struct plan_item *it, const char *env, const char *command,
	const char *options, const char *path)
{
	struct buf line = BUF_INIT;

	plan_command(&line, command, env, options, path);
	add_lines(&it->how, line.ptr);
	buf_release(&line);
}

/* What brings a script on whose work in an environment is missing. */
static void add_ways(struct plan_item *it, const char *env, enum state state,
	const char *path)
{
	switch (state) {
	case STATE_PENDING:
	case STATE_RUNNING:
		add_way(it, env, "run", state == STATE_RUNNING ? "--wait" : "",
			path);
		return;
	case STATE_OVERDUE:
	case STATE_LOST:
		add_way(it, env, "resolve", "--done -m <why>", path);
		add_way(it, env, "resolve", "--failed -m <why>", path);
		add_way(it, env, "resolve", "--pending -m <why>", path);
		return;
	case STATE_FAILED:
	case STATE_ROLLED_BACK:
		add_way(it, env, "run", "--retry", path);
		return;
	case STATE_DONE:
	case STATE_SKIPPED:
	case STATE_MARKED:
	case STATE_RETIRED:
		add_way(it, env, "run", "--again -m <why>", path);
		return;
	case STATE_NR:
		return;
	}
}

/* Words for entries that nobody may act on, or NULL. */
static const char *odd(const struct state_row *r)
{
	if (r && (r->flags & FLAG_UNTRUSTED))
		return flag_name(FLAG_UNTRUSTED);
	if (r && (r->flags & FLAG_CONFLICT))
		return flag_name(FLAG_CONFLICT);
	return NULL;
}

/* ---- requires ---- */

static void index_names(struct planwait *w)
{
	const struct scriptvec *l = w->f->scripts;

	for (size_t i = 0; i < l->n; i++)
		strmap_put(&w->names, l->v[i]->base,
			strmap_has(&w->names, l->v[i]->base) ? AMBIGUOUS
							     : (void *)(i + 1));
	for (size_t i = 0; i < l->n; i++) /* a path is never ambiguous */
		strmap_put(&w->names, l->v[i]->path, (void *)(i + 1));
}

/* The script of the work tree that a requirement names, by path or base name;
 * its place, or SIZE_MAX. */
static size_t find_required(
	struct planwait *w, const char *name, bool *ambiguous)
{
	void *at;

	if (!w->names.n)
		index_names(w);
	at = strmap_get(&w->names, name);
	*ambiguous = at == AMBIGUOUS;
	return at && at != AMBIGUOUS ? (size_t)at - 1 : SIZE_MAX;
}

static bool is_met(struct planwait *w, const char *path)
{
	enum state state = STATE_PENDING;
	const struct state_row *r =
		w->f->row(path, w->f->env, &state, w->f->arg);

	return state_settled(state) && !odd(r);
}

/* Does what `from` still waits for lead to script `to`?  Then `ret` gets the
 * way there, from the end. */
static bool leads_to(struct planwait *w, size_t from, size_t to,
	struct strmap *seen, struct buf *ret)
{
	const struct script *sc = w->f->scripts->v[from];
	bool found = from == to;

	if (strmap_has(seen, sc->path) || is_met(w, sc->path))
		return false;
	strmap_put(seen, sc->path, seen);
	for (size_t i = 0; !found && i < sc->header.requires.n; i++) {
		bool ambiguous;
		size_t next =
			find_required(w, sc->header.requires.v[i], &ambiguous);

		found = next != SIZE_MAX && leads_to(w, next, to, seen, ret);
	}
	if (found) {
		struct buf step = BUF_INIT;

		buf_printf(&step, " -> %s", sc->base);
		buf_insert(ret, 0, step.ptr, step.len);
		buf_release(&step);
	}
	return found;
}

static bool in_circle(struct planwait *w, struct plan_item *it, size_t required)
{
	struct strmap seen = STRMAP_INIT;
	struct buf way = BUF_INIT;
	bool found = leads_to(w, required, w->before->n, &seen, &way);

	if (found)
		block(it,
			"requires itself in a circle: %s%s; one of them has "
			"to go without",
			it->script->base, way.ptr);
	strmap_release(&seen, NULL);
	buf_release(&way);
	return found;
}

/* One that is in the work tree and neither settled nor going first. */
static void wait_for_script(struct planwait *w, struct plan_item *it,
	const char *name, size_t at, enum state state)
{
	const struct script *sc = w->f->scripts->v[at];
	const struct strvec *envs = &sc->header.environments;
	const struct plan_item *other =
		at < w->before->n ? &w->before->v[at] : NULL;

	if (other && other->decision == PLAN_RUN)
		return; /* it goes first in this very run */
	if (in_circle(w, it, at))
		return;
	if (envs->n && !strvec_has(envs, w->f->env)) {
		block(it, "requires %s, which by its header is not for %s",
			name, w->f->env);
		add_way(it, w->f->env, "mark", "-m <why>", sc->path);
		return;
	}
	block(it, "requires %s, which is %s%s", name, state_name(state),
		other && other->decision == PLAN_BLOCKED ? " (blocked)" : "");
	if (other && other->how.len)
		add_lines(&it->how, other->how.ptr);
	else
		add_ways(it, w->f->env, state, sc->path);
}

static void check_requirement(
	struct planwait *w, struct plan_item *it, const char *name)
{
	enum state state = STATE_PENDING;
	const struct state_row *r;
	bool ambiguous;
	size_t at = find_required(w, name, &ambiguous);
	const char *path = at == SIZE_MAX ? w->f->gone(name, w->f->arg)
					  : w->f->scripts->v[at]->path;

	if (ambiguous) {
		block(it,
			"requires %s, which is the name of several scripts: "
			"its header has to say the path",
			name);
		return;
	}
	if (!path) {
		block(it, "requires %s, which is not there", name);
		return;
	}
	r = w->f->row(path, w->f->env, &state, w->f->arg);
	if (state_settled(state) && !odd(r))
		return;
	if (odd(r)) {
		block(it, "requires %s, which is %s (%s)", name,
			state_name(state), odd(r));
		add_lines(&it->how, "git strack verify");
	} else if (at != SIZE_MAX) {
		wait_for_script(w, it, name, at, state);
	} else {
		block(it, "requires %s, which is %s and gone", name,
			state_name(state));
		if (state == STATE_LOST || state == STATE_OVERDUE)
			add_ways(it, w->f->env, state, path);
		else
			add_way(it, w->f->env, "mark", "-m <why>", path);
	}
}

/* ---- after ---- */

/* In another environment, the very same bytes. */
static void check_after(struct planwait *w, struct plan_item *it)
{
	const char *env = w->f->def->after, *path = it->script->path;
	const struct strvec *envs = &it->script->header.environments;
	enum state state = STATE_PENDING;
	const struct state_row *r = w->f->row(path, env, &state, w->f->arg);
	const char *blob = w->f->blob(path, w->f->arg);
	bool same = r && r->blob && blob && !strcmp(r->blob, blob);

	if (odd(r)) {
		block(it, "must be done in %s first, where it is %s (%s)", env,
			state_name(state), odd(r));
		add_lines(&it->how, "git strack verify");
		return;
	}
	if (state == STATE_DONE && same)
		return;
	if (envs->n && !strvec_has(envs, env)) {
		block(it,
			"must be done in %s first, which its header leaves out",
			env);
		return;
	}
	if (state == STATE_DONE)
		block(it, "other bytes of it are done in %s", env);
	else
		block(it, "must be done in %s first, where it is %s", env,
			state_name(state));
	add_ways(it, env, state, path);
}

/* ---- approvals ---- */

static void check_approvals(struct planwait *w, struct plan_item *it)
{
	const char *path = it->script->path;
	const char *blob = w->f->blob(path, w->f->arg);
	int64_t want = w->f->def->approvals, have = 0;
	struct buf note = BUF_INIT;

	if (blob)
		have = w->f->approvals(path, blob, &note, w->f->arg);
	if (have < want) {
		block(it, "has %lld of %lld approvals%s%s%s", (long long)have,
			(long long)want, note.len ? " (" : "", note.ptr,
			note.len ? ")" : "");
		add_way(it, w->f->env, "approve",
			state_settled(it->state) ? "--again" : "", path);
	}
	buf_release(&note);
}

void planwait_check(struct planwait *w, struct plan_item *it)
{
	const struct strvec *requires = &it->script->header.requires;
	const struct environment_def *def = w->f->def;

	for (size_t i = 0; i < requires->n; i++)
		check_requirement(w, it, requires->v[i]);
	if (def && def->after)
		check_after(w, it);
	if (def && def->approvals)
		check_approvals(w, it);
}
