/*
 * Looks at one environment after the other and sorts what it sees into groups.
 * A hook runs after every pull: of the scripts that nothing is known of it
 * reads those that came in and no others, and asks whose the settled ones are
 * before it reads any of them.
 */
#include "remind.h"

#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "strack/needs.h"
#include "strack/text.h"

/* ---- groups ---- */

static void item_release(struct item *it)
{
	for (size_t i = 0; i < it->n; i++) {
		struct place *p = &it->v[i];

		free(p->env);
		free(p->user);
		free(p->run);
		buf_release(&p->why);
		buf_release(&p->how);
	}
	free(it->v);
	free(it->path);
	free(it->description);
	owner_release(&it->owner);
}

void remind_release(struct remind *r)
{
	for (size_t g = 0; g < REMIND_GROUPS; g++) {
		for (size_t i = 0; i < r->groups[g].n; i++)
			item_release(&r->groups[g].v[i]);
		free(r->groups[g].v);
		strmap_release(&r->groups[g].by_path, NULL);
	}
	view_release(&r->view);
	strmap_release(&r->came, NULL);
	strvec_release(&r->envs);
}

bool remind_is_empty(const struct remind *r)
{
	for (size_t g = 0; g < REMIND_GROUPS; g++) {
		if (r->groups[g].n)
			return false;
	}
	return true;
}

static void describe(struct remind *r, struct item *it, const struct script *sc)
{
	const struct header *h = &sc->header;

	it->timeout = h->timeout >= 0 ? h->timeout : r->s->settings.timeout;
	if (h->description)
		it->description = xstrdup(h->description);
}

static struct item *item_of(
	struct remind *r, enum remind_group at, const char *path)
{
	struct group *g = &r->groups[at];
	size_t have = (size_t)strmap_get(&g->by_path, path);

	if (have)
		return &g->v[have - 1];
	ARRAY_GROW(g->v, g->n + 1, g->cap);
	g->v[g->n] = (struct item){
		.path = xstrdup(path), .timeout = -1, .since_ms = -1
	};
	strmap_put(&g->by_path, path, (void *)(g->n + 1));
	return &g->v[g->n++];
}

static struct place *add_place(struct item *it, const char *env,
	enum state state, const struct state_row *row)
{
	struct place *p;

	ARRAY_GROW(it->v, it->n + 1, it->cap);
	p = &it->v[it->n++];
	*p = (struct place){ .env = xstrdup(env),
		.state = state,
		.time_ms = row && row->entry ? row->time_ms : -1,
		.why = BUF_INIT,
		.how = BUF_INIT };
	if (row && row->user)
		p->user = xstrdup(row->user);
	if (row && row->run)
		p->run = xstrdup(row->run);
	return p;
}

/* ---- rows ---- */

static void add_command(
	struct buf *b, const char *command, const char *env, const char *path)
{
	buf_addf(b, "%sgit strack %s ", b->len ? "\n" : "", command);
	if (strcmp(env, ENV_LOCAL) != 0)
		buf_addf(b, "--env %s ", env);
	shell_word(b, path);
}

/* Is it settled in each environment that needs it?  *since is when the last
 * of them was. */
static bool is_settled(struct remind *r, const struct script *sc,
	struct strvec *needs, int64_t *since)
{
	const unsigned odd = FLAG_UNTRUSTED | FLAG_CONFLICT;

	*since = 0;
	needs_environments(&r->s->settings, &sc->header, r->s->env, needs);
	for (size_t i = 0; i < needs->n; i++) {
		const struct state_row *row =
			r->s->ledger ? ledger_row(r->s->ledger, sc->path,
					       needs->v[i])
				     : NULL;

		if (!row || !state_settled(row->state) || row->flags & odd)
			return false;
		if (row->time_ms > *since)
			*since = row->time_ms;
	}
	return true;
}

/* What waits in `local` and is settled wherever it must be is on its way out:
 * in a new work tree all the old ones would be said to wait. */
static bool is_leaving(struct remind *r, const struct view_row *row)
{
	struct strvec needs = STRVEC_INIT;
	int64_t since;
	bool yes = !strcmp(r->view.env, ENV_LOCAL) &&
		   is_settled(r, row->script, &needs, &since);

	strvec_release(&needs);
	return yes;
}

/* What one header names is no environment of the others. */
static bool is_for(struct remind *r, const struct script *sc)
{
	const char *env = r->view.env;

	return !strcmp(env, r->s->env) || settings_env(&r->s->settings, env) ||
	       strvec_has(&sc->header.environments, env);
}

