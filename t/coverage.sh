#!/bin/sh
# coverage.sh <build folder>: percent of the lines that were run, a line for
# each folder and for each file under 80 %, out of what `make coverage` left.
set -eu
cd "$(dirname "$0")/.."

for file in src/*.c src/*/*.c; do
	[ ! -e "$1/${file%.c}.gcda" ] || echo "$1/${file%.c}.o"
done | xargs gcov -n 2>/dev/null | awk '
	/^File / {
		file = substr($2, 2, length($2) - 2)
		next
	}
	/^Lines executed:/ && file ~ /^src\/.*\.c$/ {
		split($2, part, /[:%]/)
		lines = $4
		run = lines * part[2] / 100
		folder = file
		sub(/\/[^\/]*$/, "", folder)
		all[folder] += lines
		done[folder] += run
		if (lines && run / lines < .8)
			low[file] = sprintf("%5.1f %% of %4d  %s", \
				100 * run / lines, lines, file)
		total += lines
		covered += run
	}
	{ file = "" }
	END {
		for (f in all)
			printf "%5.1f %% of %5d  %s/\n", \
				100 * done[f] / all[f], all[f], f | "sort -k 5"
		close("sort -k 5")
		printf "%5.1f %% of %5d  in all\n", 100 * covered / total, total
		print "under 80 %:"
		for (f in low)
			print low[f] | "sort"
	}'
