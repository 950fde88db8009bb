/* How a run ended, as `run`, `attach` and `cancel` say it. */
#ifndef STRACK_CMD_ENDEDTEXT_H
#define STRACK_CMD_ENDEDTEXT_H

#include "rowtext.h"

/* A word in one width with what follows it, as `run` begins its lines. */
void word_column(struct out *o, enum style style, const char *word);
/* How a run ended, in a line: "done     scripts/a.sh  1.5s".  `what` ran;
 * `ms` is negative when it is not known how long. */
void ended_line(struct out *o, enum state state, const char *what, int64_t ms,
	const struct result *r);

#endif
