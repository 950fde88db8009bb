/* A growing, NULL-terminated list of owned strings; fits execve(2). */
#ifndef STRACK_STRVEC_H
#define STRACK_STRVEC_H

#include "strack/buf.h"

struct strvec {
	char **v; /* v[n] is NULL; v itself is NULL while nothing was added */
	size_t n;
	size_t cap;
};

#define STRVEC_INIT                                                            \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

void strvec_push(struct strvec *l, const char *s); /* copies */
void strvec_pushf(struct strvec *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strvec_take(struct strvec *l, char *s); /* takes ownership */
void strvec_pushl(struct strvec *l, ...) __attribute__((sentinel));
bool strvec_has(const struct strvec *l, const char *s);
void strvec_split(struct strvec *l, const char *s); /* at blanks */
void strvec_sort(struct strvec *l);                 /* bytewise */
void strvec_clear(struct strvec *l); /* frees the strings, keeps room */
void strvec_release(struct strvec *l);

#endif
