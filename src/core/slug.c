/*
 * Descriptions to the words of a file name.  Pure; knows nothing of where
 * the file goes or whether it is there.
 */
#include <stdint.h>
#include <string.h>
#include "strack/script.h"
#include "strack/text.h"

#define SLUG_MAX 60

/*
 * One word for each code point from `first` on: `.` where the letter
 * vanishes, `-` where it ends a word.  One letter becomes the same ASCII in
 * every language (a German would rather have oe than o); guessing the language
 * was rejected, as the same description must always give the same name.
 */
static const struct range {
	uint32_t first, last;
	const char *words;
} ranges[] = {
	/* Latin-1 */
	{ 0xc0, 0xdf,
		"a a a a a a ae c e e e e i i i i "
		"d n o o o o o - o u u u u y th ss" },
	{ 0xe0, 0xff,
		"a a a a a a ae c e e e e i i i i "
		"d n o o o o o - o u u u u y th y" },
	/* Latin Extended-A */
	{ 0x100, 0x17f,
		"a a a a a a c c c c c c c c d d "
		"d d e e e e e e e e e e g g g g "
		"g g g g h h h h i i i i i i i i "
		"i i ij ij j j k k k l l l l l l l "
		"l l l n n n n n n n ng ng o o o o "
		"o o oe oe r r r r r r s s s s s s "
		"s s t t t t t t u u u u u u u u "
		"u u u u w w y y y z z z z z z s" },
	{ 0x218, 0x21b, "s s t t" },
	/* Greek */
	{ 0x386, 0x3ab,
		"a - e i i - o - y o i "
		"a v g d e z i th i k l m n x o p r - s t y f ch ps o i y" },
	{ 0x3ac, 0x3ce,
		"a e i i y "
		"a v g d e z i th i k l m n x o p r s s t y f ch ps o i y "
		"o y o" },
	/* Cyrillic */
	{ 0x400, 0x40f, "e yo dj g ye dz i yi j lj nj c k i u dzh" },
	{ 0x410, 0x42f,
		"a b v g d e zh z i y k l m n o p "
		"r s t u f kh ts ch sh shch . y . e yu ya" },
	{ 0x430, 0x44f,
		"a b v g d e zh z i y k l m n o p "
		"r s t u f kh ts ch sh shch . y . e yu ya" },
	{ 0x450, 0x45f, "e yo dj g ye dz i yi j lj nj c k i u dzh" },
	{ 0x490, 0x491, "g g" },
};

/* Marks that are part of a word and have no letter: apostrophes, the soft
 * hyphen, and the combining accents of decomposed text. */
static bool vanishes(uint32_t cp)
{
	return cp == '\'' || cp == 0xad || cp == 0x2bc || cp == 0x2019 ||
	       (cp >= 0x300 && cp <= 0x36f);
}

/* The ASCII for a code point: *len 0 for nothing; NULL when it ends a word. */
static const char *transliterate(uint32_t cp, size_t *len)
{
	const char *word = NULL;
	uint32_t n;
	size_t i;

	*len = 0;
	if (vanishes(cp))
		return "";
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (cp < ranges[i].first || cp > ranges[i].last)
			continue;
		word = ranges[i].words;
		for (n = cp - ranges[i].first; n; n--)
			word += strcspn(word, " ") + 1;
		break;
	}
	if (!word || *word == '-')
		return NULL;
	if (*word != '.')
		*len = strcspn(word, " ");
	return word;
}

/* Appends what one character gives; *gap says that a word has ended. */
static void add_char(struct buf *b, uint32_t cp, bool *gap)
{
	const char *word;
	char ascii;
	size_t len;

	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9')) {
		ascii = (char)cp;
		word = &ascii;
		len = 1;
	} else {
		word = transliterate(cp, &len);
	}
	if (!word) {
		*gap = true;
		return;
	}
	if (!len)
		return;
	if (*gap && b->len)
		buf_addch(b, '_');
	*gap = false;
	buf_add(b, word, len);
}

static void cut_at_word(struct buf *b)
{
	size_t at = SLUG_MAX;

	if (b->len <= SLUG_MAX)
		return;
	while (at && b->ptr[at] != '_')
		at--;
	/* One word that is too long by itself is cut where it must be. */
	buf_setlen(b, at ? at : SLUG_MAX);
}

enum err script_slug(
	const char *description, struct buf *ret, struct error *err)
{
	struct buf slug = BUF_INIT;
	size_t len = strlen(description), i, n;
	uint32_t cp;
	bool gap = false;

	/* What lies behind the cut need not be looked at. */
	for (i = 0; i < len && slug.len <= 2 * SLUG_MAX; i += n) {
		n = utf8_next(description + i, len - i, &cp);
		if (n) {
			add_char(&slug, cp, &gap);
		} else {
			gap = true;
			n = 1;
		}
	}
	cut_at_word(&slug);
	if (!slug.len) {
		buf_release(&slug);
		error_set(err, ERR_BAD,
			"description '%s' has no letter or digit for a file "
			"name",
			description);
		error_hint(err, "describe it in a few words of Latin, Greek "
				"or Cyrillic letters");
		return ERR_BAD;
	}
	buf_addbuf(ret, &slug);
	buf_release(&slug);
	return ERR_OK;
}
