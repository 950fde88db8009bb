#!/bin/sh
test_description='verify: claims held against the approvals that were demanded'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"

a=scripts/20260101_a.sh b=scripts/20260101_b.sh
forge_env=production

# state <script>: what status calls it in production, with its flags
state() {
	git strack status --env production --all --porcelain "$1" |
		cut -f 1,4 | tr '\t' ' ' | sed 's/ $//'
}

# finds <state of a> <finding>...: verify has exactly these findings, and status
# has the same of it that was worked out step by step
finds() {
	want=$1 && shift && test "$(state $a)" = "$want" || return 1
	if [ $# = 0 ]; then
		git strack verify --full >out && grep "checked: good" out
		return
	fi
	must_fail 1 git strack verify --full >out &&
	sed -n "s/^problem: [^:]*: //p" out >have &&
	printf "%s\n" "$@" >expected && test_cmp expected have
}

# everywhere: so does whoever looks with what verify left, with the verified
# tip alone, and with nothing
everywhere() {
	finds "$@" && want=$1 && test "$(state $a)" = "$want" &&
	rm -f .git/strack/cache/ledger && test "$(state $a)" = "$want" &&
	rm -f .git/strack/cache/ledger &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	{ git config --unset strack.root || :; } &&
	test "$(state $a)" = "$want"
}

# case_of: a copy of the good ledger, which this clone has verified
case_of() {
	cd "$SHARNESS_TRASH_DIRECTORY" && rm -rf "case" && cp -r base "case" &&
	cd "case" && git strack status --env production >/dev/null
}

# did <forge arguments>...: a run, looked at
did() {
	forge claim @by=runner "$@" && forge "done" @by=runner &&
	git strack status >/dev/null
}

test_expect_success 'a good ledger, with two kinds of .strack.ini' '
	forge_keys root runner one two other laptop && repo base && cd base &&
	for s in $a $b; do
		echo "echo $s >>\"\$STRACK_TOP/ran\"" | script $s || return 1
	done &&
	free=$(git rev-parse HEAD) &&
	cat >.strack.ini <<-\EOF &&
	[environment "staging"]

	[environment "production"]
	approvals = 1
	EOF
	git add .strack.ini && git commit -q -m one && ini1=$(git rev-parse \
		HEAD:.strack.ini) && at1=$(git rev-parse HEAD) &&
	sed s/1/2/ .strack.ini >ini && mv ini .strack.ini &&
	git commit -q -a -m two && ini2=$(git rev-parse HEAD:.strack.ini) &&
	at2=$(git rev-parse HEAD) && git reset -q --hard $at1 &&
	git config gpg.format ssh &&
	git config user.signingKey "$forge_key_dir/root.pub" &&
	git config strack.signingKey "$forge_key_dir/root" &&
	forge_found root && forge_move &&
	forge trust-add key=runner &&
	for key in one two other; do
		forge trust-add key=$key roles=approve || return 1
	done &&
	forge trust-add key=laptop roles=approve principal=ONE@example.com
'

test_expect_success 'enough approvals: good' '
	case_of && forge approve @by=one && did config=$ini1 &&
	everywhere "done" &&
	did script=$b config=$ini1 environment=staging && everywhere "done"
'

test_expect_success 'none, and the script is never run again by it' '
	case_of && did config=$ini1 &&
	everywhere "done conflict" "claimed with 0 of 1 approvals" &&
	echo "problem: $(git rev-parse --short=12 strack-ledger~1) $(
		entries $a | grep claim): claimed with 0 of 1 approvals" >want &&
	grep ^problem out >have && test_cmp want have &&
	must_fail 1 git strack verify --full --json >json && jq -e \
		".problems == [{commit: \"$(git rev-parse strack-ledger~1)\",
		entry: \"$(entries $a | grep claim)\",
		problem: \"claimed with 0 of 1 approvals\"}] and
		.unheld == 0" json &&
	forge approve @by=one &&
	must_fail 3 git strack run --env production $a 2>err &&
	grep "contradict" err && test ! -e ran &&
	everywhere "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'a person settles it; verify goes on saying it' '
	git strack mark --env production -m "looked at afterwards" $a &&
	everywhere marked "claimed with 0 of 1 approvals" &&
	git strack run --env production $a && test ! -e ran &&
	git strack trust disown -m "looked at" "$(entries $a | grep claim)" &&
	git strack trust disown -m "looked at" "$(entries $a | grep "\.done\.")" &&
	everywhere marked && git strack run --env production $a &&
	test ! -e ran
