/*
 * What a remote may have that is not taken from it, and how to go on: a ledger
 * that was rewound, another one, or one that is not sound.
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "strack/refs.h"

/* No entry gets past it. */
static void hint_put_back(struct ledger *l, struct error *err)
{
	char *ref = exchange_seen_ref(l);
	struct oid seen;
	char hex[OID_HEX + 1];
	bool there = false;

	if (!exchange_read_ref(l, ref, &seen, &there, NULL) && there) {
		oid_hex(&seen, hex);
		error_hint(err,
			"no entry mends that; put it back, by whoever may:\n"
			"  git push --force %s %.12s:" LEDGER_REF,
			l->opts.remote, hex);
	}
	free(ref);
}

/* `theirs` NULL: it is gone there. */
static enum err remote_was_rewound(struct ledger *l, const struct oid *seen,
	const struct oid *theirs, struct error *err)
{
	char hex[OID_HEX + 1];
	char *ref = exchange_seen_ref(l), *fetched = exchange_fetched_ref(l);
	bool behind = true;

	oid_hex(seen, hex);
	if (theirs) {
		error_hint(err,
			"see what is missing there:\n  git log %s..%.12s",
			fetched, hex);
		if (history_is_ancestor(
			    l->opts.repo, theirs, seen, &behind, NULL))
			behind = false;
	}
	error_hint(err, "put it back%s:\n  git push %s%s %.12s:" LEDGER_REF,
		behind ? "" : ", by whoever may", behind ? "" : "--force ",
		l->opts.remote, hex);
	error_hint(err, "accept the loss:\n  git update-ref -d %s", ref);
	error_set(err, ERR_FATAL,
		"the ledger of the remote '%s' %s: %.12s, which was verified "
		"before, is no longer part of it; nothing was taken from it",
		l->opts.remote, theirs ? "was rewound or replaced" : "is gone",
		hex);
	free(ref);
	free(fetched);
	return ERR_FATAL;
}

enum err exchange_refuse_rewound(
	struct ledger *l, const struct oid *theirs, struct error *err)
{
	struct oid seen;
	bool there, good = false;
	char *ref = exchange_seen_ref(l);
	enum err rc = exchange_read_ref(l, ref, &seen, &there, err);

	if (!rc && there && theirs)
		rc = history_is_ancestor(
			l->opts.repo, &seen, theirs, &good, err);
	if (!rc && there && !good)
		rc = remote_was_rewound(l, &seen, theirs, err);
	free(ref);
	return rc;
}

/* What else of ours belongs to the ledger that is put aside. */
static void hint_aside(struct ledger *l, struct error *err)
{
	char *seen = exchange_seen_ref(l);
	const char *refs[] = { LEDGER_SEEN_REF, seen, LEDGER_LOCAL_SEEN_REF };
	struct oid id;

	error_hint(err, "  git branch -m %s %s-before", LEDGER_BRANCH,
		LEDGER_BRANCH);
	if (!ref_read(l->opts.repo, LEDGER_LOCAL_REF, &id, NULL)) {
		error_hint(err, "  git branch strack-local-before %s",
			LEDGER_LOCAL_REF);
		error_hint(err, "  git update-ref -d %s", LEDGER_LOCAL_REF);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++)
		if (!ref_read(l->opts.repo, refs[i], &id, NULL))
			error_hint(err, "  git update-ref -d %s", refs[i]);
	error_hint(err, "  git config --unset %s\n  git strack init",
		LEDGER_ROOT_CONFIG);
	free(seen);
}

static enum err another_ledger(
	struct ledger *l, const char *id, struct error *err)
{
	char *fetched = exchange_fetched_ref(l);

	error_hint(err,
		"each was founded by itself, and one has to go. See what they "
		"have:\n  git log %s\n  git log %s",
		LEDGER_BRANCH, fetched);
	error_hint(err, "keep theirs: put ours aside, and join");
	hint_aside(l, err);
	error_hint(err, "and settle there what ran here:\n"
			"  git strack mark --env <env> -m <why> <script>...\n"
			"keep ours: by another remote, or by none\n"
			"  git strack init --remote <name>\n"
			"  git strack init --no-remote");
	error_set(err, ERR_FATAL,
		"the remote '%s' has the ledger %s, and this clone another one, %s",
		l->opts.remote, id, l->id);
	free(fetched);
	return ERR_FATAL;
}

enum err exchange_refuse_another(
	struct ledger *l, const struct oid *theirs, struct error *err)
{
	struct oid tree;
	char id[37];
	enum err rc = commit_shape(l->opts.repo, theirs, &tree, NULL, err);

	if (!rc)
		rc = ledger_meta_read(l->opts.repo, &tree, id, err);
	if (rc == ERR_NOTFOUND || rc == ERR_BAD) {
		error_prefix(err,
			"the branch '%s' of the remote '%s' is no ledger",
			LEDGER_BRANCH, l->opts.remote);
		hint_put_back(l, err);
		return ERR_FATAL;
	}
	return !rc && strcmp(id, l->id) != 0 ? another_ledger(l, id, err) : rc;
}

/* One that no disown gets past, if there is one. */
static const struct problem *worst(const struct ledger *l)
{
	for (size_t i = 0; i < l->problems.n; i++)
		if (l->problems.v[i].structural && l->problems.v[i].lasting)
			return &l->problems.v[i];
	return NULL;
}

enum err exchange_refuse_unsound(struct ledger *l, struct error *err)
{
	char *fetched = exchange_fetched_ref(l);
	enum err rc = ledger_require_sound(l, NULL);
	const struct problem *p = worst(l);

	if (rc && p && p->lasting) {
		rc = error_set(err, rc, "%s%.12s%s%s: %s",
			p->commit ? "commit " : "", p->commit ? p->commit : "",
			p->entry ? " " : "", p->entry ? p->entry : "", p->text);
		hint_put_back(l, err);
	} else if (rc) {
		rc = ledger_require_sound(l, err);
	}
	if (rc && err) {
		error_prefix(err, "what the remote '%s' has is not taken",
			l->opts.remote);
		error_hint(err, "see it:\n  git log --stat %s", fetched);
	}
	free(fetched);
	return rc;
}
