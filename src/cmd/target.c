/*
 * Finds the run that is meant, and what the ledger says of it.  What happens
 * to it then is for the commands.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "endedtext.h"
#include "find.h"
#include "strack/clock.h"
#include "strack/text.h"
#include "strack/underway.h"
#include "strack/view.h"

#define LOOK_MS 50

void target_release(struct target *t)
{
	free(t->run);
	free(t->what);
	free(t->folder);
	ledger_entryvec_release(&t->entries);
	*t = (struct target)TARGET_INIT;
}

/* ---- its entries ---- */

static bool is_of(const struct ledger_entry *le, const char *run)
{
	const char *of = le->e ? entry_get(le->e, KEY_RUN) : NULL;

	return of && !strcmp(of, run) && !le->problem && !le->disowned;
}

/* Newest first: those of a run stand together, and are mostly the last. */
static enum err look_in(struct session *s, struct target *t, const char *folder,
	struct error *err)
{
	enum err rc;

	ledger_entryvec_release(&t->entries);
	t->opening = t->outcome = NULL;
	rc = ledger_list(s->ledger, folder, &t->entries, err);
	for (size_t i = t->entries.n; !rc && !t->opening && i > 0; i--) {
		struct ledger_entry *le = &t->entries.v[i - 1];
		const struct kind_info *kind = kind_info(le->name.kind);

		if (!kind->opens && !kind->closes)
			continue;
		rc = ledger_load(s->ledger, le, err);
		if (rc || !is_of(le, t->run))
			continue;
		if (kind->opens)
			t->opening = le->e;
		else if (!t->outcome)
			t->outcome = le->e;
	}
	if (!rc && t->opening && folder != t->folder) {
		free(t->folder);
		t->folder = xstrdup(folder);
	}
	return rc;
}

enum err target_look(struct session *s, struct target *t, struct error *err)
{
	struct found found = FOUND_INIT;
	bool moved;
	enum err rc = ledger_refresh(s->ledger, &moved, err);

	if (!rc && t->folder)
		return look_in(s, t, t->folder, err);
	if (rc)
		return rc;
	/* What is no script has a folder of another name; or it is not
	 * claimed yet. */
	if (!str_empty(t->what) && !look_in(s, t, t->what, NULL) && t->opening)
		return ERR_OK;
	if (!find_run(s, t->run, &found, NULL) && found.folder)
		rc = look_in(s, t, found.folder, err);
	found_release(&found);
	return rc;
}

enum err target_await(
	struct session *s, struct target *t, int ms, struct error *err)
{
	int64_t until = clock_mono_ms() + ms;
	enum err rc = target_look(s, t, err);

	while (!rc && !t->outcome && clock_mono_ms() < until) {
		usleep(LOOK_MS * 1000);
		rc = target_look(s, t, err);
	}
	return rc;
}

/* ---- which one ---- */

static bool names_run(const struct underway *u, const char *typed)
{
	size_t n = strlen(typed);

	return n >= FIND_LEAST && !strncasecmp(u->run, typed, n);
}

/* The path of a script that is meant, or NULL. */
static char *path_of(struct session *s, const char *typed)
{
	struct scriptvec known = SCRIPTVEC_INIT;
	const struct script *script;
	char *path = NULL;

	view_known_scripts(s, &known);
	if (!script_match(s->repo, &known, typed, &script, NULL))
		path = xstrdup(script->path);
	scriptvec_release(&known);
	return path;
}

/* Keeps those that are meant. */
static void pick(struct session *s, struct underwayvec *l, const char *typed,
	const char *env)
{
	char *path = NULL;
	bool by_run = false;
	size_t n = 0;

	for (size_t i = 0; typed && i < l->n; i++)
		by_run = by_run || names_run(&l->v[i], typed);
	if (typed && !by_run && l->n)
		path = path_of(s, typed);
	for (size_t i = 0; i < l->n; i++) {
		struct underway u = l->v[i];

		if ((env && strcmp(u.env, env) != 0) ||
			(by_run && !names_run(&u, typed)) ||
			(typed && !by_run &&
				(!path || strcmp(u.script, path) != 0)))
			continue;
		l->v[i] = l->v[n];
		l->v[n++] = u;
	}
	/* the others lie behind: let go of them with the list */
	for (size_t i = n; i < l->n; i++) {
		free(l->v[i].run);
		free(l->v[i].script);
		free(l->v[i].env);
	}
	l->n = n;
	free(path);
}

/* The folder of all commands says nothing to a person. */
static bool is_command(const char *script)
{
	return !strcmp(script, LEDGER_EXEC_DIR);
}

static char *what_runs(const char *run, const char *script)
{
	return is_command(script) ? xstrfmt("run %s", run) : xstrdup(script);
}

static enum err which_one(
	const struct underwayvec *l, const char *command, struct error *err)
{
	for (size_t i = 0; i < l->n; i++)
		error_hint(err, "  git strack %s %s   %s (%s)", command,
			l->v[i].run,
			is_command(l->v[i].script) ? "an ad-hoc command"
						   : l->v[i].script,
			l->v[i].env);
	return error_set(err, ERR_USAGE, "%.*s: which one? %zu are under way",
		(int)strcspn(command, " "), command, l->n);
}

static enum err nothing(const char *command, struct error *err)
{
	error_hint(err, "what ran here, and what runs elsewhere:\n"
			"  git strack status");
	return error_set(err, ERR_HELD,
		"%.*s: nothing is under way in this clone",
		(int)strcspn(command, " "), command);
}

