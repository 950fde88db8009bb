#!/bin/sh
test_description='run: claim, script, outcome, and what a script gets and says'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

test_expect_success 'no commit yet is said plainly' '
	git init -q unborn && (
		cd unborn &&
		write "scripts/${day}0001_a.sh" <<-\EOF &&
		#!/bin/sh
		EOF
		must_fail 128 git strack run 2>err &&
		grep "no commit yet" err
	)
'

test_expect_success 'runs what is pending once, oldest first' '
	repo r && cd r &&
	script "scripts/${day}0002_b.sh" <<-\EOF &&
	#!/bin/sh
	echo two >>"$STRACK_TOP/ran"
	EOF
	script "scripts/${day}0001_a.sh" <<-\EOF &&
	#!/bin/sh
	# strack: description First of all
	echo one >>ran
	echo out
	echo err >&2
	env | sort >env
	cat <&0 >stdin
	EOF
	git strack run >out 2>err &&
	printf "one\ntwo\n" >want && test_cmp want ran &&
	grep "First of all" out && grep "^err$" out &&
	git strack run >out && grep "nothing is pending" out &&
	test_cmp want ran &&
	test "$(kinds "scripts/${day}0001_a.sh")" = "claim done"
'

test_expect_success 'the environment of a script' '
	run=$(entry "scripts/${day}0001_a.sh" claim | field run) &&
	grep -x "STRACK_RUN=$run" env &&
	grep -x "STRACK_ENV=local" env &&
	grep -x "STRACK_SCRIPT=scripts/${day}0001_a.sh" env &&
	grep -x "STRACK_ATTEMPT=1" env &&
	grep -x "STRACK_FENCE=2" env &&
	grep -x "PYTHONUNBUFFERED=1" env &&
	grep -E "^STRACK_DEADLINE=[0-9]+$" env &&
	! grep -E "^GIT_(DIR|PREFIX|CONFIG_PARAMETERS)=" env &&
	test_must_be_empty stdin
'

test_expect_success 'git local variables are not passed on' '
	script "scripts/${day}0003_c.sh" <<-\EOF &&
	#!/bin/sh
	env >env3
	EOF
	GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=a.b GIT_CONFIG_VALUE_0=c \
		git -c x.y=z strack run --timeout 0 &&
	! grep ^GIT_CONFIG env3 | grep -v NOSYSTEM &&
	grep -x STRACK_DEADLINE= env3 &&
	test "$(entry "scripts/${day}0003_c.sh" claim | field limit)" = 0
'

test_expect_success 'output is what was written: size, digest, bytes' '
	script "scripts/${day}0004_d.sh" <<-\EOF &&
	#!/bin/sh
	printf "a\033[31m\303\251\0b"
	EOF
	git strack run >shown && grep "a.e\[31mé.x00b$" shown &&
	entry "scripts/${day}0004_d.sh" done >e &&
	printf "a\033[31m\303\251\0b" >want &&
	test "$(field output-bytes <e)" = 10 &&
	test "$(field output-sha256 <e)" = "$(sha256sum <want | cut -c 1-64)" &&
	git cat-file blob "$(field log <e)" >log && test_cmp want log &&
	test_cmp want ".git/strack/logs/$(field run <e).log"
'

test_expect_success 'skip, log, mask and unknown events' '
	script "scripts/${day}0005_e.sh" <<-\EOF &&
	#!/bin/sh
	echo "mask s3cr3t" >>"$STRACK_EVENTS"
	echo "it is s3cr3t and $MY_TOKEN"
	echo "log warn three of s3cr3t" >>"$STRACK_EVENTS"
	echo "nonsense" >>"$STRACK_EVENTS"
	echo "skip no s3cr3t needed" >>"$STRACK_EVENTS"
	EOF
	MY_TOKEN=abcdef123 git strack run >out 2>&1 &&
	grep -F "it is *** and ***" out && grep -F "warn: three of ***" out &&
	grep "unknown event: nonsense" out &&
	entry "scripts/${day}0005_e.sh" skip >e &&
	test "$(field reason <e)" = "no *** needed" &&
	! grep -r s3cr3t .git/strack && ! grep s3cr3t out e
'