static bool is_waiting(struct remind *r, const struct view_row *row)
{
	if (!row->script || !is_for(r, row->script))
		return false;
	if (r->opts->hook && !strmap_has(&r->came, row->path))
		return false;
	if (!view_waits(row) && (row->row || !view_needs_decision(row)))
		return false;
	return !is_leaving(r, row);
}

static void add_reason(
	struct place *p, enum remind_group at, const struct view_row *row)
{
	struct buf how = BUF_INIT;

	if (at == REMIND_CHANGED) {
		add_command(&p->how, "show --script", p->env, row->path);
		add_command(&p->how, "run --again -m <why>", p->env, row->path);
		return;
	}
	if (p->runs)
		add_command(&p->how, "run", p->env, row->path);
	if (at == REMIND_OPEN && p->run)
		add_command(&p->how, "show", p->env, row->path);
	row_why(row, &p->why);
	row_how(row, p->env, &how);
	buf_addf(&p->how, "%s%s", p->how.len && how.len ? "\n" : "", how.ptr);
	buf_release(&how);
}

static void take_row(struct remind *r, const struct view_row *row)
{
	enum remind_group at;
	struct place *p;
	struct item *it;

	if (is_waiting(r, row))
		at = REMIND_WAITING;
	else if (row->row && !view_waits(row) && view_needs_decision(row))
		at = REMIND_OPEN;
	else if (row->row && row->flags & FLAG_CHANGED &&
		 state_settled(row->state))
		at = REMIND_CHANGED;
	else
		return;
	it = item_of(r, at, row->path);
	if (row->script && row->script->loaded && !it->n)
		describe(r, it, row->script);
	p = add_place(it, r->view.env, row->state, row->row);
	p->flags = row->flags;
	p->runs = at == REMIND_WAITING && row->decision == PLAN_RUN;
	add_reason(p, at, row);
}

/* The environments that headers name and nobody else. */
static void add_named_envs(struct remind *r)
{
	for (size_t i = 0; i < r->view.scripts.n; i++) {
		const struct script *sc = r->view.scripts.v[i];

		for (size_t k = 0; k < sc->header.environments.n; k++) {
			const char *env = sc->header.environments.v[k];

			if (strcmp(env, ENV_LOCAL) != 0 &&
				!strvec_has(&r->envs, env))
				strvec_push(&r->envs, env);
		}
	}
}

/* What came in is read in any case: its header may name environments. */
static enum err read_what_came(struct remind *r, struct error *err)
{
	struct scriptvec *l = &r->view.scripts;
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && r->came.n && i < l->n; i++) {
		if (strmap_has(&r->came, l->v[i]->path))
			rc = script_read(
				r->s->repo, &r->s->settings, l->v[i], err);
	}
	return rc;
}

static enum err see_environments(struct remind *r, struct error *err)
{
	const struct settings *s = &r->s->settings;
	enum err rc;

	strvec_push(&r->envs, r->s->env);
	for (size_t i = 0; i < s->nenvs; i++) {
		if (strcmp(s->envs[i].name, ENV_LOCAL) != 0 &&
			!strvec_has(&r->envs, s->envs[i].name))
			strvec_push(&r->envs, s->envs[i].name);
	}
	rc = read_what_came(r, err);
	for (size_t i = 0; !rc && i < r->envs.n; i++) {
		rc = view_see(&r->view, r->envs.v[i], err);
		for (size_t k = 0; !rc && k < r->view.n; k++)
			take_row(r, &r->view.v[k]);
		if (!rc)
			add_named_envs(r);
	}
	return rc;
}

/* ---- what can go ---- */

/* Paths that are settled somewhere that may matter. */
static void settled_somewhere(struct remind *r, struct strmap *ret)
{
	const struct rowvec *rows = ledger_rows(r->s->ledger);

	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *row = &rows->v[i];
		bool ours = strcmp(row->env, ENV_LOCAL) != 0 ||
			    (r->s->clone && !strcmp(row->clone, r->s->clone));

		if (ours && state_settled(row->state))
			strmap_put(ret, row->script, r);
	}
}

bool remind_can_go(struct remind *r, const struct script *sc,
	struct strvec *needs, int64_t *since)
{
	return is_settled(r, sc, needs, since) &&
	       *since <= r->now_ms - r->after * 1000;
}

