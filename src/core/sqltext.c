/*
 * A reader of SQL that knows just enough: where a statement begins and ends,
 * and its words outside of quotes and comments.
 */
#include "strack/sqltext.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "strack/text.h"

#define WORD_MAX 32 /* a longer word is none that we look for */

struct reader {
	enum database_kind kind;
	bool transaction;
	const char *name;
	const char *text, *p, *end;
	int line;
	/* of the statement */
	size_t words;
	int parens;
	int begun;       /* the line of its first token; 0: none yet */
	bool making;     /* CREATE */
	bool has_body;   /* ... of what has statements inside */
	size_t named;    /* the how many-th word is its name */
	int depth;       /* of BEGIN and CASE in that body */
	bool begins;     /* the word before was BEGIN, of PostgreSQL */
	bool ended;      /* the word before was END, in a body */
	bool rolls_back; /* ROLLBACK, which may go to a savepoint */
	int rolls_line;
	bool sets;   /* SET */
	bool copies; /* COPY */
	char first[WORD_MAX];
	bool executable_comment; /* of MariaDB: what is in it is executed */
	struct error *err;
};

static enum err refuse(
	struct reader *r, int line, const char *what, const char *why)
{
	error_hint(r->err,
		"take it out, or let the script see to its transactions "
		"itself:\n  -- strack: transaction no");
	return error_set(r->err, ERR_BAD, "%s: %s: %s (line %d)", r->name, what,
		why, line);
}

static enum err client_command(struct reader *r, const char *what)
{
	error_hint(r->err,
		"write SQL alone, or a shell script that calls %s itself",
		database_client(r->kind));
	return error_set(r->err, ERR_BAD,
		"%s: %s is a command of the client and no SQL (line %d)",
		r->name, what, r->line);
}

static enum err not_closed(struct reader *r, int line, const char *what)
{
	return error_set(r->err, ERR_BAD,
		"%s: %s is not closed (line %d); close it", r->name, what,
		line);
}

/* ---- bytes ---- */

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

static bool at(const struct reader *r, const char *text)
{
	size_t n = strlen(text);

	return left(r) >= n && !memcmp(r->p, text, n);
}

static void skip(struct reader *r, size_t n)
{
	for (; n && r->p < r->end; n--)
		r->line += *r->p++ == '\n';
}

/* A line ends with LF, for psql with CR as well. */
static void skip_line(struct reader *r)
{
	while (r->p < r->end && *r->p != '\n' &&
		!(*r->p == '\r' && r->kind == DATABASE_POSTGRESQL))
		r->p++;
}

static bool at_line_start(const struct reader *r)
{
	return r->p == r->text || r->p[-1] == '\n';
}

static bool is_word_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
	       (u >= '0' && u <= '9') || u == '_' || u >= 0x80;
}

/* ---- quotes and comments ---- */

/* Up to the quote that ends it; a doubled one does not, nor does one behind a
 * backslash where `escapes`. */
static enum err skip_quoted(
	struct reader *r, char quote, bool escapes, const char *what)
{
	int line = r->line;

	skip(r, 1);
	while (r->p < r->end) {
		if (*r->p == '\\' && escapes) {
			skip(r, 2);
		} else if (*r->p == quote) {
			skip(r, 1);
			if (r->p == r->end || *r->p != quote)
				return ERR_OK;
			skip(r, 1);
		} else {
			skip(r, 1);
		}
	}
	return not_closed(r, line, what);
}

/* [a name] of SQLite's; nothing in it is doubled. */
static enum err skip_bracket(struct reader *r)
{
	const char *close = memchr(r->p, ']', left(r));

	if (!close)
		return not_closed(r, r->line, "a bracket");
	skip(r, (size_t)(close + 1 - r->p));
	return ERR_OK;
}

/* PostgreSQL's comments may stand in each other. */
static enum err skip_comment(struct reader *r)
{
	int line = r->line, depth = 0;

	do {
		if (at(r, "/*") && (!depth || r->kind == DATABASE_POSTGRESQL)) {
			depth++;
			skip(r, 2);
		} else if (at(r, "*/")) {
			depth--;
			skip(r, 2);
		} else {
			skip(r, 1);
		}
	} while (depth && r->p < r->end);
	/* SQLite takes one that the end of the file closes */
	if (depth && r->kind != DATABASE_SQLITE)
		return not_closed(r, line, "a comment");
	return ERR_OK;
}

