#!/bin/sh
test_description='git strack show: one run in full'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

test_expect_success 'set up' '
	must_fail 128 git strack show something &&
	must_fail 129 git strack show &&
	printf "for i in \$(seq 1 50); do echo line \$i; done\nexit 3\n" |
		script scripts/20260101_bad.sh &&
	printf "printf \"a\\\\033[31m\\\\377\"\n" |
		script scripts/20260102_odd.sh &&
	echo "echo never" | script scripts/20260103_never.sh &&
	must_fail 1 git strack run --keep-going --from-the-beginning \
		20260101 20260102 &&
	run=$(entry scripts/20260101_bad.sh fail | field run)
'

test_expect_success 'by script, run, prefix of it, and entry' '
	git strack show 20260101_bad >out &&
	head -n 1 out | grep -x "run $run" &&
	grep "^State:       failed" out &&
	grep "^Result: .*exit 3" out &&
	sed "s/ ([0-9].* ago)$//" out >want &&
	for name in "$run" "$(echo "$run" | cut -c 1-25)" \
		"$(echo "$run" | tr A-Z a-z)" \
		"$(git strack log --oneline --kind fail | cut -c 1-12)"
	do
		git strack show "$name" >got &&
		sed "s/ ([0-9].* ago)$//" got | cmp - want || return 1
	done
'

test_expect_success 'the end of the output, and all of it' '
	grep "^    line 50" out &&
	! grep "^    line 20" out &&
	git strack show --output "$run" >out &&
	seq 1 50 | sed "s/^/line /" >want &&
	test_cmp want out
'

test_expect_success 'without the local log the ledger has it' '
	rm .git/strack/logs/"$run".log &&
	git strack show --output "$run" >out &&
	test_cmp want out
'

test_expect_success 'the bytes that ran, even when the file is another now' '
	git show HEAD:scripts/20260101_bad.sh >want &&
	echo "# more" >>scripts/20260101_bad.sh &&
	git strack show --script 20260101_bad >out &&
	test_cmp want out &&
	git strack show --env local --script 20260101_bad >out &&
	test_cmp want out
'

test_expect_success '--raw: its entries, or the one that was named' '
	{
		entry scripts/20260101_bad.sh claim &&
		entry scripts/20260101_bad.sh fail
	} >want &&
	git strack show --raw "$run" >out &&
	test_cmp want out &&
	git strack show --raw \
		"$(git strack log --oneline --kind fail | cut -c 1-12)" >out &&
	entry scripts/20260101_bad.sh fail >want &&
	test_cmp want out
'

test_expect_success 'output as it is to a pipe, escaped on a terminal' '
	git strack show --output 20260102_odd >out &&
	printf "a\033[31m\377" >want &&
	cmp want out
'

test_expect_success SCRIPT 'output escaped on a terminal' '
	on_terminal "git strack show --output 20260102_odd" >out &&
	grep -F "a\\e[31m\\xFF" out &&
	! LC_ALL=C grep "$(printf "\033")" out
'

test_expect_success 'what was not found, or is not one' '
	must_fail 128 git strack show 20260103_never 2>err &&
	grep "never ran in local" err &&
	must_fail 128 git strack show --env staging 20260101_bad 2>err &&
	grep "it has entries in local" err &&
	must_fail 128 git strack show scripts/2026 2>err &&
	grep "20260102_odd" err &&
	must_fail 128 git strack show 7ZZZZZZZZZ 2>err &&
	grep "no run, entry or script" err
'

test_expect_success 'what was only marked is shown by its entry' '
	git strack mark -m "by hand" 20260103_never &&
	git strack show 20260103_never >out &&
	grep "^Kind:        mark" out &&
	grep "^Reason:      by hand" out
'

test_done
