#!/bin/sh
test_description='remove: what is settled wherever it must be goes, and is retired'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

# state <script> [<env>]: what --porcelain calls it, with its flags.
state() {
	git strack status --all ${2:+--env "$2"} --porcelain "$1" |
		cut -f 1,4 | tr '\t' ' '
}

# run_in <env>...: everything that is pending there.
run_in() {
	for strack_e; do
		git strack run --env "$strack_e" --from-the-beginning || return 1
	done
}

test_expect_success 'a team with two environments' '
	printf "[environment \"staging\"]\n[environment \"production\"]\n" >.strack.ini &&
	git add .strack.ini && git commit -q -m settings &&
	echo "echo one" | script scripts/20260101_one.sh &&
	echo "echo back" | write scripts/20260101_one.rollback.py &&
	echo "exit 0" | write scripts/20260101_one.verify.sh &&
	git add scripts && git commit -q -m companions &&
	run_in staging
'

test_expect_success 'refused where it is not settled, with the commands' '
	git rev-parse HEAD strack-ledger >before &&
	refused 3 "production: pending" git strack remove 20260101_one &&
	grep "git strack run --env production scripts/20260101_one.sh" "$refusal" &&
	! grep staging "$refusal" &&
	test -f scripts/20260101_one.sh && test -z "$(git status --short -uno)" &&
	git rev-parse HEAD strack-ledger >after && test_cmp before after
'

test_expect_success 'one that may not go holds all that were named' '
	run_in production &&
	echo "exit 3" | script scripts/20260102_two.sh &&
	must_fail 1 git strack run --env staging &&
	refused 3 "staging: failed: exit 3; production: pending" \
		git strack remove 20260101_one 20260102_two &&
	grep "git strack run --env staging --retry scripts/20260102_two.sh" "$refusal" &&
	grep "git strack run --env production scripts/20260102_two.sh" "$refusal" &&
	test -f scripts/20260101_one.sh &&
	! entries | grep "\.retire\."
'

test_expect_success '--dry-run changes nothing and says what would go' '
	git rev-parse HEAD strack-ledger >before &&
	git strack remove --dry-run 20260101_one >out &&
	grep "would remove.*20260101_one.sh.*2 companions.*to be retired in staging, production" out &&
	test -z "$(git status --short -uno)" &&
	git rev-parse HEAD strack-ledger >after && test_cmp before after
'

test_expect_success 'it goes with its companions, and is retired everywhere' '
	echo staged >other && git add other &&
	git strack remove 20260101_one >out &&
	grep "removed  scripts/20260101_one.sh" out && grep "git commit" out &&
	git diff --cached --name-status >got &&
	printf "%s\n" "A	other" "D	scripts/20260101_one.rollback.py" \
		"D	scripts/20260101_one.sh" \
		"D	scripts/20260101_one.verify.sh" >want &&
	test_cmp want got &&
	test "$(kinds scripts/20260101_one.sh staging)" = "claim done retire" &&
	test "$(kinds scripts/20260101_one.sh production)" = "claim done retire" &&
	test "$(state 20260101_one staging)" = "retired "
'

test_expect_success 'the entry says which bytes went, and where git has them' '
	blob=$(git rev-parse HEAD:scripts/20260101_one.sh) &&
	entry scripts/20260101_one.sh production.retire >e &&
	test "$(field blob <e)" = "$blob" &&
	test "$(field commit <e)" = "$(git rev-parse HEAD)" &&
	test "$(field environment <e)" = production &&
	git log -1 --format=%s strack-ledger | grep "^retire: scripts/20260101_one.sh ("
'

test_expect_success 'what is staged is committed by a later --commit, alone' '
	git strack remove --commit 20260101_one >out &&
	grep "committed: Remove settled script 20260101_one.sh" out &&
	test "$(git show --format= --name-status HEAD | cut -c 1 | sort -u)" = D &&
	test "$(git show --format= --name-only HEAD | wc -l)" = 3 &&
	test "$(git diff --cached --name-status)" = "A	other" &&
	test "$(kinds scripts/20260101_one.sh staging)" = "claim done retire" &&
	git commit -q -m other
