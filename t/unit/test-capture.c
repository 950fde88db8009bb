/*
 * Tests of src/run/capture.c and mask.c.  The model below does with all of
 * the text at hand, and slowly, what they do with a stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "strack/text.h"
#include "run/capture.h"
#include "run/mask.h"
#include "sample.h"

#define KEEP_ALL (256 * 1024)
static uint32_t seed = 20261121;

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

/* ---- the model ---- */

static void model_secrets(const struct buf *in, const char *const *secret,
	size_t nr, struct buf *out)
{
	/* 1: masked; 2: and the secret begins anew, touching what is before */
	unsigned char *hit = xcalloc(in->len + 1, 1);
	size_t i, j, k, len;

	for (i = 0; i < in->len; i++) {
		size_t longest = 0;

		for (j = 0; j < nr; j++) {
			len = strlen(secret[j]);
			if (len > longest && len <= in->len - i &&
				!memcmp(in->ptr + i, secret[j], len))
				longest = len;
		}
		if (longest && !hit[i])
			hit[i] = 2;
		for (k = 1; k < longest; k++)
			hit[i + k] = 1;
	}
	for (i = 0; i < in->len; i++) {
		if (hit[i] == 2)
			buf_adds(out, "***");
		else if (!hit[i])
			buf_addch(out, in->ptr[i]);
	}
	free(hit);
}

static bool ends_authority(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || strchr("/\"<>", c);
}

static void model_urls(const struct buf *in, struct buf *out)
{
	size_t i = 0, end, colon, at;

	while (i < in->len) {
		if (in->len - i < 3 || memcmp(in->ptr + i, "://", 3) != 0) {
			buf_addch(out, in->ptr[i++]);
			continue;
		}
		i += 3;
		buf_adds(out, "://");
		colon = at = 0;
		for (end = i; end < in->len; end++) {
			if (ends_authority(in->ptr[end]))
				break;
			if (in->ptr[end] == ':' && !colon)
				colon = end;
			if (in->ptr[end] == '@')
				at = end;
		}
		assert_true(end - i < MASK_URL_HOLD);
		if (!colon || at < colon)
			continue;
		buf_add(out, in->ptr + i, colon + 1 - i);
		buf_adds(out, "***");
		i = at;
	}
}

/* ---- helpers ---- */

struct result {
	struct buf kept, log;
	int64_t bytes;
	char hex[SHA256_HEX + 1];
};

static void result_release(struct result *r)
{
	buf_release(&r->kept);
	buf_release(&r->log);
}

/* `step`: bytes a call, 0 random.  `late`: secrets from the second on are
 * named only when so many bytes have been handed in (0: before). */
static void feed(const struct buf *in, const char *const *secret, size_t nr,
	int64_t keep, size_t step, size_t late, struct result *r)
{
	FILE *f = tmpfile();
	struct capture *c;
	size_t i, j, n, next;
	char chunk[4096];

	assert_non_null(f);
	c = capture_new(fileno(f), keep);
	for (j = 0; j < nr && (!late || !j); j++)
		assert_true(capture_mask(c, secret[j], strlen(secret[j])));
	for (i = 0; i < in->len; i += n) {
		n = step ? step : 1 + rnd(40);
		next = late > i ? late : in->len;
		if (n > next - i)
			n = next - i;
		capture_add(c, in->ptr + i, n);
		for (j = 1; i + n == late && j < nr; j++)
			capture_mask(c, secret[j], strlen(secret[j]));
	}
	capture_end(c);
	memset(r, 0, sizeof(*r));
	buf_init(&r->kept);
	buf_init(&r->log);
	capture_kept(c, &r->kept);
	r->bytes = capture_bytes(c);
	capture_digest(c, r->hex);
	assert_int_equal(capture_log_error(c), 0);
	capture_free(c);
	rewind(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)))
		buf_add(&r->log, chunk, n);
	fclose(f);
}

static void assert_buf(const struct buf *b, const char *s, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->ptr, s, len);
}

