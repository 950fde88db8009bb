/* Private to `show`: one run, with all entries that are about it. */
#ifndef STRACK_CMD_SHOW_H
#define STRACK_CMD_SHOW_H

#include "find.h"

struct shown {
	struct session *s;
	struct found found;
	struct ledger_entryvec all; /* of the folder, oldest first */
	struct ledger_entry **v;    /* those that are about the run, loaded */
	size_t n, cap;
	struct ledger_entry *claim;   /* what opened it, or NULL */
	struct ledger_entry *outcome; /* the last that closed it, or NULL */
};

void show_run(struct shown *sh);

/* All of the output: the full log of this clone, else what the ledger keeps.
 * ERR_NOTFOUND. */
enum err show_output(struct shown *sh, struct error *err);
/* Its last lines, with a heading; nothing when there is none. */
void show_tail(struct shown *sh);

#endif
