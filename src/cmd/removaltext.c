/*
 * Removals in words: what stands in the way, and the message of the commit,
 * which is what is left of the scripts in the code's own history.
 */
#include "removal.h"

#include <string.h>

#include "strack/state.h"
#include "strack/text.h"

void removal_why(const struct removal *r, struct buf *ret)
{
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			buf_adds(ret, "; ");
		if (r->v[i].env)
			buf_addf(ret, "%s: ", r->v[i].env);
		buf_adds(ret, r->v[i].why);
	}
}

static void add_hints(const struct removal *r, struct error *err)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *how = r->v[i].how;

		while (*how) {
			size_t n = strcspn(how, "\n");

			error_hint(err, "  %.*s", (int)n, how);
			how += n + (how[n] == '\n');
		}
	}
}

enum err removals_refuse(const struct removals *l, struct error *err)
{
	struct buf text = BUF_INIT;
	size_t bad = 0;

	error_hint(err, "what gets them there:");
	for (size_t i = 0; i < l->n; i++) {
		const struct removal *r = &l->v[i];

		if (!r->n)
			continue;
		bad++;
		buf_addf(&text, "\n%s: ", r->path);
		removal_why(r, &text);
		add_hints(r, err);
	}
	error_set(err, ERR_HELD,
		"nothing was removed: %zu script%s may not go%s", bad,
		bad == 1 ? "" : "s", text.ptr);
	buf_release(&text);
	return ERR_HELD;
}

/* ---- the commit ---- */

void removals_subject(const struct removals *l, struct buf *ret)
{
	const char *slash;

	if (l->n != 1) {
		buf_addf(ret, "Remove %zu settled scripts", l->n);
		return;
	}
	slash = strrchr(l->v[0].path, '/');
	buf_adds(ret, "Remove settled script ");
	out_escape(ret, slash ? slash + 1 : l->v[0].path,
		strlen(slash ? slash + 1 : l->v[0].path), NULL);
}

static const struct ledger_entry *entry_of(
	const struct ledger_entryvec *l, const char *id)
{
	for (size_t i = 0; id && i < l->n; i++)
		if (!strncmp(l->v[i].name.id, id, 16))
			return &l->v[i];
	return NULL;
}

static void add_by(struct buf *b, const struct state_row *r)
{
	const char *parts[] = { " by ", r->user, " on ", r->host };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i += 2) {
		if (!parts[i + 1])
			continue;
		buf_adds(b, parts[i]);
		out_escape(b, parts[i + 1], strlen(parts[i + 1]), NULL);
	}
}

/* The row of a retired script has the time of that, so what settled it is
 * looked up: done, skipped or marked, and when. */
static void add_settled(struct buf *b, const struct state_row *r,
	const struct ledger_entryvec *entries)
{
	const struct ledger_entry *le = entry_of(entries, r->entry);
	enum kind kind = le ? le->name.kind : KIND_DONE;
	struct buf when = BUF_INIT;

	time_format(&when, le ? le->name.time_ms : r->time_ms);
	buf_addf(b, "    %s: %s %.19sZ", r->env,
		state_name(kind == KIND_MARK   ? STATE_MARKED
			   : kind == KIND_SKIP ? STATE_SKIPPED
					       : STATE_DONE),
		when.ptr);
	if (r->run && kind != KIND_MARK)
		buf_addf(b, ", run %s,", r->run);
	add_by(b, r);
	buf_addch(b, '\n');
	buf_release(&when);
}

static enum err add_script(struct session *s, const struct removal *r,
	struct buf *ret, struct error *err)
{
	struct ledger_entryvec entries = LEDGER_ENTRYVEC_INIT;
	enum err rc = ledger_list(s->ledger, r->path, &entries, err);

	buf_addch(ret, '\n');
	out_escape(ret, r->path, strlen(r->path), NULL);
	buf_addch(ret, '\n');
	for (size_t i = 0; !rc && i < r->settled.n; i++) {
		const struct state_row *row =
			ledger_row(s->ledger, r->path, r->settled.v[i]);

		if (row)
			add_settled(ret, row, &entries);
	}
	ledger_entryvec_release(&entries);
	return rc;
}

enum err removals_message(struct session *s, const struct removals *l,
	struct buf *ret, struct error *err)
{
	enum err rc = ERR_OK;

	removals_subject(l, ret);
	buf_addch(ret, '\n');
	for (size_t i = 0; !rc && i < l->n; i++)
		rc = add_script(s, &l->v[i], ret, err);
	return rc;
}
