/*
 * Tree and parents of a commit of which nothing else can be believed.  What
 * stands behind a commit that breaks the rules must be checked all the same,
 * and a root must get past it.  Whether it breaks them is commit_read's to
 * say.
 */
#include "walk.h"

#include <string.h>

#include "strack/text.h"

static bool take(const char **p, const char *key, struct oid *ret)
{
	size_t n = strlen(key);

	if (!str_starts(*p, key) || strlen(*p) < n + OID_HEX + 1 ||
		(*p)[n + OID_HEX] != '\n' || !oid_parse(*p + n, OID_HEX, ret))
		return false;
	*p += n + OID_HEX + 1;
	return true;
}

enum err commit_shape(struct repo *r, const struct oid *id, struct oid *tree,
	struct oidvec *parents, struct error *err)
{
	struct buf raw = BUF_INIT;
	struct oid parent;
	const char *p;
	enum err rc;

	rc = object_read(r, id, OBJECT_COMMIT, COMMIT_MAX, &raw, err);
	if (rc)
		goto out;
	p = raw.ptr;
	if (!take(&p, "tree ", tree)) {
		char hex[OID_HEX + 1];

		oid_hex(id, hex);
		rc = error_set(err, ERR_BAD, "commit %s is malformed", hex);
	}
	while (!rc && parents && take(&p, "parent ", &parent))
		oidvec_push(parents, &parent);
out:
	buf_release(&raw);
	return rc;
}
