/*
 * The `strack:` comment lines of a script.  Pure: it gets the text and must
 * not know where the script is, how it is started, or which environments and
 * scripts there are.
 */
#include "strack/header.h"

#include <stdlib.h>
#include <string.h>
#include "nearest.h"
#include "strack/text.h"

/* Of one `strack:` line; more is a mistake, and would fill the message. */
#define DIRECTIVE_MAX 1024

void header_init(struct header *h)
{
	*h = (struct header){ .timeout = -1 };
}

void header_release(struct header *h)
{
	free(h->description);
	strvec_release(&h->environments);
	strvec_release(&h->requires);
	strvec_release(&h->tags);
	paramvec_release(&h->params);
	header_init(h);
}

/* ---- values ---- */

static bool set_description(struct header *h, const char *value)
{
	h->description = xstrdup(value);
	return true;
}

static bool set_timeout(struct header *h, const char *value)
{
	return duration_parse(value, &h->timeout);
}

static bool set_environments(struct header *h, const char *value)
{
	size_t i;

	strvec_split(&h->environments, value);
	for (i = 0; i < h->environments.n; i++)
		if (!environment_name_valid(h->environments.v[i]))
			return false;
	return true;
}

/* Words with blanks between.  Commas are what people write by habit, and
 * "users," would be a tag that nobody ever selects. */
static bool set_words(struct strvec *list, const char *value)
{
	size_t i, len;

	strvec_split(list, value);
	for (i = 0; i < list->n; i++) {
		len = strlen(list->v[i]);
		if (list->v[i][0] == ',' || list->v[i][len - 1] == ',')
			return false;
	}
	return true;
}

static bool set_requires(struct header *h, const char *value)
{
	return set_words(&h->requires, value);
}

static bool set_tags(struct header *h, const char *value)
{
	return !strchr(value, ',') && set_words(&h->tags, value);
}

static bool set_on_failure(struct header *h, const char *value)
{
	h->rollback_on_failure = !strcmp(value, "rollback");
	return h->rollback_on_failure;
}

static bool set_idempotent(struct header *h, const char *value)
{
	h->idempotent = !strcmp(value, "yes");
	return h->idempotent || !strcmp(value, "no");
}

static bool set_transaction(struct header *h, const char *value)
{
	h->no_transaction = !strcmp(value, "no");
	return h->no_transaction || !strcmp(value, "yes");
}

#define RETRIES_MAX 20
#define DELAY_MAX (24 * 3600)

static bool set_retries(struct header *h, const char *value)
{
	return number_parse(value, &h->retries) && h->retries > 0 &&
	       h->retries <= RETRIES_MAX;
}

static bool set_retry_delay(struct header *h, const char *value)
{
	return duration_parse(value, &h->retry_delay) &&
	       h->retry_delay <= DELAY_MAX;
}

static bool set_param(struct header *h, const char *value)
{
	return paramvec_parse(&h->params, value);
}

static const struct header_key {
	const char *name;
	bool (*set)(struct header *h, const char *value);
	const char *complaint, *advice;
} header_keys[] = {
	{ "description", set_description, "is not a description",
		"write one line of text" },
	{ "timeout", set_timeout, "is not a duration", "try 5m, 90s or 1h30m" },
	{ "environments", set_environments, "is not a list of environments",
		"write names like staging, with blanks between" },
	{ "requires", set_requires, "is not a list of scripts",
		"write file names with blanks between" },
	{ "tags", set_tags, "is not a list of tags",
		"write words with blanks between" },
	{ "on-failure", set_on_failure, "is not known", "try rollback" },
	{ "idempotent", set_idempotent, "is not known", "try yes or no" },
	{ "transaction", set_transaction, "is not known", "try yes or no" },
	{ "retries", set_retries, "is not a number from 1 to 20", "try 3" },
	{ "retry-delay", set_retry_delay, "is not a duration up to a day",
		"try 10s or 5m" },
	{ "param", set_param, "is not a new name and a value",
		"try 'LIMIT 1000 How many at most', or required or secret for "
		"the value" },
};

#define NKEYS ARRAY_SIZE(header_keys)

/* ---- lines ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *s, const char *end)
{
	while (s < end && is_blank(*s))
		s++;
	return s;
}

static bool line_starts(const char *s, const char *end, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)(end - s) >= len && !memcmp(s, prefix, len);
}

/* What follows `strack:` in a comment line, or NULL where the line is none.
 * Leaders may be repeated, as in "## strack:" or "//// strack:". */
static const char *find_directive(const char *s, const char *end)
{
	static const char *const leaders[] = { "<!--", "/*", "//", "--", "#",
		";", "%", "*" };
	size_t i;
	char last;

	s = skip_blanks(s, end);
	for (i = 0; i < ARRAY_SIZE(leaders); i++)
		if (line_starts(s, end, leaders[i]))
			break;
	if (i == ARRAY_SIZE(leaders))
		return NULL;
	s += strlen(leaders[i]);
	last = s[-1];
	while (s < end && *s == last)
		s++;
	s = skip_blanks(s, end);
	return line_starts(s, end, "strack:") ? s + strlen("strack:") : NULL;
}

