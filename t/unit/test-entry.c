/* Entries as text: what is read, what is refused and in which words, what is
 * written, names and paths, and the commit's message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "strack/entry.h"

#define OID40 "0123456789012345678901234567890123456789"
#define SHA64 OID40 "012345678901234567890123"
#define FINGER "SHA256:0123456789012345678901234567890123456789012"
#define ULID "01KB2ZJ6V3N8Q4T7W9XYEA5RCD"
#define SIGNATURE                                                              \
	"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
#define HEAD "strack-entry 1\nledger 8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d11\n"
#define TAIL                                                                   \
	"time 2026-11-21T10:15:02.123Z\nseq 42\nprev " OID40                   \
	"\nsigner " FINGER "\n"
#define PLACE "script scripts/1_a.sh\nenvironment staging\n"
#define RUN "run " ULID "\n"
#define CLOSES PLACE RUN "claim " SHA64 "\n"

static enum err parse(const char *text, struct entry *e, struct error *err)
{
	entry_init(e);
	return entry_parse(text, strlen(text), e, err);
}

static void parses(const char *text, struct entry *e)
{
	struct error err = ERROR_INIT;

	if (parse(text, e, &err))
		fail_msg("%s: %s", text, err.text.ptr);
	assert_string_equal(e->text.ptr, text);
	error_release(&err);
}

static void refused(const char *text, const char *why)
{
	struct error err = ERROR_INIT;
	struct entry e;
	enum err rc = parse(text, &e, &err);

	if (rc != ERR_BAD || strcmp(err.text.ptr, why) != 0)
		fail_msg("%s: %d '%s', not '%s'", text, rc,
			rc ? err.text.ptr : "", why);
	assert_int_equal(e.text.len, 0); /* ret only on success */
	entry_release(&e);
	error_release(&err);
}

/* A mark with these lines in it. */
static char *mark_with(const char *lines)
{
	return xstrfmt("%skind mark\n%s%sreason why\n%s%s", HEAD, PLACE, lines,
		TAIL, SIGNATURE);
}

static void mark_refused(const char *lines, const char *why)
{
	char *text = mark_with(lines);

	refused(text, why);
	free(text);
}

static void test_every_kind(void **state)
{
	static const struct {
		const char *kind, *lines;
	} good[] = {
		{ "claim", PLACE RUN "attempt 1\nblob " OID40 "\ncommit " OID40
				     "\nlimit 0\n" },
		{ "done", CLOSES },
		{ "fail", CLOSES "exit 1\n" },
		{ "skip", CLOSES "exit 0\n" },
		{ "lost", CLOSES },
		{ "mark", PLACE "reason x\n" },
		{ "void", PLACE "entry " SHA64 "\nreason x\n" },
		{ "undo", PLACE RUN "attempt 1\n" },
		{ "rollback", CLOSES },
		{ "rollback-fail", CLOSES "signal 9\n" },
		{ "approve", PLACE "blob " OID40 "\n" },
		{ "retire", PLACE },
		{ "exec", "environment local\n" RUN "reason x\n" },
		{ "review", "environment local\nentry " SHA64 "\nverdict x\n" },
		{ "trust-add", "key k\nprincipal p\nroles run\n" },
		{ "trust-revoke", "fingerprint " FINGER "\nafter " OID40 "\n" },
		{ "disown", "entry " SHA64 "\nreason x\n" },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(good), KIND_NR);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char *text = xstrfmt(HEAD "kind %s\n%s" TAIL SIGNATURE,
			good[i].kind, good[i].lines);
		struct entry e;

		parses(text, &e);
		assert_string_equal(kind_info(e.kind)->name, good[i].kind);
		assert_int_equal(e.seq, 42);
		assert_int_equal(e.time_ms, INT64_C(1795256102123));
		assert_int_equal(
			e.payload_len, strlen(text) - strlen(SIGNATURE));
		entry_release(&e);
		free(text);
	}
}

