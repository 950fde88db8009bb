/*
 * Text forms of the values that formats and options carry: UTF-8, percent
 * encoding, hex, times, durations, sizes, ULIDs.  Pure: no clock, no locale.
 */
#ifndef STRACK_TEXT_H
#define STRACK_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/buf.h"

/* Length of the valid UTF-8 sequence at s (1 to 4; no surrogates, no
 * overlongs), or 0. `*cp` gets the code point when it is not NULL. */
size_t utf8_next(const char *s, size_t len, uint32_t *cp);
bool utf8_valid(const char *s, size_t len);

/* The encoding of strack-ledger(5): control characters (C0, DEL, C1), `%`,
 * leading and trailing blanks and bytes that are not UTF-8 become %HH; with
 * `item`, blanks inside too, and an empty item becomes %00. */
void percent_encode(struct buf *b, const char *s, size_t len, bool item);
/* Decodes; false when a % is not followed by two upper-case hex digits. */
bool percent_decode(struct buf *b, const char *s, size_t len);

void hex_encode(struct buf *b, const unsigned char *p, size_t len); /* lower */
bool hex_is(const char *s, size_t len); /* s is len lower-case hex digits */

/* Unix milliseconds to 2026-11-21T10:15:02.123Z and back (RFC 3339, UTC, any
 * number of fraction digits from 0 to 9 read; leap second 60 refused).  Years
 * 1970 to 9999. */
void time_format(struct buf *b, int64_t ms);
bool time_parse(const char *s, int64_t *ms);
void time_compact(struct buf *b, int64_t ms); /* 20261121T101502Z */
bool time_compact_parse(const char *s, size_t len, int64_t *ms);
/* Local time as git shows it: 2026-11-21 10:15:02 +0000 */
void time_local(struct buf *b, int64_t ms);
/* "3 seconds ago", "5 minutes ago", "2 days ago", as git's relative dates */
void time_ago(struct buf *b, int64_t ms, int64_t now_ms);
/* A day or moment that a person names: 2026-11-21, 2026-11-21T10:15:02Z,
 * 20261121, 20261121101502 (all UTC); false otherwise. */
bool time_day_parse(const char *s, int64_t *ms);

/* `5m`, `90s`, `1h30m`, `2d`, `45` (seconds), `0` (no limit) to seconds;
 * false when it is none of these or over 366 days. */
bool duration_parse(const char *s, int64_t *seconds);
/* for people: 0.3s, 1.5s, 59.9s, 1m05s, 2h03m, 3d04h */
void duration_format(struct buf *b, int64_t ms);
/* The same without tenths, for what changes once a second. */
void duration_rough(struct buf *b, int64_t ms);
/* for the ledger: seconds with three decimals, 1.532 */
void duration_seconds(struct buf *b, int64_t ms);
bool duration_seconds_parse(const char *s, int64_t *ms);

/* `64k`, `1m`, `4096` to bytes; k and m are 1024 and 1024^2. */
bool size_parse(const char *s, int64_t *bytes);
void size_format(struct buf *b, int64_t bytes); /* 512 B, 47.1 KiB, 1.0 GiB */

/* Whole decimal number without sign or leading zeros (0 itself is fine). */
bool number_parse(const char *s, int64_t *n);

#define ULID_LEN 26
/* Crockford base 32 of 48 bits of Unix milliseconds and 80 random bits. */
void ulid_format(
	char ret[ULID_LEN + 1], int64_t ms, const unsigned char random[10]);
bool ulid_valid(const char *s);

/* Environment names: [a-z0-9][a-z0-9_-]{0,31} */
bool environment_name_valid(const char *s);

/* As one word of a command that a person may paste into a shell. */
void shell_word(struct buf *b, const char *s);

/* Appends `s` as file systems see it that take upper and lower case, or
 * composed and decomposed letters, for the same: two names that give the same
 * can't be there side by side. */
void text_fold(struct buf *b, const char *s);

/* Optimal string alignment distance, for "did you mean". */
int text_distance(const char *a, const char *b);

#endif
