#!/bin/sh
test_description='review: verdicts on ad-hoc commands, and their judges'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"

exec_dir=.strack/exec
stock=$strack_t/helper/stock-check

tip() {
	git rev-parse strack-ledger
}

# as <key> <command>...: with that key as the person's and the clone's
as() {
	as_key=$1 && shift &&
	git config user.signingKey "$forge_key_dir/$as_key.pub" &&
	git config strack.signingKey "$forge_key_dir/$as_key" && "$@"
}

# new [<option>...]: a command by the runner; $run
new() {
	as runner git strack exec -m why -e staging "$@" -- true &&
	run=$(entry $exec_dir exec | field run)
}

newest() {
	git cat-file blob "strack-ledger:$(entries | tail -n 1)"
}

unreviewed() {
	git strack log --unreviewed --json | jq -r .run
}

forge_keys root runner laptop approver second ci stranger

test_expect_success 'a team' '
	repo r && cd r && git config gpg.format ssh &&
	as root git strack init && git add .strack.ini &&
	git commit -q -m ini &&
	git strack trust add "$forge_key_dir/runner.pub" --principal rita &&
	git strack trust add "$forge_key_dir/laptop.pub" --principal rita \
		--roles run,approve &&
	git strack trust add "$forge_key_dir/approver.pub" --principal anna \
		--roles approve &&
	git strack trust add "$forge_key_dir/second.pub" --principal ben \
		--roles run,approve --environments staging
'

test_expect_success 'bad usage, and what is no command' '
	new && was=$(tip) &&
	must_fail 129 git strack review -m x "$run" &&
	must_fail 129 git strack review --ok --flag -m x "$run" &&
	must_fail 129 git strack review --ok "$run" &&
	must_fail 129 git strack review --ok -m " " "$run" &&
	must_fail 129 git strack review --ok -m x &&
	must_fail 129 git strack review --ok -m x "$run" "$run" &&
	must_fail 128 git strack review --ok -m x 01ZZ0000 &&
	as root git strack mark -e staging -m x --baseline &&
	refused 128 "no ad-hoc command" git strack review --ok -m x \
		"$(entries .strack/trust | head -n 1 | sed "s/.*\.//")" &&
	test "$(tip)" = "$was"
'

test_expect_success 'a verdict, signed by the person' '
	test "$(unreviewed)" = "$run" &&
	as approver git strack review --ok -m "looked at it" "$run" >out &&
	grep "^ok  run $run" out && newest >e &&
	test "$(field kind <e)" = review && test "$(field verdict <e)" = ok &&
	test "$(field reason <e)" = "looked at it" &&
	test "$(field run <e)" = "$run" &&
	test "$(field environment <e)" = staging &&
	test "$(field signer <e)" = "$(forge_fingerprint approver)" &&
	entry $exec_dir exec | sha256sum | grep "$(field entry <e)" &&
	test "$(git log -1 --format=%s strack-ledger)" = \
		"review: $run (staging)" &&
	test -z "$(unreviewed)" && git strack show "$run" >out &&
	grep "^Review: *ok, by anna .*: looked at it" out && git strack verify
'

test_expect_success 'by a beginning of the id, or by one of its entries' '
	new && as approver git strack review --flag -m "why at noon?" \
		"$(echo "$run" | cut -c 1-25)" 2>err ||
		as approver git strack review --flag -m "why at noon?" "$run" &&
	test "$(newest | field verdict)" = flag && new &&
	id=$(entries $exec_dir | grep "\.done\." | tail -n 1 | sed "s/.*\.//") &&
	as approver git strack review --ok -m x "$id" &&
	test "$(newest | field run)" = "$run" && test -z "$(unreviewed)"
'

test_expect_success 'the last word of a reviewer counts, and each has one' '
	as second git strack review --flag -m "not so sure" "$run" &&
	as approver git strack review --flag -m "neither am I" "$run" &&
	git strack show "$run" >out && test "$(grep -c "^Review:" out)" = 2 &&
	grep "^Review: *flag, by ben" out && grep "^Review: *flag, by anna" out &&
	test "$(grep -c "^review " out)" = 3 && git strack verify
'

