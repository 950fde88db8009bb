/*
 * Stops one command of git-strack at each of its fault points (fault.c), each
 * time in a new copy of a template, lets the next plain command recover, and
 * looks at what is left.  One process instead of the fifty of a shell loop, as
 * there are thousands of points.
 *
 *	fault-points [<option>...] <fault>... -- <command>...
 *
 * A fault is kill, exit, EIO, ENOSPC, EINTR or short; with :long behind it, it
 * goes on from the Nth call.  The template is a folder that holds r, the
 * repository, and whatever its scripts made beside it: each appends a line to
 * `ran`.  lib-fault.sh says what the options are for.
 *
 * After each point:
 *  - the whole effect is there, or exit and standard error say otherwise;
 *  - what was reported as written is an entry of the ledger;
 *  - helper/ledger-audit and git fsck --strict have nothing to say;
 *  - the next command succeeds, and what it leaves is one of the ends that
 *    the scenario allows, with no file that a run without faults would not
 *    leave as well;
 *  - all entries that were there still are, and both oracles agree again.
 *
 * The audit is a function of the ledger's tip, git fsck one of what is in .git,
 * and the next command one of all files, as time and randomness are fixed: what
 * was looked at once is not looked at again, unless -A asks for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fault.h"
#include "fault-world.h"

#define REF ".git/refs/heads/strack-ledger"
#define FAILURES_MAX 5

static struct {
	const char *name, *template, *preload, *audit, *look, *count;
	const char *next;   /* the next plain command */
	const char *prefix; /* of the entries that the ends are about */
	const char *said;   /* ERE of a line that reports an entry... */
	const char *kind;   /* ...of this kind */
	const char *ends;   /* ERE of "RAN KIND..." after recovery */
	bool all, again, finish, warns;
	int first, step;
	long now;
	char **argv;
} o = { .first = 1, .step = 1, .next = "cleanup", .prefix = "" };

static struct fault_shared *shared;
static int failures;

/* The next command comes a minute later, and so with other ids. */
static void run_it(
	char *const *argv, const char *how, int at, bool later, struct ended *e)
{
	memset(shared, 0, sizeof(*shared));
	unlink("hit");
	run(argv, how, at, o.now + (later ? 60 : 0), e);
}

/* ---- what there is ---- */

struct view {
	char tip[64];
	struct text ledger; /* entries: folder, environment.kind */
	struct text files;  /* work tree, hooks: path, mode, size */
	struct text ends;   /* "RAN KIND..." */
	int ran;
};

static void view_drop(struct view *v)
{
	drop(&v->ledger);
	drop(&v->files);
	drop(&v->ends);
}

static void file_line(
	const char *path, const char *below, const struct stat *st, void *arg)
{
	(void)path;
	if ((!strncmp(below, ".git", 4) && strncmp(below, ".git/hooks", 10)) ||
		strstr(below, "/.tmp-strack-"))
		return; /* (a temporary file is no effect, but left over) */
	addf(arg, "%s %o %jd\n", below, st->st_mode,
		S_ISREG(st->st_mode) ? (intmax_t)st->st_size : 0);
}

static void read_tip(char ret[64])
{
	struct text t = { 0 };

	*ret = '\0';
	if (slurp("w/r/" REF, &t))
		snprintf(ret, 64, "%.40s", str(&t));
	drop(&t);
}

/* "DIR/SEQ.TIME.ENV.KIND.ID": its folder, and what is between TIME and ID. */
static void entry_line(struct view *v, char *path)
{
	char *slash = strrchr(path, '/'), *name, *id, *kind;
	size_t n = strlen(path);

	if (!slash || n < 20 || !strcmp(path, ".strack/ledger") ||
		!strcmp(path + n - 7, ".script") ||
		!strcmp(path + n - 4, ".log"))
		return;
	*slash = '\0';
	name = strchr(slash + 1, '.');
	name = name ? strchr(name + 1, '.') : NULL;
	id = name ? strrchr(name, '.') : NULL;
	if (!id || id == name)
		return;
	*id = '\0';
	addf(&v->ledger, "%s %s\n", path, name + 1);
	kind = strrchr(name, '.') + 1;
	if (!strncmp(path, o.prefix, strlen(o.prefix)))
		addf(&v->ends, " %s", kind);
}

