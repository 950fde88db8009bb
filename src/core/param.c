/*
 * Parameters of scripts: what a header declares and what a person gives.  Pure:
 * knows no environment, no script but by its name, and no ledger.
 */
#include "strack/param.h"

#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

#define NAME_MAX_BYTES 64

static void param_release(struct param *p)
{
	free(p->name);
	free(p->fallback);
	free(p->description);
}

void paramvec_release(struct paramvec *l)
{
	for (size_t i = 0; i < l->n; i++)
		param_release(&l->v[i]);
	free(l->v);
	*l = (struct paramvec){ NULL, 0, 0 };
}

bool param_name_valid(const char *name, size_t len)
{
	if (!len || len > NAME_MAX_BYTES || *name < 'A' || *name > 'Z')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'A' && name[i] <= 'Z') &&
			!(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
			return false;
	return true;
}

const struct param *paramvec_find(
	const struct paramvec *l, const char *name, size_t len)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->v[i].name) == len &&
			!memcmp(l->v[i].name, name, len))
			return &l->v[i];
	return NULL;
}

/* The next word of *text, and *text behind the blanks after it. */
static char *take_word(const char **text)
{
	size_t n = strcspn(*text, " \t");
	char *word = xstrndup(*text, n);

	*text += n + strspn(*text + n, " \t");
	return word;
}

bool paramvec_parse(struct paramvec *l, const char *text)
{
	struct param p = { .name = take_word(&text) };

	if (!param_name_valid(p.name, strlen(p.name)) || !*text ||
		paramvec_find(l, p.name, strlen(p.name))) {
		param_release(&p);
		return false;
	}
	p.fallback = take_word(&text);
	p.secret = !strcmp(p.fallback, "secret");
	if (p.secret || !strcmp(p.fallback, "required")) {
		free(p.fallback);
		p.fallback = NULL;
	}
	if (*text)
		p.description = xstrdup(text);
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n++] = p; /* transferred */
	return true;
}

/* ---- given ---- */

/* The word NAME or NAME=VALUE of that name; or NULL. */
static const char *find_word(
	const struct strvec *words, const char *name, size_t len)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcspn(words->v[i], "=") == len &&
			!memcmp(words->v[i], name, len))
			return words->v[i];
	return NULL;
}

static enum err take_variable(const char *name,
	char *(*lookup)(const char *name), struct strvec *ret,
	struct error *err)
{
	char *variable = xstrfmt(PARAM_VARIABLE "%s", name);
	const char *value = lookup(variable);
	enum err rc = ERR_OK;

	if (value)
		strvec_pushf(ret, "%s=%s", name, value);
	else
		rc = error_set(err, ERR_USAGE,
			"--param %s: no value, and no variable %s; try "
			"--param %s=VALUE",
			name, variable, name);
	free(variable);
	return rc;
}

enum err params_given(const struct strvec *words,
	char *(*lookup)(const char *name), struct strvec *ret,
	struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < words->n; i++) {
		const char *word = words->v[i];
		size_t n = strcspn(word, "=");

		/* what is no name may be a secret by mistake: not shown */
		if (!param_name_valid(word, n))
			return error_set(err, ERR_USAGE,
				"--param: that is no NAME=VALUE; names are of "
				"A-Z, 0-9 and _");
		if (find_word(ret, word, n))
			return error_set(err, ERR_USAGE,
				"--param %.*s: given twice; keep one", (int)n,
				word);
		if (word[n])
			strvec_push(ret, word);
		else
			rc = take_variable(word, lookup, ret, err);
	}
	return rc;
}

static enum err check_secret(const struct param *p, const char *script,
	const char *word, const char *value, struct error *err)
{
	if (word && strchr(word, '=')) {
		error_hint(err,
			"put it into the environment:\n"
			"  " PARAM_VARIABLE "%s=... git strack run --param %s",
			p->name, p->name);
		return error_set(err, ERR_USAGE,
			"%s: %s is a secret, and a command line is for "
			"everybody to see",
			script, p->name);
	}
	if (strlen(value) < PARAM_SECRET_MIN)
		return error_set(err, ERR_USAGE,
			"%s: the secret %s is too short to be masked; it needs "
			"%d bytes",
			script, p->name, PARAM_SECRET_MIN);
	return ERR_OK;
}

static enum err missing(
	const struct param *p, const char *script, struct error *err)
{
	struct buf word = BUF_INIT;

	shell_word(&word, script);
	error_hint(err,
		p->secret ? "git strack run --param %s %s"
			  : "git strack run --param %s=VALUE %s",
		p->name, word.ptr);
	buf_release(&word);
	return error_set(err, ERR_USAGE, "%s: the parameter %s is missing%s%s",
		script, p->name, p->description ? ": " : "",
		p->description ? p->description : "");
}

enum err params_resolve(const struct paramvec *declared, const char *script,
	const struct strvec *words, const struct strvec *given,
	struct strvec *ret, struct strvec *secrets, struct error *err)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && i < declared->n; i++) {
		const struct param *p = &declared->v[i];
		const char *got = find_word(given, p->name, strlen(p->name));
		const char *value = got ? strchr(got, '=') + 1 : p->fallback;

		if (!value)
			return missing(p, script, err);
		if (p->secret) {
			rc = check_secret(p, script,
				find_word(words, p->name, strlen(p->name)),
				value, err);
			strvec_push(secrets, value);
		}
		strvec_pushf(ret, "%s=%s", p->name, value);
	}
	return rc;
}
