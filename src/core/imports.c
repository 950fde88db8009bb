/*
 * The tables that other tools keep.  A new tool is one row in the table below.
 *
 * Where each comes from: the migration that script_tracker's generator writes
 * and the statuses that its model allows; DataMigrate's and Rails' own model
 * of a table with a version and nothing else, after_party's generator and
 * dbmate's drivers, which make the same one; Flyway's manual on its schema
 * history table and its list of migration types.
 */
#include "strack/imports.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "strack/text.h"

#define NAME_MAX_BYTES 4096
#define VALUE_MAX_BYTES 200 /* of a value, in a reason */
#define COLUMNS_SHOWN 12

/* What a word in a column says about the row. */
struct word {
	const char *word;
	enum import_verdict verdict;
	const char *why;
};

struct judge {
	const char *column;
	const struct word *words; /* up to one without a word */
};

struct tool {
	const char *name;
	const char *table;
	const char *needs[6];   /* columns that have a value in every row */
	bool alone;             /* it has no columns but these */
	const char *file;       /* column with the name of the script's file */
	const char *version;    /* column with its version; may be NULL there
				   when there is a file */
	const char *rank;       /* column by which a later row overrides */
	struct judge judges[2]; /* the first that does not say "ran" counts */
	const char *tells[5];   /* columns that go into the reason */
};

static const struct word script_tracker_status[] = {
	{ "success", IMPORT_RAN, NULL },
	{ "skipped", IMPORT_RAN, NULL },
	{ "failed", IMPORT_NOT, "failed there" },
	{ "running", IMPORT_NOT, "is running there, or was cut off" },
	{ NULL, IMPORT_NOT, NULL },
};

static const struct word truth[] = {
	{ "t", IMPORT_RAN, NULL },
	{ "true", IMPORT_RAN, NULL },
	{ "1", IMPORT_RAN, NULL },
	{ "f", IMPORT_NOT, "failed there" },
	{ "false", IMPORT_NOT, "failed there" },
	{ "0", IMPORT_NOT, "failed there" },
	{ NULL, IMPORT_NOT, NULL },
};

static const struct word flyway_type[] = {
	{ "SQL", IMPORT_RAN, NULL },
	{ "JDBC", IMPORT_RAN, NULL },
	{ "SPRING_JDBC", IMPORT_RAN, NULL },
	{ "SCRIPT", IMPORT_RAN, NULL },
	{ "CUSTOM", IMPORT_RAN, NULL },
	{ "SCHEMA", IMPORT_PASS, "made the schema" },
	{ "BASELINE", IMPORT_PASS, "is a baseline" },
	{ "SQL_BASELINE", IMPORT_PASS, "is a baseline" },
	{ "JDBC_BASELINE", IMPORT_PASS, "is a baseline" },
	{ "SQL_STATE_SCRIPT", IMPORT_PASS, "is a baseline" },
	{ "JDBC_STATE_SCRIPT", IMPORT_PASS, "is a baseline" },
	{ "DELETE", IMPORT_NOT, "was deleted there" },
	{ "UNDO_SQL", IMPORT_NOT, "was undone there" },
	{ "UNDO_JDBC", IMPORT_NOT, "was undone there" },
	{ "UNDO_SPRING_JDBC", IMPORT_NOT, "was undone there" },
	{ "UNDO_SCRIPT", IMPORT_NOT, "was undone there" },
	{ "UNDO_CUSTOM", IMPORT_NOT, "was undone there" },
	{ NULL, IMPORT_NOT, NULL },
};

static const struct tool tools[] = {
	{ .name = "script_tracker",
		.table = "executed_scripts",
		.needs = { "filename", "status", "executed_at" },
		.file = "filename",
		.judges = { { "status", script_tracker_status } },
		.tells = { "status", "executed_at" } },
	{ .name = "Flyway",
		.table = "flyway_schema_history",
		.needs = { "installed_rank", "type", "script", "success" },
		.file = "script",
		.version = "version",
		.rank = "installed_rank",
		.judges = { { "success", truth }, { "type", flyway_type } },
		.tells = { "script", "type", "installed_on", "installed_by" } },
	{ .name = "data_migrate",
		.table = "data_migrations",
		.needs = { "version" },
		.alone = true,
		.version = "version",
		.tells = { "version" } },
	{ .name = "after_party",
		.table = "task_records",
		.needs = { "version" },
		.alone = true,
		.version = "version",
		.tells = { "version" } },
	{ .name = "dbmate",
		.table = "schema_migrations",
		.needs = { "version" },
		.alone = true,
		.version = "version",
		.tells = { "version" } },
	{ .name = "Rails",
		.table = "schema_migrations",
		.needs = { "version" },
		.alone = true,
		.version = "version",
		.tells = { "version" } },
};

