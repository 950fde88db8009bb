#!/bin/sh
test_description='trust requests and rotate: keys that come, and keys that go'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-kill.sh"

day=$(date -u +%Y%m%d)

# as <key> <command>...: with that key for everything.
as() {
	(
		STRACK_SIGNING_KEY_FILE=$forge_key_dir/$1
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.signingKey
		GIT_CONFIG_VALUE_0=$forge_key_dir/$1
		export STRACK_SIGNING_KEY_FILE GIT_CONFIG_COUNT \
			GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0
		shift && "$@"
	)
}

fp() {
	ssh-keygen -lf "$1" | cut -d " " -f 2
}

# of_state <file>: fingerprint of a private key in the state folder; own: of
# the one that signs.
of_state() {
	ssh-keygen -y -f ".git/strack/$1" >"$strack_scratch/own" &&
	fp "$strack_scratch/own"
}

own() {
	of_state id_ed25519
}

tip() {
	git rev-parse strack-ledger
}

newest() {
	git cat-file blob "strack-ledger:$(entries | tail -n "${1:-1}" |
		head -n 1)"
}

# line <n>: the n-th line that is there to be typed.
line() {
	sed -n "s/^\(hint:\)* *\(git strack trust .*\)/\2/p" "${2:-out}" |
		sed -n "$1p"
}

# admitted <fingerprint>: it is in force.
admitted() {
	git strack trust list | grep -A 1 "^$1" | sed -n 2p | grep -vq revoked
}

state_of() {
	git strack status --json ${2:+--env "$2"} |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .state'
}

# person <name>: git signs with that key.
person() {
	git config gpg.format ssh &&
	git config user.signingKey "$forge_key_dir/$1.pub"
}

# with_run <name> [<person>]: a repository with a ledger and a script that ran.
with_run() {
	cd "$SHARNESS_TRASH_DIRECTORY" && repo "$1" && cd "$1" && { test -z "$2" || person "$2"; } &&
	git strack init && git add .strack.ini && git commit -q -m ini &&
	printf "#!/bin/sh\necho a\n" | script "scripts/${day}000001_a.sh" &&
	git strack run && old=$(own)
}

# counts_still: what ran before counts, and another one may run.
counts_still() {
	printf "#!/bin/sh\necho b\n" | script "scripts/${day}00000${1:-2}_b.sh" &&
	git strack run && git strack verify &&
	test "$(LEDGER=$(git rev-parse -q --verify refs/strack/local || tip) &&
		entry "scripts/${day}00000${1:-2}_b.sh" "done" |
		field signer)" = "$(own)" &&
	test "$(git strack status --json |
		jq -r ".scripts[].state" | sort -u)" = "done"
}

# in_place: the two halves are of one key, which is in force.
in_place() {
	test "$(own)" = "$(fp .git/strack/id_ed25519.pub)" &&
	test ! -e .git/strack/id_ed25519.new &&
	test ! -e .git/strack/id_ed25519.new.pub && admitted "$(own)"
}

forge_keys root runner gone stranger other person third

# ---- requests ----

test_expect_success 'nothing to list' '
	repo r && cd r && git config strack.signingKey "$forge_key_dir/root" &&
	printf "#!/bin/sh\n" | script "$forge_script" &&
	forge_found root && forge_move && forge trust-add key=runner &&
	(forge_env=qa && forge mark @by=runner) &&
	git strack trust requests >out 2>err &&
	test "$(cat out)" = "no unknown key has signed anything on this ledger" &&
	test ! -s err && test ! -e .git/strack/journal &&
	must_fail 129 git strack trust requests x &&
	must_fail 128 git -C .. strack trust requests
'

test_expect_success 'an unknown key, with the line to admit it' '
	forge claim @by=stranger user=deploy host=web-1 \
		time=2026-01-02T03:04:05.000Z &&
	forge "done" @by=stranger user=deploy host=web-1 &&
	(forge_env=production && forge mark @by=stranger user=ann host=web-2) &&
	TZ=UTC git strack trust requests >out &&
	grep -x "$(forge_fingerprint stranger)" out &&
	grep -x "    says to be ann@web-2, deploy@web-1" out &&
	grep -x "    3 entries: 1 claim, 1 done, 1 mark; in production, staging" \
		out &&
	grep -x "    from 2026-01-01 00:00:05 +0000 to 2026-01-02 03:04:05 +0000" \
		out &&
	test "$(line 1)" = "git strack trust add '\''$(forge_public stranger)'\'' --principal ann@web-2 --roles run --environments production,staging"
