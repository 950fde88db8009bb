/* Where something is about to run; see the header.  Runs nothing. */
#include "where.h"

#include <stdlib.h>
#include <string.h>

#include "strack/run.h"
#include "strack/term.h"

enum err where_check(struct session *s, const char *command, const char *args,
	struct error *err)
{
	struct buf names = BUF_INIT;
	enum err rc;

	if (!repo_work_tree(s->repo)) {
		error_hint(err, "run it in a clone that has a work tree");
		return error_set(err, ERR_FATAL,
			"this is a bare repository: nothing can be run from "
			"it");
	}
	if (s->env_chosen || !settings_has_shared(&s->settings))
		return ERR_OK;
	error_hint(err, "say which one:");
	for (size_t i = 0; i < s->settings.nenvs; i++) {
		if (!strcmp(s->settings.envs[i].name, ENV_LOCAL))
			continue;
		buf_addf(&names, "%s%s", names.len ? ", " : "",
			s->settings.envs[i].name);
		error_hint(err, "  git strack %s --env %s%s", command,
			s->settings.envs[i].name, args);
	}
	error_hint(err, "or once and for all, for this clone:");
	error_hint(err, "  git config strack.environment %s", ENV_LOCAL);
	rc = error_set(err, ERR_HELD,
		"no environment was chosen, and %s names some: %s",
		SETTINGS_FILE, names.ptr);
	buf_release(&names);
	return rc;
}

static void say_lost(
	struct session *s, const struct strvec *lost, const char *of)
{
	for (size_t i = 0; i < lost->n; i++) {
		out_printf(&s->msg, "lost: ");
		out_text(&s->msg, lost->v[i]);
		out_printf(&s->msg, ": nothing of %s is left\n", of);
	}
}

enum err where_open(struct session *s, struct error *err)
{
	struct lost_report lost = LOST_REPORT_INIT;
	enum err rc = session_ledger(s, err);

	if (rc == ERR_NOTFOUND) { /* founded when there is something to run */
		error_reset(err);
		return ERR_OK;
	}
	if (!rc)
		rc = session_ledger_for_writing(s, false, err);
	if (!rc)
		rc = lost_record(s, false, &lost, err);
	for (size_t i = 0; i < lost.settled.n; i++) {
		out_printf(&s->msg, "nothing was left of its run, but it is ");
		out_text(&s->msg, lost.settled.v[i]);
		out_printf(&s->msg, "\n");
	}
	say_lost(s, &lost.lost, "its run");
	say_lost(s, &lost.commands, "it");
	lost_report_release(&lost);
	return rc;
}

enum err where_note_config(struct session *s, struct error *err)
{
	char hex[OID_HEX + 1];
	struct oid id;

	if (!s->settings.present)
		return ERR_OK;
	if (worktree_blob(s->repo, SETTINGS_FILE, SCRIPT_MAX, false, &id, err))
		return ERR_FATAL;
	oid_hex(&id, hex);
	free(s->config_blob);
	s->config_blob = xstrdup(hex);
	return ERR_OK;
}

enum err where_config(struct session *s, bool allow, struct error *err)
{
	struct oid head;
	bool same = true;
	enum err rc = where_note_config(s, err);

	if (rc || allow)
		return rc;
	/* without a commit there is nothing that it could differ from */
	if (!s->settings.present && repo_head(s->repo, &head, NULL))
		return ERR_OK;
	rc = run_config_is_committed(s, &same, err);
	if (rc || same)
		return rc;
	error_hint(err, "commit it:\n  git commit %s", SETTINGS_FILE);
	return error_set(err, ERR_HELD,
		"%s is not what is committed; in the shared environment %s it "
		"must be",
		SETTINGS_FILE, s->env);
}

enum err where_ask(struct session *s, bool yes, const char *what,
	const char *command, const char *args, struct error *err)
{
	const struct environment_def *def = settings_env(&s->settings, s->env);
	struct buf question = BUF_INIT, answer = BUF_INIT;
	enum err rc;

	if (!def || !def->protected || yes)
		return ERR_OK;
	buf_printf(&question, "%s would run in %s. Its name, to go on: ", what,
		s->env);
	rc = term_ask(question.ptr, &answer, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		error_hint(err,
			"where nobody can be asked:\n"
			"  git strack %s --env %s --yes%s",
			command, s->env, args);
		rc = error_set(err, ERR_HELD, "%s is protected: %s would run",
			s->env, what);
	} else if (!rc && strcmp(answer.ptr, s->env) != 0) {
		rc = error_set(
			err, ERR_HELD, "that is not its name: nothing was run");
	}
	buf_release(&question);
	buf_release(&answer);
	return rc;
}
