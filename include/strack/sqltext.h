/*
 * What a SQL script says, as far as it matters to whoever wraps it into one
 * transaction.  Pure.  Reads words, quotes and comments as PostgreSQL, SQLite
 * and MariaDB do; it does not know their grammar.
 */
#ifndef STRACK_SQLTEXT_H
#define STRACK_SQLTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "strack/database.h"
#include "strack/error.h"

/* What may not stand in a script: commands of the client (psql's \..., SQLite's
 * .name, and DELIMITER), and where it is one `transaction` whatever begins or
 * ends one (of MariaDB also what commits by itself).  ERR_BAD names `name`, the
 * line, and what to do; so does a quote or comment that is not closed.  *open:
 * the last statement has no semicolon. */
enum err sql_check(enum database_kind kind, bool transaction, const char *name,
	const char *text, size_t len, bool *open, struct error *err);

#endif
