/*
 * Reading an entry that anybody may have written: grammar, encoding, forms,
 * and what contradicts itself.  Whether its name, signature, signer and place
 * in history are right is for others.
 */
#include "strack/entry.h"

#include <stdlib.h>
#include <string.h>

#include "strack/sign.h"
#include "strack/text.h"

static bool oid_form(const char *v)
{
	return strlen(v) == 40 && hex_is(v, 40);
}

static bool sha256_form(const char *v)
{
	return strlen(v) == 64 && hex_is(v, 64);
}

static bool seconds_form(const char *v)
{
	size_t n = strspn(v, "0123456789");

	if (n == 0 || n > 12)
		return false;
	if (!v[n])
		return true;
	if (v[n] != '.')
		return false;
	v += n + 1;
	n = strspn(v, "0123456789");
	return n >= 1 && n <= 9 && !v[n];
}

static bool uuid_form(const char *v)
{
	if (strlen(v) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? v[i] != '-' : !hex_is(v + i, 1))
			return false;
	}
	return true;
}

static bool fingerprint_form(const char *v)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return str_starts(v, "SHA256:") && strlen(v) == 50 &&
	       strspn(v + 7, digits) == 43;
}

static bool items_form(const char *v)
{
	struct strvec items = STRVEC_INIT;
	struct buf again = BUF_INIT;
	bool ok = entry_items(v, &items);

	for (size_t i = 0; i < items.n; i++) {
		if (i)
			buf_addch(&again, ' ');
		percent_encode(&again, items.v[i], strlen(items.v[i]), true);
	}
	ok = ok && !strcmp(again.ptr, v);
	buf_release(&again);
	strvec_release(&items);
	return ok;
}

static bool form_ok(enum key_form form, const char *v)
{
	int64_t n;
	enum kind k;

	switch (form) {
	case FORM_TEXT:
		return true;
	case FORM_ITEMS:
		return items_form(v);
	case FORM_OID:
		return oid_form(v);
	case FORM_SHA256:
		return sha256_form(v);
	case FORM_OID_OR_SHA256:
		return oid_form(v) || sha256_form(v);
	case FORM_NUMBER:
		return number_parse(v, &n);
	case FORM_SECONDS:
		return seconds_form(v);
	case FORM_TIME:
		return time_parse(v, &n);
	case FORM_YES:
		return !strcmp(v, "yes");
	case FORM_ENVIRONMENT:
		return environment_name_valid(v);
	case FORM_ULID:
		return ulid_valid(v);
	case FORM_UUID:
		return uuid_form(v);
	case FORM_KIND:
		return kind_parse(v, strlen(v), &k);
	case FORM_FINGERPRINT:
		return fingerprint_form(v);
	}
	return false;
}

/* Printable ASCII without a `%`, and no blank at the ends, stands for itself:
 * as nearly all values do. */
static bool is_plain(const char *v, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (v[i] < ' ' || v[i] > '~' || v[i] == '%')
			return false;
	}
	return len && v[0] != ' ' && v[len - 1] != ' ';
}

/* Decodes and demands that the text is the one encoding of its value. */
static enum err decode_value(
	const char *v, size_t len, struct buf *ret, struct error *err)
{
	struct buf again = BUF_INIT;
	bool ok;

	if (is_plain(v, len)) {
		buf_add(ret, v, len);
		return ERR_OK;
	}
	ok = percent_decode(ret, v, len) && strlen(ret->ptr) == ret->len;
	if (ok)
		percent_encode(&again, ret->ptr, ret->len, false);
	ok = ok && again.len == len && !memcmp(again.ptr, v, len);
	buf_release(&again);
	if (!ok)
		return error_set(err, ERR_BAD,
			"its value is not encoded as the format says");
	return ERR_OK;
}

static enum err parse_known(struct entry *e, enum key k, const char *v,
	size_t len, struct error *err)
{
	struct buf value = BUF_INIT;
	enum err rc = ERR_OK;

	if (e->value[k]) {
		rc = error_set(err, ERR_BAD, "key '%s' twice", key_name(k));
		goto out;
	}
	if (key_form(k) == FORM_ITEMS)
		buf_add(&value, v, len);
	else
		rc = decode_value(v, len, &value, err);
	if (rc) {
		error_prefix(err, "%s", key_name(k));
		goto out;
	}
	if (!form_ok(key_form(k), value.ptr)) {
		struct buf shown = BUF_INIT;

		percent_encode(&shown, v, len > 80 ? 80 : len, false);
		rc = error_set(err, ERR_BAD,
			k == KEY_KIND ? "%s: unknown kind '%s'"
				      : "%s: bad value '%s'",
			key_name(k), shown.ptr);
		buf_release(&shown);
		goto out;
	}
	entry_set(e, k, value.ptr);
out:
	buf_release(&value);
	return rc;
}