/* `$tag$`, and its length; 0: none. */
static size_t dollar_tag(const struct reader *r)
{
	size_t n = 1;

	if (r->kind != DATABASE_POSTGRESQL || *r->p != '$')
		return 0;
	if (n < left(r) && r->p[n] >= '0' && r->p[n] <= '9')
		return 0; /* $1 */
	while (n < left(r) && is_word_byte(r->p[n]))
		n++;
	return n < left(r) && r->p[n] == '$' ? n + 1 : 0;
}

static enum err skip_dollars(struct reader *r, size_t tag)
{
	const char *begin = r->p, *p;
	int line = r->line;

	skip(r, tag);
	p = memmem(r->p, left(r), begin, tag);
	if (!p)
		return not_closed(r, line, "a dollar quote");
	skip(r, (size_t)(p - r->p) + tag);
	return ERR_OK;
}

/* MariaDB wants a blank behind it. */
static bool is_line_comment(const struct reader *r)
{
	/* the shell of SQLite's own */
	if (*r->p == '#' && r->kind == DATABASE_SQLITE)
		return at_line_start(r) && !r->begun;
	if (*r->p == '#')
		return r->kind == DATABASE_MARIADB;
	if (!at(r, "--"))
		return false;
	return r->kind != DATABASE_MARIADB || left(r) == 2 ||
	       (unsigned char)r->p[2] <= ' ';
}

/* A comment that begins with !40101 or M!100401: only the marks are one. */
static bool skip_executable_mark(struct reader *r)
{
	size_t n = at(r, "/*!") ? 3 : at(r, "/*M!") ? 4 : 0;

	if (r->kind != DATABASE_MARIADB)
		return false;
	if (n) {
		while (n < left(r) && r->p[n] >= '0' && r->p[n] <= '9')
			n++;
		r->executable_comment = true;
	} else if (r->executable_comment && at(r, "*/")) {
		r->executable_comment = false;
		n = 2;
	}
	skip(r, n);
	return n > 0;
}

/* ---- statements ---- */

static void end_statement(struct reader *r)
{
	r->words = 0;
	r->begun = 0;
	r->making = r->has_body = r->ended = r->rolls_back = r->sets = false;
	r->begins = r->copies = false;
	r->depth = r->parens = 0;
	*r->first = '\0';
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcasecmp(word, *list))
			return true;
	return false;
}

static const char *const transaction_words[] = { "COMMIT", "BEGIN", "END",
	"ABORT", "XA", NULL };
/* https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/ */
static const char *const committing_words[] = { "ALTER", "BACKUP", "CACHE",
	"CHANGE", "CHECK", "CREATE", "DROP", "FLUSH", "GRANT", "INSTALL",
	"LOCK", "OPTIMIZE", "RENAME", "REPAIR", "RESET", "REVOKE", "SHUTDOWN",
	"STOP", "TRUNCATE", "UNINSTALL", "UNLOCK", NULL };
static const char *const body_words[][6] = {
	[DATABASE_POSTGRESQL] = { "FUNCTION", "PROCEDURE", NULL },
	[DATABASE_SQLITE] = { "TRIGGER", NULL },
	[DATABASE_MARIADB] = { "TRIGGER", "FUNCTION", "PROCEDURE", "EVENT",
		"PACKAGE", NULL },
};
/* CREATE OR REPLACE TEMPORARY TRIGGER, and behind it the name */
#define KIND_WORDS 5
/* what END ends besides BEGIN and CASE */
static const char *const block_words[] = { "IF", "LOOP", "WHILE", "REPEAT",
	"FOR", NULL };

static const char one_transaction[] =
	"the whole script is one transaction, which begins and ends without it";

/* The first word of a statement, or the second where the first alone does not
 * tell. */
static enum err judge_first(struct reader *r, const char *word)
{
	bool maria = r->kind == DATABASE_MARIADB;

	snprintf(r->first, sizeof(r->first), "%s", word);
	r->making = !strcasecmp(word, "CREATE");
	r->sets = !strcasecmp(word, "SET");
	r->copies = r->kind == DATABASE_POSTGRESQL && !strcasecmp(word, "COPY");
	if (maria && !strcasecmp(word, "DELIMITER") && r->transaction)
		return client_command(r, "DELIMITER");
	if (!r->transaction)
		return ERR_OK;
	if (!strcasecmp(word, "ROLLBACK")) {
		r->rolls_back = true;
		r->rolls_line = r->line;
	}
	if (is_one_of(word, transaction_words))
		return refuse(r, r->line, word, one_transaction);
	/* of temporary tables these two don't */
	if (maria && strcasecmp(word, "CREATE") && strcasecmp(word, "DROP") &&
		is_one_of(word, committing_words))
		return refuse(r, r->line, word,
			"MariaDB commits before it, so that nothing could be "
			"taken back");
	return ERR_OK;
}

