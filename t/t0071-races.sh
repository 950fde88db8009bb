#!/bin/sh
test_description='writers, and git and others at work beside them'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# sound: the outside oracle takes a second an entry, so in make check it looks
# at some of these ledgers only.
sound() {
	git strack verify -q && audit_fsck && {
		! test_have_prereq LONG || audit
	}
}

# scripts <n>: each leaves a line in ran.<n>, beside the work tree.
scripts() {
	for i in $(seq 1 "$1"); do
		write "scripts/${day}010$i""_s.sh" <<-EOT || return 1
		#!/bin/sh
		echo ran >>"\$STRACK_TOP/../ran.$i"
		echo "$i \$\$"
		sleep ${pause:-0.0$i}
		EOT
	done
	git add scripts && git commit -q -m scripts
}

# each_once <n>
each_once() {
	for i in $(seq 1 "$1"); do
		[ "$(wc -l <"../ran.$i")" = 1 ] ||
			{ echo "script $i: $(wc -l <"../ran.$i")" >&4; return 1; }
	done
}

# while_running <command>: again and again while the file busy is there.
while_running() {
	while [ -e ../busy ]; do
		"$@" >/dev/null 2>&1
		sleep 0.03
	done
}

test_expect_success 'gc, repack, pack-refs and worktree beside 6 runners' '
	mkdir gc && (
		cd gc && repo r && cd r && scripts 6 && git strack init &&
		: >../busy && {
			while_running git gc -q --prune=now &
			while_running git repack -qad &
			while_running git pack-refs --all &
			while_running eval "git worktree add -q --detach ../w &&
				git worktree remove -f ../w" &
			runners= && for i in 1 2 3 4 5 6; do
				git-strack run --wait >"../out.$i" 2>&1 &
				runners="$runners $!"
			done
			for pid in $runners; do
				wait "$pid" || : >../failed
			done
			rm ../busy && wait
		} && cat ../out.* && ! test -e ../failed && each_once 6 &&
		audit && git strack verify && git strack cleanup &&
		! test -e .git/gc.pid && test -z "$(ls .git/strack/runs)"
	)
'

# A gc that was told to spare nothing is waited for; one that is not, is not.
test_expect_success 'a gc that prunes at once is waited for' '
	mkdir wait && (
		cd wait && repo r && cd r && scripts 1 && git strack init &&
		{ sleep 31 & } && sleeper=$! &&
		printf "%s %s" $sleeper "$(uname -n)" >.git/gc.pid &&
		git strack run && test -e .git/gc.pid &&
		git config gc.pruneExpire now && scripts 2 &&
		{ git-strack run >out 2>&1 & } && runner=$! &&
		sleep 0.5 && ! test -e ../ran.2 && kill $sleeper &&
		wait $runner && each_once 2 && ! test -e .git/gc.pid && sound
	)
'

test_expect_success 'a branch that is rewound while a script runs' '
	mkdir rewind && (
		cd rewind && repo r && cd r && git strack init &&
		script "scripts/${day}0101_s.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.1"
		git update-ref refs/heads/strack-ledger strack-ledger~1
		kill -STOP $PPID # or it records that its runner is gone
		kill -9 $(cut -d" " -f4 /proc/$PPID/stat) $PPID
		EOF
		{ git-strack run 9>&1 >out 2>&1 | cat; } && each_once 1 &&
		must_fail 128 git strack run 2>err && grep rewound err &&
		each_once 1 &&
		git branch -f strack-ledger refs/strack/seen/strack-ledger &&
		must_fail 3 git strack run 2>err && grep "resolve" err &&
		each_once 1 && sound
	)
'

test_expect_success 'a branch that is deleted and put back' '
	mkdir gone && (
		cd gone && repo r && cd r && scripts 4 && git strack init &&
		: >../busy && {
			{ while test -e ../busy; do
				git branch -q -D strack-ledger
				sleep 0.03
				git branch strack-ledger \
					refs/strack/seen/strack-ledger
				sleep 0.1
			done >/dev/null 2>&1 & } &&
			for i in 1 2 3 4 5 6 7 8; do
				git-strack run --wait >"../out.$i" 2>&1
			done
			rm ../busy && wait
		} && { git rev-parse -q --verify strack-ledger ||
			git branch strack-ledger \
				refs/strack/seen/strack-ledger; } &&
		git strack run && each_once 4 && audit
	)
'

test_expect_success 'two work trees' '
	mkdir trees && (
		cd trees && repo r && cd r && scripts 4 && git strack init &&
		git worktree add -q ../w && {
			for dir in . ../w . ../w; do
				(cd "$dir" && exec git-strack run --wait) &
			done
			wait
		} && git strack run && each_once 4 && sound
	)
