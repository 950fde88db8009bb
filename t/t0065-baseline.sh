#!/bin/sh
test_description='mark --baseline: an old repository or a new database is taken over'
. "$(dirname "$0")/lib-strack.sh"

one=scripts/20240101_one.sh
two=scripts/20250101000000_two.sh
three=scripts/20260101000000_three.sh
staging=scripts/20250601000000_staging.sh
nodate=scripts/20259999000000_nodate.sh
wrong=scripts/20250301000000_wrong.sh

tip() {
	git rev-parse -q --verify strack-ledger
}

# marked <environment>: what has a mark there, by the names of entries alone.
marked() {
	entries | sed -n "s|/[^/]*\.$1\.mark\.[0-9a-f]*$||p" | sort
}

marked_are() {
	marked "$1" >marks && shift && printf "%s\n" "$@" | sort >expect &&
		test_cmp expect marks
}

test_expect_success 'set-up' '
	repo r && cd r &&
	for script in "$one" "$two" "$three" "$nodate"; do
		printf "#!/bin/sh\ntouch ran\n" | script "$script" || return 1
	done &&
	printf "#!/bin/sh\n# strack: environments staging\ntouch ran\n" |
		script "$staging" &&
	printf "#!/bin/sh\n# strack: timeout soon\ntouch ran\n" |
		script "$wrong"
'

test_expect_success 'a dry run shows what would be marked, and writes nothing' '
	git strack mark --env production --baseline -m x --dry-run >out &&
	for script in "$one" "$two" "$three" "$nodate" "$wrong"; do
		grep "^would mark  $script" out || return 1
	done && test "$(wc -l <out)" = 5 && ! tip && test ! -e .git/strack &&
	git strack mark --env production -n -m x "$one" >out &&
	echo "would mark  $one" >expect && test_cmp expect out && ! tip
'

test_expect_success 'what is for other environments is not pending here' '
	git strack mark --env production --baseline -m start &&
	marked_are production "$one" "$two" "$three" "$nodate" "$wrong" &&
	test -z "$(git strack status --env production --pending --porcelain)" &&
	git strack mark --env staging --baseline -m start &&
	marked_are staging "$one" "$two" "$three" "$nodate" "$wrong" "$staging"
'

test_expect_success 'what is settled, failed or running stays as it is' '
	printf "#!/bin/sh\nexit 3\n" |
		script scripts/20251201000000_fails.sh &&
	printf "#!/bin/sh\ntouch begun; while test -e begun; do sleep 0.05; done" |
		script scripts/20251202000000_slow.sh &&
	must_fail 1 git strack run --env mix --from-the-beginning fails.sh &&
	{ git strack run --env mix slow.sh & } && pid=$! &&
	wait_for "test -e begun" && git strack mark --env mix -m x "$one" &&
	git strack mark --env mix --baseline -m start >out &&
	! grep -e fails.sh -e slow.sh -e "$one" out && rm begun && wait $pid &&
	test "$(kinds scripts/20251201000000_fails.sh mix)" = "claim fail" &&
	test "$(kinds scripts/20251202000000_slow.sh mix)" = "claim done" &&
	test "$(kinds "$one" mix)" = mark
'

test_expect_success 'before a date: earlier ones alone, and none without a date' '
	git strack mark --env date --baseline --before 2025-01-01 -m x >out &&
	marked_are date "$one" &&
	git strack mark --env date --baseline --before 20250101000000 -m x \
		>out && grep "nothing that is pending in date is dated before" \
		out && git strack mark --env date --baseline \
		--before 20250101000001 -m x &&
	marked_are date "$one" "$two" &&
	git strack mark --env date --baseline --before 2025-12-01 -m x &&
	marked_are date "$one" "$two" "$wrong" &&
	git strack mark --env date --baseline --before 9999-12-31 -m x &&
	! marked date | grep nodate
'

test_expect_success 'each mark has the reason, the bytes and the commit' '
	entry "$one" date.mark >e && test "$(field reason <e)" = x &&
	test "$(field blob <e)" = "$(git rev-parse "HEAD:$one")" &&
	git merge-base --is-ancestor "$(field commit <e)" HEAD
'

test_expect_success 'after it a plain run has nothing to do' '
	git strack mark --env date --baseline -m rest &&
	git strack run --env date >out && grep "nothing is pending" out &&
	test ! -e ran
'

test_expect_success 'a script merged late is still pending' '
	printf "#!/bin/sh\n" | script scripts/20230101000000_late.sh &&
	git strack status --env date --pending --porcelain >out &&
	grep 20230101000000_late.sh out && test "$(wc -l <out)" = 1
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit
'

test_done
