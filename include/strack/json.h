/*
 * A JSON writer (RFC 8259).  It writes into a buffer; strings that are not
 * UTF-8 have the offending bytes percent-encoded (and `%` as %25, only in
 * such strings), so that the output is always valid.
 */
#ifndef STRACK_JSON_H
#define STRACK_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "strack/buf.h"

#define JSON_DEPTH 16

/* jansson, which reads JSON for us, has functions of the same names: hidden,
 * ours can't stand in for them where the linker lets a program do that. */
#pragma GCC visibility push(hidden)

struct json {
	struct buf *out;
	int depth;
	bool comma[JSON_DEPTH]; /* a value stands before in this level */
};

void json_init(struct json *j, struct buf *out);
void json_object(struct json *j); /* opens; keys come by json_key */
void json_end_object(struct json *j);
void json_array(struct json *j);
void json_end_array(struct json *j);
void json_key(struct json *j, const char *key);
void json_string(struct json *j, const char *s); /* NULL gives null */
void json_int(struct json *j, int64_t n);
void json_number(struct json *j, const char *literal); /* checked by caller */
void json_bool(struct json *j, bool b);
void json_null(struct json *j);
/* key and value in one */
void json_kv(struct json *j, const char *key, const char *value);
void json_kv_int(struct json *j, const char *key, int64_t n);
void json_kv_bool(struct json *j, const char *key, bool b);
void json_kv_null(struct json *j, const char *key);

#pragma GCC visibility pop

#endif
