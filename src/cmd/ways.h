/* The commands that get a person further, below what they are about. */
#ifndef STRACK_CMD_WAYS_H
#define STRACK_CMD_WAYS_H

#include "strack/out.h"

/* Each line of `commands` in a line of its own behind `-> `, not cut, so that
 * it can be copied. */
void ways_put(struct out *o, int indent, const char *commands);

#endif
