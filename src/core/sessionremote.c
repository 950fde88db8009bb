/*
 * The remote of a clone: which one it is, how the ledger arrives from it, and
 * when it is asked.
 *
 * strack.remote names it.  Where that is not set, the first remote that is
 * found to have a ledger becomes it: two clones that both take the branch of
 * their own for the whole ledger would run everything twice.
 */
#include "strack/session.h"

#include <stdlib.h>
#include <string.h>

#include "strack/file.h"
#include "strack/refs.h"
#include "strack/remote.h"
#include "strack/text.h"

#define REMOTE_CONFIG "strack.remote"
#define SEEN_PREFIX "refs/strack/seen/remotes/"
#define REMOTE_NONE "none" /* the ledger is this clone's alone */
#define TIMEOUT_CONFIG "strack.networktimeout"
#define TIMEOUT_DEFAULT 30 /* seconds */
#define TIMEOUT_MAX 3600

enum err session_network(struct session *s, struct error *err)
{
	const char *value = repo_config(s->repo, TIMEOUT_CONFIG);
	struct buf where = BUF_INIT;
	int64_t seconds = TIMEOUT_DEFAULT;
	enum err rc = ERR_OK;

	if (value && (!duration_parse(value, &seconds) || seconds < 1 ||
			     seconds > TIMEOUT_MAX)) {
		repo_config_origin(s->repo, TIMEOUT_CONFIG, &where);
		error_hint(err, "say how long a question to a remote may take, "
				"up to 1h:\n"
				"  git config strack.networkTimeout 30s");
		rc = error_set(err, ERR_FATAL,
			"%s: strack.networkTimeout: '%s' is no duration of 1s "
			"to 1h",
			where.ptr, value);
	}
	s->network_ms = (int)(seconds * 1000);
	buf_release(&where);
	return rc;
}

bool session_is_alone(struct session *s)
{
	const char *name = repo_config(s->repo, REMOTE_CONFIG);

	return name && (!*name || !strcmp(name, REMOTE_NONE));
}

/* What is configured; NULL where nothing is, or none is wanted. */
static const char *configured(struct session *s)
{
	const char *name = repo_config(s->repo, REMOTE_CONFIG);

	return session_is_alone(s) ? NULL : name;
}

static void set_remote(struct session *s, const char *name)
{
	char *copy = name ? xstrdup(name) : NULL;

	if (s->ledger)
		ledger_share(s->ledger, copy);
	free(s->remote);
	s->remote = copy;
}

/* One that was exchanged with: what is this clone's alone does not go there
 * because a line of configuration is missing. */
static const char *shared_before(struct session *s)
{
	struct strvec seen = STRVEC_INIT;
	size_t lead = strlen(SEEN_PREFIX), tail = strlen("/" LEDGER_BRANCH);
	size_t n;

	if (!ref_list(s->repo, SEEN_PREFIX, &seen, NULL) && seen.n == 1 &&
		(n = strlen(seen.v[0])) > lead + tail && !s->shared_by)
		s->shared_by = xstrndup(seen.v[0] + lead, n - lead - tail);
	strvec_release(&seen);
	return s->shared_by;
}

void session_know_remote(struct session *s)
{
	const char *name = configured(s);

	if (!name && !s->remote && !session_is_alone(s))
		name = shared_before(s);
	if (name && (!s->remote || strcmp(s->remote, name) != 0))
		set_remote(s, name);
}

enum err session_use_remote(
	struct session *s, const char *name, struct error *err)
{
	enum err rc = repo_config_set(
		s->repo, REMOTE_CONFIG, name ? name : REMOTE_NONE, err);

	set_remote(s, name);
	return rc;
}

/* ---- which one ---- */

static bool is_tracked(struct session *s, const char *remote)
{
	char *ref = xstrfmt("refs/remotes/%s/%s", remote, LEDGER_BRANCH);
	struct oid tip;
	bool yes = ref_read(s->repo, ref, &tip, NULL) == ERR_OK;

	free(ref);
	return yes;
}

/* The tip of its ledger, as git fetched it or as it says now.  ERR_NOTFOUND: it
 * has none; ERR_HELD: it does not say. */