'

test_expect_success 'the message lists where and when it ran' '
	run=$(entry scripts/20260101_one.sh production.claim | field run) &&
	when=$(entry scripts/20260101_one.sh production.done | field time) &&
	git log -1 --format=%B HEAD~1 >message &&
	test "$(sed -n 1p message)" = "Remove settled script 20260101_one.sh" &&
	test -z "$(sed -n 2p message)" &&
	grep "^scripts/20260101_one.sh$" message &&
	grep "^    production: done ${when%.*}Z, run $run, by $(id -un) on " message &&
	grep "^    staging: done " message
'

test_expect_success 'said again, there is nothing left to do' '
	git rev-parse HEAD strack-ledger >before &&
	git strack remove --commit 20260101_one >out &&
	grep "already  scripts/20260101_one.sh  retired" out &&
	git rev-parse HEAD strack-ledger >after && test_cmp before after
'

test_expect_success 'the bytes that ran are shown for ever' '
	printf "echo one\n" >want &&
	git reflog expire --expire=now --all && git gc -q --prune=now &&
	git strack show --env production --script scripts/20260101_one.sh >got &&
	test_cmp want got
'

test_expect_success '--settled takes what may go and says what may not yet' '
	echo "echo three" | script scripts/20260103_three.sh &&
	printf "%s\n" "# strack: environments staging" "echo four" |
		script scripts/20260104_four.sh &&
	git strack mark --env staging -m "not needed" 20260102_two &&
	git strack run --env staging &&
	git strack remove --settled --commit >out &&
	grep "not yet  scripts/20260102_two.sh  production: pending" out &&
	grep "not yet  scripts/20260103_three.sh  production: pending" out &&
	grep "removed  scripts/20260104_four.sh  retired in staging" out &&
	git log -1 --format=%s | grep "^Remove settled script 20260104_four.sh" &&
	git strack mark --env production -m "not needed" 20260102_two &&
	git strack run --env production &&
	git strack remove --settled --commit &&
	git log -1 --format=%B >message &&
	test "$(head -n 1 message)" = "Remove 2 settled scripts" &&
	grep -A 2 "^scripts/20260102_two.sh" message >two &&
	grep "production: marked" two && ! grep "run" two
'

test_expect_success '--settled with nothing to take is fine, and has no arguments' '
	git strack remove --settled >out && grep "nothing may be removed" out &&
	must_fail 129 git strack remove --settled x &&
	must_fail 129 git strack remove &&
	must_fail 128 git strack remove no_such_script
'

test_expect_success 'an emptied folder goes, but not the one we stand in' '
	echo "echo five" | script scripts/2026/20260105_five.sh &&
	echo "echo six" | script scripts/2027/20260106_six.sh &&
	run_in staging production &&
	(
		cd scripts/2026 &&
		git strack remove 20260105_five.sh ../2027/20260106_six.sh &&
		pwd -P
	) &&
	test -d scripts/2026 && ! test -e scripts/2027 &&
	git commit -q -m gone
'

test_expect_success 'changed after it ran: refused, until that is decided' '
	echo "echo seven" | script scripts/20260107_seven.sh &&
	run_in staging production &&
	echo "echo 7" | script scripts/20260107_seven.sh &&
	refused 3 "staging: changed.*production: changed" \
		git strack remove 20260107_seven &&
	grep "git strack mark --env production -m <why> scripts/20260107_seven.sh" "$refusal" &&
	git strack mark --env staging -m "only a comment" 20260107_seven &&
	git strack mark --env production -m "only a comment" 20260107_seven
'

