#!/bin/sh
test_description='verify --pre-receive: what a server lets in'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

# That each attack on verify is refused by name when it is pushed is part of
# those tests: t0210, t0211, t0212.
a=scripts/20260101_a.sh d=scripts/20260101_d.sh e=scripts/20260101_e.sh
top=$SHARNESS_TRASH_DIRECTORY
zero=$forge_zero

# in_copy <title> <commands>: in copies of the good ledger and its server
in_copy() {
	cp -r base x && cp -r base.git x.git
	in_copy_do=$2 server=$top/x.git
	test_expect_success "$1" 'cd x && eval "$in_copy_do"'
	cd "$top" && rm -rf x x.git
}

tip_there() {
	git -C "$server" rev-parse -q --verify refs/heads/strack-ledger
}

listing() {
	(cd "$server" && find . -type f ! -path "./strack/*" | sort &&
		git for-each-ref)
}

# accepted [<git push arguments>]
accepted() {
	[ $# != 0 ] || set -- strack-ledger
	if git push "$server" "$@" >said 2>&1; then
		! grep "git strack" said
	else
		cat said
		return 1
	fi
}

# declined <regex> [<git push arguments>]: by the hook, with that line, and
# nothing is left of it
declined() {
	declined_text=$1 && shift
	[ $# != 0 ] || set -- strack-ledger
	listing >before
	if git push "$server" "$@" >said 2>&1; then
		cat said
		return 1
	fi
	cat said
	grep "^remote: git strack: refused: .*$declined_text" said &&
	listing >after && test_cmp before after
}

# fed <exit status> <regex or ""> <lines, for printf>: what the hook is told
fed() {
	printf %b "$3" >lines &&
	if test "$1" = 0; then
		git -C "$server" strack verify --pre-receive <lines >out 2>err
	else
		must_fail "$1" git -C "$server" strack verify --pre-receive \
			<lines >out 2>err
	fi
	test $? = 0 && test ! -s out || return 1
	if test -z "$2"; then
		test ! -s err
	else
		grep "$2" err
	fi
}

test_expect_success 'a good ledger, and a server that has it' 'attack_base'
cd "$top" || exit 1

in_copy 'good pushes: one entry, many at once as a pack, a merge' '
	forge mark @by=runner script=$e && accepted &&
	test "$(tip_there)" = $forge_commit &&
	git -C "$server" config receive.unpackLimit 1 &&
	forge mark @by=runner script=$e && forge mark @by=approver script=$e \
		kind=approve blob=$(git rev-parse HEAD:$e) reason= &&
	accepted && base=$(forge_tip) &&
	forge mark @by=runner script=$e @on=$base && one=$forge_commit &&
	forge mark @by=runner script=$d @on=$base &&
	forge_merge $one $forge_commit runner && forge_move && accepted &&
	audit "$server"
'

in_copy 'the first push is checked from the beginning' '
	git -C "$server" update-ref -d refs/heads/strack-ledger &&
	accepted && test "$(tip_there)" = "$(forge_tip)" &&
	git -C "$server" update-ref -d refs/heads/strack-ledger &&
	forge mark @by=stranger script=$e && forge mark @by=runner script=$e &&
	declined "$e.*is not trusted" && must_fail 1 tip_there
'

in_copy 'what is no ledger, and another one' '
	declined "is no ledger: it has no .strack/ledger" +main:strack-ledger &&
	mine=$(forge_tip) && forge_found stranger &&
	declined "is no fast-forward: it lacks" +$forge_commit:strack-ledger &&
	forge_found stranger 8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d12 &&
	declined "is another ledger: 8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d12" \
		+$forge_commit:strack-ledger &&
	git -C "$server" update-ref -d refs/heads/strack-ledger &&
	git -C "$server" config strack.root $base_root &&
	declined "another ledger: it begins with .* strack.root here says" \
		$forge_commit:refs/heads/strack-ledger &&
	accepted $mine:refs/heads/strack-ledger
'

in_copy 'deleted, rewound, and rewound with something put on it' '
	declined "is never deleted" :strack-ledger &&
	declined "is never deleted" main :strack-ledger &&
	declined "is no fast-forward: it lacks" +strack-ledger~1:strack-ledger &&
	forge_move strack-ledger~1 && forge mark @by=runner script=$e &&
	declined "is no fast-forward: it lacks" +strack-ledger
'

in_copy 'other branches are nobody.s business, refs/strack is each clone.s own' '
	git branch topic && accepted main topic && accepted :topic &&
	declined "refs/strack/local is each clone.s own and never pushed" \
		strack-ledger:refs/strack/local &&
	declined "refs/strack/seen/x is" main:topic strack-ledger:refs/strack/seen/x &&
	git -C "$server" update-ref refs/strack/local refs/heads/main &&
	declined "refs/strack/local is" :refs/strack/local
'

in_copy 'who may do that here may not do it there' '
	forge claim @by=ci script=$d &&
	declined "$d.*claim.*has no right to act in this environment" &&
	forge_move $base_tip && forge claim @by=ci script=$d \
		environment=production && accepted &&
	forge claim @by=runner script=$d environment=production &&
	declined "$d.*a claim while another is open" &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	forge_move "$(tip_there)" && forge claim @by=runner script=$d \
		environment=production unclaimed=yes &&
	accepted && audit "$server"
'

in_copy 'admitted for staging only, and then for production, too' '
	git strack trust add "$forge_key_dir/second.pub" --principal s \
		--roles run --environments staging && accepted &&
	forge claim @by=second script=$d && accepted &&
	forge claim @by=second script=$d environment=production &&
	declined "$d.*has no right to act in this environment" &&
	git strack trust add "$forge_key_dir/second.pub" --principal s \
		--roles run --environments production && accepted
'

# ---- what was wrong before ----

in_copy 'what was wrong before keeps nothing out' '
	forge mark @by=stranger script=$d && forge void @by=stranger \
		entry=$mark_c script=scripts/20260101_c.sh && bad=$forge_commit &&
	git push -q "$server" strack-ledger 2>said
	git -C "$server" fetch -q "$PWD" strack-ledger:strack-ledger &&
	test "$(tip_there)" = $bad &&
	forge mark @by=runner script=$e && accepted &&
	forge mark @by=runner script=$d && accepted &&
	forge claim @by=runner script=scripts/20260101_c.sh &&
	declined "20260101_c.*ran twice" && forge_move strack-ledger~1 &&
	git strack trust disown $bad -m junk && accepted
'

in_copy 'an entry that comes before one that is there' '
	forge claim @by=runner script=$d @on=$base_tip && one=$forge_commit &&
	forge claim @by=runner script=$d @on=$base_tip host=x && two=$forge_commit &&
	forge_merge $one $two runner && merge=$forge_commit &&
	accepted $one:strack-ledger &&
	declined "$d.*claim while another is open" $merge:strack-ledger &&
	cp -r ../base.git ../y.git && server=$top/y.git &&
	accepted $two:strack-ledger &&
	declined "$d.*claim while another is open" $merge:strack-ledger &&
	rm -rf ../y.git
'

in_copy 'a revocation may take away what counted, for a root only' '
	forge trust-revoke fingerprint=$(forge_fingerprint runner) \
		after=$at_claim_a @by=approver &&
	declined "is no root there" && forge_move $base_tip &&
	forge trust-revoke fingerprint=$(forge_fingerprint runner) \
		after=$at_claim_a && accepted &&
	must_fail 1 git -C "$server" strack verify >out &&
	grep "was revoked" out &&
	forge mark @by=runner script=$e && declined "$e.*was revoked" &&
	forge_move strack-ledger~1 && forge mark @by=approver script=$e &&
	declined "$e.*lacks the role .run." && forge_move strack-ledger~1 &&
	forge mark @by=root script=$e && accepted
'

in_copy 'approvals that code of the server asks for' '
	git strack verify -q && printf "[environment \"production\"]\napprovals = 1\n" \
		>.strack.ini && git commit -q -a -m strict &&
	ini=$(git rev-parse HEAD:.strack.ini) && accepted main &&
	forge claim @by=ci script=$d environment=production config=$ini &&
	declined "$d.*claimed with 0 of 1 approvals" &&
	forge_move $base_tip && forge approve @by=approver script=$d \
		environment=production &&
	forge claim @by=ci script=$d environment=production config=$ini && accepted
'

in_copy 'code that comes later shows what an old claim lacked, and keeps nothing out' '
	printf "[environment \"production\"]\napprovals = 1\n" >.strack.ini &&
	git commit -q -a -m strict && ini=$(git rev-parse HEAD:.strack.ini) &&
	forge claim @by=ci script=$d environment=production config=$ini &&
	accepted && accepted main &&
	forge done @by=ci && accepted &&
	must_fail 1 git -C "$server" strack verify --full >out &&
	grep "claimed with 0 of 1" out
'

# ---- what it leaves ----

in_copy 'nothing of a push that another hook refuses' '
	forge mark @by=runner script=$e && accepted && good=$(forge_tip) &&
	hook="$server/hooks/pre-receive" && mv "$hook" "$hook.ours" &&
	printf "#!/bin/sh\n\"\$0.ours\" || exit\necho not today; exit 1\n" \
		>"$hook" && chmod +x "$hook" && listing >before &&
	forge mark @by=runner script=$e &&
	must_fail 1 git push -q "$server" strack-ledger 2>said &&
	grep "not today" said && ! grep refused: said &&
	listing >after && test_cmp before after &&
	test "$(find "$server/strack" -type f)" = "$server/strack/cache/ledger" &&
	! grep -a $forge_commit "$server/strack/cache/ledger" &&
	mv "$hook.ours" "$hook" &&
	git update-ref -d refs/strack/seen/strack-ledger &&
	forge_move $good && forge mark @by=runner script=$d && accepted
'

in_copy 'a cache that is odd, of another tip, or can not be written' '
	forge mark @by=runner script=$e && accepted &&
	forge mark @by=runner script=$e && accepted &&
	echo junk >"$server/strack/cache/ledger" &&
	forge mark @by=stranger script=$e && declined "is not trusted" &&
	git -C "$server" update-ref refs/heads/strack-ledger $base_tip &&
	declined "is not trusted" && forge_move strack-ledger~1 && accepted &&
	rm -rf "$server/strack" && >"$server/strack" &&
	forge mark @by=runner script=$e && accepted
'

in_copy 'a server whose path has a colon and quotes' '
	mv ../x.git "../x:\"\\1 y.git" && server="$top/x:\"\\1 y.git" &&
	forge mark @by=runner script=$e &&
	git push -q "file://$server" strack-ledger &&
	forge mark @by=stranger script=$e &&
	must_fail 1 git push -q "file://$server" strack-ledger 2>said &&
	grep "refused: .*is not trusted" said; code=$?; rm -rf "$server"; (exit $code)
'

in_copy 'a server with files and a work tree' '
	git clone -q -n "$server" ../y && server=$top/y && git -C ../y branch -q \
		strack-ledger origin/strack-ledger &&
	cp "$top/base.git/hooks/pre-receive" ../y/.git/hooks/ &&
	forge mark @by=runner script=$e &&
	git push -q ../y strack-ledger && forge mark @by=stranger script=$e &&
	must_fail 1 git push -q ../y strack-ledger 2>said &&
	grep "refused: .*is not trusted" said && rm -rf ../y
'

# ---- what it is told ----

in_copy 'odd input is refused' '
	h=$(forge_tip) ref=refs/heads/strack-ledger &&
	fed 0 "" "" && fed 0 "" "$h $h refs/heads/x\n$h $zero refs/tags/y\n" &&
	for line in "\n" "x\n" "$h $h\n" "$h $h \n" "$h $h x\n" "$h  $h $ref\n" \
		"$h $h$ref\n" "g$h $h $ref\n" "$h $h ref\0000s/heads/x\n" \
		"$h\t$h\t$ref\n" " $h $h $ref\n" "${h}0 ${h}0 $ref\n"; do
		fed 128 "line 1 is something else, so the push is refused" "$line" || return 1
	done &&
	fed 128 "line 2 is cut off" "$h $h refs/x\n$h $h refs/heads/strack" &&
	fed 128 "line 2 has the same branch again" "$h $h $ref\n$h $h $ref\n" &&
	fed 128 "the branch .* has moved meanwhile" "$zero $h $ref\n" &&
	fed 128 "has moved meanwhile" "$at_claim_a $h $ref\n" &&
	fed 1 "is no ledger: .*not" "$h 1111111111111111111111111111111111111111 $ref\n" &&
	fed 1 "is no ledger" "$h $(git rev-parse $h:README.md) $ref\n" &&
	fed 1 "refs/strack/.e.31m is each" "$h $h refs/strack/\0033[31m\n" &&
	! grep "$(printf "\033")" err
'

in_copy 'a lot of input is no trouble' '
	h=$(forge_tip) &&
	{ yes "$h $h refs/heads/x" | head -n 100000; } >lines &&
	git -C "$server" strack verify --pre-receive <lines &&
	{ yes "$h $h refs/strack/x" | head -n 100000; } >lines &&
	must_fail 1 git -C "$server" strack verify --pre-receive <lines 2>err &&
	test "$(wc -l <err)" = 101 && tail -n 1 err | grep "refused: and more" &&
	{ printf "$h $h refs/heads/"; head -c 3000000 /dev/zero | tr "\000" x; } >lines &&
	must_fail 128 git -C "$server" strack verify --pre-receive <lines 2>err &&
	grep "line 1 is too long" err
'

test_expect_success SCRIPT 'wrong usage' '
	refused 129 "does not go with --json" \
		git strack verify --pre-receive --json </dev/null &&
	must_fail 129 on_terminal "git strack verify --pre-receive" >out &&
	grep "is for hooks" out
'

in_copy 'what can not be judged is refused' '
	tree=$(printf "100644 b\0aaaaaaaaaaaaaaaaaaaa100644 a\0aaaaaaaaaaaaaaaaaaaa" |
		git hash-object -w --literally -t tree --stdin) &&
	forge_tree=$(git rev-parse "strack-ledger^{tree}") &&
	forge_add 40000 "$tree" x && forge_commit=$(echo "mark: $d (staging)" |
		forge_write_commit "$forge_tree" runner "" $base_tip) &&
	must_fail 1 git push -q "$server" $forge_commit:strack-ledger 2>said &&
	test "$(tip_there)" = $base_tip &&
	git -C "$server" config receive.shallowUpdate true &&
	cp -r .git/objects "$server" && must_fail 1 git -C "$server" strack \
		verify --pre-receive <<-EOF 2>err &&
	$base_tip $forge_commit refs/heads/strack-ledger
	EOF
	grep "^git strack: refused: commit .*: tree .* is not sorted" err &&
	forge_run names 100000 $(git rev-parse HEAD:README) && names=$forge_tree &&
	forge_tree=$(git rev-parse "strack-ledger^{tree}") &&
	forge_add 40000 "$names" $d && forge_commit=$(echo "mark: $d (staging)" |
		forge_write_commit "$forge_tree" runner "" $base_tip) &&
	declined "brings 100000 files, more than 100" $forge_commit:strack-ledger &&
	test "$(grep -c "git strack: refused" said)" -le 101
'

test_done
