/*
 * Runs ssh-keygen (or what gpg.ssh.program names) the way that git 2.39
 * does, because programs that stand in for it know just that way: message and
 * literal key as files, the signature beside the message.  The files live in
 * a folder of 0700 that is gone when a function here returns, and never where
 * others have their files too.  Knows nothing of what is in keys and
 * signatures.
 */
#include "keygen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/process.h"
#include "strack/sign.h"
#include "strack/strvec.h"
#include "sshsig.h"

#define REASON_MAX 400

/* A folder of our own, and the signal mask from before it was made. */
struct scratch {
	struct temp folder;
	sigset_t mask;
};

static enum err scratch_open(
	struct scratch *s, const char *parent, struct error *err)
{
	sigset_t block;
	enum err rc;

	if (!parent)
		return error_set(err, ERR_FATAL,
			"there is no folder for temporary files");
	/* Ctrl-C ends ssh-keygen, and us only after the folder is gone. */
	sigemptyset(&block);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGQUIT);
	sigaddset(&block, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &block, &s->mask))
		return error_sys(err, "cannot block signals");
	rc = temp_folder(parent, SIGN_SCRATCH, &s->folder, err);
	if (!rc)
		return ERR_OK;
	error_prefix(err, "cannot make a temporary folder");
	error_hint(err, "is the disk full, or read-only for you?");
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	return ERR_FATAL;
}

static void scratch_close(struct scratch *s)
{
	if (s->folder.fd < 0)
		return;
	/* It holds no secret; what was asked for is not undone by litter. */
	(void)dir_remove_all(s->folder.path, NULL);
	temp_forget(&s->folder);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* Not file_create: nothing here has to outlive a crash. */
static enum err scratch_write(const struct scratch *s, const char *name,
	const void *data, size_t len, char **ret, struct error *err)
{
	char *path = path_join(s->folder.path, name);
	enum err rc;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0) {
		rc = error_sys(err, "%s", path);
		free(path);
		return rc;
	}
	rc = fd_write_all(fd, data, len, path, err);
	if (close(fd) && !rc)
		rc = error_sys(err, "%s", path);
	if (rc) {
		free(path);
		return rc;
	}
	*ret = path;
	return ERR_OK;
}

/* What it said on standard error, on one line and not more than fits. */
static void add_reason(struct buf *b, const struct buf *said)
{
	static const char progress[] = "Signing file ";
	const char *line = said->ptr;
	size_t start = b->len;

	while (*line && b->len - start < REASON_MAX) {
		size_t n = strcspn(line, "\r\n");

		if (n && strncmp(line, progress, sizeof(progress) - 1) != 0) {
			buf_adds(b, b->len > start ? "; " : ": ");
			buf_add(b, line, n < REASON_MAX ? n : REASON_MAX);
		}
		line += n;
		line += strspn(line, "\r\n");
	}
}

static enum err failed(const struct strvec *argv, const char *what,
	const struct process_result *r, struct error *err)
{
	struct buf why = BUF_INIT;
	enum err rc;

	if (r->signal)
		buf_addf(&why, ": ended by %s", process_signal_name(r->signal));
	add_reason(&why, &r->err);
	if (!why.len)
		buf_addf(&why, ": exit status %d", r->exit);
	rc = error_set(
		err, ERR_FATAL, "%s could not %s%s", argv->v[0], what, why.ptr);
	if (strstr(r->err.ptr, "usage:"))
		error_hint(err, "ssh-keygen of OpenSSH 8.9 or newer is needed");
	buf_release(&why);
	return rc;
}

static enum err start(const struct process_opts *opts,
	struct process_result *ret, struct error *err)
{
	enum err rc = process_run(opts, ret, err);

	if (rc == ERR_NOTFOUND) {
		error_hint(err, "install OpenSSH's ssh-keygen, or set "
				"gpg.ssh.program to a program that is there");
		/* Callers take ERR_NOTFOUND for a missing key. */
		rc = ERR_FATAL;
	}
	return rc;
}