static enum err tip_of(
	struct session *s, const char *name, struct oid *ret, struct error *err)
{
	char *ref = xstrfmt("refs/remotes/%s/%s", name, LEDGER_BRANCH);
	struct remote *m = NULL;
	enum err rc = ref_read(s->repo, ref, ret, NULL);

	if (rc) {
		rc = remote_open(s->repo, name, s->network_ms, &m, err);
		if (!rc)
			rc = remote_tip(m, LEDGER_REF, ret, err);
	}
	remote_free(m);
	free(ref);
	return rc;
}

/* Those that may have it, the likely ones first. */
static enum err candidates(
	struct session *s, struct strvec *ret, struct error *err)
{
	struct strvec all = STRVEC_INIT;
	enum err rc = ERR_OK;

	if (configured(s)) {
		strvec_push(ret, configured(s));
		return ERR_OK;
	}
	if (session_is_alone(s))
		return ERR_OK;
	rc = repo_remotes(s->repo, &all, err);
	for (size_t i = 0; i < all.n; i++)
		if (is_tracked(s, all.v[i]))
			strvec_push(ret, all.v[i]);
	for (size_t i = 0; i < all.n; i++)
		if (!strvec_has(ret, all.v[i]))
			strvec_push(ret, all.v[i]);
	strvec_release(&all);
	return rc;
}

/* Two that differ may be a fork and what it was forked from: what is claimed in
 * one is not seen in the other. */
static enum err several(const char *one, const char *other, struct error *err)
{
	error_hint(err,
		"say which one the team uses:\n"
		"  git strack init --remote %s\n"
		"  git strack init --remote %s",
		one, other);
	return error_set(err, ERR_HELD,
		"the remotes '%s' and '%s' both have a ledger, and they differ",
		one, other);
}

enum err session_ask_remotes(struct session *s, char **ret, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	struct error first = ERROR_INIT;
	struct oid tip, found;
	enum err rc = candidates(s, &names, err), unasked = ERR_OK;

	*ret = NULL;
	for (size_t i = 0; !rc && i < names.n; i++) {
		enum err one = tip_of(s, names.v[i], &tip, err);

		if (!one && *ret && oid_cmp(&tip, &found) != 0) {
			rc = several(*ret, names.v[i], err);
		} else if (!one && !*ret) {
			*ret = xstrdup(names.v[i]);
			found = tip;
		} else if (one == ERR_HELD) { /* another one may have it */
			if (!unasked)
				error_swap(&first, err);
			unasked = one;
		} else if (one && one != ERR_NOTFOUND) {
			rc = one;
		}
		if (!rc)
			error_reset(err);
	}
	/* The one that does not answer may be the team's, and this a fork. */
	if (!rc && unasked) {
		error_swap(&first, err);
		rc = ERR_HELD;
		if (*ret)
			error_hint(err,
				"'%s' has a ledger; if that is the team's, say "
				"so:\n  git strack init --remote %s",
				*ret, *ret);
	}
	if (rc) {
		free(*ret);
		*ret = NULL;
	}
	error_release(&first);
	strvec_release(&names);
	return rc;
}

/* ---- arrival ---- */

static enum err join(struct session *s, const struct ledger_opts *opts,
	const char *name, struct error *err)
{
	struct ledger_opts o = *opts;
	char *ref = xstrfmt("refs/remotes/%s/%s", name, LEDGER_BRANCH);
	char *ours = xstrfmt("refs/strack/remotes/%s/%s", name, LEDGER_BRANCH);
	struct oid tip;
	/* What git fetched will do in a new clone.  Where we asked before it
	 * may be what the remote had once, and has no longer. */
	bool here = is_tracked(s, name) && !repo_is_shallow(s->repo) &&
		    !repo_is_partial(s->repo) &&
		    ref_read(s->repo, ours, &tip, NULL) != ERR_OK;
	enum err rc;

	o.remote = name;
	rc = ledger_join(&o, here ? ref : NULL, err);
	free(ref);
	free(ours);
	return rc == ERR_EXISTS ? ERR_OK : rc; /* another process did */
}

