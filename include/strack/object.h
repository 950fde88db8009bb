/*
 * Git objects by id: blobs, trees, commits.  Replace refs and grafts play no
 * part.  Trees are read raw, because a status reads many and a verification
 * reads all.
 */
#ifndef STRACK_OBJECT_H
#define STRACK_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/buf.h"
#include "strack/error.h"

struct repo;

#define OID_RAW 20
#define OID_HEX 40

struct oid {
	unsigned char id[OID_RAW];
};

struct oidvec {
	struct oid *v;
	size_t n;
	size_t cap;
};
#define OIDVEC_INIT                                                            \
	{                                                                      \
		NULL, 0, 0                                                     \
	}
void oidvec_push(struct oidvec *l, const struct oid *id);
void oidvec_release(struct oidvec *l);

/* exactly 40 lower-case hex digits */
bool oid_parse(const char *hex, size_t len, struct oid *ret);
void oid_hex(const struct oid *id, char ret[OID_HEX + 1]);
int oid_cmp(const struct oid *a, const struct oid *b);
bool oid_is_zero(const struct oid *id);

enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE, OBJECT_BLOB, OBJECT_TAG };

/* Type and size without reading the content.  ERR_NOTFOUND when the object is
 * not here (its hint says how a shallow or partial clone is mended). */
enum err object_stat(struct repo *r, const struct oid *id,
	enum object_type *type, uint64_t *size, struct error *err);
/* Appends the content.  ERR_NOTFOUND; ERR_BAD when of another type or
 * corrupt; ERR_TOOBIG over `max`, asked before reading. */
enum err object_read(struct repo *r, const struct oid *id,
	enum object_type type, size_t max, struct buf *ret, struct error *err);
/* The same for what was read before, by whoever verified the ledger up to
 * there: an id stands for its bytes, so their size needn't be asked first,
 * which for packed objects is half of the work. */
enum err object_read_again(struct repo *r, const struct oid *id,
	enum object_type type, struct buf *ret, struct error *err);
/* Writes (not synced).  Existing objects are fine. */
enum err object_write(struct repo *r, enum object_type type, const void *data,
	size_t len, struct oid *ret, struct error *err);
/* The id that it would have; nothing is written. */
enum err object_hash(enum object_type type, const void *data, size_t len,
	struct oid *ret, struct error *err);
/* Makes the objects durable: fsync of every loose file among them, then of the
 * folders that hold them (packed ones are git's affair). ERR_NOTFOUND when one
 * can't be read back. */
enum err objects_sync(
	struct repo *r, const struct oidvec *ids, struct error *err);
/* Removes the folders of new objects that a killed process left; with `dry`
 * only counts.  `n` is added to. */
enum err objects_tidy(struct repo *r, bool dry, size_t *n, struct error *err);
/* Drops caches, so that the next read sees what other programs wrote, packed
 * or pruned. */
void objects_refresh(struct repo *r);

/* ---- trees ---- */
#define MODE_TREE 040000
#define MODE_FILE 0100644
#define TREE_MAX (512u << 20) /* bytes of one tree object that we read */

struct tree_entry {
	const char *name; /* NUL-terminated */
	size_t len;
	unsigned mode;
	struct oid id;
};
/* Iterates over raw tree bytes: `*pos` starts at 0; false at the end, or with
 * *bad set where the bytes are no tree. */
bool tree_next(
	const struct buf *raw, size_t *pos, struct tree_entry *ret, bool *bad);
enum err tree_find(struct repo *r, const struct oid *root, const char *path,
	unsigned *mode, struct oid *ret, struct error *err);

/* Called with the full path of everything that is no tree. */
typedef enum err tree_walk_fn(const char *path, const struct tree_entry *e,
	void *arg, struct error *err);
/* Depth 64 at most (ERR_BAD), and four million files and folders (ERR_TOOBIG).
 * `under` is a folder path or "" for all; a missing folder calls nothing. */
enum err tree_walk(struct repo *r, const struct oid *root, const char *under,
	tree_walk_fn *fn, void *arg, struct error *err);

/* status 'A' added, 'D' deleted, 'M' changed (content, mode or type); `old`
 * and `new` are NULL where there is none.  Renames are not looked for.  A
 * folder that became a file is D for each old and A for the new. */
typedef enum err tree_diff_fn(char status, const char *path,
	const struct tree_entry *old, const struct tree_entry *new, void *arg,
	struct error *err);
/* `old` NULL is the empty tree.  Equal subtrees are not read, and equal heads
 * and tails of large trees cost a memcmp.  Limits as above. */
enum err tree_diff(struct repo *r, const struct oid *old, const struct oid *new,
	tree_diff_fn *fn, void *arg, struct error *err);

struct tree_addition {
	const char *path;
	struct oid blob; /* mode is always MODE_FILE */
};
/* A tree that is `base` (NULL: empty) and the additions; never replaces
 * (ERR_EXISTS names the path).  All trees written are pushed to `written`. */
enum err tree_add(struct repo *r, const struct oid *base,
	const struct tree_addition *v, size_t n, struct oidvec *written,
	struct oid *ret, struct error *err);

/* A tree that holds what either holds.  ERR_EXISTS names a path where both
 * have something and it differs.  All trees written are pushed to `written`. */
enum err tree_union(struct repo *r, const struct oid *a, const struct oid *b,
	struct oidvec *written, struct oid *ret, struct error *err);

/* ---- commits ---- */
#define COMMIT_MAX (1u << 20)

struct commit {
	struct oid id;
	struct oid tree;
	struct oidvec parents;
	struct buf payload;   /* what the signature signs: all but gpgsig */
	struct buf signature; /* armoured, with final newline; empty: none */
	struct buf message;
};
#define COMMIT_INIT                                                            \
	{                                                                      \
		.parents = OIDVEC_INIT, .payload = BUF_INIT,                   \
		.signature = BUF_INIT, .message = BUF_INIT                     \
	}
void commit_release(struct commit *c);
/* ERR_BAD when malformed, with two gpgsig headers, or with any header other
 * than tree, parent, author, committer, gpgsig and encoding. */
enum err commit_read(struct repo *r, const struct oid *id, struct commit *ret,
	struct error *err);
/* The tree of any commit, the code's too, which may have headers that
 * commit_read refuses. */
enum err commit_tree(struct repo *r, const struct oid *id, struct oid *ret,
	struct error *err);
/* The same for a commit of the code, which may have any headers: those that
 * git writes when it merges a signed tag, or another program's. */
enum err commit_read_any(struct repo *r, const struct oid *id,
	struct commit *ret, struct error *err);
/* Its author as the commit says (unsigned text: advisory), and when that was,
 * in Unix seconds.  Sets the buffers; false when the line is malformed. */
bool commit_author(const struct commit *c, struct buf *name, struct buf *mail,
	int64_t *when);
/* The text to be signed. `author` and `committer` from repo_identity. */
void commit_format(struct buf *payload, const struct oid *tree,
	const struct oid *parents, size_t nparents, const char *author,
	const char *committer, const char *message);
/* Writes payload with `signature` as its gpgsig header. */
enum err commit_write(struct repo *r, const struct buf *payload,
	const struct buf *signature, struct oid *ret, struct error *err);

#endif
