# What tests that kill the program at a chosen call share, sourced behind
# lib-strack.sh: t/helper/kill-at.c, which the prerequisite KILLER says is built.
# shellcheck shell=sh disable=SC2034,SC2154

killer=$strack_scratch/kill-at.so

if ${CC:-cc} -shared -fPIC -o "$killer" "$strack_t/helper/kill-at.c" -ldl \
	2>/dev/null; then
	test_set_prereq KILLER
fi
# A build with ASan wants its library first; here ours is.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS

# killed_at <when:call:text[:n]> <command>...: dies by SIGKILL just there.
killed_at() {
	strack_at=$1 && shift &&
	{
		KILL_AT=$strack_at LD_PRELOAD=$killer "$@" >out 2>err
		strack_code=$?
	} 2>/dev/null
	test "$strack_code" = 137 ||
		{ echo "not killed: $strack_code" >&2; cat err >&2; return 1; }
}
