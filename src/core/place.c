/*
 * Where a new script goes, and under which name.  Must not know what is in it.
 */
#include "strack/template.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "strack/file.h"
#include "strack/lock.h"
#include "strack/repo.h"
#include "strack/script.h"
#include "strack/text.h"

#define STAMP_LEN 14 /* YYYYMMDDHHMMSS */
#define LOCK_WAIT_MS 10000

static void stamp_of(int64_t ms, struct buf *ret)
{
	buf_reset(ret);
	time_compact(ret, ms); /* 20261121T101502Z */
	buf_setlen(ret, STAMP_LEN + 1);
	buf_remove(ret, strlen("20261121"), 1);
}

/* Scripts run in the order of their stamps, so no two share one. */
static bool stamp_taken(const struct scriptvec *l, const char *stamp)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strncmp(l->v[i]->base, stamp, STAMP_LEN))
			return true;
	return false;
}

static char *folder_of(const struct settings *s, const char *stamp)
{
	const char *first = s->paths.v[0];

	switch (s->layout) {
	case LAYOUT_FLAT:
		break;
	case LAYOUT_YEAR:
		return xstrfmt("%s/%.4s", first, stamp);
	case LAYOUT_MONTH:
		return xstrfmt("%s/%.4s/%.2s", first, stamp, stamp + 4);
	}
	return xstrdup(first);
}

/* What open(2) would make of it; file_create goes by no umask. */
static mode_t mode_of(const struct template *t)
{
	mode_t mask = umask(0);

	umask(mask);
	return (t->executable ? 0777 : 0666) & ~mask;
}

/* Writes folder/base below the top, the folder made where it is missing. */
static enum err write_file(struct repo *r, const struct template *t,
	const char *folder, const char *base, const struct buf *text,
	struct error *err)
{
	char *dir = path_join(repo_work_tree(r), folder);
	char *path = path_join(dir, base);
	enum err rc = dir_make_all(dir, err);

	/* A file in the way of the folder must not read as "name taken". */
	if (rc)
		rc = ERR_FATAL;
	else
		rc = file_create(path, mode_of(t), text->ptr, text->len, err);
	free(path);
	free(dir);
	return rc;
}

static enum err write_first_free(struct repo *r, const struct settings *s,
	const struct template *t, const char *slug, int64_t ms,
	const struct buf *text, char **ret, struct error *err)
{
	struct scriptvec have = SCRIPTVEC_INIT;
	struct buf stamp = BUF_INIT, base = BUF_INIT;
	char *folder = NULL;
	enum err rc = script_discover(r, s, &have, err);

	if (rc)
		goto out;
	do {
		for (stamp_of(ms, &stamp); stamp_taken(&have, stamp.ptr);
			stamp_of(ms, &stamp))
			ms += 1000;
		ms += 1000;
		free(folder);
		folder = folder_of(s, stamp.ptr);
		buf_printf(&base, "%s_%s.%s", stamp.ptr, slug, t->ext.ptr);
		error_reset(err);
		rc = write_file(r, t, folder, base.ptr, text, err);
	} while (rc == ERR_EXISTS); /* no script, but somebody's file */
	if (!rc)
		*ret = path_join(folder, base.ptr);
out:
	free(folder);
	buf_release(&base);
	buf_release(&stamp);
	scriptvec_release(&have);
	return rc;
}

enum err companion_place(struct repo *r, const char *script, const char *what,
	const struct template *t, const struct buf *text, char **ret,
	struct error *err)
{
	const char *slash = strrchr(script, '/');
	char *folder = xstrndup(script, (size_t)(slash - script));
	struct buf base = BUF_INIT;
	enum err rc;

	script_stem(slash + 1, &base);
	buf_addf(&base, ".%s.%s", what, t->ext.ptr);
	rc = write_file(r, t, folder, base.ptr, text, err);
	if (!rc)
		*ret = path_join(folder, base.ptr);
	buf_release(&base);
	free(folder);
	return rc;
}

enum err script_place(struct repo *r, const struct settings *s,
	const char *lock_path, const struct template *t, const char *slug,
	int64_t ms, const struct buf *text, char **ret, struct error *err)
{
	struct lock lock = LOCK_INIT;
	unsigned file, dir;
	enum err rc;

	repo_state_modes(r, &file, &dir);
	rc = lock_take(&lock, lock_path, file, LOCK_WAIT_MS, NULL, err);
	if (!rc)
		rc = write_first_free(r, s, t, slug, ms, text, ret, err);
	lock_release(&lock, false);
	return rc;
}
