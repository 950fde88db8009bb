/* Options by table.  Knows no command. */
#include "strack/opt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

static const struct opt *by_letter(const struct opt *t, char letter)
{
	for (; t->kind != OPT_END; t++) {
		if (t->letter && t->letter == letter)
			return t;
	}
	return NULL;
}

static bool name_matches(const struct opt *o, const char *name, size_t n)
{
	return o->name && !strncmp(o->name, name, n);
}

static const char *nearest(const struct opt *t, const char *name)
{
	const char *best = NULL;
	int distance = 4;

	for (; t->kind != OPT_END; t++) {
		int d = t->name ? text_distance(t->name, name) : 99;

		if (d < distance) {
			distance = d;
			best = t->name;
		}
	}
	return best;
}

/* Exact, or the only one that begins so. */
static enum err by_name(const struct opt *t, const char *name, size_t n,
	const struct opt **ret, struct error *err)
{
	const struct opt *found = NULL;
	struct buf shown = BUF_INIT;
	struct buf plain = BUF_INIT;
	const char *guess;

	for (const struct opt *o = t; o->kind != OPT_END; o++) {
		if (!name_matches(o, name, n))
			continue;
		if (strlen(o->name) == n) {
			*ret = o;
			return ERR_OK;
		}
		if (found)
			return error_set(err, ERR_USAGE,
				"option '--%.*s' is ambiguous: --%s or --%s",
				(int)n, name, found->name, o->name);
		found = o;
	}
	if (found) {
		*ret = found;
		return ERR_OK;
	}
	out_escape(&shown, name, n, "");
	buf_add(&plain, name, n);
	guess = nearest(t, plain.ptr);
	if (guess)
		error_hint(err, "did you mean --%s?", guess);
	error_set(err, ERR_USAGE, "unknown option '--%s'", shown.ptr);
	buf_release(&shown);
	buf_release(&plain);
	return ERR_USAGE;
}

static enum err store(
	const struct opt *o, const char *value, void *values, struct error *err)
{
	char *at = (char *)values + o->at;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return ERR_OK;
	case OPT_STRING:
		*(const char **)at = value;
		return ERR_OK;
	case OPT_LIST:
		strvec_push((struct strvec *)at, value);
		return ERR_OK;
	case OPT_NUMBER:
		if (number_parse(value, (int64_t *)at))
			return ERR_OK;
		return error_set(err, ERR_USAGE,
			"option '--%s' wants a number, not '%s'", o->name,
			value);
	case OPT_END:
		break;
	}
	return ERR_OK;
}

static enum err missing(const struct opt *o, struct error *err)
{
	return error_set(
		err, ERR_USAGE, "option '--%s' wants %s", o->name, o->arg);
}

static enum err parse_long(const struct opt *t, char **argv, int argc, int *i,
	void *values, struct error *err)
{
	const char *name = argv[*i] + 2;
	size_t n = strcspn(name, "=");
	const char *value = name[n] ? name + n + 1 : NULL;
	const struct opt *o = NULL;
	enum err rc = by_name(t, name, n, &o, err);

	if (rc)
		return rc;
	if (o->kind == OPT_FLAG && value)
		return error_set(err, ERR_USAGE, "option '--%s' takes no value",
			o->name);
	if (o->kind != OPT_FLAG && !value) {
		if (*i + 1 >= argc)
			return missing(o, err);
		value = argv[++*i];
	}
	return store(o, value, values, err);
}

static enum err parse_short(const struct opt *t, char **argv, int argc, int *i,
	void *values, struct error *err)
{
	enum err rc = ERR_OK;

	for (const char *p = argv[*i] + 1; !rc && *p; p++) {
		const struct opt *o = by_letter(t, *p);
		const char *value = NULL;

		if (!o) {
			struct buf shown = BUF_INIT;

			out_escape(&shown, p, 1, "");
			error_set(err, ERR_USAGE, "unknown option '-%s'",
				shown.ptr);
			buf_release(&shown);
			return ERR_USAGE;
		}
		if (o->kind != OPT_FLAG) {
			value = p[1] ? p + 1 : NULL;
			if (!value && *i + 1 >= argc)
				return missing(o, err);
			if (!value)
				value = argv[++*i];
		}
		rc = store(o, value, values, err);
		if (value)
			break;
	}
	return rc;
}

enum err opt_parse(const struct opt *table, int argc, char **argv, void *values,
	struct strvec *args, struct strvec *rest, bool *has_rest,
	struct error *err)
{
	enum err rc = ERR_OK;

	*has_rest = false;
	for (int i = 0; !rc && i < argc; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--")) {
			*has_rest = true;
			while (++i < argc)
				strvec_push(rest, argv[i]);
		} else if (a[0] == '-' && a[1] == '-') {
			rc = parse_long(table, argv, argc, &i, values, err);
		} else if (a[0] == '-' && a[1]) {
			rc = parse_short(table, argv, argc, &i, values, err);
		} else {
			strvec_push(args, a);
		}
	}
	return rc;
}

void opt_help(const struct opt *table, struct out *o)
{
	for (; table->kind != OPT_END; table++) {
		struct buf left = BUF_INIT;

		if (table->letter)
			buf_addf(&left, "-%c, ", table->letter);
		buf_addf(&left, "--%s%s%s", table->name, table->arg ? " " : "",
			table->arg ? table->arg : "");
		if (left.len > 26)
			out_printf(o, "    %s\n    %26s%s\n", left.ptr, "",
				table->help);
		else
			out_printf(o, "    %-26s%s\n", left.ptr, table->help);
		buf_release(&left);
	}
}

void opt_release(const struct opt *table, void *values)
{
	for (; table->kind != OPT_END; table++) {
		if (table->kind == OPT_LIST)
			strvec_release(
				(struct strvec *)((char *)values + table->at));
	}
}
