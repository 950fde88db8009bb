/* See the header. */
#include "ways.h"

#include <stdlib.h>
#include <string.h>

void ways_put(struct out *o, int indent, const char *commands)
{
	while (*commands) {
		size_t n = strcspn(commands, "\n");
		char *line = xstrndup(commands, n);

		out_printf(o, "%*s-> ", indent, "");
		out_text_styled(o, STYLE_BOLD, line);
		out_printf(o, "\n");
		free(line);
		commands += n + (commands[n] == '\n');
	}
}
