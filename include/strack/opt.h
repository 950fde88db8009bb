/* Table-driven command-line options, GNU style: -m x, -mx, --message x,
 * --message=x, unambiguous prefixes of long ones, `--` ends them. */
#ifndef STRACK_OPT_H
#define STRACK_OPT_H

#include <stddef.h>
#include "strack/error.h"
#include "strack/out.h"
#include "strack/strvec.h"

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_STRING, /* const char * (into argv) */
	OPT_LIST,   /* struct strvec */
	OPT_NUMBER, /* int64_t, 0 or more */
	OPT_END
};

struct opt {
	char letter; /* or 0 */
	const char *name;
	enum opt_kind kind;
	size_t at;       /* offsetof in the command's options */
	const char *arg; /* "<env>" */
	const char *help;
};

/* Fills `values` (zeroed by the caller).  What is no option goes to `args`,
 * what stands behind `--` to `rest`.  ERR_USAGE names the option and offers
 * the nearest one. */
enum err opt_parse(const struct opt *table, int argc, char **argv, void *values,
	struct strvec *args, struct strvec *rest, bool *has_rest,
	struct error *err);
void opt_help(const struct opt *table, struct out *o);
/* Frees what OPT_LIST collected. */
void opt_release(const struct opt *table, void *values);

#endif
