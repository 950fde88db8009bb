# What the tests of verify under attack share: one good ledger, of which each
# attack gets a copy.  Sourced after lib-forge.sh.
#
# scripts/20260101_a.sh is done, _b running, _c marked, _d pending; their
# bytes, if they ever ran, would be seen in the file `ran`.
# Each attack is pushed as well, to a server that has the good ledger and asks
# `verify --pre-receive`.
# shellcheck shell=sh disable=SC2154

attack_server=$SHARNESS_TRASH_DIRECTORY/base.git

# Called as git calls it, which is one process less: some thousand times.
strack() {
	"$STRACK_BUILD/git-strack" "$@"
}

# state <script>: what status calls it, with its flags
state() {
	strack status --env staging --all --porcelain "$1" |
		cut -f 1,4 | tr '\t' ' ' | sed 's/ $//'
}

attack_base() {
	forge_keys root second runner approver ci stranger &&
	repo base && cd base &&
	for s in a b c d e; do
		echo "echo $s >>\"\$STRACK_TOP/ran\"" |
			write scripts/20260101_$s.sh || return 1
	done &&
	echo "[environment \"staging\"]" >.strack.ini &&
	git add . && git commit -q -m scripts &&
	forge_config=$(git rev-parse HEAD:.strack.ini) &&
	echo ran >>.git/info/exclude &&
	git config gpg.format ssh &&
	git config user.signingKey "$forge_key_dir/root.pub" &&
	git config strack.signingKey "$forge_key_dir/root" &&
	forge_found root && forge_move &&
	forge trust-add key=runner &&
	forge trust-add key=approver roles=approve &&
	forge trust-add key=ci environments=production &&
	forge claim @by=runner && claim_a=$forge_id && path_claim_a=$forge_path &&
	at_claim_a=$forge_commit &&
	forge "done" @by=runner && done_a="$forge_id" && path_done_a=$forge_path &&
	at_done_a=$forge_commit &&
	forge mark @by=runner script=scripts/20260101_c.sh && mark_c=$forge_id &&
	forge claim @by=runner script=scripts/20260101_b.sh && claim_b=$forge_id &&
	base_tip=$forge_commit base_root=$(git rev-list --max-parents=0 \
		strack-ledger) &&
	attack_stranger=$(forge_public stranger) &&
	attack_stranger_id=$(forge_fingerprint stranger) &&
	strack verify >out && grep "checked: good" out &&
	strack status --env staging >/dev/null && audit_ledger . && cd .. &&
	git clone -q --bare base "$attack_server" &&
	printf '#!/bin/sh\nexec git strack verify --pre-receive\n' \
		>"$attack_server/hooks/pre-receive" &&
	chmod +x "$attack_server/hooks/pre-receive"
}

# The server says the same of it and does not let it in, unless git itself found
# that it is no proper tree.
attack_push() {
	git push "$attack_server" +strack-ledger >pushed 2>&1 &&
		{ echo 'the server let it in'; return 1; }
	if ! grep "^remote: git strack: refused: .*$attack_text" pushed; then
		attack_said=$(cat pushed)
		echo "$attack_said"
		case $attack_said in
		*'git strack'*) return 1 ;;
		*unpack*) ;;
		*) return 1 ;;
		esac
	fi
	[ "$base_tip" = "$(git -C "$attack_server" rev-parse strack-ledger)" ]
}

# A clone whose remote has it does not take what is not sound, and of what it
# takes the bad entry does not count.
attack_sync() {
	rm -rf ../victim && cp -r ../base ../victim && (
		cd ../victim && git config remote.origin.url "$OLDPWD" &&
		git config strack.remote origin || return 1
		if strack sync >said 2>&1; then
			must_fail 1 strack verify >said &&
				grep "^problem: .*$attack_text" said
		else
			grep -e "$attack_text" -e "can.t be judged" -e rewound \
				-e "can.t be fetched from" \
				-e "no ledger" -e "the ledger" said &&
				test "$base_tip" = "$(forge_tip)"
		fi || { cat said; return 1; }
	) && rm -rf ../victim
}

