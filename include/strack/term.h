/* The terminal: width, prompts, and the signals that a person sends. */
#ifndef STRACK_TERM_H
#define STRACK_TERM_H

#include <stdbool.h>
#include "strack/buf.h"
#include "strack/error.h"

/* Columns of the terminal behind fd; COLUMNS where it is set; else 80.  At
 * least 20. */
int term_width(int fd);
bool term_is_tty(int fd);
/* "pts/3": the terminal of standard error, or else of standard input; NULL
 * where both are none.  The caller frees it. */
char *term_name(void);
/* Prints the question on stderr and reads one line of the terminal
 * (/dev/tty) into `answer` without its newline.  ERR_NOTFOUND where there is
 * no terminal. */
enum err term_ask(const char *question, struct buf *answer, struct error *err);

#endif
