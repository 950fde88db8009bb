# Forges ledgers with stock tools alone (git, ssh-keygen, sha256sum): good
# ones, and with any piece overridden bad ones.  Sourced after lib-strack.sh;
# works on the repository in the current folder.
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
	[ -s "$forge_key_dir/$1.fingerprint" ] ||
		ssh-keygen -lf "$forge_key_dir/$1.pub" | cut -d ' ' -f 2 \
			>"$forge_key_dir/$1.fingerprint"
	cat "$forge_key_dir/$1.fingerprint"
}

forge_unpercent() {
	case $1 in
	*[%\\]*) ;;
	*)
		printf '%s\n' "$1"
		return
		;;
	esac
	printf '%b' "$(printf %s "$1" |
		sed 's/\\/\\\\/g; s/%\([0-9A-F][0-9A-F]\)/\\0x\1/g' |
		awk '{
			while (match($0, /\\0x[0-9A-F][0-9A-F]/)) {
				h = index("0123456789ABCDEF",
					substr($0, RSTART + 3, 1)) * 16 - 16
				h += index("0123456789ABCDEF",
					substr($0, RSTART + 4, 1)) - 1
				$0 = substr($0, 1, RSTART - 1) \
					sprintf("\\0%03o", h) \
					substr($0, RSTART + 5)
			}
			print
		}')"
}

# ---- the text ----

# What is given or made up is in $forge_given, a line "key value" each: without
# a process, of which a test of attacks would start thousands.
forge_nl='
'

# forge_get <key>: is it given?  Its value goes to $forge_got.
forge_get() {
	case $forge_nl$forge_given in
	*"$forge_nl$1 "*)
		forge_got=$forge_nl$forge_given
		forge_got=${forge_got#*"$forge_nl$1 "}
		forge_got=${forge_got%%"$forge_nl"*}
		;;
	*)
		forge_got=
		return 1
		;;
	esac
}

forge_value() {
	forge_get "$1"
	printf '%s\n' "$forge_got"
}

# forge_default <key> <value>
forge_default() {
	forge_get "$1" || forge_given=$forge_given"$1 $2$forge_nl"
}

# What the claim said, for its outcome.
forge_as_claimed() {
	forge_get claim
	[ -f "$forge_work/claim.$forge_got" ] || return 0
	while read -r forge_k forge_v; do
		case $forge_k in
		script | environment | run | attempt | blob | clone)
			[ -z "$forge_v" ] ||
				forge_default "$forge_k" "$forge_v"
			;;
		esac
	done <"$forge_work/claim.$forge_got"
}

forge_ulid() {
	forge_runs=$((${forge_runs:-0} + 1))
	printf '01KB2ZJ6V3N8Q4T7W9XYEA%04d' "$forge_runs"
}

forge_highest() {
	git ls-tree -r --name-only -z "$1" 2>/dev/null | tr '\n\000' '?\n' |
		awk -F / '{
			split($NF, f, ".")
			if (f[1] ~ /^[0-9]+$/ && length(f[1]) >= 8 &&
				f[2] ~ /^[0-9]+T[0-9]+Z$/ && f[1] + 0 > n)
				n = f[1] + 0
		} END { if (n) print n }'
}

