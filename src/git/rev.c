/*
 * Names of commits as people type them, and where two histories part.  git
 * itself is asked: its grammar is large, and libgit2 stumbles over the edge
 * of a shallow clone.
 */
#include "strack/refs.h"
#include "internal.h"

/* One line with an id; ERR_NOTFOUND when git says no. */
static enum err ask_id(struct repo *r, const char *const *argv, struct oid *ret,
	struct error *err)
{
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, 0, &res, err);
	buf_trim_end(&res.out);
	if (rc) {
		error_prefix(err, "git %s", argv[1]);
		rc = ERR_FATAL;
	} else if (res.exit != 0 || !oid_parse(res.out.ptr, res.out.len, ret)) {
		rc = ERR_NOTFOUND;
	}
	process_result_release(&res);
	return rc;
}

enum err rev_commit(
	struct repo *r, const char *rev, struct oid *ret, struct error *err)
{
	char *commit = xstrfmt("%s^{commit}", rev);
	const char *argv[] = { "git", "rev-parse", "--verify", "--quiet",
		commit, NULL };
	/* `-x` would be an option, and no name of a commit begins so */
	enum err rc =
		*rev == '-' || !*rev ? ERR_NOTFOUND : ask_id(r, argv, ret, err);

	free(commit);
	if (rc != ERR_NOTFOUND)
		return rc;
	if (repo_is_shallow(r))
		error_hint(err, "this clone is shallow, and may lack it:\n"
				"  git fetch --unshallow");
	return error_set(err, ERR_NOTFOUND, "'%s' names no commit here", rev);
}

enum err history_merge_base(struct repo *r, const struct oid *a,
	const struct oid *b, struct oid *ret, struct error *err)
{
	char one[OID_HEX + 1], two[OID_HEX + 1];
	const char *argv[] = { "git", "merge-base", one, two, NULL };
	enum err rc;

	oid_hex(a, one);
	oid_hex(b, two);
	rc = ask_id(r, argv, ret, err);
	if (rc != ERR_NOTFOUND)
		return rc;
	if (repo_is_shallow(r))
		error_hint(err, "this clone is shallow: fetch what is behind, "
				"or let the CI clone all (fetch-depth: 0)\n"
				"  git fetch --unshallow");
	return error_set(err, ERR_NOTFOUND,
		"%.12s and %.12s have no commit in common here", one, two);
}