'

test_expect_success 'the outcome outlives a removed state folder' '
	mkdir state && (
		cd state && repo r && cd r && git strack init &&
		script "scripts/${day}0101_s.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.1"
		rm -rf .git/strack
		EOF
		git strack run && test "$(kinds "$(ls scripts/*)")" = \
			"claim done" && git strack run && each_once 1 && sound
	)
'

# The folder of a run that is being made is no leftover: without taking turns
# one in three of these failed.
test_expect_success 'cleaning up beside runs that begin' '
	mkdir tidy && (
		cd tidy && repo r && cd r && scripts 6 && git strack init &&
		: >../busy && {
			while_running git-strack cleanup &
			while_running git-strack cleanup &
			git-strack run >out 2>&1 || : >../failed
			rm ../busy && wait
		} && cat out && ! test -e ../failed && each_once 6 && sound
	)
'

# ---- a second program that moves the branch ----

# Another clone, that knows nothing of our locks, pushes what is good.
test_expect_success 'another writer beside 4 runners' '
	mkdir other && (
		cd other && repo r && cd r && scripts 6 && git strack init &&
		git add . && git commit -q -m ini &&
		git config receive.denyCurrentBranch ignore && {
			for i in 1 2 3 4; do
				git-strack run --wait >"../out.$i" 2>&1 ||
					: >../failed &
			done
			for i in 1 2 3; do
				until rm -rf ../w && git clone -q . ../w && (
					cd ../w && git fetch -q origin \
						strack-ledger:strack-ledger &&
					git config strack.signingKey \
						../r/.git/strack/id_ed25519 &&
					git strack mark -m "$i" \
						"scripts/${day}010${i}_s.sh" &&
					git push -q origin strack-ledger
				); do
					echo again >>../pushes
				done
			done
			wait
		} >../others 2>&1 && cat ../out.* && ! test -e ../failed &&
		each_once 6 && test "$(entries | grep -c "\.mark\.")" = 3 &&
		test "$(entries | grep -c "\.done\.")" = 6 && audit
	)
'

# rogue: a commit of nobody, on whatever the branch is.
rogue() {
	tip=$(git rev-parse strack-ledger) &&
	tree=$({
		git ls-tree "$tip" && printf "100644 blob %s\tgarbage\n" \
			"$(echo garbage | git hash-object -w --stdin)"
	} | git mktree) &&
	commit=$(git commit-tree -m garbage -p "$tip" "$tree") &&
	git update-ref refs/heads/strack-ledger "$commit" "$tip"
}

# What is under way then is not lost, and nothing more is begun until a root
# says what that commit is.
test_expect_success 'a stray commit while runners run' '
	mkdir rogue && (
		cd rogue && repo r && cd r && pause=0.4 scripts 8 && git strack init && {
			for i in 1 2 3 4; do
				{
					git-strack run --wait >"../out.$i" 2>&1
					echo $? >"../code.$i"
				} &
			done
			until test -e ../ran.1; do
				:
			done
			until rogue; do
				:
			done
			wait
		} 2>../rogue.err && cat ../out.* && for i in 1 2 3 4; do
			test "$(cat ../code.$i)" = 128 &&
			grep "ledger is not sound, so nothing is run" \
				../out.$i || exit 1
		done && test "$(find .. -name "ran.*" | wc -l)" -lt 8 &&
		for ran in ../ran.*; do
			test "$(wc -l <"$ran")" = 1 || exit 1
		done && must_fail 128 git strack run 2>../err && cat ../err &&
		must_fail 1 git strack verify >../verify &&
		commit=$(git log --format=%H --grep=^garbage$ strack-ledger) &&
		grep "${commit%??????????????????????????????}" ../verify &&
		git strack trust disown -m stray "$commit" &&
		git strack verify -q && git strack run --wait && each_once 8 &&
		test "$(entries | grep -c "\.claim\.")" = 8 &&
		test "$(entries | grep -c "\.done\.")" = 8 &&
		test -z "$(ls .git/strack/journal)" && audit_fsck
	)
'

test_expect_success 'an outcome on a tip that has lost the ledger' '
	mkdir emptied && (
		cd emptied && repo r && cd r && git strack init &&
		script "scripts/${day}0101_s.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.1"
		commit=$(git commit-tree -m garbage -p strack-ledger \
			$(git mktree </dev/null)) &&
		git update-ref refs/heads/strack-ledger $commit
		EOF
		git strack run >../out 2>&1
		must_fail 128 git strack run && each_once 1 &&
		git branch -f strack-ledger refs/strack/seen/strack-ledger &&
		git strack run && each_once 1 &&
		test "$(kinds scripts/*_s.sh)" = "claim done" && sound
	)
'

test_done