static enum err known_one(struct session *s, const char *typed,
	struct target *ret, struct error *err)
{
	struct found found = FOUND_INIT;
	enum err rc = find_run(s, typed, &found, err);

	if (!rc && !found.run) {
		error_hint(err, "what is known of it:\n  git strack show %s",
			typed);
		rc = error_set(err, ERR_HELD, "'%s' has no run", typed);
	}
	if (!rc) {
		ret->run = xstrdup(found.run);
		ret->folder = xstrdup(found.folder);
		ret->what = what_runs(found.run, found.folder);
	}
	found_release(&found);
	return rc;
}

enum err target_find(struct session *s, const char *command, const char *typed,
	const char *env, struct target *ret, struct error *err)
{
	struct underwayvec here = UNDERWAYVEC_INIT;
	enum err rc = underway_list(s, &here, err);

	if (rc)
		goto out;
	pick(s, &here, typed, env);
	if (here.n > 1) {
		rc = which_one(&here, command, err);
	} else if (here.n == 1) {
		ret->run = xstrdup(here.v[0].run);
		ret->what = what_runs(here.v[0].run, here.v[0].script);
		ret->here = true;
	} else if (typed) {
		rc = known_one(s, typed, ret, err);
	} else {
		rc = nothing(command, err);
	}
	if (!rc)
		rc = target_look(s, ret, err);
out:
	underwayvec_release(&here);
	return rc;
}

/* ---- what became of it ---- */

enum state target_state(const struct target *t)
{
	switch (t->outcome->kind) {
	case KIND_DONE:
		return STATE_DONE;
	case KIND_SKIP:
		return STATE_SKIPPED;
	case KIND_ROLLBACK:
		return STATE_ROLLED_BACK;
	case KIND_LOST:
		return STATE_LOST;
	case KIND_FAIL:
	case KIND_ROLLBACK_FAIL:
	case KIND_CLAIM:
	case KIND_MARK:
	case KIND_VOID:
	case KIND_UNDO:
	case KIND_APPROVE:
	case KIND_RETIRE:
	case KIND_EXEC:
	case KIND_REVIEW:
	case KIND_TRUST_ADD:
	case KIND_TRUST_REVOKE:
	case KIND_DISOWN:
	case KIND_NR:
		break;
	}
	return STATE_FAILED;
}

bool target_good(const struct target *t)
{
	enum state state = target_state(t);

	return state == STATE_DONE || state == STATE_SKIPPED ||
	       state == STATE_ROLLED_BACK;
}

static const char *name_of(const struct target *t)
{
	return str_empty(t->what) ? t->run : t->what;
}

void target_say_end(struct session *s, const struct target *t)
{
	const struct result result = result_of_entry(t->outcome);
	const char *took = entry_get(t->outcome, KEY_DURATION);
	int64_t ms;

	if (!took || !duration_seconds_parse(took, &ms))
		ms = -1;
	ended_line(&s->out, target_state(t), name_of(t), ms, &result);
}

enum err target_failed(const struct target *t, struct error *err)
{
	const struct result result = result_of_entry(t->outcome);
	struct buf why = BUF_INIT;

	result_text(&result, &why);
	error_set(err, ERR_NO, "%s %s%s%s", name_of(t),
		state_name(target_state(t)), why.len ? ": " : "", why.ptr);
	error_hint(err, "what is known of it:\n  git strack show %s", t->run);
	buf_release(&why);
	return ERR_NO;
}

/* Of this clone, and nothing is left: the next that writes records it. */
static enum err gone(const struct target *t, struct error *err)
{
	error_hint(err, "record that, then decide what became of it:\n"
			"  git strack cleanup\n"
			"  git strack resolve -h");
	return error_set(err, ERR_NO,
		"%s is lost: nothing is left of run %s, and no outcome",
		name_of(t), t->run);
}

static bool is_open(struct session *s, const struct target *t)
{
	const char *env = entry_get(t->opening, KEY_ENVIRONMENT);
	const char *script = entry_get(t->opening, KEY_SCRIPT);
	const struct state_row *r = NULL;

	if (env && script)
		r = ledger_row(s->ledger, script, env);
	return !script || (r && r->open && r->run && !strcmp(r->run, t->run));
}

enum err target_elsewhere(struct session *s, const struct target *t,
	const char *command, struct error *err)
{
	const char *host, *user;
	enum run_life life = RUN_ELSEWHERE;
	enum err rc = session_run_life(s, t->run, &life, err);

	if (rc)
		return rc;
	if (life == RUN_GONE)
		return gone(t, err);
	error_hint(err, "what is known of it:\n  git strack show %s", t->run);
	if (!t->opening)
		return error_set(err, ERR_NO,
			"run %s ended before it was claimed: nothing was run",
			t->run);
	if (!is_open(s, t))
		return error_set(
			err, ERR_HELD, "run %s is over: withdrawn", t->run);
	host = entry_get(t->opening, KEY_HOST);
	user = entry_get(t->opening, KEY_USER);
	error_hint(err, "in the clone where it runs:\n  git strack %s %s",
		command, t->run);
	return error_set(err, ERR_HELD,
		"%s is under way on %s, started by %s, and not in this clone",
		name_of(t), host ? host : "an unknown host",
		user ? user : "somebody");
}
