/* See the header. */
#include "protected.h"

#include <string.h>

#include "strack/term.h"

enum err protected_ask(
	struct session *s, const char *what, bool yes, struct error *err)
{
	const struct environment_def *def = settings_env(&s->settings, s->env);
	struct buf question = BUF_INIT, answer = BUF_INIT;
	enum err rc;

	if (!def || !def->protected || yes)
		return ERR_OK;
	buf_printf(&question, "%s in %s. Its name, to go on: ", what, s->env);
	rc = term_ask(question.ptr, &answer, err);
	if (rc == ERR_NOTFOUND) {
		error_reset(err);
		error_hint(err, "where nobody can be asked, --yes goes on "
				"without");
		rc = error_set(
			err, ERR_HELD, "%s is protected: %s", s->env, what);
	} else if (!rc && strcmp(answer.ptr, s->env) != 0) {
		rc = error_set(
			err, ERR_HELD, "that is not its name: nothing was run");
	}
	buf_release(&question);
	buf_release(&answer);
	return rc;
}
