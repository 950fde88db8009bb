#!/bin/sh
# .clang-format settles how C looks.  Other versions of clang-format differ in
# details, so only the one that the house is formatted with is asked.
. "$(dirname "$0")/lib.sh"
needs clang-format

if ! clang-format --version | grep -q 'version 14\.'; then
	echo 'skipped: not clang-format 14' >&2
	exit 0
fi
# shellcheck disable=SC2046 # our names have no blanks
clang-format --dry-run -Werror $(files '*.c' '*.h') 2>&1 |
	grep -E ': (error|warning): ' | complain

lint_done
