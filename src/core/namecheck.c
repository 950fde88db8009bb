/*
 * Judges names.  What makes a file a script is script.h's to say; this knows
 * the mistakes that people make on the way there.
 */
#include "strack/namecheck.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "strack/script.h"
#include "strack/text.h"

/* ---- dates that are nearly right ---- */

enum date {
	DATE_NONE,
	DATE_FINE,
	DATE_SHORT,    /* 2026012_fix.sh */
	DATE_LONG,     /* 20260102030405123_fix.sh */
	DATE_SPLIT,    /* 2026-01-02_fix.sh */
	DATE_NO_BREAK, /* 20260102 fix.sh, 20260102T1015_fix.sh */
};

static size_t count_digits(const char *s)
{
	return strspn(s, "0123456789");
}

static bool is_year(const char *s)
{
	return !strncmp(s, "19", 2) || !strncmp(s, "20", 2);
}

static bool is_day(const char *s)
{
	char *day = xstrndup(s, 8);
	int64_t ms;
	bool ok = time_day_parse(day, &ms);

	free(day);
	return ok;
}

static bool is_break(char c)
{
	return c == '_' || c == '-';
}

/* 2026-01-02, with any of what people write between. */
static bool is_split_date(const char *base)
{
	static const char between[] = "-_.";
	struct buf day = BUF_INIT;
	bool ok = false;

	if (count_digits(base) == 4 && strchr(between, base[4]) &&
		count_digits(base + 5) == 2 && base[7] == base[4] &&
		count_digits(base + 8) == 2) {
		buf_addf(&day, "%.4s%.2s%.2s", base, base + 5, base + 8);
		ok = is_day(day.ptr);
	}
	buf_release(&day);
	return ok;
}

static enum date date_of(const char *base)
{
	size_t digits = count_digits(base);
	char next = base[digits];
	int64_t ms;

	if (script_name_dated(base))
		return DATE_FINE;
	if (digits == 4 && is_split_date(base))
		return DATE_SPLIT;
	if (digits == 7 && is_year(base) && is_break(next))
		return DATE_SHORT;
	if (digits > 14 && is_day(base) && is_break(next))
		return DATE_LONG;
	if (script_name_time(base, &ms) && next && !is_break(next))
		return DATE_NO_BREAK;
	return DATE_NONE;
}

static bool is_leftover(const char *base)
{
	static const char *const ends[] = { "~", ".swp", ".orig", ".rej",
		".bak" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_ends(base, ends[i]))
			return true;
	return false;
}

bool name_dated_roughly(const char *base)
{
	return date_of(base) != DATE_NONE && !is_leftover(base) &&
	       !script_name_companion(base);
}

/* ---- files that were meant to be scripts ---- */

/* The extension that has a runner in lower case only, as `SH`; or NULL. */
static const char *shouted(const struct settings *s, const char *ext)
{
	for (size_t i = 0; i < s->nrunners; i++)
		if (!strcasecmp(s->runners[i].ext, ext) &&
			strcmp(s->runners[i].ext, ext) != 0)
			return s->runners[i].ext;
	return NULL;
}

static void say_date(enum date date, const char *base, struct buf *why)
{
	size_t digits = count_digits(base);

	switch (date) {
	case DATE_SHORT:
	case DATE_LONG:
		buf_addf(why,
			"is no script: its name begins with %zu digits, not 8 "
			"to 14; rename it",
			digits);
		break;
	case DATE_SPLIT:
		buf_addf(why,
			"is no script: its date is written with '%c' between; "
			"rename it to %.4s%.2s%.2s%s",
			base[4], base, base + 5, base + 8, base + 10);
		break;
	case DATE_NO_BREAK:
		buf_addf(why,
			"is no script: its date is followed by '%c' and not by "
			"'_' or '-'; rename it",
			base[digits]);
		break;
	case DATE_NONE:
	case DATE_FINE:
		break;
	}
}

bool name_mistaken(
	const struct settings *s, const struct name_facts *f, struct buf *why)
{
	enum date date = date_of(f->base);
	const char *dot = strrchr(f->base, '.');
	const char *ext = dot && dot[1] ? dot + 1 : NULL;
	bool runner = ext && settings_runner(s, ext);
	const char *low = ext && !runner ? shouted(s, ext) : NULL;

	if (!name_dated_roughly(f->base))
		return false;
	if (f->link) {
		if (date != DATE_FINE || !runner)
			return false;
		buf_adds(why, "is no script: it is a symbolic link, and a "
			      "script is a file");
	} else if (date != DATE_FINE) {
		if (!runner && !low && !f->executable && !f->shebang)
			return false;
		say_date(date, f->base, why);
	} else if (low) {
		buf_addf(why,
			"is no script: .%s has no runner, .%s has; rename it",
			ext, low);
	} else if (f->shebang && !f->executable && !runner) {
		buf_adds(why,
			"is no script: it begins with '#!' but is not "
			"executable, and its extension has no runner; chmod "
			"+x it");
	} else {
		return false;
	}
	return true;
}

/* ---- other systems ---- */

/* Devices, with any extension: CON, aux.txt, COM1.sh. */
static bool is_device(const char *part, size_t len)
{
	static const char *const names[] = { "con", "prn", "aux", "nul" };
	size_t stem = 0;

	while (stem < len && part[stem] != '.')
		stem++;
	while (stem && part[stem - 1] == ' ')
		stem--;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (stem == 3 && !strncasecmp(part, names[i], 3))
			return true;
	return stem == 4 &&
	       (!strncasecmp(part, "com", 3) || !strncasecmp(part, "lpt", 3)) &&
	       part[3] >= '1' && part[3] <= '9';
}

bool name_bad_on_windows(const char *path, struct buf *why)
{
	size_t len, bad;

	for (; *path; path += len, path += *path == '/') {
		len = strcspn(path, "/");
		bad = strcspn(path, "<>:\"|?*\\/");
		if (bad < len) {
			buf_addf(why,
				"Windows allows no '%c' in a name; rename it",
				path[bad]);
			return true;
		}
		if (is_device(path, len)) {
			buf_addf(why,
				"'%.*s' is the name of a device on Windows; "
				"rename it",
				(int)len, path);
			return true;
		}
		if (len && (path[len - 1] == '.' || path[len - 1] == ' ')) {
			buf_addf(why,
				"Windows allows no %s at the end of a name; "
				"rename it",
				path[len - 1] == '.' ? "dot" : "blank");
			return true;
		}
	}
	return false;
}
