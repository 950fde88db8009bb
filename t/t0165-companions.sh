#!/bin/sh
test_description='companions: what undoes a script, and what judges it'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r && git strack init --no-hooks >/dev/null 2>&1 || exit 1
effect=$PWD/../effect
export effect


test_expect_success 'rollback runs the companion, and tells it what it undoes' '
	script scripts/20260101_a.sh <<-\EOF &&
	#!/bin/sh
	# strack: param LIMIT 7 How many
	echo "checkpoint last_id $((40 + STRACK_ATTEMPT))" >>"$STRACK_EVENTS"
	echo did >>"$effect"
	EOF
	script scripts/20260101_a.rollback.sh <<-\EOF &&
	#!/bin/sh
	# strack: timeout 1m
	{
		echo "undo $STRACK_UNDO $STRACK_RUN $STRACK_SCRIPT"
		echo "attempt $STRACK_ATTEMPT, limit $STRACK_PARAM_LIMIT"
		cat "$STRACK_RESUME"
		echo "at $STRACK_CHECKPOINT_LAST_ID"
	} >../told
	echo undid >>"$effect"
	echo "out of the rollback"
	EOF
	git strack run --from-the-beginning >/dev/null &&
	run=$(entry scripts/20260101_a.sh claim | field run) &&
	git strack rollback -m "it was wrong" 20260101_a >out 2>&1 &&
	grep "^rolling back scripts/20260101_a.sh with 20260101_a.rollback.sh" out &&
	grep "^out of the rollback" out && grep "^rolled-back scripts/20260101_a.sh" out &&
	entry scripts/20260101_a.sh undo >undo &&
	undo=$(field run <undo) &&
	cat >expect <<-EOF &&
	undo $run $undo scripts/20260101_a.sh
	attempt 1, limit 7
	last_id 41
	at 41
	EOF
	test_cmp expect ../told &&
	test "$(cat "$effect")" = "did
undid"
'

test_expect_success 'undo and outcome say what was run, and what undone' '
	blob=$(git rev-parse HEAD:scripts/20260101_a.sh) &&
	companion=$(git rev-parse HEAD:scripts/20260101_a.rollback.sh) &&
	test "$(field blob <undo)" = "$blob" &&
	test "$(field companion <undo)" = \
		"scripts/20260101_a.rollback.sh $companion" &&
	test "$(field limit <undo)" = 60 &&
	test "$(field reason <undo)" = "it was wrong" &&
	entry scripts/20260101_a.sh rollback >out &&
	test "$(field run <out)" = "$(field run <undo)" &&
	test "$(field exit <out)" = 0 && test -n "$(field log <out)" &&
	test "$(kinds scripts/20260101_a.sh)" = "claim done undo rollback" &&
	git strack status --json >json &&
	grep "\"state\": *\"rolled-back\"" json
'

test_expect_success 'what is rolled back waits for a person' '
	refused 3 "rolled back already" git strack rollback 20260101_a &&
	refused 3 "was not run: rolled-back" git strack run &&
	git strack run --retry >/dev/null &&
	test "$(git strack show --raw 20260101_a | field attempt)" != "" &&
	test "$(grep -c did "$effect")" = 3
'

test_expect_success 'a rollback that fails is loud, and leaves the script failed' '
	echo exit 5 >>scripts/20260101_a.rollback.sh &&
	refused 1 "is not rolled back: rollback: exit 5" \
		git strack rollback 20260101_a &&
	grep "git strack rollback scripts/20260101_a.sh" "$refusal" &&
	entry scripts/20260101_a.sh rollback-fail >out &&
	test "$(field exit <out)" = 5 &&
	git strack status >out && grep "^failed.*scripts/20260101_a.sh" out &&
	grep "rollback: exit 5" out
'

test_expect_success 'what is undone by half is not run again by --retry' '
	n=$(wc -l <"$effect") &&
	refused 3 "rollback: exit 5" git strack run --retry &&
	test "$(wc -l <"$effect")" = "$n" &&
	git checkout -q scripts/20260101_a.rollback.sh &&
	git strack rollback 20260101_a >/dev/null &&
	tail -n 1 ../told >out && echo "at 42" >expect && test_cmp expect out
'

