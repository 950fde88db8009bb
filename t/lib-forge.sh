# Forges ledgers without the program under test, with ssh-keygen and git's own
# formats: good ones, and with any piece overridden bad ones.  Sourced after
# lib-strack.sh; works on the repository in the current folder.  What is done
# for every entry is in t/helper/forge.
#
#	forge_keys root runner         ed25519 keys, once for a test file
#	forge_found root               the root commit, with `root` as root
#	forge trust-add key=runner roles=run
#	forge claim @by=runner
#	forge done @by=runner exit=0
#
# forge KIND [KEY=VALUE...] [@PIECE=VALUE...]: one entry in one commit on top
# of the branch.  KEY=VALUE sets a key of the entry, encoded as it shall stand
# there; an empty value leaves it out.  What is not given is made up so that it
# is right.  Pieces are what is not in the text:
#
#	@by        key that signs (root)     @signs     another one for the commit
#	@on        parent commit; the branch is then left alone
#	@ns        namespace of the signature (git-strack)
#	@name @dir base name and folder in the tree
#	@entry     a file whose bytes are taken as the entry, as they are
#	@filter    command through which the text goes before it is signed
#	@spoil     command through which it goes afterwards
#	@mode      of the entry (100644)     @smode     of the files beside it
#	@script    file for NAME.script, or "none"     @log   file for NAME.log
#	@subject   of the commit             @header    one more header in it
#	@more      "PATH FILE": one more file in the commit
#	@unsigned  yes: the commit is not signed
#
# Afterwards forge_commit, forge_id (64 hex) and forge_path say what came out;
# forge_claim is the id of the last claim, undo or exec.
# shellcheck shell=sh disable=SC2154

forge_zero=0000000000000000000000000000000000000000
forge_key_dir=$strack_scratch/keys
forge_work=$strack_scratch/forge
forge_script=scripts/20260101_a.sh
forge_env=staging
forge_config=
mkdir -p "$forge_key_dir" "$forge_work"

# forge_keys <name>...; forge_key_of_type <name> <type> [<bits>]
forge_keys() {
	for forge_k; do
		forge_key_of_type "$forge_k" ed25519 || return 1
	done
}

forge_key_of_type() {
	ssh-keygen -q -t "$2" ${3:+-b "$3"} -N '' -C '' \
		-f "$forge_key_dir/$1"
}

forge_public() {
	cut -d ' ' -f 1,2 "$forge_key_dir/$1.pub"
}

forge_fingerprint() {
	ssh-keygen -lf "$forge_key_dir/$1.pub" | cut -d ' ' -f 2
}

# forge_sign <file> <key> <namespace>: its armour on standard output
forge_sign() {
	ssh-keygen -q -Y sign -n "$3" -f "$forge_key_dir/$2" \
		<"$1" 2>/dev/null
}

forge_highest() {
	git ls-tree -r --name-only -z "$1" 2>/dev/null | tr '\n\000' '?\n' |
		sed -n 's#.*/\([0-9]\{8,\}\)\.[0-9]\{8\}T[0-9]\{6\}Z\..*#\1#p' |
		sort -n | tail -n 1 | sed 's/^0*//'
}

# ---- all of it ----

# A shim before python3, as some version managers put it, costs more than all
# the rest: the interpreter itself is looked for, once.
forge_python=$(python3 -c 'import sys; print(sys.executable)')

# forge_run <word> <argument>...: t/helper/forge, and what it says
forge_run() {
	forge_said=$(forge_work=$forge_work forge_key_dir=$forge_key_dir \
		forge_claim=$forge_claim forge_script=$forge_script \
		forge_env=$forge_env forge_config=$forge_config "$forge_python" -I -S \
		"$strack_t/helper/forge" "$@") &&
	eval "$forge_said"
}

forge() {
	forge_run entry "$@"
}

# forge_found <key> [<uuid>]: the root commit; the branch is left alone
forge_found() {
	forge_run found "$@"
}

# forge_merge <commit> <commit> [<key>]: the union of both; likewise
forge_merge() {
	forge_run merge "$1" "$2" "${3:-root}"
}

# forge_add <mode> <blob> <path>: into the tree that was built last, whatever
# git thinks of the path
forge_add() {
	forge_run add "$forge_tree" "$@"
}

# forge_write_commit <tree> <key> <header> <parent>...: prints its id; standard
# input is the message; key "none" leaves it unsigned, header "" is none
forge_write_commit() {
	(forge_run commit "$@" && echo "$forge_commit")
}

# What the subject of the last entry's commit is to be.
forge_subject_of() {
	printf '%s\n' "$forge_subject"
}

# forge_move [<commit>]: the branch goes there
forge_move() {
	git update-ref refs/heads/strack-ledger "${1:-$forge_commit}"
}

forge_tip() {
	git rev-parse refs/heads/strack-ledger
}