'

test_expect_success 'one of two' '
	case_of && forge approve @by=one &&
	did config=$ini2 commit=$at2 &&
	finds "done conflict" "claimed with 1 of 2 approvals" &&
	case_of && forge approve @by=one && forge approve @by=two &&
	did config=$ini2 commit=$at2 && finds "done"
'

test_expect_success 'the same key twice, two keys of one principal' '
	case_of && forge approve @by=one && forge approve @by=one &&
	forge approve @by=laptop && did config=$ini2 commit=$at2 &&
	finds "done conflict" "claimed with 1 of 2 approvals"
'

test_expect_success 'by the signer of the claim, or his other key' '
	case_of && forge trust-add key=runner roles="run approve" &&
	forge approve @by=runner && did config=$ini1 &&
	finds "done conflict" "claimed with 0 of 1 approvals" &&
	case_of && forge trust-add key=runner principal=one@EXAMPLE.com &&
	forge approve @by=one && did config=$ini1 &&
	finds "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'for other bytes, another environment, another script' '
	case_of && forge approve @by=one blob=$(git rev-parse HEAD:$b) &&
	did config=$ini1 &&
	everywhere "done conflict" "claimed with 0 of 1 approvals" &&
	case_of && forge approve @by=one environment=staging &&
	forge approve @by=one script=$b blob=$(git rev-parse HEAD:$a) &&
	did config=$ini1 &&
	everywhere "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'after the claim' '
	case_of && forge claim @by=runner config=$ini1 && forge approve @by=one &&
	forge done @by=runner &&
	finds "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'by who may not, or was disowned' '
	case_of && forge approve @by=runner && did config=$ini1 &&
	must_fail 1 git strack verify --full >out &&
	grep "lacks the role .approve." out &&
	grep "claimed with 0 of 1 approvals" out &&
	case_of && forge approve @by=one && at=$forge_path &&
	did config=$ini1 && finds "done" &&
	git strack trust disown -m junk "$at" &&
	finds "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'a revoked approver: what was signed before still counts' '
	case_of && forge approve @by=one && did config=$ini1 &&
	git strack trust revoke $(forge_fingerprint one) && everywhere "done" &&
	case_of && before=$(forge_tip) && forge approve @by=one &&
	did config=$ini1 &&
	git strack trust revoke $(forge_fingerprint one) --after $before &&
	must_fail 1 git strack verify --full >out && grep "was revoked" out &&
	grep "claimed with 0 of 1 approvals" out &&
	test "$(state $a)" = "done untrusted,conflict"
'

test_expect_success 'admitted later: the approval counts from then on' '
	forge_keys late && case_of && forge approve @by=late && did config=$ini1 &&
	must_fail 1 git strack verify --full >out && grep "is not trusted" out &&
	grep "claimed with 0 of 1" out &&
	git strack trust add "$forge_key_dir/late.pub" --roles approve \
		--principal late@example.com && finds "done"
'

test_expect_success 'a root says whose a key is, and counts are anew' '
	case_of && forge approve @by=one && forge approve @by=two &&
	did config=$ini2 commit=$at2 && everywhere "done" &&
	git strack trust add "$forge_key_dir/two.pub" --roles approve \
		--principal one@example.com &&
	everywhere "done conflict" "claimed with 1 of 2 approvals" &&
	git strack trust add "$forge_key_dir/two.pub" --roles approve \
		--principal two@example.com &&
	everywhere "done"
'

