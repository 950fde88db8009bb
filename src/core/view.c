/*
 * Brings the scripts of the work tree and the rows of the ledger together.
 * Made for ten thousand settled scripts: each is looked up once, and nothing
 * is opened but what might run.  Knows nothing of how it is shown.
 */
#include "strack/view.h"

#include <stdlib.h>
#include <string.h>

#include "strack/approvals.h"
#include "strack/clock.h"
#include "strack/repo.h"

static void release_rows(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		buf_release(&v->v[i].why);
		buf_release(&v->v[i].how);
	}
	v->n = 0;
	strmap_release(&v->gone, NULL);
	v->gone_ready = false;
}

static void forget_blobs(struct view *v)
{
	for (size_t i = 0; v->blobs && i < v->scripts.n; i++) {
		free(v->blobs[i]);
		v->blobs[i] = NULL;
	}
}

void view_release(struct view *v)
{
	release_rows(v);
	forget_blobs(v);
	free(v->blobs);
	free(v->v);
	free(v->env);
	strmap_release(&v->by_path, NULL);
	scriptvec_release(&v->scripts);
	*v = (struct view)VIEW_INIT;
}

enum err view_open(struct view *v, struct session *s, struct error *err)
{
	enum err rc;

	*v = (struct view)VIEW_INIT;
	v->s = s;
	rc = script_discover(s->repo, &s->settings, &v->scripts, err);
	if (!rc)
		v->blobs = xcalloc(v->scripts.n + 1, sizeof(*v->blobs));
	v->fresh = true;
	return rc;
}

/* ---- bytes ---- */

/* A file that vanished, grew too large or can't be read has no blob: what
 * that means is for the run to say. */
static const char *blob_at(struct view *v, size_t i)
{
	struct oid id;
	char hex[OID_HEX + 1] = "";

	if (!v->blobs[i]) {
		const struct script *sc = v->scripts.v[i];

		if (v->fresh && sc->proved)
			oid_hex(&sc->blob, hex);
		else if (!worktree_blob(v->s->repo, sc->path, SCRIPT_MAX, false,
				 &id, NULL))
			oid_hex(&id, hex);
		v->blobs[i] = xstrdup(hex);
	}
	return *v->blobs[i] ? v->blobs[i] : NULL;
}

/* Ten thousand blob ids that are as they should be need no memory. */
static bool has_bytes(struct view *v, size_t i, const char *want)
{
	const struct script *sc = v->scripts.v[i];
	char hex[OID_HEX + 1];
	const char *blob;

	if (v->fresh && sc->proved) {
		oid_hex(&sc->blob, hex);
		return !strcmp(hex, want);
	}
	blob = blob_at(v, i);
	return !blob || !strcmp(blob, want);
}

static bool index_of(struct view *v, const char *path, size_t *ret)
{
	size_t at;

	if (!v->by_path.n) {
		for (size_t i = 0; i < v->scripts.n; i++)
			strmap_put(&v->by_path, v->scripts.v[i]->path,
				(void *)(i + 1));
	}
	at = (size_t)strmap_get(&v->by_path, path);
	if (at)
		*ret = at - 1;
	return at != 0;
}

const char *view_blob(struct view *v, const char *path)
{
	size_t i;

	return index_of(v, path, &i) ? blob_at(v, i) : NULL;
}

/* ---- scripts that were moved ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Blob ids and base names share the map: a base name begins with a date and
 * `_` or `-`, so it is never 40 hex digits. */
static void index_gone(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct view_row *r = &v->v[i];

		if (r->script || r->state == STATE_PENDING)
			continue;
		strmap_put(&v->gone, base_of(r->path), (void *)r->path);
		if (r->row->blob)
			strmap_put(&v->gone, r->row->blob, (void *)r->path);
	}
	v->gone_ready = true;
}

/* The path under which the bytes or the base name of script `i` ran. */
static const char *moved_from(struct view *v, size_t i)
{
	const char *path, *blob;

	if (!v->gone_ready)
		index_gone(v);
	if (!v->gone.n)
		return NULL;
	path = strmap_get(&v->gone, v->scripts.v[i]->base);
	if (path)
		return path;
	blob = blob_at(v, i);
	return blob ? strmap_get(&v->gone, blob) : NULL;
}

