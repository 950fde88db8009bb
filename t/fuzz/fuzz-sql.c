/*
 * SQL scripts, for each of the clients, and URLs of databases.
 */
#include "fuzz.h"

#include "strack/sqltext.h"

#define BEHIND "\n;\nCOMMIT;"

/* What is accepted leaves nothing open, so that what comes behind it is read as
 * what it is: the COMMIT that is ours.  (SQLite takes a comment that is open at
 * the end.) */
static void check_behind(enum database_kind kind, const char *text, size_t size)
{
	size_t len = size + strlen(BEHIND);
	char *longer = xcalloc(1, len + 1);
	bool open;

	memcpy(longer, text, size);
	memcpy(longer + size, BEHIND, strlen(BEHIND));
	if (!sql_check(kind, true, "x.sql", longer, len, &open, NULL))
		MUST(kind == DATABASE_SQLITE && strstr(text, "/*"));
	free(longer);
}

static void check_url(const char *text)
{
	struct error err = ERROR_INIT;
	struct database d;
	enum err rc;

	database_init(&d);
	rc = database_parse(text, &d, &err);
	if (rc) {
		fuzz_error(rc, &err);
	} else {
		MUST(d.shown && d.target && *d.target);
		MUST(!d.password || !strstr(d.password, "\n"));
		error_release(&err);
	}
	database_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum database_kind kinds[] = { DATABASE_POSTGRESQL,
		DATABASE_SQLITE, DATABASE_MARIADB };
	char *text = fuzz_text(data, size);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct error err = ERROR_INIT;
		bool open = false;
		enum err rc = sql_check(
			kinds[i], true, "x.sql", text, size, &open, &err);

		if (rc) {
			MUST(rc == ERR_BAD);
			MUST(str_starts(err.text.ptr, "x.sql: "));
			fuzz_error(rc, &err);
			continue;
		}
		error_release(&err);
		check_behind(kinds[i], text, size);
		/* what may stand in a transaction may stand outside of one */
		MUST(!sql_check(
			kinds[i], false, "x.sql", text, size, &open, NULL));
	}
	check_url(text);
	free(text);
	return 0;
}
