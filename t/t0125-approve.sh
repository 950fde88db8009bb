#!/bin/sh
test_description='approve: who may, what is refused, and what a run counts'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
keys=$strack_scratch/keys
mkdir "$keys"
for name in root ada bob alice ci stranger laptop; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$keys/$name"
done
a=scripts/${day}000001_a.sh
b=scripts/${day}000002_b.sh
c=scripts/${day}000003_c.sh

# as <name> <arguments of git strack>...: that person at this clone
as() {
	as=$1 && shift &&
	git -c gpg.format=ssh -c "user.signingKey=$keys/$as.pub" \
		-c "user.email=$as@example.com" strack "$@"
}

# wrote <name> <path>: standard input, committed by that person
wrote() {
	write "$2" && git add -f -- "$2" &&
	git -c "user.email=$1@example.com" -c "user.name=$1" \
		commit -q -m "$2"
}

# reason <script>: why it is blocked in production
reason() {
	git strack status --env production --json |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .why'
}

approvals() {
	entries | grep -c '\.approve\.'
}

test_expect_success 'set-up: a team' '
	repo r && cd r &&
	git config gpg.format ssh &&
	git config user.signingKey "$keys/root.pub" &&
	git config user.email root@example.com &&
	git strack init >/dev/null &&
	cat >>.strack.ini <<-\EOF &&

	[environment "staging"]

	[environment "production"]
	approvals = 1
	EOF
	git add .strack.ini && git commit -q -m ini &&
	for name in ada bob alice; do
		git strack trust add "$keys/$name.pub" --roles approve \
			--principal "$name@example.com" || return 1
	done &&
	for s in "$a" "$b" "$c"; do
		printf "%s\n" "#!/bin/sh" "# strack: description Mend $s" \
			"echo ran \$STRACK_SCRIPT >>\"\$STRACK_TOP/ran\"" |
			wrote alice "$s" || return 1
	done &&
	echo ran >>.git/info/exclude
'

test_expect_success 'blocked: each script says why, and what unblocks it' '
	must_fail 3 git strack run --env production --from-the-beginning \
		>out 2>err &&
	test ! -e ran &&
	cat >want <<-EOF &&
	blocked  $a  has 0 of 1 approvals
	    -> git strack approve --env production $a
	blocked  $b  has 0 of 1 approvals
	    -> git strack approve --env production $b
	blocked  $c  has 0 of 1 approvals
	    -> git strack approve --env production $c
	EOF
	grep -A1 "^blocked" out | grep -v "^--" >have && test_cmp want have &&
	grep "was not run: has 0 of 1 approvals" err &&
	git strack run --env production -n >out && grep -A1 "^blocked" out |
		grep -v "^--" >have && test_cmp want have &&
	git strack status --env production >out &&
	grep "pending blocked  *$b" out &&
	grep "^    has 0 of 1 approvals" out &&
	grep "^    -> git strack approve --env production $b" out
'

test_expect_success 'bad usage' '
	must_fail 129 git strack approve 2>err && grep "which script" err &&
	must_fail 129 git strack approve -m " " "$a" 2>err &&
	must_fail 129 git strack approve --nonsense "$a" &&
	must_fail 129 git strack approve --env "no such" "$a" &&
	refused 128 nosuch as ada approve nosuch
'

test_expect_success 'refused: who may not' '
	refused 3 "stranger|is not trusted" as stranger approve "$a" &&
	grep "trust add .*--roles approve" "$refusal" &&
	git strack trust add "$keys/ci.pub" --roles run --principal ci &&
	refused 3 "lacks the role .approve." as ci approve "$a" &&
	git strack trust add "$keys/laptop.pub" --roles approve \
		--environments staging --principal cloe@example.com &&
	refused 3 "no right to act in this environment" \
		as laptop approve "$a" &&
	test "$(approvals)" = 0
'

