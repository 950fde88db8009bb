/*
 * A run that left no outcome may have left its effect, and there may be one who
 * knows: the database that it ran in, or the verify companion of its script.
 * Asked under the script's lock, when nothing of the run lives any more.
 */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#include "strack/claims.h"
#include "strack/companion.h"
#include "strack/file.h"
#include "strack/process.h"

#define INPUT_MAX (SCRIPT_MAX + 65536)

struct answer {
	enum kind kind; /* done, fail; lost: nobody knows */
	struct buf why;
};

static void note(struct answer *a, enum kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void note(struct answer *a, enum kind kind, const char *fmt, ...)
{
	va_list ap;

	a->kind = kind;
	if (a->why.len)
		buf_adds(&a->why, "; ");
	va_start(ap, fmt);
	buf_addv(&a->why, fmt, ap);
	va_end(ap);
}

/* ---- the verify companion ---- */

/* It speaks about the bytes that ran, and only as it is committed. */
static bool may_be_asked(struct session *s, const struct state_row *r,
	const struct script *verify, struct answer *a)
{
	char hex[OID_HEX + 1];
	struct oid now;
	bool same = true;

	if (worktree_blob(s->repo, r->script, SCRIPT_MAX, false, &now, NULL))
		return false;
	oid_hex(&now, hex);
	if (!r->blob || strcmp(hex, r->blob) != 0) {
		note(a, KIND_LOST,
			"its verify companion was not asked, since the script "
			"changed");
		return false;
	}
	if (strcmp(r->env, ENV_LOCAL) != 0 &&
		(run_is_committed(s, verify->path, &same, NULL) || !same)) {
		note(a, KIND_LOST,
			"its verify companion was not asked, since it is not "
			"what is committed");
		return false;
	}
	return true;
}

/* 126 and 127 are a shell's word for what can't be started, and of psql all but
 * 3 says that it did not come to the script. */
static bool could_look(const struct job *j, const struct process_result *res)
{
	struct database db;
	bool yes = res->exit != 126 && res->exit != 127;

	if (!script_is_sql(&j->s->settings, j->req->verify))
		return yes;
	database_init(&db);
	if (sql_database(j->s, &db, NULL))
		yes = false;
	else if (db.kind == DATABASE_POSTGRESQL)
		yes = res->exit == 3;
	else if (db.kind == DATABASE_MARIADB)
		yes = !strstr(res->err.ptr, "ERROR 104") &&
		      !strstr(res->err.ptr, "ERROR 20");
	database_release(&db);
	return yes;
}

static void judge(
	const struct job *j, const struct process_result *res, struct answer *a)
{
	const char *base = j->req->verify->base;

	if (res->signal)
		note(a, KIND_LOST, "%s: killed by %s", base,
			process_signal_name(res->signal));
	else if (!res->exit)
		note(a, KIND_DONE, "%s says that its effect is there", base);
	else if (!could_look(j, res))
		note(a, KIND_LOST, "%s could not look: exit %d", base,
			res->exit);
	else
		note(a, KIND_FAIL,
			"%s says that its effect is not there: exit %d", base,
			res->exit);
}

static void run_verify(struct job *j, struct answer *a)
{
	const struct script *verify = j->req->verify;
	struct process_result res = PROCESS_RESULT_INIT;
	struct program program = PROGRAM_INIT;
	struct buf input = BUF_INIT;
	struct strvec env = STRVEC_INIT;
	struct error err = ERROR_INIT;
	struct process_opts opts = { .dir = repo_work_tree(j->s->repo) };
	enum err rc;

	if (j->verify_limit > 0 && j->verify_limit <= INT32_MAX / 1000)
		opts.timeout_ms = (int)j->verify_limit * 1000;
	rc = program_make(j, verify, PART_VERIFY, &program, &err);
	environ_for(j, PART_VERIFY, &program, &env);
	opts.argv = (const char *const *)program.argv.v;
	opts.whole_env = env.v;
	if (!rc && program.input)
		rc = file_read(program.input, INPUT_MAX, false, &input, &err);
	opts.input = input.ptr;
	opts.input_len = input.len;
	if (!rc)
		rc = process_run(&opts, &res, &err);
	if (rc)
		note(a, KIND_LOST, "%s", err.text.ptr);
	else
		judge(j, &res, a);
	process_result_release(&res);
	program_release(&program);
	buf_release(&input);
	strvec_release(&env);
	error_release(&err);
}

static void ask_verify(struct session *s, const struct state_row *r,
	struct script *verify, const struct entry *claim, struct answer *a)
{
	struct script *sc = script_new(r->script);
	struct strvec params = STRVEC_INIT;
	struct run_request req = { .script = sc,
		.attempt = r->attempt,
		.params = &params,
		.verify = verify };
	struct job j = {
		.s = s, .req = &req, .resume = BUF_INIT, .claim = ENTRY_INIT
	};

	snprintf(j.run, sizeof(j.run), "%s", r->run);
	j.claim.seq = claim->seq;
	j.dir.path = rundir_path(s->state_dir, r->run, NULL);
	j.verify_limit = script_limit(&s->settings, verify);
	/* without it, the first attempt is what it looks like */
	rundir_get(s->state_dir, r->run, "resume", &j.resume, NULL);
	if (!claims_params(claim, &params))
		note(a, KIND_LOST,
			"its verify companion was not asked, since it would "
			"need a secret parameter");
	else if (may_be_asked(s, r, verify, a))
		run_verify(&j, a);
	free(j.dir.path);
	buf_release(&j.resume);
	strvec_release(&params);
	script_free(sc);
}

/* ---- the database ---- */

/* True when it has decided.  That a row is there is proof, whoever wrote it;
 * that it is not there says something only of SQL that was one transaction, and
 * only in the database that it ran in. */
static bool ask_database(
	struct session *s, const struct state_row *r, struct answer *a)
{
	struct sql_note sql = { NULL, NULL, false };
	struct buf identity = BUF_INIT;
	bool is_sql = sql_note_read(s, r->run, &sql);
	struct error err = ERROR_INIT;
	struct buf why = BUF_INIT;
	struct database db;
	enum sql_answer said = SQL_UNKNOWN;
	bool same = false;

	database_init(&db);
	if (!sql_database(s, &db, &err)) {
		sql_identity(&db, &identity);
		same = is_sql && !strcmp(sql.identity, identity.ptr);
		said = sql_ask(s, &db, r->run, &why);
	} else if (is_sql) {
		buf_adds(&why, err.text.ptr);
	}
	if (said == SQL_PRESENT)
		note(a, KIND_DONE, "its database has its row in strack_runs");
	else if (said == SQL_HALF)
		note(a, KIND_LOST,
			"its database has the begin of its row in strack_runs: "
			"the script ended its transaction by itself, and some "
			"of it is committed");
	else if (said == SQL_ABSENT && same && sql.transaction)
		note(a, KIND_FAIL,
			"its database has no row of it in strack_runs: nothing "
			"of it was committed");
	else if (said == SQL_ABSENT && is_sql && !same)
		note(a, KIND_LOST,
			"it ran in %s, and %s is the database here now",
			sql.shown, db.shown);
	else if (is_sql && why.len)
		note(a, KIND_LOST, "%s", why.ptr);
	database_release(&db);
	sql_note_release(&sql);
	buf_release(&identity);
	buf_release(&why);
	error_release(&err);
	return a->kind != KIND_LOST;
}

/* ---- all of it ---- */

static void ask(struct session *s, const struct state_row *r, struct answer *a)
{
	struct companions c = COMPANIONS_INIT(s->repo, &s->settings);
	struct script *verify = NULL;
	struct entry *claim = NULL;
	struct error err = ERROR_INIT;
	enum err rc =
		companion_find(&c, r->script, COMPANION_VERIFY, &verify, &err);

	if (!rc && verify)
		rc = claims_find(s, r->script, r->run, &claim, &err);
	if (rc)
		note(a, KIND_LOST, "%s", err.text.ptr);
	else if (verify)
		ask_verify(s, r, verify, claim, a);
	entry_free(claim);
	script_free(verify);
	companions_release(&c);
	error_release(&err);
}

void settle_ask(struct session *s, const struct state_row *r, struct entry *e)
{
	struct answer a = { .kind = KIND_LOST, .why = BUF_INIT };
	char *why, *env = s->env;

	if (!r->script) /* of a command nobody knows more */
		return;
	s->env = r->env; /* where it was lost, and not where we are */
	/* a rollback undoes what the companion would look for */
	if (!ask_database(s, r, &a) && !r->undo)
		ask(s, r, &a);
	s->env = env;
	if (a.why.len) {
		why = xstrfmt("%s; %s", entry_get(e, KEY_REASON), a.why.ptr);
		run_set_masked(s, e, KEY_REASON, why);
		free(why);
	}
	if (a.kind != KIND_LOST) {
		entry_set_kind(e, a.kind);
		entry_set(e, KEY_RESOLVED, "yes");
	}
	if (a.kind == KIND_DONE)
		entry_set(e, KEY_CANCELLED, NULL);
	buf_release(&a.why);
}
