/*
 * Times and durations as text.  The calendar is computed here: timegm(3) and
 * gmtime_r(3) obey TZ where it counts leap seconds, and a ledger must read
 * the same everywhere.  No clock.
 */
#include "strack/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_SECONDS 86400
#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DURATION_MAX (INT64_C(366) * DAY_SECONDS)

struct moment {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second, ms;
};

static bool leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && leap_year(year));
}

/* Days from 1970-01-01 to the first day of `year`. */
static int year_start(int year)
{
	int y = year - 1;

	/* 477 leap days are before 1970 */
	return 365 * (year - 1970) + y / 4 - y / 100 + y / 400 - 477;
}

/* Formatting can't fail: what is outside 1970 to 9999 is shown as the nearest
 * moment inside. */
static void moment_of(int64_t ms, struct moment *m)
{
	int days, rest;

	if (ms < 0)
		ms = 0;
	if (ms > LAST_MS)
		ms = LAST_MS;
	m->ms = (int)(ms % 1000);
	days = (int)(ms / 1000 / DAY_SECONDS);
	rest = (int)(ms / 1000 % DAY_SECONDS);
	m->hour = rest / 3600;
	m->minute = rest / 60 % 60;
	m->second = rest % 60;
	m->year = 1970 + days / 366; /* never too late */
	while (days >= year_start(m->year + 1))
		m->year++;
	days -= year_start(m->year);
	for (m->month = 1; days >= month_days(m->year, m->month); m->month++)
		days -= month_days(m->year, m->month);
	m->day = days + 1;
}

/* False when there is no such moment. */
static bool moment_ms(const struct moment *m, int64_t *ms)
{
	int64_t days;
	int i;

	if (m->year < 1970 || m->month < 1 || m->month > 12 || m->day < 1 ||
		m->day > month_days(m->year, m->month) || m->hour > 23 ||
		m->minute > 59 || m->second > 59)
		return false;
	days = year_start(m->year) + m->day - 1;
	for (i = 1; i < m->month; i++)
		days += month_days(m->year, i);
	*ms = days * DAY_SECONDS + m->hour * 3600 + m->minute * 60 + m->second;
	*ms = *ms * 1000 + m->ms;
	return true;
}

/* Reads `s` by a pattern: Y, M, D, h, m and s stand for the digits of their
 * fields, all else for itself.  Returns what follows, or NULL. */
static const char *match(const char *s, const char *pattern, struct moment *m)
{
	int *field;

	for (; *pattern; pattern++, s++) {
		switch (*pattern) {
		case 'Y':
			field = &m->year;
			break;
		case 'M':
			field = &m->month;
			break;
		case 'D':
			field = &m->day;
			break;
		case 'h':
			field = &m->hour;
			break;
		case 'm':
			field = &m->minute;
			break;
		case 's':
			field = &m->second;
			break;
		default:
			if (*s != *pattern)
				return NULL;
			continue;
		}
		if (*s < '0' || *s > '9')
			return NULL;
		*field = *field * 10 + (*s - '0');
	}
	return s;
}

/* Digits after a point, 1 to 9 of them, as milliseconds (the rest is cut). */
static const char *read_fraction(const char *s, int *ms)
{
	int n;

	*ms = 0;
	for (n = 0; s[n] >= '0' && s[n] <= '9'; n++) {
		if (n == 9)
			return NULL;
		if (n < 3)
			*ms = *ms * 10 + (s[n] - '0');
	}
	if (!n)
		return NULL;
	for (s += n; n < 3; n++)
		*ms *= 10;
	return s;
}

void time_format(struct buf *b, int64_t ms)
{
	struct moment m;

	moment_of(ms, &m);
	buf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", m.year, m.month,
		m.day, m.hour, m.minute, m.second, m.ms);
}

bool time_parse(const char *s, int64_t *ms)
{
	struct moment m = { 0 };

	s = match(s, "YYYY-MM-DDThh:mm:ss", &m);
	if (s && *s == '.')
		s = read_fraction(s + 1, &m.ms);
	return s && !strcmp(s, "Z") && moment_ms(&m, ms);
}

void time_compact(struct buf *b, int64_t ms)
{
	struct moment m;

	moment_of(ms, &m);
	buf_addf(b, "%04d%02d%02dT%02d%02d%02dZ", m.year, m.month, m.day,
		m.hour, m.minute, m.second);
}

bool time_compact_parse(const char *s, size_t len, int64_t *ms)
{
	static const char pattern[] = "YYYYMMDDThhmmssZ";
	struct moment m = { 0 };

	return len == sizeof(pattern) - 1 && match(s, pattern, &m) &&
	       moment_ms(&m, ms);
}

void time_local(struct buf *b, int64_t ms)
{
	time_t seconds;
	struct moment m;
	struct tm tm;
	long offset;

	if (ms < 0)
		ms = 0;
	if (ms > LAST_MS)
		ms = LAST_MS;
	seconds = (time_t)(ms / 1000);
	tzset(); /* localtime_r need not */
	if (!localtime_r(&seconds, &tm)) {
		moment_of(ms, &m);
		buf_addf(b, "%04d-%02d-%02d %02d:%02d:%02d +0000", m.year,
			m.month, m.day, m.hour, m.minute, m.second);
		return;
	}
	offset = tm.tm_gmtoff / 60;
	buf_addf(b, "%04d-%02d-%02d %02d:%02d:%02d %c%02ld%02ld",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+',
		(offset < 0 ? -offset : offset) / 60,
		(offset < 0 ? -offset : offset) % 60);
}

