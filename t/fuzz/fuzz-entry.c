/*
 * An entry's file, as anybody may write it.  What is taken has one canonical
 * form, of the same length, which reads back as the same; and a name by which
 * it is found again.
 */
#include "fuzz.h"

#include "strack/digest.h"
#include "strack/entry.h"
#include "strack/text.h"

static void same_entry(const struct entry *a, const struct entry *b)
{
	for (int k = 0; k < KEY_NR; k++)
		MUST(fuzz_same_text(a->value[k], b->value[k]));
	MUST(a->nextra == b->nextra);
	for (size_t i = 0; i < a->nextra; i++) {
		MUST(!strcmp(a->extra[i].key, b->extra[i].key));
		MUST(!strcmp(a->extra[i].value, b->extra[i].value));
	}
	MUST(a->kind == b->kind && a->seq == b->seq);
	MUST(a->time_ms == b->time_ms);
}

/* We never write keys that we don't know: they go behind. */
static void write_again(const struct entry *e, struct buf *ret)
{
	entry_format(e, ret);
	for (size_t i = 0; i < e->nextra; i++)
		buf_addf(ret, "%s %s\n", e->extra[i].key, e->extra[i].value);
	MUST(ret->len == e->payload_len);
}

static void canonical_form(const struct entry *e)
{
	struct entry again = ENTRY_INIT;
	struct error err = ERROR_INIT;
	struct buf text = BUF_INIT, payload = BUF_INIT;

	write_again(e, &text);
	buf_add(&text, e->text.ptr + e->payload_len,
		e->text.len - e->payload_len);
	MUST(entry_parse(text.ptr, text.len, &again, &err) == ERR_OK);
	same_entry(e, &again);
	write_again(&again, &payload);
	MUST(!memcmp(payload.ptr, text.ptr, payload.len));
	buf_release(&payload);
	buf_release(&text);
	entry_release(&again);
}

static void items(const struct entry *e)
{
	for (int k = 0; k < KEY_NR; k++) {
		struct strvec v = STRVEC_INIT;
		struct entry other = ENTRY_INIT;

		if (!e->value[k] || key_form((enum key)k) != FORM_ITEMS)
			continue;
		MUST(entry_items(e->value[k], &v));
		for (size_t i = 0; i < v.n; i++)
			entry_add_item(&other, (enum key)k, v.v[i]);
		MUST(fuzz_same_text(other.value[k], e->value[k]));
		entry_release(&other);
		strvec_release(&v);
	}
}

static void place(struct entry *e)
{
	struct buf path = BUF_INIT;
	struct entry_name name;
	struct error err = ERROR_INIT;
	const char *base, *env = e->value[KEY_ENVIRONMENT];
	enum err rc;

	sha256_hex(e->text.ptr, e->text.len, e->id);
	entry_path(e, &path);
	base = strrchr(path.ptr, '/') + 1;
	/* a seq of more than 18 digits has no name, and can't be reached */
	if (entry_name_parse(base, strlen(base), &name)) {
		MUST(name.seq == e->seq && name.kind == e->kind);
		MUST(name.time_ms == e->time_ms / 1000 * 1000);
		MUST(!strcmp(name.env, env ? env : ""));
		MUST(!strncmp(name.id, e->id, 16));
		MUST(ledger_path_kind(path.ptr, &name) == PATH_ENTRY);
	} else {
		MUST(e->seq > INT64_C(999999999999999999));
	}
	rc = entry_path_check(e, path.ptr, &err);
	if (rc)
		fuzz_error(rc, &err);
	else
		for (const char *p = path.ptr; *p; p++)
			MUST((unsigned char)*p >= 0x20 && *p != 0x7f);
	buf_addch(&path, 'x');
	rc = entry_path_check(e, path.ptr, &err);
	MUST(rc == ERR_BAD);
	fuzz_error(rc, &err);
	buf_release(&path);
}

/* A subject is one line, and so is each trailer. */
static void message(const struct entry *e)
{
	struct buf subject = BUF_INIT, text = BUF_INIT;
	size_t lines = 0;

	entry_subject(e, &subject);
	entry_message(e, &text);
	MUST(!strchr(subject.ptr, '\n'));
	MUST(!strncmp(text.ptr, subject.ptr, subject.len));
	MUST(!strncmp(text.ptr + subject.len, "\n\n", 2));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		MUST((c >= 0x20 || c == '\n') && c != 0x7f);
		MUST(c != 0xc2 || (unsigned char)text.ptr[i + 1] >= 0xa0);
		lines += c == '\n';
	}
	MUST(lines <= 2 + 8);
	buf_release(&subject);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry e = ENTRY_INIT;
	struct error err = ERROR_INIT;
	enum err rc = entry_parse((const char *)data, size, &e, &err);

	if (rc) {
		fuzz_error(rc, &err);
		return 0;
	}
	MUST(size <= ENTRY_MAX && e.text.len == size);
	MUST(!memcmp(e.text.ptr, data, size) && e.payload_len < size);
	canonical_form(&e);
	items(&e);
	place(&e);
	message(&e);
	entry_release(&e);
	return 0;
}
