/*
 * Founding a ledger: its first commit, with the key that signs it as root.
 */
#include "ledger_i.h"

#include <stdlib.h>
#include <string.h>

#include "strack/clock.h"
#include "strack/digest.h"
#include "strack/gc.h"
#include "strack/refs.h"
#include "strack/repo.h"
#include "strack/text.h"

static enum err new_uuid(char ret[37], struct error *err)
{
	unsigned char r[16];
	struct buf hex = BUF_INIT;
	enum err rc = random_bytes(r, sizeof(r), err);

	if (rc)
		return rc;
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	hex_encode(&hex, r, sizeof(r));
	for (int i = 4; i > 0; i--) /* behind the 4th, 6th, 8th, 10th byte */
		buf_insert(&hex, (size_t)(4 + 4 * i), "-", 1);
	memcpy(ret, hex.ptr, 37);
	buf_release(&hex);
	return ERR_OK;
}

static enum err founding_entry(const struct ledger_found_opts *o,
	const char *id, struct entry *e, struct buf *text, struct error *err)
{
	static const char zero[] = "0000000000000000000000000000000000000000";
	const struct pubkey *key = signer_key(o->root);
	struct buf when = BUF_INIT;
	enum err rc;

	time_format(&when, clock_now_ms());
	entry_set_kind(e, KIND_TRUST_ADD);
	entry_set(e, KEY_LEDGER, id);
	entry_set(e, KEY_KEY, key->line);
	entry_set(e, KEY_PRINCIPAL, o->principal);
	entry_set(e, KEY_ROLES, "root");
	entry_set(e, KEY_TIME, when.ptr);
	entry_set(e, KEY_HOST, o->host);
	entry_set(e, KEY_USER, o->user);
	entry_set(e, KEY_SEQ, "1");
	entry_set(e, KEY_PREV, zero);
	entry_set(e, KEY_SIGNER, key->fingerprint);
	entry_format(e, text);
	rc = signer_sign(
		o->root, SIGN_NS_ENTRY, text->ptr, text->len, text, err);
	if (!rc)
		sha256_hex(text->ptr, text->len, e->id);
	buf_release(&when);
	return rc;
}

static enum err founding_tree(const struct ledger_found_opts *o, const char *id,
	const struct entry *e, const struct buf *text, struct oidvec *written,
	struct oid *tree, struct error *err)
{
	struct repo *r = o->ledger->repo;
	struct tree_addition add[3];
	struct buf meta = BUF_INIT, path = BUF_INIT;
	enum err rc;

	buf_addf(&meta, "strack-ledger 1\nid %s\n", id);
	entry_path(e, &path);
	add[0].path = LEDGER_README;
	add[1].path = LEDGER_META;
	add[2].path = path.ptr;
	rc = object_write(r, OBJECT_BLOB, o->readme, strlen(o->readme),
		&add[0].blob, err);
	if (!rc)
		rc = object_write(
			r, OBJECT_BLOB, meta.ptr, meta.len, &add[1].blob, err);
	if (!rc)
		rc = object_write(r, OBJECT_BLOB, text->ptr, text->len,
			&add[2].blob, err);
	for (int i = 0; !rc && i < 3; i++)
		oidvec_push(written, &add[i].blob);
	if (!rc)
		rc = tree_add(r, NULL, add, 3, written, tree, err);
	buf_release(&meta);
	buf_release(&path);
	return rc;
}

enum err ledger_found(const struct ledger_found_opts *o, struct error *err)
{
	struct repo *r = o->ledger->repo;
	struct gc_hold gc = GC_HOLD_INIT;
	struct entry e = ENTRY_INIT;
	struct buf text = BUF_INIT, message = BUF_INIT, subject = BUF_INIT;
	struct oidvec written = OIDVEC_INIT, none = OIDVEC_INIT;
	struct oid tree, commit;
	char id[37];
	enum err rc;

	rc = gc_keep_away(r, &gc, err);
	if (!rc)
		rc = new_uuid(id, err);
	if (!rc)
		rc = founding_entry(o, id, &e, &text, err);
	if (!rc)
		rc = founding_tree(o, id, &e, &text, &written, &tree, err);
	if (rc)
		goto out;
	entry_message(&e, &message);
	entry_subject(&e, &subject);
	rc = ledger_write_commit(
		r, o->root, &tree, &none, message.ptr, &written, &commit, err);
	if (!rc)
		rc = objects_sync(r, &written, err);
	if (!rc)
		rc = ledger_move_ref(r, o->ledger->state_dir, LEDGER_REF,
			&commit, NULL, subject.ptr, err);
	if (rc == ERR_MOVED)
		rc = error_set(err, ERR_EXISTS,
			"there is a branch '%s' already", LEDGER_BRANCH);
out:
	gc_release(&gc);
	entry_release(&e);
	buf_release(&text);
	buf_release(&message);
	buf_release(&subject);
	oidvec_release(&written);
	return rc;
}
