/*
 * Commits as raw text.  What a signature covers and the signature itself,
 * put together, are the commit again; and what is taken for its shape is what
 * it says.
 */
#include "fuzz-store.h"

#include "core/walk.h"

/* `strict`: no header can have stood behind the signature's, but that of an
 * encoding. */
static void put_together(struct repo *r, const struct commit *c,
	const struct buf *raw, bool strict)
{
	struct error err = ERROR_INIT;
	struct oid id;

	MUST(commit_write(r, &c->payload, &c->signature, &id, &err) == ERR_OK);
	MUST(store[store_n - 1].len == raw->len);
	if (strict && !strstr(raw->ptr, "\nencoding "))
		MUST(!memcmp(store[store_n - 1].data, raw->ptr, raw->len));
}

static void shape(struct repo *r, const struct oid *id, const struct commit *c)
{
	struct oidvec parents = OIDVEC_INIT;
	struct shape s = { .parents = OIDVEC_INIT };
	struct oid tree;

	MUST(commit_shape(r, id, &tree, &parents, NULL) == ERR_OK);
	MUST(!oid_cmp(&tree, &c->tree) && parents.n == c->parents.n);
	MUST(shape_read(r, id, &s, NULL) == ERR_OK && s.there);
	MUST(!oid_cmp(&s.tree, &c->tree) && s.parents.n == c->parents.n);
	for (size_t i = 0; i < parents.n; i++) {
		MUST(!oid_cmp(&parents.v[i], &c->parents.v[i]));
		MUST(!oid_cmp(&parents.v[i], &s.parents.v[i]));
	}
	oidvec_release(&parents);
	oidvec_release(&s.parents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf name = BUF_INIT, mail = BUF_INIT, raw = BUF_INIT;
	struct commit c = COMMIT_INIT;
	struct error err = ERROR_INIT;
	struct oid id = store_id(0);
	int64_t when = -1;
	struct repo r;
	enum err rc, any;

	buf_adds(&raw, "c");
	buf_add(&raw, data, size);
	store_open(&r, (const uint8_t *)raw.ptr, raw.len);
	buf_reset(&raw);
	buf_add(&raw, store[0].data, store[0].len);
	any = commit_read_any(&r, &id, &c, &err);
	if (any) {
		fuzz_error(any, &err);
		err = (struct error)ERROR_INIT;
	} else {
		shape(&r, &id, &c);
		put_together(&r, &c, &raw, false);
		if (commit_author(&c, &name, &mail, &when))
			MUST(when >= 0 && !strchr(name.ptr, '\n') &&
				!strchr(mail.ptr, '\n'));
		commit_release(&c);
	}
	c = (struct commit)COMMIT_INIT;
	rc = commit_read(&r, &id, &c, &err);
	if (rc) {
		fuzz_error(rc, &err);
	} else {
		MUST(!any);
		put_together(&r, &c, &raw, true);
		commit_release(&c);
	}
	buf_release(&name);
	buf_release(&mail);
	buf_release(&raw);
	store_close(&r);
	return 0;
}