/* Each key that a kind needs is missed when it is not there. */
static void test_needs(void **state)
{
	(void)state;
	for (int k = 0; k < KIND_NR; k++) {
		const struct kind_info *ki = kind_info((enum kind)k);
		char *text, *why;

		if (!(ki->needs & KEYBIT(KEY_REASON)) ||
			ki->folder != FOLDER_SCRIPT)
			continue;
		text = xstrfmt(HEAD "kind %s\n" PLACE "entry " SHA64
				    "\n" TAIL SIGNATURE,
			ki->name);
		why = xstrfmt("a %s without 'reason'", ki->name);
		refused(text, why);
		free(text);
		free(why);
	}
	refused(HEAD "kind mark\nenvironment x\nreason x\n" TAIL SIGNATURE,
		"a mark without 'script'");
	refused(HEAD "kind mark\nscript x\nreason x\n" TAIL SIGNATURE,
		"a mark without 'environment'");
	refused(HEAD "kind trust-revoke\nfingerprint " FINGER
		     "\n" TAIL SIGNATURE,
		"a trust-revoke without 'after'");
	refused(HEAD PLACE TAIL SIGNATURE, "no kind");
	refused("strack-entry 1\nkind retire\n" PLACE TAIL SIGNATURE,
		"a retire without 'ledger'");
	refused(HEAD "kind retire\n" PLACE
		     "time 2026-11-21T10:15:02Z\nseq 42\nprev " OID40
		     "\n" SIGNATURE,
		"a retire without 'signer'");
}

static void test_contradictions(void **state)
{
	(void)state;
	refused(HEAD "kind done\n" CLOSES "exit 3\n" TAIL SIGNATURE,
		"done with exit 3");
	refused(HEAD "kind skip\n" CLOSES "signal 9\n" TAIL SIGNATURE,
		"skip by signal 9");
	refused(HEAD "kind rollback\n" CLOSES "timed-out 3\n" TAIL SIGNATURE,
		"rollback, but timed out");
	refused(HEAD "kind done\n" CLOSES "cancelled x\n" TAIL SIGNATURE,
		"done, but cancelled");
	refused(HEAD "kind fail\n" CLOSES "exit 1\nsignal 9\n" TAIL SIGNATURE,
		"both exit and signal");
	refused(HEAD "kind fail\n" CLOSES "exit 256\n" TAIL SIGNATURE,
		"impossible exit or signal");
	refused(HEAD "kind fail\n" CLOSES "signal 128\n" TAIL SIGNATURE,
		"impossible exit or signal");
	refused(HEAD "kind skip\n" CLOSES "resolved yes\n" TAIL SIGNATURE,
		"a skip can't be 'resolved'");
	refused(HEAD "kind disown\nreason x\n" TAIL SIGNATURE,
		"a disown names one entry or one commit");
	refused(HEAD "kind disown\nreason x\nentry " SHA64 "\ncommit " OID40
		     "\n" TAIL SIGNATURE,
		"a disown names one entry or one commit");
	refused(HEAD "kind exec\n" PLACE RUN "reason x\n" TAIL SIGNATURE,
		"a exec with a script");
	refused(HEAD "kind disown\nenvironment x\nreason x\nentry " SHA64
		     "\n" TAIL SIGNATURE,
		"a disown with an environment");
	refused(HEAD "kind retire\n" PLACE "time 2026-11-21T10:15:02Z\nseq 0\n"
		     "prev " OID40 "\nsigner " FINGER "\n" SIGNATURE,
		"seq: bad value '0'");
}

static void test_grammar(void **state)
{
	(void)state;
	refused("", "first line is not 'strack-entry 1'");
	refused("x\n" SIGNATURE, "first line is not 'strack-entry 1'");
	refused("strack-entry 1x\n" SIGNATURE,
		"first line is not 'strack-entry 1'");
	refused("strack-entry 2\nanything\n" SIGNATURE,
		"written by a newer version (format 2, this one knows 1)");
	refused("strack-entry 23\nsigned in another way\n",
		"written by a newer version (format 23, this one knows 1)");
	refused("strack-entry 1\nkind mark\n", "has no signature");
	mark_refused("x\n", "line 6: is not 'key value'");
	mark_refused("x \n", "line 6: is not 'key value'");
	mark_refused("x  y\n", "line 6: is not 'key value'");
	mark_refused(" x y\n", "line 6: is not 'key value'");
	mark_refused("1x y\n", "line 6: is not 'key value'");
	mark_refused("x y \n", "line 6: trailing blank");
	mark_refused("x y\tz\n", "line 6: control character");
	mark_refused("x y\x7f\n", "line 6: control character");
	mark_refused("x \xff\n", "line 6: not UTF-8");
	mark_refused("x \xed\xa0\x80\n", "line 6: not UTF-8");
	mark_refused("x y\nx z\n", "line 7: key 'x' twice");
	mark_refused("host y\nhost z\n", "line 7: key 'host' twice");
}