static void check_whole(const struct result *r, const struct buf *want)
{
	char hex[SHA256_HEX + 1];

	assert_buf(&r->log, want->ptr, want->len);
	assert_int_equal(r->bytes, want->len);
	sha256_hex(want->ptr, want->len, hex);
	assert_string_equal(r->hex, hex);
}

/* What becomes of `text`, in one call and byte by byte. */
static void check_text(const char *text, const char *const *secret, size_t nr,
	const char *want)
{
	struct buf in = BUF_INIT;
	struct result r;
	size_t step;

	buf_adds(&in, text);
	for (step = 1; step <= in.len + 1; step++) {
		feed(&in, secret, nr, KEEP_ALL, step, 0, &r);
		assert_string_equal(r.log.ptr, want);
		assert_string_equal(r.kept.ptr, want);
		result_release(&r);
	}
	buf_release(&in);
}

/* ---- masking ---- */

static void test_secrets(void **state)
{
	static const char *const one[] = { "s3cret" };
	static const char *const over[] = { "abcd", "cdefgh", "abc" };
	static const char *const run[] = { "aaa" };

	(void)state;
	check_text("", one, 1, "");
	check_text("the s3cret is s3cret", one, 1, "the *** is ***");
	check_text("s3crets3cret", one, 1, "******");
	check_text("s3s3cres3cret s3cre", one, 1, "s3s3cre*** s3cre");
	check_text("abcdefgh abcdefg cdefgh", over, 3, "*** ***efg ***");
	check_text("aa aaa aaaaaaaa", run, 1, "aa *** ***");
}

static void test_urls(void **state)
{
	static const char *const none[] = { "" };
	static const char *const one[] = { "hunter2" };

	(void)state;
	check_text(
		"postgres://bob:pw@db/x", none, 0, "postgres://bob:***@db/x");
	check_text("redis://:p@w:x@db:1 a@b", none, 0, "redis://:***@db:1 a@b");
	check_text("http://h:80/a@b", none, 0, "http://h:80/a@b");
	check_text("ssh://git@h:22/x", none, 0, "ssh://git@h:22/x");
	check_text("http://h:80", none, 0, "http://h:80");
	check_text("x://u:p#q?r@h", none, 0, "x://u:***@h");
	check_text("a://b://u:p@h\n", none, 0, "a://b://u:***@h\n");
	check_text("a:::///u:p@h ://u:p@h", none, 0, "a:::///u:p@h ://u:***@h");
	check_text("x://u:hunter23@h", one, 1, "x://u:***@h");
	check_text("x://hunter2@h", one, 1, "x://***@h");
	check_text("https://t0ken@h:80/x", none, 0, "https://***@h:80/x");
	check_text("aHTTP://t0ken@h", none, 0, "aHTTP://***@h");
	check_text("https://u:p@h http://t@h x://t@h", none, 0,
		"https://u:***@h http://***@h x://t@h");
	check_text("https://h?to=a@b", none, 0, "https://h?to=a@b");
	check_text("http ://t@h ttps://t@h", none, 0, "http ://t@h ttps://t@h");
	check_text("https://@h", none, 0, "https://@h");
}

static void test_long_url(void **state)
{
	struct buf in = BUF_INIT, want = BUF_INIT;
	size_t i, steps[] = { 1, 7, 1024, 1 << 20 };
	struct result r;

	(void)state;
	buf_adds(&in, "x://u:");
	for (i = 0; i < 3000; i++)
		buf_addch(&in, 'p');
	buf_adds(&in, "@h/y a://");
	buf_adds(&want, "x://u:***/y a://");
	for (i = 0; i < 3000; i++) {
		buf_addch(&in, 'n');
		buf_addch(&want, 'n');
	}
	buf_adds(&in, " b://u:");
	buf_adds(&want, " b://u:***");
	for (i = 0; i < MASK_URL_DROP; i++)
		buf_addch(&in, 'q');
	buf_adds(&in, "end");
	buf_adds(&want, "end");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		feed(&in, NULL, 0, KEEP_ALL, steps[i], 0, &r);
		check_whole(&r, &want);
		result_release(&r);
	}
	buf_release(&in);
	buf_release(&want);
}