static enum err judge_second(struct reader *r, const char *word)
{
	bool transaction = !strcasecmp(word, "TRANSACTION");

	if ((!strcasecmp(r->first, "START") ||
		    !strcasecmp(r->first, "PREPARE")) &&
		transaction)
		return refuse(r, r->line,
			strcasecmp(r->first, "START") ? "PREPARE TRANSACTION"
						      : "START TRANSACTION",
			one_transaction);
	if (r->kind == DATABASE_MARIADB && !strcasecmp(r->first, "SET") &&
		!strcasecmp(word, "PASSWORD"))
		return refuse(r, r->line, "SET PASSWORD", one_transaction);
	/* CREATE OR REPLACE TEMPORARY TABLE: whatever it is, the end of the
	 * transaction finds out what commits */
	if (r->kind == DATABASE_MARIADB &&
		(!strcasecmp(r->first, "CREATE") ||
			!strcasecmp(r->first, "DROP")) &&
		strcasecmp(word, "TEMPORARY") != 0 &&
		strcasecmp(word, "PREPARE") != 0 && strcasecmp(word, "OR") != 0)
		return refuse(r, r->line, r->first,
			"MariaDB commits before it, so that nothing could be "
			"taken back");
	return ERR_OK;
}

/* Inside of what CREATE makes, statements end and the whole does not. */
static void follow_body(struct reader *r, const char *word)
{
	bool was_end = r->ended, began = r->begins;

	r->ended = r->begins = false;
	if (r->parens && !r->depth)
		return; /* names of columns and arguments */
	if (!r->has_body) {
		r->has_body = r->words <= KIND_WORDS &&
			      is_one_of(word, body_words[r->kind]);
		r->named = r->words + 1;
		return;
	}
	if (r->words == r->named && r->kind != DATABASE_MARIADB)
		return; /* its name, which may be any word */
	if (began && !strcasecmp(word, "ATOMIC")) {
		r->depth++;
	} else if (was_end && is_one_of(word, block_words)) {
		r->depth++; /* it was END IF, which ends no BEGIN */
	} else if (!strcasecmp(word, "CASE") && was_end) {
		return; /* END CASE */
	} else if (!strcasecmp(word, "BEGIN") &&
		   r->kind == DATABASE_POSTGRESQL && !r->depth) {
		r->begins = true;
	} else if (!strcasecmp(word, "BEGIN") ||
		   (!strcasecmp(word, "CASE") && r->depth)) {
		r->depth++;
	} else if (!strcasecmp(word, "END") && r->depth) {
		r->depth--;
		r->ended = true;
	}
}

/* ROLLBACK [WORK|TRANSACTION] TO SAVEPOINT is the script's own affair. */
static bool goes_to_savepoint(const char *word)
{
	return !strcasecmp(word, "TO");
}

static enum err take_word(struct reader *r, const char *word)
{
	enum err rc = ERR_OK;

	r->words++;
	if (!r->begun)
		r->begun = r->line;
	if (r->words == 1)
		rc = judge_first(r, word);
	else if (r->words == 2 && r->transaction)
		rc = judge_second(r, word);
	if (rc)
		return rc;
	if (r->rolls_back && goes_to_savepoint(word))
		r->rolls_back = false;
	if (r->transaction && r->sets && r->kind == DATABASE_MARIADB &&
		!strcasecmp(word, "AUTOCOMMIT"))
		return refuse(r, r->line, "SET AUTOCOMMIT", one_transaction);
	if (r->copies && !strcasecmp(word, "STDIN"))
		return client_command(r, "COPY FROM STDIN");
	if (r->making)
		follow_body(r, word);
	return ERR_OK;
}

static enum err read_word(struct reader *r)
{
	char word[WORD_MAX] = "";
	size_t n = 0;

