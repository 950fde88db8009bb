/*
 * Lists of owned strings.  Knows nothing of what they are used for; that the
 * list ends in NULL is so that it can be an argv.
 */
#include "strack/strvec.h"

#include <stdlib.h>
#include <string.h>

void strvec_take(struct strvec *l, char *s)
{
	ARRAY_GROW(l->v, l->n + 2, l->cap);
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strvec_push(struct strvec *l, const char *s)
{
	strvec_take(l, xstrdup(s));
}

void strvec_pushf(struct strvec *l, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	strvec_take(l, buf_detach(&b));
}

void strvec_pushl(struct strvec *l, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, l);
	while ((s = va_arg(ap, const char *)))
		strvec_push(l, s);
	va_end(ap);
}

bool strvec_has(const struct strvec *l, const char *s)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->v[i], s))
			return true;
	return false;
}

void strvec_split(struct strvec *l, const char *s)
{
	static const char blanks[] = " \t";
	size_t len;

	for (s += strspn(s, blanks); *s; s += strspn(s, blanks)) {
		len = strcspn(s, blanks);
		strvec_take(l, xstrndup(s, len));
		s += len;
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(struct strvec *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

void strvec_clear(struct strvec *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i]);
	l->n = 0;
	if (l->v)
		l->v[0] = NULL;
}

void strvec_release(struct strvec *l)
{
	strvec_clear(l);
	free(l->v);
	l->v = NULL;
	l->cap = 0;
}
