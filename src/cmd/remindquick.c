/*
 * Has a hook anything to say at all?  Mostly not, and it runs after every
 * pull, so this is answered from the rows of the ledger and HEAD's tree: the
 * work tree is not looked at, and no script is opened but your own settled
 * ones.  It may say yes where the closer look finds nothing.  What is changed
 * and not committed makes no hook speak.
 */
#include "remind.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"
#include "strack/repo.h"

struct quick {
	struct remind *r;
	const struct rowvec *rows;
	struct strmap settled; /* script to the number + 1 of its first row */
	struct strvec paths;   /* of those, what HEAD has */
	bool yes;
};

/* What happens in `local` elsewhere is nobody's business here. */
static bool is_ours(const struct quick *q, const struct state_row *row)
{
	const struct session *s = q->r->s;

	return strcmp(row->env, ENV_LOCAL) != 0 ||
	       (s->clone && !strcmp(row->clone, s->clone));
}

/* Rows of one script stand together. */
static void look_at_rows(struct quick *q)
{
	const char *last = "";

	for (size_t i = 0; i < q->rows->n && !q->yes; i++) {
		const struct state_row *row = &q->rows->v[i];
		const unsigned odd = FLAG_UNTRUSTED | FLAG_CONFLICT;
		enum state state;

		if (!is_ours(q, row))
			continue;
		state = session_state(q->r->s, row, q->r->now_ms);
		if (row->flags & odd ||
			(!state_settled(state) && state != STATE_PENDING &&
				state != STATE_RUNNING))
			q->yes = true;
		if (!state_settled(state) || !strcmp(row->script, last))
			continue;
		strmap_put(&q->settled, row->script, (void *)(i + 1));
		last = row->script;
	}
}

static enum err look_at_file(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	struct quick *q = arg;
	size_t i = (size_t)strmap_get(&q->settled, path);
	const char *script = i ? q->rows->v[i - 1].script : NULL;
	char hex[OID_HEX + 1];

	(void)err;
	if (!i)
		return ERR_OK;
	strvec_push(&q->paths, path);
	oid_hex(&e->id, hex);
	for (i--; i < q->rows->n && !strcmp(q->rows->v[i].script, script);
		i++) {
		const struct state_row *row = &q->rows->v[i];

		if (is_ours(q, row) && state_settled(row->state) && row->blob &&
			strcmp(row->blob, hex) != 0)
			q->yes = true;
	}
	return ERR_OK;
}

/* Bytes of what is settled, as HEAD has it. */
static void look_at_tree(struct quick *q)
{
	const struct strvec *folders = &q->r->s->settings.paths;
	struct repo *repo = q->r->s->repo;
	struct oid head, tree;

	if (repo_head(repo, &head, NULL) ||
		commit_tree(repo, &head, &tree, NULL))
		return;
	for (size_t i = 0; i < folders->n; i++) {
		/* a tree that can't be read is for others to complain of */
		if (tree_walk(
			    repo, &tree, folders->v[i], look_at_file, q, NULL))
			q->yes = true;
	}
}

/* Yours are few, and can be read. */
static bool can_go(struct quick *q, char *path)
{
	struct session *s = q->r->s;
	const char *slash = strrchr(path, '/');
	struct script sc = { .path = path,
		.base = slash ? slash + 1 : path,
		.problem = ERROR_INIT };
	struct strvec needs = STRVEC_INIT;
	int64_t since;
	bool yes = true;

	header_init(&sc.header);
	/* when in doubt, the closer look tells */
	if (!script_read(s->repo, &s->settings, &sc, NULL))
		yes = remind_can_go(q->r, &sc, &needs, &since);
	header_release(&sc.header);
	error_release(&sc.problem);
	strvec_release(&needs);
	return yes;
}

static void look_at_owners(struct quick *q)
{
	struct owner *owners;

	if (!owners_know_you(q->r->s))
		return;
	owners = xcalloc(q->paths.n + 1, sizeof(*owners));
	owners_find(q->r->s, &q->paths, owners);
	for (size_t i = 0; i < q->paths.n; i++) {
		q->yes |= owners[i].yours && can_go(q, q->paths.v[i]);
		owner_release(&owners[i]);
	}
	free(owners);
}

bool remind_may_say(struct remind *r)
{
	struct quick q = { .r = r,
		.settled = STRMAP_INIT,
		.paths = STRVEC_INIT,
		.yes = r->came.n > 0 };

	if (!r->s->ledger)
		return q.yes;
	q.rows = ledger_rows(r->s->ledger);
	look_at_rows(&q);
	if (!q.yes)
		look_at_tree(&q);
	if (!q.yes)
		look_at_owners(&q);
	strmap_release(&q.settled, NULL);
	strvec_release(&q.paths);
	return q.yes;
}