/* ---- what the planner asks ---- */

/* A requirement that ran and was removed since may be named by its base name,
 * which only the ledger can still tell. */
static const struct state_row *row_by_base(
	struct view *v, const char *base, const char *env)
{
	const struct rowvec *rows = ledger_rows(v->s->ledger);

	for (size_t i = 0; i < rows->n; i++) {
		if (!strcmp(rows->v[i].env, env) &&
			!strcmp(base_of(rows->v[i].script), base))
			return ledger_row(v->s->ledger, rows->v[i].script, env);
	}
	return NULL;
}

static const struct state_row *fact_row(
	const char *script, const char *env, enum state *state, void *arg)
{
	struct view *v = arg;
	const struct state_row *r = NULL;

	if (v->s->ledger)
		r = ledger_row(v->s->ledger, script, env);
	if (!r && v->s->ledger && !strchr(script, '/'))
		r = row_by_base(v, script, env);
	*state = r ? session_state(v->s, r, v->now_ms) : STATE_PENDING;
	return r;
}

static const char *fact_blob(const char *script, void *arg)
{
	return view_blob(arg, script);
}

static const char *fact_moved(const char *script, void *arg)
{
	size_t i;

	return index_of(arg, script, &i) ? moved_from(arg, i) : NULL;
}

/* What can't be found out counts as none: the run stays where it is. */
static int64_t fact_approvals(
	const char *script, const char *blob, struct buf *note, void *arg)
{
	struct view *v = arg;
	struct approvals_ask ask = { script, blob, v->env, false };
	int64_t n = 0;

	return approvals_count(v->s, &ask, &n, note, NULL) ? 0 : n;
}

static const char *fact_gone(const char *name, void *arg)
{
	const struct view *v = arg;
	const char *found = NULL;

	for (size_t i = 0; i < v->n; i++) {
		const struct view_row *r = &v->v[i];

		if (r->script || (strcmp(r->path, name) != 0 &&
					 strcmp(base_of(r->path), name) != 0))
			continue;
		if (!found || state_settled(r->state))
			found = r->path;
	}
	return found;
}

static bool fact_here(const struct state_row *row, void *arg)
{
	const struct view *v = arg;
	enum run_life life = RUN_ELSEWHERE;

	return row->run && !session_run_life(v->s, row->run, &life, NULL) &&
	       life == RUN_ALIVE;
}

void view_facts(struct view *v, const char *env, struct plan_facts *ret)
{
	*ret = (struct plan_facts){
		.env = env,
		.def = settings_env(&v->s->settings, env),
		.scripts = &v->scripts,
		.row = fact_row,
		.approvals = fact_approvals,
		.blob = fact_blob,
		.moved_from = fact_moved,
		.here = fact_here,
		.gone = fact_gone,
		.arg = v,
	};
}

/* ---- rows ---- */

static struct view_row *add_row(struct view *v, const char *path,
	struct script *script, const struct state_row *row)
{
	struct view_row *r;

	ARRAY_GROW(v->v, v->n + 1, v->cap);
	r = &v->v[v->n++];
	*r = (struct view_row){ .path = path,
		.script = script,
		.row = row,
		.state = row ? session_state(v->s, row, v->now_ms)
			     : STATE_PENDING,
		.flags = row ? row->flags : 0,
		.decision = PLAN_SETTLED,
		.why = BUF_INIT,
		.how = BUF_INIT };
	return r;
}

/* What is settled and was taken away by hand is retired as well.  Not what
 * git still has in the index (a sparse checkout, or a file that is missed). */
static bool is_removed(const struct view *v, const struct view_row *r)
{
	return !r->script && state_settled(r->state) &&
	       repo_work_tree(v->s->repo) &&
	       !worktree_tracked(v->s->repo, r->path);
}

static int row_cmp(const void *a, const void *b)
{
	const struct view_row *x = a, *y = b;
	int c = strcmp(base_of(x->path), base_of(y->path));

	return c ? c : strcmp(x->path, y->path);
}

/* `local` rows of other clones are not what is asked for. */
static bool is_ours(const struct view *v, const struct state_row *r)
{
	if (strcmp(r->env, v->env) != 0)
		return false;
	if (strcmp(r->env, ENV_LOCAL) != 0)
		return true;
	return v->s->clone && !strcmp(r->clone, v->s->clone);
}