static void add_count(struct buf *b, int64_t n, const char *unit)
{
	buf_addnum(b, (uint64_t)n, 1);
	buf_addch(b, ' ');
	buf_adds(b, unit);
	if (n != 1)
		buf_addch(b, 's');
}

/* The steps and the rounding of git's --date=relative, so that both say the
 * same of one commit. */
void time_ago(struct buf *b, int64_t ms, int64_t now_ms)
{
	static const struct {
		int64_t below, half, unit;
		const char *name;
	} steps[] = {
		/* below `below` of them it is told in this unit; else half
		 * of the next unit is added and divided by it */
		{ 90, 30, 60, "second" },
		{ 90, 30, 60, "minute" },
		{ 36, 12, 24, "hour" },
	};
	int64_t n = now_ms / 1000 - ms / 1000, months;
	size_t i;

	if (n < 0) {
		buf_adds(b, "in the future");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (n < steps[i].below) {
			add_count(b, n, steps[i].name);
			buf_adds(b, " ago");
			return;
		}
		n = (n + steps[i].half) / steps[i].unit;
	}
	if (n < 14) {
		add_count(b, n, "day");
	} else if (n < 70) {
		add_count(b, (n + 3) / 7, "week");
	} else if (n < 365) {
		add_count(b, (n + 15) / 30, "month");
	} else if (n < 5 * 365) {
		months = (n * 12 * 2 + 365) / (365 * 2);
		add_count(b, months / 12, "year");
		if (months % 12) {
			buf_adds(b, ", ");
			add_count(b, months % 12, "month");
		}
	} else {
		add_count(b, (n + 183) / 365, "year");
	}
	buf_adds(b, " ago");
}

bool time_day_parse(const char *s, int64_t *ms)
{
	static const char *const patterns[] = { "YYYY-MM-DD", "YYYYMMDD",
		"YYYYMMDDhhmmss" };
	const char *rest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct moment m = { 0 };

		rest = match(s, patterns[i], &m);
		if (rest && !*rest)
			return moment_ms(&m, ms);
	}
	return time_parse(s, ms);
}

/* Digits, at most DURATION_MAX; leading zeros are fine, as duration_format()
 * writes them.  Returns what follows, or NULL. */
static const char *read_count(const char *s, int64_t *n)
{
	if (*s < '0' || *s > '9')
		return NULL;
	for (*n = 0; *s >= '0' && *s <= '9'; s++) {
		*n = *n * 10 + (*s - '0');
		if (*n > DURATION_MAX)
			return NULL;
	}
	return s;
}

bool duration_parse(const char *s, int64_t *seconds)
{
	static const struct {
		char name;
		int seconds;
	} units[] = {
		{ 'd', 86400 },
		{ 'h', 3600 },
		{ 'm', 60 },
		{ 's', 1 },
	};
	int64_t total = 0, n;
	size_t i = 0;

	s = read_count(s, &n);
	if (s && !*s) {
		*seconds = n;
		return true;
	}
	/* Each unit once, the larger before the smaller. */
	while (s) {
		while (i < ARRAY_SIZE(units) && units[i].name != *s)
			i++;
		if (i == ARRAY_SIZE(units))
			return false;
		total += n * units[i++].seconds;
		if (total > DURATION_MAX)
			return false;
		if (!*++s) {
			*seconds = total;
			return true;
		}
		s = read_count(s, &n);
	}
	return false;
}

/* What is left under the last unit is cut, not rounded: nothing is said to
 * have taken longer than it did. */
void duration_format(struct buf *b, int64_t ms)
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 60) {
		buf_addnum(b, (uint64_t)s, 1);
		buf_addch(b, '.');
		buf_addnum(b, ms < 0 ? 0 : (uint64_t)(ms % 1000 / 100), 1);
		buf_addch(b, 's');
	} else if (s < 3600) {
		buf_addf(b, "%" PRId64 "m%02ds", s / 60, (int)(s % 60));
	} else if (s < DAY_SECONDS) {
		buf_addf(b, "%" PRId64 "h%02dm", s / 3600, (int)(s / 60 % 60));
	} else {
		buf_addf(b, "%" PRId64 "d%02dh", s / DAY_SECONDS,
			(int)(s / 3600 % 24));
	}
}

void duration_rough(struct buf *b, int64_t ms)
{
	if (ms < 60000)
		buf_addf(b, "%" PRId64 "s", ms / 1000);
	else
		duration_format(b, ms / 1000 * 1000);
}

void duration_seconds(struct buf *b, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	buf_addf(b, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

bool duration_seconds_parse(const char *s, int64_t *ms)
{
	size_t whole = strcspn(s, ".");
	char *digits;
	int64_t n;
	int fraction = 0;
	bool ok;

	digits = xstrndup(s, whole);
	ok = number_parse(digits, &n);
	free(digits);
	if (!ok || n > INT64_MAX / 1000 - 1)
		return false;
	if (s[whole] == '.') {
		s = read_fraction(s + whole + 1, &fraction);
		if (!s || *s)
			return false;
	}
	*ms = n * 1000 + fraction;
	return true;
}
