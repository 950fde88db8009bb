/* What Unicode says of a code point.  Private to src/base. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* Controls, bidirectional and other invisible format controls: never shown
 * as they are. */
bool unicode_hidden(uint32_t cp);

/* Columns on a terminal: 0, 1 or 2.  Not meant for what is hidden. */
int unicode_columns(uint32_t cp);

#endif
