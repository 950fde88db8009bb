/* The clients of databases: how each is started, and how it reads quotes. */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_SECONDS "10"

static void push_option(
	struct strvec *argv, const char *name, const char *value)
{
	if (value)
		strvec_pushf(argv, "--%s=%s", name, value);
}

static void push_variable(
	struct strvec *env, const char *name, const char *value)
{
	if (value)
		strvec_pushf(env, "%s=%s", name, value);
}

static void psql(const struct database *db, const char *file, bool quiet,
	struct program *ret)
{
	strvec_push(&ret->argv, "psql");
	strvec_push(&ret->argv, "-X"); /* no ~/.psqlrc */
	strvec_push(&ret->argv, "-w"); /* nobody is there to be asked */
	if (quiet)
		strvec_push(&ret->argv, "-qAt");
	strvec_push(&ret->argv, "-v");
	strvec_push(&ret->argv, "ON_ERROR_STOP=1");
	if (file) {
		strvec_push(&ret->argv, "-f");
		strvec_push(&ret->argv, file);
	}
	strvec_push(&ret->argv, db->target);
	push_variable(&ret->env, "PGPASSWORD", db->password);
	if (!getenv("PGCONNECT_TIMEOUT"))
		push_variable(&ret->env, "PGCONNECT_TIMEOUT", CONNECT_SECONDS);
	if (!getenv("PGAPPNAME"))
		push_variable(&ret->env, "PGAPPNAME", "git-strack");
}

static void sqlite3(const struct database *db, const char *file, bool quiet,
	struct program *ret)
{
	struct buf read = BUF_INIT;

	(void)quiet;
	strvec_push(&ret->argv, "sqlite3");
	strvec_push(&ret->argv, "-batch");
	strvec_push(&ret->argv, "-bail");
	strvec_push(&ret->argv, "-init"); /* no ~/.sqliterc */
	strvec_push(&ret->argv, "/dev/null");
	strvec_push(&ret->argv, db->target);
	if (file) {
		buf_adds(&read, ".read ");
		sql_quote_word(DATABASE_SQLITE, file, &read);
		strvec_push(&ret->argv, read.ptr);
	}
	buf_release(&read);
}

/* Its own option files may have a password that would win over ours.  One that
 * connects anew in the middle of a transaction would go on outside of it.
 * --binary-mode leaves it no commands of its own. */
static void mariadb(const struct database *db, const char *file, bool quiet,
	struct program *ret)
{
	strvec_push(&ret->argv, "mariadb");
	if (db->password)
		strvec_push(&ret->argv, "--no-defaults");
	strvec_push(&ret->argv, "--batch");
	if (quiet)
		strvec_push(&ret->argv, "--skip-column-names");
	strvec_push(&ret->argv, "--binary-mode");
	strvec_push(&ret->argv, "--skip-reconnect");
	strvec_push(&ret->argv, "--skip-force");
	strvec_push(&ret->argv, "--connect-timeout=" CONNECT_SECONDS);
	push_option(&ret->argv, "host", db->host);
	push_option(&ret->argv, "port", db->port);
	push_option(&ret->argv, "socket", db->socket);
	push_option(&ret->argv, "user", db->user);
	push_option(&ret->argv, "database", db->target);
	push_variable(&ret->env, "MYSQL_PWD", db->password);
	if (file)
		ret->input = xstrdup(file);
}

void sql_client(const struct database *db, const char *file, bool quiet,
	struct program *ret)
{
	switch (db->kind) {
	case DATABASE_POSTGRESQL:
		psql(db, file, quiet, ret);
		return;
	case DATABASE_SQLITE:
		sqlite3(db, file, quiet, ret);
		return;
	case DATABASE_MARIADB:
		mariadb(db, file, quiet, ret);
		return;
	}
}

/* ---- quotes ---- */

void sql_quote(enum database_kind kind, const char *text, struct buf *ret)
{
	/* What a backslash is to MariaDB depends on its sql_mode. */
	if (kind == DATABASE_MARIADB) {
		buf_adds(ret, "CONVERT(X'");
		hex_encode(ret, (const unsigned char *)text, strlen(text));
		buf_adds(ret, "' USING utf8mb4)");
		return;
	}
	buf_adds(ret, kind == DATABASE_POSTGRESQL ? "E'" : "'");
	for (; *text; text++) {
		if (*text == '\'' ||
			(*text == '\\' && kind == DATABASE_POSTGRESQL))
			buf_addch(ret, *text);
		buf_addch(ret, *text);
	}
	buf_addch(ret, '\'');
}

/* psql takes the escapes of C in single quotes, SQLite's shell in double ones.
 */
void sql_quote_word(enum database_kind kind, const char *text, struct buf *ret)
{
	char quote = kind == DATABASE_SQLITE ? '"' : '\'';

	buf_addch(ret, quote);
	for (; *text; text++) {
		if (*text == '\n') {
			buf_adds(ret, "\\n");
			continue;
		}
		if (*text == quote || *text == '\\')
			buf_addch(ret, '\\');
		buf_addch(ret, *text);
	}
	buf_addch(ret, quote);
}

void sql_lock(enum database_kind kind, const char *run, struct buf *ret)
{
	switch (kind) {
	case DATABASE_POSTGRESQL:
		buf_addf(ret,
			"('x' || substr(md5('git-strack %s'), 1, "
			"16))::bit(64)::bigint",
			run);
		return;
	case DATABASE_MARIADB:
		buf_addf(ret, "'git-strack %s'", run);
		return;
	case DATABASE_SQLITE: /* whose locks go with the process */
		return;
	}
}