/* Where the value ends: before blanks, CR and what closes the comment. */
static const char *value_end(const char *s, const char *end)
{
	static const char *const closers[] = { "*/", "-->" };
	size_t i, len;

	while (end > s && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	for (i = 0; i < ARRAY_SIZE(closers); i++) {
		len = strlen(closers[i]);
		if ((size_t)(end - s) >= len &&
			!memcmp(end - len, closers[i], len)) {
			end -= len;
			break;
		}
	}
	while (end > s && is_blank(end[-1]))
		end--;
	return end;
}

/* Ends in NULL-free text only: a NUL would cut what is checked. */
static bool text_ok(const char *s, const char *end)
{
	size_t len = (size_t)(end - s);

	return !memchr(s, '\0', len) && utf8_valid(s, len);
}

static const char *nearest_key(const char *word)
{
	const char *best = NULL;
	int distance, least = 0;
	size_t i;

	for (i = 0; i < NKEYS; i++) {
		distance = nearest_distance(word, header_keys[i].name);
		if (distance >= 0 && (!best || distance < least)) {
			best = header_keys[i].name;
			least = distance;
		}
	}
	return best;
}

static enum err unknown_key(
	const char *name, const char *key, int line, struct error *err)
{
	const char *nearest = nearest_key(key);
	struct buf known = BUF_INIT;
	size_t i;

	if (nearest) {
		error_set(err, ERR_BAD,
			"%s: '%s' is not a key of the header (line %d); did "
			"you mean %s?",
			name, key, line, nearest);
	} else {
		for (i = 0; i < NKEYS; i++)
			buf_addf(&known, "%s%s", i ? ", " : "",
				header_keys[i].name);
		error_set(err, ERR_BAD,
			"%s: '%s' is not a key of the header (line %d); the "
			"keys are %s",
			name, key, line, known.ptr);
	}
	buf_release(&known);
	return ERR_BAD;
}

/* `lines` has, for each key, the line that it was seen in, or 0. */
static enum err set_key(const char *name, const char *key, const char *value,
	int line, int lines[NKEYS], struct header *h, struct error *err)
{
	const struct header_key *k;
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (!strcmp(key, header_keys[i].name))
			break;
	if (i == NKEYS)
		return unknown_key(name, key, line, err);
	k = &header_keys[i];
	if (lines[i] && k->set != set_param) /* each its own name */
		return error_set(err, ERR_BAD,
			"%s: %s: given twice (lines %d and %d); keep one", name,
			key, lines[i], line);
	lines[i] = line;
	if (!*value)
		return error_set(err, ERR_BAD,
			"%s: %s: has no value (line %d); %s", name, key, line,
			k->advice);
	if (!k->set(h, value))
		return error_set(err, ERR_BAD, "%s: %s: '%s' %s (line %d); %s",
			name, key, value, k->complaint, line, k->advice);
	return ERR_OK;
}

/* One directive, from behind `strack:` to the end of its line. */
static enum err parse_directive(const char *name, const char *s,
	const char *end, int line, int lines[NKEYS], struct header *h,
	struct error *err)
{
	const char *key;
	char *word = NULL, *value = NULL;
	enum err rc;

	key = skip_blanks(s, end);
	end = value_end(key, end);
	if (end - key > DIRECTIVE_MAX)
		return error_set(err, ERR_BAD,
			"%s: the 'strack:' line is longer than %d bytes (line "
			"%d)",
			name, DIRECTIVE_MAX, line);
	if (!text_ok(key, end))
		return error_set(err, ERR_BAD,
			"%s: the 'strack:' line is not UTF-8 text (line %d)",
			name, line);
	if (key == end)
		return error_set(err, ERR_BAD,
			"%s: 'strack:' without a key (line %d); try '%s'", name,
			line, "strack: description What it does");
	for (s = key; s < end && !is_blank(*s); s++)
		;
	word = xstrndup(key, (size_t)(s - key));
	s = skip_blanks(s, end);
	value = xstrndup(s, (size_t)(end - s));
	rc = set_key(name, word, value, line, lines, h, err);
	free(word);
	free(value);
	return rc;
}

/* Keys that mean something only together. */
static enum err check_together(const char *name, const struct header *h,
	const int lines[NKEYS], int *bad, struct error *err)
{
	for (size_t i = 0; i < NKEYS; i++) {
		bool retries = !strcmp(header_keys[i].name, "retries");
		bool delay = !strcmp(header_keys[i].name, "retry-delay");

		if (!lines[i] || !(retries || delay))
			continue;
		*bad = lines[i];
		if (retries && !h->idempotent)
			return error_set(err, ERR_BAD,
				"%s: retries: only what may be run again "
				"harmlessly is repeated by itself (line %d); "
				"add 'strack: idempotent yes' if it may",
				name, lines[i]);
		if (delay && !h->retries)
			return error_set(err, ERR_BAD,
				"%s: retry-delay: there are no retries (line "
				"%d); add 'strack: retries 3'",
				name, lines[i]);
	}
	return ERR_OK;
}

enum err header_parse_line(const char *name, const char *text, size_t len,
	struct header *ret, int *bad, struct error *err)
{
	const char *s = text, *end = text + len, *eol, *directive;
	struct header h;
	int lines[NKEYS] = { 0 };
	int line;
	enum err rc = ERR_OK;

	header_init(&h);
	if (line_starts(s, end, "\xef\xbb\xbf")) /* a byte order mark */
		s += 3;
	for (line = 1; s < end && line <= HEADER_LINES; line++) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (!eol)
			eol = end;
		directive = find_directive(s, eol);
		if (directive) {
			rc = parse_directive(
				name, directive, eol, line, lines, &h, err);
			if (rc) {
				*bad = line;
				goto out;
			}
		}
		s = eol < end ? eol + 1 : end;
	}
	rc = check_together(name, &h, lines, bad, err);
	if (rc)
		goto out;
	header_release(ret);
	*ret = h;
	header_init(&h); /* transferred */
out:
	header_release(&h);
	return rc;
}

enum err header_parse(const char *name, const char *text, size_t len,
	struct header *ret, struct error *err)
{
	int line;

	return header_parse_line(name, text, len, ret, &line, err);
}
