/*
 * Entries in words and as JSON.  Every text in an entry is foreign, so all of
 * it goes through the escaping of the output module.
 */
#include "entrytext.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rowtext.h"
#include "strack/process.h"
#include "strack/text.h"

/* What people call the keys; in the order in which they are shown. */
static const struct {
	enum key key;
	const char *label;
} labels[] = {
	{ KEY_SCRIPT, "Script" },
	{ KEY_ENVIRONMENT, "Environment" },
	{ KEY_KIND, "Kind" },
	{ KEY_RUN, "Run" },
	{ KEY_ATTEMPT, "Attempt" },
	{ KEY_AGAIN, "Again" },
	{ KEY_TIME, "Date" },
	{ KEY_DURATION, "Took" },
	{ KEY_EXIT, "Exit status" },
	{ KEY_SIGNAL, "Signal" },
	{ KEY_TIMED_OUT, "Timed out" },
	{ KEY_CANCELLED, "Cancelled" },
	{ KEY_REASON, "Reason" },
	{ KEY_RESOLVED, "Resolved" },
	{ KEY_ENTRY, "About" },
	{ KEY_VERDICT, "Verdict" },
	{ KEY_ARGS, "Arguments" },
	{ KEY_PARAM, "Parameters" },
	{ KEY_COMPANION, "Companion" },
	{ KEY_CHECKPOINT, "Checkpoints" },
	{ KEY_LEFT, "Left behind" },
	{ KEY_LIMIT, "Time limit" },
	{ KEY_BLOB, "Blob" },
	{ KEY_RAW_SHA256, "On disk" },
	{ KEY_CHANGED, "Changed" },
	{ KEY_DIRTY, "Dirty" },
	{ KEY_COMMIT, "Commit" },
	{ KEY_CONFIG, "Config" },
	{ KEY_OUTPUT_BYTES, "Output" },
	{ KEY_OUTPUT_SHA256, "Digest" },
	{ KEY_LOG, "Log" },
	{ KEY_PRINCIPAL, "Principal" },
	{ KEY_KEY, "Key" },
	{ KEY_ROLES, "Roles" },
	{ KEY_ENVIRONMENTS, "For" },
	{ KEY_FINGERPRINT, "Fingerprint" },
	{ KEY_AFTER, "After" },
	{ KEY_UNCLAIMED, "Unclaimed" },
	{ KEY_CLONE, "Clone" },
	{ KEY_USER, "User" },
	{ KEY_HOST, "Host" },
	{ KEY_SIGNER, "Signer" },
	{ KEY_CLAIM, "Claim" },
	{ KEY_SEQ, "Number" },
	{ KEY_PREV, "Before it" },
	{ KEY_LEDGER, "Ledger" },
};

/* ---- one value ---- */

void entry_signer(struct session *s, const struct entry *e, struct buf *ret)
{
	const char *fingerprint = entry_get(e, KEY_SIGNER);
	const char *name = session_signer_name(s, fingerprint);

	if (strcmp(name, fingerprint) != 0)
		buf_addf(ret, "%s (%s)", name, fingerprint);
	else
		buf_adds(ret, fingerprint);
}

static void add_items(struct buf *b, const char *value)
{
	struct strvec items = STRVEC_INIT;

	if (!entry_items(value, &items)) {
		buf_adds(b, value);
	} else {
		for (size_t i = 0; i < items.n; i++) {
			if (i)
				buf_addch(b, ' ');
			shell_word(b, items.v[i]);
		}
	}
	strvec_release(&items);
}

void entry_value(
	struct session *s, const struct entry *e, enum key k, struct buf *b)
{
	const char *value = entry_get(e, k);
	int64_t n = entry_number(e, k, -1), ms;

