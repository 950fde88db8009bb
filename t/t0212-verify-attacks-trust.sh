#!/bin/sh
test_description='verify under attack: keys, roles, and what happened'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

d=scripts/20260101_d.sh e=scripts/20260101_e.sh

test_expect_success 'a good ledger' 'attack_base'
cd "$SHARNESS_TRASH_DIRECTORY" || exit 1

# ---- who signs ----

attack_fully 'an unknown signer' 'is not trusted' entry '
	forge mark @by=stranger script=$d'
attack 'an unknown signer says he is another' \
	'signed by .* but its text says' commit '
	forge mark @by=stranger script=$d signer=$(forge_fingerprint root)'
attack 'wrong namespace' 'for another namespace' entry '
	forge mark @by=runner script=$d @ns=git'
attack 'no signature in the armour' 'bad signature' entry '
	forge mark @by=runner script=$d \
		@spoil="sed \"/^-----BEGIN/q\"; echo; echo -----END SSH SIGNATURE-----"'
attack 'wrong role: run' 'lacks the role .run.' entry '
	forge mark @by=approver script=$d'
attack 'wrong role: approve' 'lacks the role .approve.' entry '
	forge approve @by=runner script=$d'
attack 'wrong role: root' 'is no root there' entry '
	forge trust-add @by=runner key=stranger'
attack 'wrong environment' 'no right to act in this environment' entry '
	forge mark @by=ci script=$d'
attack_fully 'a stranger admits himself' 'is not trusted' entry '
	forge trust-add @by=stranger key=stranger roles=root'
attack_fully 'a stranger disowns' 'is not trusted' entry '
	forge disown @by=stranger entry=$done_a'
attack 'a runner disowns' 'is no root there' entry '
	forge disown @by=runner commit=$at_done_a'
attack 'void of somebody else.s claim' 'lacks the role .approve.' entry '
	forge trust-add key=second && forge void @by=second entry=$claim_b \
		script=scripts/20260101_b.sh'
attack 'resolved by a stranger' 'is not trusted' entry '
	forge done @by=stranger claim=$claim_b resolved=yes'
attack 'resolved by a runner who is not its own' 'lacks the role .approve.' entry '
	forge trust-add key=second && forge done @by=second claim=$claim_b \
		resolved=yes'

# ---- keys taken away ----

attack 'a revoked key' 'was revoked' entry '
	forge trust-revoke fingerprint=$(forge_fingerprint runner) &&
	forge mark @by=runner script=$d'
attack_fully 'a revoked key, on a side branch' 'was revoked' '$bad' '
	forge trust-revoke fingerprint=$(forge_fingerprint runner) &&
	one=$forge_commit && forge mark @by=runner script=$d @on=$base_tip &&
	bad=$forge_path && forge_merge $one $forge_commit && forge_move'
attack 'a revoked root mints another on a side branch' 'signer .* was revoked' '$bad' '
	forge trust-add key=second roles=root && tip=$forge_commit &&
	forge trust-revoke fingerprint=$(forge_fingerprint second) after=$tip &&
	one=$forge_commit &&
	forge trust-add @by=second key=stranger roles=root @on=$tip &&
	bad=$forge_path && forge_merge $one $forge_commit && forge_move'
attack_fully 'and that one acts' 'signer .* is not trusted' '$bad $bad2' '
	forge trust-add key=second roles=root && tip=$forge_commit &&
	forge trust-revoke fingerprint=$(forge_fingerprint second) after=$tip &&
	one=$forge_commit &&
	forge trust-add @by=second key=stranger roles=root @on=$tip &&
	bad=$forge_path && forge mark @by=stranger script=$d @on=$forge_commit &&
	bad2=$forge_path && forge_merge $one $forge_commit && forge_move'
attack 'a revocation of the last root' 'would revoke the last root' entry '
	forge trust-revoke fingerprint=$(forge_fingerprint root)'
attack 'after is no ancestor' '.after. is no ancestor' entry '
	forge trust-revoke fingerprint=$(forge_fingerprint runner) \
		after=$(git rev-parse HEAD)'
