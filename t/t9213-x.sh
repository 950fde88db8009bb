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
		git strack verify >out && grep "checked: good" out
		return
	fi
	must_fail 1 git strack verify >out &&
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

test_expect_success 'a claim that says dirty' '
	case_of && forge approve @by=one && did config=$ini1 dirty=yes &&
	finds "done conflict,dirty" "claimed on what was not committed, which no \
approval covers" &&
	case_of && did environment=staging script=$b dirty=yes \
		config=$(git rev-parse HEAD:README) &&
	git strack verify >out && grep "^1 claim could not be held" out
'

test_expect_success 'without any .strack.ini nothing is demanded' '
	case_of && did commit=$free && finds "done" &&
	! grep "not be held" out && test "$(state $b)" = "pending blocked"
'

test_expect_success 'local is nobody.s business' '
	case_of && did environment=local && finds "pending blocked"
'

# ---- what the program itself writes ----

test_done
