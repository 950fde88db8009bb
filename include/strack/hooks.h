/*
 * The hooks of git that call `git strack remind`, and that of a server that
 * calls `git strack verify --pre-receive`: where they are to be, what stands
 * there, putting ours there and taking it away.  A hook of somebody else's is
 * never lost and never changed.
 */
#ifndef STRACK_HOOKS_H
#define STRACK_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>
#include "strack/buf.h"
#include "strack/error.h"

struct repo;

enum hook_state {
	HOOK_MISSING,
	HOOK_INSTALLED,
	HOOK_CHAINED,  /* ours, and it calls another one first */
	HOOK_OUTDATED, /* ours, and no longer what would be installed */
	HOOK_DEAD,     /* ours, but git can't execute it */
	HOOK_EDITED,   /* was ours; somebody changed it */
	HOOK_ADDED,    /* somebody else's, or a tool's, with our line in it */
	HOOK_FOREIGN,  /* somebody else's */
};

enum hook_tool_kind { TOOL_HUSKY, TOOL_LEFTHOOK, TOOL_PRE_COMMIT };

/* A program that keeps the hooks of a repository. */
struct hook_tool {
	enum hook_tool_kind kind;
	const char *name;
	const char *snippet; /* file in hooks/ to show; NULL: our one line */
	const char *after;   /* command to type then, or NULL */
};

/* What is looked at and put somewhere together. */
enum hook_side { HOOKS_CLONE, HOOKS_SERVER };

struct hook {
	const char *name;
	const char *option; /* of `git strack hooks`, " --server" or "" */
	char *path;         /* where git looks for it */
	char *aside; /* where one of somebody else's goes when it is chained */
	char *line;  /* the one line that calls us; NULL: not read */
	char *in;    /* the file that a person adds to, or that has it */
	enum hook_state state;
	bool calls;       /* edited or foreign: our line is in it */
	bool asleep;      /* git can't execute it */
	bool chainable;   /* a file or a link, not a folder or a device */
	bool aside_there; /* something is at `aside` */
	bool half;        /* the very file that is at `path`, too: chaining
			     was cut short before ours was there */
	dev_t dev;        /* of what is at `path` */
	ino_t ino;
};

#define HOOK_NR 3 /* at most */

struct hooks {
	struct repo *repo; /* not ours */
	char *dir;         /* absolute */
	bool outside;      /* of the repository: nothing is written there */
	const struct hook_tool *tool; /* NULL: none */
	char *tool_file;              /* its own file, absolute; or NULL */
	enum hook_side side;
	const char *option; /* as in struct hook */
	struct hook v[HOOK_NR];
	size_t n;
};

/* Zeroed is empty. */
void hooks_release(struct hooks *h);

/* Looks at what is in `dir` (NULL: where git looks for hooks).  With `lines`
 * the program's own files are read, to know what is outdated. */
enum err hooks_look(struct repo *r, enum hook_side side, const char *dir,
	bool lines, struct hooks *ret, struct error *err);

/* The folder that git uses where core.hooksPath is not set. */
char *hooks_own_dir(struct repo *r);

/* Puts ours where it is missing, outdated or dead, and with `chain` also where
 * somebody else's stands, which is set aside and called by ours.  Whatever else
 * is there stays as it is: the state afterwards tells.  ERR_HELD where chaining
 * can't be done. */
enum err hook_put(
	struct hooks *h, struct hook *k, bool chain, struct error *err);

enum hook_taken {
	HOOK_NOTHING,  /* there was nothing of ours */
	HOOK_REMOVED,  /* ours is gone */
	HOOK_RESTORED, /* the same, and what it called is back in its place */
	HOOK_LEFT,     /* something of ours is left for a person to decide */
};
enum err hook_take(struct hook *k, enum hook_taken *ret, struct error *err);

/* Is it as a person would have it: called by git, and calling us? */
bool hook_works(const struct hook *k);

#endif
