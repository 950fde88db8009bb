/*
 * What the files of src/git share and nobody else may see: the inside of
 * struct repo and the few doors between repository, configuration and
 * objects.  The only place besides them that knows libgit2's types.
 */
#ifndef STRACK_GIT_INTERNAL_H
#define STRACK_GIT_INTERNAL_H

#include <stddef.h>
#include <string.h>
#include <time.h>
#include <git2.h>
#include "strack/buf.h"
#include "strack/error.h"
#include "strack/file.h"
#include "strack/object.h"
#include "strack/process.h"
#include "strack/repo.h"
#include "strack/strmap.h"
#include "indexfile.h"

/* One line of `git config --list`. */
struct setting {
	const char *key; /* section and name in lower case, as git prints it */
	const char *value;
};

/* Configuration: libgit2's snapshot, or what git itself says. */
struct config {
	git_config *snapshot;
	bool from_git; /* `text` and `v` answer, the snapshot doesn't */
	bool ask_git;  /* libgit2 would filter or ignore otherwise than git */
	struct buf text;
	struct setting *v; /* points into `text`, later ones win */
	size_t n;
	size_t cap;
};

/* What is known of the index. */
struct index {
	bool read;             /* the rest is filled; there may be no index */
	struct indexfile file; /* without entries where `names` answer */
	struct strmap names;
	char *path;
	struct timespec mtime; /* of the file, from before it was read */
	bool lent;             /* libgit2 has been given it, or can't */
	bool foreign;          /* libgit2 can't read it */
};

/* The part of an identity that stays the same through a run. */
struct ident {
	bool known;
	struct buf person; /* "Name <mail>" */
};

/* New objects on their way. */
struct incoming {
	git_odb_backend *loose; /* NULL: none are */
	struct temp folder;
	pid_t owner;
};

struct repo {
	git_repository *git;
	git_odb *odb;
	struct incoming incoming;
	char *git_dir;
	char *common_dir;
	char *work_tree;   /* NULL: bare */
	char *objects_dir; /* where new objects go */
	char *prefix;
	int umask; /* while writing, for core.sharedRepository; -1: as it is */
	bool has_reflog_ident;
	struct config config;
	struct index index;
	struct ident author;
	struct ident committer;
};

/* `fmt`, ": " and what libgit2 says of the last failure; returns `code`. */
enum err git_fail(struct error *err, enum err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* How to get past a .lock file that stands in the way. */
void lock_hint(const char *lock, struct error *err);

/* Runs git on this very repository, wherever we stand and whatever led to
 * it (explicit GIT_DIR and the like, made absolute). */
enum err repo_git(struct repo *r, const char *const *argv, const void *input,
	size_t len, size_t max_out, struct process_result *ret,
	struct error *err);

/* The same with more to say.  Its environment is added to ours; a folder that
 * is NULL is the top of the work tree. */
enum err repo_git_with(struct repo *r, const struct process_opts *opts,
	struct process_result *ret, struct error *err);

/* The path in an environment variable, absolute as git would make it, or
 * NULL. */
char *repo_env_path(const struct repo *r, const char *name);

/* Opens the object store anew: nothing that was read before is believed. */
enum err odb_open(struct repo *r, struct error *err);

/* Writes an object by way of `incoming`, which is closed (and so tidied up)
 * when a batch is over; both are safe when it is not open. */
enum err incoming_write(struct repo *r, const void *data, size_t len,
	git_object_t type, git_oid *ret, struct error *err);
void incoming_close(struct repo *r);

/* Opens the references, so that what is written there is durable. */
enum err refs_open(struct repo *r, struct error *err);

/* core.sharedRepository for what we write below the git folder: everything
 * between enter and leave is made with the modes that git would give. */
mode_t shared_enter(const struct repo *r);
void shared_leave(const struct repo *r, mode_t before);

/* Reads (again) whatever repo_config answers from. */
enum err config_load(struct repo *r, struct error *err);
void config_release(struct config *c);

/* Forgets the index; worktree_refresh without the reading. */
void index_release(struct index *x);

/* Like object_read, without the copy. */
enum err object_get(struct repo *r, const struct oid *id, git_object_t type,
	size_t max, git_odb_object **ret, struct error *err);

/* What of a commit a walk needs. */
struct shape {
	struct oid tree;
	struct oidvec parents;
	int64_t date; /* the committer's; for the order of a walk, no more */
	bool there;   /* false behind the edge of a shallow clone */
};
/* Reads it into a zeroed `ret`, of which the caller releases the parents. */
enum err shape_read(struct repo *r, const struct oid *id, struct shape *ret,
	struct error *err);

/* The bytes of an object as a buffer that doesn't own them. */
static inline struct buf object_view(git_odb_object *o)
{
	struct buf b = BUF_INIT;

	if (o && git_odb_object_size(o) > 0) {
		b.ptr = (char *)git_odb_object_data(o);
		b.len = git_odb_object_size(o);
	}
	return b;
}

/* Order of two entries in a tree: a folder's name counts with a slash. */
int tree_entry_cmp(const struct tree_entry *a, const struct tree_entry *b);
static inline bool mode_is_tree(unsigned mode)
{
	return (mode & 0170000) == MODE_TREE;
}

/* Files whose names begin all that was met since.  A folder of the same name
 * needn't follow at once ("a", "a.b", "a/"), but before that chain ends. */
struct open_files {
	struct tree_entry *v;
	size_t n;
	size_t cap;
};

/* Notes `e`; false when a file of its name is there already. */
bool open_files_add(struct open_files *files, const struct tree_entry *e);

/* A tree that is being read, with its order checked: a tree that is not
 * sorted could show different things to different readers. */
struct tree_iter {
	git_odb_object *object; /* NULL: the empty tree */
	struct buf raw;
	size_t pos;   /* of what follows `entry` */
	size_t start; /* of `entry` */
	bool done;
	bool checked; /* `prev` is the entry before */
	struct tree_entry entry;
	struct tree_entry prev;
	struct open_files files;
	struct oid id;
};
enum err tree_iter_open(struct repo *r, const struct oid *id,
	struct tree_iter *ret, struct error *err);
/* Moves to the next entry, or sets `done`.  ERR_BAD where the tree is
 * malformed, unsorted or has a name twice. */
enum err tree_iter_next(struct tree_iter *t, struct error *err);
void tree_iter_close(struct tree_iter *t);

#define TREE_DEPTH 64
/* Files and folders that one walk or comparison meets.  A few small trees that
 * hold each other many times over stand for more than anybody can count. */
#define TREE_NODES (4u << 20)

_Static_assert(sizeof(struct oid) == GIT_OID_RAWSZ, "SHA-1 on both sides");

static inline git_oid oid_to_git(const struct oid *id)
{
	git_oid g = { { 0 } };

	memcpy(g.id, id->id, OID_RAW);
	return g;
}

static inline struct oid oid_from_git(const git_oid *g)
{
	struct oid id;

	memcpy(id.id, g->id, OID_RAW);
	return id;
}

#endif
