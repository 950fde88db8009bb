/* Private to `check`: what it looks at, and what it finds. */
#ifndef STRACK_CMD_CHECK_H
#define STRACK_CMD_CHECK_H

#include "strack/header.h"
#include "strack/session.h"
#include "strack/strmap.h"
#include "strack/treefiles.h"

struct finding {
	char *script;
	const char *check; /* one word; the words are an interface */
	char *env;         /* or NULL */
	int line;          /* of the script, or 0 */
	char *message;     /* not escaped, without the script */
	size_t order;      /* in which it was found */
};

/* A script of the commit, read. */
struct checked {
	const struct tree_file *file;
	struct header header;
	bool header_ok;
	struct strvec needs; /* environments where it must be settled */
};

struct check {
	struct session *s;        /* its ledger may be NULL */
	struct settings settings; /* of the commit */
	struct oid commit;
	struct treefiles files;
	struct checked *v; /* one for each script, in plan order */
	size_t n;
	bool has_base;
	struct oid base;
	struct treefiles before; /* the files of the base */
	int64_t now_ms;
	struct finding *found;
	size_t nfound, found_cap;
};

/* `env` may be NULL, `line` 0. */
void check_add(struct check *c, const char *script, const char *check,
	const char *env, int line, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Is it settled there, by entries that count?  The row (or NULL) and its state
 * come along. */
bool check_settled(const struct check *c, const char *script, const char *env,
	const struct state_row **row, enum state *state);
/* Wherever it must be? */
bool check_is_over(const struct check *c, const struct checked *sc);

/* checkfiles.c: reads the scripts, and judges headers and how they start. */
enum err check_files(struct check *c, struct error *err);
/* checknames.c: names, collisions, companions, requirements. */
enum err check_names(struct check *c, struct error *err);
/* checkledger.c: against the base and the ledger, which is there. */
enum err check_ledger(struct check *c, struct error *err);

#endif
