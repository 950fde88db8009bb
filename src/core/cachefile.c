/*
 * What was worked out once and is kept, so that the next command need not.
 * It may be deleted at any time, and anything odd about it makes it worthless,
 * never an error.  It is as trustworthy as the rest of .git: whoever can write
 * it can also write the scripts.
 *
 * Format: a line "MAGIC CHECKSUM", then the body, of which nothing is known
 * here.  The checksum is against accidents only.
 */
#include "cachefile.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "strack/repo.h"

#define SUM_LEN 16

static uint64_t mix(uint64_t h, const char *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
	h = (h ^ word) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

/* Four sums side by side, as one would wait for itself at every word. */
static uint64_t checksum(const char *p, size_t n)
{
	uint64_t sums[4] = { UINT64_C(0xcbf29ce484222325), 1, 2, 3 }, h = n;

	for (; n >= 32; p += 32, n -= 32) {
		for (size_t i = 0; i < 4; i++)
			sums[i] = mix(sums[i], p + 8 * i);
	}
	for (size_t i = 0; i < 4; i++)
		h = mix(h, (const char *)&sums[i]);
	for (; n; p++, n--)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return h;
}

static size_t head_len(const char *magic)
{
	return strlen(magic) + SUM_LEN + 1;
}

static char *head_of(const char *magic, const char *body, size_t len)
{
	return xstrfmt("%s%0*llx\n", magic, SUM_LEN,
		(unsigned long long)checksum(body, len));
}

/* PATH is <state>/cache/NAME.  Commands that only read come here without a look
 * at the state folder, so what it is made of is looked at now. */
static bool is_led_away(const char *path)
{
	char *dir = xstrdup(path), *slash;
	bool link = false;
	struct stat st;

	for (int up = 0; up < 2 && (slash = strrchr(dir, '/')); up++) {
		*slash = '\0';
		link = link || lstat(dir, &st) || !S_ISDIR(st.st_mode);
	}
	free(dir);
	return link;
}

bool cachefile_open(const char *path, const char *magic, size_t max,
	struct mapping *ret, const char **body)
{
	struct mapping m = MAPPING_INIT;
	size_t n = head_len(magic);
	char *head = NULL;
	bool ok = false;

	if (is_led_away(path) || file_map(path, max, &m, NULL) || m.len < n)
		goto out;
	head = head_of(magic, m.ptr + n, m.len - n);
	ok = !memcmp(head, m.ptr, n);
	if (ok) {
		*body = m.ptr + n;
		*ret = m; /* transferred */
		m = (struct mapping)MAPPING_INIT;
	}
out:
	free(head);
	file_unmap(&m);
	return ok;
}

void cachefile_begin(struct buf *b, const char *magic)
{
	buf_reset(b);
	buf_fill(b, ' ', head_len(magic));
}

/* Renamed into place, but not synced: a torn one fails its checksum. */
void cachefile_store(
	struct repo *r, const char *path, const char *magic, struct buf *b)
{
	size_t n = head_len(magic);
	char *head = head_of(magic, b->ptr + n, b->len - n);
	char *tmp = xstrfmt("%s.%ld", path, (long)getpid());
	unsigned file, dir;
	bool ok;
	int fd;

	memcpy(b->ptr, head, n);
	if (is_led_away(path))
		goto out;
	unlink(tmp); /* of a crash, before the pids began anew */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		goto out;
	repo_state_modes(r, &file, &dir);
	ok = fchmod(fd, file) == 0 && /* whatever the umask */
	     fd_write_all(fd, b->ptr, b->len, tmp, NULL) == ERR_OK;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(tmp, path) < 0)
		unlink(tmp);
out:
	free(tmp);
	free(head);
}