enum err session_arrive(
	struct session *s, const struct ledger_opts *opts, struct error *err)
{
	char *name = NULL;
	enum err rc = session_ask_remotes(s, &name, err);

	if (!rc && !name)
		rc = ERR_NOTFOUND;
	if (!rc) /* where nothing can be written, joining says so */
		session_prepare_state(s, NULL);
	if (!rc)
		rc = join(s, opts, name, err);
	if (!rc) {
		if (!configured(s))
			session_use_remote(s, name, NULL);
		set_remote(s, name);
		out_printf(&s->msg,
			"the ledger came from the remote '%s': branch '%s'\n",
			name, LEDGER_BRANCH);
	}
	free(name);
	return rc;
}

/* ---- exchange ---- */

/* Whoever of ours may sign it. */
enum err session_merger(struct ledger *l, void *arg, const struct signer **ret,
	struct error *err)
{
	struct session *s = arg;
	const struct signer *signers[2] = { NULL, NULL };
	const struct trust *trust;
	enum err rc = ledger_trust(l, &trust, err);

	if (rc)
		return rc;
	session_clone_signer(s, &signers[0], NULL);
	session_person_signer(s, &signers[1], NULL);
	for (int i = 0; i < 2; i++) {
		if (signers[i] && !trust_refuses_now(trust,
					  signer_key(signers[i])->fingerprint,
					  ROLE_RUN | ROLE_APPROVE, NULL)) {
			*ret = signers[i];
			return ERR_OK;
		}
	}
	error_hint(err, "see which line a root must type to admit this clone:\n"
			"  git strack init");
	return error_set(err, ERR_FATAL,
		"both this clone and the remote have entries that the other "
		"has not, and no key here is admitted to merge them");
}

enum err session_find_remote(struct session *s, struct error *err)
{
	char *name = NULL;
	enum err rc;

	session_know_remote(s);
	if (s->remote || session_is_alone(s))
		return ERR_OK;
	rc = session_ask_remotes(s, &name, err);
	if (!rc && name) {
		rc = session_use_remote(s, name, err);
		if (!rc)
			out_printf(&s->msg,
				"the remote '%s' has a ledger: what happens "
				"here goes there from now on (strack.remote)\n",
				name);
	}
	free(name);
	return rc;
}

static enum err unreachable(struct session *s, struct error *err)
{
	/* what has a way out of its own is not to be got past by --offline */
	if (s->must_reach && err->hint.len)
		return ERR_HELD;
	if (s->must_reach) {
		error_hint(err,
			"what runs in %s is claimed there first, so that nobody "
			"else runs it: try again when it answers, or go "
			"without that certainty:\n"
			"  git strack %s --env %s --offline",
			s->env, s->must_reach, s->env);
		return ERR_HELD;
	}
	out_printf(&s->msg, "warning: ");
	out_text(&s->msg, err->text.ptr);
	out_printf(&s->msg, "\n");
	error_reset(err);
	return ERR_OK;
}

/* Nobody is asked; but what may be shared is not claimed. */
static enum err assume_remote(struct session *s, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	enum err rc;

	session_know_remote(s);
	if (s->remote)
		return ERR_OK;
	rc = candidates(s, &names, err);
	if (!rc && names.n)
		set_remote(s, names.v[0]);
	strvec_release(&names);
	return rc;
}

enum err session_exchange(struct session *s, bool any, struct error *err)
{
	struct ledger_exchange x = { 0, 0, false };
	enum err rc;

	if (s->offline)
		return assume_remote(s, err);
	rc = session_find_remote(s, err);
	if (!rc && s->remote)
		rc = ledger_exchange(s->ledger, any, &x, err);
	return rc == ERR_HELD ? unreachable(s, err) : rc;
}

void session_tell_unsent(struct session *s)
{
	size_t n = 0;

	if (!s->wrote || !s->ledger || ledger_require_sound(s->ledger, NULL) ||
		ledger_unsent(s->ledger, &n, NULL) || !n)
		return;
	out_printf(&s->msg,
		"%zu %s not sent to the remote '%s' yet; when it answers:\n"
		"  git strack sync\n",
		n,
		n == 1 ? "commit of the ledger is"
		       : "commits of the ledger are",
		s->remote);
}
