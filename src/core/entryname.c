/*
 * Where an entry stands in the ledger's tree, and what a path there is.
 */
#include "strack/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "strack/text.h"

#define TIME_LEN 16 /* 20261121T101502Z */
#define ID_LEN 16

/* A field up to the next dot; false at the end of the name. */
static bool field(const char **p, const char *end, const char **f, size_t *n)
{
	const char *dot = memchr(*p, '.', (size_t)(end - *p));

	if (!dot)
		return false;
	*f = *p;
	*n = (size_t)(dot - *p);
	*p = dot + 1;
	return true;
}

static bool parse_seq(const char *f, size_t n, int64_t *ret)
{
	int64_t seq = 0;

	if (n < 8 || n > 18 || (n > 8 && f[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (f[i] < '0' || f[i] > '9')
			return false;
		seq = seq * 10 + (f[i] - '0');
	}
	*ret = seq;
	return seq > 0;
}

bool entry_name_parse(const char *base, size_t len, struct entry_name *ret)
{
	struct entry_name n = { .env = "" };
	const char *p = base, *end = base + len, *f;
	size_t flen;

	if (!field(&p, end, &f, &flen) || !parse_seq(f, flen, &n.seq))
		return false;
	if (!field(&p, end, &f, &flen) || flen != TIME_LEN ||
		!time_compact_parse(f, flen, &n.time_ms))
		return false;
	if (!field(&p, end, &f, &flen))
		return false;
	if ((size_t)(end - p) != ID_LEN) { /* that was the environment */
		if (flen == 0 || flen >= sizeof(n.env))
			return false;
		memcpy(n.env, f, flen);
		n.env[flen] = '\0';
		if (strlen(n.env) != flen || !environment_name_valid(n.env) ||
			!field(&p, end, &f, &flen))
			return false;
	}
	if (!kind_parse(f, flen, &n.kind) || end - p != ID_LEN ||
		!hex_is(p, ID_LEN))
		return false;
	memcpy(n.id, p, ID_LEN);
	n.id[ID_LEN] = '\0';
	*ret = n;
	return true;
}

static void add_dir(const struct entry *e, struct buf *ret)
{
	enum folder f = kind_info(e->kind)->folder;

	if (f == FOLDER_TRUST)
		buf_adds(ret, LEDGER_TRUST_DIR);
	else if (f == FOLDER_EXEC || !e->value[KEY_SCRIPT])
		buf_adds(ret, LEDGER_EXEC_DIR);
	else
		buf_adds(ret, e->value[KEY_SCRIPT]);
}

void entry_path(const struct entry *e, struct buf *ret)
{
	add_dir(e, ret);
	buf_addf(ret, "/%08lld.", (long long)e->seq);
	time_compact(ret, e->time_ms);
	buf_addch(ret, '.');
	if (e->value[KEY_ENVIRONMENT])
		buf_addf(ret, "%s.", e->value[KEY_ENVIRONMENT]);
	buf_addf(ret, "%s.%.16s", kind_info(e->kind)->name, e->id);
}

/* Why a script can't have this path, or NULL. */
static const char *script_path_problem(const char *path)
{
	struct entry_name name;
	const char *p = path;

	for (const char *c = path; *c; c++) {
		unsigned char u = (unsigned char)c[0], v = (unsigned char)c[1];

		if (u < 0x20 || u == 0x7f ||
			(u == 0xc2 && v >= 0x80 && v <= 0x9f))
			return "control character in the script's path";
	}
	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0)
			return "empty part in the script's path";
		if ((n == 1 && p[0] == '.') || (n == 2 && !memcmp(p, "..", 2)))
			return "'.' or '..' in the script's path";
		if (n == 4 && !strncasecmp(p, ".git", 4))
			return "'.git' in the script's path";
		if (n == 7 && !strncasecmp(p, ".strack", 7))
			return "'.strack' in the script's path";
		if (entry_name_parse(p, n, &name))
			return "an entry's name in the script's path";
		if (!p[n])
			return NULL;
		p += n + 1;
	}
}

enum err entry_path_check(
	const struct entry *e, const char *path, struct error *err)
{
	struct buf want = BUF_INIT;
	const char *problem = NULL;
	enum err rc = ERR_OK;

	if (e->value[KEY_SCRIPT])
		problem = script_path_problem(e->value[KEY_SCRIPT]);
	if (problem)
		return error_set(err, ERR_BAD, "%s", problem);
	entry_path(e, &want);
	if (strcmp(want.ptr, path) != 0) {
		struct buf shown = BUF_INIT;

		percent_encode(&shown, want.ptr, want.len, false);
		rc = error_set(err, ERR_BAD,
			"name and text differ: by its text it is %s",
			shown.ptr);
		buf_release(&shown);
	}
	buf_release(&want);
	return rc;
}

enum ledger_path ledger_path_kind(const char *path, struct entry_name *name)
{
	const char *base = strrchr(path, '/');
	struct entry_name n;
	enum ledger_path kind = PATH_ENTRY;
	size_t len;

	if (!strcmp(path, LEDGER_README) || !strcmp(path, LEDGER_META))
		return PATH_META;
	if (!base)
		return PATH_JUNK;
	base++;
	len = strlen(base);
	if (str_ends(base, ".script")) {
		kind = PATH_SCRIPT;
		len -= strlen(".script");
	} else if (str_ends(base, ".log")) {
		kind = PATH_LOG;
		len -= strlen(".log");
	}
	if (!entry_name_parse(base, len, &n))
		return PATH_JUNK;
	if (name)
		*name = n;
	return kind;
}
