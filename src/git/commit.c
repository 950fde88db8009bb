/*
 * Commits as raw text: taken apart strictly, put together byte by byte,
 * because a signature covers every byte.  libgit2's own functions for signed
 * commits are not used: they want the signature without its last newline and
 * write references on the way.
 */
#include "internal.h"

#include <stdlib.h>

void commit_release(struct commit *c)
{
	oidvec_release(&c->parents);
	buf_release(&c->payload);
	buf_release(&c->signature);
	buf_release(&c->message);
}

/* ---- reading ---- */

/* One header: `line` without its newline, continuation lines included. */
struct header {
	const char *line;
	size_t len;
};

/* Takes the next header from *p; false where there is none. */
static bool header_next(const char **p, const char *end, struct header *ret)
{
	const char *line = *p;
	const char *nl = memchr(line, '\n', (size_t)(end - line));

	if (!nl || nl == line || *line == ' ')
		return false;
	while (nl + 1 < end && nl[1] == ' ') {
		nl = memchr(nl + 1, '\n', (size_t)(end - nl - 1));
		if (!nl)
			return false;
	}
	ret->line = line;
	ret->len = (size_t)(nl - line);
	*p = nl + 1;
	return true;
}

static bool header_is(const struct header *h, const char *key)
{
	size_t len = strlen(key);

	return h->len > len && memcmp(h->line, key, len) == 0 &&
	       h->line[len] == ' ';
}

static bool header_is_line(const struct header *h, const char *key)
{
	return header_is(h, key) && !memchr(h->line, '\n', h->len);
}

static bool header_oid(const struct header *h, const char *key, struct oid *ret)
{
	size_t skip = strlen(key) + 1;

	return header_is(h, key) &&
	       oid_parse(h->line + skip, h->len - skip, ret);
}

/* Unfolds the value of gpgsig. */
static void signature_add(struct buf *ret, const struct header *h)
{
	const char *p = h->line + strlen("gpgsig ");
	const char *end = h->line + h->len;

	for (; p < end; p++) {
		buf_addch(ret, *p);
		if (*p == '\n')
			p++; /* the blank that continues the header */
	}
	buf_addch(ret, '\n');
}

/* tree, parents, author, committer, in this order, as git writes them */
static bool parse_fixed(const char **p, const char *end, struct commit *ret)
{
	struct header h;
	struct oid id;

	if (!header_next(p, end, &h) || !header_oid(&h, "tree", &ret->tree))
		return false;
	while (header_next(p, end, &h) && header_oid(&h, "parent", &id))
		oidvec_push(&ret->parents, &id);
	if (!header_is_line(&h, "author"))
		return false;
	return header_next(p, end, &h) && header_is_line(&h, "committer");
}

/* `any`: headers that no commit of a ledger has are fine, and signed. */
static const char *parse(const struct buf *raw, bool any, struct commit *ret)
{
	const char *p = raw->ptr;
	const char *end = raw->ptr + raw->len;
	bool encoding = false;
	struct header h;

	if (memchr(p, '\0', raw->len))
		return "has a NUL byte";
	if (!parse_fixed(&p, end, ret))
		return "is malformed";
	buf_add(&ret->payload, raw->ptr, (size_t)(p - raw->ptr));
	while (header_next(&p, end, &h)) {
		if (header_is(&h, "gpgsig")) {
			if (ret->signature.len > 0)
				return "has two signatures";
			signature_add(&ret->signature, &h);
			continue;
		}
		if (!any && (!header_is_line(&h, "encoding") || encoding))
			return "has a header that has no place here";
		encoding = true;
		buf_add(&ret->payload, h.line, h.len + 1);
	}
	if (p >= end || *p != '\n')
		return "is malformed";
	buf_add(&ret->payload, p, (size_t)(end - p));
	buf_add(&ret->message, p + 1, (size_t)(end - p) - 1);
	return NULL;
}

static enum err read_commit(struct repo *r, const struct oid *id, bool any,
	struct commit *ret, struct error *err)
{
	struct commit c = COMMIT_INIT;
	git_odb_object *o = NULL;
	char hex[OID_HEX + 1];
	const char *wrong;
	struct buf raw;
	enum err rc;

	rc = object_get(r, id, GIT_OBJECT_COMMIT, COMMIT_MAX, &o, err);
	if (rc)
		return rc;
	raw = object_view(o);
	wrong = parse(&raw, any, &c);
	git_odb_object_free(o);
	if (wrong) {
		commit_release(&c);
		oid_hex(id, hex);
		return error_set(err, ERR_BAD, "commit %s %s", hex, wrong);
	}
	c.id = *id;
	commit_release(ret);
	*ret = c; /* transferred */
	return ERR_OK;
}

enum err commit_read(struct repo *r, const struct oid *id, struct commit *ret,
	struct error *err)
{
	return read_commit(r, id, false, ret, err);
}

enum err commit_read_any(struct repo *r, const struct oid *id,
	struct commit *ret, struct error *err)
{
	return read_commit(r, id, true, ret, err);
}

/* Seconds of the "committer NAME <MAIL> SECONDS ZONE" among the headers at
 * `p`; 0 where there is none. */
