/*
 * The environment of a script: ours, less what would tie it to this very
 * repository, plus what section "what it gets" of the design promises.
 */
#include "job.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/datadir.h"
#include "strack/file.h"
#include "strack/param.h"
#include "strack/strmap.h"

/* git rev-parse --local-env-vars, of git 2.30 to 2.51; in a hook, or behind
 * `git -c`, they would bend every git that the script calls. */
static const char *const git_local[] = {
	"GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR",
	"GIT_CONFIG",
	"GIT_CONFIG_COUNT",
	"GIT_CONFIG_PARAMETERS",
	"GIT_DIR",
	"GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE",
	"GIT_INDEX_FILE",
	"GIT_INTERNAL_SUPER_PREFIX",
	"GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY",
	"GIT_PREFIX",
	"GIT_REPLACE_REF_BASE",
	"GIT_SHALLOW_FILE",
	"GIT_WORK_TREE",
};
static const char *const git_local_begin[] = { "GIT_CONFIG_KEY_",
	"GIT_CONFIG_VALUE_" };

static const char *const ours[] = { "STRACK_RUN", "STRACK_ENV", "STRACK_SCRIPT",
	"STRACK_ATTEMPT", "STRACK_FENCE", "STRACK_DEADLINE", "STRACK_TOP",
	"STRACK_LIB", "STRACK_EVENTS", "STRACK_RESUME", "STRACK_UNDO" };

static bool name_is(const char *var, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(var, name, n) && var[n] == '=';
}

#define CHECKPOINT "STRACK_CHECKPOINT_"

static bool is_set_by(const struct program *p, const char *var)
{
	size_t n = strcspn(var, "=") + 1;

	for (size_t i = 0; i < p->env.n; i++)
		if (!strncmp(p->env.v[i], var, n))
			return true;
	return false;
}

static bool goes(const char *var)
{
	if (str_starts(var, CHECKPOINT) || str_starts(var, PARAM_VARIABLE))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(git_local); i++)
		if (name_is(var, git_local[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(git_local_begin); i++)
		if (str_starts(var, git_local_begin[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (name_is(var, ours[i]))
			return true;
	return !strcmp(var, "PYTHONUNBUFFERED="); /* see below */
}

static void add_path(struct strvec *l, const struct job *j, const char *var,
	const char *name)
{
	char *path = path_join(j->dir.path, name);

	strvec_pushf(l, "%s=%s", var, path);
	free(path);
}

/* STRACK_CHECKPOINT_LAST_ID of `last_id`: what is no letter, digit or
 * underscore becomes one. */
static char *checkpoint_variable(const char *name, size_t n)
{
	struct buf var = BUF_INIT;

	buf_adds(&var, CHECKPOINT);
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		else if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			c = '_';
		buf_addch(&var, c);
	}
	buf_addch(&var, '=');
	return buf_detach(&var);
}

/* Two names of one variable: neither is told, $STRACK_RESUME has both. */
static void add_checkpoints(struct strvec *l, const struct job *j)
{
	struct strmap values = STRMAP_INIT; /* borrowed; NULL: two */
	const char *p = j->resume.ptr;

	while (*p) {
		const char *end = p + strcspn(p, "\n");
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		char *var;

		if (blank) {
			var = checkpoint_variable(p, (size_t)(blank - p));
			strmap_put(&values, var,
				strmap_has(&values, var) ? NULL
							 : (void *)(blank + 1));
			free(var);
		}
		p = *end ? end + 1 : end;
	}
	for (size_t i = 0; i < values.n; i++) {
		const char *value = values.items[i].value;

		if (value)
			strvec_pushf(l, "%s%.*s", values.items[i].key,
				(int)strcspn(value, "\n"), value);
	}
	strmap_release(&values, NULL);
}

/* What concerns a script, and not a command. */
static void add_script(struct strvec *ret, const struct job *j)
{
	const struct strvec *params = j->req->params;

	strvec_pushf(ret, "STRACK_SCRIPT=%s", j->req->script->path);
	strvec_pushf(ret, "STRACK_ATTEMPT=%" PRId64, j->req->attempt);
	if (j->req->undone)
		strvec_pushf(ret, "STRACK_UNDO=%s", j->req->undone);
	add_path(ret, j, "STRACK_RESUME", "resume");
	add_checkpoints(ret, j);
	for (size_t i = 0; params && i < params->n; i++)
		strvec_pushf(ret, PARAM_VARIABLE "%s", params->v[i]);
}

static void add_deadline(struct strvec *ret, int64_t limit)
{
	if (limit > 0)
		strvec_pushf(ret, "STRACK_DEADLINE=%" PRId64,
			clock_now_ms() / 1000 + limit);
	else
		strvec_push(ret, "STRACK_DEADLINE=");
}

void environ_for(const struct job *j, enum part part, const struct program *p,
	struct strvec *ret)
{
	const struct session *s = j->s;
	char *lib = NULL;

	if (datadir_file("lib", &lib, NULL))
		lib = NULL;
	for (char **v = environ; v && *v; v++)
		if (!goes(*v) && !is_set_by(p, *v))
			strvec_push(ret, *v);
	for (size_t i = 0; i < p->env.n; i++)
		strvec_push(ret, p->env.v[i]);
	/* A pipe makes Python hold its output back until the end. */
	if (str_empty(getenv("PYTHONUNBUFFERED")))
		strvec_push(ret, "PYTHONUNBUFFERED=1");
	strvec_pushf(ret, "STRACK_RUN=%s", j->run);
	strvec_pushf(ret, "STRACK_ENV=%s", s->env);
	if (j->req->script)
		add_script(ret, j);
	strvec_pushf(ret, "STRACK_FENCE=%" PRId64, j->claim.seq);
	add_deadline(
		ret, part == PART_VERIFY ? j->verify_limit : j->req->timeout);
	strvec_pushf(ret, "STRACK_TOP=%s", repo_work_tree(s->repo));
	strvec_pushf(ret, "STRACK_LIB=%s", lib ? lib : "");
	if (part == PART_SCRIPT)
		add_path(ret, j, "STRACK_EVENTS", "events");
	free(lib);
}

/* Shorter values ("1", "true", "dev") would shred the log and are no secret
 * worth the name. */
#define MASK_MIN 6

void environ_mask(const struct settings *set, struct capture *cap)
{
	for (char **v = environ; v && *v; v++) {
		const char *eq = strchr(*v, '=');
		char *name;

		if (!eq || strlen(eq + 1) < MASK_MIN)
			continue;
		name = xstrndup(*v, (size_t)(eq - *v));
		for (size_t i = 0; i < set->mask.n; i++) {
			if (fnmatch(set->mask.v[i], name, 0))
				continue;
			capture_mask(cap, eq + 1, strlen(eq + 1));
			break;
		}
		free(name);
	}
}

char *run_masked(const struct session *s, const char *text)
{
	struct capture *cap;
	struct buf masked = BUF_INIT;

	if (!text)
		return NULL;
	cap = capture_new(-1, 0);
	environ_mask(&s->settings, cap);
	buf_set(&masked, text);
	capture_mask_text(cap, &masked);
	capture_free(cap);
	return buf_detach(&masked);
}

void run_set_masked(
	const struct session *s, struct entry *e, enum key k, const char *text)
{
	char *masked = run_masked(s, text);

	if (masked)
		entry_set(e, k, masked);
	free(masked);
}
