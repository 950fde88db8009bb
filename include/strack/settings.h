/*
 * What the team decided in .strack.ini and this clone in git config, with
 * the precedence flags > variables > git config > .strack.ini > defaults.
 * The meaning of each key is strack.ini(5).
 */
#ifndef STRACK_SETTINGS_H
#define STRACK_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/buf.h"
#include "strack/database.h"
#include "strack/error.h"
#include "strack/object.h"
#include "strack/strvec.h"

struct repo;

#define SETTINGS_FILE ".strack.ini"
#define ENV_LOCAL "local"

struct runner_def {
	char *ext;             /* without the dot */
	struct strvec command; /* words; the script's path is appended */
};

struct environment_def {
	char *name;
	bool protected;
	int64_t approvals; /* 0 to 100 */
	char *after;       /* environment, or NULL */
	char *database;    /* URL without a password, `$NAME` of a variable
			    * that holds one; or NULL */
};

enum layout { LAYOUT_FLAT, LAYOUT_YEAR, LAYOUT_MONTH };

struct settings {
	char *ledger_id;     /* [ledger] id, or NULL */
	char *ledger_root;   /* [ledger] root (fingerprint), or NULL */
	struct strvec paths; /* [scripts] path: one or more folders, no final
				slash; default "scripts" */
	int64_t timeout;     /* seconds, 0 none; default 300 */
	int64_t grace;       /* seconds between TERM and KILL; default 10 */
	enum layout layout;
	bool require_rollback;      /* each script needs a rollback companion */
	struct runner_def *runners; /* built-in ones first, later wins */
	size_t nrunners, runners_cap;
	struct environment_def *envs; /* in the order of the file */
	size_t nenvs, envs_cap;
	int64_t log_keep;   /* bytes; default 64 KiB, at most 1 MiB */
	bool log_share;     /* default true */
	struct strvec mask; /* glob patterns of variable names */
	bool present;       /* there is a .strack.ini */
};

/* The built-in defaults. */
void settings_init(struct settings *s);
void settings_release(struct settings *s);
/* Parses the text of a .strack.ini over the defaults.  `name` is for messages,
 * that name file, line, section and key and what is allowed; an unknown section
 * or key is an error that offers the nearest known one. Pure. */
enum err settings_parse(struct settings *s, const char *name, const char *text,
	size_t len, struct error *err);
/* Reads .strack.ini of the work tree (of HEAD in a bare repository; absent is
 * fine). `text` (may be NULL) gets its bytes. */
enum err settings_load(struct settings *s, struct repo *r, struct buf *text,
	struct error *err);
/* Reads that of a commit instead. */
enum err settings_load_commit(struct settings *s, struct repo *r,
	const struct oid *commit, struct error *err);
const struct environment_def *settings_env(
	const struct settings *s, const char *name); /* or NULL */
/* Does it name one that is not each clone's own? */
bool settings_has_shared(const struct settings *s);
const struct runner_def *settings_runner(
	const struct settings *s, const char *ext); /* or NULL */
/* The database of an environment: what .strack.ini names, or the variable
 * DATABASE_URL, which `lookup` (getenv(3)) tells like those that it names.
 * ERR_NOTFOUND where there is none, with how to name one; ERR_BAD. */
enum err settings_database(const struct settings *s, const char *env,
	char *(*lookup)(const char *name), struct database *ret,
	struct error *err);
/* How many approvals an environment asks for; 0 where it is not named. */
int64_t settings_approvals(const struct settings *s, const char *env);

enum settings_there { SETTINGS_UNKNOWN, SETTINGS_NONE, SETTINGS_BLOB };
/* The .strack.ini of a commit of the code: its blob, none, or not to be told
 * (the commit is not here, or has a link or a folder of that name). */
enum settings_there settings_at(
	struct repo *r, const struct oid *commit, struct oid *blob);
/* Reads what a blob says; false when it is not here or can't be read by this
 * version.  `ret` is initialised. */
bool settings_of_blob(
	struct repo *r, const struct oid *blob, struct settings *ret);

/* Adds a [ledger] section with id and root to the work tree's .strack.ini
 * (created when missing), keeping every byte that is there; ERR_EXISTS when it
 * has one already with other values. */
enum err settings_write_ledger(
	struct repo *r, const char *id, const char *root, struct error *err);

/* The environment of a command: `flag` (may be NULL), else STRACK_ENV, else
 * strack.environment, else `local`.  *chosen tells whether somebody chose it.
 * A bad name is an error that says where it stands. */
enum err settings_environment(struct repo *r, const char *flag, char **ret,
	bool *chosen, struct error *err);

#endif