# Nobody acts on it: what was settled is not run again, nothing that the
# forger says is settled or can be withdrawn, removed or cleaned up, and none
# of his keys may do anything.
attack_harmless() {
	attack_d=$(state scripts/20260101_d.sh)
	attack_tip=$(forge_tip)
	# what is pending and nothing else may be run
	case $attack_d in
	*untrusted* | *conflict*) set -- scripts/20260101_d.sh ;;
	*) set -- ;;
	esac
	{
		strack run --env staging --yes scripts/20260101_a.sh \
			scripts/20260101_c.sh "$@"
		case $attack_d in
		running*) ;; # its claim is good: the attack is on its outcome
		*)
			strack resolve --env staging --done -m x \
				scripts/20260101_d.sh
			strack reset --env staging -m x scripts/20260101_d.sh
			;;
		esac
		strack cleanup
		strack remove --env staging scripts/20260101_d.sh
		strack check
		attack_code=$?
		attack_said=$(strack remind --json)
	} >run.out 2>&1
	[ "$attack_code" -le 128 ] || { echo 'check: a signal'; return 1; }
	case ${attack_said##*'"removable":'} in
	*20260101_d.sh*) echo 'd may go, says remind'; return 1 ;;
	esac
	[ ! -e ran ] || { echo 'a script ran again'; return 1; }
	[ -e scripts/20260101_d.sh ] || { echo 'd was removed'; return 1; }
	[ "$attack_tip" = "$(forge_tip)" ] || {
		git log --format=%s "$attack_tip..strack-ledger"
		echo 'something was written'
		return 1
	}
	grep 'is not sound' run.out || case $attack_d in
	pending | running | *untrusted* | *conflict*) ;;
	*) echo "d is now: $attack_d"; return 1 ;;
	esac
	case $(strack trust export 2>/dev/null) in
	*"$attack_stranger"*) echo 'the stranger is admitted'; return 1 ;;
	esac
}

# A root gets past it, and what was disowned stays without effect for whoever
# comes later: with the cache, with only the tip remembered, and with neither.
# (That takes ten commands more, so only attack_fully does it.)
attack_mend() {
	for attack_m; do
		strack trust disown "$attack_m" -m junk || return 1
	done
	strack verify >out 2>&1 && grep '^disowned: ' out &&
	attack_same || return 1
	[ -n "$attack_full" ] || return 0
	strack mark -m next --env staging scripts/20260101_e.sh &&
	attack_same &&
	rm -f .git/strack/cache/ledger &&
	strack mark -m next --env production scripts/20260101_e.sh &&
	attack_same &&
	rm -f .git/strack/cache/ledger &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	git config --unset strack.root &&
	strack status --env staging >/dev/null &&
	attack_same &&
	strack verify --full >out && grep 'checked: good' out
}

# attack_mend marks a newer script, so that the pending one may be late by then.
attack_same() {
	attack_have=$(strack status --env staging --all --porcelain |
		sort -t "$(printf '\t')" -k 3 |
		awk -F '\t' '/scripts\/20260101_[a-d].sh/ {
			if ($1 == "pending")
				sub(/^late$/, "", $4)
			printf " %s%s,", $1, $4 == "" ? "" : " " $4 }')
	[ "$attack_have" = "${attack_want:- done, running, marked, pending,}" ] ||
	{
		echo "states are now:$attack_have"
		return 1
	}
	case $(strack trust list) in
	*"$attack_stranger_id"*) echo 'the stranger is admitted'; return 1 ;;
	esac
}

# attack <title> <what verify says> <how it is mended> <forging commands>
# Mended by: "commit" or "entry" (disowning what was forged last), "both" (the
# last two commits), "no" (nothing can), or a list of what to disown.
attack() {
	attack_title=$1 attack_text=$2 attack_how=$3 attack_do=$4
	attack_n=$((${attack_n:-0} + 1))
	cp -r base "attack$attack_n"
	forge_claim=$claim_b
	test_expect_success "$attack_title" '
		cd "attack$attack_n" &&
		eval "$attack_do" &&
		must_fail 1 strack verify >out 2>err &&
		{ grep "^problem: .*$attack_text" out || { cat out; false; }; } &&
		attack_push && attack_sync && attack_harmless &&
		case $attack_how in
		commit) attack_mend "$forge_commit" ;;
		entry) attack_mend "$forge_path" ;;
		no)
			must_fail 128 strack run --env staging --yes \
				scripts/20260101_d.sh >out 2>&1 &&
			grep "not sound\|untrusted" out
			;;
		*) attack_mend $(eval "echo $attack_how") ;;
		esac
	'
	attack_code=$?
	cd "$SHARNESS_TRASH_DIRECTORY" || exit 1
	rm -rf "attack$attack_n"
	return $attack_code
}

# attack_fully ...: the same, and whoever comes later is looked at, too.
attack_fully() {
	attack_full=yes
	attack "$@"
	attack_full=
}