test_expect_success 'changes that are not committed are never lost' '
	echo "echo more" >>scripts/20260107_seven.sh &&
	refused 3 "20260107_seven.sh has changes that are not committed" \
		git strack remove 20260107_seven &&
	git add scripts &&
	refused 3 "20260107_seven.sh has changes that are staged" \
		git strack remove 20260107_seven &&
	git reset -q --hard &&
	echo "exit 1" | write scripts/20260107_seven.verify.sh &&
	git add scripts &&
	refused 3 "20260107_seven.verify.sh has changes that are staged" \
		git strack remove 20260107_seven &&
	test -f scripts/20260107_seven.sh && ! entries 20260107_seven | grep retire &&
	git strack remove --settled >out && grep "not yet.*verify.sh has changes" out &&
	git rm -q -f scripts/20260107_seven.verify.sh
'

test_expect_success 'a file that is missed already goes without a word' '
	rm scripts/20260107_seven.sh &&
	git strack remove --commit 20260107_seven &&
	test "$(kinds scripts/20260107_seven.sh staging)" = "claim done mark retire"
'

test_expect_success 'a companion that another script shares stays with it' '
	echo "echo 8" | script scripts/20260108_eight.sh &&
	printf "%s\n" "# strack: environments elsewhere" "print(8)" |
		script scripts/20260108_eight.py &&
	echo "echo back" | script scripts/20260108_eight.rollback.sh &&
	run_in staging production &&
	git strack remove --commit scripts/20260108_eight.sh &&
	test -f scripts/20260108_eight.rollback.sh &&
	test "$(git show --format= --name-only HEAD)" = scripts/20260108_eight.sh &&
	git rm -q scripts/20260108* && git commit -q -m "no more"
'

test_expect_success 'names that are patterns to git are taken as they are' '
	mkdir -p "scripts/a b" &&
	echo "echo star" | script "scripts/a b/20260109_*.sh" &&
	echo "echo x" | script "scripts/a b/20260109_x.sh" &&
	git strack run --env staging "scripts/a b/20260109_*.sh" &&
	git strack run --env production "scripts/a b/20260109_*.sh" &&
	GIT_GLOB_PATHSPECS=1 git strack remove --commit "scripts/a b/20260109_*.sh" &&
	test -f "scripts/a b/20260109_x.sh" &&
	git log -1 --format=%B | grep -F "scripts/a b/20260109_*.sh" &&
	git rm -q -r scripts && git commit -q -m "no more"
'

test_expect_success 'removed by hand: shown as retired, and remove records it' '
	echo "echo ten" | script scripts/20260110_ten.sh &&
	git branch behind HEAD~1 &&
	run_in staging production &&
	git rm -q scripts/20260110_ten.sh && git commit -q -m "by hand" &&
	test "$(state 20260110_ten production)" = "retired " &&
	git strack remove 20260110_ten >out && grep "retired in " out &&
	test "$(kinds scripts/20260110_ten.sh production)" = "claim done retire" &&
	test -z "$(git diff --cached --name-only)"
'

test_expect_success 'what was never on this branch was not removed from it' '
	echo "echo eleven" | script scripts/20260111_eleven.sh &&
	run_in staging production &&
	git checkout -q behind &&
	refused 3 "never on this branch" git strack remove 20260111_eleven &&
	git strack remove --settled && git checkout -q main &&
	! entries 20260111_eleven | grep retire
'

test_expect_success 'not in a commit of its own while a merge is under way' '
	git checkout -q -b side behind && echo side >README && git commit -q -a -m side &&
	git checkout -q main && echo main >README && git commit -q -a -m main &&
	test_must_fail git merge side &&
	refused 3 "a merge is under way" git strack remove --commit 20260111_eleven &&
	test -f scripts/20260111_eleven.sh && ! entries 20260111_eleven | grep retire &&
	git merge --abort
'

test_expect_success 'a hook that says no: the rest is done, and the message says what is left' '
	mkdir -p .git/hooks && printf "#!/bin/sh\necho not today >&2\nexit 1\n" >.git/hooks/pre-commit &&
	chmod +x .git/hooks/pre-commit &&
	refused 128 "git commit failed" git strack remove --commit 20260111_eleven &&
	grep "not today" "$refusal" && grep "git commit$" "$refusal" &&
	test "$(git diff --cached --name-status)" = "D	scripts/20260111_eleven.sh" &&
	test "$(kinds scripts/20260111_eleven.sh staging)" = "claim done retire" &&
	rm .git/hooks/pre-commit &&
	git strack remove --settled --commit >out &&
	grep "committed: Remove settled script 20260111_eleven.sh" out &&
	test -z "$(git status --short -uno)" &&
	git log -1 --format=%B | grep "staging: done" &&
	test "$(kinds scripts/20260111_eleven.sh staging)" = "claim done retire"