void imports_release(struct imports *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].why);
	free(l->v);
	free(l->tools);
	*l = (struct imports)IMPORTS_INIT;
}

/* ---- which tool ---- */

static bool fits(const struct tool *tool, const struct table *t)
{
	size_t n = 0;

	for (; n < ARRAY_SIZE(tool->needs) && tool->needs[n]; n++) {
		if (table_column(t, tool->needs[n]) < 0)
			return false;
	}
	if (tool->version && table_column(t, tool->version) < 0)
		return false;
	return !tool->alone || t->columns.n == n;
}

static void add_columns(struct buf *b, const struct tool *tool)
{
	for (size_t i = 0; i < ARRAY_SIZE(tool->needs) && tool->needs[i]; i++)
		buf_addf(b, "%s%s", i ? ", " : "", tool->needs[i]);
	if (tool->version && !tool->alone)
		buf_addf(b, ", %s", tool->version);
	if (tool->alone)
		buf_adds(b, " and no other");
}

static enum err unknown_table(
	const char *name, const struct table *t, struct error *err)
{
	struct buf found = BUF_INIT, line = BUF_INIT;

	for (size_t i = 0; i < t->columns.n && i < COLUMNS_SHOWN; i++)
		buf_addf(&found, "%s%.64s", i ? ", " : "", t->columns.v[i]);
	if (t->columns.n > COLUMNS_SHOWN)
		buf_addf(&found, " and %zu more", t->columns.n - COLUMNS_SHOWN);
	error_hint(err, "known are these, by their columns:");
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		buf_printf(
			&line, "  %s of %s: ", tools[i].table, tools[i].name);
		add_columns(&line, &tools[i]);
		error_hint(err, "%s", line.ptr);
	}
	error_set(err, ERR_BAD,
		"%s: is no table that is known here; its columns are: %s", name,
		found.ptr);
	buf_release(&found);
	buf_release(&line);
	return ERR_BAD;
}

static enum err find_tool(const char *name, const struct table *t,
	struct imports *ret, struct error *err)
{
	struct buf names = BUF_INIT;
	size_t n = 0, last = 0, k = 0;

	for (size_t i = ARRAY_SIZE(tools); i-- > 0;) {
		if (!fits(&tools[i], t))
			continue;
		if (!n++)
			last = i;
		ret->shape = i;
	}
	if (!n)
		return unknown_table(name, t, err);
	for (size_t i = 0; i <= last; i++) {
		if (!fits(&tools[i], t))
			continue;
		buf_addf(&names, "%s%s",
			!k          ? ""
			: k + 1 < n ? ", "
				    : " or ",
			tools[i].name);
		k++;
	}
	ret->tools = buf_detach(&names);
	return ERR_OK;
}

/* ---- one row ---- */

static const char *cell(
	const struct table *t, const struct table_row *r, const char *column)
{
	int at = column ? table_column(t, column) : -1;
	const char *value = at < 0 ? NULL : r->cell[at];

	return str_empty(value) ? NULL : value;
}