static void test_lines(void **state)
{
	static const char key[] = "-----BEGIN\r\n  abcdef\n}\n\nxyz\n";
	struct capture *c = capture_new(-1, KEEP_ALL);
	struct buf kept = BUF_INIT;

	(void)state;
	assert_false(capture_mask(c, "ab", 2));
	assert_false(capture_mask(c, "      ", 6));
	assert_false(capture_mask(c, "\n\n\nab\n\n", 7));
	assert_true(capture_mask(c, key, sizeof(key) - 1));
	capture_add(c, "ab } ", 5);
	capture_add(c, key, sizeof(key) - 1);
	capture_add(c, "  abcdef\nxyz,-----BEGIN", 23);
	capture_end(c);
	capture_kept(c, &kept);
	assert_string_equal(kept.ptr, "ab } ***\n  ***\n***,***");
	buf_release(&kept);
	capture_free(c);
}

static void test_too_many(void **state)
{
	struct capture *c = capture_new(-1, KEEP_ALL);
	struct buf kept = BUF_INIT;
	char name[16];
	int i, ok = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%08x", (unsigned)i * 2654435761u);
		ok += capture_mask(c, name, 8);
	}
	assert_true(ok > 30000 && ok < 100000);
	assert_true(capture_mask(c, "00000000", 8)); /* is there already */
	assert_false(capture_mask(c, "one more", 8));
	capture_add(c, "one more 00000000", 17);
	capture_end(c);
	capture_kept(c, &kept);
	assert_string_equal(kept.ptr, "one more ***");
	buf_release(&kept);
	capture_free(c);
}

static void random_text(struct buf *b, size_t len, const char *alphabet)
{
	uint32_t n = (uint32_t)strlen(alphabet);

	buf_reset(b);
	while (b->len < len)
		buf_addch(b, alphabet[rnd(n)]);
}

/* Every way to cut the input gives the same, and what the model says. */
static void test_chunks(void **state)
{
	static const char *const alphabet[] = { "ab", "abc \n", "ab:/@ ",
		"abcdefgh:/@\n\xc3\xa4\x01" };
	static const size_t steps[] = { 1, 2, 3, 17, 1 << 20, 0, 0 };
	struct buf in = BUF_INIT, mid = BUF_INIT, want = BUF_INIT;
	struct buf text = BUF_INIT;
	const char *secret[6];
	struct result r;
	int round;
	size_t i, nr;

	(void)state;
	for (round = 0; round < sample(3000, 500); round++) {
		const char *a = alphabet[rnd(ARRAY_SIZE(alphabet))];

		nr = rnd(ARRAY_SIZE(secret) + 1);
		for (i = 0; i < nr; i++) {
			do {
				random_text(&text, 3 + rnd(6), a);
			} while (strpbrk(text.ptr, " \n"));
			secret[i] = xstrdup(text.ptr);
		}
		random_text(&in, rnd(300), a);
		buf_reset(&mid);
		buf_reset(&want);
		model_secrets(&in, secret, nr, &mid);
		model_urls(&mid, &want);
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			feed(&in, secret, nr, KEEP_ALL, steps[i], 0, &r);
			check_whole(&r, &want);
			assert_buf(&r.kept, want.ptr, want.len);
			result_release(&r);
		}
		for (i = 0; i < nr; i++)
			free((char *)secret[i]);
	}
	buf_release(&in);
	buf_release(&mid);
	buf_release(&want);
	buf_release(&text);
}

