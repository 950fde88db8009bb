/*
 * Names of the ledger's tree.  A name that is taken is the one way to write
 * what it says.
 */
#include "fuzz.h"

#include "strack/entry.h"
#include "strack/text.h"

static void one_form(const char *base, size_t len, const struct entry_name *n)
{
	struct buf again = BUF_INIT;

	MUST(n->seq > 0 && n->kind < KIND_NR && n->time_ms % 1000 == 0);
	MUST(strlen(n->id) == 16 && hex_is(n->id, 16));
	MUST(!*n->env || environment_name_valid(n->env));
	buf_addf(&again, "%08lld.", (long long)n->seq);
	time_compact(&again, n->time_ms);
	buf_addf(&again, ".%s%s%s.%s", n->env, *n->env ? "." : "",
		kind_info(n->kind)->name, n->id);
	MUST(again.len == len && !memcmp(again.ptr, base, len));
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *copy, *base;
	struct entry_name n, m;
	enum ledger_path kind;
	size_t len = strlen(text);

	copy = xcalloc(1, size ? size : 1);
	memcpy(copy, text, size);
	if (entry_name_parse(copy, size, &n))
		one_form(copy, size, &n);
	free(copy);
	kind = ledger_path_kind(text, &n);
	base = strrchr(text, '/');
	if (kind == PATH_ENTRY || kind == PATH_SCRIPT || kind == PATH_LOG) {
		MUST(base);
		base++;
		len = strlen(base);
		len -= kind == PATH_SCRIPT ? 7 : kind == PATH_LOG ? 4 : 0;
		MUST(entry_name_parse(base, len, &m));
		one_form(base, len, &n);
		MUST(n.seq == m.seq && n.kind == m.kind);
	} else if (base && kind == PATH_JUNK) {
		MUST(!entry_name_parse(base + 1, strlen(base + 1), &m));
	}
	free(text);
	return 0;
}
