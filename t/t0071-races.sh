#!/bin/sh
test_description='many at once, kills at any instant, and git at work beside them'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# scripts <n>: each leaves a line in ran.<n>, beside the work tree.
scripts() {
	for i in $(seq 1 "$1"); do
		write "scripts/${day}010$i""_s.sh" <<-EOT || return 1
		#!/bin/sh
		echo ran >>"\$STRACK_TOP/../ran.$i"
		echo "$i \$\$"
		sleep 0.0$i
		EOT
	done
	git add scripts && git commit -q -m scripts
}

# each_once <n>
each_once() {
	for i in $(seq 1 "$1"); do
		[ "$(wc -l <"../ran.$i")" = 1 ] ||
			{ echo "script $i: $(wc -l <"../ran.$i")" >&4; return 1; }
	done
}

# while_running <command>: again and again while the file busy is there.
while_running() {
	while [ -e ../busy ]; do
		"$@" >/dev/null 2>&1
		sleep 0.03
	done
}

test_expect_success 'gc --prune=now, repack and pack-refs beside 8 runners' '
	mkdir gc && (
		cd gc && repo r && cd r && scripts 8 && git strack init &&
		: >../busy && {
			while_running git gc -q --prune=now &
			while_running git repack -qad &
			while_running git pack-refs --all &
			runners= && for i in 1 2 3 4 5 6 7 8; do
				git-strack run --wait >"../out.$i" 2>&1 &
				runners="$runners $!"
			done
			for pid in $runners; do
				wait "$pid" || : >../failed
			done
			rm ../busy && wait
		} && cat ../out.* && ! test -e ../failed && each_once 8 &&
		audit && git strack verify && git strack cleanup &&
		! test -e .git/gc.pid && test -z "$(ls .git/strack/runs)"
	)
'

# A gc that was told to spare nothing is waited for; one that is not, is not.
test_expect_success 'a gc that prunes at once is waited for' '
	mkdir wait && (
		cd wait && repo r && cd r && scripts 1 && git strack init &&
		{ sleep 31 & } && sleeper=$! &&
		printf "%s %s" $sleeper "$(uname -n)" >.git/gc.pid &&
		git strack run && test -e .git/gc.pid &&
		git config gc.pruneExpire now && scripts 2 &&
		{ git-strack run >out 2>&1 & } && runner=$! &&
		sleep 0.5 && ! test -e ../ran.2 && kill $sleeper &&
		wait $runner && each_once 2 && ! test -e .git/gc.pid && audit
	)
'

test_expect_success 'a branch that is rewound while a script runs' '
	mkdir rewind && (
		cd rewind && repo r && cd r && git strack init &&
		script "scripts/${day}0101_s.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.1"
		git update-ref refs/heads/strack-ledger strack-ledger~1
		kill -STOP $PPID # or it records that its runner is gone
		kill -9 $(cut -d" " -f4 /proc/$PPID/stat) $PPID
		EOF
		{ git-strack run 9>&1 >out 2>&1 | cat; } && each_once 1 &&
		must_fail 128 git strack run 2>err && grep rewound err &&
		each_once 1 &&
		git branch -f strack-ledger refs/strack/seen/strack-ledger &&
		must_fail 3 git strack run 2>err && grep "resolve" err &&
		each_once 1 && audit
	)
'

test_expect_success 'a branch that is deleted and put back' '
	mkdir gone && (
		cd gone && repo r && cd r && scripts 4 && git strack init &&
		: >../busy && {
			{ while test -e ../busy; do
				git branch -q -D strack-ledger
				sleep 0.03
				git branch strack-ledger \
					refs/strack/seen/strack-ledger
				sleep 0.1
			done >/dev/null 2>&1 & } &&
			for i in 1 2 3 4 5 6 7 8; do
				git-strack run --wait >"../out.$i" 2>&1
			done
			rm ../busy && wait
		} && { git rev-parse -q --verify strack-ledger ||
			git branch strack-ledger \
				refs/strack/seen/strack-ledger; } &&
		git strack run && each_once 4 && audit && git strack verify
	)
'

test_expect_success 'two work trees' '
	mkdir trees && (
		cd trees && repo r && cd r && scripts 4 && git strack init &&
		git worktree add -q ../w && {
			for dir in . ../w . ../w; do
				(cd "$dir" && exec git-strack run --wait) &
			done
			wait
		} && git strack run && each_once 4 && audit
	)
'

test_expect_success 'the outcome outlives a removed state folder' '
	mkdir state && (
		cd state && repo r && cd r && git strack init &&
		script "scripts/${day}0101_s.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.1"
		rm -rf .git/strack
		EOF
		git strack run && test "$(kinds "$(ls scripts/*)")" = \
			"claim done" && git strack run && each_once 1 && audit
	)
'

# The folder of a run that is being made is no leftover: without taking turns
# one in three of these failed.
test_expect_success 'cleaning up beside runs that begin' '
	mkdir tidy && (
		cd tidy && repo r && cd r && scripts 9 && git strack init &&
		: >../busy && {
			while_running git-strack cleanup &
			while_running git-strack cleanup &
			git-strack run >out 2>&1 || : >../failed
			rm ../busy && wait
		} && cat out && ! test -e ../failed && each_once 9 && audit
	)
'

# kill_one <who> <delay>: a run of which these are killed.
kill_one() {
	git-strack run >out 2>&1 &
	runner=$!
	sleep "$2"
	warden=$(cat /proc/$runner/task/$runner/children 2>/dev/null)
	# shellcheck disable=SC2086 # several
	case $1 in
	runner) kill -9 $runner ;;
	warden) [ -z "$warden" ] || kill -9 $warden ;;
	both) kill -9 $runner $warden ;;
	esac 2>/dev/null
	wait $runner
}

test_expect_success 'runner and warden are killed at any instant' '
	for who in runner warden both; do
		for delay in 0.01 0.02 0.03 0.05 0.1; do
			rm -rf kill && mkdir kill && (
				cd kill && repo r && cd r && git strack init &&
				script "scripts/${day}0101_s.sh" <<-\EOF &&
				#!/bin/sh
				echo ran >>"$STRACK_TOP/../ran.1"
				setsid sleep 0.1 &
				sleep 0.02
				EOF
				kill_one "$who" "$delay"
				wait_for "git strack run ||
					! kinds scripts/*_s.sh | grep claim\$" &&
				case $(cat ../ran.1 2>/dev/null),$(kinds \
					"scripts/${day}0101_s.sh") in
				"ran,claim done" | "ran,claim fail" | \
				"ran,claim lost" | ",claim lost" | \
				",claim fail") ;;
				*) false ;;
				esac && audit &&
				# not before all that it left behind has ended
				wait_for "git strack cleanup &&
					! ls .git/strack/runs \
						.git/strack/journal |
						grep -v : | grep ."
			) || { echo "$who after $delay" >&4; return 1; }
		done
	done
'

test_done
