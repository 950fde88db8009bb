#!/bin/sh
test_description='remove, stopped between files and ledger; and what does not count

Stopped anywhere it is in t0078.'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
export ASAN_OPTIONS

test_expect_success 'set-up' '
	repo plain && cd plain &&
	printf "[environment \"staging\"]\n[environment \"production\"]\n" >.strack.ini &&
	for s in a b; do
		echo "echo $s" | write scripts/20260101_$s.sh || return 1
	done &&
	echo "echo back" | write scripts/20260101_a.rollback.sh &&
	echo other >other && git add . && git commit -q -m scripts &&
	for e in staging production; do
		git strack mark --env $e -m why 20260101_a 20260101_b.sh || return 1
	done && echo more >>other && git add other && cd ..
'

again() {
	rm -rf w && cp -a plain w
}

test_expect_success 'killed between the files and the ledger: by name as well' '
	gcc=${CC:-cc} && "$gcc" -shared -fPIC -o "$strack_scratch/kill-at.so" \
		"$strack_t/helper/kill-at.c" -ldl &&
	again && cd w &&
	{ KILL_AT=before:rename:/strack/journal/ LD_PRELOAD=$strack_scratch/kill-at.so \
		git-strack remove 20260101_a; test $? -gt 128; } &&
	test "$(git diff --cached --name-only -- scripts | wc -l)" = 2 &&
	! entries | grep retire &&
	git strack status --env staging --all --porcelain | grep "^retired.staging.scripts/20260101_a.sh" &&
	git strack remove --commit 20260101_a &&
	test "$(kinds scripts/20260101_a.sh staging)" = "mark retire" &&
	test "$(git show --format= --name-status | cut -c 1)" = "$(printf "D\nD")" &&
	audit && cd ..
'

test_expect_success 'what nobody trusts settles nothing: no removal, no deletion' '
	attack_base && cd base &&
	printf "%s\n" "# strack: environments staging" | script scripts/20260102_f.sh &&
	git branch before &&
	forge mark @by=stranger script=scripts/20260102_f.sh &&
	refused 3 "staging: pending untrusted" git strack remove 20260102_f &&
	grep "git strack verify" "$refusal" && test -f scripts/20260102_f.sh &&
	git rm -q scripts/20260102_f.sh && git commit -q -m away &&
	must_fail 1 git strack check --base before >out 2>err &&
	grep "20260102_f.sh: deleted before it was settled in staging" out &&
	grep "the ledger has problems" err && cd ..
'

test_expect_success 'a pre-receive hook of a bare repository may ask' '
	git clone -q --bare plain hub.git && git -C hub.git remote remove origin &&
	printf "%s\n" "#!/bin/sh" "while read old new ref; do" \
		"git strack check --base \$old \$new || exit 1" done \
		>hub.git/hooks/pre-receive && chmod +x hub.git/hooks/pre-receive &&
	git clone -q hub.git dev && cd dev &&
	echo "echo c" | script scripts/20260103_c.sh && git push -q &&
	echo "echo changed" | script scripts/20260101_a.sh &&
	test_must_fail git push 2>err &&
	grep "20260101_a.sh: edited after it was marked in staging" err &&
	test "$(git -C ../hub.git rev-parse main)" = "$(git rev-parse HEAD~1)" && cd .. &&
	audit_fsck hub.git
'

test_done
