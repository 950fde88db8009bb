/*
 * Which files of the work tree are scripts.  Looks at names and modes only:
 * what a script says and how it is started is script.c's, and nothing here
 * opens a file.  Made for ten thousand of them: one readdir for each folder,
 * one stat for each script, from which the index may prove at once what bytes
 * it has, and the ignore rules, which are far slower, asked last.
 */
#include "strack/script.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "strack/out.h"
#include "strack/repo.h"
#include "strack/text.h"

#define FOLDER_DEPTH 64 /* each level holds a descriptor open */

/* ---- names ---- */

static size_t count_digits(const char *s)
{
	return strspn(s, "0123456789");
}

bool script_name_dated(const char *base)
{
	static const char *const leftovers[] = { "~", ".swp", ".orig", ".rej" };
	size_t digits = count_digits(base), i;

	if (digits < 8 || digits > 14 ||
		(base[digits] != '_' && base[digits] != '-'))
		return false;
	for (i = 0; i < ARRAY_SIZE(leftovers); i++)
		if (str_ends(base, leftovers[i]))
			return false;
	return true;
}

/* Does the part of `base` before `end` end in `.rollback` or `.verify`? */
static bool companion_part(const char *base, const char *end)
{
	static const char *const parts[] = { ".rollback", ".verify" };
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		len = strlen(parts[i]);
		if ((size_t)(end - base) > len &&
			!memcmp(end - len, parts[i], len))
			return true;
	}
	return false;
}

/* A name that ends in `.rollback` itself counts as well: to run an undo as if
 * it were the job would be the worst of all readings. */
bool script_name_companion(const char *base)
{
	const char *end = base + strlen(base), *dot = strrchr(base, '.');

	return companion_part(base, end) || (dot && companion_part(base, dot));
}

/* The dot before the extension, or NULL. */
static const char *extension_dot(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strrchr(slash ? slash + 1 : path, '.');
}

void script_stem(const char *path, struct buf *ret)
{
	const char *dot = extension_dot(path);

	buf_reset(ret);
	buf_add(ret, path, dot ? (size_t)(dot - path) : strlen(path));
}

bool script_companion_stem(const char *path, const char *what, struct buf *ret)
{
	static const char *const parts[] = { "rollback", "verify" };
	const char *dot;

	script_stem(path, ret);
	dot = extension_dot(ret->ptr);
	/* without an extension, the part itself is taken for one */
	if (!dot || (strcmp(dot + 1, parts[0]) && strcmp(dot + 1, parts[1]))) {
		buf_set(ret, path);
		dot = extension_dot(ret->ptr);
	}
	for (size_t i = 0; dot && i < ARRAY_SIZE(parts); i++) {
		if (strcmp(dot + 1, parts[i]) != 0 ||
			(what && strcmp(what, parts[i]) != 0))
			continue;
		buf_setlen(ret, (size_t)(dot - ret->ptr));
		return true;
	}
	return false;
}

bool script_name_time(const char *base, int64_t *ms)
{
	size_t digits = count_digits(base);
	struct buf date = BUF_INIT;
	bool ok;

	if (digits < 8 || digits > 14)
		return false;
	/* half an hour, minute or second is left out */
	buf_add(&date, base, digits - digits % 2);
	if (date.len > 8)
		buf_add(&date, "000000", 14 - date.len);
	ok = time_day_parse(date.ptr, ms);
	buf_release(&date);
	return ok;
}

/* SEQ.TIME. at the beginning: such a folder would be taken for an entry. */
static bool looks_like_entry(const char *name)
{
	size_t digits = count_digits(name);
	const char *time = name + digits + 1;
	int64_t ms;

	return digits >= 8 && name[digits] == '.' && strlen(time) > 16 &&
	       time[16] == '.' && time_compact_parse(time, 16, &ms);
}

static bool has_control(const char *s)
{
	size_t len = strlen(s), n;
	uint32_t cp;

	for (; len; s += n, len -= n) {
		n = 1;
		cp = (unsigned char)*s;
		if (cp >= 0x80) {
			n = utf8_next(s, len, &cp);
			if (!n) { /* not UTF-8: judged elsewhere */
				n = 1;
				continue;
			}
		}
		if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
			return true;
	}
	return false;
}

/* Why no script may have this part in its path, or NULL. */
static const char *refusal(const char *name)
{
	if (has_control(name))
		return "has a control character";
	if (!strcmp(name, ".strack"))
		return "is in a folder that is git-strack's own";
	if (looks_like_entry(name))
		return "has a part that looks like an entry of the ledger";
	if (!worktree_path_valid(name))
		return "is not a path that git keeps on all systems";
	return NULL;
}

const char *script_path_refused(const char *path)
{
	const char *why = NULL;

	for (size_t len; !why && *path; path += len, path += *path == '/') {
		char *part;

		len = strcspn(path, "/");
		part = xstrndup(path, len);
		why = refusal(part);
		free(part);
	}
	return why;
}

