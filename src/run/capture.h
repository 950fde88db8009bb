/*
 * What a script says, on its way to the log: masked across chunk borders,
 * digested, written to the full log, and kept as head and tail within a
 * limit.  Memory is constant whatever a script prints.  Knows no process and
 * no ledger.
 */
#ifndef STRACK_RUN_CAPTURE_H
#define STRACK_RUN_CAPTURE_H

#include <stdint.h>
#include "strack/buf.h"
#include "strack/digest.h"
#include "strack/error.h"

struct capture;

/* `log_fd` gets all masked output (-1: none); a failing write (disk full) is
 * remembered (capture_log_error) and never stops the run.  `keep`: bytes of
 * head and tail kept in all (0: none). */
struct capture *capture_new(int log_fd, int64_t keep);
void capture_free(struct capture *c);
/* From now on this text becomes *** (three characters) in all that follows,
 * the held-back bytes included.  Fewer than 3 bytes or blank: ignored, returns
 * false; so does one over the 256 KiB that all secrets may have.
 * Multi-line secrets mask each of their lines of 3 bytes or more too. */
bool capture_mask(struct capture *c, const char *secret, size_t len);
/* Masks a text of ours (a reason, an argument) with the same secrets, and
 * the password of URLs (scheme://user:PASSWORD@host) in it. */
void capture_mask_text(const struct capture *c, struct buf *text);
/* Bytes from the script.  Those that may be the begin of a secret are held
 * back until it is decided or capture_end. URL passwords are masked in the
 * stream as well (held back over at most 1 KiB). */
void capture_add(struct capture *c, const void *p, size_t n);
/* A line of ours among the output (a `log` event): begins on a new line,
 * before what is held back; masked. */
void capture_line(struct capture *c, const char *line, size_t n);
/* No more will come: flushes what was held back. */
void capture_end(struct capture *c);
/* Masked bytes in all, and their SHA-256 (only after capture_end). */
int64_t capture_bytes(const struct capture *c);
void capture_digest(struct capture *c, char ret[SHA256_HEX + 1]);
/* What is kept: all of it, or head, a line
 * "[... 123456 bytes left out; SHA-256 of all of it is in the entry ...]" and
 * tail, both cut at line borders where lines are short (never inside a UTF-8
 * character).  Never over keep bytes plus that line. */
void capture_kept(const struct capture *c, struct buf *ret);
/* The last `lines` lines kept, at most `max` bytes, for a failure report. */
void capture_tail(
	const struct capture *c, int lines, size_t max, struct buf *ret);
int capture_log_error(const struct capture *c); /* errno, or 0 */

#endif
