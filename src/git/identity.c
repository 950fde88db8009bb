/*
 * Who is the author, who the committer: decided in process where git's rules
 * are plain, by `git var` where they aren't (guesses from the host name,
 * dates given by variables, characters that git strips).
 */
#include "internal.h"

#include <stdlib.h>
#include <time.h>
#include "strack/clock.h"

#define IDENT_MAX 65536

struct role {
	const char *name_env;
	const char *mail_env;
	const char *date_env;
	const char *name_key;
	const char *mail_key;
	const char *var;
};

static const struct role author = {
	"GIT_AUTHOR_NAME",
	"GIT_AUTHOR_EMAIL",
	"GIT_AUTHOR_DATE",
	"author.name",
	"author.email",
	"GIT_AUTHOR_IDENT",
};

static const struct role committer = {
	"GIT_COMMITTER_NAME",
	"GIT_COMMITTER_EMAIL",
	"GIT_COMMITTER_DATE",
	"committer.name",
	"committer.email",
	"GIT_COMMITTER_IDENT",
};

/* The variable counts even when empty: git then complains, and so must we. */
static const char *choose(
	struct repo *r, const char *var, const char *key, const char *fallback)
{
	const char *s = getenv(var);

	if (!s)
		s = repo_config(r, key);
	return s ? s : repo_config(r, fallback);
}

/* What git may strip at the ends, in any version of it. */
static bool crud(unsigned char c)
{
	return c <= 32 || strchr(".,:;<>\"\\'", c) != NULL;
}

/* Would git take it as it is? */
static bool plain(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	return len > 0 && !crud((unsigned char)s[0]) &&
	       !crud((unsigned char)s[len - 1]) && !strpbrk(s, "<>\n");
}

static enum err unknown_person(const char *said, struct error *err)
{
	error_set(err, ERR_FATAL, "git does not know who you are: %s", said);
	error_hint(err, "git config --global user.name \"Your Name\"");
	error_hint(err, "git config --global user.email you@example.com");
	return ERR_FATAL;
}

/* The last line that says what is wrong; before it git prints a page. */
static const char *complaint(struct buf *said)
{
	char *line;

	buf_trim_end(said);
	line = strrchr(said->ptr, '\n');
	line = line ? line + 1 : said->ptr;
	return str_starts(line, "fatal: ") ? line + 7 : line;
}

static enum err ask_git(struct repo *r, const struct role *role,
	struct buf *ret, struct error *err)
{
	const char *argv[] = { "git", "var", role->var, NULL };
	struct process_result res = PROCESS_RESULT_INIT;
	enum err rc;

	rc = repo_git(r, argv, NULL, 0, IDENT_MAX, &res, err);
	if (rc) {
		error_prefix(err, "git var %s", role->var);
		rc = ERR_FATAL;
	} else if (res.exit != 0) {
		rc = unknown_person(complaint(&res.err), err);
	} else {
		buf_trim_end(&res.out);
		if (memchr(res.out.ptr, '\n', res.out.len) ||
			!strrchr(res.out.ptr, '>'))
			rc = error_set(err, ERR_FATAL,
				"git var %s: not an identity", role->var);
		else
			buf_addbuf(ret, &res.out);
	}
	process_result_release(&res);
	return rc;
}

static enum err add_date(struct buf *ret, struct error *err)
{
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;
	long east;

	if (!localtime_r(&now, &tm))
		return error_set(err, ERR_FATAL, "the clock is out of range");
	east = tm.tm_gmtoff / 60;
	buf_addf(ret, " %lld %c%02ld%02ld", (long long)now,
		east < 0 ? '-' : '+', labs(east) / 60, labs(east) % 60);
	return ERR_OK;
}

/* Fills `id` with "Name <mail>". */
static enum err person_find(struct repo *r, const struct role *role,
	struct ident *id, struct error *err)
{
	const char *name =
		choose(r, role->name_env, role->name_key, "user.name");
	const char *mail =
		choose(r, role->mail_env, role->mail_key, "user.email");
	enum err rc;

	buf_reset(&id->person);
	if (plain(name) && plain(mail)) {
		buf_addf(&id->person, "%s <%s>", name, mail);
	} else {
		rc = ask_git(r, role, &id->person, err);
		if (rc)
			return rc;
		buf_setlen(&id->person, (size_t)(strrchr(id->person.ptr, '>') -
						 id->person.ptr) +
						1);
	}
	id->known = true;
	return ERR_OK;
}

enum err repo_identity(
	struct repo *r, const char *who, struct buf *ret, struct error *err)
{
	bool is_author = strcmp(who, "AUTHOR") == 0;
	const struct role *role = is_author ? &author : &committer;
	struct ident *id = is_author ? &r->author : &r->committer;
	enum err rc = ERR_OK;

	buf_reset(ret);
	if (getenv(role->date_env))
		return ask_git(r, role, ret, err);
	if (!id->known)
		rc = person_find(r, role, id, err);
	if (rc)
		return rc;
	buf_addbuf(ret, &id->person);
	return add_date(ret, err);
}