static void look(struct view *v)
{
	char key[512];
	struct text t = { 0 };

	*v = (struct view){ 0 };
	read_tip(v->tip);
	if (slurp("w/ran", &t))
		for (size_t i = 0; i < t.n; i++)
			v->ran += t.p[i] == '\n';
	drop(&t);
	addf(&v->ends, "%d", v->ran);
	if (*v->tip) {
		char *copy, *save = NULL;

		snprintf(key, sizeof(key), "tree %s", v->tip);
		copy = strdup(
			str(&ask(key, "git -c core.quotePath=false "
				      "ls-tree -r --name-only strack-ledger")
					->out));
		for (char *line = strtok_r(copy, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			entry_line(v, line);
		free(copy);
	}
	walk("w/r", "", file_line, &v->files);
	if (o.look)
		shell(o.look, &v->files);
}

static bool same(const struct view *a, const struct view *b)
{
	return a->ran == b->ran && !strcmp(str(&a->ledger), str(&b->ledger)) &&
	       !strcmp(str(&a->files), str(&b->files));
}

static int count_lines(const char *s, const char *end_of_line)
{
	size_t n = strlen(end_of_line);
	int c = 0;

	for (const char *p = s; (p = strstr(p, end_of_line)); p += n)
		c += p[n] == '\n';
	return c;
}

/* ---- what may lie about ---- */

static struct text allowed; /* "\n" and each path, then "\n" */

struct leftovers {
	struct text *found;
	bool learn;
};

static void left_one(
	const char *path, const char *below, const struct stat *st, void *arg)
{
	struct leftovers *l = arg;
	struct text name = { 0 }, line = { 0 };

	(void)path;
	/* What git itself collects when it is time, and what cleanup does; and
	 * locks that are there for good (those of scripts have a dot). */
	if ((!strncmp(below, ".git/strack/locks/", 18) &&
		    !strchr(below + 18, '.')) ||
		(!strncmp(below, ".git/objects/", 13) &&
			strspn(below + 13, "0123456789abcdef") == 2) ||
		!strncmp(below, ".git/strack/logs/", 17))
		return;
	plain_name(below, &name);
	addf(&line, "\n%s%s\n", str(&name), S_ISDIR(st->st_mode) ? "/" : "");
	if (l->learn)
		add(&allowed, line.p, line.n);
	else if (!strstr(str(&allowed), line.p))
		addf(l->found, " %s", below);
	drop(&name);
	drop(&line);
}

static void leftovers(bool learn, struct text *found)
{
	struct leftovers l = { found, learn };

	walk("w/r", "", left_one, &l);
}

/* ---- the checks ---- */

static struct view before, whole; /* of the template, and without a fault */
static struct ended fine;

static char **words(const char *s)
{
	char **argv = calloc(strlen(s) + 2, sizeof(*argv));
	char *copy = strdup(s), *save = NULL;
	size_t n = 0;

	if (!argv || !copy)
		abort();
	argv[n++] = strdup("git-strack");
	for (char *w = strtok_r(copy, " ", &save); w;
		w = strtok_r(NULL, " ", &save))
		argv[n++] = strdup(w);
	free(copy);
	return argv;
}

__attribute__((format(printf, 1, 2))) static bool bad(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_sound(const struct view *v)
{
	const struct memo *m;
	char key[512], command[PATH_MAX], digest[33];

	digest_of("w/r/.git", digest_git, digest);
	snprintf(key, sizeof(key), "fsck %s", digest);
	m = ask(key, "! git fsck --strict --no-dangling --no-progress 2>&1 |"
		     " grep -v '^notice: ' | grep .");
	if (m->code)
		return bad("git fsck: %s\n", str(&m->out));
	if (!*v->tip)
		return true;
	snprintf(key, sizeof(key), "audit %s", v->tip);
	snprintf(command, sizeof(command), "%s -q", o.audit);
	m = ask(key, command);
	if (m->code)
		return bad("ledger-audit: %s\n", str(&m->out));
	return true;
}

static bool keeps(const char *old, const char *new)
{
	char key[512], command[512];

	if (!*old || !strcmp(old, new))
		return true;
	snprintf(command, sizeof(command), "git merge-base --is-ancestor %s %s",
		old, *new ? new : "none");
	snprintf(key, sizeof(key), "keeps %s %s", old, new);
	return !ask(key, command)->code ||
	       bad("the branch no longer holds %s\n", old);
}

static bool was_ended(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL
				   : WEXITSTATUS(status) == FAULT_EXIT;
}

/* Right after the fault. */
static bool check_fault(
	const char *how, const struct ended *e, const struct view *v)
{
	bool killing = !strncmp(how, "kill", 4) || !strncmp(how, "exit", 4);
	bool is_whole = same(v, &whole);
	int code = WIFEXITED(e->status) ? WEXITSTATUS(e->status) : -1;

	if (WIFSIGNALED(e->status) && !killing)
		return bad("died of signal %d\n", WTERMSIG(e->status));
	/* what it does besides may be left out, with a warning */
	if (o.warns && code == 0 &&
		matches("^git strack: warning: ", str(&e->err)))
		is_whole = true;
	if (code == 0 && WEXITSTATUS(fine.status) == 0 && !is_whole)
		return bad("exit 0, but not all of it is there\n");
	if (!(killing && was_ended(e->status)) &&
		!(is_whole && e->status == fine.status) &&
		!(code > 0 && code < 129 &&
			matches("^git strack: ", str(&e->err))))
		return bad("exit %d, and no error on stderr\n", code);
	if (v->ran > whole.ran)
		return bad("ran %d times\n", v->ran);
	if (o.said && matches(o.said, str(&e->out))) {
		char end[64];

		snprintf(end, sizeof(end), ".%s", o.kind);
		if (count_lines(str(&v->ledger), end) <
			count_lines(str(&whole.ledger), end))
			return bad("reported a %s that is not there\n", o.kind);
	}
	return is_sound(v) && keeps(before.tip, v->tip);
}

/* Nothing of it, or all (unless it is one that has many parts, and finishes
 * what it began); and the same command makes it all.  It comes at the
 * same time with the same ids, so that the ledger is the same in the end. */
static bool check_again(void)
{
	struct ended e = { 0 };
	struct view v;
	bool ok;

	look(&v);
	ok = same(&v, &whole);
	if (!ok && !o.finish && !same(&v, &before))
		bad("neither nothing nor all:\n%s%s", str(&v.ledger),
			str(&v.files));
	else if (!ok) {
		view_drop(&v);
		run_it(o.argv, NULL, 0, false, &e);
		look(&v);
		ok = (e.status == fine.status && same(&v, &whole)) ||
		     bad("again: exit status %x, not the whole effect\n"
			 "%s%s%s%s",
			     e.status, str(&e.out), str(&e.err), str(&v.ledger),
			     str(&v.files));
		ok = ok && is_sound(&v);
	}
	view_drop(&v);
	ended_drop(&e);
	return ok;
}

/* The next plain command, and what it must have put in order. */
static bool check_next(char *const *next, const struct view *after)
{
	struct ended e = { 0 };
	struct text left = { 0 };
	struct view v;
	bool ok = false;
	int code;

	run_it(next, NULL, 0, true, &e);
	code = WIFEXITED(e.status) ? WEXITSTATUS(e.status) : -1;
	look(&v);
	leftovers(false, &left);
	if (code < 0 || code > 3)
		bad("the next command fails: %d\n", code);
	else if (o.ends && !matches(o.ends, str(&v.ends)))
		bad("it ends as: %s\n", str(&v.ends));
	else if (left.n)
		bad("left:%s\n", left.p);
	else
		ok = is_sound(&v) && keeps(after->tip, v.tip);
	if (!ok)
		bad("next: %s%s", str(&e.out), str(&e.err));
	if (ok && o.again)
		ok = check_again();
	drop(&left);
	view_drop(&v);
	ended_drop(&e);
	return ok;
}

static bool check_next_once(char *const *next, const struct view *after)
{
	char key[64] = "next ", digest[33];
	struct memo *m;
	bool ok;

	if (o.all)
		return check_next(next, after);
	digest_of("w", digest_one, digest);
	strcat(key, digest);
	m = memo_find(key);
	if (m)
		return !m->code;
	ok = check_next(next, after);
	memo_add(key)->code = !ok; /* not before: others may be added */
	return ok;
}

/* ---- all points ---- */

static void failed(const char *how, int at, const struct ended *e)
{
	struct text hit = { 0 };
	char keep[64];

	slurp("hit-seen", &hit);
	fprintf(stderr, "=== %s: %s at %d: %s%s%s\n", o.name, how, at,
		str(&hit), str(&e->out), str(&e->err));
	drop(&hit);
	snprintf(keep, sizeof(keep), "failed-%s-%s-%d", o.name, how, at);
	rename("w", keep);
	failures++;
}

/* false: no such point any more. */
static bool point(const char *how, int at, char *const *next)
{
	struct ended e = { 0 };
	struct view v;
	bool hit, ok;

	new_copy(o.template);
	run_it(o.argv, how, at, false, &e);
	hit = shared->hits > 0;
	if (hit) {
		rename("hit", "hit-seen");
		look(&v);
		ok = check_fault(how, &e, &v) && check_next_once(next, &v);
		if (!ok)
			failed(how, at, &e);
		view_drop(&v);
	}
	ended_drop(&e);
	return hit;
}

/* Without a fault: what it is to be, and what may be left. */
static void learn(char *const *next)
{
	struct ended e = { 0 };

	new_copy(o.template);
	look(&before);
	leftovers(true, NULL);
	run_it(next, NULL, 0, true, &e);
	leftovers(true, NULL);
	new_copy(o.template);
	run_it(o.argv, NULL, 0, false, &fine);
	look(&whole);
	leftovers(true, NULL);
	run_it(next, NULL, 0, true, &e);
	leftovers(true, NULL);
	if (o.said && !matches(o.said, str(&fine.out)))
		bad("it does not report what it should\n");
	else if (is_sound(&whole)) {
		ended_drop(&e);
		return;
	}
	bad("%s, without a fault: %s%s", o.name, str(&fine.out),
		str(&fine.err));
	exit(1);
}

/* `first` spreads the samples of several faults. */
static void all_points(const char *how, int first, char *const *next)
{
	int at = first > o.step ? (first - 1) % o.step + 1 : first, n = 0,
	    total;

	while (failures < FAILURES_MAX && point(how, at, next)) {
		n++;
		at += o.step;
	}
	total = shared->count;
	if (!n && o.step > 1)
		n = point(how, 1, next);
	printf(o.step > 1 ? "%s %d of %d" : "%s %d", how, n, total);
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+n:t:l:x:L:N:p:s:k:e:f:S:T:AaFW")) > 0)
		switch (c) {
		case 'n':
			o.name = optarg;
			break;
		case 't':
			o.template = optarg;
			break;
		case 'l':
			o.preload = optarg;
			break;
		case 'x':
			o.audit = optarg;
			break;
		case 'L':
			o.look = optarg;
			break;
		case 'N':
			o.next = optarg;
			break;
		case 'p':
			o.prefix = optarg;
			break;
		case 's':
			o.said = optarg;
			break;
		case 'k':
			o.kind = optarg;
			break;
		case 'e':
			o.ends = optarg;
			break;
		case 'f':
			o.first = atoi(optarg);
			break;
		case 'S':
			o.step = atoi(optarg);
			break;
		case 'T':
			o.now = atol(optarg);
			break;
		case 'A':
			o.all = true;
			break;
		case 'a':
			o.again = true;
			break;
		case 'F':
			o.finish = true;
			break;
		case 'W':
			o.warns = true;
			break;
		default:
			exit(2);
		}
}

int main(int argc, char **argv)
{
	char **next;
	int faults, fd;

	options(argc, argv);
	for (faults = optind; faults < argc; faults++)
		if (!strcmp(argv[faults], "--"))
			break;
	if (faults >= argc - 1 || !o.template || !o.preload || !o.audit) {
		fputs("usage: see the file\n", stderr);
		return 2;
	}
	o.argv = argv + faults + 1;
	next = words(o.next);
	o.count = realpath(".", NULL);
	if (!o.count ||
		asprintf((char **)(uintptr_t)&o.count, "%s/count", o.count) < 0)
		fatal("count");
	fd = open("count", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*shared)))
		fatal("count");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		fd, 0);
	if (shared == MAP_FAILED)
		fatal("count");
	start_server(o.preload, o.count, o.argv);
	read_verdicts();
	learn(next);
	printf("# %s:", o.name);
	for (int i = optind; i < faults; i++) {
		printf(i > optind ? ", " : " ");
		all_points(argv[i], o.first + 7 * (i - optind), next);
	}
	printf(" points\n");
	write_verdicts();
	end_server();
	return failures || fflush(stdout) ? 1 : 0;
}
