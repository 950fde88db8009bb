/*
 * Databases as URLs name them, for the client programs that speak to them.
 * Pure: connects to nothing.
 *
 *   postgres://[USER[:PASSWORD]@][HOST][:PORT]/[NAME][?KEY=VALUE&...]
 *           as libpq takes it; postgresql:// too
 *   mysql://[USER[:PASSWORD]@]HOST[:PORT]/NAME[?socket=PATH]
 *           mariadb:// too
 *   sqlite:PATH
 *           sqlite:///absolute/path and sqlite://path too; a path is seen from
 *           the top of the work tree
 */
#ifndef STRACK_DATABASE_H
#define STRACK_DATABASE_H

#include <stdbool.h>
#include "strack/error.h"

enum database_kind { DATABASE_POSTGRESQL, DATABASE_SQLITE, DATABASE_MARIADB };

struct database {
	enum database_kind kind;
	char *shown;  /* the URL without its password */
	char *target; /* PostgreSQL: the same; SQLite: the path; else the name
		       */
	char *host, *port, *user, *socket; /* of MariaDB; or NULL */
	char *password;                    /* or NULL */
};

void database_init(struct database *d);
void database_release(struct database *d);
/* ERR_BAD for what is no such URL; the message does not hold the URL, which may
 * have a password where none is looked for. */
enum err database_parse(
	const char *url, struct database *ret, struct error *err);
/* The program that speaks to it. */
const char *database_client(enum database_kind kind);

#endif
