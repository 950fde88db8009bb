/*
 * A throw-away repository made by stock git, for unit tests that need one.
 * The test stands in it until scratch_end removes it.
 */
#ifndef UNIT_SCRATCH_H
#define UNIT_SCRATCH_H

#include <ftw.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "sample.h"

struct scratch {
	char *dir;
};

static inline void scratch_run(const char *const *argv)
{
	extern char **environ;
	pid_t pid;
	int status;

	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL,
				 (char *const *)(uintptr_t)argv, environ),
		0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define scratch_git(...)                                                       \
	scratch_run((const char *const[]){ "git", __VA_ARGS__, NULL })

static inline void scratch_begin(struct scratch *s)
{
	static const char *const unset[] = { "GIT_DIR", "GIT_WORK_TREE",
		"GIT_INDEX_FILE", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
		"STRACK_ENV" };
	size_t i;

	for (i = 0; i < sizeof(unset) / sizeof(*unset); i++)
		unsetenv(unset[i]);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_AUTHOR_NAME", "A", 1);
	setenv("GIT_AUTHOR_EMAIL", "a@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "A", 1);
	setenv("GIT_COMMITTER_EMAIL", "a@example.org", 1);
	s->dir = throw_away();
	assert_non_null(mkdtemp(s->dir));
	setenv("HOME", s->dir, 1);
	assert_int_equal(chdir(s->dir), 0);
	scratch_git("init", "-q", "-b", "main");
}

static inline int scratch_unlink(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void scratch_end(struct scratch *s)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(
		nftw(s->dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(s->dir);
}

static inline void scratch_write(
	const char *path, mode_t mode, const char *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void scratch_file(const char *path, mode_t mode, const char *text)
{
	scratch_write(path, mode, text, strlen(text));
}

#endif
