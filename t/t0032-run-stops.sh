#!/bin/sh
test_description='run: what is asked and refused before anything starts'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

test_expect_success 'set-up' '
	repo r && cd r &&
	script scripts/20250101000000_old.sh <<-\EOF &&
	#!/bin/sh
	echo old
	EOF
	script "scripts/${day}0001_a.sh" <<-\EOF
	#!/bin/sh
	echo a
	EOF
'

test_expect_success 'old scripts in a new environment are not replayed' '
	must_fail 3 git strack run >out 2>err && ! grep ^old out &&
	grep "run --from-the-beginning" err && grep "mark --baseline" err &&
	! git rev-parse -q --verify strack-ledger &&
	git strack run --from-the-beginning -n >out &&
	grep "would run" out && ! git rev-parse -q --verify strack-ledger &&
	git strack run --from-the-beginning && git strack run
'

test_expect_success 'an environment must be chosen where some are named' '
	printf "[environment \"staging\"]\n" >.strack.ini &&
	printf "[environment \"production\"]\nprotected = yes\nafter = staging\n" \
		>>.strack.ini &&
	must_fail 3 git strack run 2>err && grep -e "--env staging" err &&
	STRACK_ENV=local git strack run && git strack run --env local
'

test_expect_success 'shared environments take what is committed' '
	must_fail 3 git strack run --env staging --from-the-beginning 2>err &&
	grep "strack.ini is not what is committed" err &&
	git add .strack.ini && git commit -q -m ini &&
	echo "# more" >>"scripts/${day}0001_a.sh" &&
	must_fail 3 git strack run --env staging --from-the-beginning 2>err &&
	grep "is not what is committed" err &&
	git strack run --env staging --from-the-beginning --allow-dirty &&
	entry "scripts/${day}0001_a.sh" claim >e &&
	test "$(field dirty <e)" = yes &&
	test "$(field config <e)" = "$(git rev-parse HEAD:.strack.ini)" &&
	git checkout -q scripts
'

test_expect_success 'a protected environment is asked for' '
	must_fail 3 setsid git strack run --env production \
		--from-the-beginning </dev/null 2>err &&
	grep -e "--yes" err &&
	must_fail 3 git strack run --env production --yes \
		--from-the-beginning a.sh 2>err &&
	grep "other bytes of it are done in staging" err &&
	git strack run --env production --yes --from-the-beginning old.sh
'

test_expect_success 'a bad header stops before anything runs' '
	script "scripts/${day}0002_ok.sh" <<-\EOF &&
	#!/bin/sh
	echo fine
	EOF
	script "scripts/${day}0003_bad.sh" <<-\EOF &&
	#!/bin/sh
	# strack: timeot 5m
	EOF
	must_fail 128 git strack run --env local >out 2>err && ! grep fine out &&
	grep "bad.sh.*timeot.*line 2.*timeout" err &&
	must_fail 3 git strack run --env local -k >out 2>err && grep fine out
'

test_expect_success 'what is required goes first, or blocks' '
	git rm -q "scripts/${day}0003_bad.sh" &&
	script "scripts/${day}0004_f.sh" <<-\EOF &&
	#!/bin/sh
	exit 1
	EOF
	script "scripts/${day}0005_r.sh" <<-EOF &&
	#!/bin/sh
	# strack: requires ${day}0004_f.sh
	EOF
	must_fail 1 git strack run --env local -k >out 2>err &&
	grep "^blocked .*0005_r.sh.*requires" out &&
	must_fail 3 git strack run --env local 0005_r.sh 2>err &&
	git strack mark --env local -m x 0004_f.sh &&
	git strack run --env local
'

test_expect_success 'options that make no sense' '
	must_fail 129 git strack run --timeout 5x &&
	must_fail 129 git strack run -m x &&
	must_fail 129 git strack run --again --retry -m x a.sh &&
	must_fail 129 git strack run --nonsense &&
	must_fail 128 git strack run --env local nosuch 2>err &&
	grep nosuch err
'

test_expect_success 'two at once: one runs, one is told; --wait waits' '
	script "scripts/${day}0006_w.sh" <<-\EOF &&
	#!/bin/sh
	echo ran >>ran; touch begun
	while test -e begun; do sleep 0.05; done
	EOF
	{ git-strack run --env local >first 2>&1 & } && pid=$! &&
	wait_for "test -e begun" &&
	must_fail 3 git strack run --env local >out 2>err && grep running err &&
	{ git-strack run --env local --wait >second 2>&1 & } && pid2=$! &&
	sleep 0.3 && rm begun && wait $pid && wait $pid2 &&
	test "$(cat ran)" = ran
'

test_expect_success 'many at once run each script once' '
	for i in 1 2 3 4 5; do
		script "scripts/${day}010${i}_m.sh" <<-\EOF || return 1
		#!/bin/sh
		echo "$STRACK_SCRIPT" >>many
		EOF
	done &&
	for i in 1 2 3 4 5 6; do
		git-strack run --env local --wait >"many.$i" 2>&1 &
	done &&
	wait && test "$(sort many | uniq | wc -l)" = 5 &&
	test "$(wc -l <many)" = 5 && git strack verify && audit
'

test_expect_success 'cleanup trims logs' '
	git strack cleanup --dry-run --keep-logs 0 >out && grep logs out || {
		sleep 1.1 && git strack cleanup -n --keep-logs 0 >out &&
		grep "full log" out
	} &&
	git strack cleanup --keep-logs 0 && test -z "$(ls .git/strack/logs)" &&
	must_fail 129 git strack cleanup --keep-logs soon
'

test_done
