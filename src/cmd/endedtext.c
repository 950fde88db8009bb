/* The line that says how a run ended.  Knows not who ran it, or follows it. */
#include "endedtext.h"

#include <string.h>

#include "strack/text.h"

#define WORD_WIDTH 8 /* "skipped ", and one blank more */

void word_column(struct out *o, enum style style, const char *word)
{
	int rest = WORD_WIDTH - (int)strlen(word);

	out_styled(o, style, "%s", word);
	out_printf(o, "%*s", rest > 0 ? rest + 1 : 1, "");
}

void ended_line(struct out *o, enum state state, const char *what, int64_t ms,
	const struct result *r)
{
	struct buf t = BUF_INIT;

	word_column(o, state_style(state), state_name(state));
	out_text(o, what);
	if (ms >= 0) {
		duration_format(&t, ms);
		out_styled(o, STYLE_DIM, "  %s", t.ptr);
	}
	buf_reset(&t);
	if (state == STATE_SKIPPED)
		buf_adds(&t, r->reason ? r->reason : "");
	else if (state == STATE_FAILED)
		result_text(r, &t);
	else if (state == STATE_LOST && r->cancelled)
		buf_addf(&t, "cancelled (%s)", r->cancelled);
	if (t.len) {
		out_printf(o, "  ");
		out_text(o, t.ptr);
	}
	out_printf(o, "\n");
	out_finish(o, NULL);
	buf_release(&t);
}