test_expect_success 'retried and run again: each claim is held by itself' '
	case_of && forge approve @by=one && forge claim @by=runner config=$ini1 &&
	forge fail @by=runner && git strack status >/dev/null &&
	did config=$ini1 attempt=2 again=retry && finds "done" &&
	did config=$ini2 commit=$at2 attempt=3 again=more &&
	finds "done conflict" "claimed with 1 of 2 approvals"
'

# ---- dodging it ----

test_expect_success 'a claim without config, where its commit demands' '
	case_of && did &&
	finds "done conflict" "claimed with 0 of 1 approvals"
'

test_expect_success 'a claim with the config of another commit' '
	case_of && none=$(printf "[environment \"production\"]\n" |
		git hash-object -w --stdin) && did config=$none &&
	finds "done conflict" "claimed with 0 of 1 approvals" &&
	case_of && did environment=staging script=$b config=$none &&
	must_fail 1 git strack verify --full >out &&
	grep "its config is not the .strack.ini of its commit" out &&
	case_of && did environment=staging script=$b &&
	must_fail 1 git strack verify --full >out &&
	grep "its config is not the .strack.ini of its commit" out
'

test_expect_success 'a claim that says dirty' '
	case_of && forge approve @by=one && did config=$ini1 dirty=yes &&
	finds "done conflict,dirty" "claimed on what was not committed, which no \
approval covers" &&
	case_of && did environment=staging script=$b dirty=yes \
		config=$(git rev-parse HEAD:README) &&
	git strack verify --full >out && grep "^1 claim could not be held" out
'

test_expect_success 'a config that can not be read, or is none' '
	case_of && big=$(head -c 70000 /dev/zero | tr "\\000" "#" |
		git hash-object -w --stdin) &&
	for bad in $(git rev-parse HEAD:README) $big $(git rev-parse HEAD^{tree}) \
		$(git rev-parse HEAD); do
		did config=$bad dirty=yes again=x || return 1
		did script=$b config=$bad commit=$free dirty=yes again=x ||
			return 1
	done &&
	must_fail 1 git strack verify --full >out &&
	grep -c "not committed, which no approval covers" out >n &&
	echo 4 >want && test_cmp want n && grep "^4 claims could not be" out
'

# ---- what is not here ----

test_expect_success 'a clone with the ledger alone: counted, no finding' '
	case_of && forge approve @by=one && did config=$ini1 &&
	did script=$b && git init -q --bare ../only.git &&
	git push -q ../only.git strack-ledger &&
	git -C ../only.git strack verify --full >out && grep "checked: good" out &&
	grep "^2 claims could not be held against approvals" out &&
	git -C ../only.git strack verify --full --json | jq -e ".ok and .unheld == 2" &&
	git -C ../only.git strack verify --full -q >out && test ! -s out &&
	git push -q ../only.git main &&
	must_fail 1 git -C ../only.git strack verify --full >out &&
	grep "$b.*claimed with 0 of 1 approvals" out && ! grep "not be held" out
'

test_expect_success 'without any .strack.ini nothing is demanded' '
	case_of && did commit=$free && finds "done" &&
	! grep "not be held" out && test "$(state $b)" = "pending blocked"
'

test_expect_success 'local is nobody.s business' '
	case_of && did environment=local && finds "pending blocked"
'

# ---- what the program itself writes ----

test_expect_success 'an honest run is never a finding' '
	case_of && echo ran >>.git/info/exclude &&
	git config strack.signingKey "$forge_key_dir/runner" &&
	forge approve @by=one && forge approve @by=two script=$b &&
	git strack run --env production --from-the-beginning &&
	echo "; x" >>.strack.ini && echo "# x" >>$a &&
	must_fail 3 git strack run --env staging --from-the-beginning $b 2>err &&
	git strack run --env staging --from-the-beginning --allow-dirty $b &&
	test "$(entry $b claim | field dirty)" = yes &&
	rm .strack.ini &&
	git strack run --env staging --again -m x --allow-dirty $b &&
	test "$(entry $b claim | field dirty)" = yes &&
	test -z "$(entry $b claim | field config)" &&
	git checkout -q . && git strack run --env staging &&
	git strack verify --full >out && grep "checked: good" out &&
	grep "^1 claim could not be held" out && audit
'

test_done