static void test_encoding(void **state)
{
	static const char bad[] =
		"line 6: host: its value is not encoded as the format says";
	char *text = mark_with("host %20a%25b%0A\xc3\xa4%FF%20\n");
	struct entry e;

	(void)state;
	parses(text, &e);
	assert_string_equal(entry_get(&e, KEY_HOST), " a%b\n\xc3\xa4\xff ");
	entry_release(&e);
	free(text);
	mark_refused("host 100%\n", bad);
	mark_refused("host %4\n", bad);
	mark_refused("host %zz\n", bad);
	mark_refused("host %0a\n", bad); /* lower case */
	mark_refused("host %41\n", bad); /* needless */
	mark_refused("host a%20b\n", bad);
	mark_refused("host %C3%A4\n", bad);
	mark_refused("host a%00b\n", bad);    /* NUL */
	mark_refused("host \xc2\x9b\n", bad); /* C1 as it is */
	mark_refused("args a%2\n", "line 6: args: bad value 'a%252'");
	mark_refused("args a  b\n", "line 6: args: bad value 'a  b'");
	mark_refused("args a%00\n", "line 6: args: bad value 'a%2500'");
}

static void test_forms(void **state)
{
	static const struct {
		const char *line, *why;
	} bad[] = {
		{ "attempt 01\n", "attempt: bad value '01'" },
		{ "attempt -1\n", "attempt: bad value '-1'" },
		{ "attempt 9223372036854775808\n",
			"attempt: bad value '9223372036854775808'" },
		{ "blob " OID40 "0\n", "blob: bad value '" OID40 "0'" },
		{ "commit HEAD\n", "commit: bad value 'HEAD'" },
		{ "entry " OID40 "\n", "entry: bad value '" OID40 "'" },
		{ "claim ABC\n", "claim: bad value 'ABC'" },
		{ "dirty no\n", "dirty: bad value 'no'" },
		{ "run 01KB\n", "run: bad value '01KB'" },
		{ "run 81KB2ZJ6V3N8Q4T7W9XYEA5RCD\n",
			"run: bad value '81KB2ZJ6V3N8Q4T7W9XYEA5RCD'" },
		{ "duration 1.\n", "duration: bad value '1.'" },
		{ "duration .5\n", "duration: bad value '.5'" },
		{ "duration 1.0123456789\n",
			"duration: bad value '1.0123456789'" },
		{ "fingerprint SHA256:x\n", "fingerprint: bad value "
					    "'SHA256:x'" },
		{ "after strack-ledger^\n",
			"after: bad value 'strack-ledger^'" },
	};
	char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = xstrfmt("line 6: %s", bad[i].why);
		mark_refused(bad[i].line, why);
		free(why);
	}
	refused(HEAD "kind finish\n" TAIL SIGNATURE,
		"line 3: kind: unknown kind 'finish'");
	refused("strack-entry 1\nledger 8F\n" SIGNATURE,
		"line 2: ledger: bad value '8F'");
	refused(HEAD "environment Prod\n" SIGNATURE,
		"line 3: environment: bad value 'Prod'");
	refused(HEAD "time 2026-02-30T00:00:00Z\n" SIGNATURE,
		"line 3: time: bad value '2026-02-30T00:00:00Z'");
	refused(HEAD "time 2026-02-28T00:00:00\n" SIGNATURE,
		"line 3: time: bad value '2026-02-28T00:00:00'");
}

