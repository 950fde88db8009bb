#!/bin/sh
# What no compiler looks at: length of files, marks of what is not done, paths
# of one machine, blanks at line ends, and the oracle's bytes.
. "$(dirname "$0")/lib.sh"

files 'src/*.[ch]' 'include/*.h' 't/*.[ch]' | while IFS= read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 600 ] || echo "$file: $lines lines; 600 is the most"
done | complain

# search <grep option> <what>: in all of our files but the oracle and what
# fuzzing starts from.
search() {
	files ':!t/helper/ledger-audit' ':!t/fuzz/*/*' | tr '\n' '\0' |
		xargs -0 grep -nHI "$1" -e "$2" /dev/null
}

# The words are put together here, so that this file passes itself.
search -wE "TO""DO|FIX""ME" | sed 's/^/not done: /' | complain
search -F "/wor""k/" | sed 's/^/a path of one machine: /' | complain
search -E '[[:space:]]$' | grep -E '^([^:]*\.([ch]|sh|[1-9])|Makefile):' |
	sed 's/^/blanks at the end: /' | complain

original=../shared/ledger-audit
if [ -e "$original" ] && ! cmp -s "$original" t/helper/ledger-audit; then
	echo "t/helper/ledger-audit is no copy of $original"
fi | complain

lint_done
