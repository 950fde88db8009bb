/*
 * The journal's files: a head of lines, an empty line, the entry, the log.
 * Knows nothing of the branch.
 */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/digest.h"
#include "strack/entry.h"
#include "strack/file.h"
#include "strack/text.h"

#define MAGIC "strack-journal 1"
#define JOURNAL_MAX (ENTRY_MAX + ENTRY_LOG_MAX + 65536)

void journal_item_release(struct journal_item *it)
{
	free(it->path);
	buf_release(&it->entry);
	buf_release(&it->log);
	*it = (struct journal_item)JOURNAL_ITEM_INIT;
}

static char *file_of(const char *state_dir, const char *id)
{
	return xstrfmt("%s/journal/%s", state_dir, id);
}

enum err journal_write(const char *state_dir, const char *id,
	const struct journal_item *it, struct error *err)
{
	struct buf b = BUF_INIT;
	char hex[OID_HEX + 1];
	char digest[SHA256_HEX + 1];
	char *file = file_of(state_dir, id);
	mode_t mode = 0600;
	struct stat st;
	enum err rc;

	buf_adds(&b, MAGIC "\npath ");
	percent_encode(&b, it->path, strlen(it->path), false);
	buf_addf(&b, "\nentry %zu\n", it->entry.len);
	if (it->has_script) {
		oid_hex(&it->script, hex);
		buf_addf(&b, "script %s\n", hex);
	}
	if (it->has_log) {
		sha256_hex(it->log.ptr, it->log.len, digest);
		buf_addf(&b, "log %zu %s\n", it->log.len, digest);
	}
	buf_addch(&b, '\n');
	buf_addbuf(&b, &it->entry);
	if (it->has_log)
		buf_addbuf(&b, &it->log);
	/* Whoever may use the clone may bring it to the ledger. */
	if (!stat(state_dir, &st))
		mode = (st.st_mode & 0660) | 0600;
	rc = file_replace(file, mode, b.ptr, b.len, err);
	free(file);
	buf_release(&b);
	return rc;
}

enum err journal_list(
	const char *state_dir, struct strvec *ret, struct error *err)
{
	char *dir = path_join(state_dir, "journal");
	struct strvec names = STRVEC_INIT;
	enum err rc = dir_list(dir, &names, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		rc = ERR_OK;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (strlen(name) == ENTRY_ID_HEX && hex_is(name, ENTRY_ID_HEX))
			strvec_push(ret, name);
	}
	strvec_release(&names);
	free(dir);
	return rc;
}

static bool parse_size(const char *s, size_t *ret)
{
	int64_t n;

	if (!number_parse(s, &n) || n > (int64_t)JOURNAL_MAX)
		return false;
	*ret = (size_t)n;
	return true;
}

static bool parse_head_line(char *line, struct journal_item *it,
	size_t *entry_len, size_t *log_len, char **digest)
{
	char *value = strchr(line, ' ');
	struct buf path = BUF_INIT;

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(line, "path")) {
		bool ok = percent_decode(&path, value, strlen(value));

		free(it->path);
		it->path = buf_detach(&path);
		return ok && strchr(it->path, '/');
	}
	if (!strcmp(line, "entry"))
		return parse_size(value, entry_len);
	if (!strcmp(line, "script")) {
		it->has_script = true;
		return oid_parse(value, strlen(value), &it->script);
	}
	if (!strcmp(line, "log")) {
		char *sp = strchr(value, ' ');

		if (!sp)
			return false;
		*sp = '\0';
		*digest = sp + 1;
		it->has_log = true;
		return parse_size(value, log_len);
	}
	return false;
}

static bool parse(struct buf *b, struct journal_item *it)
{
	char *p = b->ptr, *body = strstr(b->ptr, "\n\n"), *digest = NULL;
	size_t entry_len = 0, log_len = 0, left;
	char have[SHA256_HEX + 1];

	if (!body || !str_starts(p, MAGIC "\n"))
		return false;
	*body = '\0';
	body += 2;
	for (p += strlen(MAGIC) + 1; p;) {
		char *nl = strchr(p, '\n');

		if (nl)
			*nl++ = '\0';
		if (!parse_head_line(p, it, &entry_len, &log_len, &digest))
			return false;
		p = nl;
	}
	left = b->len - (size_t)(body - b->ptr);
	if (!it->path || entry_len == 0 || left != entry_len + log_len)
		return false;
	buf_add(&it->entry, body, entry_len);
	if (!it->has_log)
		return true;
	buf_add(&it->log, body + entry_len, log_len);
	sha256_hex(it->log.ptr, it->log.len, have);
	return digest && !strcmp(have, digest);
}

enum err journal_read(const char *state_dir, const char *id,
	struct journal_item *ret, struct error *err)
{
	struct journal_item it = JOURNAL_ITEM_INIT;
	struct buf b = BUF_INIT;
	char digest[SHA256_HEX + 1];
	char *file = file_of(state_dir, id);
	enum err rc;

	rc = file_read(file, JOURNAL_MAX, false, &b, err);
	if (rc)
		goto out;
	if (!parse(&b, &it))
		rc = error_set(err, ERR_BAD, "%s is no journal file", file);
	if (!rc) {
		sha256_hex(it.entry.ptr, it.entry.len, digest);
		if (strcmp(digest, id) != 0)
			rc = error_set(err, ERR_BAD,
				"%s: its name is not the digest of its entry",
				file);
	}
	if (rc)
		goto out;
	journal_item_release(ret);
	*ret = it;
	it = (struct journal_item)JOURNAL_ITEM_INIT; /* transferred */
out:
	journal_item_release(&it);
	buf_release(&b);
	free(file);
	return rc;
}

enum err journal_drop(const char *state_dir, const char *id, struct error *err)
{
	char *file = file_of(state_dir, id);
	enum err rc = ERR_OK;

	if (unlink(file) < 0 && errno != ENOENT)
		rc = error_sys(err, "can't remove %s", file);
	free(file);
	return rc;
}