'

test_expect_success 'an approver, and who decides over others' '
	cp -a . ../roles && (
		cd ../roles && forge approve @by=other &&
		git strack trust requests >out &&
		line 2 | grep -e "--roles approve --environments staging" &&
		forge claim @by=runner && forge "done" @by=runner &&
		forge void @by=other "entry=$forge_id" reason=x &&
		git strack trust requests >out &&
		line 2 | grep -e "--roles approve --env" &&
		forge mark @by=other && git strack trust requests >out &&
		line 2 | grep -e "--roles run,approve --env"
	)
'

test_expect_success 'admitted by exactly that line' '
	must_fail 1 git strack verify && git strack trust requests >out &&
	eval "$(line 1)" && git strack verify &&
	git strack trust list | grep -A 1 "ann@web-2" |
		grep "run in production, staging" &&
	git strack trust requests >out && grep "^no unknown key" out && audit
'

test_expect_success 'forged text reaches nobody, and is nobody else' '
	forge mark @by=other "user=e%1B]0;x%07'\''; touch ../bad; '\''" \
		host="%0Agit strack trust add x$(printf "\342\200\256")" &&
	git strack trust requests >out &&
	! LC_ALL=C grep "[[:cntrl:]]" out && ! grep "$(printf "\342\200\256")" out &&
	test "$(grep -c "^ *git strack" out)" = 1 &&
	cp -a . ../forged && (
		cd ../forged && eval "$(line 1)" && test ! -e ../bad && newest >e &&
		test "$(field principal <e)" = \
			"e_]0;x_'\''; touch ../bad; '\''@_git strack trust add x_" &&
		git strack verify
	)
'

test_expect_success 'who takes the name of another is told apart' '
	forge mark @by=third user=ann host=web-2 &&
	git strack trust requests >out &&
	grep -A 6 "$(forge_fingerprint third)" out |
		grep "careful: $(forge_fingerprint stranger) has that name"
'

test_expect_success 'nobody is offered to be root' '
	forge trust-add @by=gone key=gone roles=root &&
	git strack trust requests >out &&
	grep -A 5 "$(forge_fingerprint gone)" out >mine &&
	grep "careful: it tried to change trust" mine &&
	! grep "trust add" mine && ! grep "roles root" out &&
	grep -F "    $(forge_public gone)" mine
'

test_expect_success 'a signature that is not good is nobody' '
	cp -a . ../bad && (
		cd ../bad && git strack trust requests >want &&
		forge_keys nobody &&
		forge mark @by=nobody @spoil="sed s/^host/host/\;s/^reason.*/reason\ no/" &&
		forge mark @by=nobody "signer=$(forge_fingerprint root)" &&
		git strack verify >said; grep "bad signature" said &&
		git strack trust requests >out && test_cmp want out
	)
'

test_expect_success 'what a root disowned asks no more' '
	for key in other third gone; do
		path=$(git strack verify | sed -n "s/^problem.* \([^ ]*\.[0-9a-f]\{16\}\).*$(
			forge_fingerprint $key | cut -c 8- |
			sed "s#[/+]#.#g").*/\1/p" | head -n 1) &&
		git strack trust disown "${path:-none}" -m junk || return 1
	done && git strack trust requests >out && grep "^no unknown key" out
'

test_expect_success 'a revoked key stands apart, with no line' '
	cp -a . ../revoked && (
		cd ../revoked && good=$(tip) &&
		forge mark @by=runner user=run host=h && git strack verify &&
		git strack trust revoke "$(forge_fingerprint runner)" \
			--after "$good" && git strack trust requests >out &&
		grep "^no unknown key" out && grep "^Revoked" out &&
		grep "^$(forge_fingerprint runner)  " out &&
		! grep "trust add" out
	)
'

# ---- rotate: a key that is named ----

