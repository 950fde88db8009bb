/*
 * git strack verify --pre-receive: what a server asks before a push gets in.
 * Refuses whatever can't be judged.  Writes no reference, and nothing of what
 * is pushed: objects are in quarantine, and another hook may still refuse.
 */
#include "prereceive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strack/file.h"
#include "strack/refs.h"
#include "strack/text.h"

#define LINE_MAX_BYTES 65536 /* no name of a reference is as long */
#define TOLD_MAX 100         /* to whom pushes a million wrong commits */
#define OWN_REFS "refs/strack/"

struct pushed {
	bool any; /* the ledger's branch is among it */
	struct oid old, new;
	struct problemvec refused;
};

/* ---- standard input ---- */

static enum err not_a_line(size_t n, const char *why, struct error *err)
{
	return error_set(err, ERR_FATAL,
		"standard input: line %zu %s, so the push is refused; git "
		"tells a hook '<old> <new> <ref>' in each line",
		n, why);
}

/* Without its newline.  False at the end. */
static enum err read_line(
	struct buf *line, size_t n, bool *ret, struct error *err)
{
	int c;

	buf_reset(line);
	while ((c = getc(stdin)) != EOF && c != '\n') {
		if (line->len == LINE_MAX_BYTES)
			return not_a_line(n, "is too long", err);
		buf_addch(line, (char)c);
	}
	if (ferror(stdin))
		return error_set(err, ERR_FATAL,
			"standard input can't be read; the push is refused");
	*ret = c == '\n';
	if (c == EOF && line->len)
		return not_a_line(n, "is cut off", err);
	return ERR_OK;
}

static void refuse_ref(struct pushed *p, const char *ref)
{
	struct buf text = BUF_INIT;

	if (p->refused.n > TOLD_MAX)
		return;
	buf_addf(&text, "%s is each clone's own and never pushed", ref);
	ARRAY_GROW(p->refused.v, p->refused.n + 1, p->refused.cap);
	p->refused.v[p->refused.n++] =
		(struct problem){ .text = buf_detach(&text) };
}

static enum err take_line(
	struct pushed *p, const struct buf *line, size_t n, struct error *err)
{
	const char *ref = line->ptr + 2 * (OID_HEX + 1);
	struct oid old, new;

	if (line->len <= 2 * (OID_HEX + 1) || strlen(line->ptr) != line->len ||
		line->ptr[OID_HEX] != ' ' || ref[-1] != ' ' ||
		!oid_parse(line->ptr, OID_HEX, &old) ||
		!oid_parse(line->ptr + OID_HEX + 1, OID_HEX, &new) ||
		!str_starts(ref, "refs/"))
		return not_a_line(n, "is something else", err);
	if (str_starts(ref, OWN_REFS))
		refuse_ref(p, ref);
	if (strcmp(ref, LEDGER_REF) != 0)
		return ERR_OK;
	if (p->any)
		return not_a_line(n, "has the same branch again", err);
	p->any = true;
	p->old = old;
	p->new = new;
	return ERR_OK;
}

static enum err read_pushed(struct pushed *p, struct error *err)
{
	struct buf line = BUF_INIT;
	bool more = true;
	enum err rc = ERR_OK;

	if (isatty(STDIN_FILENO))
		return error_set(err, ERR_USAGE,
			"verify: --pre-receive is for hooks: it reads what git "
			"tells them");
	for (size_t n = 1; !rc && more; n++) {
		rc = read_line(&line, n, &more, err);
		if (!rc && more)
			rc = take_line(p, &line, n, err);
	}
	buf_release(&line);
	return rc;
}

/* ---- judging ---- */

/* What was pushed to can be another state than that which it was pushed on: the
 * pusher says so, and git finds out only after the hook. */
static enum err check_old(
	struct session *s, const struct pushed *p, struct error *err)
{
	struct oid now = { { 0 } };
	enum err rc = ref_read(s->repo, LEDGER_REF, &now, err);

	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		now = (struct oid){ { 0 } };
	} else if (rc) {
		return rc;
	}
	if (oid_cmp(&now, &p->old) != 0)
		return error_set(err, ERR_FATAL,
			"the branch '" LEDGER_BRANCH "' has moved meanwhile; "
			"the push is refused, try again");
	return ERR_OK;
}

/* The folder of the cache.  Where it can't be made every push takes the time
 * of the first one. */
static void make_cache(struct session *s)
{
	char *cache = path_join(s->state_dir, "cache");
	unsigned file, dir;

	repo_state_modes(s->repo, &file, &dir);
	if (!dir_secure(s->state_dir, dir, NULL))
		(void)dir_secure(cache, dir, NULL);
	free(cache);
}

static enum err judge(
	struct session *s, struct pushed *p, bool full, struct error *err)
{
	struct ledger_opts opts = { .full = full };
	enum err rc = session_open_repo(s, err);

	if (!rc)
		rc = check_old(s, p, err);
	if (rc)
		return rc;
	s->state_dir = path_join(repo_common_dir(s->repo), "strack");
	if (!oid_is_zero(&p->old))
		make_cache(s);
	opts.repo = s->repo;
	opts.state_dir = s->state_dir;
	opts.sign_program = repo_config(s->repo, "gpg.ssh.program");
	rc = ledger_judge_push(&opts, &p->old, &p->new, &p->refused, err);
	if (rc)
		error_prefix(err, "the push to '" LEDGER_BRANCH "' is refused, "
				  "as it can't be judged");
	return rc;
}

/* ---- telling ---- */

static void tell_one(struct session *s, const struct problem *p)
{
	const char *gap = "";

	out_printf(&s->msg, "git strack: refused: ");
	if (p->commit)
		out_printf(&s->msg, "commit %.12s", p->commit);
	if (p->entry) {
		out_printf(&s->msg, "%s", p->commit ? " " : "");
		out_text(&s->msg, p->entry);
	}
	if (p->entry || p->commit) /* "commit X is no ledger" reads on */
		gap = str_starts(p->text, "is ") && !p->entry ? " " : ": ";
	out_printf(&s->msg, "%s", gap);
	out_text(&s->msg, p->text);
	out_printf(&s->msg, "\n");
}

static void tell(struct session *s, const struct problemvec *l)
{
	for (size_t i = 0; i < l->n && i < TOLD_MAX; i++)
		tell_one(s, &l->v[i]);
	if (l->n > TOLD_MAX)
		out_printf(&s->msg, "git strack: refused: and more\n");
}

enum err pre_receive(struct session *s, bool full, struct error *err)
{
	struct pushed p = { .refused = PROBLEMVEC_INIT };
	enum err rc = read_pushed(&p, err);

	/* Most pushes are none of our business, and cost no more than this. */
	if (!rc && p.any)
		rc = judge(s, &p, full, err);
	tell(s, &p.refused);
	if (!rc && p.refused.n)
		rc = ERR_NO;
	problemvec_release(&p.refused);
	return rc == ERR_OK || rc == ERR_NO || rc == ERR_USAGE ? rc : ERR_FATAL;
}
