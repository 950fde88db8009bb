#!/bin/sh
test_description='recover: the program is killed between any two steps'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-kill.sh"

day=$(date -u +%Y%m%d)

state_of() {
	git strack status --all --json | jq -r --arg s "$1" \
		'.scripts[] | select(.script == $s) | .state'
}

journal() {
	ls -A .git/strack/journal
}

tip() {
	git rev-parse -q --verify strack-ledger
}

# quiet: nothing is left over, and all is sound.
quiet() {
	git strack cleanup >/dev/null && test -z "$(journal)" &&
	test -z "$(ls .git/strack/runs)" &&
	test ! -e .git/refs/heads/strack-ledger.lock &&
	git strack verify -q
}

# Its runner is killed before it ends, so that nobody is left to mend what
# the warden leaves.
alone() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo ran >>ran
	runner=$(cut -d " " -f 4 /proc/$PPID/stat)
	kill -KILL $runner
	exec sleep 60
	EOF
}

# attended <script>: one whose runner lives on.
attended() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo ran >>ran
	EOF
}

# gone <run>: nothing of it is left.
gone() {
	! grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ
}

test_expect_success 'set-up' '
	repo r && cd r && printf "/ran\n/out\n/err\n" >.gitignore &&
	git add .gitignore && git commit -q -m ignore && git strack init &&
	git add .strack.ini && git commit -q -m ini
'

# ---- outcomes ----

# abandoned <when:call:text> <script>: the warden is killed there, and its
# runner is gone already.
abandoned() {
	alone "$2" && rm -f ran && {
		KILL_ONLY=warden KILL_AT=$1 LD_PRELOAD=$killer \
			git-strack run "$2" >out 2>err
		test $? = 137
	} 2>/dev/null &&
	strack_run=$(entry "$2" claim | field run) &&
	wait_for "gone $strack_run" &&
	wait_for "flock -n .git/strack/runs/$strack_run/lock true || \
		test ! -e .git/strack/runs/$strack_run"
}

n=0
for at in after:rename:/strack/journal/ \
	before:rename:refs/heads/strack-ledger \
	after:rename:refs/heads/strack-ledger \
	before:unlink:/strack/journal/; do
	n=$((n + 1))
	test_expect_success KILLER,JQ "an outcome, killed $at" '
		s=scripts/${day}00010${n}_a.sh && abandoned $at "$s" &&
		test -n "$(journal)" && state=$(state_of "$s") &&
		test "$state" = lost -o "$state" = failed &&
		git strack cleanup && test "$(kinds "$s")" = "claim fail" &&
		test "$(entry "$s" fail | field cancelled)" = \
			"the runner is gone" && test -z "$(journal)" &&
		was=$(tip) && git strack cleanup && test "$(tip)" = "$was" &&
		test "$(cat ran)" = ran && test "$(state_of "$s")" = failed &&
		git strack mark -m x "$s" && quiet
	'
done

test_expect_success KILLER,JQ 'killed before the journal has it, it is lost' '
	s=scripts/${day}000105_a.sh &&
	abandoned before:rename:/strack/journal/ "$s" &&
	test -n "$(journal)" && ! journal | grep -xE "[0-9a-f]{64}" &&
	test "$(state_of "$s")" = lost && git strack cleanup &&
	test "$(kinds "$s")" = "claim lost" && test -z "$(journal)" &&
	git strack resolve --done -m x "$s" && quiet
'

# What the journal has let go of must be on a tip that is remembered.
test_expect_success KILLER 'replayed, and the branch is put back' '
	s=scripts/${day}000106_a.sh &&
	abandoned after:rename:/strack/journal/ "$s" &&
	killed_at after:unlink:/strack/journal/ git-strack cleanup &&
	git branch -f strack-ledger refs/strack/seen/strack-ledger &&
	git strack cleanup && test "$(kinds "$s")" = "claim fail" &&
	git strack mark -m x "$s" && quiet
'