test_expect_success 'what did not run has nothing to be undone' '
	script scripts/20260102_b.sh <<-\EOF &&
	#!/bin/sh
	exit 0
	EOF
	refused 3 "is pending in local: there is no run to undo" \
		git strack rollback 20260102_b &&
	git strack mark -m "by hand" 20260102_b >/dev/null &&
	refused 3 "is marked in local: there is no run" \
		git strack rollback 20260102_b &&
	git strack reset -m x 20260102_b >/dev/null &&
	git strack run 20260102_b >/dev/null &&
	refused 128 "has no rollback companion" \
		git strack rollback 20260102_b &&
	grep "write scripts/20260102_b.rollback.EXT" "$refusal" &&
	test_must_fail git strack rollback 2>err && grep "which script" err &&
	test_must_fail git strack rollback a b 2>err && grep "one script" err
'

test_expect_success 'on-failure rollback' '
	script scripts/20260103_c.sh <<-\EOF &&
	#!/bin/sh
	# strack: on-failure rollback
	# strack: idempotent yes
	# strack: retries 1
	echo "c $STRACK_ATTEMPT" >>"$effect"
	exit 3
	EOF
	refused 128 "20260103_c.sh has no rollback companion" \
		git strack run 20260103_c &&
	test "$(kinds scripts/20260103_c.sh)" = "" &&
	printf "%s\n" "#!/bin/sh" "echo undid c >>\"\$effect\"" |
		script scripts/20260103_c.rollback.sh &&
	refused 1 "20260103_c.sh failed: exit 3; it was rolled back" \
		git strack run 20260103_c &&
	test "$(kinds scripts/20260103_c.sh)" = \
		"claim fail claim fail undo rollback" &&
	test "$(tail -n 3 "$effect")" = "c 1
c 2
undid c"
'

test_expect_success 'and where that fails, both are told' '
	echo exit 4 >>scripts/20260103_c.rollback.sh &&
	git commit -qam "a bad rollback" &&
	refused 1 "exit 3; and scripts/20260103_c.sh is not rolled back: rollback: exit 4" \
		git strack run --retry 20260103_c &&
	git checkout -q HEAD^ -- scripts/20260103_c.rollback.sh &&
	git commit -qm "a good one" && git strack rollback 20260103_c >/dev/null
'

test_expect_success 'a verify companion judges a run that went well' '
	script scripts/20260104_d.sh <<-\EOF &&
	#!/bin/sh
	echo "mask s3cr3t" >>"$STRACK_EVENTS"
	[ ! -e ../skip ] || echo "skip not needed" >>"$STRACK_EVENTS"
	exit "$(cat ../d.exit)"
	EOF
	script scripts/20260104_d.verify.sh <<-\EOF &&
	#!/bin/sh
	# strack: timeout 2s
	echo "verify ${STRACK_EVENTS-no events} $STRACK_SCRIPT s3cr3t"
	cat ../v.sh
	. ../v.sh
	EOF
	echo 0 >../d.exit && echo "exit 0" >../v.sh &&
	git strack run 20260104_d >out &&
	grep "^verify: scripts/20260104_d.verify.sh" out &&
	grep "^verify no events scripts/20260104_d.sh \*\*\*\$" out &&
	entry scripts/20260104_d.sh done >e &&
	test "$(field companion <e)" = \
		"scripts/20260104_d.verify.sh $(git rev-parse HEAD:scripts/20260104_d.verify.sh)" &&
	git cat-file blob "$(field log <e)" >log &&
	grep "^verify no events" log
'

test_expect_success 'its failure makes the run failed, with that reason' '
	echo "exit 9" >../v.sh &&
	refused 1 "failed: verify: exit 9" \
		git strack run --again -m once 20260104_d &&
	entry scripts/20260104_d.sh fail >e &&
	test "$(field exit <e) $(field reason <e)" = "0 verify: exit 9" &&
	echo "sleep 60" >../v.sh &&
	refused 1 "verify: timed out after 2" git strack run --retry 20260104_d &&
	entry scripts/20260104_d.sh fail >e && test "$(field timed-out <e)" = 2 &&
	echo "kill -USR1 \$\$" >../v.sh &&
	refused 1 "verify: killed by SIGUSR1" git strack run --retry 20260104_d
'

