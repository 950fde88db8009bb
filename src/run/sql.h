/*
 * SQL scripts: how a database's own client is made to run one as a single
 * transaction that also leaves a row in the table strack_runs, and how the
 * database is asked afterwards whether it did.  Private to src/run.
 */
#ifndef STRACK_RUN_SQL_H
#define STRACK_RUN_SQL_H

#include "strack/database.h"
#include "job.h"

/* sql.c: the database of the session's environment; a SQLite file is there, and
 * the client is installed. */
enum err sql_database(
	struct session *s, struct database *ret, struct error *err);
/* sql.c: the client and what it reads, in the folder of the run. */
enum err sql_program(struct job *j, const struct script *file, enum part part,
	struct program *ret, struct error *err);

/* sqlwrap.c: what the client reads around the script, which stands in `text`
 * and whose last statement is `open`. */
struct sql_wrap {
	const struct database *db;
	enum part part;
	bool transaction, open;
	const char *run, *script, *blob, *env; /* of its row */
	const struct strvec *params;           /* NAME=VALUE, or NULL */
	const char *file;  /* the script, from the top of the work tree */
	const char *began; /* file that is made once there is a connection */
	const struct buf *text;
};
void sql_wrap(const struct sql_wrap *w, struct buf *ret);
/* It goes when the transaction of a script ends before the script does. */
#define SQL_SAVEPOINT "strack_whole"

/* sqlclient.c: the words that start the client, to read `file` (NULL: its
 * standard input), and its variables. */
void sql_client(const struct database *db, const char *file, bool quiet,
	struct program *ret);
/* A text in quotes as the database reads it; and in double quotes as a command
 * of the client does. */
void sql_quote(enum database_kind kind, const char *text, struct buf *ret);
void sql_quote_word(enum database_kind kind, const char *text, struct buf *ret);
/* The lock that lives as long as the transaction of a run does. */
void sql_lock(enum database_kind kind, const char *run, struct buf *ret);

/* sqlask.c: is the row of a run there?  Waits for a transaction of it that is
 * not over yet.  `why` gets what kept it from being told. */
enum sql_answer {
	SQL_UNKNOWN,
	SQL_ABSENT,
	SQL_HALF, /* it begins and does not end: the script committed by itself
		   */
	SQL_PRESENT,
};
enum sql_answer sql_ask(const struct session *s, const struct database *db,
	const char *run, struct buf *why);

/* What stands in the folder of a run that is SQL. */
struct sql_note {
	char *identity; /* of its database, see sql_identity */
	char *shown;
	bool transaction;
};
void sql_note_release(struct sql_note *n);
/* What names the database: its URL, and the variables that its client takes the
 * rest from. */
void sql_identity(const struct database *db, struct buf *ret);
bool sql_note_read(
	const struct session *s, const char *run, struct sql_note *ret);

#endif