n=0
for command in "run" "mark -m x" "reset -m x" "resolve --done -m x"; do
	n=$((n + 1))
	test_expect_success KILLER "$command replays too" '
		s=scripts/${day}00011${n}_a.sh && rm -f ran &&
		abandoned after:rename:/strack/journal/ "$s" &&
		{ git strack $command "$s" >out 2>err; code=$?; } &&
		test $code -lt 129 && test -z "$(journal)" &&
		kinds "$s" | grep "^claim fail" &&
		test "$(cat ran)" = ran &&
		git strack mark -m x "$s" && quiet
	'
done

test_expect_success KILLER 'a runner that is left mends it at once' '
	for at in after:rename:/strack/journal/ \
		before:rename:refs/heads/strack-ledger \
		after:rename:refs/heads/strack-ledger; do
		s=scripts/${day}000120_a.sh && attended "$s" 2>/dev/null
		rm -f ran
		KILL_ONLY=warden KILL_AT=$at LD_PRELOAD=$killer \
			git-strack run "$s" >out 2>err
		test $? -lt 129 && git strack cleanup >&2 &&
		kinds "$s" | grep "claim done$" && test "$(cat ran)" = ran &&
		test -z "$(journal)" && git strack reset -m x "$s" || return 1
	done && quiet
'

