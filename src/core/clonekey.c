/* The exchange of the clone's key: files of the state folder alone. */
#include "strack/clonekey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/repo.h"

#define OWN "id_ed25519"
#define WAITING OWN ".new"
#define FORMER OWN ".old"
#define LOCK_WAIT_MS 10000

const char *clonekey_named_by(struct session *s)
{
	if (!str_empty(getenv("STRACK_SIGNING_KEY_FILE")))
		return "STRACK_SIGNING_KEY_FILE";
	if (!str_empty(repo_config(s->repo, "strack.signingKey")))
		return "strack.signingKey";
	return NULL;
}

enum err clonekey_lock(
	const struct session *s, struct lock *ret, struct error *err)
{
	char *path = xstrfmt("%s/locks/key", s->state_dir);
	unsigned file, dir;
	enum err rc;

	repo_state_modes(s->repo, &file, &dir);
	rc = lock_take(ret, path, file, LOCK_WAIT_MS, NULL, err);
	if (rc == ERR_HELD)
		rc = error_set(err, ERR_HELD,
			"another process is about to exchange this clone's "
			"key; try again when it has ended");
	free(path);
	return rc;
}

/* Asked first whether it is there: a public half alone would open, as that of
 * a key in an agent. */
static enum err open_key(const struct session *s, const char *name,
	struct signer **ret, struct error *err)
{
	char *path = path_join(s->state_dir, name);
	struct stat st;
	enum err rc = ERR_OK;

	if (lstat(path, &st))
		rc = error_sys(err, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = error_set(err, ERR_FATAL, "%s: is no regular file", path);
	if (!rc)
		rc = signer_open(path, NULL, s->state_dir, ret, err);
	free(path);
	return rc;
}

enum err clonekey_waiting(
	const struct session *s, struct signer **ret, struct error *err)
{
	return open_key(s, WAITING, ret, err);
}

enum err clonekey_former(
	const struct session *s, struct signer **ret, struct error *err)
{
	return open_key(s, FORMER, ret, err);
}

enum err clonekey_make_waiting(const struct session *s, struct error *err)
{
	char *path = path_join(s->state_dir, WAITING);
	char *comment = xstrfmt("git-strack %s@%s", s->user, s->host);
	enum err rc = file_remove(path, err);

	if (!rc)
		rc = signer_generate(path, comment, err);
	free(comment);
	free(path);
	return rc;
}

/* What stands beside it may be missing, or be that of the key before. */
static enum err mend_public_half(const struct session *s, struct error *err)
{
	char *path = path_join(s->state_dir, OWN ".pub");
	struct buf have = BUF_INIT;
	struct signer *key = NULL;
	char *line = NULL;
	size_t n;
	enum err rc = ERR_OK;

	if (open_key(s, OWN, &key, NULL))
		goto out; /* whoever signs with it tells */
	n = strlen(signer_key(key)->line);
	if (!file_read(path, 1 << 16, false, &have, NULL) &&
		!strncmp(have.ptr, signer_key(key)->line, n) &&
		strchr(" \n", have.ptr[n]))
		goto out;
	line = xstrfmt("%s git-strack %s@%s\n", signer_key(key)->line, s->user,
		s->host);
	rc = file_replace(path, 0600, line, strlen(line), err);
out:
	signer_free(key);
	buf_release(&have);
	free(line);
	free(path);
	return rc;
}

/* A second name for the old key, so that there is no instant without one under
 * its own name; then the new one takes that over at once. */
static enum err exchange_private(const struct session *s, struct error *err)
{
	char *own = path_join(s->state_dir, OWN);
	char *waiting = path_join(s->state_dir, WAITING);
	char *former = path_join(s->state_dir, FORMER);
	enum err rc = file_remove(former, err);

	if (!rc && link(own, former))
		rc = error_sys(err, "%s", former);
	if (!rc)
		rc = file_sync(s->state_dir, err);
	if (!rc && rename(waiting, own))
		rc = error_sys(err, "%s", waiting);
	if (!rc)
		rc = file_sync(s->state_dir, err);
	free(own);
	free(waiting);
	free(former);
	return rc;
}

enum err clonekey_tidy(const struct session *s, struct error *err)
{
	char *waiting = path_join(s->state_dir, WAITING);
	char *pub = path_join(s->state_dir, WAITING ".pub");
	enum err rc = mend_public_half(s, err);

	if (!rc && access(waiting, F_OK) && !access(pub, F_OK))
		rc = file_remove(pub, err);
	free(waiting);
	free(pub);
	return rc;
}

enum err clonekey_exchange(struct session *s, struct error *err)
{
	enum err rc = exchange_private(s, err);

	if (!rc)
		rc = clonekey_tidy(s, err);
	signer_free(s->clone_signer);
	s->clone_signer = NULL;
	return rc;
}

/* Does it wait for nothing but being put in place? */
static enum err is_due(struct session *s, bool *ret, struct error *err)
{
	struct signer *waiting = NULL, *own = NULL;
	const struct trust *t;
	enum err rc = clonekey_waiting(s, &waiting, err);

	if (!rc)
		rc = open_key(s, OWN, &own, err);
	if (!rc)
		rc = ledger_trust(s->ledger, &t, err);
	*ret = !rc && trust_is_admitted(t, signer_key(waiting)->fingerprint) &&
	       !trust_is_admitted(t, signer_key(own)->fingerprint);
	signer_free(waiting);
	signer_free(own);
	return rc;
}

enum err clonekey_mend(struct session *s, struct error *err)
{
	struct lock lock = LOCK_INIT;
	char *waiting = path_join(s->state_dir, WAITING);
	bool due = false;
	enum err rc = ERR_OK;

	if (!access(waiting, F_OK) && s->ledger && !clonekey_named_by(s)) {
		rc = clonekey_lock(s, &lock, err);
		if (!rc)
			rc = is_due(s, &due, err);
		if (rc == ERR_NOTFOUND) { /* another process was quicker */
			error_reset(err);
			rc = ERR_OK;
		}
		if (!rc && due)
			rc = clonekey_exchange(s, err);
	}
	if (!rc)
		rc = clonekey_tidy(s, err);
	lock_release(&lock, false);
	free(waiting);
	return rc;
}
