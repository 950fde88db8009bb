#!/bin/sh
test_description='verify under attack: the history'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

d=scripts/20260101_d.sh

# drop <path>, put <path> <file>: commits that change what is there, signed
redo() {
	forge_move "$(echo "${2:-mark: x}" | git -c gpg.format=ssh -c \
		"user.signingKey=$forge_key_dir/runner" commit-tree -S "$1" \
		-p strack-ledger)"
}
drop() {
	export GIT_INDEX_FILE="$forge_work/index"
	git read-tree strack-ledger && git rm -q --cached -r -- "$1"
	tree=$(git write-tree)
	unset GIT_INDEX_FILE
	redo "$tree"
}
put() {
	forge_tree=$(git rev-parse "strack-ledger^{tree}") &&
	forge_add "${3:-100644}" "$(git hash-object -w "$2")" "$1" &&
	redo "$forge_tree"
}

test_expect_success 'a good ledger' 'attack_base'
cd "$SHARNESS_TRASH_DIRECTORY" || exit 1

# ---- taken away ----

attack 'an entry deleted' 'not append-only (deleted)' no '
	drop $path_done_a'
attack 'a script beside a claim deleted' 'not append-only (deleted)' no '
	drop $path_claim_a.script'
attack 'an entry edited in place' 'not append-only (changed)' no '
	echo x >x && put $path_done_a x'
attack 'a mode changed' 'not append-only (changed)' no '
	git cat-file blob strack-ledger:$path_done_a >x &&
	put $path_done_a x 100755'
attack 'the ledger renamed' 'not append-only (changed)' no '
	printf "strack-ledger 1\nid 8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d12\n" >x &&
	put .strack/ledger x'