/* ---- the walk ---- */

struct walk {
	struct repo *r;
	const struct settings *s;
	struct scriptvec *list;
	struct buf path; /* of the folder, with its slash, or of the file */
	int depth;
};

static enum err refuse(const char *path, const char *why, struct error *err)
{
	struct buf shown = BUF_INIT;

	out_escape(&shown, path, strlen(path), "");
	error_set(err, ERR_BAD, "%s: %s; rename it", shown.ptr, why);
	buf_release(&shown);
	return ERR_BAD;
}

static bool has_runner(const struct settings *s, const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot && settings_runner(s, dot + 1);
}

/* DT_REG and so on of a name in `dir`; *st is filled for a file that may be a
 * `script`.  DT_UNKNOWN: gone meanwhile. */
static enum err type_of(struct walk *w, DIR *dir, const struct dirent *d,
	bool script, unsigned char *type, struct stat *st, struct error *err)
{
	*type = d->d_type;
	if (*type != DT_UNKNOWN && !(script && *type == DT_REG))
		return ERR_OK;
	*type = DT_UNKNOWN;
	if (fstatat(dirfd(dir), d->d_name, st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return ERR_OK;
		return error_sys(err, "%s%s", w->path.ptr, d->d_name);
	}
	*type = (unsigned char)IFTODT(st->st_mode);
	return ERR_OK;
}

/* A regular file with a script's name and a way to start it. `why` is what
 * is wrong with the folders above, or NULL. */
static enum err take_file(struct walk *w, const char *base,
	const struct stat *st, const char *why, struct error *err)
{
	size_t folder = w->path.len;
	bool ignored = false, proved;
	struct script *script;
	struct oid blob;
	enum err rc = ERR_OK;

	buf_adds(&w->path, base);
	if (!worktree_known(w->r, w->path.ptr, st, &proved, &blob))
		rc = worktree_ignored(w->r, w->path.ptr, &ignored, err);
	if (rc || ignored)
		goto out;
	if (!why)
		why = refusal(base);
	if (why) {
		rc = refuse(w->path.ptr, why, err);
		goto out;
	}
	script = scriptvec_add(w->list, w->path.ptr);
	script->proved = proved;
	if (proved)
		script->blob = blob;
out:
	buf_setlen(&w->path, folder);
	return rc;
}

static enum err walk_folder(
	struct walk *w, int fd, const char *why, struct error *err);

static enum err unreadable(const char *path, struct error *err)
{
	enum err rc = error_sys(err, "%s", path);

	error_hint(err, "a folder of scripts has to be readable for this user, "
			"or git has to ignore it");
	return rc;
}

/* A folder that can't be opened: fatal, but for one that is none (any more)
 * and one that git ignores, such as the data of a database server. */
static enum err folder_failed(
	struct walk *w, const char *name, struct error *err)
{
	size_t folder = w->path.len;
	bool ignored = false;
	int sys = errno;
	enum err rc;

	if (sys == ENOENT || sys == ENOTDIR || sys == ELOOP)
		return ERR_OK;
	buf_adds(&w->path, name);
	buf_addch(&w->path, '/'); /* or the rules take it for a file */
	rc = sys == EACCES ? worktree_ignored(w->r, w->path.ptr, &ignored, err)
			   : ERR_OK;
	if (!rc && !ignored) {
		errno = sys;
		rc = unreadable(w->path.ptr, err);
	}
	buf_setlen(&w->path, folder);
	return rc;
}

static enum err enter_folder(struct walk *w, DIR *dir, const char *name,
	const char *why, struct error *err)
{
	size_t folder = w->path.len;
	enum err rc;
	int fd;

	if (!strcmp(name, ".git"))
		return ERR_OK;
	if (w->depth == FOLDER_DEPTH)
		return refuse(
			w->path.ptr, "has too many folders in folders", err);
	fd = openat(dirfd(dir), name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return folder_failed(w, name, err);
	buf_adds(&w->path, name);
	buf_addch(&w->path, '/');
	w->depth++;
	rc = walk_folder(w, fd, why ? why : refusal(name), err);
	w->depth--;
	buf_setlen(&w->path, folder);
	return rc;
}

static enum err take_name(struct walk *w, DIR *dir, const struct dirent *d,
	const char *why, struct error *err)
{
	const char *base = d->d_name;
	bool script, runner;
	unsigned char type;
	struct stat st;
	enum err rc;

	if (!strcmp(base, ".") || !strcmp(base, ".."))
		return ERR_OK;
	script = script_name_dated(base) && !script_name_companion(base);
	runner = script && has_runner(w->s, base);
	rc = type_of(w, dir, d, script, &type, &st, err);
	if (rc)
		return rc;
	if (type == DT_DIR)
		return enter_folder(w, dir, base, why, err);
	/* git's own idea of executable: the owner's bit */
	if (type == DT_REG && script && (runner || st.st_mode & S_IXUSR))
		return take_file(w, base, &st, why, err);
	return ERR_OK;
}

/* Takes `fd` over.  A folder with a `.git` is another repository, whose
 * scripts are not in our trees and belong to its own ledger. */
static enum err walk_folder(
	struct walk *w, int fd, const char *why, struct error *err)
{
	struct dirent *d;
	DIR *dir;
	enum err rc = ERR_OK;

	if (!faccessat(fd, ".git", F_OK, AT_SYMLINK_NOFOLLOW)) {
		close(fd); /* was only read */
		return ERR_OK;
	}
	dir = fdopendir(fd);
	if (!dir) {
		rc = error_sys(err, "%s", w->path.ptr);
		close(fd);
		return rc;
	}
	while (!rc) {
		errno = 0;
		d = readdir(dir);
		if (!d) {
			if (errno)
				rc = error_sys(err, "%s", w->path.ptr);
			break;
		}
		rc = take_name(w, dir, d, why, err);
	}
	closedir(dir);
	return rc;
}

/* ---- the configured folders ---- */

/* Is it inside of, or the same as an earlier one of, the configured? */
static bool is_covered(const struct strvec *paths, size_t at)
{
	const char *path = paths->v[at];
	size_t i, len;

	for (i = 0; i < paths->n; i++) {
		len = strlen(paths->v[i]);
		if (i == at || strncmp(path, paths->v[i], len) != 0)
			continue;
		if (path[len] == '/' || (!path[len] && i < at))
			return true;
	}
	return false;
}

static enum err no_folder(const char *path, struct error *err)
{
	if (errno == ENOENT)
		return ERR_OK;
	if (errno == ELOOP || errno == ENOTDIR) {
		error_set(err, ERR_FATAL,
			"%s: is a link or a file, and scripts are looked for "
			"in folders of the repository only",
			path);
		error_hint(err,
			"name the folder itself in [scripts] path of "
			"%s",
			SETTINGS_FILE);
		return ERR_FATAL;
	}
	return unreadable(path, err);
}

/* One configured folder, entered part by part: a link anywhere in the path
 * leads to files that git does not keep under it. */
static enum err walk_root(struct walk *w, const char *path, struct error *err)
{
	const char *s, *why = NULL;
	int fd, next;
	size_t len;

	fd = open(repo_work_tree(w->r), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "%s", repo_work_tree(w->r));
	buf_reset(&w->path);
	for (s = path; *s; s += len, s += *s == '/') {
		char *part;

		len = strcspn(s, "/");
		part = xstrndup(s, len);
		next = openat(fd, part,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		if (!why)
			why = refusal(part);
		free(part);
		if (next < 0)
			return no_folder(path, err);
		fd = next;
	}
	buf_printf(&w->path, "%s/", path);
	return walk_folder(w, fd, why, err);
}

/* The first bytes of the base name as numbers whose order is theirs: nearly
 * always they decide, and nothing else need be fetched from memory. */
struct sort_item {
	uint64_t key[2];
	struct script *script;
};

static uint64_t key_at(const char *s, size_t len, size_t at)
{
	uint64_t key = 0;

	for (size_t i = at; i < at + 8; i++)
		key = key << 8 | (i < len ? (unsigned char)s[i] : 0);
	return key;
}

static int item_cmp(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;
	int cmp;

	for (size_t i = 0; i < 2; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	cmp = strcmp(x->script->base, y->script->base);
	return cmp ? cmp : strcmp(x->script->path, y->script->path);
}

static void sort_scripts(struct scriptvec *l)
{
	struct sort_item *v = xcalloc(l->n, sizeof(*v));

	for (size_t i = 0; i < l->n; i++) {
		const char *base = l->v[i]->base;
		size_t len = strlen(base);

		v[i] = (struct sort_item){ .script = l->v[i],
			.key = { key_at(base, len, 0), key_at(base, len, 8) } };
	}
	if (l->n)
		qsort(v, l->n, sizeof(*v), item_cmp);
	for (size_t i = 0; i < l->n; i++)
		l->v[i] = v[i].script;
	free(v);
}

enum err script_discover(struct repo *r, const struct settings *s,
	struct scriptvec *ret, struct error *err)
{
	struct scriptvec list = SCRIPTVEC_INIT;
	struct walk w = { .r = r, .s = s, .list = &list, .path = BUF_INIT };
	enum err rc = ERR_OK;
	size_t i;

	if (!repo_work_tree(r)) /* bare: no files */
		goto out;
	for (i = 0; i < s->paths.n; i++) {
		if (is_covered(&s->paths, i))
			continue;
		rc = walk_root(&w, s->paths.v[i], err);
		if (rc)
			goto out;
	}
	sort_scripts(&list);
	scriptvec_release(ret);
	*ret = list;
	list = (struct scriptvec)SCRIPTVEC_INIT; /* transferred */
out:
	scriptvec_release(&list);
	buf_release(&w.path);
	return rc;
}