forge_defaults() {
	forge_default ledger "$(git cat-file blob \
		"$forge_on:.strack/ledger" 2>/dev/null | sed -n 's/^id //p')"
	case $forge_kind in
	done | fail | skip | lost | rollback | rollback-fail)
		forge_default claim "$forge_claim"
		forge_as_claimed
		case $forge_kind in
		done | skip | rollback)
			forge_get signal || forge_default exit 0
			;;
		fail | rollback-fail) forge_get signal || forge_default exit 1 ;;
		esac
		[ "$forge_kind" = lost ] || forge_default duration 1.532
		;;
	esac
	case $forge_kind in
	trust-add)
		forge_get key
		forge_v=$forge_got
		case $forge_v in
		'' | *' '*) ;;
		*)
			forge_given=$(printf %s "$forge_given" |
				sed '/^key /d')$forge_nl
			forge_default principal "$forge_v@example.com"
			forge_default key "$(forge_public "$forge_v")"
			;;
		esac
		forge_default roles run
		;;
	trust-revoke) forge_default after "$forge_on" ;;
	disown) forge_default reason junk ;;
	exec)
		forge_default environment "$forge_env"
		forge_default run "$(forge_ulid)"
		forge_default reason why
		;;
	review)
		forge_default environment "$forge_env"
		forge_default entry "$forge_claim"
		forge_default verdict ok
		;;
	*)
		if [ "$forge_folder" != .strack/exec ]; then
			forge_default script "$forge_script"
		fi
		forge_default environment "$forge_env"
		;;
	esac
	case $forge_kind in
	claim | undo)
		forge_default run "$(forge_ulid)"
		forge_runs=$((${forge_runs:-0} + 1))
		forge_default attempt 1
		;;
	exec) forge_runs=$((${forge_runs:-0} + 1)) ;;
	mark) forge_default reason why ;;
	void)
		forge_default entry "$forge_claim"
		forge_default reason why
		;;
	esac
	case $forge_kind in
	claim)
		forge_default commit "$(git rev-parse HEAD)"
		forge_default limit 0
		;;
	esac
	case $forge_kind in
	claim | approve)
		forge_get script
		forge_default blob "$(git rev-parse -q --verify \
			"HEAD:$forge_got" || echo "$forge_zero")"
		;;
	esac
	if forge_get environment && [ "$forge_got" = local ]; then
		forge_default clone "$(git config strack.clone || echo other)"
	fi
	forge_default kind "$forge_kind"
	forge_default seq $(($(forge_highest "$forge_on") + 1))
	forge_get seq
	forge_n=$forge_got
	forge_default time "2026-01-01T$(printf %02d:%02d:%02d \
		$((forge_n / 3600 % 24)) $((forge_n / 60 % 60)) \
		$((forge_n % 60))).123Z"
	forge_default prev "$forge_on"
	forge_default signer "$(forge_fingerprint "$forge_by")"
}

forge_keys_in_order='ledger kind script environment run attempt claim blob '
forge_keys_in_order=$forge_keys_in_order'commit limit config raw-sha256 '
forge_keys_in_order=$forge_keys_in_order'changed-while-running dirty again '
forge_keys_in_order=$forge_keys_in_order'entry resolved verdict args reason '
forge_keys_in_order=$forge_keys_in_order'cancelled checkpoint left unclaimed '
forge_keys_in_order=$forge_keys_in_order'clone key principal roles '
forge_keys_in_order=$forge_keys_in_order'environments fingerprint after time '
forge_keys_in_order=$forge_keys_in_order'duration exit signal timed-out '
forge_keys_in_order=$forge_keys_in_order'output-bytes output-sha256 log host '
forge_keys_in_order=$forge_keys_in_order'user seq prev signer'

# The payload: known keys in their order, the others behind.
forge_payload() {
	echo 'strack-entry 1'
	for forge_k in $forge_keys_in_order; do
		forge_get "$forge_k"
		[ -z "$forge_got" ] || printf '%s %s\n' "$forge_k" "$forge_got"
	done
	printf %s "$forge_given" | awk -v known=" $forge_keys_in_order " \
		'NF > 1 && !index(known, " " $1 " ")'
}

# forge_sign <file> <key> <namespace>: its armour on standard output
forge_sign() {
	ssh-keygen -q -Y sign -n "$3" -f "$forge_key_dir/$2" \
		<"$1" 2>/dev/null
}

forge_text() {
	forge_defaults &&
	forge_payload >"$forge_work/payload" &&
	if [ -n "$forge_filter" ]; then
		eval "$forge_filter" <"$forge_work/payload" \
			>"$forge_work/payload2" &&
		mv "$forge_work/payload2" "$forge_work/payload"
	fi &&
	cp "$forge_work/payload" "$forge_work/entry" &&
	forge_sign "$forge_work/payload" "$forge_by" "$forge_ns" \
		>>"$forge_work/entry" &&
	if [ -n "$forge_spoil" ]; then
		eval "$forge_spoil" <"$forge_work/entry" \
			>"$forge_work/entry2" &&
		mv "$forge_work/entry2" "$forge_work/entry"
	fi
}

