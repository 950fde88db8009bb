#!/bin/sh
test_description='verify: only what is new, and everything with --full'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

d=scripts/20260101_d.sh

# says <last line>
says() {
	tail -n 1 out >last && echo "$1" >want && test_cmp want last
}

test_expect_success 'a good ledger: the first time all of it is new' '
	attack_base && cd base && rm -rf .git/strack/cache/ledger &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	git strack verify >out && says "8 entries in 8 commits checked: good" &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	rm -rf .git/strack/cache/ledger &&
	git strack verify --json >json &&
	jq -e ".ok and .full and .commits == 8 and .checked == 8 and
		.entries == 8" json
'
cd "$SHARNESS_TRASH_DIRECTORY/base" || exit 1

test_expect_success 'then none' '
	git strack verify >out &&
	says "8 entries in 8 commits, none of them new: good" &&
	git strack verify --json >json &&
	jq -e ".ok and (.full | not) and .commits == 8 and .checked == 0" json &&
	jq -e "has(\"unheld\") and has(\"problems\") and has(\"disowned\")" json &&
	git strack verify --quiet >out && test ! -s out
'

test_expect_success 'what came since' '
	forge mark @by=runner script=scripts/20260101_e.sh &&
	forge mark @by=runner script=scripts/20260101_e.sh &&
	git strack verify >out &&
	says "10 entries in 10 commits, 2 of them new: good" &&
	git strack verify --full >out &&
	says "10 entries in 10 commits checked: good" &&
	git strack verify >out &&
	says "10 entries in 10 commits, none of them new: good"
'

test_expect_success 'with the verified tip alone' '
	rm -f .git/strack/cache/ledger &&
	forge mark @by=runner script=scripts/20260101_e.sh &&
	git strack verify >out &&
	says "11 entries in 11 commits, 1 of them new: good"
'

test_expect_success 'an admission does not reach back, a revocation does' '
	git strack trust add "$forge_key_dir/ci.pub" --principal ci \
		--roles run --environments staging &&
	git strack verify >out &&
	says "12 entries in 12 commits, none of them new: good" &&
	forge trust-revoke fingerprint=$(forge_fingerprint ci) &&
	git strack verify >out &&
	says "13 entries in 13 commits checked: good"
'

test_expect_success 'a revocation that takes away what was good' '
	cp -r . ../x && cd ../x &&
	forge trust-revoke fingerprint=$(forge_fingerprint runner) \
		after=$at_claim_a &&
	must_fail 1 git strack verify >out &&
	grep "^problem: .*20260101_a.*was revoked" out &&
	grep "14 entries in 14 commits checked: [0-9]* problems" out
'
cd "$SHARNESS_TRASH_DIRECTORY/base" && rm -rf ../x

test_expect_success 'what is new is checked as all of it is' '
	cp -r . ../x && cd ../x &&
	forge mark @by=stranger script=$d &&
	must_fail 1 git strack verify >out &&
	grep "^problem: .*$d.*is not trusted" out &&
	says "14 entries in 14 commits, 1 of them new: 1 problem"
'

test_expect_success 'where something is wrong all is looked at again' '
	must_fail 1 git strack verify >out &&
	says "14 entries in 14 commits checked: 1 problem" &&
	must_fail 1 git strack verify --json >json &&
	jq -e "(.ok | not) and .full and .checked == 14 and
		(.problems | length) == 1" json &&
	git strack trust disown $forge_commit -m junk &&
	git strack verify >out && grep "^disowned: .*$d" out &&
	says "15 entries in 15 commits, none of them new: good" &&
	git strack verify --full >out && grep "^disowned: .*$d" out &&
	says "15 entries in 15 commits checked: good"
'
cd "$SHARNESS_TRASH_DIRECTORY/base" && rm -rf ../x

test_expect_success 'what was verified is not read again, but by --full' '
	cp -r . ../x && cd ../x &&
	id=$(git rev-parse $at_done_a:$path_done_a) &&
	file=.git/objects/$(echo $id | sed "s#..#&/#") && chmod u+w $file &&
	cp .git/objects/$(git rev-parse HEAD:README | sed "s#..#&/#") $file &&
	git strack verify >out &&
	says "13 entries in 13 commits, none of them new: good" &&
	must_fail 1 git strack verify --full >out && grep "^problem: " out &&
	must_fail 1 git strack verify >out
'
cd "$SHARNESS_TRASH_DIRECTORY/base" && rm -rf ../x

test_expect_success 'wrong usage' '
	refused 129 "takes no arguments" git strack verify all
'

test_expect_success LONG,TMUX 'progress on a terminal, and nowhere else' '
	repo ../many && cd ../many && mkdir scripts && (
		i=0 && while test $i -lt 2300; do
			i=$((i + 1)) && echo "echo x" \
				>scripts/$(printf 20250101%06d $i)_x.sh
		done
	) && git add . && git commit -q -m many && git strack init >/dev/null &&
	git strack mark --baseline -m old >/dev/null &&
	git strack verify --full >out 2>err && test ! -s err &&
	grep "^23[0-9]* entries in 23[0-9]* commits checked: good" out &&
	on_terminal "git strack verify --full" >out &&
	grep "verifying the ledger: 2048 of 23" out &&
	on_terminal "git strack verify" >out && ! grep verifying out &&
	tmux -S "$strack_scratch/tmux" -f /dev/null new-session -d -x 80 -y 24 \
		"git strack verify --full; sleep 60" &&
	wait_for "tmux -S \"$strack_scratch/tmux\" capture-pane -p |
		grep \"checked: good\"" &&
	tmux -S "$strack_scratch/tmux" capture-pane -p >pane &&
	test "$(grep -c . pane)" = 1 &&
	tmux -S "$strack_scratch/tmux" kill-server &&
	cd ../base
'

test_expect_success 'the ledger is sound' 'audit'

test_done
