/* How a file of the work tree is started: by itself, by a runner, or through
 * the client of a database. */
#include "job.h"

#include <stdlib.h>

#include "sql.h"

void program_release(struct program *p)
{
	strvec_release(&p->argv);
	strvec_release(&p->env);
	free(p->input);
	p->input = NULL;
}

enum err program_make(struct job *j, const struct script *file, enum part part,
	struct program *ret, struct error *err)
{
	if (script_is_sql(&j->s->settings, file))
		return sql_program(j, file, part, ret, err);
	return script_command(
		j->s->repo, &j->s->settings, file, &ret->argv, err);
}