# ---- the tree ----

forge_dir_of() {
	case $forge_kind in
	trust-add | trust-revoke | disown) echo .strack/trust ;;
	exec | review) echo .strack/exec ;;
	*)
		if forge_get script; then
			forge_unpercent "$forge_got"
		else
			echo .strack/exec
		fi
		;;
	esac
}

forge_name_of() {
	forge_get environment
	forge_e=${forge_got:+$forge_got.}
	forge_get time
	forge_t=$(echo "$forge_got" | sed 's/[:-]//g; s/\..*/Z/')
	forge_get seq
	forge_n=$forge_got
	forge_get kind
	printf '%08d.%s.%s%s.%.16s\n' "$forge_n" "$forge_t" "$forge_e" \
		"$forge_got" "$forge_id"
}

# forge_put <tree> <mode> <blob> <path>: a tree with that in it, whatever git
# thinks of the path
forge_put() {
	case $4 in
	*/*)
		forge_sub=$(git ls-tree -z "$1" | tr '\n\000' '\001\n' |
			awk -F '\t' -v n="${4%%/*}" '$2 == n {
				split($1, f, " "); print f[3] }')
		(forge_put "${forge_sub:-$(git mktree </dev/null)}" "$2" \
			"$3" "${4#*/}") >"$forge_work/sub.$$" || return 1
		forge_put "$1" 040000 "$(cat "$forge_work/sub.$$")" "${4%%/*}"
		;;
	*)
		case $2 in
		040000) forge_type=tree ;;
		160000) forge_type=commit ;;
		*) forge_type=blob ;;
		esac
		{
			git ls-tree -z "$1" | tr '\n\000' '\001\n' |
				awk -F '\t' -v n="$4" '$2 != n' |
				tr '\n\001' '\000\n'
			printf '%s %s %s\t%s\000' "$2" "$forge_type" "$3" "$4"
		} | git mktree -z --missing
		;;
	esac
}

# forge_add <mode> <blob> <path>: into the tree being built
forge_add() {
	case $3 in
	.git* | */.git* | ../* | */../* | ./* | */./*)
		forge_tree=$(forge_put "$forge_tree" "$1" "$2" "$3")
		;;
	*)
		export GIT_INDEX_FILE="$forge_work/index"
		git read-tree "$forge_tree" &&
		printf '%s %s\t%s\000' "$1" "$2" "$3" |
			git update-index -z --index-info &&
		forge_tree=$(git write-tree --missing-ok)
		forge_v=$?
		unset GIT_INDEX_FILE
		return "$forge_v"
		;;
	esac
}

forge_blob() {
	git hash-object -w --no-filters "$1"
}

# The blob of an entry; a submodule has none.
forge_build_tree() {
	if [ "$forge_on" = "$forge_zero" ]; then
		forge_tree=$(git mktree </dev/null)
	else
		forge_tree=$(git rev-parse "$forge_on^{tree}")
	fi &&
	forge_oid=$(forge_blob "$forge_work/entry") &&
	if [ "$forge_mode" = 160000 ]; then
		forge_oid=$(git rev-parse HEAD)
	fi &&
	forge_add "$forge_mode" "$forge_oid" "$forge_path" || return 1
	if [ "$forge_kind" = claim ] && [ -z "$forge_beside" ]; then
		forge_get blob
		forge_add "$forge_smode" "$forge_got" "$forge_path.script" ||
			return 1
	elif [ -n "$forge_beside" ] && [ "$forge_beside" != none ]; then
		forge_add "$forge_smode" "$(forge_blob "$forge_beside")" \
			"$forge_path.script" || return 1
	fi
	if [ -n "$forge_log" ]; then
		forge_add "$forge_smode" "$(forge_blob "$forge_log")" \
			"$forge_path.log" || return 1
	fi
	if [ -n "$forge_more" ]; then
		forge_add 100644 "$(forge_blob "${forge_more#* }")" \
			"${forge_more%% *}" || return 1
	fi
}

# ---- the commit ----

forge_subject_of() {
	case $forge_kind in
	trust-add) forge_get principal ;;
	trust-revoke) forge_get fingerprint ;;
	disown) forge_get entry || forge_get commit ;;
	*)
		forge_get script
		[ -n "$forge_got" ] || forge_get run
		[ -n "$forge_got" ] || forge_get entry
		;;
	esac
	forge_v=$forge_got
	forge_get kind
	forge_v="$forge_got: $forge_v"
	forge_get duration
	forge_d=$forge_got
	case $forge_kind in
	done | fail | skip | lost | rollback | rollback-fail) ;;
	*) forge_d= ;;
	esac
	if [ -n "$forge_d" ]; then
		forge_d=", $(echo "$forge_d" | sed 's/\(\.[0-9]\).*/\1/')s"
	fi
	forge_get environment
	if [ -n "$forge_got" ]; then
		forge_v="$forge_v ($forge_got$forge_d)"
	fi
	printf '%s\n' "$forge_v"
}