test_expect_success 'a key and its successor' '
	with_run n person && ssh-keygen -q -t ed25519 -N "" -f ../ci &&
	git strack trust add "$forge_key_dir/runner.pub" --principal ci \
		--roles run --environments staging,qa &&
	git strack trust add "$forge_key_dir/runner.pub" --principal ci \
		--roles approve &&
	as runner git strack mark --env qa -m x 01_a.sh &&
	git strack trust rotate ci ../ci.pub -m "as every year" >out &&
	new=$(fp ../ci.pub) && gone=$(forge_fingerprint runner) &&
	grep -x "admitted $new for run: ci in staging qa" out &&
	grep -x "admitted $new for approve: ci" out &&
	grep "^revoked $gone after" out &&
	newest >e && test "$(field after <e)" = "$(git rev-parse strack-ledger^)" &&
	test "$(field reason <e)" = "as every year" &&
	newest 2 | grep -x "reason as every year" &&
	git strack verify && as runner must_fail 3 git strack mark --env staging \
		-m x 01_a.sh && test "$(state_of "scripts/${day}000001_a.sh" qa)" = \
		marked && admitted "$new" && ! admitted "$gone" &&
	cp ../ci ../ci.pub "$forge_key_dir" &&
	as ci git strack reset --env qa -m x 01_a.sh &&
	audit
'

test_expect_success 'refusals write nothing' '
	was=$(tip) && ssh-keygen -q -t ed25519 -N "" -f ../fresh &&
	git strack trust add "$forge_key_dir/third.pub" --principal twice &&
	git strack trust add "$forge_key_dir/other.pub" --principal twice &&
	was=$(tip) &&
	refused 128 "stands for several keys" git strack trust rotate twice \
		../fresh.pub && grep -A 2 "^hint" "$refusal" >hints &&
	grep "rotate $(forge_fingerprint third) ../fresh.pub" "$refusal" &&
	grep "rotate $(forge_fingerprint other) ../fresh.pub" "$refusal" &&
	refused 128 "is admitted already, for twice" git strack trust rotate ci \
		"$forge_key_dir/third.pub" &&
	refused 128 "was revoked" git strack trust rotate ci \
		"$forge_key_dir/runner.pub" &&
	must_fail 128 git strack trust rotate ci ../ci.pub 2>err &&
	grep "is the key that is to go" err &&
	refused 128 "is nobody who is admitted" git strack trust rotate \
		"$(forge_fingerprint runner)" ../fresh.pub &&
	refused 128 "is nobody who is admitted" git strack trust rotate nobody \
		../fresh.pub &&
	must_fail 128 git strack trust rotate ci ../none.pub &&
	must_fail 128 git strack trust rotate ci ../fresh 2>err &&
	grep "private key" err &&
	must_fail 129 git strack trust rotate ci 2>err &&
	must_fail 129 git strack trust rotate a b c &&
	for o in "--principal x" "--roles run" "--environments x" \
		"--after $was"; do
		must_fail 129 git strack trust rotate ci ../fresh.pub $o ||
			return 1
	done &&
	git config --unset user.signingKey &&
	refused 3 "there is none here" git strack trust rotate ci ../fresh.pub &&
	person person && test "$(line 1 "$refusal")" = \
		"git strack trust rotate $(fp ../ci.pub) '\''$(
			cut -d " " -f 1,2 ../fresh.pub)'\''" &&
	test "$(tip)" = "$was" && test -z "$(ls .git/strack/journal)"
'

test_expect_success 'not while something runs that the key began' '
	was=$(tip) && printf "#!/bin/sh\nwhile test ! -e \"\$STRACK_TOP/../go\"; do
		sleep 0.1; done\n" | script "scripts/${day}000009_slow.sh" &&
	git strack run --detach 09_slow.sh && was=$(tip) &&
	refused 3 "under way" git strack trust rotate &&
	refused 3 "is running in local" git strack trust rotate "$(own)" \
		../fresh.pub && test "$(tip)" = "$was" && : >../go &&
	wait_for "test \"\$(kinds scripts/${day}000009_slow.sh)\" = \"claim done\"" &&
	git strack cleanup
'

