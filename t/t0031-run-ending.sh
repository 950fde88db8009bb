#!/bin/sh
test_description='run: time limits, signals, and runs that are killed'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# alive <run>: is there a process of the run?
alive() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ
}

run_of() {
	entry "$1" claim | field run
}

# The warden is the runner's only child.
warden_of() {
	cat "/proc/$1/task/$1/children"
}

test_expect_success 'set-up' '
	repo r && cd r &&
	printf "[scripts]\ngrace = 1s\n" >.strack.ini &&
	git add .strack.ini && git commit -q -m ini
'

test_expect_success 'the time limit ends everything, wherever it went' '
	script "scripts/${day}01_t.sh" <<-\EOF &&
	#!/bin/sh
	trap "" TERM
	setsid sh -c "trap \"\" TERM; sleep 60; sleep 60" &
	( ( setsid sleep 60 & ) & )
	echo started
	while :; do sleep 1; done
	EOF
	must_fail 1 git strack run --timeout 1s >out 2>err &&
	grep "80 % of the time limit" out &&
	entry "scripts/${day}01_t.sh" fail >e &&
	test "$(field timed-out <e)" = 1 && test "$(field signal <e)" = 9 &&
	! grep ^left e && ! alive "$(field run <e)" &&
	git strack mark -m x 01_t.sh
'

test_expect_success 'a script that ends well on SIGTERM still timed out' '
	script "scripts/${day}02_t.sh" <<-\EOF &&
	#!/bin/sh
	# strack: timeout 1s
	trap "exit 0" TERM
	sleep 60 & wait
	EOF
	must_fail 1 git strack run &&
	entry "scripts/${day}02_t.sh" fail >e &&
	test "$(field timed-out <e)" = 1 && test "$(field exit <e)" = 0 &&
	git strack mark -m x 02_t.sh
'

test_expect_success 'exit and signal are kept apart' '
	script "scripts/${day}03_s.sh" <<-\EOF &&
	#!/bin/sh
	kill -SEGV $$
	EOF
	must_fail 1 git strack run &&
	entry "scripts/${day}03_s.sh" fail >e &&
	test "$(field signal <e)" = 11 && ! grep "^exit" e &&
	test "$(field reason <e)" = "killed by SIGSEGV" &&
	git strack mark -m x 03_s.sh
'

test_expect_success 'the process group is waited for, a daemon is not' '
	script "scripts/${day}04_g.sh" <<-\EOF &&
	#!/bin/sh
	(sleep 0.5; echo late) &
	setsid sleep 30 >/dev/null 2>&1 &
	sleep 0.1
	EOF
	git strack run >out && grep late out &&
	entry "scripts/${day}04_g.sh" done >e &&
	test "$(field left <e)" = 1 && test "$(field output-bytes <e)" = 5 &&
	for file in $(alive "$(field run <e)"); do
		kill "$(basename "$(dirname "$file")")"
	done
'