test_expect_success 'refused: the author, by key or by mail' '
	refused 3 "its last change is your own .alice@example.com" \
		as alice approve "$a" &&
	refused 3 "its last change is your own" git -c gpg.format=ssh \
		-c "user.signingKey=$keys/ada.pub" \
		-c user.email=Alice@Example.com strack approve "$a" &&
	refused 3 "its last change is your own" git -c gpg.format=ssh \
		-c "user.signingKey=$keys/alice.pub" \
		-c user.email=other@example.com strack approve "$a" &&
	test "$(approvals)" = 0
'

test_expect_success 'refused: environments that have none' '
	refused 3 "local.* has no approvals" as ada approve --env local "$a" &&
	grep "approve --env production $a" "$refusal" &&
	refused 3 "no environment .prodution." \
		as ada approve --env prodution "$a" &&
	grep "approve --env production $a" "$refusal" &&
	STRACK_ENV=local && export STRACK_ENV &&
	refused 3 "local.* has no approvals" as ada approve "$a" &&
	unset STRACK_ENV && test "$(approvals)" = 0
'

test_expect_success 'refused: what is not committed, and nothing half' '
	echo "# more" >>"$b" &&
	refused 3 "$b: is not what is committed" as ada approve "$a" "$b" &&
	git add "$b" &&
	refused 3 "$b: is not what is committed" as ada approve "$a" "$b" &&
	git reset -q --hard &&
	echo "echo new" >"scripts/${day}000009_new.sh" &&
	refused 3 "is not what is committed" as ada approve "$a" new.sh &&
	rm "scripts/${day}000009_new.sh" && test "$(approvals)" = 0
'

test_expect_success 'refused: a bad header, one that is for elsewhere' '
	echo "# strack: timeot 5m" | wrote alice "scripts/${day}000008_bad.sh" &&
	must_fail 128 as ada approve "$a" bad.sh 2>err &&
	grep "timeot.*line 1.*timeout" err &&
	echo "# strack: environments staging" |
		wrote alice "scripts/${day}000008_bad.sh" &&
	refused 3 "by its header it is not for production" \
		as ada approve "$a" bad.sh &&
	grep "approve --env staging scripts/${day}000008_bad.sh" "$refusal" &&
	git rm -q "scripts/${day}000008_bad.sh" && git commit -q -m gone &&
	test "$(approvals)" = 0
'

test_expect_success 'show prints the bytes, and signs nothing' '
	printf "#!/bin/sh\nprintf \"\033[31m\"\necho \"\$1\"" |
		wrote alice scripts/20260101_esc.sh &&
	as stranger approve --show esc.sh "$a" >out &&
	grep "blob $(git rev-parse --short=12 "HEAD:$a"), .* of commit $(
		git rev-parse --short=12 HEAD)" out &&
	grep "Mend $a" out && grep "^echo ran" out &&
	! LC_ALL=C grep "$(printf "\033")" out &&
	git rm -q scripts/20260101_esc.sh && git commit -q -m gone &&
	test "$(approvals)" = 0
'

test_expect_success 'approved: the entry says what, and by whom' '
	as ada approve -m "looks right" "$a" >out &&
	grep "^approved  $a  for production" out && grep "Mend $a" out &&
	grep "1 of 1 approvals" out &&
	entry "$a" approve >e &&
	test "$(field blob <e)" = "$(git rev-parse "HEAD:$a")" &&
	test "$(field commit <e)" = "$(git rev-parse HEAD)" &&
	test "$(field environment <e)" = production &&
	test "$(field reason <e)" = "looks right" &&
	test "$(field signer <e)" = "$(
		ssh-keygen -lf "$keys/ada.pub" | cut -d " " -f 2)" &&
	"$strack_t/helper/stock-check" >/dev/null &&
	git log -1 --format=%s strack-ledger >out &&
	echo "approve: $a (production)" >want && test_cmp want out
'

test_expect_success 'once more says so and writes nothing' '
	tip=$(git rev-parse strack-ledger) &&
	as ada approve "$a" >out && grep "^already  $a" out &&
	as ada approve "$a" "$a" >out && test "$(wc -l <out)" = 1 &&
	test "$(git rev-parse strack-ledger)" = "$tip"
'