test_expect_success 'it is not asked of what failed or skipped' '
	n=$(git strack log --json 20260104_d | grep -c companion) &&
	echo 3 >../d.exit && test_must_fail git strack run --retry 20260104_d &&
	echo 0 >../d.exit && : >../skip &&
	git strack run --retry 20260104_d >out && grep "^skipped" out &&
	rm ../skip && ! grep verify out &&
	test "$(git strack log --json 20260104_d | grep -c companion)" = "$n"
'

test_expect_success 'companions that leave a doubt are refused' '
	script scripts/20260105_e.sh </dev/null &&
	printf "%s\n" "#!/bin/sh" | script scripts/20260105_e.sh &&
	echo exit 0 | script scripts/20260105_e.verify.sh &&
	echo | script scripts/20260105_e.verify.py &&
	must_fail 128 git strack run 20260105_e 2>err &&
	grep "two verify companions, scripts/20260105_e.verify.py and scripts/20260105_e.verify.sh" err &&
	git rm -q scripts/20260105_e.verify.py &&
	echo | script scripts/20260105_e.py &&
	must_fail 128 git strack run 20260105_e.sh 2>err &&
	grep "may be the companion of scripts/20260105_e.sh or of scripts/20260105_e.py" err &&
	git rm -q scripts/20260105_e.py &&
	echo "# strack: timeout 5x" | script scripts/20260105_e.verify.sh &&
	must_fail 128 git strack run 20260105_e 2>err &&
	grep "20260105_e.verify.sh: timeout: .5x. is not a duration" err &&
	test "$(kinds scripts/20260105_e.sh)" = "" &&
	git rm -q scripts/20260105_e.verify.sh &&
	ln -s 20260105_e.sh scripts/20260105_e.verify.sh &&
	must_fail 128 git strack run 20260105_e 2>err &&
	grep "20260105_e.verify.sh: is a symbolic link" err &&
	rm scripts/20260105_e.verify.sh &&
	git rm -q scripts/20260105_e.* && git commit -qm "gone"
'

# <script>: its warden is killed when the effect is there
lost() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo "checkpoint at 5" >>"$STRACK_EVENTS"
	echo lost >>"$effect"
	kill -KILL "$PPID"
	exec sleep 60
	EOF
}

test_expect_success 'it decides about a run that was lost' '
	lost scripts/20260106_f.sh &&
	printf "%s\n" "#!/bin/sh" "echo \"\$STRACK_RUN\" >../asked" \
		". ../v.sh" | script scripts/20260106_f.verify.sh &&
	echo "exit 0" >../v.sh &&
	git strack run 20260106_f >out 2>err &&
	grep "^done  *scripts/20260106_f.sh" out && grep "killed by SIGKILL" err &&
	entry scripts/20260106_f.sh done >e &&
	test "$(field resolved <e) $(field run <e)" = "yes $(cat ../asked)" &&
	grep "20260106_f.verify.sh says that its effect is there" e &&
	echo "exit 1" >../v.sh &&
	must_fail 1 git strack run --again -m once 20260106_f >out 2>err &&
	grep "says that its effect is not there: exit 1" out &&
	test "$(kinds scripts/20260106_f.sh)" = "claim done claim fail" &&
	entry scripts/20260106_f.sh fail | grep "^checkpoint at=5\$"
'

test_expect_success 'but not about other bytes, and not when it can not tell' '
	echo "kill -KILL \$\$" >../v.sh &&
	must_fail 1 git strack run --retry 20260106_f >out 2>err &&
	grep "^lost" out && entry scripts/20260106_f.sh lost >e &&
	grep "verify.sh: killed by SIGKILL" e &&
	git strack resolve --failed -m looked 20260106_f >/dev/null &&
	lost scripts/20260107_g.sh &&
	sed -i "s/^kill/echo \"# more\" >>\"\$STRACK_SCRIPT\"; kill/" \
		scripts/20260107_g.sh && git commit -qam "it changes itself" &&
	printf "%s\n" "#!/bin/sh" "exit 0" | script scripts/20260107_g.verify.sh &&
	must_fail 1 git strack run 20260107_g >out 2>err && grep "^lost" out &&
	entry scripts/20260107_g.sh lost | grep "since the script changed" &&
	git checkout -q scripts &&
	git strack resolve --done -m looked 20260107_g >/dev/null