test_expect_success 'not by the one who ran it, under whatever key' '
	new && was=$(tip) && for key in runner laptop; do
		as $key refused 3 "who ran a command can.t review it: this one is rita" \
			git strack review --ok -m x "$run" || return 1
	done && test "$(tip)" = "$was" && test "$(unreviewed)" = "$run" &&
	as second git strack exec -m x -e staging -- true &&
	own=$(entry $exec_dir exec | field run) &&
	as second refused 3 "who ran a command" git strack review --ok -m x "$own"
'

test_expect_success 'only with the role, in that environment' '
	was=$(tip) && as stranger refused 3 "is not trusted" \
		git strack review --ok -m x "$run" &&
	as runner git strack exec -m x -e production -- true &&
	production=$(entry $exec_dir exec | field run) && now=$(tip) &&
	as second refused 3 "no right to act in this environment" \
		git strack review --ok -m x "$production" &&
	test "$(tip)" = "$now" &&
	as approver git strack review --ok -m x "$production" &&
	test "$(newest | field environment)" = production &&
	as root git strack trust add "$forge_key_dir/ci.pub" --principal ci &&
	as ci refused 3 "lacks the role .approve" git strack review --ok -m x \
		"$run"
'

test_expect_success 'log: what waits, in every form' '
	git strack log --unreviewed --oneline >out &&
	test "$(wc -l <out)" = 2 && grep "exec: $run" out &&
	git strack log --unreviewed -e production --oneline >out &&
	test ! -s out && git strack log --unreviewed -n 1 --oneline >out &&
	test "$(wc -l <out)" = 1 && git strack log --unreviewed --raw >out &&
	test "$(grep -c "^kind exec" out)" = 2 && ! grep "^kind done" out
'