test_expect_success 'the only root, by the half that is here' '
	cp -a . ../only && cd ../only && git strack trust revoke twice &&
	root=$(forge_fingerprint person) && was=$(tip) &&
	refused 3 "the new key can.t be used here" git strack trust rotate \
		"$root" "$(cut -d " " -f 1,2 ../fresh.pub)" &&
	grep "trust add .* --roles root" "$refusal" && test "$(tip)" = "$was" &&
	git strack trust rotate "$root" ../fresh.pub >out 2>err &&
	grep "user.signingKey names the old key" err &&
	newest >e && test "$(field signer <e)" = "$(fp ../fresh.pub)" &&
	newest 2 >e && test "$(field signer <e)" = "$root" &&
	git strack verify && admitted "$(fp ../fresh.pub)" && ! admitted "$root" &&
	must_fail 3 git strack trust revoke ci &&
	git config user.signingKey "$PWD/../fresh.pub" && counts_still 8 &&
	must_fail 3 git strack trust revoke "$(fp ../fresh.pub)" &&
	audit_fsck && audit_signatures && cd ..
'

# ---- rotate: the key of this clone ----

test_expect_success 'the key of the clone, with the root of a person' '
	with_run own1 person && git strack trust rotate -m "a year" >out &&
	new=$(own) && test "$new" != "$old" && in_place &&
	grep "^admitted $new for run: " out &&
	grep -x "this clone signs with $new from now on" out &&
	grep "^revoked $old after" out && ! admitted "$old" &&
	test "$(stat -c %a .git/strack/id_ed25519)" = 600 &&
	test "$(of_state id_ed25519.old)" = "$old" && newest >e &&
	test "$(field signer <e)" = "$(forge_fingerprint person)" &&
	counts_still && git strack trust rotate && in_place &&
	test "$(own)" != "$new" && counts_still 3 && git strack init &&
	in_place && audit
'

test_expect_success 'the only root is the key of the clone' '
	with_run own2 && git strack trust rotate >out && in_place &&
	test "$(own)" != "$old" && ! admitted "$old" &&
	newest >e && test "$(field signer <e)" = "$(own)" &&
	counts_still && git strack trust add "$forge_key_dir/third.pub" \
		--principal x && must_fail 3 git strack trust revoke "$(own)" &&
	git strack trust rotate && in_place && counts_still 3 &&
	audit_fsck && audit_signatures
'

