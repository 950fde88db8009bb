/*
 * The warden's side of a console: what the pseudo-terminal says goes to the
 * runner (and, by the warden, into the transcript), and what the person types
 * goes to it.  Nothing is read from it that the runner has no room for.
 */
#ifndef STRACK_RUN_RELAY_H
#define STRACK_RUN_RELAY_H

#include <stdbool.h>
#include "strack/buf.h"
#include "lifeline.h"

struct warden;

struct relay {
	int tty;          /* the runner's terminal, should it be left raw */
	struct buf shown; /* what the runner has not taken yet */
	struct buf typed; /* what the pseudo-terminal has not taken yet */
	bool asked;       /* the runner waits to hear that it has */
};

/* Before the warden lets go of the standard descriptors. */
void relay_begin(struct warden *w);
/* What came from the pseudo-terminal is on its way to the runner. */
void relay_show(struct warden *w, const char *p, size_t n);
/* A line of ours, for the person and not for the transcript. */
void relay_note(struct warden *w, const char *text);
/* LIFE_INPUT and LIFE_SIZE. */
void relay_take(struct warden *w, const struct life *l, const struct buf *text);
/* What is under way, as far as there is room for it. */
void relay_push(struct warden *w);
/* Is nothing to be read now? */
bool relay_full(const struct warden *w);
/* The runner is gone: its terminal is put back, unless somebody did. */
void relay_orphan(struct warden *w);
/* The terminal hangs up: what a shell at a prompt understands. */
void relay_hang_up(const struct warden *w);
/* The session is over: waits a moment for the runner to take the rest. */
void relay_end(struct warden *w);

#endif
