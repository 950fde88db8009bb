/* Digests, public keys, private key files and new ones. */
#include "sign-fixture.h"

/* ---- digests ---- */

static void test_digest(void **state)
{
	struct digest *d = digest_new();
	char hex[SHA256_HEX + 1];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	digest_add(d, "a", 1);
	digest_add(d, "", 0);
	digest_add(d, "bc", 2);
	digest_final(d, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_memory_equal(hex, "e3b0c44298fc1c14", 16);
	digest_free(digest_new());
	digest_free(NULL);
}

/* ---- public keys ---- */

static void test_pubkey_fingerprint(void **state)
{
	static const char *const names[] = { "ed", "rsa", "pem", "ec256",
		"ec384", "ec521" };
	struct buf want = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *pub = xstrfmt("%s.pub", names[i]);
		struct pubkey key = PUBKEY_INIT, copy = PUBKEY_INIT;

		load_key(pub, &key);
		assert_int_equal(sh("ssh-keygen -lf %s | cut -d' ' -f2 | "
				    "tr -d '\\n' >fp",
					 pub),
			0);
		buf_reset(&want);
		slurp("fp", &want);
		assert_string_equal(key.fingerprint, want.ptr);
		assert_int_equal(pubkey_copy(&copy, &key), ERR_OK);
		assert_string_equal(copy.line, key.line);
		pubkey_release(&copy);
		pubkey_release(&key);
		free(pub);
	}
	buf_release(&want);
}

static void parse_is(const char *text, size_t len, enum err want)
{
	struct pubkey key = PUBKEY_INIT;
	enum err rc = pubkey_parse(text, len, &key, NULL);

	if (rc != want)
		fail_msg("'%.*s': %d", (int)len, text, rc);
	pubkey_release(&key);
}

static void test_pubkey_bad(void **state)
{
	static const char *const good =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDabT5tz9G72lKkBYGei"
		"UaJmUj5jNkfO3QDMWIIYBhyR";
	static const char *const tails[] = { "", "\n", " ", " a b c",
		" \tx\n" };
	static const char *const bad[] = { "", "\n", "ssh-ed25519",
		"ssh-ed25519 ", "ssh-dss AAAAB3NzaC1kc3M=",
		"ssh-ed25519-cert-v01@openssh.com AAAA", " ssh-ed25519 AAAA",
		"no-pty ssh-ed25519 AAAA", "ssh-ed25519 AAAA=", "ssh-rsa ====",
		"sk-ssh-ed25519@openssh.com AAAA" };
	struct buf b = BUF_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		buf_printf(&b, "%s%s", good, tails[i]);
		parse_is(b.ptr, b.len, ERR_OK);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		parse_is(bad[i], strlen(bad[i]), ERR_BAD);
	/* every cut, one newline too many, a control character, NUL */
	for (i = 0; i < strlen(good); i++)
		parse_is(good, i, ERR_BAD);
	for (i = 0; i < 4; i++) {
		static const char junk[] = { '\n', '\r', '\033', '\0' };

		buf_set(&b, good);
		buf_addch(&b, ' ');
		buf_addch(&b, junk[i]);
		buf_addch(&b, '\n');
		parse_is(b.ptr, b.len, ERR_BAD);
	}
	buf_printf(&b, "ssh-rsa%s", good + strlen("ssh-ed25519"));
	parse_is(b.ptr, b.len, ERR_BAD); /* another type inside */
	buf_release(&b);
}

/* Encodings that ssh reads as the same key would be other fingerprints. */
static const struct blob_row {
	const char *type;
	const char *fields[3];
	size_t len[3];
	enum err want;
} blobs[] = {
	{ "ssh-rsa", { "\1\0\1", "N", NULL }, { 3, 256, 0 }, ERR_OK },
	{ "ssh-rsa", { "\0\1\0\1", "N", NULL }, { 4, 256, 0 }, ERR_BAD },
	{ "ssh-rsa", { "", "N", NULL }, { 0, 256, 0 }, ERR_BAD },
	{ "ssh-rsa", { "\1\0\1", "N", NULL }, { 3, 64, 0 }, ERR_BAD },
	{ "ssh-rsa", { "\1\0\1", "N", NULL }, { 3, 4096, 0 }, ERR_BAD },
	{ "ssh-rsa", { "\1\0\1", "N", "" }, { 3, 256, 0 }, ERR_BAD },
	{ "ssh-ed25519", { "N", NULL, NULL }, { 31, 0, 0 }, ERR_BAD },
	{ "ssh-ed25519", { "N", NULL, NULL }, { 33, 0, 0 }, ERR_BAD },
	{ "ssh-ed25519", { "N", "", NULL }, { 32, 0, 0 }, ERR_BAD },
	{ "sk-ssh-ed25519@openssh.com", { "N", "ssh:", NULL }, { 32, 4, 0 },
		ERR_OK },
	{ "sk-ssh-ed25519@openssh.com", { "N", "s\0h:", NULL }, { 32, 4, 0 },
		ERR_BAD },
	{ "sk-ssh-ed25519@openssh.com", { "N", NULL, NULL }, { 32, 0, 0 },
		ERR_BAD },
	{ "ecdsa-sha2-nistp256", { "nistp256", "P", NULL }, { 8, 65, 0 },
		ERR_OK },
	{ "ecdsa-sha2-nistp256", { "nistp384", "P", NULL }, { 8, 97, 0 },
		ERR_BAD },
	{ "ecdsa-sha2-nistp256", { "nistp256", "P", NULL }, { 8, 33, 0 },
		ERR_BAD },
	{ "ecdsa-sha2-nistp256", { "nistp256", "N", NULL }, { 8, 65, 0 },
		ERR_BAD },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", { "nistp256", "P", "ssh:" },
		{ 8, 65, 4 }, ERR_OK },
};

