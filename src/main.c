/*
 * Finds the command, runs it, reports its error, maps the exit status.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "strack/cmd.h"
#include "strack/process.h"
#include "strack/text.h"

enum exit_status {
	EXIT_FINE = 0,
	EXIT_NO = 1,
	EXIT_HELD = 3,
	EXIT_FATAL = 128,
	EXIT_USAGE = 129,
};

static int exit_status(enum err rc)
{
	switch (rc) {
	case ERR_OK:
		return EXIT_FINE;
	case ERR_NO:
		return EXIT_NO;
	case ERR_HELD:
		return EXIT_HELD;
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_FATAL:
	case ERR_NOTFOUND:
	case ERR_EXISTS:
	case ERR_MOVED:
	case ERR_TOOBIG:
	case ERR_BAD:
		break;
	}
	return EXIT_FATAL;
}

/* Lines may hold names of files and entries: nothing passes raw. */
static void print_lines(struct out *o, const char *first, const char *more,
	const struct buf *text)
{
	struct buf safe = BUF_INIT;
	const char *p;

	out_escape(&safe, text->ptr, text->len, "\n");
	p = safe.ptr;
	for (const char *lead = first; *p; lead = more) {
		size_t n = strcspn(p, "\n");

		out_printf(o, "%s%.*s\n", lead, (int)n, p);
		p += n + (p[n] == '\n');
	}
	buf_release(&safe);
}

static void report(const struct error *err)
{
	struct out o;

	out_init(&o, stderr, 0);
	if (err->text.len)
		print_lines(&o, "git strack: ", "  ", &err->text);
	if (err->hint.len)
		print_lines(&o, "hint: ", "hint: ", &err->hint);
	out_finish(&o, NULL);
}

static void print_usage(const struct command *c, struct out *o)
{
	const char *p = c->usage;

	for (const char *lead = "usage: "; *p; lead = "   or: ") {
		size_t n = strcspn(p, "\n");

		out_printf(o, "%sgit strack %.*s\n", lead, (int)n, p);
		p += n + (p[n] == '\n');
	}
}

static void print_command_help(const struct command *c, struct out *o)
{
	print_usage(c, o);
	out_printf(o, "\n%s\n\n", c->summary);
	opt_help(c->opts, o);
	out_printf(o, "\nsee also: git strack %s --help\n", c->name);
}

static void print_help(struct out *o)
{
	const struct command *c;

	out_printf(o,
		"usage: git strack <command> [<options>] [<args>]\n\n"
		"Runs one-off scripts once per environment and records them "
		"on a signed ledger.\n\n");
	for (size_t i = 0; (c = cmd_at(i)); i++)
		out_printf(o, "    %-10s%s\n", c->name, c->summary);
	out_printf(o, "\n`git strack <command> -h` lists its options, "
		      "`git strack <command> --help`\nopens its manual page; "
		      "`git strack --version` tells the version.\n");
}

/* `git strack X --help` comes to us: git knows only manual pages of its own
 * first word. */
static enum err open_manual(const char *command, struct error *err)
{
	char *page = *command ? xstrfmt("git-strack-%s", command)
			      : xstrdup("git-strack");
	const char *argv[] = { "man", "--", page, NULL };
	int status = 0;
	enum err rc;

	rc = process_foreground(argv, &status, err);
	if (!rc && status)
		rc = error_set(err, ERR_FATAL, "man %s failed", page);
	free(page);
	return rc;
}

static enum err unknown_command(const char *name, struct error *err)
{
	const struct command *c, *best = NULL;
	struct buf shown = BUF_INIT;
	int distance = 4;

	for (size_t i = 0; (c = cmd_at(i)); i++) {
		int d = text_distance(c->name, name);

		if (d < distance) {
			distance = d;
			best = c;
		}
	}
	if (best)
		error_hint(err, "did you mean `git strack %s`?", best->name);
	error_hint(err, "git strack -h lists the commands");
	out_escape(&shown, name, strlen(name), "");
	error_set(err, ERR_USAGE, "'%s' is no command", shown.ptr);
	buf_release(&shown);
	return ERR_USAGE;
}

static bool wants(int argc, char **argv, const char *a, const char *b)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strcmp(argv[i], a) || (b && !strcmp(argv[i], b)))
			return true;
	}
	return false;
}

/* --no-color belongs to every command and is taken out here. */
static int take_no_color(int *argc, char **argv)
{
	int color = -1, kept = 0;
	bool ended = false;

	for (int i = 0; i < *argc; i++) {
		ended = ended || !strcmp(argv[i], "--");
		if (!ended && !strcmp(argv[i], "--no-color"))
			color = 0;
		else
			argv[kept++] = argv[i];
	}
	*argc = kept;
	return color;
}

static enum err run_command(
	const struct command *c, int argc, char **argv, struct error *err)
{
	struct strvec args = STRVEC_INIT, rest = STRVEC_INIT;
	struct cmd_args a = { &args, &rest, false };
	int color = take_no_color(&argc, argv);
	void *opts = xcalloc(1, c->opts_size ? c->opts_size : 1);
	struct session s;
	struct error late = ERROR_INIT;
	enum err rc, rc2;

	session_init(&s, color);
	if (wants(argc, argv, "-h", NULL)) {
		print_command_help(c, &s.out);
		rc = ERR_OK;
	} else if (wants(argc, argv, "--help", NULL)) {
		rc = open_manual(c->name, err);
	} else {
		rc = opt_parse(c->opts, argc, argv, opts, &args, &rest,
			&a.has_rest, err);
		if (!rc)
			rc = c->run(&s, opts, &a, err);
		session_tell_unsent(&s);
		if (rc == ERR_USAGE)
			print_usage(c, &s.msg);
	}
	session_release(&s);
	rc2 = out_finish(&s.out, &late);
	if (rc2 && !rc) {
		rc = rc2;
		error_release(err);
		*err = late;
		late = (struct error)ERROR_INIT; /* transferred */
	}
	error_release(&late);
	opt_release(c->opts, opts);
	free(opts);
	strvec_release(&args);
	strvec_release(&rest);
	return rc;
}

static enum err dispatch(int argc, char **argv, struct error *err)
{
	const struct command *c;
	struct out o;

	out_init(&o, stdout, 0);
	if (argc < 2) {
		out_init(&o, stderr, 0);
		print_help(&o);
		return ERR_USAGE;
	}
	if (!strcmp(argv[1], "-h") || (!strcmp(argv[1], "help") && argc == 2)) {
		print_help(&o);
		return out_finish(&o, err);
	}
	if (!strcmp(argv[1], "--help"))
		return open_manual("", err);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		out_printf(&o, "git-strack %s\n", STRACK_VERSION);
		return out_finish(&o, err);
	}
	c = cmd_find(!strcmp(argv[1], "help") ? argv[2] : argv[1]);
	if (!c)
		return unknown_command(
			!strcmp(argv[1], "help") ? argv[2] : argv[1], err);
	if (!strcmp(argv[1], "help"))
		return open_manual(c->name, err);
	return run_command(c, argc - 2, argv + 2, err);
}

/* A program started with 0, 1 or 2 closed would write its messages into the
 * first file that it opens. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	enum err rc;

	open_standard_files();
	/* Writes say EPIPE and EFBIG, and that is handled. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	rc = dispatch(argc, argv, &err);
	if (rc || err.text.len)
		report(&err);
	error_release(&err);
	return exit_status(rc);
}