	if (!value)
		return;
	if (k == KEY_TIME) {
		time_local(b, e->time_ms);
	} else if (k == KEY_SIGNER) {
		entry_signer(s, e, b);
	} else if (k == KEY_DURATION && duration_seconds_parse(value, &ms)) {
		duration_format(b, ms);
	} else if (k == KEY_LIMIT && n == 0) {
		buf_adds(b, "none");
	} else if ((k == KEY_LIMIT || k == KEY_TIMED_OUT) && n > 0 &&
		   n < INT64_MAX / 1000) {
		buf_adds(b, k == KEY_TIMED_OUT ? "after " : "");
		duration_format(b, n * 1000);
	} else if (k == KEY_SIGNAL && n > 0 && n < 128) {
		buf_addf(b, "%" PRId64 " (%s)", n, process_signal_name((int)n));
	} else if (k == KEY_OUTPUT_BYTES && n >= 0) {
		size_format(b, n);
	} else if (k == KEY_LEFT) {
		buf_addf(b, "%s process%s, still running when it ended", value,
			n == 1 ? "" : "es");
	} else if (k == KEY_CHANGED) {
		buf_adds(b, "the file was changed while it ran");
	} else if (k == KEY_DIRTY) {
		buf_adds(b, "the file was not what is committed");
	} else if (key_form(k) == FORM_ITEMS) {
		add_items(b, value);
	} else {
		buf_adds(b, value);
	}
}

/* ---- lines ---- */

void entry_label(struct session *s, int indent, const char *label)
{
	out_printf(&s->out, "%*s%s:%*s", indent, "", label,
		(int)(12 - strlen(label)), "");
}

static void put_value(
	struct session *s, int indent, const char *label, const char *value)
{
	entry_label(s, indent, label);
	out_text(&s->out, value);
	out_printf(&s->out, "\n");
}

static void put_extra(
	struct session *s, const struct entry_extra *x, int indent)
{
	out_printf(&s->out, "%*s", indent, "");
	out_text(&s->out, x->key);
	out_printf(&s->out, ": ");
	out_text(&s->out, x->value);
	out_printf(&s->out, "\n");
}

void entry_fields(struct session *s, const struct ledger_entry *le,
	uint64_t without, int indent)
{
	struct buf value = BUF_INIT;

	if (!le->e) {
		put_value(s, indent, "Path", le->path);
		put_value(s, indent, "Kind", kind_info(le->name.kind)->name);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		enum key k = labels[i].key;

		if (!entry_get(le->e, k) || without & KEYBIT(k))
			continue;
		buf_reset(&value);
		entry_value(s, le->e, k, &value);
		put_value(s, indent, labels[i].label, value.ptr);
	}
	for (size_t i = 0; i < le->e->nextra; i++)
		put_extra(s, &le->e->extra[i], indent);
	buf_release(&value);
}

void entry_short(const struct ledger_entry *le, struct buf *ret)
{
	buf_add(ret, le->name.id, strnlen(le->name.id, ENTRY_SHORT));
}

void entry_heading(
	struct session *s, const char *word, const struct ledger_entry *le)
{
	struct buf id = BUF_INIT;

	entry_short(le, &id);
	out_styled(&s->out, STYLE_ID, "%s %s", word, id.ptr);
	if (le->disowned)
		out_styled(&s->out, STYLE_DIM, " (disowned)");
	if (le->problem) {
		out_styled(&s->out, STYLE_BAD, " (does not count: ");
		out_text_styled(&s->out, STYLE_BAD, le->problem);
		out_styled(&s->out, STYLE_BAD, ")");
	}
	out_printf(&s->out, "\n");
	buf_release(&id);
}

/* ---- as a history shows it ---- */

static void put_result(struct session *s, const struct entry *e)
{
	struct result r = result_of_entry(e);
	const char *took = entry_get(e, KEY_DURATION);
	struct buf text = BUF_INIT;
	int64_t ms;

	r.reason = NULL; /* stands below, as a message does */
	result_text(&r, &text);
	if (took && duration_seconds_parse(took, &ms)) {
		buf_adds(&text, text.len ? ", " : "");
		duration_format(&text, ms);
	}
	if (text.len)
		put_value(s, 0, "Result", text.ptr);
	buf_release(&text);
}

static void put_run(struct session *s, const struct entry *e)
{
	int64_t attempt = entry_number(e, KEY_ATTEMPT, 0);

	if (!entry_get(e, KEY_RUN))
		return;
	entry_label(s, 0, "Run");
	out_text(&s->out, entry_get(e, KEY_RUN));
	if (attempt > 1)
		out_printf(&s->out, " (attempt %" PRId64 ")", attempt);
	out_printf(&s->out, "\n");
}

static void put_who(struct session *s, const struct entry *e)
{
	const char *user = entry_get(e, KEY_USER), *host;
	const char *signer = session_signer_name(s, entry_get(e, KEY_SIGNER));

	entry_label(s, 0, "Who");
	host = entry_get(e, KEY_HOST);
	out_text(&s->out, user ? user : "unknown");
	if (host) {
		out_printf(&s->out, " on ");
		out_text(&s->out, host);
	}
	out_printf(&s->out, ", signed by ");
	out_text(&s->out, signer);
	out_printf(&s->out, "\n");
}