forge_trailers() {
	for forge_k in Script:script Environment:environment Kind:kind Run:run \
		Exit:exit Signal:signal Duration:duration Host:host; do
		forge_get "${forge_k#*:}"
		[ -z "$forge_got" ] ||
			printf '%s: %s\n' "${forge_k%:*}" "$forge_got"
	done
}

# forge_write_commit <tree> <key> <header> <parent>...: standard input is the
# message; key "none" leaves it unsigned, header "" is none
forge_write_commit() {
	forge_t=$1 forge_k=$2 forge_h=$3
	shift 3
	{
		echo "tree $forge_t"
		for forge_p; do
			echo "parent $forge_p"
		done
		echo 'author A U Thor <author@example.com> 1767225600 +0000'
		echo 'committer A U Thor <author@example.com> 1767225600 +0000'
		[ -z "$forge_h" ] || printf '%s\n' "$forge_h"
		echo
		cat
	} >"$forge_work/commit"
	if [ "$forge_k" != none ]; then
		forge_sign "$forge_work/commit" "$forge_k" git \
			>"$forge_work/commit.sig" || return 1
		awk -v sig="$forge_work/commit.sig" '
			!body && $0 == "" {
				lead = "gpgsig "
				while ((getline line < sig) > 0) {
					print lead line
					lead = " "
				}
				body = 1
			}
			{ print }' "$forge_work/commit" \
			>"$forge_work/commit2" &&
		mv "$forge_work/commit2" "$forge_work/commit"
	fi
	git hash-object -w -t commit --literally "$forge_work/commit"
}

# With git's own signing where nothing is odd.
forge_write() {
	{
		printf '%s\n\n' "${forge_subject:-$(forge_subject_of)}"
		forge_trailers
	} >"$forge_work/message"
	if [ -n "$forge_header" ]; then
		forge_commit=$(forge_write_commit "$forge_tree" \
			"$forge_signs" "$forge_header" "$forge_on" \
			<"$forge_work/message")
		return
	fi
	set -- "$forge_tree" -F "$forge_work/message"
	[ "$forge_on" = "$forge_zero" ] || set -- "$@" -p "$forge_on"
	[ -n "$forge_unsigned" ] || set -- -S "$@"
	forge_commit=$(git -c gpg.format=ssh -c \
		"user.signingKey=$forge_key_dir/$forge_signs" commit-tree "$@")
}

