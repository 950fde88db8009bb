/*
 * What fault-points.c needs of the world: text, trees of files, a shell, and
 * what was asked of it once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct text {
	char *p;
	size_t n;
};

struct memo {
	char *key;
	int code;
	struct text out;
};

typedef void visit(
	const char *path, const char *below, const struct stat *st, void *arg);

/* ---- text ---- */

_Noreturn void fatal(const char *what);
void add(struct text *t, const void *p, size_t n);
__attribute__((format(printf, 2, 3))) void addf(
	struct text *t, const char *fmt, ...);
const char *str(const struct text *t);
void drop(struct text *t);
bool slurp(const char *path, struct text *ret);
/* Has it a line that matches the ERE? */
bool matches(const char *pattern, const char *s);

/* ---- trees of files ---- */

void walk(const char *top, const char *below, visit *f, void *arg);
/* Of a template, as w. */
void new_copy(const char *from);
/* Whatever is by chance becomes #. */
void plain_name(const char *path, struct text *ret);
/* Of all that the visitor adds: one of these two. */
void digest_of(const char *top, visit *f, char ret[33]);
visit digest_one, digest_git;

/* ---- what was asked once ---- */

struct memo *memo_find(const char *key);
struct memo *memo_add(const char *key);
/* A shell's command in w/r, standard error with its output. */
int shell(const char *command, struct text *out);
const struct memo *ask(const char *key, const char *command);
void read_verdicts(void);
void write_verdicts(void);

/* ---- the program (fault-client.c) ---- */

struct ended {
	int status;
	struct text out, err;
};

void ended_drop(struct ended *e);
void start_server(const char *preload, const char *count, char *const *argv);
/* Until all that it started is gone; `how` NULL: no fault. */
void run(char *const *argv, const char *how, int at, long now, struct ended *e);
void end_server(void);
