/* git strack sync: exchanges the ledger with its remote. */
#include <string.h>

#include "strack/cmd.h"
#include "strack/json.h"

struct sync_opts {
	bool json, quiet;
};

#define AT(field) offsetof(struct sync_opts, field)
static const struct opt options[] = {
	{ 'q', "quiet", OPT_FLAG, AT(quiet), NULL, "say nothing when it went" },
	{ 0, "json", OPT_FLAG, AT(json), NULL, "print one JSON object" },
	{ .kind = OPT_END },
};

static enum err no_remote(struct session *s, struct error *err)
{
	struct strvec names = STRVEC_INIT;
	enum err rc = repo_remotes(s->repo, &names, err);

	if (rc)
		return rc;
	if (!names.n)
		error_hint(err, "make one known, and share the ledger by it:\n"
				"  git remote add origin <url>\n"
				"  git strack init --remote origin");
	else
		error_hint(err, "share it:\n  git strack init --remote %s",
			names.v[0]);
	strvec_release(&names);
	return error_set(err, ERR_HELD, "%s",
		session_is_alone(s)
			? "this ledger is this clone's alone (strack.remote "
			  "is none)"
			: "no remote of this repository has a ledger");
}

static void put_count(struct out *o, const char *word, size_t n)
{
	out_printf(o, "%s %zu commit%s", word, n, n == 1 ? "" : "s");
}

static void say(struct session *s, const struct ledger_exchange *x)
{
	struct out *o = &s->out;
	char hex[OID_HEX + 1];

	oid_hex(ledger_tip(s->ledger), hex);
	if (x->received) {
		put_count(o, "received", x->received);
		out_printf(o, "%s", x->sent ? ", " : "");
	}
	if (x->sent)
		put_count(o, "sent", x->sent);
	if (x->merged)
		out_printf(o, " (merged)");
	out_printf(o, "%s", x->received || x->sent ? "; " : "");
	out_text(o, s->remote);
	out_printf(o, " and this clone are at ");
	out_styled(o, STYLE_ID, "%.12s", hex);
	out_printf(o, "\n");
}

static void say_json(struct session *s, const struct ledger_exchange *x)
{
	char hex[OID_HEX + 1];
	struct buf text = BUF_INIT;
	struct json j;

	oid_hex(ledger_tip(s->ledger), hex);
	json_init(&j, &text);
	json_object(&j);
	json_kv(&j, "remote", s->remote);
	json_kv(&j, "tip", hex);
	json_kv_int(&j, "received", (int64_t)x->received);
	json_kv_int(&j, "sent", (int64_t)x->sent);
	json_kv_bool(&j, "merged", x->merged);
	json_end_object(&j);
	buf_addch(&text, '\n');
	out_raw(&s->out, text.ptr, text.len);
	buf_release(&text);
}

/* What the journal still has is brought to the branch first. */
static enum err exchange(
	struct session *s, struct ledger_exchange *x, struct error *err)
{
	enum err rc = session_prepare_state(s, err);

	if (!rc)
		rc = session_ledger(s, err);
	if (!rc && !ledger_require_sound(s->ledger, NULL))
		rc = ledger_recover(s->ledger, err);
	if (!rc)
		rc = session_find_remote(s, err);
	if (!rc && !s->remote)
		return no_remote(s, err);
	if (!rc)
		rc = ledger_exchange(s->ledger, false, x, err);
	if (!rc)
		rc = ledger_recover(s->ledger, err);
	return rc;
}

static enum err run(struct session *s, const void *opts,
	const struct cmd_args *a, struct error *err)
{
	const struct sync_opts *o = opts;
	struct ledger_exchange x = { 0, 0, false };
	enum err rc;

	if (a->args->n || a->has_rest)
		return error_set(err, ERR_USAGE, "sync takes no arguments");
	rc = session_open(s, NULL, err);
	if (!rc)
		rc = exchange(s, &x, err);
	if (rc)
		return rc;
	if (o->json)
		say_json(s, &x);
	else if (!o->quiet)
		say(s, &x);
	return ERR_OK;
}

const struct command cmd_sync = {
	.name = "sync",
	.usage = "sync [--quiet | --json]",
	.summary = "Exchange the ledger with its remote",
	.opts = options,
	.opts_size = sizeof(struct sync_opts),
	.run = run,
};
