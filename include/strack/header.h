/*
 * The `strack:` comment lines of a script.  Pure.  Grammar and keys are
 * section 2 of the design and strack-script(7).
 */
#ifndef STRACK_HEADER_H
#define STRACK_HEADER_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/error.h"
#include "strack/param.h"
#include "strack/strvec.h"

#define HEADER_LINES 64

struct header {
	char *description;          /* or NULL */
	int64_t timeout;            /* seconds, 0 no limit, -1 not said */
	struct strvec environments; /* empty: any */
	struct strvec requires;
	struct strvec tags;
	bool rollback_on_failure;
	bool idempotent;
	bool no_transaction; /* of SQL: it sees to that itself */
	int64_t retries;     /* of a run that failed, by itself; 0 to 20 */
	int64_t retry_delay; /* seconds before each; 0 to a day */
	struct paramvec params;
};

void header_init(struct header *h);
void header_release(struct header *h);
/* Reads the first HEADER_LINES lines of `text`.  `name` (the script's path) is
 * for messages: "NAME: timeout: '5x' is not a duration (line 4); try ...".
 * Unknown key (nearest offered), key twice, bad value: ERR_BAD. */
enum err header_parse(const char *name, const char *text, size_t len,
	struct header *ret, struct error *err);
/* The same, and on ERR_BAD *line gets the number of the line that is at fault.
 */
enum err header_parse_line(const char *name, const char *text, size_t len,
	struct header *ret, int *line, struct error *err);

#endif
