#!/bin/sh
test_description='attach and cancel: an ad-hoc command that is under way'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r && git strack init >/dev/null || exit 1

# begun <word>: the exec that waits for the file "go" has said that word.
begun() {
	git strack exec -m "to be $1" -- sh -c "echo $1; until test -e go; do
		sleep 0.05; done" >"out.$1" 2>&1 &
	wait_for "grep -q '^$1' out.$1"
}

alive() {
	grep -qsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ
}

outcome() {
	git cat-file blob "strack-ledger:$(entries .strack/exec/ |
		grep -E "\.($1)\." | tail -n 1)"
}

test_expect_success 'attach follows a command, names it by its run, and its end' '
	begun followed && one=$! &&
	(git strack attach >attached 2>said; echo $? >code) & two=$! &&
	wait_for "grep -q followed attached" && touch go &&
	wait $one && wait $two && rm go &&
	run=$(outcome done | field run) &&
	test "$(cat code)" = 0 &&
	grep "^done  *run $run" attached && grep "run $run" said &&
	! grep -q "\.strack/exec" attached said
'

test_expect_success 'cancel ends it, and says so on the ledger' '
	begun ended && one=$! &&
	git strack cancel -m "no more" >cancelled &&
	must_fail 1 wait $one &&
	outcome fail >e &&
	grep "^failed  *run $(field run <e)" cancelled &&
	grep "^cancelled .*: no more$" e &&
	test "$(field signal <e)" = 15
'

test_expect_success 'two of them, and a script: which one is meant' '
	begun a && one=$! && begun b && two=$! &&
	must_fail 129 git strack cancel -m "which" 2>err &&
	test "$(grep -c "an ad-hoc command (local)" err)" = 2 &&
	sed -n "s/^hint: *\(git strack cancel -m\) <why> \([0-9A-Z]*\) .*/\2/p" \
		err >runs &&
	test "$(wc -l <runs)" = 2 &&
	while read -r run; do
		git strack cancel -m "both" "$run" || exit 1
	done <runs &&
	must_fail 1 wait $one && must_fail 1 wait $two
'

test_expect_success 'where its warden was killed, cancel ends what it left, as lost' '
	git strack exec -m "left alone" -- sh -c "
		echo \$PPID >warden
		setsid sleep 600 &
		echo left; sleep 600" >out.left 2>&1 & one=$! &&
	wait_for "grep -q ^left out.left" &&
	run=$(ls .git/strack/runs) &&
	kill -KILL "$(cat warden)" &&
	must_fail 1 wait $one &&
	alive "$run" &&
	git strack cancel -m "tidy up" "$run" &&
	! alive "$run" &&
	outcome lost >e && test "$(field run <e)" = "$run" &&
	grep "^cancelled .*: tidy up$" e &&
	test -z "$(ls .git/strack/runs)"
'

test_expect_success 'the ledger is sound' 'audit && git strack verify'

test_done
