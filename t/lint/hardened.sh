#!/bin/sh
# The program that was built is position independent, has its relocations
# read-only, no executable stack, and the compiler's guards in it.
. "$(dirname "$0")/lib.sh"
needs readelf

program=${STRACK_BUILD:-build}/git-strack
if [ ! -x "$program" ]; then
	echo 'skipped: nothing was built' >&2
	exit 0
fi
symbols=$(readelf -Ws "$program")
case $symbols in
*__asan_init* | *__gcov_dump* | *mcount*)
	echo 'skipped: a build for tests' >&2
	exit 0
	;;
esac
{
	readelf -h "$program" | grep -q 'Type:.*DYN' || echo 'no PIE'
	readelf -Wl "$program" | grep -q GNU_RELRO || echo 'no RELRO'
	readelf -d "$program" | grep -q 'FLAGS.*NOW' || echo 'not bound at start'
	readelf -Wl "$program" | grep GNU_STACK | grep -q 'RW ' ||
		echo 'the stack can be executed'
	case $symbols in *__stack_chk_fail*) ;; *) echo 'no stack protector' ;; esac
	case $symbols in *_chk@*) ;; *) echo 'no _FORTIFY_SOURCE' ;; esac
} | sed "s|^|$program: |" | complain

lint_done
