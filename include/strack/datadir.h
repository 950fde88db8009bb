/*
 * Files that come with the program: templates, the ledger's README, hooks.
 */
#ifndef STRACK_DATADIR_H
#define STRACK_DATADIR_H

#include "strack/error.h"

/* The path of the file or folder `name` in templates/, which the caller frees:
 * beside the build folder for a program that runs from there, else under the
 * folder that was compiled in.  ERR_NOTFOUND, naming it. */
enum err datadir_file(const char *name, char **ret, struct error *err);
/* The same in hooks/. */
enum err datadir_hook(const char *name, char **ret, struct error *err);

#endif
