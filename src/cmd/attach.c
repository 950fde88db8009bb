/* git strack attach: shows a run of this clone that is under way. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/run.h"
#include "strack/rundir.h"
#include "strack/underway.h"
#include "target.h"

struct attach_opts {
	const char *env;
};

static const struct opt options[] = {
	{ 'e', "env", OPT_STRING, offsetof(struct attach_opts, env), "<env>",
		"only runs in this environment" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

#define RECORD_MS 3000 /* for the runner to record what it lost */
#define NEXT_MS 5000   /* for the next one of a batch to begin */
#define LOOK_MS 50

/* ---- before ---- */

static void say_begin(struct session *s, const struct target *t)
{
	struct buf ago = BUF_INIT;

	out_text_styled(&s->msg, STYLE_BOLD, *t->what ? t->what : t->run);
	if (t->opening) {
		time_ago(&ago, t->opening->time_ms, clock_now_ms());
		out_printf(&s->msg, ", begun %s", ago.ptr);
	}
	out_printf(&s->msg, " (Ctrl-C leaves it alone)\n");
	out_finish(&s->msg, NULL);
	buf_release(&ago);
}

static enum err already_over(
	struct session *s, const struct target *t, struct error *err)
{
	target_say_end(s, t);
	if (!target_good(t))
		return target_failed(t, err);
	out_printf(&s->msg, "run %s is over: git strack show %s\n", t->run,
		t->run);
	return ERR_OK;
}

/* ---- after ---- */

static enum err left_alone(const struct target *t, struct error *err)
{
	error_hint(err, "follow it again, or end it:");
	error_hint(err, "  git strack attach %s", t->run);
	error_hint(err, "  git strack cancel -m <why> %s", t->run);
	return error_set(err, ERR_HELD, "run %s goes on", t->run);
}

/* The id of the detached batch that it belongs to; false: to none. */
static bool batch_of(const struct session *s, const char *run, struct buf *ret)
{
	buf_reset(ret);
	if (!rundir_get(s->state_dir, run, RUNDIR_BATCH, ret, NULL) &&
		ulid_valid(ret->ptr))
		return true;
	buf_reset(ret);
	return false;
}

/* Another run of the batch; the caller frees it. */
static char *next_of(
	const struct session *s, const char *run, const char *batch)
{
	struct underwayvec l = UNDERWAYVEC_INIT;
	struct buf of = BUF_INIT;
	char *next = NULL;

	if (underway_list(s, &l, NULL))
		l.n = 0;
	for (size_t i = 0; !next && i < l.n; i++) {
		if (strcmp(l.v[i].run, run) != 0 &&
			batch_of(s, l.v[i].run, &of) && !strcmp(of.ptr, batch))
			next = xstrdup(l.v[i].run);
	}
	buf_release(&of);
	underwayvec_release(&l);
	return next;
}

/* The batch goes on without being followed: it may be a long one. */
static void say_batch(struct session *s, const char *run, const char *batch)
{
	int64_t until = clock_mono_ms() + NEXT_MS;
	char *log = detach_log_path(s, batch);
	char *next = next_of(s, run, batch);

	while (!next && detach_lives(log) && clock_mono_ms() < until) {
		usleep(LOOK_MS * 1000);
		next = next_of(s, run, batch);
	}
	if (next) {
		out_printf(&s->msg,
			"the next one of its batch is under way:\n"
			"  git strack attach %s\n",
			next);
	} else if (!access(log, R_OK)) {
		out_printf(&s->msg, "what its batch says is in ");
		out_text(&s->msg, log);
		out_printf(&s->msg, "\n");
	}
	free(next);
	free(log);
}

/* The folder goes when the outcome is there. */
static enum err conclude(struct session *s, struct target *t,
	const struct buf *batch, struct error *err)
{
	enum run_life life = RUN_GONE;
	enum err rc = target_await(s, t, RECORD_MS, err);

	if (rc)
		return rc;
	if (t->outcome) {
		target_say_end(s, t);
		if (batch->len)
			say_batch(s, t->run, batch->ptr);
		return target_good(t) ? ERR_OK : target_failed(t, err);
	}
	rc = session_run_life(s, t->run, &life, err);
	if (!rc && life == RUN_ALIVE)
		return lost_alive(s, t->run, err);
	return rc ? rc : target_elsewhere(s, t, "attach", err);
}

static enum err follow(struct session *s, struct target *t, struct error *err)
{
	struct watch w = { .run = t->run };
	struct buf batch = BUF_INIT;
	enum err rc;

	if (t->opening) {
		w.since = t->opening->time_ms;
		w.limit = entry_number(t->opening, KEY_LIMIT, 0);
	}
	batch_of(s, t->run, &batch);
	say_begin(s, t);
	rc = underway_watch(s, &w, err);
	if (w.midline && !rc)
		out_printf(&s->out, "\n");
	if (!rc)
		rc = w.left ? left_alone(t, err) : conclude(s, t, &batch, err);
	buf_release(&batch);
	return rc;
}

static enum err run_attach(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct attach_opts *o = opts;
	struct target t = TARGET_INIT;
	enum err rc = ERR_OK;

	if (a->args->n > 1 || a->has_rest)
		return error_set(err, ERR_USAGE, "attach: to one run only");
	rc = session_open(s, o->env, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (!rc)
		rc = target_find(s, "attach", a->args->n ? a->args->v[0] : NULL,
			o->env, &t, err);
	if (rc)
		goto out;
	if (t.here)
		rc = follow(s, &t, err);
	else if (t.outcome)
		rc = already_over(s, &t, err);
	else
		rc = target_elsewhere(s, &t, "attach", err);
out:
	target_release(&t);
	return rc;
}

const struct command cmd_attach = {
	.name = "attach",
	.usage = "attach [--env <env>] [<run>|<script>]",
	.summary = "Follow a run that is under way",
	.opts = options,
	.opts_size = sizeof(struct attach_opts),
	.run = run_attach,
};