static void test_size(void **state)
{
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	struct entry e;

	(void)state;
	buf_adds(&b, HEAD "kind mark\n" PLACE "reason ");
	while (b.len < ENTRY_MAX - strlen("\n" TAIL SIGNATURE))
		buf_addch(&b, 'x');
	buf_adds(&b, "\n" TAIL SIGNATURE);
	parses(b.ptr, &e);
	entry_release(&e);
	buf_insert(&b, b.len - strlen(TAIL SIGNATURE) - 1, "x", 1);
	assert_int_equal(entry_parse(b.ptr, b.len, &e, &err), ERR_BAD);
	assert_string_equal(err.text.ptr, "longer than 64 KiB");
	error_release(&err);
	buf_release(&b);
}

/* Any order is read; unknown keys are kept; a NUL in the file is no end. */
static void test_tolerant(void **state)
{
	static const char nul[] = HEAD "kind mark\nx a\0b\n" SIGNATURE;
	struct error err = ERROR_INIT;
	struct entry e;
	char *text = mark_with("colour red%20\nx-1 \xc3\xa4 b\n");

	(void)state;
	parses(text, &e);
	assert_int_equal(e.nextra, 2);
	assert_string_equal(e.extra[0].key, "colour");
	assert_string_equal(e.extra[0].value, "red%20");
	assert_string_equal(e.extra[1].value, "\xc3\xa4 b");
	entry_release(&e);
	free(text);
	parses("strack-entry 1\n" TAIL "reason why\n" PLACE
	       "kind mark\nledger 8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d11\n" SIGNATURE,
		&e);
	entry_release(&e);
	assert_int_equal(entry_parse(nul, sizeof(nul) - 1, &e, &err), ERR_BAD);
	assert_string_equal(err.text.ptr, "line 4: control character");
	error_release(&err);
}

static void fill(struct entry *e, enum kind k)
{
	entry_init(e);
	entry_set_kind(e, k);
	entry_set(e, KEY_LEDGER, "8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d11");
	entry_set(e, KEY_SCRIPT, "scripts/1_a.sh");
	entry_set(e, KEY_ENVIRONMENT, "staging");
	entry_set(e, KEY_TIME, "2026-11-21T10:15:02.123Z");
	entry_set(e, KEY_SEQ, "42");
	entry_set(e, KEY_PREV, OID40);
	entry_set(e, KEY_SIGNER, FINGER);
	memcpy(e->id, SHA64, sizeof(e->id));
}

static void test_format(void **state)
{
	struct strvec items = STRVEC_INIT;
	struct buf b = BUF_INIT;
	struct entry e, again;

	(void)state;
	fill(&e, KIND_MARK);
	entry_set(&e, KEY_REASON, " 100%\n\xc2\x9b\xff \xc3\xa4 ");
	entry_set(&e, KEY_HOST, "");
	entry_add_item(&e, KEY_ARGS, "a b");
	entry_add_item(&e, KEY_ARGS, "");
	entry_add_item(&e, KEY_ARGS, "c=%");
	entry_format(&e, &b);
	assert_string_equal(b.ptr,
		HEAD "kind mark\n" PLACE "args a%20b %00 c=%25\n"
		     "reason %20100%25%0A%C2%9B%FF \xc3\xa4%20\n" TAIL);
	buf_adds(&b, SIGNATURE);
	parses(b.ptr, &again);
	assert_string_equal(
		entry_get(&again, KEY_REASON), entry_get(&e, KEY_REASON));
	assert_true(entry_items(entry_get(&again, KEY_ARGS), &items));
	assert_int_equal(items.n, 3);
	assert_string_equal(items.v[0], "a b");
	assert_string_equal(items.v[1], "");
	assert_string_equal(items.v[2], "c=%");
	assert_int_equal(entry_number(&e, KEY_SEQ, -1), 42);
	assert_int_equal(entry_number(&e, KEY_EXIT, -1), -1);
	entry_release(&again);
	entry_release(&e);
	strvec_release(&items);
	buf_release(&b);
}

