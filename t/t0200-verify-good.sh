#!/bin/sh
test_description='verify: forged ledgers with which nothing is wrong'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"

# good [<environment>]: verify is content, and status says the same of every
# script with and without what it remembers.  The outside oracle takes seconds
# and reads everything, so it is asked now and then: audit.
good() {
	git strack verify >out 2>&1 && grep ": good$" out &&
	git strack verify --full >out 2>&1 && grep "checked: good" out &&
	git strack status --env "${1:-staging}" --all --porcelain >with &&
	rm -rf .git/strack/cache/ledger &&
	git strack status --env "${1:-staging}" --all --porcelain >without &&
	test_cmp with without
}

# state <script> [<environment>]: what status calls it, with its flags
state() {
	git strack status --env "${2:-staging}" --all --porcelain "$1" |
		cut -f 1,4 | tr '\t' ' ' | sed 's/ $//'
}

test_expect_success 'keys, repository, root' '
	forge_keys root second runner approver other &&
	forge_key_of_type rsa rsa 2048 &&
	forge_key_of_type ecdsa ecdsa 256 &&
	repo r && cd r &&
	for s in a b c d e f; do
		echo "echo $s" | script scripts/20260101_$s.sh || return 1
	done &&
	git config gpg.format ssh &&
	git config user.signingKey "$forge_key_dir/root.pub" &&
	git config strack.signingKey "$forge_key_dir/root" &&
	forge_found root && forge_move &&
	good
'

test_expect_success 'keys of all types, several roots' '
	forge trust-add key=second roles="root run" &&
	forge trust-add key=runner roles=run environments="staging production" &&
	forge trust-add key=approver roles=approve,run @by=second &&
	forge trust-add key=rsa @by=second &&
	forge trust-add key=ecdsa roles=run &&
	good
'

test_expect_success 'a run, with a log and everything that can be said' '
	printf "out\n" >log &&
	forge claim @by=runner args="x y%20z %00" dirty=yes host=web-1 \
		user=deploy config=$(git rev-parse HEAD:README) \
		raw-sha256=$(sha256sum <log | cut -c 1-64) &&
	forge done @by=runner @log=log output-bytes=4 host=web-1 \
		output-sha256=$(sha256sum <log | cut -c 1-64) left=2 \
		checkpoint="last=6200 x=%20" changed-while-running=yes &&
	good && test "$(state 20260101_a)" = "done dirty"
'

test_expect_success 'every other ending, with RSA and ECDSA' '
	forge_script=scripts/20260101_b.sh &&
	forge claim @by=rsa && forge fail @by=rsa exit= signal=9 &&
	forge claim @by=rsa attempt=2 again=retry &&
	forge fail @by=rsa exit=137 timed-out=300 cancelled=time%25 &&
	forge claim @by=ecdsa attempt=3 again=retry && forge skip @by=ecdsa \
		reason=no%0Aneed &&
	test "$(state 20260101_b)" = skipped &&
	forge_script=scripts/20260101_c.sh &&
	forge claim @by=ecdsa && forge lost @by=ecdsa &&
	forge done @by=approver resolved=yes reason=looked exit= duration= &&
	good && test "$(state 20260101_c)" = "done"
'

test_expect_success 'mark, void, approve, retire, undo and its endings' '
	forge_script=scripts/20260101_d.sh &&
	forge mark @by=runner && mark=$forge_id &&
	test "$(state 20260101_d)" = marked &&
	forge void @by=runner entry=$mark &&
	test "$(state 20260101_d)" = pending &&
	forge approve @by=approver &&
	forge claim @by=runner && forge done @by=runner &&
	forge undo @by=runner attempt=2 && forge rollback-fail @by=runner &&
	test "$(state 20260101_d)" = failed &&
	forge undo @by=runner attempt=3 && forge rollback @by=runner &&
	test "$(state 20260101_d)" = rolled-back &&
	forge mark @by=runner && forge retire @by=runner &&
	good && test "$(state 20260101_d)" = retired
'

test_expect_success 'commands and reviews' '
	forge exec @by=runner args="ls -l" && first=$forge_claim &&
	forge exec @by=runner && forge done @by=runner @dir=.strack/exec \
		script= attempt= &&
	forge review @by=approver entry=$first &&
	forge fail @by=runner claim=$first @dir=.strack/exec script= \
		attempt= run=$(sed -n "s/^run //p" "$forge_work/claim.$first") &&
	good
'

test_expect_success 'unknown keys, keys in any order' '
	forge_script=scripts/20260101_e.sh &&
	forge claim @by=runner colour=red x-1=100%25 \
		@filter="{ head -n 1; tac; } | sed /^strack-entry.1\$/d |
			sed \"1i strack-entry 1\"" &&
	forge done @by=runner &&
	good && test "$(state 20260101_e)" = "done"
