/* git strack verify --pre-receive */
#ifndef STRACK_CMD_PRERECEIVE_H
#define STRACK_CMD_PRERECEIVE_H

#include "strack/session.h"

/* Reads what git tells a pre-receive hook on standard input, and judges it.
 * ERR_NO: the push is refused, and why is on standard error.  Any other error
 * means that it must be refused, too.  The session is not opened before. */
enum err pre_receive(struct session *s, bool full, struct error *err);

#endif
