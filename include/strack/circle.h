/*
 * Circles among things that need each other.  Pure.
 */
#ifndef STRACK_CIRCLE_H
#define STRACK_CIRCLE_H

#include <stddef.h>

struct circle_edge {
	size_t from, to; /* numbers of two things */
};

/* Called with the numbers of one circle, from its least on, in the order in
 * which one needs the next and the last the first. */
typedef void circle_fn(const size_t *v, size_t n, void *arg);

/* Tells circles among `n` things: at least one for each knot of things that
 * need each other, none twice, in the order of their least numbers, and each as
 * short as the way back to its least thing is. */
void circles_find(size_t n, const struct circle_edge *edges, size_t nedges,
	circle_fn *fn, void *arg);

#endif