/* Rows of this environment.  Those of one script stand together, and mostly
 * in the order in which they are asked for: the next one is looked at before
 * a map is made (ledger_row() puts together a key for each question). */
struct finder {
	const struct view *v;
	const struct rowvec *rows;
	size_t next;
	bool mapped;
	struct strmap by_script;
};

static bool is_row_of(const struct finder *f, size_t i, const char *path)
{
	return i < f->rows->n && is_ours(f->v, &f->rows->v[i]) &&
	       !strcmp(f->rows->v[i].script, path);
}

static void map_rows(struct finder *f)
{
	for (size_t i = 0; i < f->rows->n; i++) {
		if (is_ours(f->v, &f->rows->v[i]))
			strmap_put(&f->by_script, f->rows->v[i].script,
				(void *)&f->rows->v[i]);
	}
	f->mapped = true;
}

static const struct state_row *find_row(struct finder *f, const char *path)
{
	const struct state_row *r;

	if (is_row_of(f, f->next, path) && !is_row_of(f, f->next + 1, path))
		return &f->rows->v[f->next++];
	if (!f->mapped)
		map_rows(f);
	r = strmap_get(&f->by_script, path);
	if (r)
		f->next = (size_t)(r - f->rows->v) + 1;
	return r;
}

/* Every script with its row, then the rows that no script is left for. */
static void join(struct view *v)
{
	static const struct rowvec none = ROWVEC_INIT;
	struct finder f = { .v = v,
		.rows = v->s->ledger ? ledger_rows(v->s->ledger) : &none,
		.by_script = STRMAP_INIT };
	size_t i, at, found = 0, ours = 0, scripts = v->scripts.n;

	ARRAY_GROW(v->v, scripts, v->cap);
	for (i = 0; i < scripts; i++) {
		struct script *sc = v->scripts.v[i];

		found +=
			add_row(v, sc->path, sc, find_row(&f, sc->path))->row !=
			NULL;
	}
	for (i = 0; i < f.rows->n; i++)
		ours += is_ours(v, &f.rows->v[i]);
	if (found < ours && !f.mapped)
		map_rows(&f);
	for (i = 0; found < ours && i < f.by_script.n; i++) {
		const struct state_row *r = f.by_script.items[i].value;
		struct view_row *row;

		if (index_of(v, r->script, &at))
			continue;
		row = add_row(v, r->script, NULL, r);
		if (is_removed(v, row))
			row->state = STATE_RETIRED;
	}
	strmap_release(&f.by_script, NULL);
	if (v->n > scripts)
		qsort(v->v, v->n, sizeof(*v->v), row_cmp);
}

/* Rows and scripts are both in plan order, so one index follows the other. */
static void flag_changes(struct view *v)
{
	for (size_t i = 0, at = 0; i < v->n; i++) {
		struct view_row *r = &v->v[i];

		if (!r->script)
			continue;
		if (!r->row) {
			if (!v->only || strmap_has(v->only, r->path))
				r->moved_from = moved_from(v, at);
			if (r->moved_from)
				r->flags |= FLAG_MOVED;
		} else if (r->row->blob && r->state != STATE_PENDING) {
			if (!has_bytes(v, at, r->row->blob))
				r->flags |= FLAG_CHANGED;
		}
		at++;
	}
}

/* Only what is not settled can be in anybody's way. */
static bool is_open(const struct view_row *r)
{
	const unsigned odd = FLAG_UNTRUSTED | FLAG_CONFLICT;

	return r->script && (!state_settled(r->state) || r->flags & odd);
}

/* Notes what the script requires, by the names that it uses.  All of that is
 * older, or plays no part in the decision. */
static void choose(struct strvec *chosen, struct strmap *required,
	const struct view_row *r)
{
	const struct strvec *names = &r->script->header.requires;

	strvec_push(chosen, r->path);
	for (size_t i = 0; i < names->n; i++)
		strmap_put(required, names->v[i], chosen);
}

/* Only what is open is read, and where all is settled nothing is planned.
 * `chosen` gets what was read where not all of it is. */
static enum err read_open_ones(
	struct view *v, struct strvec *chosen, bool *any, struct error *err)
{
	struct strmap required = STRMAP_INIT;
	enum err rc = ERR_OK;

