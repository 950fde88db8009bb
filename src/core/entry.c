/*
 * An entry in memory and its payload.  Reading a foreign one is
 * entryparse.c, names are entryname.c, commits message.c.
 */
#include "strack/entry.h"

#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

void entry_init(struct entry *e)
{
	*e = (struct entry)ENTRY_INIT;
}

void entry_release(struct entry *e)
{
	for (int k = 0; k < KEY_NR; k++)
		free(e->value[k]);
	for (size_t i = 0; i < e->nextra; i++) {
		free(e->extra[i].key);
		free(e->extra[i].value);
	}
	free(e->extra);
	buf_release(&e->text);
	entry_init(e);
}

void entry_free(struct entry *e)
{
	if (!e)
		return;
	entry_release(e);
	free(e);
}

const char *entry_get(const struct entry *e, enum key k)
{
	return e->value[k];
}

int64_t entry_number(const struct entry *e, enum key k, int64_t fallback)
{
	int64_t n;

	if (!e->value[k] || !number_parse(e->value[k], &n))
		return fallback;
	return n;
}

/* The format knows no empty values, so setting one unsets the key. */
void entry_set(struct entry *e, enum key k, const char *value)
{
	free(e->value[k]);
	e->value[k] = str_empty(value) ? NULL : xstrdup(value);
	if (k == KEY_SEQ)
		e->seq = entry_number(e, KEY_SEQ, 0);
	if (k == KEY_TIME && value && !time_parse(value, &e->time_ms))
		e->time_ms = 0;
}

void entry_setf(struct entry *e, enum key k, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	entry_set(e, k, b.ptr);
	buf_release(&b);
}

void entry_set_kind(struct entry *e, enum kind k)
{
	e->kind = k;
	entry_set(e, KEY_KIND, kind_info(k)->name);
}

void entry_add_item(struct entry *e, enum key k, const char *item)
{
	struct buf b = BUF_INIT;

	if (e->value[k])
		buf_addf(&b, "%s ", e->value[k]);
	percent_encode(&b, item, strlen(item), true);
	entry_set(e, k, b.ptr);
	buf_release(&b);
}

bool entry_items(const char *value, struct strvec *ret)
{
	struct buf b = BUF_INIT;
	bool ok = true;

	while (ok) {
		size_t n = strcspn(value, " ");

		buf_reset(&b);
		ok = percent_decode(&b, value, n);
		if (ok && n == 3 && !memcmp(value, "%00", 3))
			buf_reset(&b);
		ok = ok && strlen(b.ptr) == b.len;
		if (ok)
			strvec_push(ret, b.ptr);
		if (!value[n])
			break;
		value += n + 1;
	}
	buf_release(&b);
	return ok;
}

void entry_format(const struct entry *e, struct buf *payload)
{
	buf_adds(payload, ENTRY_MAGIC "\n");
	for (int k = 0; k < KEY_NR; k++) {
		const char *v = e->value[k];

		if (!v)
			continue;
		buf_addf(payload, "%s ", key_name((enum key)k));
		if (key_form((enum key)k) == FORM_ITEMS)
			buf_adds(payload, v);
		else
			percent_encode(payload, v, strlen(v), false);
		buf_addch(payload, '\n');
	}
}

int entry_cmp(const struct entry *a, const struct entry *b)
{
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return strcmp(a->id, b->id);
}
