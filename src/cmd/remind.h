/* Private to `remind`: what is said, gathered before it is shown. */
#ifndef STRACK_CMD_REMIND_H
#define STRACK_CMD_REMIND_H

#include "strack/owners.h"
#include "strack/strmap.h"
#include "strack/view.h"

struct remind_opts {
	const char *env, *hook;
	bool all, json;
};

/* One environment in which there is something about a script. */
struct place {
	char *env;
	enum state state;
	unsigned flags;
	int64_t time_ms;  /* of the entry that made the state; -1 none */
	char *user, *run; /* or NULL */
	bool runs;        /* a plain run would take it up */
	struct buf why, how;
};

struct item {
	char *path;
	struct place *v; /* in the order of the environments */
	size_t n, cap;
	char *description; /* or NULL */
	int64_t timeout;   /* seconds, 0 no limit, -1 the script is gone */
	int64_t since_ms;  /* settled everywhere; -1 */
	struct owner owner;
};

enum remind_group {
	REMIND_WAITING,   /* what a run would take up; of a hook, what came */
	REMIND_OPEN,      /* failed, lost, overdue: a person decides */
	REMIND_CHANGED,   /* the bytes are not those that ran */
	REMIND_REMOVABLE, /* settled wherever they must be */
	REMIND_GROUPS
};

struct group {
	struct item *v;
	size_t n, cap;
	struct strmap by_path; /* to number + 1 */
};

struct remind {
	struct session *s;
	const struct remind_opts *opts;
	bool quiet;         /* the hook is about nothing of ours */
	bool no_ledger;     /* there is one, but it can't be used */
	struct strmap came; /* paths, for a hook */
	struct strvec envs; /* that are looked at */
	struct view view;
	struct group groups[REMIND_GROUPS];
	int64_t now_ms;
	int64_t after; /* strack.remindAfter, seconds */
	int64_t max;   /* strack.remindMax */
};

/* Fills the groups; the session is open, its ledger may be missing. */
enum err remind_see(struct remind *r, struct error *err);
/* For a hook: is it worth the look that remind_see() takes? */
bool remind_may_say(struct remind *r);
/* Is the script, which was read, settled in each environment that needs it
 * (`needs` gets them), and that for long enough? */
bool remind_can_go(struct remind *r, const struct script *sc,
	struct strvec *needs, int64_t *since);
/* Finds the owners of the first `max` items. */
void remind_find_owners(struct remind *r, struct group *g, size_t max);
bool remind_is_empty(const struct remind *r);
void remind_release(struct remind *r);

/* For people; only as many of each group as strack.remindMax says. */
void remind_text(struct remind *r, struct out *o);
/* The object of --json; its keys are an interface. */
void remind_json(struct remind *r, struct buf *ret);

#endif
