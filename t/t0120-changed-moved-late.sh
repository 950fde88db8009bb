#!/bin/sh
test_description='changed, moved, merged late, removed by hand, run again'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

# state <script>: what --porcelain calls it, with its flags.
state() {
	git strack status --all --porcelain "$1" | cut -f 1,4 | tr '\t' ' '
}

test_expect_success 'two that ran' '
	echo "echo one >>../done" | script scripts/20260101_one.sh &&
	echo "echo two >>../done" | script scripts/20260201_two.sh &&
	git strack run --from-the-beginning &&
	test "$(cat ../done | tr "\n" " ")" = "one two "
'

test_expect_success 'merged late: pending, shown as late, and run' '
	git checkout -q -b topic HEAD~1 &&
	echo "echo late >>../done" | script scripts/20260115_late.sh &&
	git checkout -q main && git merge -q -m merge topic &&
	echo "echo new >>../done" | script scripts/20260301_new.sh &&
	test "$(state 20260115_late)" = "pending late" &&
	test "$(state 20260301_new)" = "pending " &&
	git strack status | grep "pending late  *scripts/20260115_late.sh" &&
	git strack status --json |
		jq -e ".scripts[] | select(.script | test(\"late\")) |
			.flags == [\"late\"]" &&
	git strack run &&
	test "$(cat ../done | tr "\n" " ")" = "one two late new " &&
	test "$(state 20260115_late)" = "done "
'

test_expect_success 'one that a person made pending again is not late' '
	git strack reset -m "once more" 20260101_one &&
	test "$(state 20260101_one)" = "pending " &&
	git strack mark -m "no need" 20260101_one
'

test_expect_success 'what is for other environments is not late here' '
	echo "# strack: environments elsewhere" |
		script scripts/20260120_not_here.sh &&
	test "$(state 20260120_not_here)" = "pending " &&
	git rm -q scripts/20260120_not_here.sh && git commit -q -m away
'

test_expect_success 'changed: the bytes differ, not what a filter makes of them' '
	echo "scripts/* text eol=crlf" >.gitattributes &&
	git add .gitattributes && git commit -q -m crlf &&
	rm scripts/20260201_two.sh &&
	git checkout -q -- scripts/20260201_two.sh &&
	grep -q "$(printf "\r")" scripts/20260201_two.sh &&
	test "$(state 20260201_two)" = "done " &&
	echo "echo 2" >>scripts/20260201_two.sh &&
	test "$(state 20260201_two)" = "done changed" &&
	git strack run &&
	test "$(grep -c two ../done)" = 1 &&
	git rm -q .gitattributes && git commit -q -m "no crlf" &&
	rm scripts/20260201_two.sh && git checkout -q -- scripts &&
	test "$(state 20260201_two)" = "done "
'

test_expect_success 'changed: a smudge and a clean filter cause none' '
	git config filter.up.smudge "tr a-z A-Z" &&
	git config filter.up.clean "tr A-Z a-z" &&
	echo "scripts/20260301_new.sh filter=up" >.gitattributes &&
	git add .gitattributes && git commit -q -m filter &&
	rm scripts/20260301_new.sh &&
	git checkout -q -- scripts/20260301_new.sh &&
	grep -q "ECHO NEW" scripts/20260301_new.sh &&
	test "$(state 20260301_new)" = "done " &&
	git rm -q .gitattributes && git commit -q -m "no filter" &&
	rm scripts/20260301_new.sh &&
	git checkout -q -- scripts/20260301_new.sh
'

test_expect_success 'moved: a rename is not run again, and says how to go on' '
	git mv scripts/20260301_new.sh scripts/20260302_renamed.sh &&
	git commit -q -m rename &&
	test "$(state 20260302_renamed)" = "pending moved" &&
	must_fail 3 git strack run 2>err &&
	grep "it ran before as scripts/20260301_new.sh" err &&
	grep "git strack mark -m <why> scripts/20260302_renamed.sh" err &&
	grep "git strack run --again -m <why> scripts/20260302_renamed.sh" err &&
	test "$(grep -c new ../done)" = 1
'

test_expect_success 'moved: mark gets past it, or run --again with a reason' '
	git strack mark -m "it is the same" 20260302_renamed &&
	test "$(state 20260302_renamed)" = "marked " &&
	git mv scripts/20260302_renamed.sh scripts/20260303_again.sh &&
	git commit -q -m "rename it again" &&
	must_fail 129 git strack run --again 20260303_again &&
	git strack run --again -m "on purpose" 20260303_again &&
	test "$(grep -c new ../done)" = 2 &&
	test "$(kinds scripts/20260303_again.sh)" = "claim done" &&
	test "$(entry scripts/20260303_again.sh claim | field again)" = "on purpose"
'

test_expect_success 'a folder that was renamed takes its scripts along' '
	git mv scripts/20260303_again.sh scripts/20260304_x.sh &&
	mkdir scripts/old && git mv scripts/20260201_two.sh scripts/old/ &&
	git commit -q -m move &&
	test "$(state 20260201_two.sh | head -n 1)" != "pending " &&
	git strack status --porcelain |
		grep "^pending.local.scripts/old/20260201_two.sh.moved" &&
	git reset -q --hard HEAD~1
'

test_expect_success 'removed by hand: retired, and not run when it comes back' '
	git rm -q scripts/20260101_one.sh scripts/20260115_late.sh &&
	test "$(state scripts/20260115_late.sh)" = "retired " &&
	git commit -q -m "done with them" &&
	git strack status --all >out &&
	grep "retired  *scripts/20260115_late.sh" out &&
	git strack status --all --json | jq -e ".scripts[] |
		select(.script == \"scripts/20260101_one.sh\") |
		.state == \"retired\" and .gone" &&
	git strack status >out && ! grep 20260115_late out &&
	echo "echo late >>../done" | script scripts/20260115_late.sh &&
	test "$(state 20260115_late)" = "done " &&
	git strack run && test "$(grep -c late ../done)" = 1
'

test_expect_success 'a file that is only missed is not retired' '
	rm scripts/20260115_late.sh &&
	test "$(state scripts/20260115_late.sh)" = "done " &&
	git checkout -q -- scripts/20260115_late.sh
'

test_expect_success 'run --again for one that is run more than once on purpose' '
	must_fail 129 git strack run --again -m "no script" &&
	git strack run --again -m "second time" 20260115_late &&
	test "$(grep -c late ../done)" = 2 &&
	git strack run && test "$(grep -c late ../done)" = 2 &&
	test "$(entry scripts/20260115_late.sh done | field attempt)" = 2
'

test_expect_success 'what ran can be shown for ever' '
	git cat-file blob HEAD:scripts/20260115_late.sh >want &&
	git rm -q scripts/20260115_late.sh && git commit -q -m gone &&
	git checkout -q --orphan fresh && git commit -q -m fresh &&
	git branch -q -D main topic && git reflog expire --expire=now --all &&
	git gc -q --prune=now &&
	git strack show --script scripts/20260115_late.sh >got &&
	test_cmp want got &&
	run=$(entry scripts/20260115_late.sh claim | field run) &&
	git strack show --script "$run" >got && test_cmp want got
'

test_expect_success 'the ledger is sound' '
	audit && git strack verify
'

test_done
