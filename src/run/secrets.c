/*
 * The secrets to be found, as the automaton of Aho and Corasick ("Efficient
 * string matching", CACM 18(6), 1975).  Its state after each byte is the
 * longest end of the stream that begins a secret, which is just what must be
 * held back, and for each state the longest secret that ends here is known.
 * A search per secret was rejected: its cost grows with their number, and a
 * text like "aaaa..." makes it quadratic.  Knows nothing of the stream.
 */
#include "secrets.h"

#include <stdlib.h>
#include <string.h>
#include "strack/buf.h"

static uint32_t node_child(const struct secrets *s, uint32_t at, int byte)
{
	uint32_t c;

	if (!at)
		return s->root[byte];
	for (c = s->node[at].child; c; c = s->node[c].sibling)
		if (s->node[c].byte == byte)
			break;
	return c;
}

static uint32_t node_new(struct secrets *s, uint32_t parent, int byte)
{
	struct node *n;

	ARRAY_GROW(s->node, s->nr + 1, s->cap);
	n = &s->node[s->nr];
	*n = (struct node){ .byte = (unsigned char)byte };
	n->depth = s->node[parent].depth + 1;
	if (parent) {
		n->sibling = s->node[parent].child;
		s->node[parent].child = (uint32_t)s->nr;
	} else {
		s->root[byte] = (uint32_t)s->nr;
	}
	return (uint32_t)s->nr++;
}

void secrets_init(struct secrets *s)
{
	memset(s, 0, sizeof(*s));
	ARRAY_GROW(s->node, 1, s->cap);
	s->node[0] = (struct node){ 0 };
	s->nr = 1;
}

void secrets_release(struct secrets *s)
{
	free(s->node);
	s->node = NULL;
}

static size_t pair_at(const char *p)
{
	return (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static void pair_set(unsigned char *set, const char *p)
{
	set[pair_at(p) >> 3] |= (unsigned char)(1 << (pair_at(p) & 7));
}

static bool pair_in(const unsigned char *set, const char *p)
{
	return set[pair_at(p) >> 3] >> (pair_at(p) & 7) & 1;
}

/* False when there is no room. */
static bool insert(struct secrets *s, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t at = 0, next;
	size_t i;

	for (i = 0; i < len && (next = node_child(s, at, p[i])); i++)
		at = next;
	if (i == len && s->node[at].longest == len)
		return true;
	if (len - i > SECRETS_MAX + 1 - s->nr)
		return false;
	for (; i < len; i++)
		at = node_new(s, at, p[i]);
	s->node[at].longest = (uint32_t)len;
	pair_set(s->first, text);
	pair_set(s->early, text);
	pair_set(s->early, text + 1);
	s->dirty = true;
	return true;
}

uint32_t secrets_next(const struct secrets *s, uint32_t at, int byte)
{
	uint32_t c;

	while (!(c = node_child(s, at, byte)) && at)
		at = s->node[at].fail;
	return c;
}

/* Breadth first, so that the fail link of a node is known before those of
 * its children.  Done when it is first needed and not with each secret: a
 * script may name thousands in a row. */
void secrets_prepare(struct secrets *s)
{
	uint32_t *queue, c, at;
	size_t head, tail = 0, i;

	if (!s->dirty)
		return;
	queue = xcalloc(s->nr, sizeof(*queue));
	for (i = 0; i < ARRAY_SIZE(s->root); i++)
		if (s->root[i])
			queue[tail++] = s->root[i];
	for (head = 0; head < tail; head++) {
		at = queue[head];
		for (c = s->node[at].child; c; c = s->node[c].sibling) {
			struct node *n = &s->node[c];

			n->fail = secrets_next(s, s->node[at].fail, n->byte);
			/* one of full depth is the node's own secret */
			if (n->longest != n->depth)
				n->longest = s->node[n->fail].longest;
			queue[tail++] = c;
		}
	}
	free(queue);
	s->dirty = false;
	s->generation++;
}

/* SECRET_MIN is 3: of a secret that begins at i or i + 1, the bytes at i + 1
 * and i + 2 are the first pair or the second, so every other pair will do. */
size_t secrets_skip(const struct secrets *s, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i + 2 < n; i += 2) {
		if (!pair_in(s->early, p + i + 1))
			continue;
		if (pair_in(s->first, p + i))
			return i;
		if (pair_in(s->first, p + i + 1))
			return i + 1;
	}
	return i + 1 < n && !pair_in(s->first, p + i) ? i + 1 : i;
}

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || is_newline(c);
}

static void trim(const char **p, size_t *len)
{
	while (*len && is_blank((*p)[*len - 1]))
		(*len)--;
	while (*len && is_blank(**p)) {
		(*p)++;
		(*len)--;
	}
}

/* Lines without their blanks: so they are found when indented anew, and the
 * "  }" of a secret in JSON does not mask the end of every other block. */
static bool add_lines(struct secrets *s, const char *text, size_t len)
{
	const char *end = text + len, *nl, *line;
	bool fits = true;
	size_t n;

	for (; text < end; text = nl < end ? nl + 1 : end) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (!nl)
			nl = end;
		line = text;
		n = (size_t)(nl - text);
		trim(&line, &n);
		if (n >= SECRET_MIN)
			fits &= insert(s, line, n);
	}
	return fits;
}

bool secrets_add(struct secrets *s, const char *secret, size_t len)
{
	const char *p;
	size_t n;
	bool fits = true;

	/* Newlines around it are the file's it was read from. */
	for (; len && is_newline(secret[len - 1]); len--)
		;
	for (; len && is_newline(*secret); len--)
		secret++;
	p = secret;
	n = len;
	trim(&p, &n);
	if (len < SECRET_MIN || !n)
		return false;
	if (memchr(secret, '\n', len))
		fits = add_lines(s, secret, len);
	return insert(s, secret, len) && fits;
}