static enum err check_row(const char *name, const struct tool *tool,
	const struct table *t, const struct table_row *r, struct error *err)
{
	const char *named[] = { tool->file, tool->version };

	for (size_t i = 0; i < ARRAY_SIZE(tool->needs) && tool->needs[i]; i++) {
		if (!cell(t, r, tool->needs[i]))
			return error_set(err, ERR_BAD,
				"%s: %s %zu: '%s' has no value", name, t->unit,
				r->where, tool->needs[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		const char *value = cell(t, r, named[i]);

		if (value && strlen(value) > NAME_MAX_BYTES)
			return error_set(err, ERR_BAD,
				"%s: %s %zu: '%s' is longer than %d bytes",
				name, t->unit, r->where, named[i],
				NAME_MAX_BYTES);
	}
	return ERR_OK;
}

static const struct word *find_word(const struct word *w, const char *value)
{
	while (w->word && strcasecmp(w->word, value) != 0)
		w++;
	return w;
}

static void judge(const struct tool *tool, const struct table *t,
	const struct table_row *r, struct import_row *ret)
{
	ret->verdict = IMPORT_RAN;
	for (size_t i = 0; i < ARRAY_SIZE(tool->judges); i++) {
		const struct judge *j = &tool->judges[i];
		const struct word *w;
		const char *value;

		if (!j->column)
			return;
		value = cell(t, r, j->column);
		if (!value)
			value = "";
		w = find_word(j->words, value);
		if (w->verdict == IMPORT_RAN)
			continue;
		ret->verdict = w->verdict;
		ret->why = w->word ? xstrdup(w->why)
				   : xstrfmt("its %s '%.64s' is not known here",
					     j->column, value);
		return;
	}
}

static enum err take_row(const char *name, const struct tool *tool,
	const struct table *t, const struct table_row *r,
	struct import_row *ret, struct error *err)
{
	enum err rc = check_row(name, tool, t, r, err);

	if (rc)
		return rc;
	ret->where = r->where;
	ret->file = cell(t, r, tool->file);
	ret->version = cell(t, r, tool->version);
	judge(tool, t, r, ret);
	if (tool->rank && ret->verdict != IMPORT_PASS &&
		!number_parse(cell(t, r, tool->rank), &ret->rank))
		return error_set(err, ERR_BAD,
			"%s: %s %zu: '%s' is no whole number: %.64s", name,
			t->unit, r->where, tool->rank, cell(t, r, tool->rank));
	return ERR_OK;
}

/* ---- rows about the same ---- */

static void overridden(struct import_row *r, const struct table *t, size_t by)
{
	free(r->why);
	r->verdict = IMPORT_OLD;
	r->why = xstrfmt("%s %zu is later and decides", t->unit, by);
}

/* What was undone, or failed and was then mended, has several rows. */
static enum err last_decides(const char *name, const struct tool *tool,
	const struct table *t, struct imports *l, struct error *err)
{
	struct strmap last = STRMAP_INIT;
	enum err rc = ERR_OK;

	for (size_t i = 0; !rc && tool->rank && i < l->n; i++) {
		struct import_row *r = &l->v[i], *other;
		const char *key = r->version ? r->version : r->file;

		if (r->verdict == IMPORT_PASS)
			continue;
		other = strmap_get(&last, key);
		if (other && other->rank == r->rank) {
			rc = error_set(err, ERR_BAD,
				"%s: %s %zu: '%s' is %" PRId64 " as in %s %zu, "
				"so that nobody can tell which is later",
				name, t->unit, r->where, tool->rank, r->rank,
				t->unit, other->where);
		} else if (other && other->rank > r->rank) {
			overridden(r, t, other->where);
		} else {
			if (other)
				overridden(other, t, r->where);
			strmap_put(&last, key, r);
		}
	}
	strmap_release(&last, NULL);
	return rc;
}

enum err imports_read(const char *name, const struct table *t,
	struct imports *ret, struct error *err)
{
	struct imports l = IMPORTS_INIT;
	const struct tool *tool;
	enum err rc = ERR_OK;

	l.table = t;
	if (t->columns.n)
		rc = find_tool(name, t, &l, err);
	tool = &tools[l.shape];
	l.v = xcalloc(t->n ? t->n : 1, sizeof(*l.v));
	for (; !rc && l.n < t->n; l.n++)
		rc = take_row(name, tool, t, &t->v[l.n], &l.v[l.n], err);
	if (!rc)
		rc = last_decides(name, tool, t, &l, err);
	if (rc) {
		imports_release(&l);
		return rc;
	}
	imports_release(ret);
	*ret = l;
	return ERR_OK;
}

/* ---- for the reason ---- */

static void add_value(struct buf *b, const char *s)
{
	size_t len = strlen(s), n = 0, step;

	while (n < len) {
		step = utf8_next(s + n, len - n, NULL);
		step = step ? step : 1;
		if (n + step > VALUE_MAX_BYTES)
			break;
		n += step;
	}
	buf_add(b, s, n);
	if (n < len)
		buf_adds(b, "...");
}

void imports_says(const struct imports *l, size_t row, struct buf *ret)
{
	const struct tool *tool = &tools[l->shape];
	const char *sep = ": ";

	buf_adds(ret, l->tools);
	for (size_t i = 0; i < ARRAY_SIZE(tool->tells) && tool->tells[i]; i++) {
		const char *value =
			cell(l->table, &l->table->v[row], tool->tells[i]);

		if (!value)
			continue;
		buf_addf(ret, "%s%s ", sep, tool->tells[i]);
		add_value(ret, value);
		sep = ", ";
	}
}
