/* What people read below a line about a script: reasons, and commands. */
#ifndef STRACK_CMD_LINES_H
#define STRACK_CMD_LINES_H

#include "strack/out.h"

/* A text of several words, indented and escaped, and on a terminal broken
 * between them where that would break it anywhere. */
void lines_wrapped(struct out *o, int indent, const char *text);
/* Commands, one a line.  Each stays in one line, so that it can be copied. */
void lines_commands(struct out *o, int indent, const char *text);

#endif
