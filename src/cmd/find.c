/*
 * Finds what `show` is to show.  Ids are looked for in names first, as those
 * need no reading; a run id stands inside of entries, so there the claims
 * have to be read.
 */
#include "find.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "strack/text.h"
#include "strack/view.h"

#define SHOWN 10

struct search {
	struct session *s;
	const char *typed;
	size_t len;
	struct ledger_entryvec entries;
	struct strmap runs;    /* id to the folder of its entries (owned) */
	struct strmap matches; /* paths of entries with that id */
};

void found_release(struct found *f)
{
	free(f->run);
	free(f->entry);
	free(f->folder);
	free(f->script);
	*f = (struct found)FOUND_INIT;
}

/* ---- forms ---- */

static bool is_digits_of(const char *s, const char *digits, size_t most)
{
	size_t len = strlen(s);

	return len >= FIND_LEAST && len <= most && strspn(s, digits) == len;
}

static bool may_be_entry(const char *s)
{
	return is_digits_of(s, "0123456789abcdef", ENTRY_ID_HEX);
}

static bool may_be_run(const char *s)
{
	return *s >= '0' && *s <= '7' &&
	       is_digits_of(s,
		       "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
		       "abcdefghjkmnpqrstvwxyz",
		       ULID_LEN);
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xstrndup(path, slash ? (size_t)(slash - path) : 0);
}

/* ---- ids ---- */

static enum err match_entry(
	struct search *se, struct ledger_entry *le, struct error *err)
{
	size_t known = strlen(le->name.id);
	enum err rc;

	if (strncmp(le->name.id, se->typed,
		    se->len < known ? se->len : known) != 0)
		return ERR_OK;
	if (se->len > known) {
		rc = ledger_load(se->s->ledger, le, err);
		if (rc)
			return rc;
		if (!le->e || strncmp(le->e->id, se->typed, se->len) != 0)
			return ERR_OK;
	}
	strmap_put(&se->matches, le->path, le);
	return ERR_OK;
}

static enum err match_run(
	struct search *se, struct ledger_entry *le, struct error *err)
{
	const char *run;
	enum err rc;

	if (!kind_info(le->name.kind)->opens)
		return ERR_OK;
	rc = ledger_load(se->s->ledger, le, err);
	if (rc)
		return rc;
	run = le->e ? entry_get(le->e, KEY_RUN) : NULL;
	if (run && !strncasecmp(run, se->typed, se->len) &&
		!strmap_has(&se->runs, run))
		strmap_put(&se->runs, run, folder_of(le->path));
	entry_free(le->e);
	le->e = NULL;
	return ERR_OK;
}

/* The last run of each script stands in the rows: a whole id that is there
 * spares the reading. */
static bool match_row(struct search *se)
{
	const struct rowvec *rows = ledger_rows(se->s->ledger);

	if (se->len != ULID_LEN)
		return false;
	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *r = &rows->v[i];

		if (!r->run || strcasecmp(r->run, se->typed) != 0)
			continue;
		strmap_put(&se->runs, r->run, xstrdup(r->script));
		return true;
	}
	return false;
}

static enum err search_ids(struct search *se, struct error *err)
{
	bool run = may_be_run(se->typed), entry = may_be_entry(se->typed);
	enum err rc = ERR_OK;

	if ((!run && !entry) || (run && match_row(se)))
		return ERR_OK;
	rc = ledger_list(se->s->ledger, "", &se->entries, err);
	for (size_t i = 0; !rc && i < se->entries.n; i++) {
		if (entry)
			rc = match_entry(se, &se->entries.v[i], err);
		if (!rc && run)
			rc = match_run(se, &se->entries.v[i], err);
	}
	return rc;
}

static enum err ambiguous(struct search *se, struct error *err)
{
	size_t shown = 0;

	error_set(err, ERR_BAD, "'%s' is not one run or entry, %zu match",
		se->typed, se->runs.n + se->matches.n);
	for (size_t i = 0; i < se->runs.n && shown < SHOWN; i++, shown++)
		error_hint(err, "run %s %s", se->runs.items[i].key,
			(char *)se->runs.items[i].value);
	for (size_t i = 0; i < se->matches.n && shown < SHOWN; i++, shown++)
		error_hint(err, "entry %s", se->matches.items[i].key);
	return ERR_BAD;
}

/* An entry of a run means the run. */
static enum err take_entry(
	struct search *se, struct found *ret, struct error *err)
{
	struct ledger_entry *le = se->matches.items[0].value;
	enum err rc = ledger_load(se->s->ledger, le, err);