static int64_t committer_date(const char *p, const char *end)
{
	while (p < end && *p != '\n') {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *gt;

		if (!nl)
			break;
		if (nl - p > 10 && memcmp(p, "committer ", 10) == 0) {
			gt = memrchr(p, '>', (size_t)(nl - p));
			return gt ? strtoll(gt + 1, NULL, 10) : 0;
		}
		p = nl + 1;
	}
	return 0;
}

enum err shape_read(struct repo *r, const struct oid *id, struct shape *ret,
	struct error *err)
{
	git_odb_object *o = NULL;
	const char *p, *end;
	struct oid parent;
	char hex[OID_HEX + 1];
	enum err rc;

	rc = object_get(r, id, GIT_OBJECT_COMMIT, COMMIT_MAX, &o, err);
	if (rc == ERR_NOTFOUND && repo_is_shallow(r)) {
		error_reset(err);
		return ERR_OK; /* the history begins after it */
	}
	if (rc)
		return rc;
	p = git_odb_object_data(o);
	end = p + git_odb_object_size(o);
	if (end - p < 46 || memcmp(p, "tree ", 5) != 0 ||
		!oid_parse(p + 5, OID_HEX, &ret->tree)) {
		oid_hex(id, hex);
		rc = error_set(err, ERR_BAD, "commit %s is malformed", hex);
		goto out;
	}
	for (p += 46; end - p > 48 && memcmp(p, "parent ", 7) == 0 &&
		      oid_parse(p + 7, OID_HEX, &parent);
		p += 48)
		oidvec_push(&ret->parents, &parent);
	ret->date = committer_date(p, end);
	ret->there = true;
out:
	git_odb_object_free(o);
	return rc;
}

enum err commit_tree(struct repo *r, const struct oid *id, struct oid *ret,
	struct error *err)
{
	struct shape shape = { .parents = OIDVEC_INIT };
	char hex[OID_HEX + 1];
	enum err rc = shape_read(r, id, &shape, err);

	if (!rc && !shape.there) {
		oid_hex(id, hex);
		rc = error_set(err, ERR_NOTFOUND,
			"commit %s is not in this shallow clone", hex);
	}
	if (!rc)
		*ret = shape.tree;
	oidvec_release(&shape.parents);
	return rc;
}

/* "author NAME <MAIL> SECONDS ZONE"; a name may hold anything but what ends
 * it, so the mail is looked for from the right. */
bool commit_author(const struct commit *c, struct buf *name, struct buf *mail,
	int64_t *when)
{
	const char *line = strstr(c->payload.ptr, "\nauthor ");
	const char *end, *open, *close, *p;
	int64_t n = 0;

	if (!line)
		return false;
	line += strlen("\nauthor ");
	end = line + strcspn(line, "\n");
	close = memrchr(line, '>', (size_t)(end - line));
	open = close ? memrchr(line, '<', (size_t)(close - line)) : NULL;
	if (!open)
		return false;
	for (p = close + 1; p < end && *p == ' '; p++)
		;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (n > INT64_MAX / 10 - 10)
			return false;
		n = n * 10 + (*p - '0');
	}
	buf_reset(name);
	buf_add(name, line, (size_t)(open - line));
	buf_trim_end(name);
	buf_reset(mail);
	buf_add(mail, open + 1, (size_t)(close - open - 1));
	*when = n;
	return true;
}

/* ---- writing ---- */

void commit_format(struct buf *payload, const struct oid *tree,
	const struct oid *parents, size_t nparents, const char *author,
	const char *committer, const char *message)
{
	char hex[OID_HEX + 1];

	buf_reset(payload);
	oid_hex(tree, hex);
	buf_addf(payload, "tree %s\n", hex);
	for (size_t i = 0; i < nparents; i++) {
		oid_hex(&parents[i], hex);
		buf_addf(payload, "parent %s\n", hex);
	}
	buf_addf(payload, "author %s\ncommitter %s\n\n", author, committer);
	buf_adds(payload, message);
}

enum err commit_write(struct repo *r, const struct buf *payload,
	const struct buf *signature, struct oid *ret, struct error *err)
{
	const char *body = strstr(payload->ptr, "\n\n");
	struct buf raw = BUF_INIT;
	size_t head;
	enum err rc;

	if (!body)
		return error_set(
			err, ERR_BAD, "the text of a commit has no header");
	head = (size_t)(body - payload->ptr) + 1;
	buf_add(&raw, payload->ptr, head);
	if (signature && signature->len > 0) {
		const char *p = signature->ptr;
		const char *lead = "gpgsig ";
		size_t len;

		for (; *p; p += len + (p[len] == '\n')) {
			len = strcspn(p, "\n");
			buf_adds(&raw, lead);
			buf_add(&raw, p, len);
			buf_addch(&raw, '\n');
			lead = " ";
		}
	}
	buf_add(&raw, payload->ptr + head, payload->len - head);
	rc = object_write(r, OBJECT_COMMIT, raw.ptr, raw.len, ret, err);
	buf_release(&raw);
	return rc;
}
