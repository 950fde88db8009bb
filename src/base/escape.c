/*
 * Making foreign text safe to look at: what a terminal would obey, or a
 * reader could not see, is written out; and how wide the rest is.  Pure: no
 * terminal is asked, no locale.
 */
#include "strack/out.h"

#include <string.h>

#include "unicode.h"
#include "strack/text.h"

static void escape_one(struct buf *b, uint32_t cp)
{
	if (cp == '\n')
		buf_adds(b, "\\n");
	else if (cp == '\t')
		buf_adds(b, "\\t");
	else if (cp == 0x1b)
		buf_adds(b, "\\e");
	else if (cp < 0x80)
		buf_addf(b, "\\x%02X", (unsigned)cp);
	else
		buf_addf(b, "\\u{%04X}", (unsigned)cp);
}

void out_escape(struct buf *b, const char *s, size_t len, const char *keep)
{
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_next(s + i, len - i, &cp);
		if (!n) {
			buf_addf(b, "\\x%02X", (unsigned)(unsigned char)s[i]);
			n = 1;
		} else if (!unicode_hidden(cp) ||
			   (keep && cp && cp < 0x80 && strchr(keep, (int)cp))) {
			buf_add(b, s + i, n);
		} else {
			escape_one(b, cp);
		}
	}
}

void out_percent(struct buf *b, const char *s)
{
	struct buf coded = BUF_INIT;
	uint32_t cp;
	size_t n;

	percent_encode(&coded, s, strlen(s), false);
	for (size_t i = 0; i < coded.len; i += n) {
		n = utf8_next(coded.ptr + i, coded.len - i, &cp);
		if (!unicode_hidden(cp)) {
			buf_add(b, coded.ptr + i, n);
			continue;
		}
		for (size_t k = i; k < i + n; k++)
			buf_addf(b, "%%%02X", (unsigned char)coded.ptr[k]);
	}
	buf_release(&coded);
}

/* One character at s, before `end`; bytes that are not UTF-8 count as one
 * column each. */
static size_t step(const char *s, const char *end, int *cols)
{
	uint32_t cp;
	size_t n = utf8_next(s, (size_t)(end - s), &cp);

	*cols = n ? unicode_columns(cp) : 1;
	return n ? n : 1;
}

int out_width(const char *s)
{
	const char *end = s + strlen(s);
	int cols, width = 0;

	while (s < end) {
		s += step(s, end, &cols);
		width += cols;
	}
	return width;
}

/* Behind the last character that still fits into `max` columns, with the
 * marks that combine with it; *used gets their columns. */
static const char *head_end(const char *s, const char *end, int max, int *used)
{
	size_t n;
	int cols;

	for (*used = 0; s < end; s += n) {
		n = step(s, end, &cols);
		if (*used + cols > max)
			break;
		*used += cols;
	}
	return s;
}

/* The first character from which the rest fits into `max` columns, and which
 * is no mark that belongs to the one before. */
static const char *tail_start(
	const char *s, const char *end, int max, int *used)
{
	size_t n;
	int cols;

	*used = out_width(s);
	for (; s < end; s += n) {
		n = step(s, end, &cols);
		if (*used <= max && cols)
			break;
		*used -= cols;
	}
	return s;
}

void out_fit(struct buf *b, const char *s, int cols, bool pad)
{
	struct buf text = BUF_INIT;
	const char *end, *head, *tail;
	int width, left, right;

	if (cols < 4)
		cols = 4;
	out_escape(&text, s, strlen(s), NULL);
	end = text.ptr + text.len;
	width = out_width(text.ptr);
	if (width <= cols) {
		buf_addbuf(b, &text);
	} else {
		head = head_end(text.ptr, end, (cols - 3 + 1) / 2, &left);
		tail = tail_start(head, end, cols - 3 - left, &right);
		buf_add(b, text.ptr, (size_t)(head - text.ptr));
		buf_adds(b, "...");
		buf_add(b, tail, (size_t)(end - tail));
		width = left + 3 + right;
	}
	for (; pad && width < cols; width++)
		buf_addch(b, ' ');
	buf_release(&text);
}
