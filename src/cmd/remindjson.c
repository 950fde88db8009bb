/* What is to be reminded of, for programs. */
#include <string.h>

#include "remind.h"
#include "rowtext.h"
#include "strack/text.h"

static const char *const group_keys[REMIND_GROUPS] = {
	[REMIND_WAITING] = "waiting",
	[REMIND_OPEN] = "open",
	[REMIND_CHANGED] = "changed",
	[REMIND_REMOVABLE] = "removable",
};

static void kv_time(struct json *j, const char *key, int64_t ms)
{
	struct buf when = BUF_INIT;

	if (ms >= 0)
		time_format(&when, ms);
	json_kv(j, key, ms >= 0 ? when.ptr : NULL);
	buf_release(&when);
}

static void put_place(struct json *j, const struct place *p)
{
	json_object(j);
	json_kv(j, "environment", p->env);
	json_kv(j, "state", state_name(p->state));
	json_kv_flags(j, "flags", p->flags);
	kv_time(j, "time", p->time_ms);
	json_kv(j, "user", p->user);
	json_kv(j, "run", p->run);
	json_kv(j, "why", p->why.len ? p->why.ptr : NULL);
	json_kv_lines(j, "next", p->how.ptr);
	json_end_object(j);
}

static void put_owner(struct json *j, const struct owner *o)
{
	char hex[OID_HEX + 1];

	oid_hex(&o->commit, hex);
	json_kv(j, "author", o->known ? o->name : NULL);
	json_kv(j, "author_mail", o->known ? o->mail : NULL);
	json_kv(j, "commit", o->known ? hex : NULL);
	kv_time(j, "added", o->known ? o->when * 1000 : -1);
	if (o->known)
		json_kv_bool(j, "yours", o->yours);
	else
		json_kv_null(j, "yours");
}

static void put_item(struct json *j, const struct item *it)
{
	json_object(j);
	json_kv(j, "script", it->path);
	json_kv(j, "description", it->description);
	if (it->timeout >= 0)
		json_kv_int(j, "timeout", it->timeout);
	else
		json_kv_null(j, "timeout");
	put_owner(j, &it->owner);
	kv_time(j, "since", it->since_ms);
	json_key(j, "environments");
	json_array(j);
	for (size_t i = 0; i < it->n; i++)
		put_place(j, &it->v[i]);
	json_end_array(j);
	json_end_object(j);
}

void remind_json(struct remind *r, struct buf *ret)
{
	struct json j;

	json_init(&j, ret);
	json_object(&j);
	json_kv(&j, "environment", r->s->env);
	json_key(&j, "environments");
	json_array(&j);
	for (size_t i = 0; i < r->envs.n; i++)
		json_string(&j, r->envs.v[i]);
	json_end_array(&j);
	json_kv_bool(&j, "ledger", r->s->ledger != NULL);
	for (size_t g = 0; g < REMIND_GROUPS; g++) {
		if (g != REMIND_REMOVABLE) /* those are known already */
			remind_find_owners(r, &r->groups[g], r->groups[g].n);
		json_key(&j, group_keys[g]);
		json_array(&j);
		for (size_t i = 0; i < r->groups[g].n; i++)
			put_item(&j, &r->groups[g].v[i]);
		json_end_array(&j);
	}
	json_end_object(&j);
	buf_addch(ret, '\n');
}
