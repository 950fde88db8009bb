#!/bin/sh
test_description='lost and overdue runs: cleanup, resolve, and late outcomes'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
stock=$strack_t/helper/stock-check

state_of() {
	git strack status --all --json ${2:+--env "$2"} |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .state'
}

flags_of() {
	git strack status --all --json ${2:+--env "$2"} |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) |
			.flags | join(" ")'
}

newest() {
	git cat-file blob "strack-ledger:$(entries | tail -n 1)"
}

tip() {
	git rev-parse strack-ledger
}

# of_run <run>: processes with STRACK_RUN of it.
of_run() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ |
		cut -d / -f 3
}

# slow <script>: one that says begun, and ends when that is gone.
slow() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo "checkpoint at 7" >>"$STRACK_EVENTS"
	touch begun
	while test -e begun; do sleep 0.05; done
	EOF
}

# begin <script> [<option>...]: runs it in the background; $runner, $warden.
begin() {
	begun=$1 && shift &&
	{ git-strack run "$@" "$begun" >out 2>err & } && runner=$! &&
	wait_for "test -e begun" &&
	warden=$(cut -d " " -f 1 "/proc/$runner/task/$runner/children") &&
	test -n "$warden"
}

# strike: kills runner and warden as nothing can catch.  What the warden
# started is ended by the kernel or, shells' children, with the file.
strike() {
	kill -STOP "$runner" && kill -KILL "$warden" "$runner" && rm -f begun &&
	strack_run=$(git cat-file blob "strack-ledger:$(entries "$begun/" |
		tail -n 1)" | field run) &&
	wait_for "test -z \"\$(of_run $strack_run)\""
}

# lose <script> [<option>...]
lose() {
	slow "$1" && begin "$@" && strike
}

for name in root run approve other person stranger; do
	ssh-keygen -q -t ed25519 -N '' -f "$strack_scratch/$name"
done

test_expect_success 'set-up' '
	repo r && cd r && git strack init && git add .strack.ini &&
	git commit -q -m ini
'

test_expect_success 'bad usage' '
	for how in "" "--done --failed" "--done --pending" \
		"--done --failed --pending"; do
		must_fail 129 git strack resolve $how -m x a || return 1
	done &&
	must_fail 129 git strack resolve --done a 2>err &&
	grep -e "-m <why>" err && must_fail 129 git strack resolve --done -m x &&
	must_fail 128 git strack resolve --done -m x no_such &&
	must_fail 129 git strack cleanup now &&
	must_fail 129 git strack cleanup --keep-logs soon &&
	git strack cleanup >out && grep "nothing to do" out
'

test_expect_success 'lost is shown before anything is recorded' '
	s=scripts/${day}000101_a.sh && lose "$s" &&
	test "$(state_of "$s")" = lost && test "$(kinds "$s")" = claim &&
	git strack status >out && grep "lost" out && grep "resolve --done" out &&
	must_fail 3 git strack mark -m x "$s" 2>err && grep "is lost" err &&
	must_fail 3 git strack reset -m x "$s" 2>err &&
	grep "resolve --pending" err && test "$(kinds "$s")" = claim
'

test_expect_success 'cleanup records it, once' '
	was=$(tip) && git strack cleanup -n >out && grep "^lost  $s" out &&
	test "$(tip)" = "$was" &&
	git strack cleanup >out && grep "^lost  $s (local)" out &&
	test "$(kinds "$s")" = "claim lost" && newest >e &&
	test "$(field claim <e)" = "$(entry "$s" claim | sha256sum |
		cut -d " " -f 1)" &&
	test "$(field checkpoint <e)" = "at=7" &&
	test -n "$(field reason <e)" &&
	test -z "$(ls .git/strack/runs)" &&
	git strack cleanup >out && test "$(kinds "$s")" = "claim lost" &&
	must_fail 3 git strack run "$s" 2>err && grep "resolve" err &&
	git strack verify
'

test_expect_success 'resolve --done' '
	git strack resolve --done -m "looked: it is there" "$s" >out &&
	grep "^done  $s" out && newest >e &&
	test "$(field kind <e)" = done && test "$(field resolved <e)" = yes &&
	test "$(field reason <e)" = "looked: it is there" &&
	! grep -E "^(exit|signal|duration) " e &&
	test "$(state_of "$s")" = done && git strack run "$s" &&
	test "$(kinds "$s")" = "claim lost done" && git strack verify
