/* Private to `status`: its options, and the two forms for people. */
#ifndef STRACK_CMD_STATUS_H
#define STRACK_CMD_STATUS_H

#include "strack/view.h"

struct status_opts {
	const char *env;
	bool all_envs, pending, failed, all, exit_code, json, porcelain;
};

/* What of a view is to be shown and counted. */
struct status_pick {
	const struct status_opts *opts;
	struct strmap named; /* paths that were asked for; none: all */
};
/* Does the row count at all: asked for, and not over and done with? */
bool status_counts(const struct status_pick *p, const struct view_row *r);
/* Was it asked for by its state, too? */
bool status_shows(const struct status_pick *p, const struct view_row *r);

/* One environment, a script a line, what needs a person first. */
void status_list(
	struct session *s, const struct view *v, const struct status_pick *p);

/* Script by environment. */
struct status_cell {
	bool known; /* there is something to say */
	bool here;  /* the script is for this environment */
	enum state state;
	unsigned flags;
};
struct status_matrix {
	const struct strvec *envs;
	struct strmap lines; /* path to an array of cells, one each env */
};
void status_matrix_add(struct status_matrix *m, size_t env,
	const struct view *v, const struct status_pick *p);
void status_matrix_show(struct session *s, struct status_matrix *m);
void status_matrix_release(struct status_matrix *m);

/* "no scripts in scripts/; make one: ..." */
void status_nothing(
	struct session *s, const struct view *v, const struct status_pick *p);
/* "1 failed, 2 pending", in the order of what needs a person most. */
void status_add_counts(struct buf *b, const size_t counts[STATE_NR]);

#endif