test_expect_success 'one that is under way is not reviewed' '
	{ as runner git-strack exec -m why -e staging -- sh -c "touch begun
		while test -e begun; do sleep 0.05; done" & } && pid=$! &&
	wait_for "test -e begun" && slow=$(entry $exec_dir exec | field run) &&
	was=$(tip) && as approver refused 3 "is under way" \
		git strack review --ok -m x "$slow" && test "$(tip)" = "$was" &&
	test "$(git strack log --unreviewed -n 1 --json | jq -r .run)" = "$slow" &&
	rm begun && wait $pid &&
	as approver git strack review --ok -m x "$slow"
'

test_expect_success 'elsewhere: under way until its limit has passed' '
	git clone -q . ../c && git -C ../c fetch -q origin \
		strack-ledger:strack-ledger && (cd ../c &&
	git config gpg.format ssh && forge_env=staging &&
	forge exec @by=runner limit=300 \
		time=$(date -u +%Y-%m-%dT%H:%M:%S.000Z) && e=$forge_id &&
	run=$(sed -n "s/^run //p" "$forge_work/claim.$e") &&
	as approver refused 3 "is under way" git strack review --ok -m x "$run" &&
	forge exec @by=runner limit=300 && e=$forge_id &&
	run=$(sed -n "s/^run //p" "$forge_work/claim.$e") &&
	as approver git strack review --ok -m x "$run" 2>err &&
	grep "nobody has told how run $run ended" err &&
	! unreviewed | grep "$run" &&
	forge fail @by=runner claim=$e run=$run script= attempt= \
		@dir=.strack/exec && unreviewed | grep "$run" &&
	as approver git strack review --flag -m x "$run" &&
	! unreviewed | grep "$run" && git strack verify)
'

test_expect_success 'one that was lost can be reviewed' '
	as runner : && { git-strack exec -m why -e staging -- sh -c "touch begun
		while test -e begun; do sleep 0.05; done" & } && pid=$! &&
	wait_for "test -e begun" && run=$(entry $exec_dir exec | field run) &&
	warden=$(cut -d " " -f 1 "/proc/$pid/task/$pid/children") &&
	kill -STOP $pid && kill -KILL $warden $pid && rm begun &&
	wait_for "! grep -lsx --null-data STRACK_RUN=$run /proc/[0-9]*/environ" &&
	git config strack.signingKey "$forge_key_dir/runner" &&
	git config user.signingKey "$forge_key_dir/approver.pub" &&
	git strack review --flag -m "what did it do?" "$run" &&
	test "$(entry $exec_dir lost | field run)" = "$run" &&
	newest | grep "^verdict flag" && git strack verify
'

test_expect_success 'in local, a review is about the clone that ran it' '
	as runner git strack exec -m x -e local -- true &&
	run=$(entry $exec_dir exec | field run) &&
	clone=$(git config strack.clone) && git config strack.clone other &&
	as approver git strack review --ok -m x "$run" &&
	git config strack.clone "$clone" &&
	test "$(newest | field clone)" = "$clone" && git strack verify
'

test_expect_success 'the whole of it is sound' '
	as root git strack verify && "$stock" && audit
'

# ---- what is forged ----

test_expect_success 'a good ledger to forge on' '
	repo ../f && cd ../f && git config gpg.format ssh &&
	as root : && forge_found root && forge_move && forge_env=staging &&
	forge trust-add key=runner principal=rita &&
	forge trust-add key=laptop principal=rita roles=run,approve &&
	forge trust-add key=approver principal=anna roles=approve &&
	forge trust-add key=second principal=ben roles=approve \
		environments=production &&
	forge mark @by=runner && mark=$forge_id &&
	forge exec @by=runner && command=$forge_id &&
	run=$(sed -n "s/^run //p" "$forge_work/claim.$command") &&
	forge "done" @by=runner @dir=.strack/exec script= attempt= &&
	done=$forge_id &&
	forge review @by=approver entry=$command verdict=ok &&
	git strack verify && good=$(tip) && git strack cleanup &&
	test -s .git/strack/cache/ledger && cp -r .git/strack kept
'

# as_good: back to that ledger, which was verified before.
as_good() {
	forge_move "$good" &&
	git update-ref refs/strack/seen/strack-ledger "$good" &&
	rm -rf .git/strack && cp -r kept .git/strack
}

# found <what> <problem> <command>: it is a finding when only what is new is
# looked at, and when all is; and a root can disown it.
found() {
	test_expect_success "$1" "
		as_good && $3 && git strack log --exec >out &&
		grep 'does not count: .*$2' out &&
		must_fail 1 git strack verify >out && grep '$2' out &&
		git strack trust disown \$forge_id -m junk && git strack verify
	"
}

found 'by the key that ran it' 'reviewed by the one who ran it' '
	forge trust-add key=runner principal=rita roles=approve &&
	forge review @by=runner entry=$command verdict=ok'
found 'by the same principal' 'reviewed by the one who ran it' '
	forge review @by=laptop entry=$command verdict=ok'
found 'of what is not there' 'reviews what is not there' '
	forge review @by=approver verdict=ok \
		entry=$(echo nothing | sha256sum | cut -c 1-64)'
found 'of an outcome' 'reviews what is no command' '
	forge review @by=approver entry=$done verdict=ok'
found 'of a script' 'reviews what is not there' '
	forge review @by=approver entry=$mark verdict=ok'
found 'of a review' 'reviews what is no command' '
	forge review @by=approver entry=$command verdict=ok &&
	forge review @by=approver entry=$forge_id verdict=ok'
found 'with a verdict that there is not' 'unknown verdict' '
	forge review @by=approver entry=$command verdict=fine'
found 'from another environment' 'reviews a command of another environment' '
	forge review @by=second entry=$command verdict=ok \
		environment=production'
found 'of another run' 'another run' '
	forge review @by=approver entry=$command verdict=ok \
		run=01KB2ZJ6V3N8Q4T7W9XYEA9999'
found 'without the right' 'lacks the role .approve' '
	forge review @by=runner entry=$command verdict=ok'
found 'by nobody known' 'is not trusted' '
	forge review @by=stranger entry=$command verdict=ok'

test_expect_success 'a forged review covers nothing' '
	as_good && forge exec @by=runner && command=$forge_id &&
	run=$(sed -n "s/^run //p" "$forge_work/claim.$command") &&
	test "$(unreviewed)" = "$run" &&
	forge review @by=laptop entry=$command verdict=ok &&
	test "$(unreviewed)" = "$run" && git strack show "$run" >out &&
	grep "^Review: *none yet" out &&
	forge review @by=approver entry=$command verdict=fine &&
	test "$(unreviewed)" = "$run" &&
	forge review @by=approver entry=$command verdict=flag &&
	test -z "$(unreviewed)"
'

test_expect_success 'who turns out to be one person later, does so for all' '
	as_good && ! git strack log --exec | grep "does not count" &&
	forge trust-add key=approver principal=rita roles=approve &&
	git strack log --exec | grep "does not count: reviewed by" &&
	must_fail 1 git strack verify >out &&
	grep "reviewed by the one who ran it" out
'

test_done
