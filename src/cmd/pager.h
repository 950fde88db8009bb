/* The pager, as git chooses it: GIT_PAGER, core.pager, PAGER, less. */
#ifndef STRACK_CMD_PAGER_H
#define STRACK_CMD_PAGER_H

#include <sys/types.h>

#include "strack/session.h"

struct pager {
	pid_t pid;   /* 0: none */
	int old_out; /* what standard output was */
};
#define PAGER_INIT                                                             \
	{                                                                      \
		0, -1                                                          \
	}

/* From here on standard output goes to the pager, when it is a terminal and
 * there is one.  Without one everything goes on as it is. */
void pager_start(struct pager *p, struct session *s);
/* Waits for the pager and puts standard output back.  To leave the pager
 * before the end is no error.  Safe when there is none. */
void pager_finish(struct pager *p, struct session *s);

#endif
