/*
 * git strack cleanup: turns dead claims of this clone into `lost`, and trims
 * what runs leave in the state folder.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/cmd.h"
#include "strack/file.h"
#include "strack/lock.h"
#include "strack/run.h"
#include "strack/rundir.h"
#include "strack/text.h"
#include "strack/underway.h"

#define DAY_SECONDS (24 * INT64_C(3600))
#define KEEP_SECONDS (30 * DAY_SECONDS)

struct cleanup_opts {
	const char *keep_logs;
	bool dry_run;
};

static const struct opt options[] = {
	{ 0, "keep-logs", OPT_STRING, offsetof(struct cleanup_opts, keep_logs),
		"<days>", "remove full logs that are older (default 30d)" },
	{ 'n', "dry-run", OPT_FLAG, offsetof(struct cleanup_opts, dry_run),
		NULL, "only tell what would be done" },
	{ 0, NULL, OPT_END, 0, NULL, NULL },
};

struct cleanup {
	struct session *s;
	const struct cleanup_opts *o;
	size_t did;
};

static void say(struct cleanup *c, enum style style, const char *word,
	const char *what, const char *detail)
{
	c->did++;
	out_styled(&c->s->out, style, "%s", word);
	out_printf(&c->s->out, "  ");
	out_text(&c->s->out, what);
	if (detail) {
		out_printf(&c->s->out, "  ");
		out_text_styled(&c->s->out, STYLE_DIM, detail);
	}
	out_printf(&c->s->out, "\n");
}

/* `what` is a word whose plural takes an s. */
static void say_removed(
	struct cleanup *c, size_t n, const char *what, const char *why)
{
	char *text = xstrfmt("%zu %s%s", n, what, n == 1 ? "" : "s");

	if (n)
		say(c, STYLE_DIM, "removed", text, why);
	free(text);
}

static enum err lost_ones(struct cleanup *c, struct error *err)
{
	struct lost_report r = LOST_REPORT_INIT;
	enum err rc = lost_record(c->s, c->o->dry_run, &r, err);

	for (size_t i = 0; !rc && i < r.lost.n; i++)
		say(c, STYLE_BAD, "lost", r.lost.v[i],
			"decide with git strack resolve");
	for (size_t i = 0; !rc && i < r.settled.n; i++)
		say(c, STYLE_GOOD, "settled", r.settled.v[i],
			"nothing was left of its run; see git strack log");
	for (size_t i = 0; !rc && i < r.commands.n; i++)
		say(c, STYLE_BAD, "lost", r.commands.v[i],
			"a command: look at what it did");
	for (size_t i = 0; !rc && i < r.tidied.n; i++)
		say(c, STYLE_DIM, "removed", r.tidied.v[i],
			"left over by a run that is over");
	for (size_t i = 0; !rc && i < r.alive.n; i++)
		say(c, STYLE_WAIT, "running", r.alive.v[i], NULL);
	if (!rc) {
		say_removed(
			c, r.litter.locks, "lock file", "nobody holds them");
		say_removed(c, r.litter.files, "unfinished file",
			"left over by a crash");
	}
	lost_report_release(&r);
	return rc;
}

/* Somebody may follow the log of a run whose folder is there, and a batch that
 * goes on by itself holds the lock of its own. */
static bool in_use(const struct cleanup *c, const char *path, const char *name)
{
	char *run = xstrndup(name, strlen(name) - strlen(".log"));
	char *folder = rundir_path(c->s->state_dir, run, NULL);
	bool used = detach_lives(path) || !access(folder, F_OK);

	free(folder);
	free(run);
	return used;
}

static enum err old_logs(struct cleanup *c, int64_t keep, struct error *err)
{
	char *dir = path_join(c->s->state_dir, "logs");
	struct strvec names = STRVEC_INIT;
	int64_t now = clock_now_ms() / 1000;
	size_t n = 0;
	enum err rc = dir_list(dir, &names, err);

	for (size_t i = 0; !rc && i < names.n; i++) {
		char *path = path_join(dir, names.v[i]);
		struct stat st;

		if (str_ends(names.v[i], ".log") && !lstat(path, &st) &&
			S_ISREG(st.st_mode) && st.st_mtime < now - keep &&
			!in_use(c, path, names.v[i])) {
			n++;
			if (!c->o->dry_run)
				rc = file_remove(path, err);
		}
		free(path);
	}
	if (!rc)
		say_removed(c, n, "full log", "old enough");
	strvec_release(&names);
	free(dir);
	return rc;
}

static enum err parse_keep(const char *text, int64_t *ret, struct error *err)
{
	int64_t days;

	*ret = KEEP_SECONDS;
	if (!text)
		return ERR_OK;
	if (number_parse(text, &days) && days <= 36500) /* a bare number */
		*ret = days * 24 * 3600;
	else if (!duration_parse(text, ret))
		return error_set(err, ERR_USAGE,
			"cleanup: --keep-logs: '%s' is no number of days; try "
			"30d or 0",
			text);
	return ERR_OK;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	struct cleanup c = { .s = s, .o = opts };
	int64_t keep;
	enum err rc = parse_keep(c.o->keep_logs, &keep, err);

	if (!rc && (a->args->n || a->has_rest))
		rc = error_set(err, ERR_USAGE, "cleanup takes no arguments");
	if (!rc)
		rc = session_open(s, NULL, err);
	if (!rc)
		rc = c.o->dry_run ? session_ledger(s, err)
				  : session_ledger_for_writing(s, false, err);
	if (rc == ERR_NOTFOUND && !s->ledger) {
		error_reset(err);
		out_printf(&s->out, "nothing to do: there is no ledger yet\n");
		return ERR_OK;
	}
	if (!rc)
		rc = lost_ones(&c, err);
	if (!rc)
		rc = old_logs(&c, keep, err);
	if (!rc && !c.did)
		out_printf(&s->out, "nothing to do\n");
	return rc;
}

const struct command cmd_cleanup = {
	.name = "cleanup",
	.usage = "cleanup [--keep-logs <days>] [--dry-run]",
	.summary = "Record runs that were lost, trim old logs",
	.opts = options,
	.opts_size = sizeof(struct cleanup_opts),
	.run = run,
};
