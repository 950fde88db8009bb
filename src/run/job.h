/*
 * One run, from its lock to its outcome: what the runner prepares and hands
 * over to the warden.  Private to src/run.
 */
#ifndef STRACK_RUN_JOB_H
#define STRACK_RUN_JOB_H

#include "strack/digest.h"
#include "strack/entry.h"
#include "strack/lock.h"
#include "strack/run.h"
#include "strack/rundir.h"
#include "capture.h"
#include "console.h"

/* What is started, and how. */
struct program {
	struct strvec argv;
	struct strvec env; /* NAME=VALUE, besides what every script gets */
	char *input;       /* file of its standard input; NULL: /dev/null */
};
#define PROGRAM_INIT                                                           \
	{                                                                      \
		STRVEC_INIT, STRVEC_INIT, NULL                                 \
	}
void program_release(struct program *p);

struct job {
	struct session *s;
	const struct run_request *req;
	const struct signer *signer;
	char run[ULID_LEN + 1];
	struct lock lock; /* of script and environment */
	struct rundir dir;
	bool maybe_claimed; /* the claim may be on the ledger */
	bool unsure;        /* or on the remote, which did not say */
	struct buf resume;  /* of the attempts before, `name value` lines */
	struct program program;
	/* What is started (the script or its rollback companion; NULL: a
	 * command), as git stores it, and as it lies on disk. */
	const struct script *file;
	struct oid blob;
	char raw[SHA256_HEX + 1];
	/* The same of the verify companion, where there is one. */
	struct oid verify_blob;
	char verify_raw[SHA256_HEX + 1];
	int64_t verify_limit; /* seconds, 0 none */
	struct entry claim;   /* with its id, once it is recorded */
	char *log_path;
	int log_fd;
	struct capture *cap;
	char *tty;              /* of the runner, "pts/3"; NULL: none */
	int life;               /* this side's end of the lifeline */
	struct console console; /* of a command that has one */
};

/* Where its entries stand: the script's path, or that of all commands. */
const char *job_folder(const struct job *j);

/* Of files that the others of the clone must be able to open. */
mode_t job_file_mode(const struct session *s);
/* <state>/locks/ENV.<16 hex>; the caller frees it. */
char *job_lock_path(
	const struct session *s, const char *env, const char *script);

/* runner.c: fresh, of now and by chance. */
enum err run_new_id(char ret[ULID_LEN + 1], struct error *err);

/* claim.c: bytes, command, log and claim entry; then the claim itself. */
enum err job_prepare(struct job *j, struct error *err);
enum err job_claim(struct job *j, struct error *err);
/* The log, and what is masked in it; then the arguments as the entry has
 * them, masked as well. */
void job_open_log(struct job *j);
void job_add_args(struct job *j);
/* The same for parameters, whose secrets are masked from now on; an error when
 * one of them can't be. */
enum err job_add_params(struct job *j, struct error *err);
/* The bytes of a file of the work tree as it lies there now. */
enum err job_read_file(const struct session *s, const struct script *file,
	struct buf *ret, struct error *err);
/* Their SHA-256. */
enum err job_hash_file(const struct job *j, const struct script *file,
	char ret[SHA256_HEX + 1], struct error *err);

/* command.c: the same as job_prepare for an ad-hoc command; and whether its
 * entry is on the ledger. */
enum err command_prepare(struct job *j, struct error *err);
bool command_is_recorded(struct job *j);

/* resume.c: last values of the checkpoints of the attempts before; for an
 * `undo` of the last one too that finished. */
enum err resume_collect(struct session *s, const char *script, bool undo,
	struct buf *ret, struct error *err);

/* A verify companion changes nothing, and says nothing but its exit status. */
enum part { PART_SCRIPT, PART_VERIFY };
/* program.c: how a file of the work tree is started. */
enum err program_make(struct job *j, const struct script *file, enum part part,
	struct program *ret, struct error *err);
/* environ.c: the whole environment of what is started. */
void environ_for(const struct job *j, enum part part, const struct program *p,
	struct strvec *ret);
/* Values of variables whose names match [log] mask. */
void environ_mask(const struct settings *set, struct capture *cap);

/* settle.c: makes of the outcome `lost` what others know of the run, where they
 * do: its verify companion.  Runs that. */
void settle_ask(struct session *s, const struct state_row *r, struct entry *e);

/* warden.c: in the forked child; never returns. */
void warden_main(struct job *j) __attribute__((noreturn));

#endif
