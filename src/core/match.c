/*
 * From what a person typed to the one script that is meant.  Looks at the
 * list alone, never at the disk: what is not in the list can't be run.
 */
#include <stdlib.h>
#include <string.h>
#include "nearest.h"
#include "strack/repo.h"
#include "strack/script.h"

#define MATCHES_SHOWN 10
#define NEAREST_SHOWN 3

/* `path` seen from the folder `prefix`, without `.`, `..` and doubled
 * slashes; false when it leads out of the top. */
static bool resolve(struct buf *ret, const char *prefix, const char *path)
{
	const char *parts[] = { prefix, path };
	const char *s, *slash;
	size_t i, len;

	buf_reset(ret);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		for (s = parts[i]; *s; s += len, s += *s == '/') {
			len = strcspn(s, "/");
			if (!len || (len == 1 && *s == '.'))
				continue;
			if (len != 2 || memcmp(s, "..", 2) != 0) {
				if (ret->len)
					buf_addch(ret, '/');
				buf_add(ret, s, len);
				continue;
			}
			if (!ret->len)
				return false;
			slash = strrchr(ret->ptr, '/');
			buf_setlen(ret, slash ? (size_t)(slash - ret->ptr) : 0);
		}
	}
	return true;
}

static const struct script *find_path(
	const struct scriptvec *l, const char *path)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i]->path, path))
			return l->v[i];
	return NULL;
}

/* Typed as a path: from the current folder first, as a shell completes it,
 * then from the top, as our own output shows it. */
static const struct script *match_path(
	const struct repo *r, const struct scriptvec *l, const char *typed)
{
	const char *top = repo_work_tree(r);
	const struct script *found = NULL;
	struct buf path = BUF_INIT;
	size_t len;

	if (*typed == '/') {
		len = top ? strlen(top) : 0;
		if (top && !strncmp(typed, top, len) && typed[len] == '/' &&
			resolve(&path, "", typed + len))
			found = find_path(l, path.ptr);
	} else {
		if (resolve(&path, repo_prefix(r), typed))
			found = find_path(l, path.ptr);
		if (!found && resolve(&path, "", typed))
			found = find_path(l, path.ptr);
	}
	buf_release(&path);
	return found;
}

static bool base_is(const struct script *script, const char *typed)
{
	return !strcmp(script->base, typed);
}

static bool path_contains(const struct script *script, const char *typed)
{
	return strstr(script->path, typed) != NULL;
}

static enum err ambiguous(const struct scriptvec *l, const char *typed,
	bool (*matches)(const struct script *, const char *), size_t n,
	struct error *err)
{
	size_t i, shown = 0;

	error_set(err, ERR_BAD, "'%s' is not the name of one script, %zu match",
		typed, n);
	for (i = 0; i < l->n && shown < MATCHES_SHOWN; i++) {
		if (matches(l->v[i], typed)) {
			error_hint(err, "%s", l->v[i]->path);
			shown++;
		}
	}
	if (n > shown)
		error_hint(err, "... and %zu more", n - shown);
	return ERR_BAD;
}

/* How far `typed` is from a base name, read in full, without its extension,
 * and without its date; -1 for too far. */
static int base_distance(const char *typed, const char *base)
{
	const char *dot = strrchr(base, '.');
	size_t date = strspn(base, "0123456789") + 1;
	char *stem = dot ? xstrndup(base, (size_t)(dot - base)) : xstrdup(base);
	const char *forms[4] = { base, stem, NULL, NULL };
	int distance, least = -1;
	size_t i;

	if (date < strlen(stem)) {
		forms[2] = base + date;
		forms[3] = stem + date;
	}
	for (i = 0; i < ARRAY_SIZE(forms) && forms[i]; i++) {
		distance = nearest_distance(typed, forms[i]);
		if (distance >= 0 && (least < 0 || distance < least))
			least = distance;
	}
	free(stem);
	return least;
}

static enum err not_found(
	const struct scriptvec *l, const char *typed, struct error *err)
{
	const struct script *best[NEAREST_SHOWN];
	int distances[NEAREST_SHOWN], distance;
	const char *slash = strrchr(typed, '/');
	const char *word = slash ? slash + 1 : typed;
	size_t n = 0, i, at;

	for (i = 0; i < l->n; i++) {
		distance = base_distance(word, l->v[i]->base);
		if (distance < 0)
			continue;
		for (at = n; at && distances[at - 1] > distance; at--) {
			if (at == NEAREST_SHOWN)
				continue;
			best[at] = best[at - 1];
			distances[at] = distances[at - 1];
		}
		if (at == NEAREST_SHOWN)
			continue;
		best[at] = l->v[i];
		distances[at] = distance;
		if (n < NEAREST_SHOWN)
			n++;
	}
	error_set(err, ERR_NOTFOUND, "no script matches '%s'", typed);
	if (n)
		error_hint(err, "did you mean:");
	for (i = 0; i < n; i++)
		error_hint(err, "%s", best[i]->path);
	if (!n)
		error_hint(err, "'git strack status --all' lists them");
	return ERR_NOTFOUND;
}

enum err script_match(const struct repo *r, const struct scriptvec *l,
	const char *typed, const struct script **ret, struct error *err)
{
	/* An exact base name beats a part.  Parts of the base name don't
	 * beat parts of the path: to run the wrong script is worse than to
	 * be asked again. */
	static bool (*const rules[])(const struct script *, const char *) = {
		base_is,
		path_contains,
	};
	const struct script *found;
	size_t rule, i, n;

	if (!*typed)
		return error_set(
			err, ERR_USAGE, "the name of a script is empty");
	found = match_path(r, l, typed);
	for (rule = 0; !found && rule < ARRAY_SIZE(rules); rule++) {
		for (i = 0, n = 0; i < l->n; i++) {
			if (rules[rule](l->v[i], typed)) {
				found = l->v[i];
				n++;
			}
		}
		if (n > 1)
			return ambiguous(l, typed, rules[rule], n, err);
	}
	if (!found)
		return not_found(l, typed, err);
	*ret = found;
	return ERR_OK;
}
