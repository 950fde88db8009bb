/*
 * Gives every file that is named, and every file of every folder that is
 * named, to the target it is linked with: the corpora without a fuzzer.  Says
 * on standard output how many there were, and on standard error which one was
 * the last when the target aborts.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX (4u << 20)

static const char *current = "";
static size_t replayed;

static void tell(int sig)
{
	static const char before[] = "fails on ", after[] = "\n";

	/* what can't be said here can't be said elsewhere either */
	if (write(2, before, sizeof(before) - 1) < 0 ||
		write(2, current, strlen(current)) < 0 ||
		write(2, after, sizeof(after) - 1) < 0)
		_exit(1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static bool replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = xcalloc(1, INPUT_MAX);
	uint8_t *input;
	size_t n;

	if (!f) {
		perror(path);
		free(data);
		return false;
	}
	n = fread(data, 1, INPUT_MAX, f);
	fclose(f); /* was only read */
	/* no byte more than there is, so that reading on is seen */
	input = xcalloc(1, n ? n : 1);
	memcpy(input, data, n);
	free(data);
	current = path;
	LLVMFuzzerTestOneInput(input, n);
	free(input);
	replayed++;
	return true;
}

static bool replay(const char *path)
{
	struct dirent *d;
	struct stat st;
	bool ok = true;
	DIR *dir;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return replay_file(path);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return false;
	}
	while ((d = readdir(dir))) {
		char *file;

		if (d->d_name[0] == '.')
			continue;
		file = xstrfmt("%s/%s", path, d->d_name);
		ok = replay_file(file) && ok;
		free(file);
	}
	closedir(dir);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = true;

	signal(SIGABRT, tell);
	for (int i = 1; i < argc; i++)
		ok = replay(argv[i]) && ok;
	printf("%zu\n", replayed);
	return ok && replayed ? 0 : 1;
}
