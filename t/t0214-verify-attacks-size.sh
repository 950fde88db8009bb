#!/bin/sh
test_description='verify under attack: sizes'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

d=scripts/20260101_d.sh

# What is measured here is memory of the program itself; the sanitizers want
# all there is for their shadow.
memory=1000000000 patience=60
test_have_prereq LONG && memory=2000000000 patience=600
small() {
	case $STRACK_BUILD in
	*san) timeout "$patience" "$@" ;;
	*) timeout "$patience" prlimit --as="$memory" "$@" ;;
	esac
}

# on_top: a commit by the runner with the tree that was built last
on_top() {
	forge_commit=$(echo "mark: $d (staging)" | forge_write_commit \
		"$forge_tree" runner "" "$(forge_tip)") && forge_move
}

# with <blob or tree> <mode> <path>: the same, with that in it
with() {
	forge_tree=$(git rev-parse "strack-ledger^{tree}") &&
	forge_add "$2" "$1" "$3" && on_top
}

# in_copy [<prerequisite>] <title> <commands>: a test in a copy of the good ledger
in_copy() {
	copy_needs=
	[ $# = 2 ] || { copy_needs=$1 && shift; }
	copy_title=$1 copy_do=$2
	cp -r base x
	test_expect_success "$copy_needs" "$copy_title" 'cd x && eval "$copy_do"'
	cd "$SHARNESS_TRASH_DIRECTORY" && rm -rf x
}

# refuses <text> [<command>...]: they say that, and how to get out of it; that
# way works
refuses() {
	refuses_text=$1
	shift
	[ $# != 0 ] || set -- verify "run --env staging --yes $d" cleanup \
		"trust disown $forge_commit -m x"
	for command; do
		refused 128 "$refuses_text" small \
			sh -c "git strack $command" || return 1
	done &&
	test ! -e ran &&
	grep "git branch -f strack-ledger $(echo "$base_tip" | cut -c 1-12)" \
		"$refusal" &&
	git branch -q -f strack-ledger "$base_tip" &&
	small git strack verify --full >out && grep "checked: good" out
}

test_expect_success 'a good ledger' 'attack_base'
cd "$SHARNESS_TRASH_DIRECTORY" || exit 1

# many <n>: the runner's next commit brings a folder with n names.
many() {
	forge_run names "$1" "$(git rev-parse HEAD:README)" &&
	with "$forge_tree" 40000 "$d"
}

attack_fully 'a tree with a thousand names' 'brings 1000 files, more than 100' \
	commit 'many 1000'

million=100000
test_have_prereq LONG && million=1000000
in_copy "a tree with $million names" '
	many $million && must_fail 1 small git strack verify >out &&
	grep "^problem: .* brings $million files" out &&
	small git strack status --env staging >out 2>err &&
	grep "untrusted  *$d" out &&
	small git strack trust disown $forge_commit -m x &&
	small git strack verify --full >out && grep "checked: good" out &&
	small git strack run --env staging --yes $d && test "$(cat ran)" = d
'

in_copy LONG 'a tree with more than that' '
	many 1000001 &&
	refuses "commit .* brings more than 1000000 files" verify remind \
		"status --env staging" "run --env staging --yes $d" \
		"trust disown $forge_commit -m x" &&
	git branch -q -f strack-ledger "$forge_commit" &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	rm .git/strack/cache/ledger &&
	refused 128 "brings more than 1000000 files" small git strack verify &&
	grep "git log --first-parent" "$refusal"
'

# Ten folders in each of ten folders, and so on: 22 small trees.
bomb() {
	forge_tree=$(printf %b "$1" | git mktree) &&
	for level in 1 2 3 4 5 6 7 8 9 10 11; do
		forge_tree=$(for name in a b c d e f g h i j; do
			printf "040000 tree %s\t%s\n" "$forge_tree" "$name"
		done | git mktree) || return 1
	done
}

in_copy 'trees that hold each other, with files' '
	bomb "100644 blob $(git rev-parse HEAD:README)\tx\n" &&
	with "$forge_tree" 40000 bomb &&
	refuses "commit .* brings more than 1000000 files"
'

in_copy 'trees that hold each other, and nothing else' '
	bomb "" && with "$forge_tree" 40000 bomb &&
	refuses "commit .* more than 4194304 files and folders" verify \
		"run --env staging --yes $d"
'

in_copy 'trees that hold each other, brought by a merge' '
	forge mark @by=runner script=$d @on=$base_tip && one=$forge_commit &&
	forge mark @by=runner script=$d environment=production @on=$base_tip &&
	forge_merge $one $forge_commit runner && two=$forge_commit &&
	bomb "" && bomb=$forge_tree && forge_tree=$(git rev-parse "$two^{tree}") &&
	forge_add 40000 "$bomb" bomb &&
	forge_commit=$(echo merge | forge_write_commit "$forge_tree" runner "" \
		"$two^1" "$two^2") && forge_move &&
	refuses "commit .* more than 4194304 files and folders" verify \
		"run --env staging --yes $d"
'

in_copy 'folders in folders, 70 deep' '
	with $(git rev-parse HEAD:README) 100644 \
		"$(printf "x/%.0s" $(seq 70))y" &&
	refuses "commit .*: the tree .* nested too deeply"
'

in_copy 'a tree that is not sorted' '
	tree=$(printf "100644 b\0aaaaaaaaaaaaaaaaaaaa100644 a\0aaaaaaaaaaaaaaaaaaaa" |
		git hash-object -w --literally -t tree --stdin) &&
	with "$tree" 40000 x && refuses "commit .*: tree .* is not sorted"
'

in_copy 'a tree that is none' '
	with "$(git rev-parse HEAD:README)" 40000 x &&
	refuses "commit .*: object .* is a blob and no tree"
'

# ---- 4 GiB ----

huge() {
	"$forge_python" "$strack_t/helper/huge-object" "$@"
}

for how in loose pack; do
	attack "an entry that claims 4 GiB, $how" 'longer than 64 KiB' commit '
		forge mark @by=runner script=$d @on=$base_tip &&
		with $(huge '$how' blob) 100644 "$forge_path"'
	attack "a .script that claims 4 GiB, $how" 'larger than 10485760' commit '
		blob=$(huge '$how' blob) &&
		forge claim @by=runner script=$d blob=$blob'
	attack "a .log that claims 4 GiB, $how" 'larger than 1048576' commit '
		forge mark @by=runner script=$d log=$(huge '$how' blob) \
			@on=$base_tip && path=$forge_path &&
		forge_add 100644 $(huge '$how' blob) $path.log && on_top'
	in_copy "a tree and a commit that claim 4 GiB, $how" '
		with "$(huge $how tree)" 40000 scripts/x &&
		refuses "commit .*: object .* 4294967296 bytes" &&
		forge_commit=$(huge $how commit) &&
		echo $forge_commit >.git/refs/heads/strack-ledger &&
		refuses "object .* 4294967296 bytes"
	'
done

test_done
