/* Scripts as values: made, listed, let go.  Knows no file. */
#include "strack/script.h"

#include <stdlib.h>
#include <string.h>

struct script *script_new(const char *path)
{
	struct script *sc = xcalloc(1, sizeof(*sc));
	const char *slash;

	sc->path = xstrdup(path);
	slash = strrchr(sc->path, '/');
	sc->base = slash ? slash + 1 : sc->path;
	header_init(&sc->header);
	sc->problem = (struct error)ERROR_INIT;
	return sc;
}

void script_free(struct script *sc)
{
	if (!sc)
		return;
	free(sc->path);
	header_release(&sc->header);
	error_release(&sc->problem);
	free(sc);
}

int64_t script_limit(const struct settings *s, const struct script *sc)
{
	return sc->header.timeout >= 0 ? sc->header.timeout : s->timeout;
}

struct script *scriptvec_add(struct scriptvec *l, const char *path)
{
	ARRAY_GROW(l->v, l->n + 1, l->cap);
	l->v[l->n] = script_new(path);
	return l->v[l->n++];
}

void scriptvec_release(struct scriptvec *l)
{
	for (size_t i = 0; i < l->n; i++)
		script_free(l->v[i]);
	free(l->v);
	*l = (struct scriptvec)SCRIPTVEC_INIT;
}