	*any = false;
	for (size_t i = v->n; !rc && i > 0; i--) { /* the newest first */
		struct view_row *r = &v->v[i - 1];

		if (!is_open(r))
			continue;
		if (v->only && !r->row && !strmap_has(v->only, r->path) &&
			!strmap_has(&required, r->path) &&
			!strmap_has(&required, base_of(r->path)))
			continue;
		*any = true;
		if (!r->script->loaded)
			rc = script_read(
				v->s->repo, &v->s->settings, r->script, err);
		if (!rc && v->only)
			choose(chosen, &required, r);
	}
	strmap_release(&required, NULL);
	return rc;
}

static void take_decisions(struct view *v, struct plan *p)
{
	for (size_t i = 0, at = 0; i < v->n; i++) {
		struct view_row *r = &v->v[i];
		struct plan_item *it;

		if (!r->script)
			continue;
		it = &p->v[at++];
		r->decision = it->decision;
		r->flags |= it->flags;
		buf_swap(&r->why, &it->why);
		buf_swap(&r->how, &it->how);
	}
}

/* A script that was merged late: it never had an entry here, but a newer one
 * has run or was settled.  It is pending all the same, and shown as late. */
static void flag_late(struct view *v)
{
	const char *newest = "";

	for (size_t i = v->n; i > 0; i--) { /* in the order of base names */
		struct view_row *r = &v->v[i - 1];

		if (!*newest && r->row && r->state != STATE_PENDING)
			newest = base_of(r->path);
		if (!r->row && r->decision != PLAN_NOT_HERE &&
			!(r->flags & FLAG_MOVED) &&
			strcmp(base_of(r->path), newest) < 0)
			r->flags |= FLAG_LATE;
	}
}

enum err view_see(struct view *v, const char *env, struct error *err)
{
	struct plan_facts facts;
	struct strvec chosen = STRVEC_INIT;
	struct plan_wish wish = { .selected = v->only ? &chosen : NULL };
	struct plan plan = PLAN_INIT;
	char *copy = xstrdup(env); /* may be our own */
	bool any;
	enum err rc;

	release_rows(v);
	/* A run looks again when much time has gone by: what is approved must
	 * be the bytes that are there now. */
	if (v->seen && !v->one_look) {
		forget_blobs(v);
		v->fresh = false;
	}
	v->seen = true;
	v->now_ms = clock_now_ms();
	free(v->env);
	v->env = copy;
	join(v);
	flag_changes(v);
	rc = read_open_ones(v, &chosen, &any, err);
	if (!rc && any) {
		view_facts(v, v->env, &facts);
		plan_make(&facts, &wish, &plan);
		take_decisions(v, &plan);
		flag_late(v);
		plan_release(&plan);
	}
	strvec_release(&chosen);
	return rc;
}

/* ---- questions ---- */

bool view_waits(const struct view_row *r)
{
	return r->decision == PLAN_RUN || r->decision == PLAN_BLOCKED;
}

bool view_needs_decision(const struct view_row *r)
{
	if (r->flags & (FLAG_UNTRUSTED | FLAG_CONFLICT))
		return true;
	if (r->decision == PLAN_STOP || r->decision == PLAN_WRONG)
		return true;
	/* what is gone was not planned; what is idempotent just runs */
	return !view_waits(r) &&
	       (r->state == STATE_LOST || r->state == STATE_FAILED ||
		       r->state == STATE_OVERDUE);
}

/* ---- names ---- */

void view_known_scripts(struct session *s, struct scriptvec *ret)
{
	const struct rowvec *rows = s->ledger ? ledger_rows(s->ledger) : NULL;
	struct strmap seen = STRMAP_INIT;

	scriptvec_release(ret);
	/* A path in the way of discovery does not hide the history. */
	if (script_discover(s->repo, &s->settings, ret, NULL))
		scriptvec_release(ret);
	for (size_t i = 0; i < ret->n; i++)
		strmap_put(&seen, ret->v[i]->path, ret);
	for (size_t i = 0; rows && i < rows->n; i++) {
		if (strmap_has(&seen, rows->v[i].script))
			continue;
		strmap_put(&seen, rows->v[i].script, ret);
		scriptvec_add(ret, rows->v[i].script);
	}
	strmap_release(&seen, NULL);
}
