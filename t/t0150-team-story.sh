#!/bin/sh
test_description='a script from its first line to its removal, in two clones'
. "$(dirname "$0")/lib-strack.sh"

# The story of the README, in its order.

ada() { (cd ../ada && "$@"); }
ben() { (cd ../ben && "$@"); }

# clone <name>: of the shop, of that person.
clone() {
	git clone -q shop.git "$1" 2>/dev/null &&
	git -C "$1" config user.name "$1" &&
	git -C "$1" config user.email "$1@example.com"
}

test_expect_success 'Ada founds the ledger, with rules for production' '
	git init -q --bare shop.git && clone ada && cd ada &&
	git commit -q --allow-empty -m start && git push -q origin main &&
	git strack init >../said && grep "^hooks .*\.git/hooks" ../said &&
	cat >>.strack.ini <<-\EOF &&
	[environment "production"]
	protected = yes
	approvals = 1
	EOF
	git add .strack.ini && git commit -q -m "Which ledger is ours" &&
	git push -q origin main
'

test_expect_success 'Ben joins: init says which line a root must type' '
	cd .. && clone ben && cd ben &&
	git strack init >../said 2>err &&
	grep "came from the remote .origin" err &&
	key=$(sed -n "s/.*git strack trust add .\(ssh-[^ ]* [^ ]*\). .*/\1/p" \
		../said) && test -n "$key" &&
	ada git strack trust add "$key" --principal ben@example.com \
		--roles run,approve && git strack sync
'

test_expect_success 'Ada writes a script, and checks it before the merge' '
	cd ../ada && git checkout -q -b theme &&
	s=$(git strack create Give every user a theme) &&
	cat >"$s" <<-\EOF &&
	#!/bin/sh
	# strack: description Give every user a theme
	mkdir -p data
	echo light >>data/theme
	echo 3 users have the light theme
	EOF
	git add . && git commit -q -m "Give every user a theme" &&
	git strack check --base main 2>said && grep "1 script checked" said &&
	echo "# strack: timeout 5x" >>"$s" && git commit -q -a -m typo &&
	must_fail 1 git strack check --base main >said && grep "5x" said &&
	rm said && git reset -q --hard HEAD~1 && git checkout -q main 2>/dev/null &&
	git merge -q --no-ff -m "Merge theme" theme 2>/dev/null &&
	git push -q origin main
'

test_expect_success 'Ben pulls, and a hook tells him what came in' '
	cd ../ben && git pull -q 2>err &&
	grep "1 script came in and waits" err &&
	grep "Give every user a theme" err && grep "added by ada" err &&
	grep "has 0 of 1 approvals" err &&
	grep "git strack approve --env production $s" err
'

test_expect_success 'nobody has approved it: it does not run in production' '
	must_fail 3 ada git strack run --env production --yes >said 2>&1 &&
	grep "has 0 of 1 approvals" said &&
	must_fail 3 ada git strack approve --env production theme 2>err &&
	grep "nobody approves what they wrote" err && rm said err
'

test_expect_success 'Ben approves these bytes, Ada runs them' '
	git strack approve --env production theme && cd ../ada &&
	must_fail 3 git strack run --env production </dev/null 2>err &&
	grep "production is protected" err && rm err &&
	git strack run --env production --yes &&
	test "$(kinds "$s" production)" = "approve claim done" &&
	test "$(cat data/theme)" = light &&
	git strack run --env production --yes &&
	test "$(grep -c . data/theme)" = 1
'

test_expect_success 'an ad-hoc command leaves a trace, and Ben looks at it' '
	git strack exec --env production --yes -m "Did every user get one?" \
		-- cat data/theme >said && grep "^light$" said && rm said &&
	cd ../ben && git strack sync -q &&
	git strack log --unreviewed --json >log && run=$(jq -r .run log) &&
	git strack review "$run" --ok -m "Only read" &&
	test -z "$(git strack log --unreviewed --json)" && rm log &&
	must_fail 3 ada git strack review "$run" --ok -m "My own"
'

test_expect_success 'it may go, and it is Ada who is to remove it' '
	git strack remind >said && grep "1 script can go" said &&
	! grep "yours to remove" said && rm said && cd ../ada &&
	git strack remind >said && grep "yours to remove" said &&
	grep "git strack remove $s" said && rm said &&
	git strack remove --commit theme &&
	test -z "$(git ls-files scripts)" &&
	git log -1 --format=%B >said && grep "$s" said &&
	grep "production: done" said && rm said &&
	test "$(kinds "$s" production)" = "approve claim done retire" &&
	git push -q origin main
'

test_expect_success 'what ran can be read for ever, and checked by everybody' '
	cd ../ben && git strack sync && git pull -q 2>err && test ! -s err && rm err &&
	git strack status --env production --all >said &&
	grep "retired .*$s" said && rm said &&
	git strack show --script --env production theme >ran &&
	git show "HEAD~1:$s" | cmp - ran && rm ran &&
	git strack verify && audit && cd ../ada && audit && git strack verify
'

test_done
