/*
 * One script: what it says about itself, and whether and how it can be
 * started.  Nothing here starts it, and which files are scripts is
 * discover.c's.
 *
 * Inside, ERR_BAD means that the script is at fault and everything else that
 * the machine is; script_read turns the former into the script's `problem`.
 */
#include "strack/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "strack/file.h"
#include "strack/repo.h"

#define READ_CHUNK 8192

/* The beginning of a script's file. */
struct head {
	struct buf text; /* HEADER_LINES lines at least, or all there is */
	mode_t mode;
};

/* ---- reading ---- */

static enum err open_failed(const char *name, struct error *err)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		error_hint(err, "it was there a moment ago; see what is "
				"pending now:\n"
				"  git strack status");
		return error_set(err, ERR_BAD, "%s: is gone", name);
	case ELOOP:
		return error_set(err, ERR_BAD,
			"%s: is a symbolic link; a script is a file", name);
	case ENXIO:
		return error_set(err, ERR_BAD,
			"%s: is not a regular file; a script is one", name);
	case EACCES:
	case EPERM:
		error_hint(err, "let its owner, or a chmod, make it readable "
				"for this user");
		return error_set(err, ERR_BAD, "%s: can't be read: %s", name,
			strerror(errno));
	default:
		error_sys(err, "%s", name);
		return ERR_FATAL;
	}
}

static enum err is_empty(const char *name, struct error *err)
{
	error_hint(err, "write what it is to do, or remove it");
	return error_set(err, ERR_BAD, "%s: is empty", name);
}

static enum err check_stat(
	const char *name, const struct stat *st, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, ERR_BAD,
			"%s: is not a regular file; a script is one", name);
	if (!st->st_size)
		return is_empty(name, err);
	if (st->st_size > (off_t)SCRIPT_MAX)
		return error_set(err, ERR_BAD,
			"%s: is larger than %u MiB; keep data in a file of its "
			"own",
			name, SCRIPT_MAX >> 20);
	return ERR_OK;
}

/* Reads on until HEADER_LINES lines are there.  A file may grow after the
 * stat, so the limit is held here as well. */
static enum err read_lines(
	int fd, const char *name, struct buf *text, struct error *err)
{
	int lines = 0;
	ssize_t got;
	size_t i;

	while (lines < HEADER_LINES && text->len <= SCRIPT_MAX) {
		buf_grow(text, READ_CHUNK);
		got = read(fd, text->ptr + text->len, READ_CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_sys(err, "%s", name);
			return ERR_FATAL;
		}
		if (!got)
			break;
		for (i = 0; i < (size_t)got; i++)
			lines += text->ptr[text->len + i] == '\n';
		text->len += (size_t)got;
		text->ptr[text->len] = '\0';
	}
	return ERR_OK;
}

