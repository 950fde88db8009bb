#!/bin/sh
# What compilers and checkers find without running anything: gcc -fanalyzer,
# cppcheck, clang-tidy.  Each must have nothing to say; what is suppressed is
# explained in t/analyze and .clang-tidy.  Takes some minutes.
#
#	sh t/analyze/analyze.sh [<file>...]
set -u
cd "$(dirname "$0")/../.." || exit 2
[ $# -gt 0 ] || set -- src/*.c src/*/*.c
files=$#
failed=0
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
flags='-std=c11 -D_GNU_SOURCE -Iinclude -Isrc -include t/analyze/known.h'
flags="$flags $(pkg-config --cflags libgit2 inih libsodium jansson)"
export flags

# each <files at once> <script>: for all of them, on all processors
each() {
	printf '%s\n' "$list" | xargs -P "$(nproc 2>/dev/null || echo 2)" \
		-n "$1" sh -c "$2" sh >"$log" 2>&1
}

# said <name>: what is in the log is what the tool found.
said() {
	if [ -s "$log" ]; then
		cat "$log"
		echo "analyze: $1 has something to say" >&2
		failed=1
	else
		echo "analyze: $1: nothing in $files files"
	fi
}

list=$(printf '%s\n' "$@")
each 1 '
	case $1 in src/base/error.c) flags="$flags -DANALYZE_PLAIN" ;; esac
	exec gcc $flags -O1 -fanalyzer -S -o /dev/null "$1"'
said 'gcc -fanalyzer'

each "$files" '
	exec cppcheck -q --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=t/analyze/cppcheck \
		--std=c11 -D_GNU_SOURCE -DANALYZE_PLAIN -Iinclude -Isrc \
		--include=t/analyze/known.h "$@"'
said cppcheck

each 1 '
	case $1 in src/base/error.c) flags="$flags -DANALYZE_PLAIN" ;; esac
	exec clang-tidy --quiet "$1" -- $flags 2>/dev/null'
said clang-tidy
exit "$failed"
