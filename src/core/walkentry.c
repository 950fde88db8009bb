/*
 * The checks of one entry that need no other entry: its text, name, signature,
 * siblings, and its place in the history.
 */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#include "strack/digest.h"
#include "strack/repo.h"
#include "strack/text.h"

enum err entry_load(struct repo *r, const struct oid *blob, bool again,
	struct entry *ret, char id[ENTRY_ID_HEX + 1], struct error *err)
{
	struct buf text = BUF_INIT;
	char hex[SHA256_HEX + 1];
	enum err rc;

	rc = again ? object_read_again(r, blob, OBJECT_BLOB, &text, err)
		   : object_read(r, blob, OBJECT_BLOB, ENTRY_MAX, &text, err);
	if (rc == ERR_TOOBIG)
		rc = error_set(err, ERR_BAD, "longer than 64 KiB");
	if (rc)
		goto out;
	sha256_hex(text.ptr, text.len, hex);
	if (id)
		memcpy(id, hex, sizeof(hex));
	rc = entry_parse(text.ptr, text.len, ret, err);
	if (!rc)
		memcpy(ret->id, hex, sizeof(hex));
out:
	buf_release(&text);
	return rc;
}

/* The signature is over the payload, by the key that `signer` names. */
static enum err check_signature(
	const struct walk *w, const struct entry *e, struct error *err)
{
	struct pubkey key = PUBKEY_INIT;
	enum err rc;

	rc = signature_check(e->text.ptr + e->payload_len,
		e->text.len - e->payload_len, SIGN_NS_ENTRY, e->text.ptr,
		e->payload_len, w->sign_program, &key, err);
	if (rc == ERR_BAD)
		error_prefix(err, "bad signature");
	if (!rc && strcmp(key.fingerprint, entry_get(e, KEY_SIGNER)) != 0)
		rc = error_set(err, ERR_BAD,
			"signed by %s, but its text says %s", key.fingerprint,
			entry_get(e, KEY_SIGNER));
	pubkey_release(&key);
	return rc;
}

enum err entry_check_text(const struct walk *w, const struct entry *e,
	const char *path, struct error *err)
{
	enum err rc = entry_path_check(e, path, err);

	if (!rc && strcmp(entry_get(e, KEY_LEDGER), w->ledger_id) != 0)
		rc = error_set(err, ERR_BAD, "of another ledger");
	return rc ? rc : check_signature(w, e, err);
}

static enum err check_position(struct walk *w, const struct wcommit *c,
	const struct entry *e, struct error *err)
{
	const char *hex = entry_get(e, KEY_PREV);
	struct oid prev;
	const struct wcommit *pc;
	int64_t high = 0;

	oid_parse(hex, OID_HEX, &prev); /* its form was checked */
	if (c->nparents == 0) {
		if (!oid_is_zero(&prev) || e->seq != 1)
			return error_set(err, ERR_BAD,
				"first entry, but prev "
				"or seq is not the first");
		return ERR_OK;
	}
	if (oid_is_zero(&prev) || !oid_cmp(&prev, &c->id) ||
		!walk_reaches(&prev, &c->id, w))
		return error_set(err, ERR_BAD,
			"prev %s is no ancestor of the "
			"commit that brought it",
			hex);
	pc = walk_commit(w, &prev);
	if (pc) {
		high = pc->max_seq;
	} else if (w->has_base && w->base_seq >= 0 &&
		   !oid_cmp(&prev, &w->base)) {
		high = w->base_seq;
	} else {
		struct oid tree;
		enum err rc = commit_shape(w->repo, &prev, &tree, NULL, err);

		if (!rc)
			rc = tree_max_seq(w->repo, &tree, &high, err);
		if (rc)
			return rc;
	}
	if (e->seq != high + 1)
		return error_set(err, ERR_BAD,
			"seq %lld, but the highest before it is %lld",
			(long long)e->seq, (long long)high);
	return ERR_OK;
}

