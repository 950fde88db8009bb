/*
 * Takes note of a script's events: log lines and secrets go to the capture,
 * the rest is kept for the outcome.  Whatever a script writes there, what is
 * kept of it has a limit.
 */
#include "said.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT_BYTES 12288 /* as text; an entry has 64 KiB for all */
#define UNKNOWN_SHOWN 10

void said_release(struct said *s)
{
	free(s->skip_reason);
	free(s->label);
	strmap_release(&s->checkpoints, free);
	*s = (struct said)SAID_INIT;
}

static void log_line(struct said *s, const char *level, const char *text)
{
	char *line;

	if (!s->cap)
		return;
	line = xstrfmt("%s: %s", level, text);
	capture_line(s->cap, line, strlen(line));
	free(line);
}

static void keep_checkpoint(struct said *s, const struct event *ev)
{
	char *old = strmap_get(&s->checkpoints, ev->name);
	size_t had = old ? strlen(old) + strlen(ev->name) : 0;
	size_t has = strlen(ev->name) + strlen(ev->value);

	if (s->checkpoint_bytes - had + has > CHECKPOINT_BYTES) {
		if (!s->dropped++)
			log_line(s, "warn",
				"more than 12 KiB of checkpoints: not all of "
				"them are kept");
		return;
	}
	s->checkpoint_bytes += has - had;
	strmap_put(&s->checkpoints, ev->name, xstrdup(ev->value));
	free(old);
}

static void keep_skip(struct said *s, const struct event *ev)
{
	s->skip = true;
	free(s->skip_reason);
	s->skip_reason = xstrndup(ev->text, ev->len);
}

static void keep_progress(struct said *s, const struct event *ev)
{
	struct buf label = BUF_INIT;

	s->progress = true;
	s->current = ev->current;
	s->total = ev->total;
	free(s->label);
	buf_add(&label, ev->text, ev->len);
	if (s->cap) /* it is shown */
		capture_mask_text(s->cap, &label);
	s->label = buf_detach(&label);
}

static void tell_unknown(struct said *s, const struct event *ev)
{
	char *text;

	if (++s->unknown > UNKNOWN_SHOWN + 1)
		return;
	if (s->unknown == UNKNOWN_SHOWN + 1) {
		log_line(s, "warn", "more unknown events are not shown");
		return;
	}
	text = xstrfmt("unknown event: %.*s", (int)ev->len, ev->text);
	log_line(s, "warn", text);
	free(text);
}

void said_event(const struct event *ev, void *arg)
{
	struct said *s = arg;

	switch (ev->kind) {
	case EVENT_PROGRESS:
		keep_progress(s, ev);
		return;
	case EVENT_CHECKPOINT:
		keep_checkpoint(s, ev);
		return;
	case EVENT_SKIP:
		keep_skip(s, ev);
		return;
	case EVENT_LOG:
		log_line(s, ev->level, ev->text);
		return;
	case EVENT_MASK:
		if (s->cap && !capture_mask(s->cap, ev->text, ev->len))
			log_line(s, "warn",
				"a text to mask is too short or too long");
		return;
	case EVENT_UNKNOWN:
		tell_unknown(s, ev);
		return;
	case EVENT_NR:
		return;
	}
}

void said_checkpoints(const struct said *s, struct entry *e)
{
	struct buf item = BUF_INIT;

	for (size_t i = 0; i < s->checkpoints.n; i++) {
		const struct strmap_item *it = &s->checkpoints.items[i];

		buf_printf(&item, "%s=%s", it->key, (const char *)it->value);
		if (s->cap)
			capture_mask_text(s->cap, &item);
		entry_add_item(e, KEY_CHECKPOINT, item.ptr);
	}
	buf_release(&item);
}
