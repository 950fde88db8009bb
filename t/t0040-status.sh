#!/bin/sh
test_description='git strack status: every script and its state'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

# state <script>: what --porcelain calls it, with its flags.
state() {
	git strack status --all --porcelain "$1" | cut -f 1,4 | tr '\t' ' '
}

test_expect_success 'no scripts: says so, and how to make one' '
	git strack status >out &&
	grep "no scripts in scripts/" out &&
	grep "git strack create" out &&
	git strack status --exit-code
'

test_expect_success 'no ledger: all is pending, and none is founded' '
	echo "echo one" | script scripts/20260101_ok.sh &&
	echo "exit 3" | script scripts/20260102_bad.sh &&
	echo "echo three" | script scripts/20260103_wait.sh &&
	git strack status --porcelain >out &&
	test "$(cut -f 1 out | sort -u)" = pending &&
	test "$(grep -c . out)" = 3 &&
	must_fail 1 git strack status --exit-code &&
	! git rev-parse -q --verify strack-ledger
'

test_expect_success 'done and failed, with why and how to go on' '
	must_fail 1 git strack run --from-the-beginning &&
	test "$(state 20260101_ok)" = "done " &&
	test "$(state 20260102_bad)" = "failed " &&
	test "$(state 20260103_wait)" = "pending " &&
	git strack status >out &&
	grep "^environment local" out &&
	grep "exit 3" out &&
	grep -- "-> git strack run --retry scripts/20260102_bad.sh" out &&
	grep "1 failed, 1 pending, 1 done" out
'

test_expect_success 'what needs a decision comes first, then pending, done' '
	git strack status | grep "^[a-z].*scripts/" | cut -d " " -f 1 >out &&
	printf "failed\npending\ndone\n" >want &&
	test_cmp want out
'

test_expect_success 'filters, and what --exit-code says of them' '
	test "$(git strack status --failed --porcelain | cut -f 1)" = failed &&
	test "$(git strack status --pending --porcelain | cut -f 1)" = pending &&
	git strack status --exit-code 20260101_ok &&
	must_fail 1 git strack status --exit-code 20260102_bad &&
	must_fail 1 git strack status --exit-code 20260103_wait &&
	must_fail 128 git strack status nothing_like_it &&
	must_fail 129 git strack status --json --porcelain
'

test_expect_success 'porcelain has fifteen fields, none of them raw' '
	git strack status --porcelain >out &&
	awk -F "\t" "NF != 15 { exit 1 }" out &&
	git strack mark -m "a	tab and 100%" 20260103_wait &&
	git strack status --porcelain 20260103_wait >out &&
	awk -F "\t" "NF != 15 { exit 1 }" out &&
	test "$(cut -f 15 out)" = "a%09tab and 100%25"
'

test_expect_success JQ 'JSON: all keys, null for what is not known' '
	echo "echo new" | script scripts/20260104_new.sh &&
	git strack status --json >out &&
	test "$(jq -r .environment out)" = local &&
	for k in script state flags run attempt time duration exit signal \
		timed_out reason user host signer trusted
	do
		jq -e "all(.scripts[]; has(\"$k\"))" out || return 1
	done &&
	jq -e ".scripts[] | select(.state == \"pending\")
		| .run == null and .exit == null and .trusted == null" out &&
	jq -e ".scripts[] | select(.state == \"failed\")
		| .exit == 3 and .trusted == true and .attempt == 1" out
'

test_expect_success 'changed, moved and gone' '
	echo "# more" >>scripts/20260101_ok.sh &&
	test "$(state 20260101_ok)" = "done changed" &&
	git checkout -q scripts/20260101_ok.sh &&
	test "$(state 20260101_ok)" = "done " &&
	mkdir scripts/old && git mv scripts/20260101_ok.sh scripts/old/ &&
	test "$(state scripts/old/20260101_ok.sh)" = "pending moved" &&
	must_fail 1 git strack status --exit-code scripts/old/20260101_ok.sh &&
	git mv scripts/old/20260101_ok.sh scripts/ &&
	git rm -q --cached scripts/20260103_wait.sh &&
	rm scripts/20260103_wait.sh &&
	! git strack status --porcelain | grep 20260103 &&
	git strack status --all --porcelain | grep 20260103 &&
	mv scripts/20260102_bad.sh kept && git strack status >out &&
	grep "failed .*20260102_bad" out && grep "gone from the work tree" out &&
	mv kept scripts/20260102_bad.sh
'

test_expect_success 'a script for other environments is not pending here' '
	printf "# strack: environments staging\necho\n" |
		script scripts/20260105_there.sh &&
	! git strack status --porcelain | grep 20260105 &&
	git strack status | grep "1 for other environments" &&
	git strack status --env staging --porcelain 20260105 >out &&
	test "$(cut -f 1 out)" = pending
'

test_expect_success 'a bad header and a missing requirement are told' '
	printf "# strack: tiemout 5m\n" | script scripts/20260106_typo.sh &&
	printf "# strack: requires 20250101_none.sh\necho\n" |
		script scripts/20260107_req.sh &&
	git strack status >out &&
	grep "tiemout.*line 1.*timeout" out &&
	test "$(state 20260107_req)" = "pending blocked" &&
	git rm -q scripts/20260106_typo.sh && git commit -q -m away
'

test_expect_success 'all environments as a table' '
	git strack run --env staging --from-the-beginning 20260101_ok &&
	git strack status --all-envs >out &&
	head -n 1 out | grep "script .*local .*staging" &&
	grep "20260101_ok.sh  *done  *done" out &&
	git strack status --all-envs --porcelain | cut -f 2 | sort -u >out &&
	printf "local\nstaging\n" >want &&
	test_cmp want out
'

test_expect_success 'control characters never reach the output raw' '
	git strack mark -m "$(printf "x\033[31m\302\233y")" 20260104_new &&
	git strack status >out && git strack status --json >>out &&
	git strack status --porcelain >>out && git strack log >>out &&
	git strack show 20260104_new >>out &&
	! LC_ALL=C grep "$(printf "\033")" out &&
	! LC_ALL=C grep "$(printf "\302\233")" out
'

test_expect_success SCRIPT 'a narrow terminal: nothing is wider than it' '
	on_terminal "stty cols 40; NO_COLOR=1 git strack status" |
		tr -d "\r" >out &&
	grep "20260101" out &&
	! grep -v -- "->" out | grep ".\{41\}"
'

test_expect_success 'a pipe gets whole names and no colour' '
	n=scripts/20260110_$(printf "%0150d" 0).sh &&
	echo echo | script "$n" &&
	git strack status >out &&
	grep -F "$n" out &&
	! LC_ALL=C grep "$(printf "\033")" out
'

test_expect_success 'the ledger is sound' '
	audit
'

test_done