test_expect_success 'SIGTERM to the runner cancels and says who' '
	script "scripts/${day}05_c.sh" <<-\EOF &&
	#!/bin/sh
	touch begun; sleep 60
	EOF
	{ git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "test -e begun" && kill -TERM $pid &&
	must_fail 1 wait $pid && rm begun &&
	entry "scripts/${day}05_c.sh" fail >e &&
	field cancelled <e | grep "^SIGTERM from process" &&
	! alive "$(field run <e)" && git strack mark -m x 05_c.sh
'

test_expect_success 'that the runner is killed ends the run' '
	script "scripts/${day}06_k.sh" <<-\EOF &&
	#!/bin/sh
	touch begun; sleep 60
	EOF
	{ git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "test -e begun" && kill -KILL $pid && rm begun &&
	wait_for "entry scripts/${day}06_k.sh fail" &&
	entry "scripts/${day}06_k.sh" fail >e &&
	test "$(field cancelled <e)" = "the runner is gone" &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" &&
	git strack mark -m x 06_k.sh
'

test_expect_success 'that the warden is killed loses it' '
	script "scripts/${day}07_w.sh" <<-\EOF &&
	#!/bin/sh
	echo "checkpoint at 7" >>"$STRACK_EVENTS"
	kill -KILL $PPID
	while :; do :; done
	EOF
	must_fail 1 git strack run >out 2>err &&
	grep "killed by SIGKILL" err && grep "resolve --done" err &&
	test "$(kinds "scripts/${day}07_w.sh")" = "claim lost" &&
	test "$(entry "scripts/${day}07_w.sh" lost | field checkpoint)" = "at=7" &&
	must_fail 3 git strack run && test -z "$(ls .git/strack/runs)" &&
	git strack resolve --done -m looked 07_w.sh
'

test_expect_success 'what lives on keeps it running until it is gone' '
	script "scripts/${day}08_w.sh" <<-\EOF &&
	#!/bin/sh
	sleep 60 &
	kill -KILL $PPID
	sleep 60
	EOF
	must_fail 1 git strack run >out 2>err && grep "live on" err &&
	git strack status | grep running &&
	git strack cleanup | grep running &&
	for file in $(alive "$(run_of "scripts/${day}08_w.sh")"); do
		kill "$(basename "$(dirname "$file")")"
	done &&
	wait_for "git strack cleanup | grep ^lost" &&
	git strack cleanup >out && grep "nothing to do" out &&
	git strack resolve --failed -m looked 08_w.sh &&
	git strack mark -m x 08_w.sh
'

test_expect_success 'both killed: the next run records lost, and stops' '
	script "scripts/${day}09_b.sh" <<-\EOF &&
	#!/bin/sh
	touch begun; exec sleep 60
	EOF
	{ git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "test -e begun" && rm begun &&
	kill -STOP $pid && kill -KILL "$(warden_of $pid)" && kill -KILL $pid &&
	wait_for "! alive $(run_of "scripts/${day}09_b.sh")" &&
	must_fail 3 git strack run >out 2>err && grep "lost" err &&
	test "$(kinds "scripts/${day}09_b.sh")" = "claim lost" &&
	git strack resolve --pending -m again 09_b.sh
'

test_expect_success 'an idempotent one just runs again' '
	git rm -q "scripts/${day}09_b.sh" && git commit -q -m rm &&
	script "scripts/${day}10_i.sh" <<-\EOF &&
	#!/bin/sh
	# strack: idempotent yes
	test "$STRACK_ATTEMPT" = 2 || kill -KILL $PPID
	EOF
	must_fail 1 git strack run && git strack run &&
	test "$(kinds "scripts/${day}10_i.sh")" = "claim lost claim done"
'

test_expect_success 'under nohup a hang-up changes nothing' '
	script "scripts/${day}11_n.sh" <<-\EOF &&
	#!/bin/sh
	touch begun; while test -e begun; do sleep 0.05; done; echo survived
	EOF
	{ nohup git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "test -e begun" && kill -HUP $pid && rm begun &&
	wait $pid && grep survived out
'

test_expect_success TMUX 'Ctrl-Z stops the runner alone, Ctrl-C ends the run' '
	script "scripts/${day}12_z.sh" <<-\EOF &&
	#!/bin/sh
	echo $PPID >warden; touch begun
	while test -e begun; do sleep 0.05; done
	touch over; sleep 60
	EOF
	keys() { tmux -L "strack$$" send-keys "$@"; } &&
	test_when_finished "tmux -L strack$$ kill-server; :" &&
	tmux -L "strack$$" new-session -d -x 60 -y 20 "exec sh -i" \
		>/dev/null 2>&1 3>&- 4>&- 5>&- &&
	keys "PATH=$PATH git-strack run" Enter &&
	wait_for "test -e begun" && keys C-z &&
	runner=$(ps -o ppid= -p "$(cat warden)") &&
	wait_for "ps -o stat= -p $runner | grep ^T" && rm begun &&
	wait_for "test -e over" && keys fg Enter &&
	wait_for "ps -o stat= -p $runner | grep -v ^T" && keys C-c &&
	wait_for "entry scripts/${day}12_z.sh fail" &&
	entry "scripts/${day}12_z.sh" fail | field cancelled |
		grep "^SIGINT from .*@pts/" &&
	git strack mark -m x 12_z.sh
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_done
