#!/bin/sh
test_description='progress and checkpoints: what a script says while it runs'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# says <path> [<line>...]: a script that says what comes on standard input, then
# does what the lines say.
says() {
	says_path=$1 && shift &&
	{
		printf "%s\n" "#!/bin/sh" "cat >>\"\$STRACK_EVENTS\" <<EOF"
		cat
		printf "%s\n" EOF "$@"
	} | script "$says_path"
}

# the object of the one script, as status has it
json() {
	git strack status --json "$1" | jq -c ".scripts[0].$2"
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init && git add .strack.ini &&
	git commit -q -m ini &&
	printf "%s\n" go out err resume vars >.git/info/exclude
'

test_expect_success JQ 'status shows how far a run is, from anywhere' '
	a=scripts/${day}01_a.sh &&
	says "$a" "echo mask s3cr3t42 >>\$STRACK_EVENTS" \
		"echo progress 6200 10000 users of s3cr3t42 >>\$STRACK_EVENTS" \
		"while ! test -e go; do sleep 0.05; done" <<-\EOF &&
	progress 1 2 steps
	EOF
	git strack run --detach &&
	wait_for "test \"\$(json $a progress.current)\" = 6200" &&
	test "$(json $a progress)" = "{\"current\":6200,\"total\":10000,\
\"label\":\"users of ***\"}" &&
	git strack status >out && grep "^    6200 of 10000 users of \*\*\* (62 %)" out &&
	touch go && wait_for "entry $a done" && rm go &&
	test "$(json $a progress)" = null
'

test_expect_success 'checkpoints: kept by the outcome, given to the next attempt' '
	a=scripts/${day}02_a.sh &&
	says "$a" "cp \"\$STRACK_RESUME\" resume" \
		"env | grep STRACK_CHECKPOINT_ | sort >vars" \
		"exit \$((STRACK_ATTEMPT < 3))" <<-\EOF &&
	checkpoint last_id 10
	checkpoint last_id 20
	checkpoint Weird-näme  a b  c
	checkpoint two-names 1
	checkpoint two.names 2
	EOF
	must_fail 1 git strack run && test_must_be_empty resume &&
	test_must_be_empty vars &&
	git strack show 02_a >out &&
	grep "^Stopped at: *last_id=20, Weird-näme=a b  c, two-names=1" out &&
	STRACK_CHECKPOINT_LAST_ID=5 STRACK_CHECKPOINT_OLD=5 \
		must_fail 1 git strack run --retry &&
	grep -x "last_id 20" resume && grep -x "Weird-näme a b  c" resume &&
	printf "%s\n" STRACK_CHECKPOINT_LAST_ID=20 \
		"STRACK_CHECKPOINT_WEIRD_N__ME=a b  c" >want &&
	test_cmp want vars && rm want
'

test_expect_success '--from-start ignores them' '
	refused 129 "goes with --retry" git strack run --from-start &&
	git strack run --retry --from-start && test_must_be_empty resume &&
	test_must_be_empty vars && test "$(entry "$a" claim | field attempt)" = 3
'

test_expect_success 'what was appended survives that everything is killed' '
	a=scripts/${day}03_a.sh &&
	script "$a" <<-\EOF &&
	#!/bin/sh
	cp "$STRACK_RESUME" resume
	test $STRACK_ATTEMPT = 1 || exit 0
	warden=$PPID runner=$(cut -d " " -f 4 /proc/$PPID/stat)
	kill -STOP $warden
	printf "checkpoint last_id %s\n" 1 2 3 >>$STRACK_EVENTS
	printf "checkpoint name half" >>$STRACK_EVENTS
	kill -KILL $runner $warden $$
	EOF
	{ git-strack run >out 2>&1; test $? = 137; } 2>/dev/null &&
	wait_for "git-strack cleanup && entry $a lost" &&
	test "$(entry "$a" lost | field checkpoint)" = "last_id=3 name=half" &&
	git strack resolve --pending -m "to go on" "$a" && git strack run &&
	printf "%s\n" "last_id 3" "name half" >want && test_cmp want resume &&
	rm want
'

test_expect_success 'garbage is reported, and does no harm' '
	a=scripts/${day}04_a.sh &&
	says "$a" "printf \"\\377\\001\\nprogress 3 4\" >>\$STRACK_EVENTS" <<-\EOF &&
	progress
	progress x 10
	progress -1 10
	checkpoint
	checkpoint alone
	checkpoint a=b c
	nonsense
	EOF
	git strack run >out && test "$(grep -c "warn: unknown event" out)" = 8
'

# More than the warden reads between two looks around, all of it appended while
# it does not look; what is masked there is masked in what is printed behind it.
test_expect_success 'what was said at the very end counts, however much' '
	a=scripts/${day}09_a.sh &&
	script "$a" <<-\EOF &&
	#!/bin/sh
	kill -STOP $PPID
	awk "BEGIN { for (i = 1; i <= 200000; i++)
		print \"checkpoint last_id \" i }" >>$STRACK_EVENTS
	echo mask s3cr3t42 >>$STRACK_EVENTS
	echo it is s3cr3t42
	{ sleep 0.3; kill -CONT $PPID; } &
	EOF
	git strack run >out && grep -x "it is \*\*\*" out && ! grep s3cr3t out &&
	test "$(entry "$a" done | field checkpoint)" = "last_id=200000"
'

# The warden must not grow, and what it reads it reads while others write.
test_expect_success 'a million events' '
	a=scripts/${day}05_a.sh &&
	script "$a" <<-\EOF &&
	#!/bin/sh
	awk "BEGIN { for (i = 1; i <= 1000000; i++) {
		if (i % 3 == 0) print \"progress \" i \" 1000000 rows\"
		else if (i % 3 == 1) print \"checkpoint last_id \" i
		else print \"garbage \" i } }" >>$STRACK_EVENTS
	grep ^VmHWM /proc/$PPID/status >vars
	EOF
	git strack run >out && grep "more unknown events are not shown" out &&
	test "$(entry "$a" done | field checkpoint)" = "last_id=1000000" &&
	echo "# $(cat vars)" >&3 &&
	case $STRACK_BUILD in
	*san) ;;
	*) test "$(tr -cd 0-9 <vars)" -lt 40000 ;;
	esac
