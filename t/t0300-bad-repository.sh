#!/bin/sh
test_description='repositories of all kinds, and what can be wrong with one'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# job <n>: a committed script that says where it is.
job() {
	script "scripts/${day}000$1_job$1.sh" <<-\EOF
	#!/bin/sh
	pwd >>"$STRACK_TOP/where"
	EOF
}

# known <name>: a repository whose ledger has one run.
known() {
	repo "$1" && (cd "$1" && job 1 && git strack run)
}

# untouched: nothing of ours is here.
untouched() {
	! git rev-parse -q --verify refs/heads/strack-ledger &&
		test ! -e .git/strack
}

# ---- none, or not much of one ----

test_expect_success 'no repository' '
	mkdir none && (
		cd none && while read -r words; do
			# shellcheck disable=SC2086
			refused 128 "not a git repository" \
				git-strack $words </dev/null || return 1
			grep "git init" "$refusal" || return 1
		done <<-\EOF &&
		init
		create a script
		run
		status
		log
		show x
		mark -m why x
		reset -m why x
		resolve --done -m why x
		cleanup
		verify
		trust list
		EOF
		test -z "$(ls -A)"
	)
'

test_expect_success 'no commit yet' '
	git init -q unborn && (
		cd unborn && git strack status >out && git strack create first &&
		git strack status >out && grep pending out &&
		refused 128 "no commit yet" git strack run &&
		grep "git commit" "$refusal" &&
		! entries scripts/ | grep . &&
		git add . && git commit -q -m first && git strack run && audit
	)
'

test_expect_success 'no ledger yet' '
	repo fresh && (
		cd fresh && job 1 && git strack status >out && grep pending out &&
		git strack cleanup && git strack log 2>&1 | grep "no ledger" &&
		for words in "show x" "verify" "trust list" \
			"resolve --done -m why job1"; do
			# shellcheck disable=SC2086
			refused 128 "no ledger|no run" git strack $words ||
				return 1
			grep "git strack init" "$refusal" || return 1
		done && untouched
	)
'

test_expect_success 'a detached HEAD' '
	known detached && (
		cd detached && job 2 && git checkout -q --detach &&
		git strack run && git strack status &&
		test "$(entry "scripts/${day}0002_job2.sh" claim |
			field commit)" = "$(git rev-parse HEAD)" && audit
	)
'

test_expect_success 'a bare repository' '
	repo forbare && (cd forbare && job 1 && git strack run -e shared) &&
	git clone -q --bare forbare forbare.git && (
		cd forbare.git && before=$(git rev-parse strack-ledger) &&
		git strack status --all -e shared >out && grep job1.sh out &&
		git strack log >out && grep done out &&
		git strack show -e shared job1 >out && grep done out &&
		git strack verify && git strack trust list &&
		git strack cleanup &&
		refused 128 "bare" git strack run &&
		refused 128 "bare" git strack run job1 &&
		refused 128 "bare" git strack create a script &&
		refused 128 "bare" git strack mark --baseline -m why &&
		test "$(git rev-parse strack-ledger)" = "$before" && audit
	)
'

# ---- from elsewhere ----

test_expect_success 'a linked work tree' '
	known main && (
		cd main && job 2 && git worktree add -q ../linked -b side &&
		cd ../linked && git strack status >out &&
		grep "done.*job1.sh" out && git strack run &&
		test "$(cat where)" = "$PWD" && cd ../main &&
		git strack run >out && grep "nothing is pending" out &&
		test "$(kinds "scripts/${day}0002_job2.sh")" = "claim done" &&
		test ! -e .git/worktrees/linked/strack && audit
	)
'

test_expect_success 'a sub-folder' '
	known sub && mkdir -p sub/a/b && (
		cd sub && job 2 && job 3 && cd a/b &&
		git strack status >out && grep "job2.sh" out &&
		git strack run "../../scripts/${day}0002_job2.sh" &&
		cd ../../scripts && git strack run "${day}0003_job3.sh" &&
		cd .. && test "$(uniq where)" = "$PWD" && audit
	)
'

test_expect_success 'git -C' '
	known dashc && (cd dashc && job 2) &&
	git -C dashc strack run && git -C dashc/scripts strack status >out &&
	test "$(uniq dashc/where)" = "$PWD/dashc" && audit dashc &&
	refused 128 "not a git repository" git -C none strack status
'

