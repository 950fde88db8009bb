/*
 * The trees of a ledger: listed, compared, looked up and added to.  Whatever
 * the bytes are, all of these tell of the same paths, each once.
 */
#include "fuzz-store.h"

#include "core/walk.h"
#include "strack/strmap.h"

#define PATHS_MAX 2000

struct list {
	struct strmap paths; /* to struct tree_entry *, without its name */
	int64_t max_seq;
};

static void list_release(struct list *l)
{
	strmap_release(&l->paths, free);
}

static void list_put(
	struct list *l, const char *path, const struct tree_entry *e)
{
	struct tree_entry *copy = xcalloc(1, sizeof(*copy));

	MUST(!strmap_get(&l->paths, path));
	*copy = *e;
	copy->name = NULL;
	strmap_put(&l->paths, path, copy);
}

static void list_take(struct list *l, const char *path)
{
	MUST(strmap_get(&l->paths, path));
	free(strmap_get(&l->paths, path));
	strmap_put(&l->paths, path, NULL);
}

static size_t list_count(const struct list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->paths.n; i++)
		n += l->paths.items[i].value != NULL;
	return n;
}

static void same_list(const struct list *a, const struct list *b)
{
	MUST(list_count(a) == list_count(b));
	for (size_t i = 0; i < a->paths.n; i++) {
		const struct tree_entry *x = a->paths.items[i].value, *y;

		if (!x)
			continue;
		y = strmap_get(&b->paths, a->paths.items[i].key);
		MUST(y && x->mode == y->mode && !oid_cmp(&x->id, &y->id));
	}
}

static enum err on_walk(const char *path, const struct tree_entry *e, void *arg,
	struct error *err)
{
	struct list *l = arg;
	struct entry_name name;

	(void)err;
	MUST(*path && !strstr(path, "//") && path[strlen(path) - 1] != '/');
	MUST(!mode_is_tree(e->mode));
	if (ledger_path_kind(path, &name) == PATH_ENTRY &&
		name.seq > l->max_seq)
		l->max_seq = name.seq;
	list_put(l, path, e);
	return ERR_OK;
}

static enum err on_diff(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err)
{
	struct list *l = arg;

	(void)err;
	MUST(!old == (status == 'A') && !new == (status == 'D'));
	if (old)
		list_take(l, path);
	if (new)
		list_put(l, path, new);
	return ERR_OK;
}

/* ---- how much there is ---- */

/* Trees and files below object `i`, PATHS_MAX at most: small objects can hold
 * each other more often than anybody can count. */
static size_t weight(size_t i, int depth, size_t *known)
{
	struct buf raw = BUF_INIT;
	struct tree_entry e;
	size_t pos = 0, n = 1;
	bool bad;

	if (depth >= TREE_DEPTH || store[i].type != GIT_OBJECT_TREE)
		return 1;
	if (known[(size_t)depth * STORE_MAX + i])
		return known[(size_t)depth * STORE_MAX + i];
	raw.ptr = store[i].data;
	raw.len = store[i].len;
	while (n < PATHS_MAX && tree_next(&raw, &pos, &e, &bad))
		n += mode_is_tree(e.mode)
			     ? weight(e.id.id[0] % store_read, depth + 1, known)
			     : 1;
	if (n > PATHS_MAX)
		n = PATHS_MAX;
	known[(size_t)depth * STORE_MAX + i] = n;
	return n;
}

static bool too_much(void)
{
	static size_t known[TREE_DEPTH * STORE_MAX];

	memset(known, 0, sizeof(known));
	for (size_t i = 0; i < store_read && i < 2; i++)
		if (weight(i, 0, known) >= PATHS_MAX)
			return true;
	return false;
}

/* ---- the calls ---- */

