/*
 * Foreign text on its way to a terminal, an entry or a shell; and the values
 * that formats carry.
 */
#include "fuzz.h"

#include "strack/json.h"
#include "strack/out.h"
#include "strack/text.h"

static void shown(const char *s, size_t len)
{
	struct buf b = BUF_INIT;
	struct json j;

	out_escape(&b, s, len, NULL);
	MUST(fuzz_safe(b.ptr, b.len, ""));
	MUST(out_width(b.ptr) >= 0);
	buf_reset(&b);
	out_escape(&b, s, len, "\n\t");
	MUST(fuzz_safe(b.ptr, b.len, "\n\t"));
	for (int cols = 4; cols < 40; cols += 7) {
		buf_reset(&b);
		out_fit(&b, s, cols, true);
		MUST(fuzz_safe(b.ptr, b.len, ""));
		MUST(out_width(b.ptr) == cols);
	}
	buf_reset(&b);
	json_init(&j, &b);
	json_string(&j, s);
	MUST(fuzz_safe(b.ptr, b.len, ""));
	MUST(b.len >= 2 && b.ptr[0] == '"' && b.ptr[b.len - 1] == '"');
	buf_reset(&b);
	text_fold(&b, s);
	buf_release(&b);
}

static void encoded(const char *s, size_t len)
{
	struct buf b = BUF_INIT, back = BUF_INIT, again = BUF_INIT;

	for (int item = 0; item < 2; item++) {
		buf_reset(&b);
		buf_reset(&back);
		percent_encode(&b, s, len, item);
		MUST(utf8_valid(b.ptr, b.len));
		for (size_t i = 0; i < b.len; i++)
			MUST((unsigned char)b.ptr[i] >= 0x20 &&
				(!item || b.ptr[i] != ' '));
		if (item && !len)
			continue; /* stands for what can't be said */
		MUST(percent_decode(&back, b.ptr, b.len));
		MUST(back.len == len && !memcmp(back.ptr, s, len));
	}
	buf_reset(&back);
	if (percent_decode(&back, s, len)) {
		percent_encode(&again, back.ptr, back.len, false);
		MUST(utf8_valid(again.ptr, again.len));
	}
	buf_release(&b);
	buf_release(&back);
	buf_release(&again);
}

/* For programs: safe to look at, and the text again. */
static void porcelain(const char *s)
{
	struct buf b = BUF_INIT, back = BUF_INIT;

	out_percent(&b, s);
	MUST(fuzz_safe(b.ptr, b.len, ""));
	MUST(percent_decode(&back, b.ptr, b.len));
	MUST(!strcmp(back.ptr, s));
	buf_release(&b);
	buf_release(&back);
}

static void word(const char *s)
{
	struct buf b = BUF_INIT;
	bool quoted;

	shell_word(&b, s);
	MUST(b.len);
	quoted = b.ptr[0] == '\'' || b.ptr[0] == '$';
	for (size_t i = 0; !quoted && i < b.len; i++)
		MUST(!strchr(" \t\n'\"\\$`;&|<>()*?[]{}!#~", b.ptr[i]) || i);
	buf_release(&b);
}

static void values(const char *s)
{
	struct buf b = BUF_INIT;
	int64_t n = -1, m = -1;

	if (time_parse(s, &n)) {
		time_format(&b, n);
		MUST(time_parse(b.ptr, &m) && m == n);
		buf_reset(&b);
		time_compact(&b, n);
		MUST(time_compact_parse(b.ptr, b.len, &m));
		MUST(m == n / 1000 * 1000);
		buf_reset(&b);
		time_local(&b, n);
		MUST(b.len);
		time_ago(&b, n, INT64_C(1767225600000));
	}
	if (time_day_parse(s, &n)) {
		buf_reset(&b);
		time_format(&b, n);
		MUST(time_parse(b.ptr, &m) && m == n);
	}
	if (time_compact_parse(s, strlen(s), &n)) {
		buf_reset(&b);
		time_compact(&b, n);
		MUST(!strcmp(b.ptr, s));
	}
	if (duration_parse(s, &n))
		MUST(n >= 0 && n <= INT64_C(366) * 86400);
	if (duration_seconds_parse(s, &n)) {
		buf_reset(&b);
		duration_seconds(&b, n);
		MUST(duration_seconds_parse(b.ptr, &m) && m == n);
		duration_format(&b, n);
	}
	if (size_parse(s, &n)) {
		MUST(n >= 0);
		size_format(&b, n);
	}
	if (number_parse(s, &n)) {
		buf_printf(&b, "%lld", (long long)n);
		MUST(!strcmp(b.ptr, s));
	}
	if (ulid_valid(s))
		MUST(strlen(s) == ULID_LEN);
	if (environment_name_valid(s))
		MUST(*s && strlen(s) <= 32);
	MUST(fuzz_safe(b.ptr, b.len, ""));
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char *bytes = xcalloc(1, size ? size : 1);

	memcpy(bytes, text, size);
	encoded(bytes, size);
	free(bytes);
	shown(text, strlen(text));
	porcelain(text);
	word(text);
	values(text);
	if (size < 512)
		text_distance(text, "rollback_on_failure");
	free(text);
	return 0;
}
