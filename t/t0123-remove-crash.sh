#!/bin/sh
test_description='remove, stopped anywhere, and said again; and what does not count

Every call that changes something is counted (helper/fault.c); a sample of
them kills the program or fails.  FAULT_EVERY=1 takes all.'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

every=${FAULT_EVERY:-31}
ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
export ASAN_OPTIONS

test_expect_success 'set-up' '
	fault=$strack_scratch/fault.so &&
	${CC:-cc} -shared -fPIC -o "$fault" "$strack_t/helper/fault.c" -ldl &&
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

# faulty <n> <how> <command>...: in w; 0 for n only counts.
faulty() {
	n=$1 how=$2
	shift 2
	(
		cd w && {
			STRACK_FAULT_COUNT=../count STRACK_FAULT_LOG=$PWD/../hit
			export STRACK_FAULT_COUNT STRACK_FAULT_LOG
			[ "$n" = 0 ] || export STRACK_FAULT_AT="$n" \
				STRACK_FAULT_HOW="$how"
			LD_PRELOAD=$fault git-strack "$@" >../out 2>&1
			echo $? >../code
		} 9>&1 | cat >/dev/null
	)
}

# over: the job is done, once, and what else is staged is left alone.
over() {
	test -z "$(git -C w ls-tree -r --name-only HEAD scripts)" &&
		test "$(git -C w diff --cached --name-status)" = "M	other" &&
		test "$(git -C w log --format=%s)" = "$(cat want)" &&
		(
			cd w && for s in a b; do
				for e in staging production; do
					test "$(kinds scripts/20260101_$s.sh $e)" = \
						"mark retire" || exit 1
				done
			done
		) && return 0
	echo "$(cat hit) $how: not over" >&4
	cat out again >&4
	return 1
}

again() {
	rm -rf w && cp -a plain w && rm -f hit count
}

test_expect_success 'whatever stops it, the same command finishes the job' '
	again && faulty 0 "" remove --settled --commit && test "$(cat code)" = 0 &&
	total=$(od -An -tu4 -N4 count | tr -d " ") && test "$total" -gt 50 &&
	printf "Remove 2 settled scripts\nscripts\nstart\n" >want &&
	: >again && over &&
	how=EIO at=5 && while [ "$at" -le "$total" ]; do
		case $how in kill) how=EIO ;; *) how=kill ;; esac
		again && faulty "$at" "$how" remove --settled --commit &&
		audit_fsck w &&
		(cd w && git strack remove --settled --commit) >again 2>&1 &&
		over || return 1
		at=$((at + every))
	done && audit w
'

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