static void take_settled(struct remind *r, const struct script *sc)
{
	struct strvec needs = STRVEC_INIT;
	int64_t since = 0;
	struct item *it;

	if (!remind_can_go(r, sc, &needs, &since))
		goto out;
	it = item_of(r, REMIND_REMOVABLE, sc->path);
	describe(r, it, sc);
	it->since_ms = since;
	for (size_t i = 0; i < needs.n; i++) {
		const struct state_row *row =
			ledger_row(r->s->ledger, sc->path, needs.v[i]);

		add_place(it, needs.v[i], row->state, row)->flags = row->flags;
	}
	add_command(&it->v[0].how, "remove", ENV_LOCAL, sc->path);
out:
	strvec_release(&needs);
}

/* A hook names what is yours: others get their own reminders. */
static void keep_yours(struct remind *r, struct strvec *paths)
{
	struct owner *owners = xcalloc(paths->n + 1, sizeof(*owners));
	struct strvec yours = STRVEC_INIT;

	if (owners_know_you(r->s))
		owners_find(r->s, paths, owners);
	for (size_t i = 0; i < paths->n; i++) {
		if (owners[i].yours)
			strvec_push(&yours, paths->v[i]);
		owner_release(&owners[i]);
	}
	free(owners);
	strvec_release(paths);
	*paths = yours; /* transferred */
}

static void list_candidates(struct remind *r, struct strvec *ret)
{
	const struct group *changed = &r->groups[REMIND_CHANGED];
	struct strmap settled = STRMAP_INIT;

	settled_somewhere(r, &settled);
	for (size_t i = 0; i < r->view.scripts.n; i++) {
		const char *path = r->view.scripts.v[i]->path;

		/* what was changed is to be looked at first */
		if (strmap_has(&settled, path) &&
			!strmap_has(&changed->by_path, path))
			strvec_push(ret, path);
	}
	strmap_release(&settled, NULL);
}

static enum err see_removable(struct remind *r, struct error *err)
{
	struct strvec paths = STRVEC_INIT;
	struct scriptvec *l = &r->view.scripts;
	size_t at = 0;
	enum err rc = ERR_OK;

	list_candidates(r, &paths);
	if (r->opts->hook)
		keep_yours(r, &paths);
	/* both are in plan order */
	for (size_t i = 0; !rc && i < l->n && at < paths.n; i++) {
		if (strcmp(l->v[i]->path, paths.v[at]) != 0)
			continue;
		at++;
		if (!l->v[i]->loaded)
			rc = script_read(
				r->s->repo, &r->s->settings, l->v[i], err);
		if (!rc)
			take_settled(r, l->v[i]);
	}
	strvec_release(&paths);
	return rc;
}

void remind_find_owners(struct remind *r, struct group *g, size_t max)
{
	size_t n = g->n < max ? g->n : max;
	struct owner *owners = xcalloc(n + 1, sizeof(*owners));
	struct strvec paths = STRVEC_INIT;

	for (size_t i = 0; i < n; i++)
		strvec_push(&paths, g->v[i].path);
	owners_find(r->s, &paths, owners);
	for (size_t i = 0; i < n; i++)
		g->v[i].owner = owners[i]; /* transferred */
	free(owners);
	strvec_release(&paths);
}

/* Yours first, else in the order that they have. */
static void sort_yours_first(struct group *g)
{
	struct item *v = xcalloc(g->n + 1, sizeof(*v));
	size_t n = 0;

	for (int yours = 1; yours >= 0; yours--) {
		for (size_t i = 0; i < g->n; i++) {
			if (g->v[i].owner.yours == yours)
				v[n++] = g->v[i]; /* transferred */
		}
	}
	free(g->v);
	g->v = v;
	g->cap = g->n + 1;
}

/* ---- the whole ---- */

enum err remind_see(struct remind *r, struct error *err)
{
	struct group *gone = &r->groups[REMIND_REMOVABLE];
	enum err rc;

	if (r->opts->hook && !remind_may_say(r))
		return ERR_OK;
	rc = view_open(&r->view, r->s, err);
	if (rc)
		return rc;
	r->view.only = r->opts->hook ? &r->came : NULL;
	r->view.one_look = true;
	rc = see_environments(r, err);
	/* Nobody may remove on the word of a history that is not sound, so it
	 * is not said that he may. */
	if (!rc && r->s->ledger &&
		ledger_require_sound(r->s->ledger, NULL) == ERR_OK)
		rc = see_removable(r, err);
	if (rc)
		return rc;
	remind_find_owners(r, gone, gone->n);
	sort_yours_first(gone);
	return ERR_OK;
}
