/*
 * Which paths can stand in a tree: what git and libgit2 both take, on every
 * system that a clone may live on.  Bytes that are not UTF-8 can: a Mac's
 * disk refuses them, but a script of that name is in the code already.  Pure.
 */
#include "strack/repo.h"

#include <string.h>
#include <strings.h>
#include "strack/text.h"

/* Code points that HFS+ leaves out when it compares names. */
static bool hfs_ignores(uint32_t c)
{
	return (c >= 0x200c && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x206a && c <= 0x206f) || c == 0xfeff;
}

/* Is the part `.git` on a Mac? */
static bool hfs_dotgit(const char *s, size_t len)
{
	static const char want[] = ".git";
	size_t at = 0, n;
	uint32_t c;

	for (; len > 0; s += n, len -= n) {
		n = utf8_next(s, len, &c);
		if (!n)
			return false;
		if (hfs_ignores(c))
			continue;
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (at >= 4 || c != (uint32_t)want[at++])
			return false;
	}
	return at == 4;
}

/* Is it `.git` or `git~1` on Windows, where dots and blanks at the end, a
 * stream behind a colon and what follows a backslash don't count? */
static bool ntfs_dotgit(const char *s, size_t len)
{
	size_t n;

	if (len >= 4 && strncasecmp(s, ".git", 4) == 0)
		n = 4;
	else if (len >= 5 && strncasecmp(s, "git~1", 5) == 0)
		n = 5;
	else
		return false;
	while (n < len && (s[n] == '.' || s[n] == ' '))
		n++;
	return n == len || s[n] == '\\' || s[n] == ':';
}

static bool part_is(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(s, name, len) == 0;
}

/* Letters, digits and the like, with nothing of `.git` or `git~1` at the
 * beginning: as nearly all names are. */
static bool part_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if ((c < '0' || c > '9') &&
			((c | 32) < 'a' || (c | 32) > 'z') && c != '_' &&
			c != '-' && c != '.')
			return false;
	}
	return len > 0 && s[0] != '.' && s[0] != 'g' && s[0] != 'G';
}

static bool part_valid(const char *s, size_t len)
{
	if (part_plain(s, len))
		return true;
	if (len == 0 || part_is(s, len, ".") || part_is(s, len, "..") ||
		hfs_dotgit(s, len))
		return false;
	/* fsck reads files of these names, and calls folders wrong */
	if (part_is(s, len, ".gitmodules") || part_is(s, len, ".gitattributes"))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((i == 0 || s[i - 1] == '\\') && ntfs_dotgit(s + i, len - i))
			return false;
	return true;
}

bool worktree_path_valid(const char *path)
{
	size_t len;

	for (;;) {
		len = strcspn(path, "/");
		if (!part_valid(path, len))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}