attack 'revoked is who never was admitted' 'nobody admitted' entry '
	forge trust-revoke fingerprint=$(forge_fingerprint stranger)'
attack 'a role that does not exist' 'role that does not exist' entry '
	forge trust-add key=stranger roles=king'
attack 'admitted is no key' 'no public key' entry '
	forge trust-add "key=ssh-ed25519 AAAA" principal=x'

# What is disowned must stay junk for whoever does not look at it again.
attack_fully 'forged admission of a root, disowned by its commit' 'but its text says' commit '
	forge trust-add @by=stranger key=stranger roles=root \
		signer=$(forge_fingerprint root)'
attack_fully 'forged admission and revocation of the root' 'but its text says' \
	'$one $two' '
	forge trust-add @by=stranger key=stranger roles=root \
		signer=$(forge_fingerprint root) && one=$forge_commit &&
	forge trust-revoke @by=stranger signer=$(forge_fingerprint root) \
		fingerprint=$(forge_fingerprint root) after=$base_root &&
	two=$forge_commit'
attack_fully 'a stranger is admitted by mistake, and the admission disowned' \
	'signer .* is not trusted' '$three' '
	forge trust-add key=stranger roles="root run" && one=$forge_commit &&
	forge disown @by=stranger commit=$at_done_a && three=$forge_commit &&
	forge disown commit=$one'

test_expect_success 'a good entry disowned: it counts for nothing at once' '
	cp -r base x && cd x && test "$(state 20260101_c)" = marked &&
	strack trust disown $mark_c -m wrong &&
	test "$(state 20260101_c)" = pending && strack verify >out &&
	grep "^disowned: .*20260101_c.*mark" out && cd .. && rm -rf x
'

test_expect_success 'an unknown key is admitted: what it signed counts' '
	cp -r base x && cd x && forge mark @by=stranger script=$d &&
	must_fail 1 strack verify && test "$(state $d)" = "pending untrusted" &&
	strack trust add "$(forge_public stranger)" --principal s \
		--roles run && strack verify && test "$(state $d)" = marked &&
	cd .. && rm -rf x
'

# ---- what happened ----

attack_want=' done conflict, running, marked, pending,'
attack 'ran twice' 'ran twice' entry '
	attack_want= && forge claim @by=runner'
attack_fully 'two open claims' 'a claim while another is open' entry '
	forge claim @by=runner script=scripts/20260101_b.sh attempt=2'
attack_fully 'two outcomes' 'second outcome of one claim' entry '
	forge fail @by=runner claim=$claim_a'
attack 'lost, though it was closed' 'lost, but it was closed' entry '
	forge lost @by=runner claim=$claim_a'
attack 'outcome of another blob' 'claim and outcome differ in blob' entry '
	forge done @by=runner claim=$claim_b blob=$(git rev-parse HEAD:$d)'
attack 'outcome of another attempt' 'differ in attempt' entry '
	forge done @by=runner claim=$claim_b attempt=2'
attack 'outcome of another run' 'outcome of another run' entry '
	forge done @by=runner claim=$claim_b run=01KB2ZJ6V3N8Q4T7W9XYEA9999'
attack 'outcome of another script.s claim' 'closes what is not there' entry '
	forge done @by=runner claim=$claim_b script=$d'
attack 'outcome in another environment' 'outcome of another run' entry '
	forge trust-add key=runner environments=production &&
	forge done @by=runner claim=$claim_b environment=production'
attack 'rollback of what is no undo' 'for what is no undo' entry '
	forge rollback @by=runner claim=$claim_b'
attack 'void of what is not there' 'withdraws what is not there' entry '
	forge void @by=runner entry=$claim_b script=$d'
attack 'void of another environment' 'entry of another environment' entry '
	forge void @by=runner entry=$mark_c script=scripts/20260101_c.sh \
		environment=production'
attack 'void of what can.t be withdrawn' 'no claim, mark or outcome' entry '
	forge approve script=$d && forge void entry=$forge_id script=$d'

test_done
