/* The text forms of src/base: UTF-8, percent encoding, numbers, ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "strack/text.h"

static void assert_buf(struct buf *b, const char *want)
{
	assert_string_equal(b->ptr, want);
	assert_int_equal(b->len, strlen(want));
	buf_release(b);
}

static void utf8_sequences(void **state)
{
	static const struct {
		const char *s;
		size_t len, want;
		uint32_t cp;
	} table[] = {
		{ "", 0, 0, 0 },
		{ "a", 1, 1, 'a' },
		{ "\0", 1, 1, 0 },
		{ "\x7f", 1, 1, 0x7f },
		{ "\x80", 1, 0, 0 },
		{ "\xbf\x80", 2, 0, 0 },
		{ "\xc0\x80", 2, 0, 0 },
		{ "\xc1\xbf", 2, 0, 0 },
		{ "\xc2\x80", 2, 2, 0x80 },
		{ "\xc2\x80x", 3, 2, 0x80 },
		{ "\xc2", 1, 0, 0 },
		{ "\xc2\x80", 1, 0, 0 }, /* cut */
		{ "\xc2\x7f", 2, 0, 0 },
		{ "\xc2\xc0", 2, 0, 0 },
		{ "\xdf\xbf", 2, 2, 0x7ff },
		{ "\xe0\x9f\xbf", 3, 0, 0 },
		{ "\xe0\xa0\x80", 3, 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 3, 0xd7ff },
		{ "\xed\xa0\x80", 3, 0, 0 },
		{ "\xed\xbf\xbf", 3, 0, 0 },
		{ "\xee\x80\x80", 3, 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 3, 0xffff },
		{ "\xef\xbf\x41", 3, 0, 0 },
		{ "\xef\xbf\xbf", 2, 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0, 0 },
		{ "\xf0\x90\x80\x80", 4, 4, 0x10000 },
		{ "\xf0\x90\x80\x80", 3, 0, 0 },
		{ "\xf0\x90\x80\xc0", 4, 0, 0 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xf4\x90\x80\x80", 4, 0, 0 },
		{ "\xf5\x80\x80\x80", 4, 0, 0 },
		{ "\xff", 1, 0, 0 },
	};
	uint32_t cp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		cp = 0x55;
		assert_int_equal(utf8_next(table[i].s, table[i].len, &cp),
			table[i].want);
		assert_int_equal(cp, table[i].want ? table[i].cp : 0x55);
		assert_int_equal(utf8_next(table[i].s, table[i].len, NULL),
			table[i].want);
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\0\xc3\xa4", 4));
	assert_false(utf8_valid("a\xc3", 2));
	assert_false(utf8_valid("a\xc3 b", 4));
}

static void percent(void **state)
{
	static const struct {
		const char *in, *value, *item;
	} table[] = {
		{ "", "", "%00" },
		{ "plain", "plain", "plain" },
		{ "a b", "a b", "a%20b" },
		{ "  a  b  ", "%20%20a  b%20%20", "%20%20a%20%20b%20%20" },
		{ " ", "%20", "%20" },
		{ "   ", "%20%20%20", "%20%20%20" },
		{ "100%", "100%25", "100%25" },
		{ "%41", "%2541", "%2541" },
		{ "a\nb\tc\177", "a%0Ab%09c%7F", "a%0Ab%09c%7F" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "%C2%80%C2%9F\xc2\xa0",
			"%C2%80%C2%9F\xc2\xa0" },
		{ "\xc3\xa4\xff\xc3", "\xc3\xa4%FF%C3", "\xc3\xa4%FF%C3" },
		{ "=+/", "=+/", "=+/" },
	};
	struct buf b = BUF_INIT, back = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		percent_encode(&b, table[i].in, strlen(table[i].in), false);
		assert_string_equal(b.ptr, table[i].value);
		assert_true(percent_decode(&back, b.ptr, b.len));
		assert_string_equal(back.ptr, table[i].in);
		buf_release(&b);
		buf_release(&back);
		percent_encode(&b, table[i].in, strlen(table[i].in), true);
		assert_string_equal(b.ptr, table[i].item);
		assert_true(percent_decode(&back, b.ptr, b.len));
		assert_string_equal(back.ptr, table[i].in);
		buf_release(&b);
		buf_release(&back);
	}
	percent_encode(&b, "a\0b", 3, false);
	assert_buf(&b, "a%00b");
}

/* All pairs of bytes come back as they were. */
static void percent_round(void **state)
{
	struct buf b = BUF_INIT, back = BUF_INIT;
	char in[2];
	int i;

	(void)state;
	for (i = 0; i < 0x10000; i++) {
		in[0] = (char)(i >> 8);
		in[1] = (char)i;
		buf_reset(&b);
		buf_reset(&back);
		percent_encode(&b, in, 2, i & 1);
		assert_true(utf8_valid(b.ptr, b.len));
		assert_true(percent_decode(&back, b.ptr, b.len));
		assert_int_equal(back.len, 2);
		assert_memory_equal(back.ptr, in, 2);
	}
	buf_release(&b);
	buf_release(&back);
}

static void percent_refuses(void **state)
{
	static const char *const bad[] = { "%", "a%", "%4", "%4x", "%x4", "%4a",
		"%a4", "%GG", "% 4", "%%41", "ab%4", "%-1" };
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	buf_adds(&b, "kept");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(percent_decode(&b, bad[i], strlen(bad[i])));
		assert_string_equal(b.ptr, "kept");
	}
	assert_false(percent_decode(&b, "%41", 2)); /* cut by its length */
	assert_true(percent_decode(&b, "%41%c", 3));
	assert_buf(&b, "keptA");
}