'

test_expect_success 'a rollback that is lost is decided by a person' '
	printf "%s\n" "#!/bin/sh" "kill -KILL \$PPID" "exec sleep 60" |
		script scripts/20260107_g.rollback.sh &&
	must_fail 1 git strack rollback 20260107_g 2>err &&
	grep "lost in its rollback\|killed by SIGKILL" err &&
	test "$(kinds scripts/20260107_g.sh)" = "claim lost done undo lost" &&
	refused 3 "nobody knows whether its rollback worked" \
		git strack run 20260107_g &&
	git strack resolve --done -m "it is undone" 20260107_g >out &&
	grep "^rolled-back  scripts/20260107_g.sh" out &&
	git strack status | grep "^rolled-back  scripts/20260107_g.sh"
'

test_expect_success 'a shared environment has it as it is committed' '
	printf "%s\n" "[environment \"staging\"]" "protected = yes" \
		>.strack.ini &&
	git add .strack.ini && git commit -qm staging &&
	git strack run --env staging --yes --from-the-beginning 20260102_b \
		>/dev/null &&
	printf "%s\n" "#!/bin/sh" "exit 1" | write scripts/20260102_b.verify.sh &&
	refused 3 "20260102_b.verify.sh is not what is committed" \
		git strack run --env staging --yes --again -m x 20260102_b &&
	rm scripts/20260102_b.verify.sh &&
	printf "%s\n" "#!/bin/sh" | write scripts/20260102_b.rollback.sh &&
	refused 3 "staging is protected: a rollback would run" \
		git strack rollback --env staging 20260102_b &&
	refused 3 "it is not what is committed" \
		git strack rollback --env staging --yes 20260102_b &&
	git strack rollback --env staging --yes --allow-dirty 20260102_b \
		>/dev/null &&
	entry scripts/20260102_b.sh undo | grep "^dirty yes"
'

test_expect_success 'a rollback that is relied on is committed, too' '
	printf "%s\n" "#!/bin/sh" "# strack: on-failure rollback" "exit 1" |
		script scripts/20260108_h.sh &&
	printf "%s\n" "#!/bin/sh" | write scripts/20260108_h.rollback.sh &&
	refused 3 "20260108_h.rollback.sh is not what is committed" \
		git strack run --env staging --yes 20260108_h &&
	test "$(kinds scripts/20260108_h.sh)" = "" &&
	rm scripts/20260108_h.rollback.sh && git rm -q scripts/20260108_h.sh &&
	git commit -qm "no h"
'

test_expect_success '--wait waits for the run that is to be undone' '
	printf "%s\n" "#!/bin/sh" "until [ -e ../go ]; do sleep 0.1; done" |
		script scripts/20260109_i.sh &&
	printf "%s\n" "#!/bin/sh" "echo undone >../i" |
		script scripts/20260109_i.rollback.sh &&
	git strack run --env local --detach 20260109_i >out &&
	refused 3 "20260109_i.sh is running" \
		git strack rollback --env local 20260109_i &&
	{ git strack rollback --env local --wait 20260109_i >out 2>&1 & } &&
	sleep 0.5 && test ! -e ../i && : >../go && wait $! && test -e ../i &&
	test "$(kinds scripts/20260109_i.sh)" = "claim done undo rollback"
'

test_expect_success 'create makes them with the script' '
	STRACK_TEST_NOW=1795256102 git strack create --lang python --rollback \
		--verify Give a theme >out &&
	cat >expect <<-\EOF &&
	scripts/20261121101502_give_a_theme.py
	scripts/20261121101502_give_a_theme.rollback.py
	scripts/20261121101502_give_a_theme.verify.py
	EOF
	test_cmp expect out &&
	grep "^# strack: description Undo: Give a theme" \
		scripts/20261121101502_give_a_theme.rollback.py &&
	for file in $(cat out); do
		test -x "$file" || return 1
	done &&
	git add scripts && git commit -qm theme &&
	must_fail 1 git strack run --env local give_a_theme >out 2>err &&
	grep "not written yet" out && grep "failed: verify: exit 1" err
'

test_expect_success 'the ledger is sound' 'audit'

test_done
