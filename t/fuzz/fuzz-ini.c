/*
 * .strack.ini: as a list of settings, which written down again reads the same,
 * and as what it means.
 */
#include "fuzz.h"

#include "strack/file.h"
#include "strack/ini.h"
#include "strack/repo.h"
#include "strack/settings.h"
#include "strack/text.h"

/* ---- where a .strack.ini comes from: nothing here gets there ---- */

enum err commit_tree(struct repo *r, const struct oid *id, struct oid *ret,
	struct error *err)
{
	(void)r, (void)id, (void)ret, (void)err;
	abort();
}

enum err object_read(struct repo *r, const struct oid *id,
	enum object_type type, size_t max, struct buf *ret, struct error *err)
{
	(void)r, (void)id, (void)type, (void)max, (void)ret, (void)err;
	abort();
}

enum err tree_find(struct repo *r, const struct oid *root, const char *path,
	unsigned *mode, struct oid *ret, struct error *err)
{
	(void)r, (void)root, (void)path, (void)mode, (void)ret, (void)err;
	abort();
}

enum err repo_head(struct repo *r, struct oid *ret, struct error *err)
{
	(void)r, (void)ret, (void)err;
	abort();
}

const char *repo_work_tree(const struct repo *r)
{
	(void)r;
	abort();
}

const char *repo_config(struct repo *r, const char *key)
{
	(void)r, (void)key;
	abort();
}

void repo_config_origin(struct repo *r, const char *key, struct buf *ret)
{
	(void)r, (void)key, (void)ret;
	abort();
}

enum err file_read(const char *path, size_t max, bool follow, struct buf *ret,
	struct error *err)
{
	(void)path, (void)max, (void)follow, (void)ret, (void)err;
	abort();
}

enum err file_replace(const char *path, unsigned mode, const void *data,
	size_t len, struct error *err)
{
	(void)path, (void)mode, (void)data, (void)len, (void)err;
	abort();
}

char *path_join(const char *dir, const char *name)
{
	(void)dir, (void)name;
	abort();
}

/* ---- what does ---- */

static void same_again(const struct ini_doc *d)
{
	struct ini_doc again = INI_DOC_INIT;
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;
	const char *section = "";

	buf_adds(&text, ";\n"); /* or a key would lose its byte order mark */
	for (size_t i = 0; i < d->n; i++) {
		MUST(d->v[i].line > 0);
		if (strcmp(section, d->v[i].section) != 0)
			buf_addf(&text, "[%s]\n", d->v[i].section);
		section = d->v[i].section;
		buf_addf(&text, "%s=%s\n", d->v[i].key, d->v[i].value);
	}
	MUST(ini_doc_parse("x", text.ptr, text.len, &again, &err) == ERR_OK);
	MUST(again.n == d->n);
	for (size_t i = 0; i < d->n; i++) {
		MUST(!strcmp(again.v[i].section, d->v[i].section));
		MUST(!strcmp(again.v[i].key, d->v[i].key));
		MUST(!strcmp(again.v[i].value, d->v[i].value));
	}
	ini_doc_release(&again);
	buf_release(&text);
}

static void meaning(const struct settings *s)
{
	MUST(s->timeout >= 0 && s->grace >= 0);
	MUST(s->log_keep >= 0 && s->log_keep <= 1 << 20);
	MUST(s->paths.n);
	for (size_t i = 0; i < s->paths.n; i++)
		MUST(*s->paths.v[i] && *s->paths.v[i] != '/' &&
			!str_ends(s->paths.v[i], "/"));
	for (size_t i = 0; i < s->nenvs; i++) {
		MUST(environment_name_valid(s->envs[i].name));
		MUST(settings_env(s, s->envs[i].name) == &s->envs[i]);
		MUST(s->envs[i].approvals >= 0 && s->envs[i].approvals <= 100);
		MUST(!s->envs[i].after ||
			environment_name_valid(s->envs[i].after));
	}
	for (size_t i = 0; i < s->nrunners; i++)
		MUST(*s->runners[i].ext);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct ini_doc doc = INI_DOC_INIT;
	struct settings s;
	struct error err = ERROR_INIT;
	enum err rc, rc2;

	rc = ini_doc_parse("x", text, size, &doc, &err);
	if (rc) {
		MUST(!doc.n);
		fuzz_error(rc, &err);
		err = (struct error)ERROR_INIT;
	} else {
		same_again(&doc);
	}
	settings_init(&s);
	rc2 = settings_parse(&s, "x", text, size, &err);
	if (rc2)
		fuzz_error(rc2, &err);
	else
		meaning(&s);
	MUST(!rc || rc2);
	settings_release(&s);
	ini_doc_release(&doc);
	free(text);
	return 0;
}
