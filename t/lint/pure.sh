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
	files 'src/core/approvers.c' 'src/core/entry*.c' \
		'src/core/header*.c' 'src/core/kind.c' \
		'src/core/message.c' 'src/core/nearest.c' \
		'src/core/needs.c' 'src/core/plan*.c' 'src/core/slug.c' \
		'src/core/state*.c' 'src/core/trust*.c' \
		'src/base/*.c'
}

includes | grep -E ' include/strack/(clock|csv|datadir|file|ini|jsonread|ledger|lock|process|refs|repo|rundir|session|term)\.h$' |
	while read -r file used; do
		pure | grep -qxF "$file" && echo "$file includes $used"
	done | complain

# Text forms and escapes may not look at the world either, but base is also
# where output is written.
pure | grep -v '^src/base/' | while read -r file; do
	object=${STRACK_BUILD:-build}/${file%.c}.o
	[ -f "$object" ] || continue
	nm -u "$object" | awk '{ print $NF }' |
		grep -E '^(open|openat|fopen|read|write|stat|lstat|access|unlink|time|clock_gettime|gettimeofday|localtime.*|getenv|secure_getenv|getrandom|rand|random|getpid|(object|objects|tree|commit|ref|history|repo|worktree|file|fd|dir|clock|process|lock|git)_.*)(@.*)?$' |
		sed "s|^|$file calls |"
done | complain

lint_done