/* Keys that say what kinds other than runs are about. */
static void put_matter(struct session *s, const struct entry *e)
{
	static const enum key matter[] = { KEY_ENTRY, KEY_VERDICT, KEY_ARGS,
		KEY_PRINCIPAL, KEY_ROLES, KEY_ENVIRONMENTS, KEY_FINGERPRINT,
		KEY_AFTER };
	struct buf value = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(matter); k++) {
			if (labels[i].key != matter[k] ||
				!entry_get(e, matter[k]))
				continue;
			buf_reset(&value);
			entry_value(s, e, matter[k], &value);
			put_value(s, 0, labels[i].label, value.ptr);
		}
	}
	buf_release(&value);
}

static void put_message(struct session *s, const struct entry *e)
{
	static const enum key said[] = { KEY_REASON, KEY_AGAIN };

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		const char *text = entry_get(e, said[i]);

		if (!text)
			continue;
		out_printf(&s->out, "\n    %s",
			said[i] == KEY_AGAIN ? "again: " : "");
		out_text(&s->out, text);
		out_printf(&s->out, "\n");
	}
}

void entry_brief(struct session *s, const struct ledger_entry *le)
{
	const struct entry *e = le->e;

	entry_heading(s, "entry", le);
	if (!e) {
		entry_fields(s, le, 0, 0);
		out_printf(&s->out, "\n");
		return;
	}
	if (entry_get(e, KEY_SCRIPT))
		put_value(s, 0, "Script", entry_get(e, KEY_SCRIPT));
	if (entry_get(e, KEY_ENVIRONMENT))
		put_value(s, 0, "Environment", entry_get(e, KEY_ENVIRONMENT));
	put_value(s, 0, "Kind", kind_info(e->kind)->name);
	put_run(s, e);
	put_matter(s, e);
	put_result(s, e);
	put_who(s, e);
	entry_fields(s, le, ~KEYBIT(KEY_TIME), 0);
	put_message(s, e);
	out_printf(&s->out, "\n");
}

/* ---- JSON ---- */

static void json_items(struct json *j, const char *value)
{
	struct strvec items = STRVEC_INIT;

	json_array(j);
	entry_items(value, &items);
	for (size_t i = 0; i < items.n; i++)
		json_string(j, items.v[i]);
	json_end_array(j);
	strvec_release(&items);
}

static void json_value(struct json *j, const struct entry *e, enum key k)
{
	const char *value = entry_get(e, k);
	struct buf text = BUF_INIT;
	int64_t n;

	/* `entry` is the path of this entry; the one that it names: */
	json_key(j, k == KEY_ENTRY ? "about" : key_name(k));
	if (key_form(k) == FORM_NUMBER && number_parse(value, &n)) {
		json_int(j, n);
	} else if (key_form(k) == FORM_SECONDS &&
		   duration_seconds_parse(value, &n)) {
		duration_seconds(&text, n);
		json_number(j, text.ptr);
	} else if (key_form(k) == FORM_ITEMS) {
		json_items(j, value);
	} else {
		json_string(j, value);
	}
	buf_release(&text);
}

static void json_extra(struct json *j, const struct entry *e)
{
	if (!e->nextra)
		return;
	json_key(j, "other");
	json_object(j);
	for (size_t i = 0; i < e->nextra; i++)
		json_kv(j, e->extra[i].key, e->extra[i].value);
	json_end_object(j);
}

void entry_json(
	struct json *j, const struct ledger_entry *le, const char *commit)
{
	json_object(j);
	json_kv(j, "entry", le->path);
	json_kv(j, "ledger_commit", commit);
	json_kv(j, "id", le->e ? le->e->id : NULL);
	if (!le->e)
		json_kv(j, "kind", kind_info(le->name.kind)->name);
	for (int k = 0; le->e && k < KEY_NR; k++) {
		if (entry_get(le->e, (enum key)k))
			json_value(j, le->e, (enum key)k);
	}
	if (le->e)
		json_extra(j, le->e);
	if (le->problem)
		json_kv(j, "problem", le->problem);
	if (le->disowned)
		json_kv_bool(j, "disowned", true);
	json_end_object(j);
}
