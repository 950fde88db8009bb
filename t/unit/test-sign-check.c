/* Checking: what ssh-keygen makes is taken, what is wrong in any way not. */
#include "sign-fixture.h"

/* ---- checking ---- */

static void test_check_theirs(void **state)
{
	static const char *const keys[] = { "ed", "rsa", "ec256", "ec384",
		"ec521" };
	static const char *const hashes[] = { "sha512", "sha256" };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		for (j = 0; j < ARRAY_SIZE(hashes); j++) {
			char *pub = xstrfmt("%s.pub", keys[i]);
			struct pubkey key = PUBKEY_INIT;
			struct buf armor = BUF_INIT;

			spew("m", MSG, MSG_LEN);
			assert_int_equal(
				sh("rm -f m.sig; ssh-keygen -q -Y sign -O "
				   "hashalg=%s -n %s -f %s m",
					hashes[j], NS, keys[i]),
				0);
			slurp("m.sig", &armor);
			load_key(pub, &key);
			must_check(&armor, key.line);
			assert_int_equal(
				check(&armor, NS, MSG, MSG_LEN - 1, &key, NULL),
				ERR_BAD);
			assert_int_equal(check(&armor, SIGN_NS_GIT, MSG,
						 MSG_LEN, &key, NULL),
				ERR_BAD);
			pubkey_release(&key);
			buf_release(&armor);
			free(pub);
		}
}

static void test_check_form(void **state)
{
	static const char *const behind[] = { "\n", " ", "x", "\r\n",
		SIGN_BEGIN "\n" };
	struct buf armor = BUF_INIT, b = BUF_INIT;
	size_t i;

	(void)state;
	sign_ed(&armor);
	for (i = 0; i < ARRAY_SIZE(behind); i++) {
		buf_printf(&b, "%s%s", armor.ptr, behind[i]);
		must_refuse(b.ptr, b.len, "behind");
	}
	buf_set(&b, armor.ptr);
	buf_addbuf(&b, &armor);
	must_refuse(b.ptr, b.len, "behind");
	buf_setlen(&b, armor.len);
	buf_addch(&b, '\0');
	must_refuse(b.ptr, b.len, "behind");
	for (i = 0; i < armor.len; i++)
		must_refuse(armor.ptr, i, "");
	buf_printf(&b, " %s", armor.ptr);
	must_refuse(b.ptr, b.len, "does not begin");
	for (i = 0; i <= armor.len; i++) { /* a newline or NUL anywhere */
		buf_set(&b, armor.ptr);
		buf_insert(&b, i, "\n", 1);
		must_refuse(b.ptr, b.len, "");
		b.ptr[i] = '\0';
		must_refuse(b.ptr, b.len, "");
	}
	spew("a", armor.ptr, armor.len);
	assert_int_equal(
		sh("sed 's/$/\\r/' a >crlf.sig; { sed -n 1p a; sed '1d;$d' a |"
		   " tr -d '\\n' | fold -w 64; echo; sed -n '$p' a; } >64.sig"),
		0);
	buf_reset(&b);
	slurp("crlf.sig", &b);
	must_refuse(b.ptr, b.len, "as ssh-keygen");
	buf_reset(&b);
	slurp("64.sig", &b);
	must_refuse(b.ptr, b.len, "as ssh-keygen");
	/* ... which ssh-keygen itself does not mind */
	assert_int_equal(sh("printf %%s '%s' | ssh-keygen -Y check-novalidate "
			    "-n %s -s 64.sig",
				 MSG, NS),
		0);
	buf_release(&armor);
	buf_release(&b);
}

/* Every bit of the blob counts. */
static void test_check_flipped(void **state)
{
	struct buf armor = BUF_INIT, blob = BUF_INIT, b = BUF_INIT;
	size_t i;

	(void)state;
	sign_ed(&armor);
	assert_int_equal(
		sshsig_dearmor(armor.ptr, armor.len, &blob, NULL), ERR_OK);
	for (i = 0; i < 8 * blob.len; i++) {
		blob.ptr[i / 8] ^= (char)(1 << i % 8);
		buf_reset(&b);
		sshsig_armor(&blob, &b);
		must_refuse(b.ptr, b.len, "");
		blob.ptr[i / 8] ^= (char)(1 << i % 8);
	}
	for (i = 0; i < blob.len; i++) {
		struct buf part = { blob.ptr, i, 0 };

		buf_reset(&b);
		sshsig_armor(&part, &b);
		must_refuse(b.ptr, b.len, "");
	}
	buf_addch(&blob, 0);
	buf_reset(&b);
	sshsig_armor(&blob, &b);
	must_refuse(b.ptr, b.len, "behind its last field");
	buf_release(&armor);
	buf_release(&blob);
	buf_release(&b);
}