	if (rc)
		return rc;
	ret->entry = xstrdup(le->path);
	ret->folder = folder_of(le->path);
	if (le->e && entry_get(le->e, KEY_RUN))
		ret->run = xstrdup(entry_get(le->e, KEY_RUN));
	return ERR_OK;
}

/* ---- scripts ---- */

static enum err no_row(struct session *s, const char *script, struct error *err)
{
	const struct rowvec *rows = ledger_rows(s->ledger);
	struct strmap seen = STRMAP_INIT;

	for (size_t i = 0; i < rows->n; i++) {
		const struct state_row *r = &rows->v[i];

		if (strcmp(r->script, script) != 0 ||
			strmap_has(&seen, r->env) ||
			!ledger_row(s->ledger, script, r->env))
			continue;
		strmap_put(&seen, r->env, s);
		error_hint(err,
			"it has entries in %s: git strack show --env "
			"%s ...",
			r->env, r->env);
	}
	strmap_release(&seen, NULL);
	return error_set(
		err, ERR_NOTFOUND, "%s: never ran in %s", script, s->env);
}

/* Without a run it was only marked, or never claimed: then the entry that
 * made the state is what there is. */
static enum err take_script(struct search *se, const struct script *script,
	struct found *ret, struct error *err)
{
	const struct state_row *row =
		ledger_row(se->s->ledger, script->path, se->s->env);
	struct ledger_entryvec l = LEDGER_ENTRYVEC_INIT;
	enum err rc;

	if (!row)
		return no_row(se->s, script->path, err);
	ret->script = xstrdup(script->path);
	ret->folder = xstrdup(script->path);
	if (row->run) {
		ret->run = xstrdup(row->run);
		return ERR_OK;
	}
	rc = ledger_list(se->s->ledger, script->path, &l, err);
	/* the newest of this environment, or the one that counts */
	for (size_t i = l.n; !rc && i > 0; i--) {
		const struct ledger_entry *le = &l.v[i - 1];

		if (strcmp(le->name.env, se->s->env) != 0)
			continue;
		if (!ret->entry)
			ret->entry = xstrdup(le->path);
		if (!row->entry || strncmp(row->entry, le->name.id,
					   strlen(le->name.id)) != 0)
			continue;
		free(ret->entry);
		ret->entry = xstrdup(le->path);
	}
	ledger_entryvec_release(&l);
	return rc;
}

static enum err search_scripts(
	struct search *se, struct found *ret, struct error *err)
{
	struct scriptvec known = SCRIPTVEC_INIT;
	const struct script *script;
	enum err rc;

	view_known_scripts(se->s, &known);
	rc = script_match(se->s->repo, &known, se->typed, &script, err);
	if (!rc)
		rc = take_script(se, script, ret, err);
	else if (rc == ERR_NOTFOUND)
		error_set(err, ERR_NOTFOUND,
			"'%s' is no run, entry or script that the ledger knows",
			se->typed);
	scriptvec_release(&known);
	return rc;
}

/* Digits alone may be the date of a script as well; a script that is named so
 * far that only one is left was meant. */
static bool is_script(struct search *se)
{
	struct scriptvec known = SCRIPTVEC_INIT;
	const struct script *script;
	bool found;

	if (strspn(se->typed, "0123456789") != se->len)
		return false;
	view_known_scripts(se->s, &known);
	found = !script_match(se->s->repo, &known, se->typed, &script, NULL);
	scriptvec_release(&known);
	return found;
}

enum err find_run(struct session *s, const char *typed, struct found *ret,
	struct error *err)
{
	struct search se = { .s = s,
		.typed = typed,
		.len = strlen(typed),
		.entries = LEDGER_ENTRYVEC_INIT,
		.runs = STRMAP_INIT,
		.matches = STRMAP_INIT };
	struct found found = FOUND_INIT;
	enum err rc = ERR_OK;

	if (!is_script(&se))
		rc = search_ids(&se, err);
	if (rc)
		goto out;
	if (se.runs.n + se.matches.n > 1) {
		rc = ambiguous(&se, err);
	} else if (se.runs.n) {
		found.run = xstrdup(se.runs.items[0].key);
		found.folder = xstrdup(se.runs.items[0].value);
	} else if (se.matches.n) {
		rc = take_entry(&se, &found, err);
	} else {
		rc = search_scripts(&se, &found, err);
	}
	if (rc)
		goto out;
	*ret = found;
	found = (struct found)FOUND_INIT; /* transferred */
out:
	found_release(&found);
	strmap_release(&se.runs, free);
	strmap_release(&se.matches, NULL);
	ledger_entryvec_release(&se.entries);
	return rc;
}
