/* What the commands that install hooks share. */
#ifndef STRACK_CMD_HOOKWORDS_H
#define STRACK_CMD_HOOKWORDS_H

#include "strack/hooks.h"
#include "strack/session.h"

/* A path from the current folder, where it is below that; `typed`: quoted as a
 * shell needs it. */
void hooks_path(const char *path, bool typed, struct buf *ret);

/* The table of hooks. */
void hooks_list(struct session *s, const struct hooks *h);

/* What a person can do where a hook is not as it should be; with `status` also
 * where `install` would do it. */
enum err hooks_advise(struct session *s, const struct hooks *h, bool status,
	struct error *err);

/* What git itself can be told on a server, where it is not yet. */
void hooks_advise_server(struct session *s);

/* ERR_HELD, saying what keeps ours out, where a hook doesn't work; no hint. */
enum err hooks_verdict(const struct hooks *h, struct error *err);

/* For init: installs, and only warns where that can't be. */
void hooks_for_init(struct session *s);

#endif
