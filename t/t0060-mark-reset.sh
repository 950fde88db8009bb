#!/bin/sh
test_description='mark and reset: settle without running, make pending again'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
a=scripts/${day}000101_a.sh
b=scripts/${day}000102_b.sh
c=scripts/${day}000103_c.sh
old=scripts/20250101000000_old.sh
older=scripts/20240229_older.sh

state_of() {
	git strack status --all --json ${2:+--env "$2"} |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .state'
}

# newest: the entry that was written last.
newest() {
	git cat-file blob "strack-ledger:$(entries | tail -n 1)"
}

tip() {
	git rev-parse -q --verify strack-ledger
}

test_expect_success 'set-up' '
	repo r && cd r &&
	for script in "$older" "$old" "$a" "$b" "$c"; do
		printf "#!/bin/sh\necho \"%s\" >>ran\n" "$script" |
			script "$script" || return 1
	done
'

# ---- mark ----

test_expect_success 'bad usage of mark' '
	must_fail 129 git strack mark "$a" 2>err && grep -e "-m <why>" err &&
	must_fail 129 git strack mark -m "" "$a" &&
	must_fail 129 git strack mark -m "  	 " "$a" &&
	must_fail 129 git strack mark -m x 2>err && grep "which script" err &&
	must_fail 129 git strack mark -m x --before 2025-01-01 "$a" &&
	must_fail 129 git strack mark -m x --baseline "$a" &&
	must_fail 129 git strack mark -m x --baseline --before yesterday \
		2>err && grep "yesterday.* is no date" err &&
	must_fail 129 git strack mark -m x --baseline --before 2025-02-30 &&
	must_fail 129 git strack mark -m x --env "A b" "$a" &&
	must_fail 129 git strack mark -m "$(head -c 5000 /dev/zero |
		tr "\000" x)" "$a" 2>err && grep "longer than" err &&
	must_fail 128 git strack mark -m x no_such 2>err &&
	grep no_such err && must_fail 128 git strack mark -m x sh 2>err &&
	! tip || test "$(entries | wc -l)" = 1
'

test_expect_success 'mark settles without running' '
	git strack mark -m "done by hand" a.sh >out &&
	grep "^marked  $a" out && newest >e &&
	test "$(field kind <e)" = mark && test "$(field script <e)" = "$a" &&
	test "$(field environment <e)" = local &&
	test "$(field clone <e)" = "$(git config strack.clone)" &&
	test "$(field blob <e)" = "$(git rev-parse "HEAD:$a")" &&
	test "$(field commit <e)" = "$(git rev-parse HEAD)" &&
	test "$(field reason <e)" = "done by hand" &&
	test "$(state_of "$a")" = marked &&
	git strack run "$a" && test ! -e ran
'

test_expect_success 'twice is once' '
	was=$(tip) && git strack mark -m "again" "$a" >out &&
	grep "^already  $a  marked" out && test "$(tip)" = "$was" &&
	git strack run "$b" && test "$(state_of "$b")" = done &&
	was=$(tip) && git strack mark -m "again" "$b" "$b" &&
	test "$(tip)" = "$was"
'

test_expect_success 'other bytes are marked again' '
	echo "# more" >>"$a" && git commit -q -am more &&
	git strack mark -m "the new ones too" "$a" >out &&
	grep ^marked out &&
	test "$(newest | field blob)" = "$(git rev-parse "HEAD:$a")"
'

test_expect_success 'a failed one' '
	script "scripts/${day}000104_fails.sh" <<-\EOF &&
	#!/bin/sh
	exit 7
	EOF
	must_fail 1 git strack run fails.sh &&
	git strack mark -m "mended by hand" fails.sh &&
	test "$(state_of "scripts/${day}000104_fails.sh")" = marked &&
	git strack log fails.sh | grep "mended by hand"
'

test_expect_success 'environments are apart' '
	git strack mark --env staging -m x "$a" &&
	test "$(state_of "$a" staging)" = marked &&
	test "$(state_of "$a" production)" = pending &&
	STRACK_ENV=production git strack mark -m x "$b" &&
	test "$(state_of "$b" production)" = marked &&
	! newest | grep "^clone " &&
	git -c strack.environment=qa strack mark -m x "$b" &&
	test "$(state_of "$b" qa)" = marked
