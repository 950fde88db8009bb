/*
 * The known name nearest to a mistyped one.  Pure; knows nothing of what the
 * names stand for.
 */
#include "nearest.h"

#include <string.h>
#include "strack/text.h"

int nearest_distance(const char *word, const char *name)
{
	size_t len = strlen(word), known = strlen(name);
	size_t shorter = len < known ? len : known;
	int distance;

	/* The table of the distance grows with the product of the lengths,
	 * and the word is anything that stood in a file. */
	if (!shorter || len > NEAREST_MAX || known > 4 * NEAREST_MAX)
		return -1;
	distance = text_distance(word, name);
	return distance <= 1 + (int)(shorter / 4) ? distance : -1;
}
