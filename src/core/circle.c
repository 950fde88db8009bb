/*
 * Finds circles: from each thing, breadth first, the shortest way back to it
 * over things that are in no circle told before.  Quadratic at worst, and edges
 * are few: most scripts need no other.
 */
#include "strack/circle.h"

#include <stdbool.h>
#include <stdlib.h>

#include "strack/buf.h"

#define NOWHERE ((size_t)-1)

struct search {
	const struct circle_edge *edges; /* by `from` */
	size_t nedges;
	size_t *first; /* of a thing's edges; n + 1 of them */
	size_t *back;  /* the thing from which one was reached, or NOWHERE */
	size_t *queue;
	bool *told; /* is in a circle that was told */
};

static int edge_cmp(const void *a, const void *b)
{
	const struct circle_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* The last thing on the shortest way from `start` to itself, or NOWHERE. */
static size_t way_back(struct search *s, size_t n, size_t start)
{
	size_t head = 0, tail = 0;

	for (size_t i = 0; i < n; i++)
		s->back[i] = NOWHERE;
	s->queue[tail++] = start;
	while (head < tail) {
		size_t at = s->queue[head++];

		for (size_t e = s->first[at]; e < s->first[at + 1]; e++) {
			size_t to = s->edges[e].to;

			if (to == start)
				return at;
			if (s->told[to] || s->back[to] != NOWHERE)
				continue;
			s->back[to] = at;
			s->queue[tail++] = to;
		}
	}
	return NOWHERE;
}

static void tell(
	struct search *s, size_t start, size_t last, circle_fn *fn, void *arg)
{
	size_t len = 1, i, at, *way;

	for (at = last; at != start; at = s->back[at])
		len++;
	way = xcalloc(len, sizeof(*way));
	for (at = last, i = len; i > 0; at = s->back[at]) {
		way[--i] = at;
		s->told[at] = true;
	}
	fn(way, len, arg);
	free(way);
}

void circles_find(size_t n, const struct circle_edge *edges, size_t nedges,
	circle_fn *fn, void *arg)
{
	struct circle_edge *sorted = xcalloc(nedges + 1, sizeof(*sorted));
	struct search s = { .edges = sorted, .nedges = nedges };

	s.first = xcalloc(n + 1, sizeof(*s.first));
	s.back = xcalloc(n + 1, sizeof(*s.back));
	s.queue = xcalloc(n + 1, sizeof(*s.queue));
	s.told = xcalloc(n + 1, sizeof(*s.told));
	for (size_t i = 0; i < nedges; i++)
		sorted[i] = edges[i];
	if (nedges)
		qsort(sorted, nedges, sizeof(*sorted), edge_cmp);
	for (size_t i = 0, e = 0; i <= n; i++) {
		while (e < nedges && sorted[e].from < i)
			e++;
		s.first[i] = e;
	}
	for (size_t i = 0; i < n; i++) {
		size_t last = NOWHERE;

		if (s.first[i] < s.first[i + 1] && !s.told[i])
			last = way_back(&s, n, i);
		if (last != NOWHERE)
			tell(&s, i, last, fn, arg);
	}
	free(s.first);
	free(s.back);
	free(s.queue);
	free(s.told);
	free(sorted);
}