'

test_expect_success 'several, and one that is not there stops all of them' '
	was=$(tip) && must_fail 128 git strack mark --env many -m x \
		"$a" no_such "$b" && test "$(tip)" = "$was" &&
	git strack mark --env many -m x "$a" "$b" >out &&
	test "$(grep -c ^marked out)" = 2
'

test_expect_success 'an ambiguous name lists what it may mean' '
	was=$(tip) && must_fail 128 git strack mark -m x old 2>err &&
	grep "$old" err && grep "$older" err && test "$(tip)" = "$was"
'

# ---- baseline ----

test_expect_success 'a baseline before a date' '
	git strack mark --env base --baseline --before 2025-01-01 -m "start" \
		>out && grep "^marked  $older" out &&
	test "$(grep -c ^marked out)" = 1 &&
	git strack mark --env base --baseline --before 20250101000001 \
		-m "start" >out && grep "^marked  $old" out &&
	test "$(grep -c ^marked out)" = 1 &&
	test "$(state_of "$a" base)" = pending
'

test_expect_success 'a baseline of everything' '
	git strack mark --env base --baseline -m "start" >out &&
	test "$(grep -c ^marked out)" = 4 &&
	test -z "$(git strack status --env base --pending --porcelain)" &&
	was=$(tip) &&
	git strack mark --env base --baseline -m "start" >out &&
	grep "nothing is pending in base" out && test "$(tip)" = "$was" &&
	git strack run --env base >out && grep "nothing is pending" out
'

test_expect_success 'a new repository begins with one' '
	git clone -q . ../fresh && git -C ../fresh remote remove origin && (
		cd ../fresh && must_fail 3 git strack run 2>err &&
		grep "mark --baseline" err &&
		git strack mark --baseline -m "as it was" &&
		git strack run && test ! -e ran && git strack verify && audit
	)
'

# ---- reset ----

test_expect_success 'bad usage of reset' '
	was=$(tip) &&
	must_fail 129 git strack reset "$a" 2>err && grep -e "-m <why>" err &&
	must_fail 129 git strack reset -m x &&
	must_fail 128 git strack reset -m x no_such &&
	test "$(tip)" = "$was"
'

test_expect_success 'reset makes it pending again' '
	rm -f ran && path=$(entries "$b/" | grep -F .local.done) &&
	id=$(git cat-file blob "strack-ledger:$path" | sha256sum |
		cut -d " " -f 1) &&
	git strack reset -m "new data" "$b" >out &&
	grep "^pending  $b  was done" out && newest >e &&
	test "$(field kind <e)" = void && test "$(field entry <e)" = "$id" &&
	test "$(field reason <e)" = "new data" &&
	test "$(state_of "$b")" = pending && git strack run "$b" &&
	test "$(cat ran)" = "$b" &&
	test "$(entry "$b" claim | field attempt)" = 2 &&
	! entry "$b" claim | grep ^again
'

test_expect_success 'what is pending stays as it is' '
	was=$(tip) && git strack reset -m x "$c" >out &&
	grep "^already  $c  pending" out && test "$(tip)" = "$was" &&
	git strack reset -m x "$b" && was=$(tip) &&
	git strack reset -m x "$b" && test "$(tip)" = "$was"
'

test_expect_success 'of one environment alone' '
	git strack reset --env staging -m x "$a" &&
	test "$(state_of "$a" staging)" = pending &&
	test "$(state_of "$a")" = marked
'

test_expect_success 'a mark, a failure, and then a mark again' '
	f=scripts/${day}000104_fails.sh &&
	git strack reset -m one "$f" && test "$(state_of "$f")" = pending &&
	must_fail 1 git strack run "$f" && git strack reset -m two "$f" &&
	test "$(state_of "$f")" = pending && git strack mark -m three "$f" &&
	test "$(kinds "$f" local)" = \
		"claim fail mark void claim fail void mark"
