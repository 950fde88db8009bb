/*
 * Terminals as such: how one is set up, one that only passes bytes on, and
 * pseudo-terminals.
 */
#ifndef STRACK_PTY_H
#define STRACK_PTY_H

#include <stdbool.h>
#include <termios.h>
#include "strack/error.h"

struct terminal {
	struct termios modes;
	unsigned short columns, rows;
};

enum err terminal_read(int fd, struct terminal *ret, struct error *err);
/* From here on it passes on what is typed, byte by byte, and what is shown
 * as it is.  Async-signal-safe; false with errno. */
bool terminal_make_raw(int fd, const struct terminal *t);
/* As it was read, once all that was written to it is shown.  With `only_raw`,
 * at once, and only while it still is as terminal_make_raw left it: somebody
 * else may have taken it over. */
void terminal_restore(int fd, const struct terminal *t, bool only_raw);
/* How large it is now; false where it doesn't tell.  Async-signal-safe. */
bool terminal_size(int fd, unsigned short *columns, unsigned short *rows);
void terminal_set_size(int fd, unsigned short columns, unsigned short rows);

/* A pseudo-terminal set up like `like`.  Both ends are close-on-exec, the
 * master doesn't block, and neither becomes our controlling terminal. */
enum err pty_open(const struct terminal *like, int *master, int *slave,
	struct error *err);

#endif
