/*
 * The text of a hook of ours: made, recognised, looked for in others'.
 * Pure; knows nothing of where hooks are.
 */
#include "hooktext.h"

#include <stdlib.h>
#include <string.h>

#include "strack/digest.h"
#include "strack/text.h"

#define MARK "# git-strack hook"
#define MARK_LEN (sizeof(MARK) - 1)
#define SUM_LEN 16 /* hex digits: enough to see that somebody edited */
#define PLACE "\t: ours\n"
#define CALL "strack remind --hook "
#define SERVER_HOOK "pre-receive"
#define SERVER_CALL "strack verify --pre-receive"

/* Behind the mark in the second line; NULL where there is none. */
static const char *behind_mark(const char *text)
{
	const char *lf = strchr(text, '\n');

	if (!lf || strncmp(lf + 1, MARK, MARK_LEN) != 0)
		return NULL;
	return lf + 1 + MARK_LEN;
}

static void sum(const struct buf *text, char ret[SUM_LEN + 2])
{
	char hex[SHA256_HEX + 1];

	sha256_hex(text->ptr, text->len, hex);
	ret[0] = ' ';
	memcpy(ret + 1, hex, SUM_LEN);
	ret[SUM_LEN + 1] = '\0';
}

enum hook_whose hook_text_whose(const char *text, size_t len)
{
	struct buf plain = BUF_INIT;
	const char *mark;
	char want[SUM_LEN + 2];
	size_t at;
	bool same;

	if (strlen(text) != len)
		return HOOK_THEIRS; /* a NUL: a binary */
	mark = behind_mark(text);
	if (!mark)
		return HOOK_THEIRS;
	at = (size_t)(mark - text);
	if (len - at < SUM_LEN + 1)
		return HOOK_CHANGED;
	buf_add(&plain, text, len);
	buf_remove(&plain, at, SUM_LEN + 1);
	sum(&plain, want);
	same = !strncmp(mark, want, SUM_LEN + 1);
	buf_release(&plain);
	return same ? HOOK_OURS : HOOK_CHANGED;
}

static enum err no_stub(struct error *err)
{
	return error_set(err, ERR_BAD,
		"is no hook of git-strack: it must have three lines, the "
		"second beginning with '" MARK "'");
}

enum err hook_text_line(const struct buf *stub, char **ret, struct error *err)
{
	const char *mark = behind_mark(stub->ptr);
	const char *line = mark ? strchr(mark, '\n') : NULL;
	size_t len = line ? strcspn(++line, "\n") : 0;

	if (!len || line[len] != '\n' || line[len + 1])
		return no_stub(err);
	*ret = xstrndup(line, len);
	return ERR_OK;
}

static enum err put_in_frame(
	struct buf *text, const struct buf *stub, struct error *err)
{
	const char *place = strstr(text->ptr, PLACE);
	size_t at;
	char *line;
	enum err rc;

	if (!place || !behind_mark(text->ptr))
		return no_stub(err);
	rc = hook_text_line(stub, &line, err);
	if (rc)
		return rc;
	at = (size_t)(place - text->ptr) + 1; /* the tab stays */
	buf_remove(text, at, sizeof(PLACE) - 3);
	buf_insert(text, at, line, strlen(line));
	free(line);
	return ERR_OK;
}

enum err hook_text_make(const struct buf *stub, const struct buf *frame,
	struct buf *ret, struct error *err)
{
	struct buf text = BUF_INIT;
	const char *mark;
	char digest[SUM_LEN + 2];
	enum err rc = ERR_OK;

	buf_addbuf(&text, frame ? frame : stub);
	if (frame)
		rc = put_in_frame(&text, stub, err);
	mark = behind_mark(text.ptr);
	if (!rc && !mark)
		rc = no_stub(err);
	if (rc)
		goto out;
	sum(&text, digest);
	buf_insert(&text, (size_t)(mark - text.ptr), digest, SUM_LEN + 1);
	buf_swap(&text, ret);
out:
	buf_release(&text);
	return rc;
}

bool hook_text_calls(const char *text, const char *hook)
{
	bool server = !strcmp(hook, SERVER_HOOK);
	const char *call = server ? SERVER_CALL : CALL, *at = text;
	size_t len = server ? 0 : strlen(hook);

	while ((at = strstr(at, call))) {
		const char *line = at;

		at += strlen(call);
		if (strncmp(at, hook, len) != 0 ||
			!strchr(" \t\r\n\"'\\;|&)", at[len]))
			continue;
		while (line > text && line[-1] != '\n')
			line--;
		line += strspn(line, " \t");
		if (*line != '#')
			return true;
	}
	return false;
}