'

test_expect_success 'a script that is gone from the tree' '
	git strack mark --env gone -m x "$c" && git rm -q "$c" &&
	git commit -q -m gone && git strack reset --env gone -m y "$c" &&
	test "$(kinds "$c" gone)" = "mark void" &&
	git strack mark --env gone -m z "$(basename "$c")" && newest >e &&
	! grep "^blob " e && git revert --no-edit -q HEAD 2>/dev/null ||
		git revert --no-edit HEAD
'

test_expect_success 'one that runs is neither marked nor reset' '
	script "scripts/${day}000105_slow.sh" <<-\EOF &&
	#!/bin/sh
	touch begun
	while test -e begun; do sleep 0.05; done
	EOF
	{ git strack run slow.sh & } && pid=$! && wait_for "test -e begun" &&
	was=$(tip) && must_fail 3 git strack mark -m x slow.sh 2>err &&
	grep "slow.sh is running" err &&
	must_fail 3 git strack reset -m x slow.sh 2>err &&
	grep "slow.sh is running" err && grep "git strack attach" err &&
	grep "git strack cancel -m <why>" err &&
	test "$(tip)" = "$was" && rm begun && wait $pid &&
	git strack reset -m x slow.sh
'

# ---- reasons ----

# reason_is <bytes>: what the newest entry says, decoded, is just that.
reason_is() {
	newest | field reason | perl -pe 'chomp; s/%([0-9A-F]{2})/chr hex $1/ge' \
		>have && printf "%s" "$1" >want && cmp have want
}

test_expect_success PERL,JQ 'reasons are kept byte for byte' '
	for text in "two
lines

and more
" "100% %41 %0A" "  led and trailed  " "tab	tab" "Größe → 世界 🙂" \
		"$(printf "\033[31mred\033[0m \007\177")" \
		"$(printf "not UTF-8: \377\376 \303")" \
		"$(printf "C1 \302\233 and bidi \342\200\256")" \
		"-----BEGIN SSH SIGNATURE-----" "-m" "kind void" \
		"$(head -c 4096 /dev/zero | tr "\000" "%")"; do
		git strack mark --env odd -m "$text" "$a" >/dev/null &&
		reason_is "$text" && git strack reset --env odd -m "$text" "$a" \
			>/dev/null && reason_is "$text" || return 1
	done
'

test_expect_success PERL,JQ 'and never reach a terminal raw' '
	evil=$(printf "\033]0;x\007 \302\233 \342\200\256 \377 a\rb\nc") &&
	git strack mark --env odd -m "$evil" "$a" &&
	raw="[\\x00-\\x08\\x0b-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]" &&
	raw="$raw|\\xe2\\x80\\xae|\\xff" &&
	for command in "status --env odd" "status --all-envs" "log --env odd" \
		"log --oneline" "log --raw" "trust" "verify"; do
		case $command in
		*raw) ;; # a pipe gets the very bytes
		*) git strack $command >out 2>&1 || return 1 ;;
		esac &&
		on_terminal "git -c color.ui=always -c core.pager=cat \
			strack $command" >out2 &&
		! perl -ne "print if /$raw/" out | grep . &&
		! perl -pe "s/\\e\\[[0-9;?]*[A-Za-z]//g; s/\\r\$//" out2 |
			perl -ne "print if /$raw/" | grep . || return 1
	done &&
	git strack status --env odd --json >json && jq -e . json >/dev/null &&
	git strack log --env odd --json >json && jq -e . json >/dev/null
'

test_expect_success 'many at once: each decision counts once' '
	was=$(entries | wc -l) && pids= &&
	for i in 1 2 3 4 5; do
		git strack mark --env race -m "$i" "$a" >out.$i 2>&1 &
		pids="$pids $!"
	done &&
	for pid in $pids; do wait $pid || test $? = 3 || return 1; done &&
	test "$(kinds "$a" race)" = mark &&
	test "$(entries | wc -l)" = $((was + 1)) &&
	test -z "$(ls .git/strack/journal)"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit
'

test_done