test_expect_success 'skip does not count with a failure' '
	script "scripts/${day}0006_f.sh" <<-\EOF &&
	#!/bin/sh
	echo "skip me" >>"$STRACK_EVENTS"
	exit 3
	EOF
	must_fail 1 git strack run >out 2>err &&
	grep "exit 3" out && grep "run --retry scripts/${day}0006_f.sh" err &&
	grep "mark -m <why> scripts/${day}0006_f.sh" err &&
	test "$(entry "scripts/${day}0006_f.sh" fail | field exit)" = 3
'

test_expect_success 'a plain run stops before it; --retry goes on' '
	script "scripts/${day}0007_g.sh" <<-\EOF &&
	#!/bin/sh
	echo behind
	EOF
	must_fail 3 git strack run >out 2>err && ! grep behind out &&
	must_fail 1 git strack run --retry >out 2>&1 && ! grep behind out &&
	must_fail 1 git strack run --retry -k >out 2>&1 && grep behind out &&
	entry "scripts/${day}0006_f.sh" claim >e &&
	test "$(field attempt <e)" = 3 && test "$(field again <e)" = retry &&
	git strack mark -m enough "${day}0006_f.sh"
'

test_expect_success 'checkpoints reach the next attempt' '
	script "scripts/${day}0008_h.sh" <<-\EOF &&
	#!/bin/sh
	cat "$STRACK_RESUME" >>resumed
	echo "checkpoint last id $STRACK_ATTEMPT" >>"$STRACK_EVENTS"
	test "$STRACK_ATTEMPT" = 3
	EOF
	must_fail 1 git strack run && must_fail 1 git strack run --retry &&
	git strack run --retry &&
	printf "last id 1\nlast id 2\n" >want && test_cmp want resumed
'

test_expect_success 'arguments go to one script, and into the claim, masked' '
	script "scripts/${day}0009_i.sh" <<-\EOF &&
	#!/bin/sh
	printf "<%s>" "$@"
	EOF
	must_fail 129 git strack run -- x &&
	MY_TOKEN=abcdef123 git strack run 9_i.sh -- --pw abcdef123 "a b" "" >out &&
	grep -F "<--pw><***><a b><>" out &&
	test "$(entry "scripts/${day}0009_i.sh" claim | field args)" = \
		"--pw *** a%20b %00"
'

test_expect_success '--again needs a script and a reason' '
	must_fail 129 git strack run --again -m x &&
	must_fail 129 git strack run --again 9_i.sh &&
	git strack run 9_i.sh >out && grep already out &&
	git strack run --again -m "once more" 9_i.sh &&
	test "$(entry "scripts/${day}0009_i.sh" claim | field again)" = \
		"once more"
'

test_expect_success 'what changes while it runs is told' '
	script "scripts/${day}0010_j.sh" <<-\EOF &&
	#!/bin/sh
	echo "# more" >>"$0"
	EOF
	git strack run &&
	test "$(entry "scripts/${day}0010_j.sh" done |
		field changed-while-running)" = yes &&
	git checkout -q scripts
'

test_expect_success 'one that takes the state folder away is recorded' '
	script "scripts/${day}0011_k.sh" <<-\EOF &&
	#!/bin/sh
	cd .git/strack && rm -rf journal locks logs runs
	EOF
	git strack run && git strack run &&
	test "$(kinds "scripts/${day}0011_k.sh")" = "claim done"
'

test_expect_success '--json, and nothing else, on standard output' '
	script "scripts/${day}0012_l.sh" <<-\EOF &&
	#!/bin/sh
	echo noise
	exit 4
	EOF
	must_fail 1 git strack run --json >json 2>err && grep noise err &&
	test "$(wc -l <json)" = 1 &&
	grep "\"state\":\"failed\"" json && grep "\"exit\":4" json &&
	grep "\"failed\":1" json && git strack mark -m x 12_l.sh
'

test_expect_success 'a closed standard output ends nothing' '
	script "scripts/${day}0013_m.sh" <<-\EOF &&
	#!/bin/sh
	for i in 1 2 3 4 5; do echo "line $i"; sleep 0.05; done
	EOF
	(git strack run 2>err; :) | head -n 1 &&
	test_must_be_empty err &&
	test "$(kinds "scripts/${day}0013_m.sh")" = "claim done"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_done