'

test_expect_success 'void of a claim, and its outcome comes late' '
	forge_script=scripts/20260101_f.sh &&
	forge claim @by=runner && forge void @by=approver &&
	test "$(state 20260101_f)" = pending &&
	forge fail @by=runner &&
	good && test "$(state 20260101_f)" = "failed late"
'

test_expect_success 'lost, and its outcome comes late' '
	forge claim @by=runner attempt=2 again=why && forge lost @by=runner &&
	test "$(state 20260101_f)" = lost &&
	forge done @by=runner &&
	good && test "$(state 20260101_f)" = "done late"
'

test_expect_success 'local is for each clone by itself' '
	git config strack.clone >/dev/null || git config strack.clone mine &&
	forge_env=local &&
	forge claim @by=runner clone=theirs && forge done @by=runner &&
	must_fail 1 git strack verify >out &&
	grep "no right to act in this environment" out
'

test_expect_success 'what it lacked can be given later' '
	forge trust-add key=runner environments=local &&
	good local && test "$(state 20260101_f local)" = pending &&
	forge claim @by=runner && forge done @by=runner &&
	good local && test "$(state 20260101_f local)" = "done"
'

test_expect_success 'two sides of a merge run the same without a claim' '
	forge_env=staging forge_script=scripts/20260101_g.sh &&
	echo echo | script $forge_script &&
	base=$(forge_tip) &&
	forge claim @by=runner @on=$base unclaimed=yes &&
	forge done @by=runner @on=$forge_commit && left=$forge_commit &&
	forge claim @by=ecdsa @on=$base && forge fail @by=ecdsa @on=$forge_commit &&
	forge_merge $left $forge_commit runner && forge_move &&
	good && case $(state 20260101_g) in
	*conflict*) ;;
	*) false ;;
	esac
'

test_expect_success 'merges of merges, prev is not always the parent' '
	base=$(forge_tip) forge_script=scripts/20260101_h.sh &&
	echo echo | script $forge_script &&
	forge claim @by=runner @on=$base && claim=$forge_commit &&
	forge mark @by=rsa @on=$base environment=production && two=$forge_commit &&
	forge mark @by=rsa @on=$two environment=production && two=$forge_commit &&
	forge_merge $claim $two rsa && one=$forge_commit &&
	forge done @by=runner @on=$one prev=$claim \
		seq=$(($(forge_highest $claim) + 1)) && two=$forge_commit &&
	forge approve @by=approver @on=$one &&
	forge_merge $forge_commit $two && forge_move &&
	forge mark @by=rsa environment=production &&
	good && test "$(state 20260101_h)" = "done"
'

test_expect_success 'revoked keys are good for what came before' '
	before=$(forge_tip) &&
	forge trust-revoke fingerprint=$(forge_fingerprint ecdsa) after=$before &&
	good && test "$(state 20260101_b)" = skipped
'

test_expect_success 'and again for what comes after a second admission' '
	forge trust-add key=ecdsa environments=production &&
	forge mark @by=ecdsa environment=production \
		script=scripts/20260101_a.sh &&
	good && good production &&
	test "$(state 20260101_a production)" = marked
'

test_expect_success 'disowned: entries and commits, noted and no finding' '
	forge mark @by=runner script=scripts/20260101_a.sh \
		environment=production && id=$forge_id &&
	forge disown entry=$id && good production &&
	test "$(state 20260101_a production)" = marked &&
	forge fail @by=runner claim=$id run=01KB2ZJ6V3N8Q4T7W9XYEA9999 &&
	must_fail 1 git strack verify &&
	forge disown commit=$forge_commit reason="no such claim" &&
	git strack verify >out && grep "^disowned: .*fail.*counts for nothing" out &&
	audit
'

# The oracle judges a revoked root's admissions without what it was allowed
# before, so it is not asked from here on.
test_expect_success 'a root that another one admitted and revoked' '
	forge trust-add key=other roles=root @by=second &&
	forge trust-add key=rsa roles=approve @by=other &&
	forge trust-revoke fingerprint=$(forge_fingerprint other) @by=second &&
	good
'

test_expect_success 'a fresh clone comes to the same' '
	git clone -q . ../clone && cd ../clone &&
	git branch -q strack-ledger origin/strack-ledger &&
	git strack verify >out && grep "checked: good" out &&
	git -C ../r strack status --env staging --all --porcelain >want &&
	git strack status --env staging --all --porcelain >have &&
	test_cmp want have
'

test_done