test_expect_success KILLER 'what a person decided meanwhile stands' '
	s=scripts/${day}000121_a.sh &&
	abandoned after:rename:/strack/journal/ "$s" &&
	cp .git/strack/journal/* ../kept && rm .git/strack/journal/* &&
	git strack resolve --done -m "I looked" "$s" &&
	test "$(kinds "$s")" = "claim lost done" &&
	id=$(sed -n "/^strack-entry 1/,/^-----END/p" ../kept | sha256sum |
		cut -d " " -f 1) && cp ../kept .git/strack/journal/$id &&
	git strack cleanup && test "$(kinds "$s")" = "claim lost done" && quiet
'

# ---- claims and decisions ----

n=0
for at in before:rename:/strack/journal/ after:rename:/strack/journal/ \
	before:rename:refs/heads/strack-ledger; do
	n=$((n + 1))
	test_expect_success KILLER,JQ "a claim, killed $at" '
		s=scripts/${day}00013${n}_c.sh && attended "$s" && rm -f ran &&
		was=$(tip) && killed_at $at git-strack run "$s" &&
		test ! -e ran && test "$(tip)" = "$was" &&
		git strack cleanup && test "$(tip)" = "$was" &&
		test -z "$(journal)" && test "$(state_of "$s")" = pending &&
		git strack run "$s" && test "$(cat ran)" = ran &&
		test "$(kinds "$s")" = "claim done" && quiet
	'
	test_expect_success KILLER,JQ "a mark, killed $at" '
		s=scripts/${day}00014${n}_m.sh && attended "$s" && rm -f ran &&
		was=$(tip) && killed_at $at git-strack mark -m x "$s" &&
		git strack cleanup && test "$(tip)" = "$was" &&
		test -z "$(journal)" && test "$(state_of "$s")" = pending &&
		git strack mark -m x "$s" && test "$(kinds "$s")" = mark && quiet
	'
done

test_expect_success KILLER,JQ 'a claim that the branch has is lost' '
	for at in after:rename:refs/heads/strack-ledger \
		before:unlink:/strack/journal/ after:unlink:/strack/journal/; do
		n=$((n + 1)) && s=scripts/${day}00013${n}_c.sh &&
		attended "$s" && rm -f ran &&
		killed_at $at git-strack run "$s" && test ! -e ran &&
		test "$(kinds "$s")" = claim &&
		test "$(state_of "$s")" = lost &&
		must_fail 3 git strack run "$s" && test ! -e ran &&
		test "$(kinds "$s")" = "claim lost" &&
		git strack resolve --pending -m x "$s" && git strack run "$s" &&
		test "$(cat ran)" = ran || return 1
	done && quiet
'

test_expect_success KILLER,JQ 'a mark that the branch has counts, once' '
	s=scripts/${day}000150_m.sh && attended "$s" && rm -f ran &&
	killed_at after:rename:refs/heads/strack-ledger \
		git-strack mark -m x "$s" && test -n "$(journal)" &&
	test "$(state_of "$s")" = marked && git strack cleanup &&
	test "$(kinds "$s")" = mark && quiet
'

test_expect_success KILLER 'trust, the same' '
	ssh-keygen -q -t ed25519 -N "" -f ../key && was=$(tip) &&
	killed_at before:rename:refs/heads/strack-ledger git-strack trust add \
		../key.pub --principal x && git strack cleanup &&
	test "$(tip)" = "$was" && git strack trust add ../key.pub \
		--principal x && quiet
'

# ---- the founding ----

# founded_again: init after a crash, in the current repository.
founded_again() {
	git strack init >out 2>&1 && git strack init >out &&
	test "$(entries | wc -l)" = 2 &&
	test "$(cut -d " " -f 2 <.git/strack/id_ed25519.pub)" = \
		"$(ssh-keygen -y -f .git/strack/id_ed25519 |
			cut -d " " -f 2)" &&
	test "$(git strack trust | grep -c SHA256)" = 2 &&
	test "$(grep -c "^id = " .strack.ini)" = 1 && quiet
}

test_expect_success KILLER 'init, killed anywhere, can be repeated' '
	ssh-keygen -q -t ed25519 -N "" -f "$strack_scratch/person" && (
		i=0 && for call in rename link; do
			n=0 && while :; do
				n=$((n + 1)) && i=$((i + 1)) &&
				repo ../init$i && cd ../init$i || exit 1
				git config gpg.format ssh
				git config user.signingKey \
					"$strack_scratch/person"
				KILL_AT=before:$call:/:$n LD_PRELOAD=$killer \
					git-strack init >out 2>err && break
				founded_again ||
					{ echo "$call $n"; cat out; exit 1; }
			done
		done && test $i -gt 4 && audit
	)
'

# ---- what else lies in the journal ----

test_expect_success 'half-written files are swept' '
	echo half >.git/strack/journal/.tmp-AbCdEf &&
	echo x >.git/strack/journal/other && git strack cleanup &&
	test -z "$(journal)"
'

test_expect_success 'a corrupt one is named, and nothing is written' '
	id=$(printf %064d 7) && was=$(tip) &&
	for text in "" garbage "strack-journal 1" \
		"$(printf "strack-journal 1\npath a/b\nentry 3\n\nabc")"; do
		printf "%s" "$text" >.git/strack/journal/$id &&
		for command in run cleanup "mark -m x a"; do
			must_fail 128 git strack $command 2>err &&
			grep "journal entry 00000" err &&
			grep "mv .*journal/$id" err || return 1
		done
		git strack status >out && git strack verify || return 1
	done && test "$(tip)" = "$was" && rm .git/strack/journal/$id &&
	git strack cleanup
'

test_expect_success 'nor is a link or a folder in its place followed' '
	ln -s ../../../README .git/strack/journal/$id &&
	must_fail 128 git strack run 2>err && grep "symbolic link" err &&
	rm .git/strack/journal/$id && mkdir .git/strack/journal/$id &&
	must_fail 128 git strack run && rmdir .git/strack/journal/$id &&
	git strack cleanup
'

test_expect_success KILLER 'without its key an outcome waits' '
	s=scripts/${day}000160_k.sh &&
	abandoned after:rename:/strack/journal/ "$s" &&
	mkdir ../aside && mv .git/strack/id_ed25519* ../aside &&
	must_fail 128 git strack cleanup 2>err &&
	grep "is not here" err && test -n "$(journal)" &&
	mv ../aside/* .git/strack && git strack cleanup &&
	test "$(kinds "$s")" = "claim fail" && git strack mark -m x "$s"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit && quiet
'

test_done
