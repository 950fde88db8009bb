/*
 * The `strack:` lines of a script, which is any file at all.
 */
#include "fuzz.h"

#include "strack/header.h"
#include "strack/text.h"

static void same_list(const struct strvec *a, const struct strvec *b)
{
	MUST(a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		MUST(!strcmp(a->v[i], b->v[i]));
}

static void same_header(const struct header *a, const struct header *b)
{
	MUST(fuzz_same_text(a->description, b->description));
	MUST(a->timeout == b->timeout);
	MUST(a->rollback_on_failure == b->rollback_on_failure);
	MUST(a->idempotent == b->idempotent);
	same_list(&a->environments, &b->environments);
	same_list(&a->requires, &b->requires);
	same_list(&a->tags, &b->tags);
}

/* What stands behind the lines that count plays no part. */
static size_t end_of_header(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	for (int i = 0; i < HEADER_LINES && p < end; i++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl + 1 : end;
	}
	return (size_t)(p - text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct header h, first;
	struct error err = ERROR_INIT, err2 = ERROR_INIT;
	int line = 0, line2 = 0;
	enum err rc, rc2;

	header_init(&h);
	header_init(&first);
	rc = header_parse_line("scripts/x.sh", text, size, &h, &line, &err);
	rc2 = header_parse_line("scripts/x.sh", text, end_of_header(text, size),
		&first, &line2, &err2);
	MUST(rc == rc2 && line == line2 && fuzz_same(&err.text, &err2.text));
	if (rc) {
		MUST(line > 0 && line <= HEADER_LINES);
		MUST(str_starts(err.text.ptr, "scripts/x.sh: "));
		fuzz_error(rc, &err);
		fuzz_error(rc2, &err2);
	} else {
		same_header(&h, &first);
		MUST(h.timeout >= -1 && h.timeout <= 366 * 86400);
		for (size_t i = 0; i < h.environments.n; i++)
			MUST(environment_name_valid(h.environments.v[i]));
		for (size_t i = 0; i < h.requires.n; i++)
			MUST(*h.requires.v[i]);
		for (size_t i = 0; i < h.tags.n; i++)
			MUST(*h.tags.v[i]);
	}
	header_release(&h);
	header_release(&first);
	free(text);
	return 0;
}