/* A file beside the entry: there when it must be, the blob that the entry
 * names, and no larger than it may be. */
static enum err check_beside(struct walk *w, const char *path,
	const char *suffix, const char *said, bool must, uint64_t max,
	const struct strmap *beside, struct error *err)
{
	char *full = xstrfmt("%s%s", path, suffix);
	const struct oid *have = strmap_get(beside, full);
	char hex[OID_HEX + 1];
	enum object_type type;
	uint64_t size;
	enum err rc = ERR_OK;

	free(full);
	if (!have)
		return must ? error_set(err, ERR_BAD, "without its %s", suffix)
			    : ERR_OK;
	oid_hex(have, hex);
	if (!said || strcmp(said, hex) != 0)
		return error_set(err, ERR_BAD,
			"its %s is not the blob that the entry names", suffix);
	rc = object_stat(w->repo, have, &type, &size, err);
	if (!rc && type != OBJECT_BLOB)
		rc = error_set(err, ERR_BAD, "its %s is no blob", suffix);
	else if (!rc && size > max)
		rc = error_set(err, ERR_BAD, "its %s is larger than %llu bytes",
			suffix, (unsigned long long)max);
	else if (rc == ERR_NOTFOUND)
		rc = error_set(err, ERR_BAD, "the bytes of its %s are not here",
			suffix);
	return rc;
}

static enum err check_siblings(struct walk *w, const char *path,
	const struct entry *e, const struct strmap *beside, struct error *err)
{
	bool claim = e->kind == KIND_CLAIM;
	enum err rc;

	rc = check_beside(w, path, ".script",
		claim ? entry_get(e, KEY_BLOB) : NULL, claim, ENTRY_SCRIPT_MAX,
		beside, err);
	if (!rc)
		rc = check_beside(w, path, ".log", entry_get(e, KEY_LOG),
			entry_get(e, KEY_LOG) != NULL, ENTRY_LOG_MAX, beside,
			err);
	return rc;
}

static enum err check_all(struct walk *w, const struct wcommit *c,
	struct wentry *we, const struct strmap *beside, struct error *err)
{
	char *id = we->id;
	enum err rc;

	we->e = xcalloc(1, sizeof(*we->e));
	entry_init(we->e);
	rc = entry_load(w->repo, &we->blob, false, we->e, id, err);
	if (id[0] && strncmp(id, we->name.id, 16) != 0)
		rc = error_set(err, ERR_BAD, "id does not match the file");
	if (rc) {
		/* kept when readable: whose script it is matters all the same
		 */
		if (!we->e->text.len) {
			entry_free(we->e);
			we->e = NULL;
		}
		return rc;
	}
	rc = entry_check_text(w, we->e, we->path, err);
	if (!rc)
		rc = check_position(w, c, we->e, err);
	if (!rc)
		rc = check_siblings(w, we->path, we->e, beside, err);
	return rc;
}

/* Was something said already of it, or of a file beside it, when its commit
 * was compared with its parent? */
static bool has_problem(const struct walk *w, const struct wentry *we)
{
	for (size_t i = w->problems.n; i > 0; i--) {
		const struct problem *p = &w->problems.v[i - 1];
		char hex[OID_HEX + 1];

		oid_hex(&w->v[we->commit].id, hex);
		if (!p->commit || strcmp(p->commit, hex) != 0)
			return false;
		if (p->entry && str_starts(p->entry, we->path))
			return true;
	}
	return false;
}

void walk_check_entry(struct walk *w, size_t commit, size_t entry,
	const struct strmap *beside)
{
	struct wentry *we = &w->entries[entry];
	struct error err = ERROR_INIT;
	enum err rc = check_all(w, &w->v[commit], we, beside, &err);

	if (!rc)
		we->sound = !has_problem(w, we);
	else if (!walk_fails(w, rc, &err))
		walk_problem(w, &w->v[commit].id, we->path, false, "%s",
			err.text.ptr);
	error_release(&err);
}