'

test_expect_success TMUX 'on a terminal: bar, count, pace, and what is left' '
	a=scripts/${day}06_a.sh b=scripts/${day}07_b.sh &&
	script "$a" <<-\EOF && sed "s/XX/YY/" "$a" | script "$b" &&
	#!/bin/sh
	i=0
	while ! test -e go; do
		i=$((i + (i < 90))) && sleep 0.1
		echo "progress $i 100 XX" >>$STRACK_EVENTS
	done
	EOF
	tm() { tmux -L "progress$$" "$@"; } &&
	screen() { tm capture-pane -p; } &&
	test_when_finished "tm kill-server 2>/dev/null; :" &&
	tm new-session -d -x 80 -y 20 "exec sh -i" >/dev/null 2>&1 \
		3>&- 4>&- 5>&- &&
	tm send-keys "PATH=$PATH git-strack run; echo code=\$?" Enter &&
	wait_for "screen | grep \"^\[1/2\] [0-9]* % \[#.*\] [0-9]* of 100 XX, [0-9.]*/s, [0-9]*s left, [0-9]*s of at most 5m00s$\"" &&
	touch go && wait_for "screen | grep ^code=0" && rm go &&
	! screen | grep "left, "
'

# The first line that stays comes after 10 seconds.
test_expect_success 'elsewhere: a line now and then' '
	a=scripts/${day}08_a.sh &&
	script "$a" <<-\EOF &&
	#!/bin/sh
	i=0
	while ! test -e go; do
		i=$((i + 1)) && sleep 0.1
		echo "progress $i 1000 rows" >>$STRACK_EVENTS
	done
	EOF
	{ git-strack run >out 2>err & } && pid=$! &&
	wait_for "grep progress: err" && touch go && wait $pid && rm go &&
	grep -E "^progress: [0-9]+ of 1000 rows \([0-9]+ %\), [0-9.]+/s, [0-9ms]+ left$" \
		err && test "$(grep -c progress: err)" = 1 &&
	! grep progress out
'

test_expect_success 'the whole of it is sound' '
	git strack verify -q && audit
'

test_done
