#!/bin/sh
test_description='retries: what a header asks to be run again by itself'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# flaky <path> <attempt that goes well> [<header line>...]
flaky() {
	flaky_path=$1 flaky_good=$2 && shift 2 &&
	{
		echo "#!/bin/sh"
		[ $# = 0 ] || printf "# strack: %s\n" "$@"
		cat <<-EOF
		echo "attempt \$STRACK_ATTEMPT from \${STRACK_CHECKPOINT_AT:-0}"
		echo \$STRACK_ATTEMPT >>ran
		echo "checkpoint at \$STRACK_ATTEMPT" >>\$STRACK_EVENTS
		test \$STRACK_ATTEMPT -ge $flaky_good
		EOF
	} | script "$flaky_path"
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init && git add .strack.ini &&
	git commit -q -m ini && printf "%s\n" ran out err >.git/info/exclude
'

test_expect_success 'again and again, each an attempt with an entry' '
	a=scripts/${day}01_a.sh &&
	flaky "$a" 3 "idempotent yes" "retries 3" "retry-delay 1s" &&
	git strack run >out && grep -A 1 "^failed " out | grep "^retry 1 of 3 in 1s" &&
	grep "^retry 2 of 3" out && ! grep "^retry 3" out &&
	grep "^attempt 3 from 2" out && grep "^\[1/1\] .*(attempt 3)" out &&
	test "$(kinds "$a")" = "claim fail claim fail claim done" &&
	test "$(entry "$a" claim | field again)" = "retry 2 of 3" &&
	grep "^1 done in local" out && test "$(wc -l <ran)" = 3
'

test_expect_success 'no more often than that; then a person decides' '
	rm ran && a=scripts/${day}02_a.sh &&
	flaky "$a" 9 "idempotent yes" "retries 2" &&
	must_fail 1 git strack run >out 2>err && test "$(wc -l <ran)" = 3 &&
	grep "^1 failed in local" out && grep "strack run --retry" err &&
	must_fail 3 git strack run && test "$(wc -l <ran)" = 3 &&
	must_fail 1 git strack run --retry && test "$(wc -l <ran)" = 6 &&
	git strack mark -m x "$a"
'

test_expect_success 'what may do harm when it is run again asks in vain' '
	rm -f ran && a=scripts/${day}03_a.sh && flaky "$a" 2 "retries 2" &&
	refused 128 "03_a.sh: retries: .*line 2.*idempotent yes" git strack run &&
	sed -i "s/retries 2/idempotent yes/" "$a" && git commit -q -a -m x &&
	must_fail 1 git strack run && test "$(cat ran)" = 1 &&
	sed -i "s/idempotent yes/retry-delay 5s/" "$a" &&
	git commit -q -a -m y && refused 128 "no retries" git strack run --retry &&
	for bad in "retries 0" "retries 21" "retries x" "retries -1"; do
		sed -i "s/^# strack: re.*/# strack: $bad/" "$a" &&
		refused 128 "retries: .* 1 to 20" git strack run --retry ||
			return 1
	done && git commit -q -a -m z && git strack mark -m x "$a"
'

test_expect_success 'who ends it by hand does not want the next one either' '
	rm -f ran && a=scripts/${day}04_a.sh &&
	flaky "$a" 9 "idempotent yes" "retries 9" &&
	echo "sleep 60" >>"$a" && git commit -q -a -m sleep &&
	{ git-strack run >out 2>&1 & } && pid=$! && wait_for "test -s ran" &&
	git strack cancel -m enough "$a" && must_fail 1 wait $pid &&
	! grep "^retry" out && test "$(kinds "$a")" = "claim fail" &&
	git strack mark -m x "$a"
'

test_expect_success 'as long as something of it lives there is no second copy' '
	rm -f ran && a=scripts/${day}07_a.sh &&
	echo /pid >>.git/info/exclude && script "$a" <<-\EOF &&
	#!/bin/sh
	# strack: idempotent yes
	# strack: retries 9
	echo ran >>ran
	setsid sleep 60 &
	echo $! >pid
	while ! grep -q sleep /proc/$!/comm; do sleep 0.02; done
	exit 1
	EOF
	must_fail 1 git strack run >out 2>&1 && kill $(cat pid) && rm pid &&
	grep "^no retry: processes" out && test "$(cat ran)" = ran &&
	git strack mark -m x "$a"
'

test_expect_success 'what is settled in the meantime is not run again' '
	rm -f ran && a=scripts/${day}05_a.sh &&
	flaky "$a" 9 "idempotent yes" "retries 9" "retry-delay 3s" &&
	{ git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "grep ^retry out" && git strack mark -m "by hand" "$a" &&
	wait $pid && test "$(kinds "$a")" = "claim fail mark" &&
	test "$(cat ran)" = 1
'

test_expect_success 'the whole of it is sound' '
	git strack verify -q && audit
'

test_done