static void test_names(void **state)
{
	static const char good[] =
		"00000042.20261121T101502Z.staging.done.0123456789abcdef";
	static const char *const bad[] = {
		"",
		"x",
		"0000042.20261121T101502Z.staging.done.0123456789abcdef",
		"000000042.20261121T101502Z.staging.done.0123456789abcdef",
		"00000000.20261121T101502Z.staging.done.0123456789abcdef",
		"1234567890123456789.20261121T101502Z.a.done.0123456789abcdef",
		"0000004x.20261121T101502Z.staging.done.0123456789abcdef",
		"00000042.20261321T101502Z.staging.done.0123456789abcdef",
		"00000042.20261121T101502.staging.done.0123456789abcdef",
		"00000042.20261121T101502Z.Staging.done.0123456789abcdef",
		"00000042.20261121T101502Z..done.0123456789abcdef",
		"00000042.20261121T101502Z.staging.don.0123456789abcdef",
		"00000042.20261121T101502Z.staging.done.0123456789abcde",
		"00000042.20261121T101502Z.staging.done.0123456789ABCDEF",
		"00000042.20261121T101502Z.staging.done.x.0123456789abcdef",
		"00000042.20261121T101502Z.a.b.done.0123456789abcdef",
	};
	struct entry_name n;

	(void)state;
	assert_true(entry_name_parse(good, strlen(good), &n));
	assert_int_equal(n.seq, 42);
	assert_int_equal(n.time_ms, INT64_C(1795256102000));
	assert_string_equal(n.env, "staging");
	assert_int_equal(n.kind, KIND_DONE);
	assert_string_equal(n.id, "0123456789abcdef");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (entry_name_parse(bad[i], strlen(bad[i]), &n))
			fail_msg("%s", bad[i]);
	}
	assert_true(entry_name_parse(
		"123456789012345678.20261121T101502Z.disown.0123456789abcdef",
		59, &n));
	assert_string_equal(n.env, "");
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;
		enum ledger_path is;
	} paths[] = {
		{ "README.md", PATH_META },
		{ ".strack/ledger", PATH_META },
		{ "x/README.md", PATH_JUNK },
		{ "00000042.20261121T101502Z.a.done.0123456789abcdef",
			PATH_JUNK },
		{ "x/00000042.20261121T101502Z.a.done.0123456789abcdef",
			PATH_ENTRY },
		{ "x/00000042.20261121T101502Z.a.done.0123456789abcdef.log",
			PATH_LOG },
		{ "x/00000042.20261121T101502Z.a.claim.0123456789abcdef"
		  ".script",
			PATH_SCRIPT },
		{ "x/00000042.20261121T101502Z.a.done.0123456789abcdef.txt",
			PATH_JUNK },
		{ "x/y.log", PATH_JUNK },
	};
	struct buf b = BUF_INIT;
	struct entry e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(
			ledger_path_kind(paths[i].path, NULL), paths[i].is);
	fill(&e, KIND_DONE);
	entry_path(&e, &b);
	assert_string_equal(b.ptr, "scripts/1_a.sh/00000042.20261121T101502Z."
				   "staging.done.0123456789012345");
	entry_set(&e, KEY_SCRIPT, NULL);
	buf_reset(&b);
	entry_path(&e, &b);
	assert_string_equal(b.ptr, ".strack/exec/00000042.20261121T101502Z."
				   "staging.done.0123456789012345");
	entry_release(&e);
	fill(&e, KIND_DISOWN);
	entry_set(&e, KEY_ENVIRONMENT, NULL);
	entry_set(&e, KEY_SEQ, "123456789");
	buf_reset(&b);
	entry_path(&e, &b);
	assert_string_equal(b.ptr, ".strack/trust/123456789.20261121T101502Z."
				   "disown.0123456789012345");
	entry_release(&e);
	buf_release(&b);
}

