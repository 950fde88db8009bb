/* How rows and results are put into words, colours and JSON: shared by the
 * commands that show them. */
#ifndef STRACK_CMD_ROWTEXT_H
#define STRACK_CMD_ROWTEXT_H

#include "strack/json.h"
#include "strack/progress.h"
#include "strack/view.h"

/* How a run ended, in numbers as entries have them. */
struct result {
	int64_t exit;      /* -1 not known */
	int64_t signal;    /* 0 none */
	int64_t timed_out; /* seconds, 0 no */
	const char *cancelled;
	const char *reason;
};
struct result result_of_row(const struct state_row *r);
struct result result_of_entry(const struct entry *e);
/* "timed out after 5m, killed by SIGKILL: reason", not escaped; nothing when
 * nothing is known. */
void result_text(const struct result *r, struct buf *ret);

enum style state_style(enum state state);
/* The names of the flags, `sep` between them. */
void flags_text(unsigned flags, const char *sep, struct buf *ret);
/* Why a row waits, and the commands that get it on, one a line; not escaped,
 * empty when there is nothing to say. */
void row_why(const struct view_row *r, struct buf *ret);
void row_how(const struct view_row *r, const char *env, struct buf *ret);

/* Members of a JSON object: the names of the flags, lines as an array. */
void json_kv_flags(struct json *j, const char *key, unsigned flags);
void json_kv_lines(struct json *j, const char *key, const char *lines);

/* How far a script says that it is that runs in this clone; false: it says
 * nothing. */
bool row_progress(const struct session *s, const struct view_row *r,
	struct progress *ret);

/* The object of `status --json`; its keys are an interface. */
void row_json(struct json *j, const struct session *s, const struct view_row *r,
	const char *env);

#endif