static enum err run_sign(const struct keygen_key *key,
	const struct strvec *argv, struct error *err)
{
	struct process_result r = PROCESS_RESULT_INIT;
	struct process_opts opts = {
		.argv = (const char *const *)argv->v,
		/* Without a terminal there it looks for SSH_ASKPASS. */
		.inherit_in = isatty(STDIN_FILENO),
		.inherit_err = key->token && isatty(STDERR_FILENO),
	};
	enum err rc;

	rc = start(&opts, &r, err);
	if (!rc && r.exit != 0) {
		rc = failed(argv, "sign", &r, err);
		if (key->literal)
			error_hint(err, "a key that is given as text must be "
					"in the ssh agent: ssh-add <file>");
	}
	process_result_release(&r);
	return rc;
}

static enum err read_signature(
	const char *message, struct buf *ret, struct error *err)
{
	char *path = xstrfmt("%s.sig", message);
	enum err rc;

	rc = file_read(path, SSHSIG_ARMOR_MAX, false, ret, err);
	if (rc) {
		error_prefix(err, "cannot read the signature that was made");
		rc = ERR_FATAL;
	}
	free(path);
	return rc;
}

enum err keygen_sign(const struct keygen_key *key, const char *ns,
	const void *data, size_t len, struct buf *ret, struct error *err)
{
	struct scratch tmp = { .folder = TEMP_INIT };
	struct strvec argv = STRVEC_INIT;
	char *message = NULL;
	char *literal = NULL;
	enum err rc;

	rc = scratch_open(&tmp, key->scratch, err);
	if (rc)
		goto out;
	rc = scratch_write(&tmp, "message", data, len, &message, err);
	if (rc)
		goto out;
	if (key->literal) {
		rc = scratch_write(&tmp, "key.pub", key->literal,
			strlen(key->literal), &literal, err);
		if (rc)
			goto out;
	}
	strvec_pushl(&argv, key->program ? key->program : KEYGEN_PROGRAM, "-Y",
		"sign", "-n", ns, "-f", literal ? literal : key->path, NULL);
	if (literal)
		strvec_push(&argv, "-U"); /* only what the agent has */
	strvec_push(&argv, message);
	rc = run_sign(key, &argv, err);
	if (rc)
		goto out;
	rc = read_signature(message, ret, err);
out:
	strvec_release(&argv);
	free(literal);
	free(message);
	scratch_close(&tmp);
	return rc;
}

/* Checking needs no folder, which there may be none of: a file in memory, by
 * a name that a child of ours can open. */
static enum err memory_file(
	const void *data, size_t len, int *fd, char **path, struct error *err)
{
	enum err rc;

	*fd = memfd_create("signature", MFD_CLOEXEC);
	if (*fd < 0)
		return error_sys(err, "cannot make a file in memory");
	*path = xstrfmt("/proc/%ld/fd/%d", (long)getpid(), *fd);
	rc = fd_write_all(*fd, data, len, "a file in memory", err);
	return rc ? ERR_FATAL : ERR_OK;
}

/* "Could not verify signature." is the program's answer; without it (an old
 * version, a full disk) there was none. */
static enum err check_answer(const struct strvec *argv,
	const struct process_result *r, struct error *err)
{
	struct buf why = BUF_INIT;

	if (!r->exit)
		return ERR_OK;
	if (r->signal || !strstr(r->out.ptr, "verify"))
		return failed(argv, "check a signature", r, err);
	add_reason(&why, &r->err);
	error_set(err, ERR_BAD, "the signature is wrong%s", why.ptr);
	buf_release(&why);
	return ERR_BAD;
}

enum err keygen_check(const char *program, const char *armor, size_t alen,
	const char *ns, const void *data, size_t len, struct error *err)
{
	struct process_result r = PROCESS_RESULT_INIT;
	struct process_opts opts = { .input = data, .input_len = len };
	struct strvec argv = STRVEC_INIT;
	char *sig = NULL;
	int fd = -1;
	enum err rc;

	rc = memory_file(armor, alen, &fd, &sig, err);
	if (rc)
		goto out;
	strvec_pushl(&argv, program ? program : KEYGEN_PROGRAM, "-Y",
		"check-novalidate", "-n", ns, "-s", sig, NULL);
	opts.argv = (const char *const *)argv.v;
	rc = start(&opts, &r, err);
	if (rc)
		goto out;
	rc = check_answer(&argv, &r, err);
out:
	process_result_release(&r);
	strvec_release(&argv);
	free(sig);
	if (fd >= 0)
		close(fd); /* what is in it is no longer needed */
	return rc;
}