'

test_expect_success 'in local: each clone for itself, and not what git does not have' '
	git init -q ../solo && cd ../solo &&
	git commit -q --allow-empty -m start &&
	echo "echo mine" | write scripts/20260101_mine.sh &&
	git strack run --from-the-beginning &&
	refused 3 "it is not in git" git strack remove 20260101_mine &&
	grep "rm -- scripts/20260101_mine.sh" "$refusal" &&
	rm scripts/20260101_mine.sh && git strack remove 20260101_mine &&
	test "$(kinds scripts/20260101_mine.sh local)" = "claim done retire" &&
	entry scripts/20260101_mine.sh local.retire | field clone | grep . &&
	echo "echo ours" | script scripts/20260102_ours.sh &&
	refused 3 "local: pending" git strack remove 20260102_ours &&
	git strack run && git strack remove --commit 20260102_ours &&
	audit && cd ../r
'

test_expect_success 'one that was run at hand in no named environment: --env says where' '
	cd ../solo && echo "echo far" | script scripts/20260103_far.sh &&
	git strack run --env far --from-the-beginning &&
	must_fail 3 git strack remove 20260103_far &&
	git strack remove --env far --commit 20260103_far &&
	test "$(kinds scripts/20260103_far.sh far)" = "claim done retire" &&
	cd ../r
'

test_expect_success 'while a run is open, in whatever environment, nothing goes' '
	echo "while ! test -e ../go; do sleep 0.05; done" | script scripts/20260112_slow.sh &&
	git strack mark --env staging -m x 20260112_slow &&
	git strack mark --env production -m x 20260112_slow &&
	{ git strack run --env demo 20260112_slow --from-the-beginning >/dev/null 2>&1 & } &&
	wait_for "entries 20260112_slow | grep demo.claim" &&
	refused 3 "demo: running" git strack remove 20260112_slow &&
	touch ../go && wait &&
	git strack remove --commit 20260112_slow >out &&
	grep "retired in staging, production, demo" out
'

test_expect_success 'a linked work tree, and no bare repository' '
	echo "echo 13" | script scripts/20260113_linked.sh &&
	run_in staging production &&
	git worktree add -q ../linked &&
	(cd ../linked/scripts && git strack remove --commit 20260113_linked) &&
	! test -e ../linked/scripts/20260113_linked.sh &&
	test -f scripts/20260113_linked.sh &&
	test "$(state 20260113_linked staging)" = "retired " &&
	git merge -q linked && ! test -e scripts/20260113_linked.sh &&
	git clone -q --bare . ../bare.git &&
	refused 128 "bare repository" git -C ../bare.git strack remove 20260113_linked
'

test_expect_success 'a key that may not sign there is told before anything is done' '
	echo "echo 14" | script scripts/20260114_key.sh &&
	run_in staging production &&
	ssh-keygen -q -t ed25519 -N "" -f ../stranger &&
	must_fail 3 git -c gpg.format=ssh -c user.signingKey="$PWD/../stranger" \
		strack remove 20260114_key 2>err &&
	grep "production\|staging" err && grep "git strack trust add" err &&
	test -f scripts/20260114_key.sh && test -z "$(git status --short -uno)"
'

test_expect_success 'a requirement that was removed stays met, also by its base name' '
	printf "%s\n" "# strack: requires 20260114_key.sh" "echo 15" |
		script scripts/20260115_needs.sh &&
	git strack remove --commit 20260114_key &&
	git strack run --env staging 20260115_needs &&
	test "$(state 20260115_needs staging)" = "done "
'

test_expect_success 'the ledger is sound' '
	audit && git strack verify
'

test_done
