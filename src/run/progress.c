/*
 * How far a script says that it has come, how fast it gets on and how long it
 * will take.  Pure: knows neither clock nor terminal.
 */
#include "strack/progress.h"

#include <inttypes.h>
#include <string.h>

#include "strack/text.h"

#define SAMPLE_MS 2000 /* between two; with all of them half a minute */
#define KNOWN_MS 1000  /* less than that says nothing about a pace */

void progress_release(struct progress *p)
{
	buf_release(&p->label);
	p->current = p->total = -1;
}

void progress_set(
	struct progress *p, int64_t current, int64_t total, const char *label)
{
	p->current = current;
	p->total = total;
	buf_set(&p->label, label);
}

int progress_percent(const struct progress *p)
{
	if (p->current < 0 || p->total <= 0 || p->current > p->total)
		return -1;
	return (int)((double)p->current * 100 / (double)p->total);
}

void progress_count(const struct progress *p, struct buf *ret)
{
	if (p->current < 0)
		return;
	buf_addf(ret, "%" PRId64, p->current);
	if (p->total > 0)
		buf_addf(ret, " of %" PRId64, p->total);
	if (p->label.len)
		buf_addf(ret, " %s", p->label.ptr);
}

void progress_text(const struct progress *p, struct buf *ret)
{
	int percent = progress_percent(p);

	progress_count(p, ret);
	if (percent >= 0)
		buf_addf(ret, " (%d %%)", percent);
}

/* ---- pace ---- */

static void keep_sample(struct pace *p, int64_t ms, int64_t current)
{
	if (p->n == PACE_SAMPLES)
		memmove(p->v, p->v + 1, (size_t)--p->n * sizeof(*p->v));
	p->v[p->n].ms = ms;
	p->v[p->n++].current = current;
}

void pace_add(struct pace *p, int64_t ms, int64_t current)
{
	if (p->n && current < p->current)
		p->n = 0; /* it counts something else now */
	if (!p->n || ms >= p->v[p->n - 1].ms + SAMPLE_MS)
		keep_sample(p, ms, current);
	p->ms = ms;
	p->current = current;
}

/* A second; or -1. */
static double rate(const struct pace *p)
{
	if (!p->n || p->ms < p->v[0].ms + KNOWN_MS ||
		p->current <= p->v[0].current)
		return -1;
	return (double)(p->current - p->v[0].current) * 1000 /
	       (double)(p->ms - p->v[0].ms);
}

void pace_text(
	const struct pace *p, const struct progress *progress, struct buf *ret)
{
	double each = rate(p), left;

	if (each <= 0)
		return;
	if (each >= 10)
		buf_addf(ret, ", %.0f/s", each);
	else if (each >= 0.1)
		buf_addf(ret, ", %.1f/s", each);
	else
		buf_addf(ret, ", %.1f/min", each * 60);
	if (progress_percent(progress) < 0)
		return;
	left = (double)(progress->total - progress->current) / each;
	if (left > 366.0 * 24 * 3600)
		return; /* that is no estimate any more */
	buf_adds(ret, ", ");
	duration_rough(ret, (int64_t)(left + 0.5) * 1000);
	buf_adds(ret, " left");
}
