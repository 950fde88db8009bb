/*
 * What the tree of a ledger says by itself: whose it is, and the highest seq
 * among its names.  Knows nothing of commits.
 */
#include "walk.h"

#include <string.h>

#include "strack/text.h"

static enum err max_seq_of(const char *path, const struct tree_entry *e,
	void *arg, struct error *err)
{
	struct entry_name name;
	int64_t *max = arg;

	(void)e;
	(void)err;
	if (ledger_path_kind(path, &name) == PATH_ENTRY && name.seq > *max)
		*max = name.seq;
	return ERR_OK;
}

enum err tree_max_seq(
	struct repo *r, const struct oid *tree, int64_t *ret, struct error *err)
{
	int64_t max = 0;
	enum err rc = tree_walk(r, tree, "", max_seq_of, &max, err);

	if (!rc)
		*ret = max;
	return rc;
}

enum err ledger_meta_read(
	struct repo *r, const struct oid *tree, char id[37], struct error *err)
{
	static const char magic[] = "strack-ledger ";
	struct buf text = BUF_INIT;
	struct oid blob;
	const char *p;
	unsigned mode;
	enum err rc;

	rc = tree_find(r, tree, LEDGER_META, &mode, &blob, err);
	if (!rc)
		rc = object_read(r, &blob, OBJECT_BLOB, 4096, &text, err);
	else if (rc == ERR_NOTFOUND)
		goto out;
	if (rc == ERR_NOTFOUND)
		rc = ERR_FATAL; /* this clone lacks it, the ledger doesn't */
	if (rc)
		goto out;
	p = text.ptr;
	if (!str_starts(p, magic)) {
		rc = error_set(err, ERR_BAD, "%s: first line is not '%s1'",
			LEDGER_META, magic);
	} else if (!str_starts(p, "strack-ledger 1\n")) {
		rc = error_set(err, ERR_BAD,
			"%s: written by a newer version of git-strack",
			LEDGER_META);
		error_hint(err, "install a newer git-strack to read it");
	} else {
		p += strlen("strack-ledger 1\n");
		if (!str_starts(p, "id ") || strcspn(p + 3, "\n") != 36)
			rc = error_set(err, ERR_BAD,
				"%s: no UUID on an 'id' "
				"line",
				LEDGER_META);
	}
	if (!rc) {
		memcpy(id, p + 3, 36);
		id[36] = '\0';
		for (int i = 0; i < 36 && !rc; i++) {
			bool dash = i == 8 || i == 13 || i == 18 || i == 23;

			if (dash ? id[i] != '-' : !hex_is(id + i, 1))
				rc = error_set(err, ERR_BAD,
					"%s: no UUID on an 'id' line",
					LEDGER_META);
		}
	}
out:
	buf_release(&text);
	return rc;
}