static enum err parse_extra(struct entry *e, const char *key, size_t klen,
	const char *v, size_t len, struct error *err)
{
	struct entry_extra *x;

	for (size_t i = 0; i < e->nextra; i++) {
		if (strlen(e->extra[i].key) == klen &&
			!memcmp(e->extra[i].key, key, klen))
			return error_set(err, ERR_BAD, "key '%s' twice",
				e->extra[i].key);
	}
	ARRAY_GROW(e->extra, e->nextra + 1, e->extra_cap);
	x = &e->extra[e->nextra++];
	x->key = xstrndup(key, klen);
	x->value = xstrndup(v, len);
	return ERR_OK;
}

static enum err parse_line(
	struct entry *e, const char *line, size_t len, struct error *err)
{
	size_t klen = 0;
	const char *v;
	enum key k;

	while (klen < len &&
		((line[klen] >= 'a' && line[klen] <= 'z') ||
			(klen && (line[klen] == '-' ||
					 (line[klen] >= '0' &&
						 line[klen] <= '9')))))
		klen++;
	if (klen == 0 || klen + 1 >= len || line[klen] != ' ' ||
		line[klen + 1] == ' ')
		return error_set(err, ERR_BAD, "is not 'key value'");
	v = line + klen + 1;
	len -= klen + 1;
	if (v[len - 1] == ' ')
		return error_set(err, ERR_BAD, "trailing blank");
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)v[i] < 0x20 || v[i] == 0x7f)
			return error_set(err, ERR_BAD, "control character");
	}
	if (!utf8_valid(v, len))
		return error_set(err, ERR_BAD, "not UTF-8");
	if (key_parse(line, klen, &k))
		return parse_known(e, k, v, len, err);
	return parse_extra(e, line, klen, v, len, err);
}

static enum err parse_magic(const char *line, size_t len, struct error *err)
{
	size_t n = strlen("strack-entry ");

	if (len == strlen(ENTRY_MAGIC) && !memcmp(line, ENTRY_MAGIC, len))
		return ERR_OK;
	if (len > n && len < n + 10 && !memcmp(line, "strack-entry ", n) &&
		strspn(line + n, "0123456789") >= len - n) {
		error_hint(err, "install a newer git-strack to read it");
		return error_set(err, ERR_BAD,
			"written by a newer version (format %.*s, this one "
			"knows 1)",
			(int)(len - n), line + n);
	}
	return error_set(err, ERR_BAD, "first line is not '%s'", ENTRY_MAGIC);
}

static enum err need(const struct entry *e, enum key k, struct error *err)
{
	if (e->value[k])
		return ERR_OK;
	return error_set(err, ERR_BAD, "a %s without '%s'",
		kind_info(e->kind)->name, key_name(k));
}

static enum err check_needs(const struct entry *e, struct error *err)
{
	const struct kind_info *ki = kind_info(e->kind);
	uint64_t bits = ki->needs | KEYBIT(KEY_LEDGER) | KEYBIT(KEY_TIME) |
			KEYBIT(KEY_SEQ) | KEYBIT(KEY_PREV) | KEYBIT(KEY_SIGNER);

	if (ki->folder != FOLDER_TRUST)
		bits |= KEYBIT(KEY_ENVIRONMENT);
	if (ki->folder == FOLDER_SCRIPT)
		bits |= KEYBIT(KEY_SCRIPT);
	for (int k = 0; k < KEY_NR; k++) {
		if ((bits & KEYBIT(k)) && need(e, (enum key)k, err))
			return ERR_BAD;
	}
	if (ki->folder == FOLDER_TRUST && e->value[KEY_ENVIRONMENT])
		return error_set(
			err, ERR_BAD, "a %s with an environment", ki->name);
	if (ki->folder != FOLDER_SCRIPT && ki->folder != FOLDER_ANY &&
		e->value[KEY_SCRIPT])
		return error_set(err, ERR_BAD, "a %s with a script", ki->name);
	return ERR_OK;
}

