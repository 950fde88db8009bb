/* A batch that goes on in the background: what the person sees of it. */
#include "batch.h"

#include <inttypes.h>

#include "strack/ledger.h"

static void say_how(struct batch *b, const char *run, int64_t more)
{
	struct out *o = b->out;

	out_printf(o, "run ");
	out_styled(o, STYLE_ID, "%s", run);
	out_printf(o, " goes on by itself");
	if (more > 0)
		out_printf(o, ", and after it %" PRId64 " more", more);
	out_printf(o,
		":\n"
		"  git strack attach %s\n"
		"  git strack cancel -m <why> %s\n",
		run, run);
	out_printf(o, "what the batch says goes to ");
	out_text(o, b->detach.log_path);
	out_printf(o, "\n");
}

enum err batch_detach(struct batch *b, struct error *err)
{
	char run[ULID_LEN + 1] = "";
	int64_t more = 0;
	enum err rc = detach_fork(&b->detach, b->s, err);

	if (rc)
		return rc;
	if (!b->detach.pid) {
		rc = batch_run(b, err);
		batch_say_summary(b);
		return detach_ended(&b->detach, rc, err);
	}
	/* It is the batch's from now on, which moves it. */
	ledger_free(b->s->ledger);
	b->s->ledger = NULL;
	rc = detach_await(&b->detach, run, &more, err);
	if (!rc && *run)
		say_how(b, run, more);
	return rc;
}
