/*
 * One entry of the ledger: its kinds, its keys, its text and its name.  The
 * format is strack-ledger(5).  Pure: no clock, no disk, no git, and nothing
 * is signed or verified here.
 */
#ifndef STRACK_ENTRY_H
#define STRACK_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/strvec.h"

#define ENTRY_MAX 65536          /* bytes of an entry's file */
#define ENTRY_LOG_MAX (1u << 20) /* of the .log beside it */
#define ENTRY_SCRIPT_MAX (10u << 20)
#define ENTRY_ID_HEX 64
#define ENTRY_MAGIC "strack-entry 1"
#define LEDGER_TRUST_DIR ".strack/trust"
#define LEDGER_EXEC_DIR ".strack/exec"
#define LEDGER_META ".strack/ledger"
#define LEDGER_README "README.md"

enum kind {
	KIND_CLAIM,
	KIND_DONE,
	KIND_FAIL,
	KIND_SKIP,
	KIND_LOST,
	KIND_MARK,
	KIND_VOID,
	KIND_UNDO,
	KIND_ROLLBACK,
	KIND_ROLLBACK_FAIL,
	KIND_APPROVE,
	KIND_RETIRE,
	KIND_EXEC,
	KIND_REVIEW,
	KIND_TRUST_ADD,
	KIND_TRUST_REVOKE,
	KIND_DISOWN,
	KIND_NR
};

enum role { ROLE_RUN = 1, ROLE_APPROVE = 2, ROLE_ROOT = 4 };

enum folder { FOLDER_SCRIPT, FOLDER_EXEC, FOLDER_TRUST, FOLDER_ANY };

/* In the order in which writers put them. */
enum key {
	KEY_LEDGER,
	KEY_KIND,
	KEY_SCRIPT,
	KEY_ENVIRONMENT,
	KEY_RUN,
	KEY_ATTEMPT,
	KEY_CLAIM,
	KEY_BLOB,
	KEY_COMMIT,
	KEY_LIMIT,
	KEY_CONFIG,
	KEY_RAW_SHA256,
	KEY_CHANGED,
	KEY_DIRTY,
	KEY_AGAIN,
	KEY_ENTRY,
	KEY_RESOLVED,
	KEY_VERDICT,
	KEY_ARGS,
	KEY_PARAM,
	KEY_COMPANION,
	KEY_REASON,
	KEY_CANCELLED,
	KEY_CHECKPOINT,
	KEY_LEFT,
	KEY_UNCLAIMED,
	KEY_CLONE,
	KEY_KEY,
	KEY_PRINCIPAL,
	KEY_ROLES,
	KEY_ENVIRONMENTS,
	KEY_FINGERPRINT,
	KEY_AFTER,
	KEY_TIME,
	KEY_DURATION,
	KEY_EXIT,
	KEY_SIGNAL,
	KEY_TIMED_OUT,
	KEY_OUTPUT_BYTES,
	KEY_OUTPUT_SHA256,
	KEY_LOG,
	KEY_HOST,
	KEY_USER,
	KEY_SEQ,
	KEY_PREV,
	KEY_SIGNER,
	KEY_NR
};

#define KEYBIT(k) (UINT64_C(1) << (k))

struct kind_info {
	const char *name;
	enum folder folder;
	unsigned role;  /* what its signer needs, one ROLE_ bit */
	uint64_t needs; /* KEYBITs besides those that every entry has */
	bool opens;     /* a run, a rollback, a command */
	bool closes;    /* what `claim` names */
	bool replay;    /* may be committed from the journal after a crash */
};

const struct kind_info *kind_info(enum kind k);
bool kind_parse(const char *name, size_t len, enum kind *ret);

/* How a value is read beyond the encoding. */
enum key_form {
	FORM_TEXT,
	FORM_ITEMS, /* percent-encoded items, blanks between */
	FORM_OID,
	FORM_SHA256,
	FORM_OID_OR_SHA256,
	FORM_NUMBER,
	FORM_SECONDS,
	FORM_TIME,
	FORM_YES,
	FORM_ENVIRONMENT,
	FORM_ULID,
	FORM_UUID,
	FORM_KIND,
	FORM_FINGERPRINT,
};
const char *key_name(enum key k);
enum key_form key_form(enum key k);
bool key_parse(const char *name, size_t len, enum key *ret);

struct entry_extra {
	char *key;
	char *value; /* as it stands, encoded */
};

struct entry {
	char *value[KEY_NR]; /* decoded (FORM_ITEMS: as it stands), or NULL */
	struct entry_extra *extra; /* keys that we don't know */
	size_t nextra, extra_cap;
	/* read from the values by entry_parse */
	enum kind kind;
	int64_t seq;
	int64_t time_ms;
	/* of a parsed entry: */
	struct buf text;           /* the whole file */
	size_t payload_len;        /* bytes before the signature */
	char id[ENTRY_ID_HEX + 1]; /* SHA-256 of the file; set by the caller */
};

#define ENTRY_INIT                                                             \
	{                                                                      \
		.text = BUF_INIT                                               \
	}
void entry_init(struct entry *e);
void entry_release(struct entry *e);
void entry_free(struct entry *e);
const char *entry_get(const struct entry *e, enum key k); /* or NULL */
int64_t entry_number(const struct entry *e, enum key k, int64_t fallback);
void entry_set(
	struct entry *e, enum key k, const char *value); /* NULL unsets */
void entry_setf(struct entry *e, enum key k, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void entry_set_kind(struct entry *e, enum kind k);
/* Adds one item to a FORM_ITEMS key, encoded. */
void entry_add_item(struct entry *e, enum key k, const char *item);
/* Decodes the items of a FORM_ITEMS value. */
bool entry_items(const char *value, struct strvec *ret);

/* The payload: magic line and all values, in order, encoded. */
void entry_format(const struct entry *e, struct buf *payload);

/* Parses a whole file; ERR_BAD with the reason ("line 4: ...", without the
 * file's name) for anything that strack-ledger(5) does not allow in one entry
 * alone: grammar, encoding, forms, keys that the kind needs, what contradicts
 * itself (done with exit 3), a signature block that does not end the file.  A
 * higher number in the magic line says that a newer version wrote it. */
enum err entry_parse(
	const char *data, size_t len, struct entry *ret, struct error *err);

/* ---- names ---- */
struct entry_name {
	int64_t seq;
	int64_t time_ms; /* whole seconds */
	char env[33];    /* "" for trust entries */
	enum kind kind;
	char id[17];
};

/* `base` is the last part of a path, without .script and .log. */
bool entry_name_parse(const char *base, size_t len, struct entry_name *ret);
/* The path on the branch; uses e->id. */
void entry_path(const struct entry *e, struct buf *ret);
/* Why the entry may not stand at `path`; ERR_BAD. */
enum err entry_path_check(
	const struct entry *e, const char *path, struct error *err);

/* What a path of the ledger's tree is. */
enum ledger_path { PATH_META, PATH_ENTRY, PATH_SCRIPT, PATH_LOG, PATH_JUNK };
enum ledger_path ledger_path_kind(const char *path, struct entry_name *name);

/* ---- the commit that brings it ---- */
/* The subject alone, and the whole message with its trailers. */
void entry_subject(const struct entry *e, struct buf *ret);
void entry_message(const struct entry *e, struct buf *ret);

/* Order of entries: (seq, id). */
int entry_cmp(const struct entry *a, const struct entry *b);

#endif
