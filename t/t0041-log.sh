#!/bin/sh
test_description='git strack log: the entries, newest first'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

test_expect_success 'without a ledger there is nothing, and none is founded' '
	git strack log >out &&
	test_must_be_empty out &&
	! git rev-parse -q --verify strack-ledger
'

test_expect_success 'set up' '
	echo "echo one" | script scripts/20260101_ok.sh &&
	echo "exit 3" | script scripts/20260102_bad.sh &&
	must_fail 1 git strack run --from-the-beginning &&
	git strack run --env staging --from-the-beginning 20260101_ok &&
	git strack mark -m "by hand" 20260102_bad
'

test_expect_success 'newest first, as many as the ledger has' '
	git strack log --oneline >out &&
	entries | sed "s/.*\.\([0-9a-f]\{12\}\)[0-9a-f]*$/\1/" | tac >want &&
	cut -d " " -f 1 out >got &&
	test_cmp want got &&
	git strack log | grep -c "^entry " >out &&
	test "$(cat out)" = "$(grep -c . want)"
'

test_expect_success 'it says what, where, who and why' '
	git strack log -n 1 >out &&
	grep "^Script:      scripts/20260102_bad.sh" out &&
	grep "^Environment: local" out &&
	grep "^Kind:        mark" out &&
	grep "^Who: " out &&
	grep "^Date: " out &&
	grep "^    by hand" out
'

test_expect_success 'by script, environment and kind; -n counts what is left' '
	test "$(git strack log --oneline 20260102_bad | grep -c .)" = 3 &&
	test "$(git strack log --oneline --env staging | grep -c .)" = 2 &&
	git strack log --oneline --kind fail,mark >out &&
	test "$(cut -d " " -f 2 out | tr "\n" " ")" = "mark: fail: " &&
	git strack log --oneline --kind claim -n 1 >out &&
	grep "claim: scripts/20260101_ok.sh (staging)" out &&
	test "$(git strack log -n 0)" = ""
'

test_expect_success 'wrong usage' '
	must_fail 129 git strack log --kind nonsense &&
	must_fail 129 git strack log --env "No Name" &&
	must_fail 129 git strack log -n x &&
	must_fail 129 git strack log --json --raw &&
	must_fail 128 git strack log nothing_like_it
'

test_expect_success '--raw: the very entries, oldest first' '
	git strack log --raw >out &&
	entries | while read -r path
	do
		git cat-file blob "strack-ledger:$path" || exit 1
	done >want &&
	test_cmp want out &&
	git strack log --raw -n 1 >out &&
	entry scripts/20260102_bad.sh mark >want &&
	test_cmp want out
'

test_expect_success JQ '--json: keys of the entry, its path and its commit' '
	git strack log --json >out &&
	test "$(grep -c . out)" = "$(entries | grep -c .)" &&
	jq -se "map(select(.kind == \"fail\")) | length == 1 and
		.[0].exit == 3 and .[0].attempt == 1" out &&
	jq -r ".entry + \" \" + .ledger_commit" out >pairs &&
	while read -r path commit
	do
		test "$(git log --diff-filter=A --format=%H strack-ledger \
			-- "$path")" = "$commit" || return 1
	done <pairs
'

test_expect_success 'history outlives its script' '
	git rm -q scripts/20260101_ok.sh &&
	git strack log --oneline 20260101_ok >out &&
	test "$(grep -c . out)" = 4
'

test_expect_success SCRIPT 'a terminal gets a pager, and its end is ours' '
	on_terminal "GIT_PAGER=\"sed s/^/paged:/\" git strack log -n 1" >out &&
	grep "^paged:.*entry " out &&
	on_terminal "GIT_PAGER=cat git strack log -n 1" >out &&
	! grep paged out &&
	on_terminal "GIT_PAGER=no-such-pager git strack log -n 1" >out &&
	grep "entry " out &&
	on_terminal "GIT_PAGER=true git strack log"
'

test_done