static void test_path_check(void **state)
{
	static const struct {
		const char *script, *why;
	} bad[] = {
		{ "a//b", "empty part in the script's path" },
		{ "/a", "empty part in the script's path" },
		{ "a/", "empty part in the script's path" },
		{ "a/../b", "'.' or '..' in the script's path" },
		{ "./a", "'.' or '..' in the script's path" },
		{ "a/.GIT/b", "'.git' in the script's path" },
		{ ".Strack/trust", "'.strack' in the script's path" },
		{ "a\nb", "control character in the script's path" },
		{ "a\xc2\x9b", "control character in the script's path" },
		{ "a/00000042.20261121T101502Z.a.done.0123456789abcdef/b",
			"an entry's name in the script's path" },
	};
	struct error err = ERROR_INIT;
	struct buf b = BUF_INIT;
	struct entry e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fill(&e, KIND_MARK);
		entry_set(&e, KEY_SCRIPT, bad[i].script);
		buf_reset(&b);
		entry_path(&e, &b);
		assert_int_equal(entry_path_check(&e, b.ptr, &err), ERR_BAD);
		assert_string_equal(err.text.ptr, bad[i].why);
		error_reset(&err);
		entry_release(&e);
	}
	fill(&e, KIND_MARK);
	entry_set(&e, KEY_SCRIPT, "a/.gitx/..b/\xc2\xa0.strack2");
	buf_reset(&b);
	entry_path(&e, &b);
	assert_int_equal(entry_path_check(&e, b.ptr, &err), ERR_OK);
	assert_int_equal(entry_path_check(&e, "x/y", &err), ERR_BAD);
	assert_ptr_equal(strstr(err.text.ptr, "name and text differ: by its "
					      "text it is a/.gitx/"),
		err.text.ptr);
	entry_release(&e);
	error_release(&err);
	buf_release(&b);
}

static void subject_is(struct entry *e, const char *want)
{
	struct buf b = BUF_INIT;

	entry_subject(e, &b);
	assert_string_equal(b.ptr, want);
	entry_release(e);
	buf_release(&b);
}

static void test_message(void **state)
{
	struct buf b = BUF_INIT;
	struct entry e;

	(void)state;
	fill(&e, KIND_FAIL);
	entry_set(&e, KEY_RUN, ULID);
	entry_set(&e, KEY_SIGNAL, "9");
	entry_set(&e, KEY_DURATION, "65.999");
	entry_set(&e, KEY_HOST, "a\nb");
	entry_message(&e, &b);
	assert_string_equal(b.ptr,
		"fail: scripts/1_a.sh (staging, 1m05s)\n\n"
		"Script: scripts/1_a.sh\nEnvironment: staging\nKind: fail\n"
		"Run: " ULID "\nSignal: 9\nDuration: 65.999\nHost: a%0Ab\n");
	buf_release(&b);
	entry_release(&e);
	fill(&e, KIND_MARK);
	entry_set(&e, KEY_SCRIPT, "a%b");
	entry_set(&e, KEY_DURATION, "1.5");
	subject_is(&e, "mark: a%25b (staging)");
	fill(&e, KIND_EXEC);
	entry_set(&e, KEY_SCRIPT, NULL);
	entry_set(&e, KEY_RUN, ULID);
	subject_is(&e, "exec: " ULID " (staging)");
	fill(&e, KIND_REVIEW);
	entry_set(&e, KEY_ENTRY, SHA64);
	subject_is(&e, "review: " SHA64 " (staging)");
	fill(&e, KIND_TRUST_ADD);
	entry_set(&e, KEY_ENVIRONMENT, NULL);
	entry_set(&e, KEY_PRINCIPAL, "A U Thor");
	subject_is(&e, "trust-add: A U Thor");
	fill(&e, KIND_TRUST_REVOKE);
	entry_set(&e, KEY_ENVIRONMENT, NULL);
	entry_set(&e, KEY_FINGERPRINT, FINGER);
	subject_is(&e, "trust-revoke: " FINGER);
	fill(&e, KIND_DISOWN);
	entry_set(&e, KEY_ENVIRONMENT, NULL);
	entry_set(&e, KEY_COMMIT, OID40);
	subject_is(&e, "disown: " OID40);
}

static void test_order(void **state)
{
	struct entry a, b;

	(void)state;
	fill(&a, KIND_MARK);
	fill(&b, KIND_MARK);
	assert_int_equal(entry_cmp(&a, &b), 0);
	b.id[0] = 'f';
	assert_true(entry_cmp(&a, &b) < 0);
	entry_set(&a, KEY_SEQ, "100");
	assert_true(entry_cmp(&a, &b) > 0);
	entry_release(&a);
	entry_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_tolerant),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_path_check),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