# Entries of local stand beside the branch then, where no revocation reaches.
test_expect_success JQ 'with a remote, and what is this clone'\''s alone' '
	cd "$SHARNESS_TRASH_DIRECTORY" && git init -q --bare o.git &&
	repo own6 && cd own6 && person person &&
	git remote add origin ../o.git && git strack init &&
	git add .strack.ini && git commit -q -m ini &&
	printf "#!/bin/sh\n" | script "scripts/${day}000001_a.sh" &&
	git strack run && old=$(own) &&
	git rev-parse -q --verify refs/strack/local &&
	git strack trust rotate && in_place && ! admitted "$old" &&
	counts_still && git strack trust rotate && rm -r .git/strack/cache/* &&
	counts_still 3 && test "$(git -C ../o.git rev-parse strack-ledger)" = \
		"$(tip)" && was=$(tip) && mv ../o.git ../gone.git &&
	refused 3 "the remote can.t be reached" git strack trust rotate &&
	test "$(tip)" = "$was" && mv ../gone.git ../o.git && audit
'

test_expect_success 'a named key is not exchanged, and how to do it is said' '
	with_run own3 person && was=$(tip) && cp ../fresh ../named &&
	cp ../fresh.pub ../named.pub &&
	git strack trust add ../named.pub --principal n && was=$(tip) &&
	STRACK_SIGNING_KEY_FILE=../named refused 128 \
		"STRACK_SIGNING_KEY_FILE names" git strack trust rotate &&
	grep "trust rotate $(fp ../named.pub) <file>.pub" "$refusal" &&
	git config strack.signingKey ../named &&
	refused 128 "strack.signingKey names" git strack trust rotate &&
	test "$(tip)" = "$was" && test ! -e .git/strack/id_ed25519.new &&
	git strack trust rotate n "$forge_key_dir/third.pub" 2>err &&
	grep "let strack.signingKey name the new" err && audit
'

test_expect_success 'no root here: the line for one, and then the rest' '
	with_run own4 person && git config --unset user.signingKey &&
	was=$(tip) && refused 3 "there is none here" git strack trust rotate &&
	test "$(tip)" = "$was" && test "$(own)" = "$old" &&
	new=$(of_state id_ed25519.new) && line 1 "$refusal" >typed &&
	refused 3 "there is none here" git strack trust rotate &&
	line 1 "$refusal" >again && test_cmp typed again && git strack run &&
	person person && eval "$(cat typed)" 2>err && git config --unset \
		user.signingKey && grep "^  git strack trust rotate$" err &&
	must_fail 3 git strack mark -m x --env qa 01_a.sh &&
	cp -a . ../own4b && git strack trust rotate >out &&
	grep -x "this clone signs with $new from now on" out && in_place &&
	test "$(own)" = "$new" && counts_still && audit &&
	cd ../own4b && git strack init && in_place && test "$(own)" = "$new" &&
	counts_still && audit && cd ../own4 && refused 3 "there is none here" \
		git strack trust rotate && cd ..
'

test_expect_success 'a clone that is not admitted has nothing to hand on' '
	with_run own5 person && git strack trust revoke "$old" && was=$(tip) &&
	refused 128 "is not admitted" git strack trust rotate &&
	test "$(tip)" = "$was" && test ! -e .git/strack/id_ed25519.new && audit
'

# Killed before and after renames and links of it, and rotated again: two keys
# in the end, of which one is in force.
points="after:rename:refs/heads/:1 after:link:id_ed25519.old
	after:rename:strack/id_ed25519:2 before:rename:refs/heads/:2"
[ -z "$STRACK_LONG" ] || points="$points before:link:id_ed25519
	after:link:id_ed25519 before:rename:id_ed25519.new.pub
	before:rename:refs/heads/:1 before:link:id_ed25519.old
	before:rename:strack/id_ed25519:2 before:rename:id_ed25519.pub
	after:rename:id_ed25519.pub after:rename:refs/heads/:2"

test_expect_success KILLER,JQ 'killed anywhere, the clone can sign, and rotate' '
	with_run kill0 &&
	for at in $points; do
		rm -rf ../kill && cp -a . ../kill && (
			cd ../kill && killed_at $at git-strack trust rotate &&
			git strack verify && admitted "$(own)" &&
			git strack cleanup && git strack mark -m x --env qa \
				01_a.sh &&
			git strack init &&
			if admitted "$old"; then git strack trust rotate; fi &&
			in_place && ! admitted "$old" &&
			test "$(git strack trust list | grep -c SHA256)" = 2 &&
			counts_still && audit_fsck && audit_signatures
		) || { echo "$at" >&2; return 1; }
	done
'

# The second time it is hidden until then: rotate itself commits what waits.
test_expect_success KILLER 'an outcome of the old key is still committed' '
	with_run late && s=scripts/${day}000004_l.sh &&
	printf "#!/bin/sh\nrunner=\$(cut -d \" \" -f 4 /proc/\$PPID/stat)
		kill -KILL \$runner; exec sleep 60\n" | script "$s" && {
		KILL_ONLY=warden KILL_AT=after:rename:/strack/journal/ \
			LD_PRELOAD=$killer git-strack run "$s" >out 2>err
		test $? = 137
	} 2>/dev/null &&
	run=$(entry "$s" claim | field run) &&
	wait_for "flock -n .git/strack/runs/$run/lock true || \
		test ! -e .git/strack/runs/$run" &&
	test -n "$(ls .git/strack/journal)" && cp -a . ../late2 &&
	git strack trust rotate && test "$(kinds "$s")" = "claim fail" &&
	git strack verify && in_place && cd ../late2 &&
	mkdir ../kept && mv .git/strack/journal/* ../kept &&
	git strack trust rotate && mv ../kept/* .git/strack/journal &&
	git strack cleanup && test -z "$(ls .git/strack/journal)" &&
	kinds "$s" | grep "^claim fail" &&
	test "$(entry "$s" fail | field signer)" = "$old"
'

test_done
