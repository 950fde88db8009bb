/*
 * The .strack.ini of any commit of the code, and of any blob: what was in
 * force for a run of long ago.  That an object is not here, or can't be made
 * sense of, is an answer and no error.
 */
#include "strack/settings.h"

#include "settingskeys.h"
#include "strack/repo.h"

enum settings_there settings_at(
	struct repo *r, const struct oid *commit, struct oid *blob)
{
	struct commit c = COMMIT_INIT;
	enum settings_there ret = SETTINGS_UNKNOWN;
	enum object_type type;
	uint64_t size;
	unsigned mode;
	enum err rc;

	/* A tree that is not here must not read as one without the file. */
	if (commit_read_any(r, commit, &c, NULL) ||
		object_stat(r, &c.tree, &type, &size, NULL))
		goto out;
	rc = tree_find(r, &c.tree, SETTINGS_FILE, &mode, blob, NULL);
	if (rc == ERR_NOTFOUND)
		ret = SETTINGS_NONE;
	else if (!rc && (mode == 0100644 || mode == 0100755))
		ret = SETTINGS_BLOB;
out:
	commit_release(&c);
	return ret;
}

bool settings_of_blob(
	struct repo *r, const struct oid *blob, struct settings *ret)
{
	struct settings s;
	struct buf text = BUF_INIT;
	bool ok;

	settings_init(&s);
	ok = !object_read(r, blob, OBJECT_BLOB, SETTINGS_MAX, &text, NULL) &&
	     !settings_parse(&s, SETTINGS_FILE, text.ptr, text.len, NULL);
	if (ok) {
		settings_release(ret);
		*ret = s; /* transferred */
	} else {
		settings_release(&s);
	}
	buf_release(&text);
	return ok;
}

int64_t settings_approvals(const struct settings *s, const char *env)
{
	const struct environment_def *def = settings_env(s, env);

	return def ? def->approvals : 0;
}
