#!/bin/sh
test_description='who may push, but not sign; and who may run in staging only'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-remote.sh"

# Eve has a clone and may push, and no key of hers is admitted.  Mallory's is, for
# run in staging.  What both forge is right but for that; each of it is pushed,
# and Ada syncs, looks, and runs what is pending.  (Attacks on the history as
# such reach a clone in t0210 to t0214.)
forge_script=scripts/${day}0111_s11.sh
test_expect_success 'set-up' '
	team ada && witnesses 2 ada && forge_keys eve mallory &&
	(cd root && git strack trust add "$forge_key_dir/mallory.pub" \
		--principal mallory --roles run --environments staging) &&
	in_clone ada git strack run --env production s10 &&
	git clone -q team.git eve && in_clone eve git strack status >/dev/null &&
	good=$(tip eve) && ran=$(in_clone eve eval "
		kinds scripts/${day}0110_s10.sh production") &&
	claim=$(in_clone eve entry "scripts/${day}0110_s10.sh" claim | sha256sum |
		cut -d " " -f 1) && test "$ran" = "claim done"
'

# pushes <forge arguments>...: from eve's clone, to the remote that all have.
pushes() {
	(
		cd eve && git update-ref refs/heads/strack-ledger "$good" &&
		rm -rf .git/strack/cache/* && forge "$@" && forge_move &&
		git push -q origin +strack-ledger
	)
}

# sees <word of status> <script> <environment>
sees() {
	in_clone ada git strack status --env "$3" --porcelain "$2" |
		cut -f 1,4 | tr "\t" " " >seen
	grep -q "$1" seen || { cat seen >&4; return 1; }
}

# harmless <what verify says> <script> <environment>: it came, and does nothing.
harmless() {
	in_clone ada git strack sync -q &&
	in_clone ada must_fail 1 git strack verify >said &&
	{ grep -q "$1" said || { cat said >&4; return 1; }; } &&
	sees untrusted "$2" "$3" &&
	in_clone ada must_fail 3 git strack run --env "$3" "$2" >/dev/null 2>&1 &&
	test ! -e ran.11 && test "$(cat ran.10)" = ran && back
}

# back: as if that push had never been.
back() {
	git -C team.git update-ref refs/heads/strack-ledger "$good" &&
	git -C ada update-ref refs/heads/strack-ledger "$good" &&
	for r in seen/strack-ledger seen/remotes/origin/strack-ledger; do
		git -C ada update-ref -d refs/strack/$r || return 1
	done && rm -rf ada/.git/strack/cache/*
}

stranger="not trusted"
role="has no right to act in this environment\\|lacks the role"

forge_env=production
test_expect_success 'a stranger claims: nobody runs it, and nobody thinks it ran' '
	pushes claim @by=eve && harmless "$stranger" s11 production
'

test_expect_success 'a stranger settles' '
	pushes mark @by=eve && harmless "$stranger" s11 production
'

test_expect_success 'a stranger withdraws what ran: it is not run again' '
	forge_script=scripts/${day}0110_s10.sh
	pushes void @by=eve entry=$claim && harmless "$stranger" s10 production
	code=$? && forge_script=scripts/${day}0111_s11.sh && return $code
'

test_expect_success 'a stranger admits herself' '
	pushes trust-add @by=eve key=eve roles=root &&
	in_clone ada git strack sync -q &&
	in_clone ada must_fail 1 git strack verify >said && grep "no root\|not trusted" said &&
	! in_clone ada git strack trust export | grep -F "$(forge_public eve)" && back
'

test_expect_success 'a root admits her: what she wrote before counts' '
	pushes mark @by=eve && in_clone ada git strack sync -q &&
	in_clone root git strack sync -q &&
	in_clone root git strack trust requests >said && grep "SHA256" said &&
	in_clone root git strack trust add "$forge_key_dir/eve.pub" \
		--principal eve --roles run && in_clone ada git strack sync -q &&
	sees "^marked $" s11 production && in_clone ada git strack verify &&
	in_clone root git strack trust revoke eve --after "$good" &&
	in_clone ada git strack sync -q && sees untrusted s11 production &&
	in_clone root git strack trust disown \
		"$(git -C team.git ls-tree -r --name-only strack-ledger |
			grep "\.mark\.")" -m "she was not to" &&
	in_clone ada git strack sync -q && sees "^pending $" s11 production &&
	in_clone ada git strack verify && audit_ledger team.git && good=$(tip team.git)
'

test_expect_success 'for staging only: not in production' '
	(cd eve && git fetch -q origin +strack-ledger:strack-ledger) &&
	pushes claim @by=mallory && harmless "$role" s11 production &&
	pushes mark @by=mallory && harmless "$role" s11 production
'

forge_env=staging
test_expect_success 'for staging only: in staging' '
	pushes mark @by=mallory && in_clone ada git strack sync -q &&
	sees "^marked $" s11 staging && in_clone ada git strack verify && back
'

test_expect_success 'for run only: no approval, no trust, no junk declared' '
	pushes approve @by=mallory && in_clone ada git strack sync -q &&
	in_clone ada must_fail 1 git strack verify >said && grep "$role" said && back &&
	pushes trust-add @by=mallory key=eve && in_clone ada git strack sync -q &&
	in_clone ada must_fail 1 git strack verify && back &&
	pushes disown @by=mallory entry=$claim && in_clone ada git strack sync -q &&
	in_clone ada must_fail 1 git strack verify >said && sees "^done $" s10 production &&
	back
'

test_expect_success 'and in the end all is as it was' '
	in_clone ada git strack sync -q && in_clone ada git strack verify --full &&
	in_clone ada git strack run --env production && test "$(cat ran.11)" = ran &&
	agree ada root && audit_ledger team.git && audit_fsck team.git
'

test_done
