#!/bin/sh
# The pure part of the domain knows no clock, no disk and no git: neither
# what it includes nor, where it was built, what it calls.  (object.h is there
# for its types.)
. "$(dirname "$0")/lib.sh"

# What is pure; a companion that splits one of these belongs here as well.
pure() {
	files 'src/core/circle.c' 'src/core/entry*.c' \
		'src/core/header*.c' 'src/core/hooktext.c' \
		'src/core/import*.c' 'src/core/kind.c' \
		'src/core/message.c' 'src/core/namecheck.c' \
		'src/core/nearest.c' 'src/core/needs.c' \
		'src/core/plan*.c' 'src/core/review.c' 'src/core/slug.c' \
		'src/core/state*.c' 'src/core/trust*.c' \
		'src/core/approvers.c' 'src/base/*.c'
}

includes | grep -E ' include/strack/(clock|csv|datadir|file|ini|jsonread|ledger|lock|process|refs|repo|rundir|session|term)\.h$' |
	awk -v pure="$(pure)" '
		BEGIN {
			n = split(pure, name, "\n")
			for (i = 1; i <= n; i++)
				is[name[i]] = 1
		}
		$1 in is { print $1 " includes " $2 }' | complain

# Text forms and escapes may not look at the world either, but base is also
# where output is written.
build=${STRACK_BUILD:-build}
pure | grep -v '^src/base/' | while read -r file; do
	[ ! -f "$build/${file%.c}.o" ] || echo "$build/${file%.c}.o"
done | xargs nm -A -u | sed "s|^$build/\(.*\)\.o:.* |\1.c calls |" |
	grep -E ' calls (open|openat|fopen|read|write|stat|lstat|access|unlink|time|clock_gettime|gettimeofday|localtime.*|getenv|secure_getenv|getrandom|rand|random|getpid|(object|objects|tree|commit|ref|history|repo|worktree|file|fd|dir|clock|process|lock|git)_.*)(@.*)?$' | complain

lint_done
