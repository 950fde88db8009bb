/* Programs that keep the hooks of a repository, and how they are known. */
#ifndef STRACK_CORE_HOOKTOOL_H
#define STRACK_CORE_HOOKTOOL_H

#include "strack/hooks.h"

/* Sets `tool` and `tool_file` of hooks whose `repo` and `dir` are set, where
 * there is one. */
void hook_tool_find(struct hooks *h);

/* The file that our call for `hook` belongs into; the caller frees it. */
char *hook_tool_place(const struct hooks *h, const char *hook);

#endif