/* Secrets that come in the middle, and little of it kept. */
static void test_chunks_late(void **state)
{
	static const char *const alphabet[] = { "ab", "ab:/@ ", "abc\n" };
	static const size_t steps[] = { 2, 3, 17, 1 << 20, 0, 0 };
	struct buf in = BUF_INIT, text = BUF_INIT;
	const char *secret[5];
	struct result one, r;
	size_t i, late;
	int64_t keep;
	int round;

	(void)state;
	for (round = 0; round < sample(3000, 500); round++) {
		const char *a = alphabet[rnd(ARRAY_SIZE(alphabet))];

		for (i = 0; i < ARRAY_SIZE(secret); i++) {
			do {
				random_text(&text, 3 + rnd(12), a);
			} while (strpbrk(text.ptr, " \n"));
			secret[i] = xstrdup(text.ptr);
		}
		random_text(&in, 10 + rnd(300), a);
		late = 1 + rnd((uint32_t)in.len - 1);
		keep = rnd(200);
		feed(&in, secret, ARRAY_SIZE(secret), keep, 1, late, &one);
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			feed(&in, secret, ARRAY_SIZE(secret), keep, steps[i],
				late, &r);
			assert_buf(&r.log, one.log.ptr, one.log.len);
			assert_buf(&r.kept, one.kept.ptr, one.kept.len);
			assert_int_equal(r.bytes, one.bytes);
			assert_string_equal(r.hex, one.hex);
			result_release(&r);
		}
		result_release(&one);
		for (i = 0; i < ARRAY_SIZE(secret); i++)
			free((char *)secret[i]);
	}
	buf_release(&in);
	buf_release(&text);
}

/* A secret named while its first half is held back. */
static void test_held(void **state)
{
	static const struct {
		const char *before, *secret, *after, *want;
	} row[] = {
		{ "x://u.s3c", "s3cr3t", "r3t end", "x://u.*** end" },
		{ "abcd", "bcdX", "Xz", "***z" },
		/* here *** is out already, and "cde" is held */
		{ "abcde", "bcdeX", "Xz", "***eXz" },
		{ "abcde", "cdeX", "Xz", "***z" },
		{ "abcde", "xyz", "fghz", "***z" },
		{ "x://abcde", "deQ", "Q ", "x://*** " },
		{ "x://qabcde", "*cde", "f ", "x://q*****f " },
	};
	struct buf kept = BUF_INIT;
	struct capture *c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(row); i++) {
		c = capture_new(-1, KEEP_ALL);
		capture_mask(c, "abcd", 4);
		capture_mask(c, "cdefgh", 6);
		capture_add(c, row[i].before, strlen(row[i].before));
		capture_mask(c, row[i].secret, strlen(row[i].secret));
		capture_add(c, row[i].after, strlen(row[i].after));
		capture_end(c);
		buf_reset(&kept);
		capture_kept(c, &kept);
		assert_string_equal(kept.ptr, row[i].want);
		capture_free(c);
	}
	buf_release(&kept);
}

static void test_text_alone(void **state)
{
	struct capture *c = capture_new(-1, KEEP_ALL);
	struct buf text = BUF_INIT;

	(void)state;
	capture_mask(c, "s3cret", 6);
	capture_add(c, "s3c", 3);
	buf_adds(&text, "s3cret of x://u:pw@h s3c");
	capture_mask_text(c, &text);
	assert_string_equal(text.ptr, "*** of x://u:***@h s3c");
	buf_reset(&text);
	capture_mask_text(c, &text);
	assert_string_equal(text.ptr, "");
	capture_add(c, "ret", 3);
	capture_end(c);
	capture_kept(c, &text);
	assert_string_equal(text.ptr, "***");
	buf_release(&text);
	capture_free(c);
}

/* ---- lines of ours ---- */

static void test_our_line(void **state)
{
	struct capture *c = capture_new(-1, KEEP_ALL);
	struct buf kept = BUF_INIT;

	(void)state;
	capture_mask(c, "s3cret", 6);
	capture_line(c, "first s3cret", 12);
	capture_add(c, "half s3c", 8);
	capture_line(c, "warning\n", 8);
	capture_line(c, "", 0);
	capture_add(c, "ret\n", 4);
	capture_line(c, "last", 4);
	capture_end(c);
	capture_line(c, "late", 4);
	capture_add(c, "late", 4);
	capture_kept(c, &kept);
	assert_string_equal(
		kept.ptr, "first ***\nhalf \nwarning\n\n***\nlast\n");
	buf_release(&kept);
	capture_free(c);
}

static int start(void **state)
{
	(void)state;
	return sign_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_long_url),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_chunks_late),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_text_alone),
		cmocka_unit_test(test_our_line),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
