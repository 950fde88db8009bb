/*
 * What is under way in this clone, and ending it.  A run whose warden lives is
 * ended by it; what a killed warden left behind is found by the run id in its
 * environment and ended from here, in the same way.
 */
#include "strack/underway.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/process.h"
#include "strack/rundir.h"
#include "control.h"
#include "ending.h"

#define LOOK_MS 50      /* between two looks */
#define CLOSING_MS 2000 /* for a warden that has ended to be gone */

static void pause_ms(int ms)
{
	usleep((useconds_t)ms * 1000);
}

/* ---- which there are ---- */

void underwayvec_release(struct underwayvec *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].run);
		free(l->v[i].script);
		free(l->v[i].env);
	}
	free(l->v);
	*l = (struct underwayvec)UNDERWAYVEC_INIT;
}

static void add(
	struct underwayvec *l, const char *run, const struct rundir_owner *o)
{
	struct underway *u;

	ARRAY_GROW(l->v, l->n + 1, l->cap);
	u = &l->v[l->n++];
	u->run = xstrdup(run);
	u->script = xstrdup(o->script);
	u->env = xstrdup(o->env);
}

enum err underway_list(
	const struct session *s, struct underwayvec *ret, struct error *err)
{
	struct strvec runs = STRVEC_INIT;
	enum err rc = rundir_list(s->state_dir, &runs, err);

	for (size_t i = 0; !rc && i < runs.n; i++) {
		struct rundir_owner o = RUNDIR_OWNER_INIT;
		enum run_life life;

		rc = session_run_life(s, runs.v[i], &life, err);
		if (rc || life != RUN_ALIVE)
			continue;
		/* Without an owner it has not been claimed yet. */
		if (!rundir_read_owner(s->state_dir, runs.v[i], &o, NULL))
			add(ret, runs.v[i], &o);
		rundir_owner_release(&o);
	}
	strvec_release(&runs);
	return rc;
}

bool underway_held(const struct session *s, const char *run)
{
	char *path = rundir_path(s->state_dir, run, "lock");
	bool held = true;

	if (lock_held(path, &held, NULL))
		held = access(path, F_OK) == 0; /* when in doubt, it is */
	free(path);
	return held;
}

void underway_wait(const struct session *s, const char *run)
{
	while (underway_held(s, run))
		pause_ms(LOOK_MS);
}

/* ---- what a killed warden left ---- */

static enum err tell(const char *entry, int sig, bool *left, struct error *err)
{
	size_t n = 0;
	enum err rc = process_signal_with_env(entry, sig, &n, err);

	*left = n > 0;
	return rc;
}

/* True when nothing is left. */
static enum err wait_gone(
	const char *entry, int sig, int64_t ms, bool *left, struct error *err)
{
	int64_t until = clock_mono_ms() + ms;
	enum err rc = tell(entry, sig, left, err);

	while (!rc && *left && clock_mono_ms() < until) {
		pause_ms(LOOK_MS);
		rc = tell(entry, sig, left, err);
	}
	return rc;
}

static enum err end_left(const char *run, int64_t grace_ms, struct error *err)
{
	char *entry = xstrfmt("STRACK_RUN=%s", run);
	bool left = true;
	enum err rc = ERR_OK;

	if (grace_ms) {
		rc = tell(entry, SIGTERM, &left, err);
		if (!rc && left)
			rc = tell(entry, SIGCONT, &left, err);
		if (!rc && left)
			rc = wait_gone(entry, 0, grace_ms, &left, err);
	}
	/* Again and again: one that forks fast is ahead of a single look. */
	if (!rc && left)
		rc = wait_gone(entry, SIGKILL, ENDING_REAP_MS, &left, err);
	if (!rc && left)
		rc = error_set(err, ERR_NO,
			"what is left of run %s can't be ended", run);
	free(entry);
	return rc;
}

/* The first leaves a note, for whoever records that it is lost; who finds one
 * grants no more grace. */
static enum err end_orphans(struct session *s, const char *run, const char *who,
	const char *why, struct error *err)
{
	char *text = xstrfmt("%s: %s", who, why);
	enum err rc =
		rundir_put(s->state_dir, run, RUNDIR_CANCELLED, text, err);

	if (rc == ERR_EXISTS) {
		error_reset(err);
		rc = end_left(run, 0, err);
	} else if (!rc) {
		rc = end_left(run, s->settings.grace * 1000, err);
	} else if (rc == ERR_NOTFOUND) { /* the folder went: it is recorded */
		error_reset(err);
		rc = ERR_OK;
	}
	free(text);
	return rc;
}

/* ---- ending ---- */

/* Nobody reads: it has ended, its warden was killed, or it never had a FIFO. */
static enum err without_reader(struct session *s, const char *run,
	const char *who, const char *why, bool *orphans, struct error *err)
{
	int64_t until = clock_mono_ms() + CLOSING_MS;
	enum run_life life = RUN_ALIVE;
	enum err rc;

	while (underway_held(s, run)) {
		if (clock_mono_ms() >= until)
			return error_set(err, ERR_FATAL,
				"run %s can't be reached: its folder has no "
				"FIFO that its warden reads",
				run);
		pause_ms(LOOK_MS);
	}
	rc = session_run_life(s, run, &life, err);
	*orphans = !rc && life == RUN_ALIVE;
	return *orphans ? end_orphans(s, run, who, why, err) : rc;
}

enum err underway_cancel(struct session *s, const char *run, const char *who,
	const char *why, bool *orphans, struct error *err)
{
	enum err rc = control_cancel(s->state_dir, run, who, why, err);

	*orphans = false;
	if (rc != ERR_NOTFOUND)
		return rc;
	error_reset(err);
	return without_reader(s, run, who, why, orphans, err);
}