static void test_pubkey_canonical(void **state)
{
	char bytes[4096];
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(blobs); i++) {
		struct buf blob = BUF_INIT, line = BUF_INIT;

		wire_put_text(&blob, blobs[i].type);
		for (j = 0; j < 3 && blobs[i].fields[j]; j++) {
			const char *f = blobs[i].fields[j];

			memset(bytes, 0x55, sizeof(bytes));
			if (*f == 'P')
				bytes[0] = 4;
			wire_put_string(&blob,
				*f == 'N' || *f == 'P' ? bytes : f,
				blobs[i].len[j]);
		}
		buf_addf(&line, "%s ", blobs[i].type);
		base64_add(&line, blob.ptr, blob.len, 0);
		parse_is(line.ptr, line.len, blobs[i].want);
		buf_release(&blob);
		buf_release(&line);
	}
}

/* ---- private key files that are broken ---- */

static void test_key_cut(void **state)
{
	struct buf text = BUF_INIT;
	size_t i;

	(void)state;
	slurp("ed", &text);
	for (i = 0; i < text.len; i++) {
		struct signer *s = NULL;
		enum err rc;

		spew("cut", text.ptr, i);
		rc = signer_open("cut", NULL, SCRATCH, &s, NULL);
		if (rc == ERR_OK || s)
			fail_msg("cut to %zu bytes it still opens", i);
	}
	buf_release(&text);
}

/* Every byte of the container changed: refused, or still the same key. */
static void test_key_flipped(void **state)
{
	struct buf text = BUF_INIT, raw = BUF_INIT, again = BUF_INIT;
	const char *from, *to;
	size_t i, opened = 0;

	(void)state;
	slurp("ed", &text);
	from = strchr(text.ptr, '\n') + 1;
	to = strstr(from, "-----END");
	assert_true(base64_decode(from, (size_t)(to - from), "\n", &raw));
	for (i = 0; i < raw.len; i++) {
		struct signer *s = NULL;

		raw.ptr[i] ^= 0x01;
		buf_set(&again, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
		base64_add(&again, raw.ptr, raw.len, 70);
		buf_adds(&again, to);
		spew("flip", again.ptr, again.len);
		raw.ptr[i] ^= 0x01;
		if (signer_open("flip", "/nonexistent", SCRATCH, &s, NULL))
			continue;
		opened++;
		buf_reset(&again);
		must_sign(s, NS, MSG, MSG_LEN, &again);
		must_check(&again, signer_key(s)->line);
		signer_free(s);
	}
	assert_int_equal(opened, strlen("a comment"));
	buf_release(&text);
	buf_release(&raw);
	buf_release(&again);
}

/* ---- new keys ---- */

static void test_generate(void **state)
{
	struct error err = ERROR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(signer_generate("made", "web-1 strack", &err), ERR_OK);
	assert_int_equal(stat("made", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sh("ssh-keygen -y -f made | cmp - made.pub"), 0);
	assert_int_equal(sh("ssh-keygen -lf made.pub | "
			    "grep -q ' web-1 strack (ED25519)'"),
		0);
	round_trip("made", "made.pub");
	spew("m", MSG, MSG_LEN);
	assert_int_equal(
		sh("rm -f m.sig; ssh-keygen -q -Y sign -n x -f made m"), 0);
	assert_int_equal(sh("cp made keep; cp made.pub keep.pub"), 0);
	assert_int_equal(signer_generate("made", "", &err), ERR_EXISTS);
	assert_int_equal(sh("cmp made keep && cmp made.pub keep.pub"), 0);
	error_release(&err);

	assert_int_equal(signer_generate("made2", "", NULL), ERR_OK);
	assert_int_equal(sh("ssh-keygen -y -f made2 | cmp - made2.pub"), 0);
	round_trip("made2", "made2.pub");
	assert_int_equal(sh("! cmp -s made made2"), 0);
	assert_int_equal(signer_generate("made3", "a\nb", NULL), ERR_BAD);
	assert_int_equal(access("made3", F_OK), -1);
	assert_int_not_equal(signer_generate("no/dir", "", NULL), ERR_OK);
}

/* Each length of padding. */
static void test_generate_comments(void **state)
{
	char comment[20] = "";
	size_t i;

	(void)state;
	for (i = 0; i < 18; i++) {
		char *path = xstrfmt("c%zu", i);
		struct signer *s;

		assert_int_equal(signer_generate(path, comment, NULL), ERR_OK);
		s = must_open(path, "/nonexistent");
		signer_free(s);
		assert_int_equal(
			sh("ssh-keygen -y -f %s | cmp - %s.pub", path, path),
			0);
		comment[i] = 'c';
		free(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_digest),
		TEST(test_pubkey_fingerprint),
		TEST(test_pubkey_bad),
		TEST(test_pubkey_canonical),
		TEST(test_key_cut),
		TEST(test_key_flipped),
		TEST(test_generate),
		TEST(test_generate_comments),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