test_expect_success 'what is approved runs, the rest is still blocked' '
	git strack run --env production --from-the-beginning >out 2>err &&
	echo "ran $a" >want && test_cmp want ran &&
	grep "^blocked  $b" out && git strack verify &&
	test "$(kinds "$a" production)" = "approve claim done"
'

test_expect_success 'settled: nothing to approve, unless it is to run again' '
	as bob approve "$a" >out && grep "^already  $a.*done" out &&
	test "$(approvals)" = 1 &&
	as bob approve --again "$a" && test "$(approvals)" = 2 &&
	git strack run --env production --again -m "once more" "$a" &&
	test "$(grep -c "$a" ran)" = 2
'

test_expect_success 'other bytes were approved: changed since' '
	as ada approve "$b" && echo "# more" >>"$b" &&
	git -c user.email=alice@example.com commit -q -a -m more &&
	test "$(reason "$b")" = \
		"has 0 of 1 approvals (changed since ada@example.com approved)" &&
	must_fail 3 git strack run --env production "$b" &&
	as ada approve "$b" && test "$(reason "$b")" = null
'

test_expect_success 'dirty bytes are never covered, with --allow-dirty either' '
	git show HEAD~1:"$b" >"$b" && test "$(git diff --name-only)" = "$b" &&
	refused 3 "is not what is committed" git strack run --env production \
		--allow-dirty "$b" &&
	! grep allow-dirty "$refusal" &&
	git checkout -q "$b" && echo "# x" >>"$b" &&
	must_fail 3 git strack run --env production --allow-dirty "$b" &&
	git checkout -q "$b"
'

test_expect_success 'a .strack.ini that asks for none does not help' '
	sed "/^approvals/d" .strack.ini >ini && cp ini .strack.ini &&
	refused 3 ".strack.ini is not what is committed" \
		git strack run --env production --allow-dirty "$c" &&
	rm .strack.ini &&
	refused 3 ".strack.ini is not what is committed" \
		git strack run --env production --allow-dirty "$c" &&
	refused 3 ".strack.ini is not what is committed" \
		git strack run --env staging --from-the-beginning "$c" &&
	test "$(kinds "$c")" = "" && git checkout -q .strack.ini &&
	! grep "$c" ran
'

test_expect_success 'the runner does not count: neither key of this clone' '
	git config strack.signingKey "$keys/ada" &&
	git strack trust add "$keys/ada.pub" --roles run,approve \
		--principal ada@example.com &&
	test "$(reason "$b")" = \
"has 0 of 1 approvals (ada@example.com would be the one who runs it)" &&
	must_fail 3 git strack run --env production "$b" &&
	git config --unset strack.signingKey &&
	STRACK_SIGNING_KEY_FILE=$keys/ada && export STRACK_SIGNING_KEY_FILE &&
	as ada approve "$b" >out 2>err && grep "^note: this key signs" err &&
	unset STRACK_SIGNING_KEY_FILE && as ada approve "$b" 2>err &&
	! grep "^note" err &&
	must_fail 3 as ada run --env production "$b" 2>err &&
	grep "would be the one who runs it" err && test "$(grep -c "$b" ran)" = 0
'

test_expect_success 'the runner does not count: another key of the principal' '
	git config strack.signingKey "$keys/ci" &&
	test "$(reason "$b")" = null &&
	git strack trust add "$keys/ci.pub" --roles run \
		--principal Ada@example.com &&
	must_fail 3 git strack run --env production "$b" 2>err &&
	grep "would be the one who runs it" err &&
	git config --unset strack.signingKey
'

test_expect_success 'the author of the last change does not count' '
	echo "# touched" >>"$c" &&
	git -c user.email=bob@example.com commit -q -a -m touched &&
	as alice approve "$c" && test "$(reason "$c")" = null &&
	git show HEAD~1:"$c" >"$c" &&
	git -c user.email=alice@example.com commit -q -a -m back &&
	as bob approve "$c" && test "$(reason "$c")" = null &&
	git -c user.email=BOB@example.com commit -q --amend --reset-author \
		-m back &&
	reason "$c" >out && grep "^has 0 of 1 approvals" out &&
	grep "(bob@example.com is the author of its last change" out
