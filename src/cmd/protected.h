/* Asking before anything is done in a protected environment. */
#ifndef STRACK_CMD_PROTECTED_H
#define STRACK_CMD_PROTECTED_H

#include "strack/session.h"

/* Where the session's environment is `protected`, asks for its name on the
 * terminal, behind what is about to happen ("3 scripts would run").  `yes`:
 * the person has said so already.  ERR_HELD: nobody could be asked, or the
 * answer was another one. */
enum err protected_ask(
	struct session *s, const char *what, bool yes, struct error *err);

#endif