static void refuse_blob(const struct sshsig *s, uint32_t version,
	const char *reserved, const char *hash, const char *why)
{
	struct buf blob = BUF_INIT, armor = BUF_INIT;

	buf_adds(&blob, "SSHSIG");
	wire_put_u32(&blob, version);
	wire_put_string(&blob, s->key.p, s->key.len);
	wire_put_string(&blob, s->ns.p, s->ns.len);
	wire_put_text(&blob, reserved);
	wire_put_text(&blob, hash);
	wire_put_string(&blob, s->sig.p, s->sig.len);
	sshsig_armor(&blob, &armor);
	must_refuse(armor.ptr, armor.len, why);
	buf_release(&blob);
	buf_release(&armor);
}

static void test_check_fields(void **state)
{
	struct buf armor = BUF_INIT, blob = BUF_INIT;
	struct sshsig s, odd;

	(void)state;
	sign_ed(&armor);
	assert_int_equal(
		sshsig_dearmor(armor.ptr, armor.len, &blob, NULL), ERR_OK);
	assert_int_equal(sshsig_decode(&blob, &s, NULL), ERR_OK);
	refuse_blob(&s, 2, "", "sha512", "version 2");
	refuse_blob(&s, 0, "", "sha512", "version 0");
	refuse_blob(&s, 1, "x", "sha512", "reserved");
	refuse_blob(&s, 1, "", "sha1", "hash");
	refuse_blob(&s, 1, "", "", "hash");
	refuse_blob(&s, 1, "", "sha256", "wrong");
	odd = s;
	odd.ns.len--;
	refuse_blob(&odd, 1, "", "sha512", "namespace");
	odd = s;
	odd.sig.len--;
	refuse_blob(&odd, 1, "", "sha512", "kind");
	odd = s;
	odd.key.len--;
	refuse_blob(&odd, 1, "", "sha512", "not a valid");
	odd = s;
	odd.key.len = 0;
	refuse_blob(&odd, 1, "", "sha512", "cut off");
	buf_release(&armor);
	buf_release(&blob);
}

/* s + L signs the same message; entries are named by their bytes. */
static void test_check_malleable(void **state)
{
	static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,
		0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	struct buf armor = BUF_INIT, blob = BUF_INIT;
	unsigned char *s;
	unsigned carry = 0;
	size_t i;

	(void)state;
	sign_ed(&armor);
	assert_int_equal(
		sshsig_dearmor(armor.ptr, armor.len, &blob, NULL), ERR_OK);
	s = (unsigned char *)blob.ptr + blob.len - 32;
	for (i = 0; i < 32; i++) {
		carry += s[i] + order[i];
		s[i] = (unsigned char)carry;
		carry >>= 8;
	}
	buf_reset(&armor);
	sshsig_armor(&blob, &armor);
	must_refuse(armor.ptr, armor.len, "wrong");
	buf_release(&armor);
	buf_release(&blob);
}

static void test_check_flipped_ecdsa(void **state)
{
	struct signer *s = must_open("ec256", NULL);
	struct buf armor = BUF_INIT, blob = BUF_INIT, b = BUF_INIT;
	size_t i;

	(void)state;
	must_sign(s, NS, MSG, MSG_LEN, &armor);
	assert_int_equal(
		sshsig_dearmor(armor.ptr, armor.len, &blob, NULL), ERR_OK);
	for (i = 0; i < blob.len; i++) {
		blob.ptr[i] ^= 0x04;
		buf_reset(&b);
		sshsig_armor(&blob, &b);
		must_refuse(b.ptr, b.len, "");
		blob.ptr[i] ^= 0x04;
	}
	signer_free(s);
	buf_release(&armor);
	buf_release(&blob);
	buf_release(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_check_theirs),
		TEST(test_check_form),
		TEST(test_check_flipped),
		TEST(test_check_fields),
		TEST(test_check_malleable),
		TEST(test_check_flipped_ecdsa),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