static enum err read_head(
	const char *path, const char *name, struct head *ret, struct error *err)
{
	struct stat st;
	enum err rc;
	int fd;

	/* O_NONBLOCK: what was a file may be a pipe without a writer now. */
	fd = open(path,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return open_failed(name, err);
	if (fstat(fd, &st)) {
		error_sys(err, "%s", name);
		rc = ERR_FATAL;
		goto out;
	}
	rc = check_stat(name, &st, err);
	if (rc)
		goto out;
	ret->mode = st.st_mode;
	rc = read_lines(fd, name, &ret->text, err);
	if (!rc && !ret->text.len) /* cut since the stat */
		rc = is_empty(name, err);
out:
	close(fd); /* was only read */
	return rc;
}

/* ---- programs ---- */

/* `top` is the folder that a relative path is seen from; NULL here and below:
 * what this machine has is not asked. */
static bool is_program(const char *top, const char *path)
{
	char *absolute;
	struct stat st;
	bool ok;

	if (!top)
		return true;
	absolute = *path == '/' ? xstrdup(path) : path_join(top, path);
	ok = !stat(absolute, &st) && S_ISREG(st.st_mode) &&
	     !access(absolute, X_OK);
	free(absolute);
	return ok;
}

/* Would execvp(3) find it from `top`? */
static bool program_found(const char *top, const char *name)
{
	const char *path = getenv("PATH");
	struct buf candidate = BUF_INIT;
	bool found = false;
	size_t len;

	if (!top || strchr(name, '/'))
		return is_program(top, name);
	if (!path)
		path = "/bin:/usr/bin"; /* execvp's own */
	while (!found) {
		len = strcspn(path, ":");
		buf_reset(&candidate);
		buf_add(&candidate, path, len);
		/* an empty part is the current folder */
		buf_adds(&candidate, len ? "/" : "./");
		buf_adds(&candidate, name);
		found = is_program(top, candidate.ptr);
		if (!path[len])
			break;
		path += len + 1;
	}
	buf_release(&candidate);
	return found;
}

bool script_program_found(struct repo *r, const char *name)
{
	return program_found(repo_work_tree(r), name);
}

/* `args` is the rest of a line `#!/usr/bin/env ARGS`, which the kernel hands
 * over as one argument. */
static enum err check_env(
	const char *top, const char *name, const char *args, struct error *err)
{
	struct strvec words = STRVEC_INIT;
	size_t i = 0;
	enum err rc = ERR_OK;

	strvec_split(&words, args);
	if (words.n && !strcmp(words.v[0], "-S")) {
		for (i = 1; i < words.n && strchr(words.v[i], '='); i++)
			;
	} else if (words.n > 1 && *args != '-') {
		rc = error_set(err, ERR_BAD,
			"%s: env looks for a program named '%s' (line 1); "
			"write env -S %s",
			name, args, args);
		goto out;
	}
	/* Other options of env are not ours to understand. */
	if (i >= words.n || words.v[i][0] == '-' || strchr(words.v[i], '='))
		goto out;
	if (!program_found(top, words.v[i]))
		rc = error_set(err, ERR_BAD,
			"%s: its interpreter '%s' is not in PATH (line 1); "
			"install it",
			name, words.v[i]);
out:
	strvec_release(&words);
	return rc;
}

/* The words of a `#!` line, as the kernel splits them. */
static enum err check_shebang(const char *top, const char *name,
	const struct buf *text, struct error *err)
{
	struct buf line = BUF_INIT;
	const char *args, *slash;
	char *interpreter;
	enum err rc = ERR_OK;

	buf_add(&line, text->ptr + 2, strcspn(text->ptr + 2, "\n"));
	if (str_ends(line.ptr, "\r")) {
		buf_release(&line);
		error_set(err, ERR_BAD,
			"%s: its lines end in CR LF, which no interpreter's "
			"name does (line 1)",
			name);
		error_hint(err, "save it with LF line ends, and keep them with "
				"'*.sh text eol=lf' in .gitattributes");
		return ERR_BAD;
	}
	buf_trim_end(&line);
	args = line.ptr + strspn(line.ptr, " \t");
	interpreter = xstrndup(args, strcspn(args, " \t"));
	args += strlen(interpreter);
	args += strspn(args, " \t");
	slash = strrchr(interpreter, '/');
	if (!*interpreter)
		rc = error_set(err, ERR_BAD,
			"%s: its '#!' names no interpreter (line 1); write one "
			"as in #!/bin/sh",
			name);
	else if (!is_program(top, interpreter))
		rc = error_set(err, ERR_BAD,
			"%s: its interpreter '%s' is missing or no program "
			"(line 1); install it or change the line",
			name, interpreter);
	else if (!strcmp(slash ? slash + 1 : interpreter, "env"))
		rc = check_env(top, name, args, err);
	free(interpreter);
	buf_release(&line);
	return rc;
}

/* ---- how it is started ---- */

static const char *extension(const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot && dot[1] ? dot + 1 : NULL;
}

/* The runner of its extension, where one is known and has a command. */
static const struct runner_def *find_runner(
	const struct settings *s, const char *base)
{
	const char *ext = extension(base);
	const struct runner_def *def = ext ? settings_runner(s, ext) : NULL;

	return def && def->command.n ? def : NULL;
}

static bool is_sql(const struct settings *s, const char *base)
{
	const char *ext = extension(base);

	return ext && !strcmp(ext, "sql") && !find_runner(s, base);
}

bool script_is_sql(const struct settings *s, const struct script *script)
{
	return !script->executable && is_sql(s, script->base);
}

static bool has_shebang(const struct buf *text)
{
	return str_starts(text->ptr, "#!");
}

/* No text: a program, or what the kernel has a handler for (binfmt_misc). */
static bool is_binary(const struct buf *text)
{
	return memchr(text->ptr, '\0', text->len < 512 ? text->len : 512);
}

/* An executable file is executed as it is.  Only where the kernel would
 * refuse it (text without `#!`) and a runner is known, that one is taken:
 * on some file systems every file is executable. */
static bool runs_itself(
	const struct settings *s, const char *base, const struct head *head)
{
	return head->mode & S_IXUSR &&
	       (has_shebang(&head->text) || is_binary(&head->text) ||
		       !(find_runner(s, base) || is_sql(s, base)));
}

static enum err no_runner(const char *name, const char *base, struct error *err)
{
	const char *ext = extension(base);

	if (!ext) {
		error_set(err, ERR_BAD,
			"%s: has no extension that names a runner, and is not "
			"an executable file with a '#!' line",
			name);
		error_hint(err, "give it a '#!' line and 'chmod +x', or an "
				"extension such as .sh");
	} else {
		error_set(err, ERR_BAD,
			"%s: has no '#!' line, and .%s files have no runner",
			name, ext);
		error_hint(err,
			"add the '#!' line, or to %s a section [runner "
			"\"%s\"] with the line: command = PROGRAM",
			SETTINGS_FILE, ext);
	}
	return ERR_BAD;
}

static enum err check_runner(const char *top, const char *name,
	const struct runner_def *def, struct error *err)
{
	if (program_found(top, def->command.v[0]))
		return ERR_OK;
	error_set(err, ERR_BAD, "%s: its runner '%s' is not installed", name,
		def->command.v[0]);
	error_hint(err,
		"install it, or name another in %s: section [runner \"%s\"], "
		"key command",
		SETTINGS_FILE, def->ext);
	return ERR_BAD;
}

static enum err check_start(const char *top, const char *path,
	const struct settings *s, const struct script *script,
	const struct head *head, struct error *err)
{
	const struct runner_def *def = find_runner(s, script->base);

	if (script_is_sql(s, script))
		return ERR_OK; /* its database is asked for when it is to run */
	if (!script->executable) {
		if (!def)
			return no_runner(script->path, script->base, err);
		return check_runner(top, script->path, def, err);
	}
	if (has_shebang(&head->text)) {
		enum err rc;

		rc = check_shebang(top, script->path, &head->text, err);
		if (rc)
			return rc;
	} else if (!is_binary(&head->text)) {
		return no_runner(script->path, script->base, err);
	}
	if (top && access(path, X_OK))
		return error_set(err, ERR_BAD,
			"%s: may not be executed by this user here: %s; see "
			"its mode, and whether its file system is mounted with "
			"noexec",
			script->path, strerror(errno));
	return ERR_OK;
}

static enum err work_tree(struct repo *r, const char **top, struct error *err)
{
	*top = repo_work_tree(r);
	if (*top)
		return ERR_OK;
	return error_set(err, ERR_FATAL,
		"a bare repository has no files to run; use a clone with a "
		"work tree");
}

static enum err inspect(const char *top, const struct settings *s,
	struct script *script, struct error *err)
{
	struct head head = { .text = BUF_INIT };
	char *path = path_join(top, script->path);
	enum err rc;

	rc = read_head(path, script->path, &head, err);
	if (rc)
		goto out;
	script->executable = runs_itself(s, script->base, &head);
	rc = header_parse(script->path, head.text.ptr, head.text.len,
		&script->header, err);
	if (rc)
		goto out;
	rc = check_start(top, path, s, script, &head, err);
out:
	buf_release(&head.text);
	free(path);
	return rc;
}

enum err script_read(struct repo *r, const struct settings *s,
	struct script *script, struct error *err)
{
	struct error problem = ERROR_INIT;
	const char *top;
	enum err rc;

	rc = work_tree(r, &top, err);
	if (rc)
		return rc;
	script->loaded = false;
	script->executable = false;
	header_release(&script->header);
	error_reset(&script->problem);
	rc = inspect(top, s, script, &problem);
	if (rc == ERR_OK || rc == ERR_BAD) {
		buf_swap(&script->problem.text, &problem.text);
		buf_swap(&script->problem.hint, &problem.hint);
		script->loaded = true;
		rc = ERR_OK;
	} else {
		error_set(err, rc, "%s", problem.text.ptr);
		if (problem.hint.len)
			error_hint(err, "%s", problem.hint.ptr);
	}
	error_release(&problem);
	return rc;
}

enum err script_check_bytes(const struct settings *s, const char *path,
	bool executable, const struct buf *text, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const struct head head = { *text, executable ? 0755 : 0644 };
	struct script script = { .path = (char *)path,
		.base = slash ? slash + 1 : path };

	if (!text->len)
		return is_empty(path, err);
	script.executable = runs_itself(s, script.base, &head);
	return check_start(NULL, NULL, s, &script, &head, err);
}

enum err script_command(struct repo *r, const struct settings *s,
	const struct script *script, struct strvec *argv, struct error *err)
{
	const struct runner_def *def = find_runner(s, script->base);
	struct head head = { .text = BUF_INIT };
	bool itself = script->executable;
	const char *top;
	char *path = NULL;
	size_t i;
	enum err rc;

	rc = work_tree(r, &top, err);
	if (rc)
		goto out;
	path = path_join(top, script->path);
	if (!script->loaded) {
		rc = read_head(path, script->path, &head, err);
		if (rc)
			goto out;
		itself = runs_itself(s, script->base, &head);
	}
	if (!itself && !def) {
		rc = no_runner(script->path, script->base, err);
		goto out;
	}
	for (i = 0; !itself && i < def->command.n; i++)
		strvec_push(argv, def->command.v[i]);
	/* Absolute: it can't be taken for an option, nor for a word that
	 * the runner would look up in PATH. */
	strvec_push(argv, path);
out:
	free(path);
	buf_release(&head.text);
	return rc;
}
