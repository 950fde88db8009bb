#!/bin/sh
test_description='clones killed at any instant, also in the middle of a push'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-remote.sh"

# KILL_SEED gives the dice of another run back, which has said it.
seed=${KILL_SEED:-$(od -An -tu4 -N4 /dev/urandom | tr -d ' ')}
if test_have_prereq LONG; then
	rounds=${KILL_RUNS:-100}
else
	rounds=${KILL_RUNS:-10}
fi
say "KILL_SEED=$seed KILL_RUNS=$rounds"

test_expect_success 'set-up' '
	team ada ben && cd root && for i in $(seq 100 $((99 + rounds))); do
		write "scripts/${day}0001_k$i.sh" <<-EOT || return 1
		#!/bin/sh
		echo ran >>"\$STRACK_TOP/../ran.$i"
		EOT
	done && git add . && git commit -q -m scripts && git push -q origin main &&
	cd .. && git -C ada pull -q && git -C ben pull -q &&
	start=$(date +%s%N) &&
	in_clone ada git strack run --env production k100 >/dev/null &&
	took=$((($(date +%s%N) - start) / 1000)) && echo "# a run: $took us"
'

# killed <clone> <script> <microseconds>: its runner, and with it what it
# started of git; the warden, which is a session of its own, too, in every
# third.
killed() {
	(cd "$1" && exec setsid git-strack run --env production "$2" \
		>/dev/null 2>&1) &
	runner=$!
	sleep "$(printf "%d.%06d" $(($3 / 1000000)) $(($3 % 1000000)))"
	wardens=
	[ $(($3 % 3)) != 0 ] || wardens=$(pgrep -P "$runner")
	# shellcheck disable=SC2086
	kill -KILL $wardens "-$runner" "$runner" 2>/dev/null
	wait "$runner" 2>/dev/null
	return 0
}

# over <clone>: nothing of its runs is left but what the ledger knows.
over() {
	for _ in $(seq 200); do
		pgrep -f "git-strack run --env production" >/dev/null || break
		sleep 0.05
	done
	in_clone "$1" git strack cleanup >/dev/null 2>&1
}

# sound <i>: what the ledger says of the script, and what it did, agree.
sound() {
	ran=$(grep -c . "ran.$1" 2>/dev/null)
	state=$(in_clone ben git strack status --env production --porcelain \
		"k$1" | cut -f 1)
	case $state,${ran:-0} in
	done,1 | pending,0) return 0 ;;
	failed,[01] | lost,[01] | running,[01]) return 0 ;;
	esac
	echo "# script $1 is $state and ran ${ran:-0} times" >&4
	return 1
}

test_expect_success "killed $rounds times: never twice, never lost unnoticed" '
	dice=$seed i=101 && while [ $i -lt $((100 + rounds)) ]; do
		dice=$(((dice * 1103515245 + 12345) % 2147483648)) &&
		killed ada "k$i" $((dice % took)) && over ada &&
		in_clone ben git strack sync -q && sound $i || return 1
		i=$((i + 1))
	done
'

test_expect_success 'what is left is run by the other, once each' '
	in_clone ben git strack run --env production --keep-going >said 2>&1
	for i in $(seq 101 $((99 + rounds))); do
		[ "$(grep -c . "ran.$i" 2>/dev/null || true)" != 2 ] || return 1
		sound "$i" || return 1
	done
'

test_expect_success 'all of them are at one tip, nothing is stale, and it is sound' '
	agree ada ben root && for c in ada ben; do
		test -z "$(find $c/.git -name "*.lock")" &&
		test -z "$(find $c/.git/strack/journal -type f)" || return 1
	done && audit team.git
'

test_done
