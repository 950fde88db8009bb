/*
 * A run that left no outcome may have left its effect, and there may be one who
 * knows: the verify companion of its script.  Asked under the script's lock,
 * when nothing of the run lives any more.
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "strack/claims.h"
#include "strack/companion.h"
#include "strack/process.h"

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

static void judge(
	const struct process_result *res, const char *base, struct answer *a)
{
	if (res->signal)
		note(a, KIND_LOST, "%s: killed by %s", base,
			process_signal_name(res->signal));
	else if (res->exit)
		note(a, KIND_FAIL,
			"%s says that its effect is not there: "
			"exit %d",
			base, res->exit);
	else
		note(a, KIND_DONE, "%s says that its effect is there", base);
}

static void run_verify(struct job *j, struct answer *a)
{
	const struct script *verify = j->req->verify;
	struct process_result res = PROCESS_RESULT_INIT;
	struct strvec argv = STRVEC_INIT, env = STRVEC_INIT;
	struct error err = ERROR_INIT;
	struct process_opts opts = { .dir = repo_work_tree(j->s->repo) };
	enum err rc;

	if (j->verify_limit > 0 && j->verify_limit <= INT32_MAX / 1000)
		opts.timeout_ms = (int)j->verify_limit * 1000;
	rc = script_command(j->s->repo, &j->s->settings, verify, &argv, &err);
	environ_for(j, ENVIRON_VERIFY, &env);
	opts.argv = (const char *const *)argv.v;
	opts.whole_env = env.v;
	if (!rc)
		rc = process_run(&opts, &res, &err);
	if (rc)
		note(a, KIND_LOST, "%s", err.text.ptr);
	else
		judge(&res, verify->base, a);
	process_result_release(&res);
	strvec_release(&argv);
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
	j.verify_limit = verify->header.timeout >= 0 ? verify->header.timeout
						     : s->settings.timeout;
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

	/* Of a command nobody knows more, and a rollback undoes what its
	 * companion would look for. */
	if (!r->script || r->undo)
		return;
	s->env = r->env; /* where it was lost, and not where we are */
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
