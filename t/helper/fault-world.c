/* fault-world.h says what for. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fault-world.h"

_Noreturn void fatal(const char *what)
{
	fprintf(stderr, "fault-points: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- text ---- */

void add(struct text *t, const void *p, size_t n)
{
	char *grown = realloc(t->p, t->n + n + 1);

	if (!grown)
		abort();
	t->p = grown;
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

__attribute__((format(printf, 2, 3))) void addf(
	struct text *t, const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	add(t, s, strlen(s));
	free(s);
}

const char *str(const struct text *t)
{
	return t->p ? t->p : "";
}

void drop(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}

bool slurp(const char *path, struct text *ret)
{
	char part[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	while ((n = read(fd, part, sizeof(part))) > 0)
		add(ret, part, (size_t)n);
	close(fd);
	return n == 0;
}

bool matches(const char *pattern, const char *s)
{
	regex_t re;
	bool yes;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		fatal(pattern);
	yes = !regexec(&re, s, 0, NULL, 0);
	regfree(&re);
	return yes;
}

/* ---- trees of files ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All below `top`, folders before what is in them. */
void walk(const char *top, const char *below, visit *f, void *arg)
{
	char dir[PATH_MAX];
	struct dirent **list;
	int n;

	snprintf(dir, sizeof(dir), "%s/%s", top, below);
	n = scandir(dir, &list, NULL, by_name);
	if (n < 0)
		fatal(dir);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		char path[PATH_MAX], under[PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s%s", dir, *below ? "/" : "",
			name);
		snprintf(under, sizeof(under), "%s%s%s", below,
			*below ? "/" : "", name);
		if (strcmp(name, ".") && strcmp(name, "..")) {
			if (lstat(path, &st))
				fatal(path);
			f(path, under, &st, arg);
			if (S_ISDIR(st.st_mode))
				walk(top, under, f, arg);
		}
		free(list[i]);
	}
	free(list);
}

static void copy_file(const char *from, const char *to, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char part[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		fatal(to);
	while ((n = read(in, part, sizeof(part))) > 0)
		if (write(out, part, (size_t)n) != n)
			fatal(to);
	if (n < 0 || fchmod(out, st->st_mode & 07777) || futimens(out, times))
		fatal(to);
	close(in);
	close(out);
}

static void copy_one(
	const char *path, const char *below, const struct stat *st, void *arg)
{
	char to[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(to, sizeof(to), "%s/%s", (const char *)arg, below);
	if (S_ISDIR(st->st_mode)) {
		if (mkdir(to, st->st_mode & 07777))
			fatal(to);
	} else if (S_ISLNK(st->st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (symlink(target, to))
			fatal(to);
	} else if (S_ISREG(st->st_mode)) {
		copy_file(path, to, st);
	}
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		char below[PATH_MAX];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (unlink(below)) {
			chmod(below, 0700);
			remove_tree(below);
		}
	}
	closedir(d);
	if (rmdir(path))
		fatal(path);
}

void new_copy(const char *from)
{
	remove_tree("w");
	if (mkdir("w", 0700))
		fatal("w");
	walk(from, "", copy_one, (void *)(uintptr_t) "w");
}

/* Two FNV-1a sums: against chance, not against anybody. */
struct digest {
	uint64_t a, b;
};

static void mix(struct digest *d, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++) {
		d->a = (d->a ^ s[i]) * UINT64_C(0x100000001b3);
		d->b = (d->b ^ s[i]) * UINT64_C(0x9e3779b97f4a7c15);
		d->b ^= d->b >> 29;
	}
}

/* Whatever is by chance: ids of runs, of processes, temporary names. */
void plain_name(const char *path, struct text *ret)
{
	const char *const temp[] = { ".tmp-", "_git2_", "/cache/ledger." };

	for (const char *p = path; *p;) {
		size_t ulid = strspn(p, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
		size_t hex = strspn(p, "0123456789abcdef");
		bool done = false;

		for (size_t i = 0; i < 3 && !done; i++) {
			size_t n = strlen(temp[i]);

			if (strncmp(p, temp[i], n))
				continue;
			add(ret, p, n);
			add(ret, "#", 1);
			p += n + strcspn(p + n, "/");
			done = true;
		}
		if (done)
			continue;
		if (ulid == 26 || hex >= 16) {
			add(ret, "#", 1);
			p += ulid == 26 ? ulid : hex;
		} else {
			add(ret, p++, 1);
		}
	}
}

static void mix_file(const char *path, const char *below, struct digest *d)
{
	struct text text = { 0 };

	if (!slurp(path, &text))
		fatal(path);
	if (strstr(below, "gc.pid") || strstr(below, "gc.new"))
		for (size_t i = 0; i < text.n; i++)
			if (text.p[i] >= '0' && text.p[i] <= '9')
				text.p[i] = '#'; /* of one that is dead */
	mix(d, text.p, text.n);
	drop(&text);
}

void digest_one(
	const char *path, const char *below, const struct stat *st, void *arg)
{
	struct digest *d = arg;
	struct text name = { 0 };

	plain_name(below, &name);
	mix(d, name.p, name.n + 1);
	mix(d, &st->st_mode, sizeof(st->st_mode));
	if (S_ISREG(st->st_mode))
		mix_file(path, below, d);
	drop(&name);
}

/* git fsck does not look into our folder. */
void digest_git(
	const char *path, const char *below, const struct stat *st, void *arg)
{
	if (strcmp(below, "strack") && strncmp(below, "strack/", 7))
		digest_one(path, below, st, arg);
}

void digest_of(const char *top, visit *f, char ret[33])
{
	struct digest d = { UINT64_C(0xcbf29ce484222325), 1 };

	walk(top, "", f, &d);
	snprintf(ret, 33, "%016llx%016llx", (unsigned long long)d.a,
		(unsigned long long)d.b);
}

/* ---- what was looked at once ---- */

static struct memo *memos;
static size_t memo_n;

struct memo *memo_find(const char *key)
{
	for (size_t i = 0; i < memo_n; i++)
		if (!strcmp(memos[i].key, key))
			return &memos[i];
	return NULL;
}

struct memo *memo_add(const char *key)
{
	memos = realloc(memos, (memo_n + 1) * sizeof(*memos));
	if (!memos)
		abort();
	memos[memo_n] = (struct memo){ .key = strdup(key) };
	return &memos[memo_n++];
}

/* A shell's command in w/r, standard error with its output. */
int shell(const char *command, struct text *out)
{
	char line[8192], part[4096];
	size_t n;
	FILE *f;

	snprintf(line, sizeof(line), "cd w/r && { %s; } 2>&1", command);
	f = popen(line, "re");
	if (!f)
		fatal(command);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		add(out, part, n);
	return pclose(f);
}

const struct memo *ask(const char *key, const char *command)
{
	struct memo *m = memo_find(key);

	if (m)
		return m;
	m = memo_add(key);
	m->code = shell(command, &m->out);
	return m;
}

/* What is known of a tip goes on to the next scenario. */
void read_verdicts(void)
{
	struct text t = { 0 };
	char *save = NULL;

	if (slurp("sound", &t))
		for (char *line = strtok_r(t.p, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			memo_add(line);
	drop(&t);
}

void write_verdicts(void)
{
	FILE *f = fopen("sound", "we");

	for (size_t i = 0; f && i < memo_n; i++)
		if (!memos[i].code &&
			(!strncmp(memos[i].key, "audit ", 6) ||
				!strncmp(memos[i].key, "fsck ", 5)))
			fprintf(f, "%s\n", memos[i].key);
	if (!f || fclose(f))
		fatal("sound");
}