forge_args() {
	forge_by=root forge_signs= forge_on= forge_ns=git-strack forge_name=
	forge_folder= forge_entry= forge_filter= forge_spoil= forge_mode=100644
	forge_smode=100644 forge_beside= forge_log= forge_subject= forge_header=
	forge_more= forge_unsigned= forge_moves=yes
	forge_given=
	for forge_a; do
		forge_v=${forge_a#*=}
		case $forge_a in
		@by=*) forge_by=$forge_v ;;
		@signs=*) forge_signs=$forge_v ;;
		@on=*) forge_on=$(git rev-parse "$forge_v") forge_moves= ;;
		@ns=*) forge_ns=$forge_v ;;
		@name=*) forge_name=$forge_v ;;
		@dir=*) forge_folder=$forge_v ;;
		@entry=*) forge_entry=$forge_v ;;
		@filter=*) forge_filter=$forge_v ;;
		@spoil=*) forge_spoil=$forge_v ;;
		@mode=*) forge_mode=$forge_v ;;
		@smode=*) forge_smode=$forge_v ;;
		@script=*) forge_beside=$forge_v ;;
		@log=*) forge_log=$forge_v ;;
		@subject=*) forge_subject=$forge_v ;;
		@header=*) forge_header=$forge_v ;;
		@more=*) forge_more=$forge_v ;;
		@unsigned=*) forge_unsigned=$forge_v ;;
		*=*) forge_given=$forge_given"${forge_a%%=*} $forge_v$forge_nl" ;;
		*)
			echo "forge: what is '$forge_a'?" >&2
			return 1
			;;
		esac
	done
	[ -n "$forge_signs" ] || forge_signs=$forge_by
	[ -z "$forge_log" ] || forge_default log "$(forge_blob "$forge_log")"
	[ -n "$forge_on" ] || forge_on=$(git rev-parse -q --verify \
		refs/heads/strack-ledger) || forge_on=$forge_zero
}

forge() {
	forge_kind=$1
	shift
	forge_args "$@" || return 1
	if [ -n "$forge_entry" ]; then
		forge_defaults && cp "$forge_entry" "$forge_work/entry"
	else
		forge_text
	fi || return 1
	forge_id=$(sha256sum <"$forge_work/entry" | cut -c 1-64)
	case $forge_kind in
	claim | undo | exec)
		forge_claim=$forge_id
		printf %s "$forge_given" >"$forge_work/claim.$forge_id"
		;;
	esac
	forge_path=${forge_folder:-$(forge_dir_of)}/${forge_name:-$(forge_name_of)}
	forge_build_tree && forge_write || return 1
	if [ -n "$forge_moves" ]; then
		git update-ref refs/heads/strack-ledger "$forge_commit"
	fi
}

# forge_found <key> [<uuid>]: the root commit
forge_found() {
	printf 'strack-ledger 1\nid %s\n' \
		"${2:-8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d11}" \
		>"$forge_work/meta" &&
	echo 'A ledger.' >"$forge_work/readme" &&
	forge_kind=trust-add &&
	forge_args "@by=$1" "key=$1" roles=root "prev=$forge_zero" seq=1 \
		"ledger=$(sed -n 's/^id //p' "$forge_work/meta")" &&
	forge_on=$forge_zero &&
	forge_text &&
	forge_id=$(sha256sum <"$forge_work/entry" | cut -c 1-64) &&
	forge_path=.strack/trust/$(forge_name_of) &&
	forge_build_tree &&
	forge_add 100644 "$(forge_blob "$forge_work/meta")" .strack/ledger &&
	forge_add 100644 "$(forge_blob "$forge_work/readme")" README.md &&
	forge_write
}

# forge_merge <commit> <commit> [<key>]: the union of both
forge_merge() {
	export GIT_INDEX_FILE="$forge_work/index"
	git read-tree "$1" &&
	git ls-tree -r -z "$2" | git update-index -z --index-info &&
	forge_tree=$(git write-tree)
	forge_v=$?
	unset GIT_INDEX_FILE
	[ "$forge_v" = 0 ] &&
	forge_commit=$(echo merge | git -c gpg.format=ssh \
		-c "user.signingKey=$forge_key_dir/${3:-root}" \
		commit-tree -S "$forge_tree" -p "$1" -p "$2")
}

# forge_move [<commit>]: the branch goes there
forge_move() {
	git update-ref refs/heads/strack-ledger "${1:-$forge_commit}"
}

forge_tip() {
	git rev-parse refs/heads/strack-ledger
}
