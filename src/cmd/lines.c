/* Reasons and commands for people; see the header. */
#include "lines.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void add_indent(struct buf *b, int n)
{
	if (n > 0)
		buf_fill(b, ' ', (size_t)n);
}

int lines_width(const struct out *o)
{
	return o->tty ? o->width : INT_MAX;
}

void lines_wrapped(struct out *o, int width, int indent, const char *text)
{
	int room = width - indent, used = 0;
	struct buf safe = BUF_INIT, lines = BUF_INIT;

	out_escape(&safe, text, strlen(text), "\n");
	for (char *p = safe.ptr; *p;) {
		size_t n = strcspn(p, " \n");
		char end = p[n];
		int columns;

		p[n] = '\0';
		columns = out_width(p);
		if (used && used + 1 + columns > room) {
			buf_addch(&lines, '\n');
			used = 0;
		}
		if (!used)
			add_indent(&lines, indent);
		buf_addf(&lines, "%s%s", used ? " " : "", p);
		used += columns + (used > 0);
		if (end == '\n') {
			buf_addch(&lines, '\n');
			used = 0;
		}
		p += n + (end != '\0');
	}
	if (lines.len)
		out_printf(o, "%s\n", lines.ptr);
	buf_release(&safe);
	buf_release(&lines);
}

void lines_commands(struct out *o, int indent, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = xstrndup(text, n);

		out_printf(o, "%*s-> ", indent, "");
		out_text_styled(o, STYLE_BOLD, line);
		out_printf(o, "\n");
		free(line);
		text += n + (text[n] == '\n');
	}
}