static void hex(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	hex_encode(&b, (const unsigned char *)"\x00\x0f\xa9\xff", 4);
	assert_buf(&b, "000fa9ff");
	assert_true(hex_is("0123456789abcdef", 16));
	assert_true(hex_is("", 0));
	assert_true(hex_is("ab.log", 2)); /* a part of something longer */
	assert_false(hex_is("ab", 3));
	assert_false(hex_is("aB", 2));
	assert_false(hex_is("ag", 2));
	assert_false(hex_is("a ", 2));
}

static void numbers(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "-1", "+1", "01",
		"00", "1.0", "0x1", "1e3", "9223372036854775808",
		"99999999999999999999", "a" };
	int64_t n = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(number_parse(bad[i], &n));
	assert_int_equal(n, 77);
	assert_true(number_parse("0", &n) && n == 0);
	assert_true(number_parse("10", &n) && n == 10);
	assert_true(number_parse("9223372036854775807", &n));
	assert_true(n == INT64_MAX);
}

static void sizes(void **state)
{
	static const char *const bad[] = { "", "k", "-1", "1kb", "1 k", "1.5k",
		"1K", "01k", "1g", "9007199254740992k", "8796093022208m",
		"1km" };
	static const struct {
		int64_t n;
		const char *want;
	} formats[] = {
		{ -1, "0 B" },
		{ 0, "0 B" },
		{ 512, "512 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 48213, "47.1 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ 1024 * 1024, "1.0 MiB" },
		{ INT64_C(1) << 30, "1.0 GiB" },
		{ INT64_C(1) << 40, "1.0 TiB" },
		{ (INT64_C(1) << 30) - 1, "1.0 GiB" },
		{ INT64_MAX, "8.0 EiB" },
	};
	struct buf b = BUF_INIT;
	int64_t n = 77;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(size_parse(bad[i], &n));
	assert_int_equal(n, 77);
	assert_true(size_parse("0", &n) && n == 0);
	assert_true(size_parse("4096", &n) && n == 4096);
	assert_true(size_parse("64k", &n) && n == 65536);
	assert_true(size_parse("1m", &n) && n == 1048576);
	assert_true(size_parse("8796093022207m", &n));
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		size_format(&b, formats[i].n);
		assert_buf(&b, formats[i].want);
	}
}

static void ulids(void **state)
{
	static const unsigned char zeros[10], bytes[10] = { 0x01, 0x23, 0x45,
		0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23 };
	static const char *const bad[] = { "", "01KB2ZJ6V3N8Q4T7W9XYEA5RC",
		"01KB2ZJ6V3N8Q4T7W9XYEA5RCDD", "81KB2ZJ6V3N8Q4T7W9XYEA5RCD",
		"01KB2ZJ6V3N8Q4T7W9XYEA5RCI", "01KB2ZJ6V3N8Q4T7W9XYEA5RCL",
		"01KB2ZJ6V3N8Q4T7W9XYEA5RCO", "01KB2ZJ6V3N8Q4T7W9XYEA5RCU",
		"01kb2zj6v3n8q4t7w9xyea5rcd", "01KB2ZJ6V3N8Q4T7W9XYEA5RC/" };
	char id[ULID_LEN + 1], later[ULID_LEN + 1];
	unsigned char ones[10];
	size_t i;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	ulid_format(id, 0, zeros);
	assert_string_equal(id, "00000000000000000000000000");
	ulid_format(id, -1, zeros);
	assert_string_equal(id, "00000000000000000000000000");
	ulid_format(id, (INT64_C(1) << 48) - 1, ones);
	assert_string_equal(id, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
	assert_true(ulid_valid(id));
	/* the time of the ULID specification's example */
	ulid_format(id, INT64_C(1469918176385), bytes);
	assert_string_equal(id, "01ARYZ6S4104HMASW9NF6YY093");
	assert_true(ulid_valid(id));
	ulid_format(later, INT64_C(1469918176386), zeros);
	assert_true(strcmp(id, later) < 0);
	assert_true(ulid_valid("01KB2ZJ6V3N8Q4T7W9XYEA5RCD"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(ulid_valid(bad[i]));
}

static void environment_names(void **state)
{
	(void)state;
	assert_true(environment_name_valid("local"));
	assert_true(environment_name_valid("0"));
	assert_true(environment_name_valid("eu-west_1"));
	assert_true(environment_name_valid("a2345678901234567890123456789012"));
	assert_false(
		environment_name_valid("a23456789012345678901234567890123"));
	assert_false(environment_name_valid(""));
	assert_false(environment_name_valid("-a"));
	assert_false(environment_name_valid("_a"));
	assert_false(environment_name_valid("Local"));
	assert_false(environment_name_valid("a b"));
	assert_false(environment_name_valid("a.b"));
	assert_false(environment_name_valid("a\n"));
	assert_false(environment_name_valid("\xc3\xa4"));
}

static void distances(void **state)
{
	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("status", "status"), 0);
	assert_int_equal(text_distance("stauts", "status"), 1);
	assert_int_equal(text_distance("statu", "status"), 1);
	assert_int_equal(text_distance("statuss", "status"), 1);
	assert_int_equal(text_distance("ststus", "status"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	/* optimal string alignment: nothing is edited twice */
	assert_int_equal(text_distance("ca", "abc"), 3);
	assert_int_equal(text_distance("ab", "ba"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_sequences),
		cmocka_unit_test(percent),
		cmocka_unit_test(percent_round),
		cmocka_unit_test(percent_refuses),
		cmocka_unit_test(hex),
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(ulids),
		cmocka_unit_test(environment_names),
		cmocka_unit_test(distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