'

test_expect_success 'each person counts once, however many keys' '
	sed "s/approvals = 1/approvals = 2/" .strack.ini >ini &&
	cp ini .strack.ini && git commit -q -a -m two &&
	test "$(reason "$b")" = "has 1 of 2 approvals" &&
	git strack trust add "$keys/laptop.pub" --roles approve \
		--principal ADA@example.com &&
	as laptop approve "$b" >out && grep "1 of 2 approvals" out &&
	test "$(reason "$b")" = "has 1 of 2 approvals" &&
	as bob approve "$b" && git strack run --env production "$b" &&
	test "$(grep -c "$b" ran)" = 1 && git strack verify &&
	test "$(kinds "$b" production)" = \
		"approve approve approve approve claim done"
'

test_expect_success 'who was revoked no longer counts' '
	sed "s/approvals = 2/approvals = 1/" .strack.ini >ini &&
	cp ini .strack.ini && git commit -q -a -m one &&
	as ada approve "$c" && test "$(reason "$c")" = null &&
	git strack trust revoke bob@example.com &&
	git strack trust revoke "$(
		ssh-keygen -lf "$keys/ada.pub" | cut -d " " -f 2)" &&
	reason "$c" >out && grep "ada@example.com may no longer approve" out &&
	grep "^has 0 of 1" out && git strack verify
'

test_expect_success 'a disowned approval is none' '
	git strack trust add "$keys/stranger.pub" --roles approve \
		--principal sam@example.com &&
	as stranger approve "$c" && test "$(reason "$c")" = null &&
	git strack trust disown "$(entries "$c" | tail -n 1)" -m junk &&
	reason "$c" >out && grep "^has 0 of 1" out &&
	as stranger approve "$c" && test "$(reason "$c")" = null
'

test_expect_success 'which environment, where several ask' '
	printf "\n[environment \"qa\"]\napprovals = 1\n" >>.strack.ini &&
	git commit -q -a -m qa &&
	refused 3 "no environment was chosen, and 2 of .strack.ini ask" \
		as stranger approve "$a" &&
	grep "approve --env production $a" "$refusal" &&
	grep "approve --env qa $a" "$refusal" &&
	! grep "approve --env staging" "$refusal" &&
	STRACK_ENV=qa && export STRACK_ENV && as stranger approve "$a" &&
	unset STRACK_ENV &&
	entry "$a" approve | field environment >out && echo qa >want &&
	test_cmp want out &&
	as stranger approve --env staging "$a" 2>err &&
	grep "asks for no approvals in staging" err
'

test_expect_success 'no repository, no ledger, no files, nobody asks' '
	repo bare && git clone -q --bare bare bare.git &&
	must_fail 128 git -C bare.git strack approve x 2>err &&
	grep "bare repository" err &&
	must_fail 3 git -C bare strack approve x 2>err &&
	grep "none asks for approvals" err && grep "approvals = 1" err &&
	(
		cd bare &&
		printf "[environment \"production\"]\napprovals = 1\n" \
			>.strack.ini && echo "echo x" | write "$a" &&
		git add . && git commit -q -m x &&
		must_fail 128 git strack approve "$a" 2>../err &&
		grep "git strack init" ../err &&
		! git rev-parse -q --verify strack-ledger
	) && rm -rf bare bare.git
'

test_expect_success 'a commit with any header is read, and runs' '
	git -c gpg.format=ssh -c "user.signingKey=$keys/root" tag -s -m v1 v1 &&
	git checkout -q -b side HEAD~1 && git commit -q --allow-empty -m side &&
	git merge -q --no-ff -m merge v1 &&
	git cat-file commit HEAD >out && grep "^mergetag" out &&
	git strack run --env staging --from-the-beginning &&
	test "$(entry "$c" claim | field commit)" = "$(git rev-parse HEAD)"
'

test_expect_success 'the ledger is sound' '
	git strack verify >out && ! grep "not be held" out && audit
'

test_done
