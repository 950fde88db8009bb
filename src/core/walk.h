/*
 * Private to src/core: the ledger's history, commit by commit.  What a commit
 * and the entry in it must be by themselves is found here; who may sign what,
 * and what the entries add up to, is judge.c.
 */
#ifndef STRACK_CORE_WALK_H
#define STRACK_CORE_WALK_H

#include "strack/ledger.h"
#include "strack/strmap.h"

/* Files that a commit brings.  A plain one of ours brings three, so that one of
 * more than BROUGHT_READ_MAX is nobody's work: none of its entries is read, and
 * none counts.  Beyond BROUGHT_MAX nobody looks at all. */
#define BROUGHT_READ_MAX 100
#define BROUGHT_MAX 1000000

struct wcommit {
	struct oid id;
	struct oid tree;
	struct oid *parents;
	size_t nparents;
	int64_t max_seq; /* in its tree */
	size_t entry;    /* index + 1 of the entry that it brought */
	char *signer;    /* fingerprint of a good signature, or NULL */
	unsigned seen;   /* stamp of the last ancestor search */
};

struct wentry {
	char *path;
	char *dir;
	struct oid blob;
	struct entry_name name;
	struct entry *e;           /* NULL: unreadable */
	char id[ENTRY_ID_HEX + 1]; /* of the file; "" when it can't be read */
	size_t commit;             /* index */
	bool sound;                /* nothing wrong with it alone */
};

struct walk {
	struct repo *repo;
	const char *sign_program;
	char ledger_id[37];
	struct oid root;
	const char
		*want_root; /* hex of the root commit that is known, or NULL */
	const char *want_signer; /* who must have signed it, or NULL */
	bool has_base;
	struct oid base; /* known to be good */
	int64_t base_seq;
	struct wcommit *v;
	size_t n, cap;
	struct strmap by_id; /* hex to index + 1 */
	struct wentry *entries;
	size_t nentries, entries_cap;
	struct strmap by_path; /* to index + 1 */
	struct problemvec problems;
	unsigned stamp;
	/* What kept us from judging at all: no finding, but the end. */
	enum err failed;
	struct error failure;
	ledger_progress_fn *progress;
	void *progress_arg;
};

void walk_release(struct walk *w);
/* Walks from base (exclusive) to tip.  Only trouble with reading is an error,
 * and a commit that is too large to be judged, or whose tree can't be listed
 * (ERR_TOOBIG); what is wrong goes to w->problems. */
enum err walk_run(struct walk *w, const struct oid *tip, struct error *err);
/* Is `a` equal to `b` or an ancestor? Usable as trust_reaches_fn. */
bool walk_reaches(const struct oid *a, const struct oid *b, void *walk);
/* Takes `err` for the end of the walk when it is about the machine (no
 * ssh-keygen, no memory); false when it is about the ledger. */
bool walk_fails(struct walk *w, enum err rc, const struct error *err);
const struct wcommit *walk_commit(const struct walk *w, const struct oid *id);
const struct wentry *walk_entry(const struct walk *w, const char *path);
void walk_problem(struct walk *w, const struct oid *commit, const char *entry,
	bool structural, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Highest seq among the names of a tree; 0 when there is none. */
enum err tree_max_seq(struct repo *r, const struct oid *tree, int64_t *ret,
	struct error *err);
/* Reads .strack/ledger of a tree; ERR_BAD when it is no ledger. */
enum err ledger_meta_read(
	struct repo *r, const struct oid *tree, char id[37], struct error *err);
/* Reads and parses the blob of an entry, and sets its id. ERR_BAD, with the
 * id set in *id where the bytes could be read (id may be NULL). `again`: this
 * blob was verified before. */
enum err entry_load(struct repo *r, const struct oid *blob, bool again,
	struct entry *ret, char id[ENTRY_ID_HEX + 1], struct error *err);

/* commitshape.c: tree and parents (may be NULL) of a commit, whatever else is
 * wrong with it. */
enum err commit_shape(struct repo *r, const struct oid *id, struct oid *tree,
	struct oidvec *parents, struct error *err);
/* walkentry.c: is the text what its path and ledger say, and the signature
 * good? */
enum err entry_check_text(const struct walk *w, const struct entry *e,
	const char *path, struct error *err);
/* walkentry.c: all checks of one entry that need no other: text, name,
 * signature, siblings, position.  `prev_seq` etc. through w. */
void walk_check_entry(struct walk *w, size_t commit, size_t entry,
	const struct strmap *beside);

#endif