	while (n < left(r) && (is_word_byte(r->p[n]) || r->p[n] == '$'))
		n++;
	if (n < sizeof(word))
		memcpy(word, r->p, n);
	/* e'...' */
	if (n == 1 && (*r->p == 'e' || *r->p == 'E') && n < left(r) &&
		r->p[1] == '\'' && r->kind == DATABASE_POSTGRESQL) {
		skip(r, 1);
		return skip_quoted(r, '\'', true, "a quote");
	}
	skip(r, n);
	return take_word(r, word);
}

static enum err check_rollback(struct reader *r)
{
	return r->rolls_back
		       ? refuse(r, r->rolls_line, "ROLLBACK", one_transaction)
		       : ERR_OK;
}

static enum err read_semicolon(struct reader *r)
{
	enum err rc = ERR_OK;

	skip(r, 1);
	r->ended = false;
	if (r->depth)
		return ERR_OK;
	rc = check_rollback(r);
	end_statement(r);
	return rc;
}

/* A dot at the begin of a line, where no statement is open. */
static bool is_dot_command(const struct reader *r, const char *text)
{
	return r->kind == DATABASE_SQLITE && *r->p == '.' && !r->begun &&
	       (r->p == text || r->p[-1] == '\n');
}

/* `/` or `go` alone on a line: SQLite's shell takes it for a semicolon. */
static bool is_terminator_line(const struct reader *r)
{
	size_t n = at(r, "/")                                    ? 1
		   : left(r) >= 2 && !strncasecmp(r->p, "go", 2) ? 2
								 : 0;

	if (r->kind != DATABASE_SQLITE || !n || !at_line_start(r))
		return false;
	while (n < left(r) && (r->p[n] == ' ' || r->p[n] == '\t' ||
				      r->p[n] == '\r' || r->p[n] == ';'))
		n++;
	return n == left(r) || r->p[n] == '\n';
}

static enum err read_token(struct reader *r, const char *text)
{
	bool maria = r->kind == DATABASE_MARIADB;
	size_t tag;

	if (is_dot_command(r, text))
		return client_command(r, "a line that begins with a dot");
	if (is_terminator_line(r))
		return client_command(r, "a line of nothing but / or go");
	if (*r->p == '\\' && r->kind != DATABASE_SQLITE)
		return client_command(r, "a backslash");
	if (*r->p == ';')
		return read_semicolon(r);
	if (!r->begun)
		r->begun = r->line;
	if (*r->p == '\'')
		return skip_quoted(r, '\'', maria, "a quote");
	if (*r->p == '"')
		return skip_quoted(r, '"', maria, "a double quote");
	if (*r->p == '`' && r->kind != DATABASE_POSTGRESQL)
		return skip_quoted(r, '`', false, "a backquote");
	if (*r->p == '[' && r->kind == DATABASE_SQLITE)
		return skip_bracket(r);
	tag = dollar_tag(r);
	if (tag)
		return skip_dollars(r, tag);
	if (is_word_byte(*r->p))
		return read_word(r);
	r->parens += *r->p == '(' ? 1 : *r->p == ')' ? -1 : 0;
	skip(r, 1);
	return ERR_OK;
}

/* Blanks and comments. */
static enum err skip_space(struct reader *r, bool *more)
{
	*more = true;
	if ((unsigned char)*r->p <= ' ')
		skip(r, 1);
	else if (is_line_comment(r))
		skip_line(r);
	else if (skip_executable_mark(r))
		return ERR_OK;
	else if (at(r, "/*"))
		return skip_comment(r);
	else
		*more = false;
	return ERR_OK;
}

enum err sql_check(enum database_kind kind, bool transaction, const char *name,
	const char *text, size_t len, bool *open, struct error *err)
{
	struct reader r = { .kind = kind,
		.transaction = transaction,
		.name = name,
		.text = text,
		.p = text,
		.end = text + len,
		.line = 1,
		.err = err };
	const char *nul = memchr(text, '\0', len);
	enum err rc = ERR_OK;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		r.p += 3; /* byte order mark */
	if (nul)
		return error_set(
			err, ERR_BAD, "%s: has a NUL byte; SQL is text", name);
	while (!rc && r.p < r.end) {
		bool space;

		rc = skip_space(&r, &space);
		if (!rc && !space)
			rc = read_token(&r, text);
	}
	if (!rc)
		rc = check_rollback(&r);
	if (!rc && r.depth)
		rc = not_closed(&r, r.begun, "the BEGIN of a body");
	if (!rc)
		*open = r.begun != 0;
	return rc;
}
