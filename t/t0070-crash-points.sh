#!/bin/sh
test_description='stopped at the Nth write, link, rename, fsync, fork or exec

Every call that changes something is counted (helper/fault.c), and the program
is killed in, or told of a failure by, a sample of them.  FAULT_EVERY=1 takes
many more, for half an hour.'
. "$(dirname "$0")/lib-strack.sh"

every=${FAULT_EVERY:-23} # of kills; of failures one in six of that
name=$(date -u +%Y%m%d%H%M%S)_a.sh
ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
export ASAN_OPTIONS

test_expect_success 'set-up' '
	# where there is no blank in the path, which would be two files
	fault=$strack_scratch/fault.so &&
	${CC:-cc} -shared -fPIC -o "$fault" "$strack_t/helper/fault.c" -ldl
'

# template <name> [<line>...]: goes to a repository in NAME/r, whose script
# leaves a line in NAME/ran.
template() {
	mkdir "$1" && cd "$1" && repo r && cd r && shift &&
	printf "%s\n" "#!/bin/sh" "echo ran >>\"\$STRACK_TOP/../ran\"" \
		"echo hello" "$@" | script "scripts/$name"
}

# faulty <n> <how> <long> <command>...: in w, until all its processes are gone;
# 0 for n only counts.  Its exit status goes to w/code.
faulty() {
	n=$1 how=$2 long=$3
	shift 3
	(
		cd w/r && {
			STRACK_FAULT_COUNT=../count STRACK_FAULT_LOG=$PWD/../hit
			export STRACK_FAULT_COUNT STRACK_FAULT_LOG
			[ "$n" = 0 ] || export STRACK_FAULT_AT="$n" \
				STRACK_FAULT_HOW="$how"
			[ -z "$long" ] || export STRACK_FAULT_LONG=1
			LD_PRELOAD=$fault git-strack "$@" >../out 2>&1
			echo $? >../code
		} 9>&1 | cat >/dev/null
	)
}

points() {
	od -An -tu4 -N4 w/count | tr -d " "
}

ran() {
	touch "$1/ran" && wc -l <"$1/ran"
}

bad() {
	echo "$(cat w/hit 2>/dev/null): $*" >&4
	cat w/out w/again >&4 2>/dev/null
	return 1
}

leftovers() {
	find w/r/.git -name "*.lock" -o -path "*/strack/journal/*" \
		-o -path "*/strack/runs/*" -o -path "*/strack/moving" \
		-o -path "*/strack/gc.new" -o -name gc.pid \
		-o -path "*/strack/cache/ledger.*" -o -path "*/strack/.tmp-*" \
		-o -path "*/strack/locks/*.*"
}

sound() {
	git -C w/r rev-parse -q --verify strack-ledger >/dev/null ||
		{ audit_fsck w/r; return; }
	audit_ledger w/r && audit_fsck w/r
}

# whole: all that is asked after a fault.  $want: kinds and times when it works.
whole() {
	code=$(cat w/code) before=$(ran w)
	is="$(cd w/r && kinds "scripts/$name" 2>/dev/null) $before"
	[ "$code" != 0 ] || [ "$is" = "$want" ] ||
		bad "exit 0, but $is" || return 1
	[ "$code" = "$fine" ] || [ "$how" = kill ] ||
		grep -q "^git strack: " w/out || bad "no message" || return 1
	sound || bad "ledger not sound" || return 1
	(
		cd w/r && { [ "$what" != init ] || git strack init; } &&
		git strack run
	) >w/again 2>&1
	[ $? -le 3 ] || bad "the next command fails" || return 1
	after=$(ran w)
	is=$(cd w/r && kinds "scripts/$name")
	[ "$after" -le 1 ] || bad "ran $after times: $is" || return 1
	case "$after $is" in
	"0 "*done* | "1 " | "1 claim") bad "$is, but it ran $after times" ;;
	esac || return 1
	find w/r/.git/strack -name ".tmp-*" -exec touch -d "2 hours ago" {} +
	git -C w/r strack cleanup >w/again 2>&1 || bad "cleanup" || return 1
	[ -z "$(leftovers)" ] || bad "left: $(leftovers)" || return 1
	git -C w/r strack verify >w/again 2>&1 || bad "verify" || return 1
	sound || bad "not sound"
}

again() {
	rm -rf w && cp -a "$what" w
}

# all <template> <command>...: each failure at each of the points.
all() {
	what=$1 left=$((every / 2 + 1))
	shift
	again && faulty 0 "" "" "$@" || return 1
	fine=$(cat w/code) total=$(points)
	want="$(cd w/r && kinds "scripts/$name") $(ran w)"
	[ "$total" -gt 20 ] || return 1
	for mode in kill: ENOSPC: EIO: ENOSPC:long EIO:long; do
		at=$left
		while [ "$at" -le "$total" ]; do
			again && faulty "$at" "${mode%:*}" "${mode#*:}" "$@" &&
				whole || return 1
			if [ "$mode" = kill: ]; then
				at=$((at + every))
			else
				at=$((at + every * 6))
			fi
		done
		left=$((left + every + 3))
	done
}

test_expect_success 'init' '
	(template init) && all init init
'

test_expect_success 'a run that succeeds' '
	(template run && git strack init) && all run run
'

test_expect_success 'a run that fails' '
	(template fail "exit 3" && git strack init) && all fail run
'

test_expect_success 'a decision' '
	(template mark && git strack init) &&
	all mark mark -m why "$name"
'

test_expect_success 'a run that is lost' '
	# stopped, it can not record that its runner is gone
	(template lost "kill -STOP \$PPID" \
		"kill -9 \$(cut -d\" \" -f4 /proc/\$PPID/stat) \$PPID" \
		"sleep 5" &&
	git strack init && { git-strack run 9>&1 >../out 2>&1 | cat; } &&
	test "$(kinds "scripts/$name")" = claim) &&
	all lost cleanup
'

test_expect_success 'an outcome in the journal' '
	(template journal ": >.git/refs/heads/strack-ledger.lock" &&
	git strack init && must_fail 128 git strack run &&
	rm .git/refs/heads/strack-ledger.lock &&
	test -n "$(ls .git/strack/journal)") &&
	all journal run
'

test_done