static enum err check_done(const struct entry *e, struct error *err)
{
	const char *name = kind_info(e->kind)->name;

	if (entry_number(e, KEY_EXIT, 0) != 0)
		return error_set(err, ERR_BAD, "%s with exit %s", name,
			e->value[KEY_EXIT]);
	if (e->value[KEY_SIGNAL])
		return error_set(err, ERR_BAD, "%s by signal %s", name,
			e->value[KEY_SIGNAL]);
	if (e->value[KEY_TIMED_OUT] || e->value[KEY_CANCELLED])
		return error_set(err, ERR_BAD, "%s, but %s", name,
			e->value[KEY_TIMED_OUT] ? "timed out" : "cancelled");
	return ERR_OK;
}

static enum err check_sense(const struct entry *e, struct error *err)
{
	enum kind k = e->kind;

	if (e->seq < 1)
		return error_set(
			err, ERR_BAD, "seq: bad value '%s'", e->value[KEY_SEQ]);
	if ((k == KIND_DONE || k == KIND_SKIP || k == KIND_ROLLBACK) &&
		check_done(e, err))
		return ERR_BAD;
	if (e->value[KEY_EXIT] && e->value[KEY_SIGNAL])
		return error_set(err, ERR_BAD, "both exit and signal");
	if (entry_number(e, KEY_EXIT, 0) > 255 ||
		entry_number(e, KEY_SIGNAL, 1) < 1 ||
		entry_number(e, KEY_SIGNAL, 1) > 127)
		return error_set(err, ERR_BAD, "impossible exit or signal");
	if (e->value[KEY_RESOLVED] && k != KIND_DONE && k != KIND_FAIL)
		return error_set(err, ERR_BAD, "a %s can't be 'resolved'",
			kind_info(k)->name);
	if (k == KIND_DISOWN && !e->value[KEY_ENTRY] == !e->value[KEY_COMMIT])
		return error_set(
			err, ERR_BAD, "a disown names one entry or one commit");
	if (k == KIND_VOID && e->value[KEY_CLAIM])
		return error_set(err, ERR_BAD, "a void names an entry");
	return ERR_OK;
}

/* The signature block must be what remains, and end the file. */
static size_t find_signature(const char *data, size_t len)
{
	static const char begin[] = "\n" SIGN_BEGIN "\n";
	const char *p = memmem(data, len, begin, sizeof(begin) - 1);

	return p ? (size_t)(p - data) + 1 : 0;
}

static enum err parse_payload(struct entry *e, struct error *err)
{
	const char *p = e->text.ptr, *end = p + e->payload_len;
	int number = 0;
	enum err rc;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)(nl - p); /* payload ends in a newline */

		number++;
		rc = number == 1 ? parse_magic(p, n, err)
				 : parse_line(e, p, n, err);
		if (rc) {
			if (number > 1)
				error_prefix(err, "line %d", number);
			return rc;
		}
		p = nl + 1;
	}
	return ERR_OK;
}

enum err entry_parse(
	const char *data, size_t len, struct entry *ret, struct error *err)
{
	struct entry e = ENTRY_INIT;
	enum err rc;

	if (len > ENTRY_MAX)
		return error_set(err, ERR_BAD, "longer than 64 KiB");
	buf_add(&e.text, data, len);
	e.payload_len = find_signature(data, len);
	if (!e.payload_len) {
		/* A newer format may sign in another way: say that first. */
		const char *nl = memchr(data, '\n', len);
		rc = parse_magic(data, nl ? (size_t)(nl - data) : len, err);
		if (!rc)
			rc = error_set(err, ERR_BAD, "has no signature");
		goto out;
	}
	rc = parse_payload(&e, err);
	if (rc)
		goto out;
	if (!e.value[KEY_KIND]) {
		rc = error_set(err, ERR_BAD, "no kind");
		goto out;
	}
	kind_parse(e.value[KEY_KIND], strlen(e.value[KEY_KIND]), &e.kind);
	rc = check_needs(&e, err);
	if (!rc)
		rc = check_sense(&e, err);
	if (rc)
		goto out;
	entry_release(ret);
	*ret = e;
	entry_init(&e); /* transferred */
out:
	entry_release(&e);
	return rc;
}
