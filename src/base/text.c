/*
 * Text forms of the values that formats and options carry: UTF-8, percent
 * encoding, hex, numbers, sizes, ULIDs, names.  Times are in timetext.c.
 * Pure: no clock, no locale (hence no isdigit(3) and no "%.1f").
 */
#include "strack/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What may follow a lead byte (The Unicode Standard, table 3-7): the bounds
 * of the second byte keep out overlongs, surrogates and what is over
 * U+10FFFF. */
static const struct lead {
	unsigned char first, last; /* lead bytes */
	unsigned char low, high;   /* second byte */
	unsigned char len;
	unsigned char bits; /* mask of the lead byte's own bits */
} leads[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f },
	{ 0xe1, 0xec, 0x80, 0xbf, 3, 0x0f },
	{ 0xed, 0xed, 0x80, 0x9f, 3, 0x0f },
	{ 0xee, 0xef, 0x80, 0xbf, 3, 0x0f },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4, 0x07 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4, 0x07 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4, 0x07 },
};

static const struct lead *lead_of(unsigned char c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(leads); i++)
		if (c >= leads[i].first && c <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_next(const char *s, size_t len, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s;
	const struct lead *l;
	uint32_t c;
	size_t i;

	if (!len)
		return 0;
	if (p[0] < 0x80) {
		if (cp)
			*cp = p[0];
		return 1;
	}
	l = lead_of(p[0]);
	if (!l || len < l->len || p[1] < l->low || p[1] > l->high)
		return 0;
	c = p[0] & l->bits;
	for (i = 1; i < l->len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (cp)
		*cp = c;
	return l->len;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_next(s + i, len - i, NULL);
		if (!n)
			return false;
	}
	return true;
}

static void percent_bytes(struct buf *b, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_addf(b, "%%%02X", (unsigned)(unsigned char)s[i]);
}

void percent_encode(struct buf *b, const char *s, size_t len, bool item)
{
	size_t lead = 0, trail = len, i, n;
	uint32_t cp;
	bool encode;

	if (item && !len)
		buf_adds(b, "%00");
	while (lead < len && s[lead] == ' ')
		lead++;
	while (trail > lead && s[trail - 1] == ' ')
		trail--;
	for (i = 0; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		encode = !n || cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||
			 cp == '%' ||
			 (cp == ' ' && (item || i < lead || i >= trail));
		if (!n)
			n = 1;
		if (encode)
			percent_bytes(b, s + i, n);
		else
			buf_add(b, s + i, n);
	}
}

static int upper_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool percent_decode(struct buf *b, const char *s, size_t len)
{
	size_t start = b->len, i;
	int high, low;

	for (i = 0; i < len; i++) {
		if (s[i] != '%') {
			buf_addch(b, s[i]);
			continue;
		}
		high = len - i > 2 ? upper_hex(s[i + 1]) : -1;
		low = len - i > 2 ? upper_hex(s[i + 2]) : -1;
		if (high < 0 || low < 0) {
			buf_setlen(b, start);
			return false;
		}
		buf_addch(b, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

void hex_encode(struct buf *b, const unsigned char *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		buf_addch(b, digits[p[i] >> 4]);
		buf_addch(b, digits[p[i] & 0xf]);
	}
}

bool hex_is(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
			    (s[i] >= 'a' && s[i] <= 'f')))
			return false; /* the end of a shorter s, too */
	return true;
}

/* The number at s; returns what follows it, or NULL. */
static const char *read_number(const char *s, int64_t *n)
{
	int64_t v = 0;
	int digit;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		digit = *s - '0';
		if (v > (INT64_MAX - digit) / 10)
			return NULL;
		v = v * 10 + digit;
	}
	*n = v;
	return s;
}

bool number_parse(const char *s, int64_t *n)
{
	int64_t v;

	s = read_number(s, &v);
	if (!s || *s)
		return false;
	*n = v;
	return true;
}

bool size_parse(const char *s, int64_t *bytes)
{
	int64_t v, unit = 1;

	s = read_number(s, &v);
	if (!s)
		return false;
	if (*s == 'k')
		unit = 1024;
	else if (*s == 'm')
		unit = 1024 * 1024;
	if (unit > 1)
		s++;
	if (*s || v > INT64_MAX / unit)
		return false;
	*bytes = v * unit;
	return true;
}

void size_format(struct buf *b, int64_t bytes)
{
	static const char units[] = "KMGTPE";
	uint64_t n = bytes < 0 ? 0 : (uint64_t)bytes;
	uint64_t unit = 1024, whole, tenths;
	size_t i;

	if (n < 1024) {
		buf_addf(b, "%" PRIu64 " B", n);
		return;
	}
	for (i = 0;; i++, unit *= 1024) {
		whole = n / unit;
		/* The rest is scaled down first: times 10 it might not fit. */
		tenths = ((n % unit) / (unit / 1024) * 10 + 512) / 1024;
		if (tenths == 10) {
			whole++;
			tenths = 0;
		}
		if (whole < 1024 || !units[i + 1])
			break;
	}
	buf_addf(b, "%" PRIu64 ".%" PRIu64 " %ciB", whole, tenths, units[i]);
}

/* Crockford's base 32: no I, L, O and U. */
static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void ulid_format(
	char ret[ULID_LEN + 1], int64_t ms, const unsigned char random[10])
{
	uint64_t t = ms < 0 ? 0 : (uint64_t)ms & UINT64_C(0xffffffffffff);
	uint64_t high = 0, low = 0;
	int i;

	for (i = 0; i < 5; i++) {
		high = high << 8 | random[i];
		low = low << 8 | random[i + 5];
	}
	for (i = 9; i >= 0; i--, t >>= 5)
		ret[i] = base32[t & 31];
	for (i = 17; i >= 10; i--, high >>= 5)
		ret[i] = base32[high & 31];
	for (i = 25; i >= 18; i--, low >>= 5)
		ret[i] = base32[low & 31];
	ret[ULID_LEN] = '\0';
}

bool ulid_valid(const char *s)
{
	/* 26 digits are 130 bits: the first one holds only 3 of them. */
	return strspn(s, base32) == ULID_LEN && !s[ULID_LEN] && s[0] <= '7';
}

bool environment_name_valid(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len >= 1 && len <= 32 && !s[len] && strchr(first, s[0]);
}

void shell_word(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./+@:,-";

	if (*s && *s != '-' && !s[strspn(s, plain)]) {
		buf_adds(b, s);
		return;
	}
	buf_addch(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addch(b, *s);
	}
	buf_addch(b, '\'');
}

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Three rows of the table are enough: this one and the two before it, as a
 * transposition looks two back. */
int text_distance(const char *a, const char *b)
{
	size_t n = strlen(b), i, j;
	int *before, *last, *row, *t;
	int result;

	before = xcalloc(n + 1, sizeof(*before));
	last = xcalloc(n + 1, sizeof(*last));
	row = xcalloc(n + 1, sizeof(*row));
	for (j = 0; j <= n; j++)
		row[j] = (int)j;
	for (i = 1; a[i - 1]; i++) {
		t = before;
		before = last;
		last = row;
		row = t;
		row[0] = (int)i;
		for (j = 1; j <= n; j++) {
			row[j] = min3(last[j] + 1, row[j - 1] + 1,
				last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] &&
				row[j] > before[j - 2] + 1)
				row[j] = before[j - 2] + 1;
		}
	}
	result = row[n];
	free(before);
	free(last);
	free(row);
	return result;
}
