/* What people read below a line about a script: reasons, and commands. */
#ifndef STRACK_CMD_LINES_H
#define STRACK_CMD_LINES_H

#include "strack/out.h"

/* A text of several words, indented and escaped, and broken between them so
 * that no line is wider than `width` columns. */
void lines_wrapped(struct out *o, int width, int indent, const char *text);
/* The width of a terminal; where it is none, nothing is ever broken or cut. */
int lines_width(const struct out *o);
/* Commands, one a line.  Each stays in one line, so that it can be copied. */
void lines_commands(struct out *o, int indent, const char *text);

#endif
