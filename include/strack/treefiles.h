/*
 * The files of a commit in the configured folders, and which of them are
 * scripts: what discovery (script.h) is to a work tree, for a tree.
 */
#ifndef STRACK_TREEFILES_H
#define STRACK_TREEFILES_H

#include <stdbool.h>
#include "strack/header.h"
#include "strack/object.h"
#include "strack/settings.h"
#include "strack/strmap.h"

struct tree_file {
	char *path;
	const char *base; /* into path */
	unsigned mode;
	struct oid blob;
	bool script;
	const char *refused; /* why no script may have its path, or NULL */
};

struct treefiles {
	struct tree_file *v; /* in plan order: base name, then path */
	size_t n, cap;
	size_t scripts;
	struct strmap by_path; /* to index + 1 */
};
#define TREEFILES_INIT                                                         \
	{                                                                      \
		.by_path = STRMAP_INIT                                         \
	}
void treefiles_release(struct treefiles *l);

/* All files (and links) below the folders of `s` in the tree of a commit. */
enum err treefiles_read(struct repo *r, const struct oid *commit,
	const struct settings *s, struct treefiles *ret, struct error *err);
const struct tree_file *treefiles_find(
	const struct treefiles *l, const char *path); /* or NULL */

#endif