static bool list_all(struct repo *r, const struct oid *id, struct list *ret)
{
	struct error err = ERROR_INIT;
	struct list from_nothing = { .max_seq = 0 };
	int64_t seq = -1;
	enum err rc, rc2;

	rc = tree_walk(r, id, "", on_walk, ret, &err);
	if (rc) {
		fuzz_error(rc, &err);
		err = (struct error)ERROR_INIT;
	}
	rc2 = tree_diff(r, NULL, id, on_diff, &from_nothing, &err);
	if (rc2)
		fuzz_error(rc2, &err);
	else
		same_list(ret, &from_nothing);
	MUST(rc == rc2);
	if (!rc)
		MUST(tree_max_seq(r, id, &seq, NULL) == ERR_OK &&
			seq == ret->max_seq);
	list_release(&from_nothing);
	return !rc;
}

static void look_up(struct repo *r, const struct oid *id, const struct list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->paths.n && n < 20; i++, n++) {
		const struct tree_entry *e = l->paths.items[i].value;
		const char *path = l->paths.items[i].key;
		struct list under = { .max_seq = 0 };
		struct oid found;
		unsigned mode;

		MUST(tree_find(r, id, path, &mode, &found, NULL) == ERR_OK);
		MUST(mode == e->mode && !oid_cmp(&found, &e->id));
		MUST(tree_walk(r, id, path, on_walk, &under, NULL) == ERR_OK);
		MUST(!under.paths.n);
		list_release(&under);
	}
}

/* Both ways, and applied to the old list it gives the new one. */
static void compare(struct repo *r, const struct oid *a, const struct oid *b,
	struct list *of_a, struct list *of_b)
{
	struct list copy = { .max_seq = 0 };

	for (size_t i = 0; i < of_a->paths.n; i++)
		list_put(&copy, of_a->paths.items[i].key,
			of_a->paths.items[i].value);
	MUST(tree_diff(r, a, b, on_diff, &copy, NULL) == ERR_OK);
	same_list(&copy, of_b);
	MUST(tree_diff(r, b, a, on_diff, &copy, NULL) == ERR_OK);
	same_list(&copy, of_a);
	list_release(&copy);
}

static void add(struct repo *r, const struct oid *base, struct list *have)
{
	struct tree_addition v[] = {
		{ "scripts/a/00000007.20260101T000009Z.staging.mark."
		  "0123456789abcdef",
			{ { 1 } } },
		{ "scripts/a/00000007.20260101T000009Z.staging.mark."
		  "0123456789abcdef.log",
			{ { 2 } } },
	};
	struct oidvec written = OIDVEC_INIT;
	struct list now = { .max_seq = 0 };
	struct error err = ERROR_INIT;
	struct oid tree;
	enum err rc;

	rc = tree_add(r, base, v, 2, &written, &tree, &err);
	if (rc == ERR_EXISTS) {
		MUST(err.text.len);
		error_release(&err);
	} else if (rc) {
		fuzz_error(rc, &err);
	} else {
		MUST(tree_walk(r, &tree, "", on_walk, &now, NULL) == ERR_OK);
		MUST(now.paths.n == have->paths.n + 2);
		list_take(&now, v[0].path);
		list_take(&now, v[1].path);
		same_list(&now, have);
	}
	oidvec_release(&written);
	list_release(&now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list a = { .max_seq = 0 }, b = { .max_seq = 0 };
	struct oid one, two;
	struct repo r;
	char id[37];
	bool good;

	store_open(&r, data, size);
	one = store_id(0);
	two = store_id(1 % store_read);
	if (too_much())
		goto out;
	good = list_all(&r, &one, &a);
	if (good) {
		look_up(&r, &one, &a);
		add(&r, &one, &a);
	}
	if (list_all(&r, &two, &b) && good)
		compare(&r, &one, &two, &a, &b);
	if (!ledger_meta_read(&r, &one, id, NULL))
		MUST(strlen(id) == 36);
out:
	list_release(&a);
	list_release(&b);
	store_close(&r);
	return 0;
}