'

test_expect_success 'there is nothing more to resolve' '
	was=$(tip) && must_fail 3 git strack resolve --failed -m x "$s" 2>err &&
	grep "is done: there is nothing to resolve" err &&
	grep "git strack reset" err && test "$(tip)" = "$was"
'

test_expect_success 'resolve --failed, without cleanup before' '
	s=scripts/${day}000102_b.sh && lose "$s" &&
	git strack resolve --failed -m "half of it" "$s" &&
	test "$(kinds "$s")" = "claim lost fail" &&
	test "$(state_of "$s")" = failed &&
	must_fail 3 git strack run "$s" && git strack mark -m x "$s"
'

test_expect_success 'resolve --pending, and it runs again with its checkpoint' '
	s=scripts/${day}000103_c.sh && lose "$s" &&
	git strack resolve --pending -m "did nothing" "$s" &&
	test "$(kinds "$s")" = "claim lost void" &&
	test "$(state_of "$s")" = pending && newest >e &&
	entry "$s" lost | sha256sum | grep "$(field entry <e)" &&
	begin "$s" && grep -x "at 7" .git/strack/runs/*/resume &&
	rm begun &&
	wait $runner && test "$(state_of "$s")" = done &&
	test "$(entry "$s" claim | field attempt)" = 2
'

test_expect_success 'several at a time' '
	lose "scripts/${day}000104_d.sh" && lose "scripts/${day}000105_e.sh" &&
	git strack resolve --done -m "both" d.sh e.sh >out &&
	test "$(grep -c ^done out)" = 2 &&
	test -z "$(ls .git/strack/runs)" && git strack verify
'

test_expect_success 'while it runs there is nothing to decide' '
	s=scripts/${day}000106_f.sh && slow "$s" && begin "$s" &&
	was=$(tip) && test "$(state_of "$s")" = running &&
	must_fail 3 git strack resolve --done -m x "$s" 2>err &&
	grep "is running on" err && git strack cleanup >out &&
	grep "^running  $s" out && test "$(tip)" = "$was" && rm begun &&
	wait $runner && test "$(kinds "$s")" = "claim done"
'

test_expect_success 'descendants that live keep it running' '
	s=scripts/${day}000107_g.sh && script "$s" <<-\EOF &&
	#!/bin/sh
	setsid sh -c "touch lives; while test -e lives; do sleep 0.05; done" &
	touch begun
	while test -e begun; do sleep 0.05; done
	EOF
	begin "$s" && wait_for "test -e lives" && kill -STOP $runner &&
	kill -KILL $warden $runner && rm begun &&
	run=$(entry "$s" claim | field run) &&
	wait_for "test \$(of_run $run | wc -l) -le 2" &&
	test "$(state_of "$s")" = running && git strack cleanup >out &&
	grep "^running  $s" out && test "$(kinds "$s")" = claim &&
	must_fail 3 git strack resolve --done -m x "$s" &&
	must_fail 3 git strack run "$s" && rm lives &&
	wait_for "test -z \"\$(of_run $run)\"" &&
	test "$(state_of "$s")" = lost &&
	git strack resolve --done -m x "$s" &&
	test "$(kinds "$s")" = "claim lost done" && git strack verify
'

# ---- whose claim ----

# A ledger whose root is nobody's daily key, and one clone for each key.
test_expect_success 'a team' '
	cd .. && repo team && cd team &&
	for i in 1 2 3 4 5 6 7 8; do
		slow "scripts/${day}00020${i}_s.sh" || return 1
	done && printf "/begun\n/out\n/err\n" >.gitignore &&
	git add .gitignore && git commit -q -m ignore &&
	git config strack.signingKey "$strack_scratch/root" &&
	git strack init && git add .strack.ini && git commit -q -m ini &&
	git strack trust add "$strack_scratch/run.pub" --principal run &&
	git strack trust add "$strack_scratch/other.pub" --principal other &&
	git strack trust add "$strack_scratch/approve.pub" \
		--principal approve --roles approve &&
	cd .. && for who in run other approve; do
		git clone -q team $who && git -C $who fetch -q origin \
			strack-ledger:strack-ledger &&
		git -C $who config strack.signingKey "$strack_scratch/$who" &&
		git -C $who config strack.environment staging || return 1
	done && cd run
'

# fetch_from <clone>: its ledger, forward only.
fetch_from() {
	git fetch -q "../$1" strack-ledger:strack-ledger
}

test_expect_success 'elsewhere it is running, and nobody can decide' '
	s=scripts/${day}000201_s.sh && begin "$s" --timeout 5m && strike &&
	cd ../approve && fetch_from run &&
	test "$(state_of "$s")" = running && was=$(tip) &&
	must_fail 3 git strack resolve --done -m x "$s" 2>err &&
	grep "its time limit has not passed" err && git strack cleanup &&
	test "$(tip)" = "$was" && must_fail 3 git strack run "$s" &&
	cd ../run
'

test_expect_success 'then it is overdue' '
	s=scripts/${day}000202_s.sh && begin "$s" --timeout 1s && strike &&
	cd ../approve && fetch_from run &&
	wait_for "test \"\$(state_of $s)\" = overdue" 10 &&
	git strack status >out && grep overdue out &&
	grep "resolve --env staging --done" out && was=$(tip) &&
	git strack cleanup &&
	test "$(tip)" = "$was" &&
	must_fail 3 git strack mark -m x "$s" 2>err && grep "overdue" err
'

test_expect_success 'over the claim of another signer it takes approve' '
	cd ../other && fetch_from run && was=$(tip) &&
	for how in done failed pending; do
		must_fail 3 git strack resolve --$how -m x "$s" 2>err &&
		grep "lacks the role .approve" err || return 1
	done && test "$(tip)" = "$was" &&
	git config strack.signingKey "$strack_scratch/stranger" &&
	for how in done failed pending; do
		must_fail 3 git strack resolve --$how -m x "$s" 2>err &&
		grep "is not trusted" err || return 1
	done && test "$(tip)" = "$was" &&
	test -z "$(ls .git/strack/journal)" &&
	git config strack.signingKey "$strack_scratch/other" &&
	cd ../approve && git strack resolve --done -m "asked them" "$s" &&
	test "$(state_of "$s")" = done && git strack verify
'

test_expect_success 'its own claims a clone resolves with its own key' '
	cd ../run && fetch_from approve &&
	git config gpg.format ssh &&
	git config user.signingKey "$strack_scratch/person" &&
	s=scripts/${day}000203_s.sh && begin "$s" && strike &&
	git strack resolve --pending -m x "$s" && newest >e &&
	test "$(field kind <e)" = void &&
	test "$(field signer <e)" = "$(ssh-keygen -lf \
		"$strack_scratch/run.pub" | cut -d " " -f 2)" &&
	git config user.signingKey "$strack_scratch/approve" &&
	begin "$s" && strike && git strack resolve --done -m x "$s" &&
	test "$(newest | field signer)" = "$(ssh-keygen -lf \
		"$strack_scratch/approve.pub" | cut -d " " -f 2)" &&
	git config --unset user.signingKey && git strack verify
'

# ---- late outcomes ----

# hold: runner goes, and the warden stands still, as if the machine were cut
# off; go_on lets it end.
hold() {
	kill -STOP "$warden" && kill -KILL "$runner"
}

go_on() {
	rm -f begun && kill -CONT "$warden" &&
	wait_for "! kill -0 $warden"
}

test_expect_success 'an outcome after its claim was withdrawn wins, late' '
	s=scripts/${day}000204_s.sh && begin "$s" --timeout 1s && hold &&
	cd ../approve && fetch_from run &&
	wait_for "test \"\$(state_of $s)\" = overdue" 10 &&
	git strack resolve --pending -m "gave up on it" "$s" &&
	test "$(state_of "$s")" = pending && cd ../run &&
	fetch_from approve && go_on && test "$(state_of "$s")" = failed &&
	test "$(flags_of "$s")" = late && git strack status | grep late &&
	test "$(kinds "$s")" = "claim void fail" && git strack verify
'

test_expect_success 'a late one is decided like any other' '
	git strack reset -m "once more" "$s" &&
	test "$(state_of "$s")" = pending && test -z "$(flags_of "$s")" &&
	begin "$s" && rm begun && wait $runner &&
	test "$(state_of "$s")" = done && test -z "$(flags_of "$s")"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit && audit ../r
'

test_done
