/* What hooks of ours are made of. */
#ifndef STRACK_CORE_HOOKPUT_H
#define STRACK_CORE_HOOKPUT_H

#include "strack/hooks.h"

#define HOOK_MAX (1 << 20) /* bytes: no larger one is read */

/* The line that calls us, from the stub of that hook. */
enum err hook_line(const char *name, char **ret, struct error *err);
/* What is to stand at the hook's path. */
enum err hook_wanted(
	const struct hook *k, bool chained, struct buf *ret, struct error *err);

#endif