attack 'an entry moved' 'not append-only (deleted)' no '
	git cat-file blob strack-ledger:$path_done_a >x && drop $path_done_a &&
	put $d/${path_done_a##*/} x'
attack 'a merge that drops a side' 'not the union of its parents' no '
	forge mark @by=runner script=$d @on=$base_tip && one=$forge_commit &&
	forge mark @by=runner script=$d @on=$base_tip environment=production &&
	forge_move "$(echo merge | git -c gpg.format=ssh -c \
		user.signingKey=$forge_key_dir/runner commit-tree -S \
		$one^{tree} -p $one -p $forge_commit)"'

test_expect_success 'reordered: the same entries in another order' '
	cp -r base x && cd x && git update-ref -d refs/strack/seen/strack-ledger &&
	forge_move $at_claim_a^ &&
	git cat-file blob $base_tip:$path_claim_a >claim &&
	git cat-file blob $base_tip:$path_done_a >done &&
	forge done @entry=done @by=runner claim=$claim_a \
		@name=${path_done_a##*/} &&
	forge claim @entry=claim @by=runner @name=${path_claim_a##*/} &&
	must_fail 1 strack verify >out &&
	grep "^problem: .*done.*is no ancestor of the commit" out &&
	attack_harmless && cd .. && rm -rf x
'

test_expect_success 'rewound' '
	cp -r base x && cd x && forge_move $at_done_a^ &&
	must_fail 128 strack verify 2>err && grep "was rewound" err &&
	must_fail 128 strack run --env staging $d 2>err &&
	must_fail 128 strack status --env staging 2>err && [ ! -e ran ] &&
	cd .. && rm -rf x
'

test_expect_success 'rewound, and something else put on it' '
	cp -r base x && cd x && forge_move $at_done_a^ &&
	forge mark @by=runner script=$d &&
	must_fail 128 strack verify 2>err && grep "was rewound" err &&
	must_fail 128 strack run --env staging $d 2>err &&
	cd .. && rm -rf x
'

test_expect_success 'replaced by another ledger' '
	cp -r base x && cd x && git update-ref -d refs/heads/strack-ledger &&
	forge_found stranger && forge_move $forge_commit &&
	must_fail 128 strack verify 2>err && grep "rewound or replaced" err &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	must_fail 128 strack verify 2>err && grep "another ledger" err &&
	git config --unset strack.root &&
	printf "[ledger]\nroot = %s\n" $(forge_fingerprint root) >.strack.ini &&
	must_fail 128 strack verify 2>err && grep "was founded by" err &&
	cd .. && rm -rf x
'

test_expect_success 'a branch that is no ledger' '
	repo y && cd y && git branch strack-ledger &&
	must_fail 128 strack verify 2>err &&
	grep "is not a git-strack ledger" err && cd .. && rm -rf y
'

test_expect_success 'a ledger of a newer version' '
	repo y && cd y && mkdir .strack && echo "strack-ledger 2" >.strack/ledger &&
	git add . && git commit -q -m x && git branch strack-ledger &&
	must_fail 128 strack verify 2>err &&
	grep "written by a newer version" err && cd .. && rm -rf y
'

test_expect_success 'missing objects: an entry, a script, a tree' '
	cp -r base x && cd x && git config core.commitGraph false &&
	lose() {
		file=.git/objects/$(git rev-parse "$1" | sed "s#..#&/#")
		chmod u+w "$file" && rm "$file"
	} &&
	lose strack-ledger:$path_done_a &&
	must_fail 1 strack verify >out 2>&1 &&
	grep "^problem: .*$path_done_a: .*not " out &&
	attack_harmless && cd .. && rm -rf x && cp -r base x && cd x &&
	git rm -q -r scripts && git commit -q -m gone &&
	lose strack-ledger:$path_claim_a.script &&
	must_fail 1 strack verify >out 2>&1 &&
	grep "^problem: .*the bytes of its .script are not here" out &&
	cd .. && rm -rf x && cp -r base x && cd x &&
	lose strack-ledger:.strack/trust &&
	strack verify >out 2>&1
	[ $? != 0 ] && cd .. && rm -rf x
'

# ---- added ----

attack 'an unsigned commit' 'unsigned commit' commit '
	forge mark @by=runner script=$d @unsigned=yes'
attack_fully 'a subject that lies' 'subject is not its entry.s' commit '
	forge mark @by=runner script=$d @subject="done: $d (staging)"'
attack 'an empty commit with a lying subject' 'brings 0 entries' commit '
	redo $(git rev-parse "strack-ledger^{tree}") "done: $d (staging)" &&
	forge_commit=$(forge_tip)'
attack 'an empty unsigned commit' 'unsigned commit' commit '
	forge_move $(echo x | git commit-tree strack-ledger^{tree} \
		-p strack-ledger) && forge_commit=$(forge_tip)'
attack 'a commit signed by another key' 'signed by another key' commit '
	forge mark @by=runner script=$d @signs=root'
attack 'a commit signed for another namespace' 'commit without a good signature' commit '
	forge mark @by=runner script=$d &&
	git cat-file commit $forge_commit | sed "/^gpgsig/,/^ -----END/d" >c &&
	ssh-keygen -q -Y sign -n file -f $forge_key_dir/runner <c 2>/dev/null |
		sed "s/^/ /; 1s/^/gpgsig/" >s &&
	sed "/^committer/r s" c >c2 &&
	forge_commit=$(git hash-object -w -t commit c2) && forge_move'
attack 'two entries in a commit' 'brings 2 entries' commit '
	forge mark @by=runner script=$d @on=$base_tip &&
	git cat-file blob $forge_commit:$forge_path >e &&
	forge mark @by=runner script=scripts/20260101_e.sh @more="$forge_path e"'
attack 'one more file in a commit' 'nothing else may be here' commit '
	forge mark @by=runner script=$d @more="scripts/run.sh README"'
attack 'somebody else.s log in a commit' 'is not of its commit.s entry' commit '
	forge mark @by=runner script=$d @more="$path_done_a.log README"'
attack 'a second README' 'nothing else may be here' commit '
	forge mark @by=runner script=$d @more="scripts/README.md README"'
attack 'a commit with one more header' 'has a header that has no place here' commit '
	forge mark @by=stranger script=$d @header="mergetag x"'
attack_fully 'the same, and good things on top of it' 'has a header that has no place here' '$bad' '
	forge mark @by=runner script=$d @header="x y" && bad=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_e.sh environment=production'
attack 'a commit with two signatures' 'has two signatures' commit '
	forge mark @by=runner script=$d &&
	git cat-file commit $forge_commit |
		awk "/^gpgsig/ { print \"gpgsig x\" } { print }" >c &&
	forge_commit=$(git hash-object -w -t commit --literally c) && forge_move'
attack 'a second root' 'a second root commit' '$second $forge_commit' '
	forge mark @by=stranger @on=strack-ledger script=$d &&
	forge_tree=$(git mktree </dev/null) &&
	forge_add 100644 $(git rev-parse $forge_commit:$forge_path) $forge_path &&
	second=$(forge_subject_of | forge_write_commit $forge_tree stranger "") &&
	forge_merge $(forge_tip) $second stranger && forge_move'
attack_fully 'a second root that founds again, dated before' 'a second root commit' \
	'$second $add $forge_commit' '
	forge trust-add key=stranger roles=root @by=stranger seq=1 \
		prev=$forge_zero @on=strack-ledger &&
	forge_tree=$(git mktree </dev/null) &&
	for p in README.md .strack/ledger; do
		forge_add 100644 $(git rev-parse strack-ledger:$p) $p || return 1
	done &&
	forge_add 100644 $(git rev-parse $forge_commit:$forge_path) $forge_path &&
	second=$(forge_subject_of | forge_write_commit $forge_tree none "" |
		xargs git cat-file commit |
		sed "s/1767225600/1/" >c; forge_sign c stranger git |
		sed "s/^/ /; 1s/^/gpgsig/" >s; sed "/^committer/r s" c >c2;
		git hash-object -w -t commit c2) &&
	forge trust-add key=stranger roles="root run" @by=stranger @on=$second &&
	add=$forge_commit && forge_merge $(forge_tip) $add stranger && forge_move'
attack 'a merge that brings an entry' 'brought by a merge' commit '
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production && one=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production reason=2 && two=$forge_commit &&
	forge_merge $one $two && forge_add 100644 $(git rev-parse HEAD:README) \
		$d/00000010.20260101T000009Z.staging.done.0123456789abcdef &&
	forge_commit=$(echo merge | git -c gpg.format=ssh -c \
		user.signingKey=$forge_key_dir/runner commit-tree -S $forge_tree \
		-p $one -p $two) && forge_move'
attack_fully 'a merge that brings a forged mark' 'brought by a merge' commit '
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production && one=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production reason=2 && two=$forge_commit &&
	forge mark @by=stranger script=$d @on=$base_tip \
		signer=$(forge_fingerprint root) &&
	blob=$(git rev-parse $forge_commit:$forge_path) path=$forge_path &&
	forge_merge $one $two &&
	forge_add 100644 $blob $path &&
	forge_commit=$(echo merge | git -c gpg.format=ssh -c \
		user.signingKey=$forge_key_dir/runner commit-tree -S $forge_tree \
		-p $one -p $two) && forge_move'
attack_fully 'a merge by a stranger' 'merge signed by .* is not trusted' commit '
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production && one=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production reason=2 &&
	forge_merge $one $forge_commit stranger && forge_move'
attack 'a merge with another subject' 'should be .merge.' commit '
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production && one=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_e.sh @on=$base_tip \
		environment=production reason=2 && two=$forge_commit &&
	forge_merge $one $two &&
	forge_commit=$(echo "done: $d" | git -c gpg.format=ssh -c \
		user.signingKey=$forge_key_dir/runner commit-tree -S \
		$forge_commit^{tree} -p $one -p $two) && forge_move'

test_done