test_expect_success 'GIT_DIR and GIT_WORK_TREE' '
	known gitdir && mv gitdir/.git gitdir.git && mkdir else && (
		cd gitdir && GIT_DIR=../gitdir.git && export GIT_DIR &&
		job 2 && git strack run && git strack status &&
		cd ../else && GIT_WORK_TREE=../gitdir && export GIT_WORK_TREE &&
		job=../gitdir/scripts/${day}0003_job3.sh &&
		sed s/x/x/ "../gitdir/scripts/${day}0002_job2.sh" >"$job" &&
		chmod +x "$job" && git add -A && git commit -q -m 3 &&
		git strack run && test -z "$(ls -A)" &&
		test "$(uniq ../gitdir/where)" = "$(cd ../gitdir && pwd)" &&
		audit &&
		refused 128 "nowhere.*GIT_DIR" env GIT_DIR=nowhere \
			git-strack status &&
		refused 128 "GIT_WORK_TREE.*nowhere" \
			env GIT_WORK_TREE=nowhere git-strack status
	)
'

test_expect_success ROOT 'owned by somebody else' '
	known foreign && chown -R 65534:65534 foreign && (
		cd foreign &&
		for words in init run status verify; do
			refused 128 "dubious ownership" git-strack $words ||
				return 1
			grep "safe.directory" "$refusal" || return 1
		done &&
		git config --global safe.directory "$PWD" &&
		test_when_finished "git config --global --unset safe.directory" &&
		git strack status && git strack verify
	)
'

# ---- what is not all there ----

test_expect_success 'shallow: the code' '
	repo deep && (
		cd deep && job 1 && git strack run -e shared && job 2
	) &&
	git clone -q --depth 1 --branch main "file://$PWD/deep" shallow && (
		cd shallow &&
		git fetch -q origin strack-ledger:strack-ledger &&
		git strack verify && git strack status -e shared >out &&
		grep "done.*job1.sh" out &&
		git strack init >out && (cd ../deep && sh -e -c "$(sed -n \
			"s/^  \(git strack trust add .*\)/\1/p" ../shallow/out)") &&
		git fetch -q origin strack-ledger:strack-ledger &&
		git add .strack.ini && git commit -q -m ini &&
		git strack run -e shared && audit
	)
'

test_expect_success 'shallow: the ledger' '
	git clone -q --depth 1 --branch strack-ledger \
		"file://$PWD/deep" shallower && (
		cd shallower && git checkout -q --detach &&
		for words in status log verify run; do
			refused 128 "shallow" git strack $words || return 1
			sed -n "s/^hint: *\(git fetch .*\)/\1/p" "$refusal" \
				>mend && test -s mend || return 1
		done &&
		sh -e ./mend && git strack verify && git strack status
	)
'

test_expect_success 'partial' '
	git -C deep config uploadpack.allowFilter true &&
	git -C deep config uploadpack.allowAnySHA1InWant true &&
	git clone -q --filter=blob:none "file://$PWD/deep" partial && (
		cd partial && git fetch -q origin strack-ledger:strack-ledger &&
		refused 128 "missing|partial" git strack verify &&
		sed -n "s/^hint: *\(git fetch .*\)/\1/p" "$refusal" >mend &&
		test -s mend && sh -e ./mend &&
		git strack verify && git strack status
	)
'

test_expect_success 'missing objects' '
	for what in blob tree commit; do
		known "missing-$what" && (
			cd "missing-$what" &&
			git strack status &&
			case $what in
			blob) id=$(git rev-parse "strack-ledger:$(entries |
				tail -n 1)") ;;
			tree) id=$(git rev-parse strack-ledger:scripts) ;;
			commit) id=$(git rev-parse strack-ledger) ;;
			esac &&
			rm -f ".git/objects/$(echo $id | cut -c 1-2)/$(echo $id |
				cut -c 3-)" &&
			rm -rf .git/strack/cache &&
			if test $what = blob; then
				must_fail 1 git strack verify --full >out
			else
				must_fail 128 git strack verify --full 2>out
			fi &&
			grep $id out && cp -R .git/refs before &&
			if test $what = blob; then
				refused 3 "git strack verify" \
					git strack run --again -m x job1
			else
				refused 128 "$id" \
					git strack run --again -m x job1
			fi &&
			diff -r before .git/refs
		) || return 1
	done
'

# ---- of another kind ----

test_expect_success 'sha256' '
	git init -q --object-format=sha256 sha256 && (
		cd sha256 && for words in init status run; do
			refused 128 "sha256.*not supported" git strack $words ||
				return 1
		done && untouched
	)
'

test_expect_success 'reftable' '
	repo reftable && (
		cd reftable && git config core.repositoryFormatVersion 1 &&
		git config extensions.refStorage reftable &&
		for words in init status run; do
			refused 128 "reftable.*not supported" \
				git-strack $words || return 1
			grep "git refs migrate" "$refusal" || return 1
		done && test ! -e .git/strack
	)
'

