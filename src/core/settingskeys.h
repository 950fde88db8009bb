/* The parts of `struct settings` that both its owner (settings.c) and its
 * reader (settingskeys.c) work on.  Private to src/core. */
#ifndef CORE_SETTINGSKEYS_H
#define CORE_SETTINGSKEYS_H

#include "strack/settings.h"

#define SETTINGS_MAX 65536 /* bytes of a .strack.ini */

/* Adds a runner with the words of `command` behind the ones there are. */
void settings_add_runner(
	struct settings *s, const char *ext, const char *command);
/* The environment of that name, added when it is new.  Valid until the next
 * one is added. */
struct environment_def *settings_add_env(struct settings *s, const char *name);

#endif
