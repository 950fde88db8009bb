/*
 * An ad-hoc command before it starts: its words are checked, and the entry
 * that opens it is filled in.  Starts nothing.
 */
#include "job.h"

#include <inttypes.h>
#include <string.h>

#include "strack/adhoc.h"

/* An entry has 64 KiB for all that it says. */
#define ARGS_MAX 49152

static void name_commit(struct job *j)
{
	char hex[OID_HEX + 1];
	struct oid head;

	if (repo_head(j->s->repo, &head, NULL))
		return; /* there is none yet */
	oid_hex(&head, hex);
	entry_set(&j->claim, KEY_COMMIT, hex);
}

static void set_reason(struct job *j)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, j->req->reason);
	capture_mask_text(j->cap, &text);
	entry_set(&j->claim, KEY_REASON, text.ptr);
	buf_release(&text);
}

enum err command_prepare(struct job *j, struct error *err)
{
	struct entry *e = &j->claim;
	enum err rc = ERR_OK;

	if (j->req->console)
		rc = console_open(&j->console, err);
	if (rc)
		return rc;
	entry_set_kind(e, KIND_EXEC);
	entry_set(e, KEY_RUN, j->run);
	name_commit(j);
	entry_setf(e, KEY_LIMIT, "%" PRId64, j->req->timeout);
	entry_set(e, KEY_CONFIG, j->s->config_blob);
	session_stamp(j->s, e);
	job_open_log(j);
	job_add_args(j);
	set_reason(j);
	if (strlen(entry_get(e, KEY_ARGS)) <= ARGS_MAX)
		return ERR_OK;
	error_hint(err, "put it into a file, and run that:\n"
			"  git strack exec -m <why> -- sh <file>");
	return error_set(err, ERR_FATAL,
		"the command is too long to be recorded: at most %d KiB",
		ARGS_MAX / 1024);
}

bool command_is_recorded(struct job *j)
{
	struct adhocs all = ADHOCS_INIT;
	bool there = adhocs_load(j->s->ledger, &all, NULL) ||
		     adhocs_find(&all, j->run);

	adhocs_release(&all);
	return there;
}