test_expect_success 'an extension that nobody knows' '
	repo future && (
		cd future && git config core.repositoryFormatVersion 1 &&
		git config extensions.fromTheFuture true &&
		refused 128 "fromthefuture" git-strack status &&
		test ! -e .git/strack
	)
'

# ---- the branch ----

test_expect_success 'the branch is somebody else'\''s' '
	repo taken && (
		cd taken && job 1 && git branch strack-ledger &&
		before=$(git rev-parse strack-ledger) &&
		for words in init run status verify log "mark -m x job1"; do
			# shellcheck disable=SC2086
			refused 128 "not a git-strack ledger" \
				git strack $words || return 1
			grep "git branch -m" "$refusal" || return 1
		done &&
		test "$(git rev-parse strack-ledger)" = "$before"
	)
'

test_expect_success 'the branch is checked out' '
	known home && (
		cd home && job 2 && git worktree add -q ../book strack-ledger &&
		git strack run >said 2>&1 &&
		test "$(kinds "scripts/${day}0002_job2.sh")" = "claim done" &&
		git strack status && git strack verify && audit &&
		cd ../book && git strack status && git strack log &&
		git strack run >said 2>&1; cat said && cd ../home &&
		test "$(entries | grep -c book)" = 0 && audit
	)
'

test_expect_success 'the branch was rewound' '
	known rewound && (
		cd rewound && job 2 && git strack run &&
		tip=$(git rev-parse strack-ledger) && git strack verify &&
		git update-ref refs/heads/strack-ledger strack-ledger~2 &&
		for words in status run verify log "mark -m x job1"; do
			# shellcheck disable=SC2086
			refused 128 "rewound" git strack $words || return 1
			grep refs/strack/seen "$refusal" || return 1
		done &&
		test "$(wc -l <where)" = 2 &&
		sed -n "s/^hint: *\(git branch .*\)/\1/p" "$refusal" >mend && test -s mend &&
		sh -e ./mend && test "$(git rev-parse strack-ledger)" = "$tip" &&
		git strack status && audit
	)
'

test_expect_success 'the branch is gone' '
	known gone && (
		cd gone && git strack verify &&
		tip=$(git rev-parse strack-ledger) &&
		git update-ref -d refs/heads/strack-ledger &&
		refused 128 "gone|deleted|missing|was here" git strack run &&
		refused 128 "gone|deleted|missing|was here" git strack init &&
		sed -n "s/^hint: *\(git [a-z-]* .*strack-ledger.*\)/\1/p" \
			"$refusal" | head -n 1 >mend && test -s mend &&
		sh -e ./mend && test "$(git rev-parse strack-ledger)" = "$tip" &&
		git strack status && audit
	)
'

# ---- locks ----

test_expect_success 'a stale lock of the branch' '
	known stale && (
		cd stale && job 2 && before=$(git rev-parse strack-ledger) &&
		: >.git/refs/heads/strack-ledger.lock &&
		git strack status && git strack log &&
		refused 128 "strack-ledger.lock" git strack run &&
		test "$(wc -l <where)" = 1 &&
		sed -n "s/^hint: *\(rm .*\)/\1/p" "$refusal" >mend &&
		test -s mend && sh -e ./mend &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		git strack run && test "$(wc -l <where)" = 2 &&
		test "$(kinds "scripts/${day}0002_job2.sh")" = "claim done" &&
		audit
	)
'

test_expect_success 'stale locks of the index, packed refs and config' '
	known locks && (
		cd locks && job 2 && git pack-refs --all &&
		: >.git/index.lock && : >.git/packed-refs.lock &&
		: >.git/config.lock &&
		git strack run && git strack status && git strack init &&
		test "$(kinds "scripts/${day}0002_job2.sh")" = "claim done" &&
		rm .git/*.lock && audit
	) &&
	repo config && (
		cd config && : >.git/config.lock &&
		refused 128 "config.lock|lock.*config" git strack init &&
		! git rev-parse -q --verify strack-ledger &&
		rm .git/config.lock && git strack init && audit
	)
'

# ---- who ----

test_expect_success 'no user.name' '
	known nameless && (
		cd nameless && job 2 && before=$(git rev-parse strack-ledger) &&
		HOME=$PWD/nowhere && export HOME &&
		git config user.useConfigOnly true &&
		git strack status && git strack log && git strack verify &&
		refused 128 "user.name|user.email|identity" git strack run &&
		grep "git config.*user\." "$refusal" &&
		refused 128 "user.name|user.email|identity" \
			git strack mark -m x job2 &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		test "$(wc -l <where)" = 1 &&
		test -z "$(find .git/strack/runs .git/strack/journal \
			-mindepth 1)" &&
		git config user.name N && git config user.email n@example.com &&
		git strack run && audit
	)
'

test_done
