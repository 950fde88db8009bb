/*
 * Tables of other tools, as `mark --from` reads them: JSON, commas, tabs.  A
 * table that was read is written as CSV and read again as the same one; and
 * whatever it holds is asked what it says of scripts.
 */
#include "fuzz.h"

#include "strack/csv.h"
#include "strack/imports.h"
#include "strack/jsonread.h"
#include "strack/text.h"

#define WRITTEN_MAX (1u << 20)

static void put_field(struct buf *b, const char *s)
{
	if (!s)
		return;
	buf_addch(b, '"');
	for (; *s; s++) {
		if (*s == '"')
			buf_addch(b, '"');
		buf_addch(b, *s);
	}
	buf_addch(b, '"');
}

static void same_again(const struct table *t)
{
	struct table again = TABLE_INIT;
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT;

	for (size_t c = 0; c < t->columns.n; c++) {
		if (strpbrk(t->columns.v[c], "\t\r\n"))
			goto out; /* its first line would say otherwise */
		buf_adds(&text, c ? "," : "");
		put_field(&text, t->columns.v[c]);
	}
	buf_adds(&text, "\n");
	for (size_t i = 0; i < t->n; i++) {
		for (size_t c = 0; c < t->columns.n; c++) {
			buf_adds(&text, c ? "," : "");
			put_field(&text, t->v[i].cell[c]);
		}
		buf_adds(&text, "\n");
	}
	if (text.len > WRITTEN_MAX)
		goto out;
	if (csv_read("x", text.ptr, text.len, &again, &err)) {
		fprintf(stderr, "%s\n", err.text.ptr);
		MUST(!"read again");
	}
	MUST(again.n == t->n && again.columns.n == t->columns.n);
	for (size_t c = 0; c < t->columns.n; c++) {
		MUST(!strcmp(again.columns.v[c], t->columns.v[c]));
		for (size_t i = 0; i < t->n; i++)
			MUST(fuzz_same_text(
				again.v[i].cell[c], t->v[i].cell[c]));
	}
out:
	table_release(&again);
	buf_release(&text);
}

static void ask(const struct table *t)
{
	struct import_names names = IMPORT_NAMES_INIT;
	struct imports im = IMPORTS_INIT;
	struct error err = ERROR_INIT;
	enum err rc;

	import_names_add(&names, "db/migrate/20260101_a.sql", true);
	import_names_add(&names, "scripts/20260101_a.sh", true);
	import_names_add(&names, "scripts/20260102030405_b.rb", false);
	rc = imports_read("x", t, &im, &err);
	if (rc) {
		fuzz_error(rc, &err);
	} else {
		for (size_t i = 0; i < im.n; i++) {
			struct strvec found = STRVEC_INIT;
			struct buf says = BUF_INIT;

			imports_says(&im, i, &says);
			MUST(says.len <= IMPORT_SAYS_MAX);
			MUST(utf8_valid(says.ptr, says.len));
			MUST(im.v[i].verdict == IMPORT_RAN || im.v[i].why);
			import_match(&names, &im.v[i], &found);
			strvec_release(&found);
			buf_release(&says);
		}
	}
	imports_release(&im);
	import_names_release(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct table t = TABLE_INIT;
	struct error err = ERROR_INIT;
	enum err rc = table_check_text("x", text, size, &err);

	if (!rc)
		rc = json_read_is(text, size)
			     ? json_read("x", text, size, &t, &err)
			     : csv_read("x", text, size, &t, &err);
	if (rc) {
		fuzz_error(rc, &err);
	} else {
		/* a row of one empty field is an empty line */
		if (t.columns.n > 1)
			same_again(&t);
		ask(&t);
	}
	table_release(&t);
	free(text);
	return 0;
}
