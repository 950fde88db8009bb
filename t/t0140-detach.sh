#!/bin/sh
test_description='run --detach: a batch that goes on by itself'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# waiting <path>: a script that says begun, and ends when the file go is there.
waiting() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo begun; echo "$PPID" >warden; touch begun
	while ! test -e go; do sleep 0.05; done
	echo ended
	EOF
}

# The run that the last detached batch began with.
run_of() {
	sed -n "s/^run \([0-9A-Z]*\) goes on.*/\1/p" out
}

batch_log() {
	sed -n "s/^what the batch says goes to //p" out
}

# The process of the batch is the parent of the warden.
batch_pid() {
	ps -o ppid= -p "$(cat warden)" | tr -d " "
}

begun() {
	wait_for "test -e begun" && rm begun
}

# over <script> <kind>
over() {
	wait_for "entry $1 $2" && wait_for "test -z \"\$(ls .git/strack/runs)\""
}

# gone <pid>: it has ended, whether or not anybody has reaped it.
gone() {
	! ps -o stat= -p "$1" | grep -qv ^Z
}

no_batch_log() {
	test -z "$(find .git/strack/logs -name "batch-*")"
}

# quiet: nothing was claimed, and nothing of a batch lies about.
quiet() {
	test "$(git rev-parse strack-ledger)" = "$was" &&
	test -z "$(ls .git/strack/runs)" &&
	no_batch_log
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init &&
	printf "%s\n" "[scripts]" "grace = 1s" >>.strack.ini &&
	printf "%s\n" begun go warden shell out out2 err >.git/info/exclude &&
	git add .strack.ini && git commit -q -m ini
'

test_expect_success 'it returns when the first script runs; the rest follow' '
	a=scripts/${day}01_a.sh b=scripts/${day}02_b.sh && waiting "$a" &&
	script "$b" <<-\EOF &&
	#!/bin/sh
	echo second
	EOF
	git strack run --detach >out 2>err && ! test -s err && begun &&
	grep "^\[1/2\] $a" out && grep "and after it 1 more" out &&
	test "$(kinds "$a")" = claim && run=$(run_of) &&
	test "$(entry "$a" claim | field run)" = "$run" &&
	grep "^  git strack attach $run$" out &&
	grep "^  git strack cancel -m <why> $run$" out &&
	git strack status | grep "running.*$a" && touch go &&
	over "$b" done && test "$(kinds "$a")" = "claim done" && rm go &&
	log=$(batch_log) && wait_for "grep \"^2 done\" \"\$log\"" &&
	grep "^\[1/2\] $a" "$(batch_log)" && grep "^done *$a" "$(batch_log)" &&
	! grep begun "$(batch_log)" && git strack show "$run" --output >got &&
	printf "begun\nended\n" | cmp - got && rm got
'

test_expect_success 'a session of its own, and no terminal' '
	a=scripts/${day}03_a.sh && waiting "$a" &&
	git strack run --detach >out && begun && pid=$(batch_pid) &&
	test "$(ps -o sid= -p "$pid" | tr -d " ")" = "$pid" &&
	test "$(ps -o tty= -p "$pid")" = "?" &&
	test "$(readlink /proc/$pid/fd/0)" = /dev/null &&
	test "$(readlink /proc/$pid/fd/1)" = "$(batch_log)" &&
	test "$(readlink /proc/$pid/fd/2)" = "$(batch_log)" &&
	test "$(stat -c %a "$(batch_log)")" = 600 &&
	kill -HUP "$pid" "$(cat warden)" && touch go && over "$a" done && rm go
'

test_expect_success 'a pipe that it wrote to is let go of' '
	a=scripts/${day}04_a.sh && waiting "$a" &&
	timeout 20 sh -c "git-strack run --detach 2>&1 | cat" >out &&
	begun && touch go && over "$a" done && rm go
'

test_expect_success 'without input, output and messages' '
	a=scripts/${day}05_a.sh && waiting "$a" &&
	git strack run --detach <&- >&- 2>&- && begun && touch go &&
	over "$a" done && rm go
'

test_expect_success 'what it cannot be combined with' '
	refused 129 "exclude each other" git strack run --detach --dry-run &&
	refused 129 "status --json" git strack run --detach --json
'

test_expect_success 'nothing to do is said at once' '
	rm -f .git/strack/logs/batch-* &&
	was=$(git rev-parse strack-ledger) && git strack run --detach >out &&
	grep "nothing is pending" out && quiet
'

test_expect_success 'what is refused is refused in the foreground' '
	a=scripts/${day}06_a.sh && waiting "$a" && printf "%s\n" \
		"[environment \"prod\"]" "protected = yes" >>.strack.ini &&
	git commit -q -a -m prod && rm -f .git/strack/logs/batch-* &&
	was=$(git rev-parse strack-ledger) &&
	refused 3 "no environment was chosen" git strack run --detach &&
	refused 3 "prod is protected" setsid -w git strack run --detach \
		--env prod --from-the-beginning && quiet &&
	echo "# more" >>"$a" && refused 3 "not what is committed" \
		git strack run --detach --env prod --yes \
		--from-the-beginning && quiet &&
	git checkout -q "$a" && git config strack.environment local &&
	write "scripts/${day}07_b.sh" <<-\EOF &&
	#!/bin/sh
	# strack: wrong yes
	EOF
	refused 128 "wrong" git strack run --detach && quiet &&
	rm "scripts/${day}07_b.sh" &&
	refused 128 "matches" git strack run --detach nosuch && quiet
'

test_expect_success 'a batch that ends before a script runs ends here' '
	write "scripts/${day}07_b.sh" <<-EOF &&
	#!/bin/sh
	# strack: requires ${day}06_a.sh
	EOF
	refused 3 "07_b.sh was not run: requires" \
		git strack run --detach 07_b.sh >out && cat out &&
	grep "^1 blocked in local" out && quiet &&
	# it is there and executable, so only the exec tells
	printf "\177ELF" >"$strack_scratch/elf" &&
	chmod +x "$strack_scratch/elf" &&
	echo "#!$strack_scratch/elf" | write "scripts/${day}07_b.sh" &&
	must_fail 1 git strack run --detach 07_b.sh >out 2>err &&
	grep "be started" err && ! grep "goes on" out &&
	grep "^1 failed in local" out && no_batch_log &&
	test "$(kinds "scripts/${day}07_b.sh")" = "claim fail" &&
	rm "scripts/${day}07_b.sh" &&
	git strack mark -m x "scripts/${day}07_b.sh"
'

test_expect_success TMUX 'it asks on the terminal, and outlives it' '
	tm() { tmux -L "detach$$" "$@"; } &&
	test_when_finished "tm kill-server 2>/dev/null; :" &&
	tm new-session -d -x 80 -y 20 "exec sh -i" >/dev/null 2>&1 \
		3>&- 4>&- 5>&- &&
	tm send-keys "PATH=$PATH git-strack run --detach --env prod" \
		" --from-the-beginning 06_a" Enter &&
	wait_for "tm capture-pane -p | grep \"Its name, to go on\"" &&
	tm send-keys prod Enter && begun &&
	wait_for "tm capture-pane -p | grep \"goes on by itself\"" &&
	shell=$(tm display-message -p "#{pane_pid}") && tm kill-server &&
	wait_for "gone $shell" && pid=$(batch_pid) && kill -0 "$pid" &&
	touch go && over "$a" done && rm go &&
	test "$(entry "$a" done | field environment)" = prod &&
	git strack mark -m x "$a"
'

test_expect_success SCRIPT 'a hang-up of the whole session changes nothing' '
	a=scripts/${day}08_a.sh && waiting "$a" &&
	{ on_terminal "git-strack run --detach; echo \$\$ >shell; sleep 60" \
		>out & } && begun && wait_for "test -s shell" &&
	shell=$(cat shell) && kill -KILL "$(ps -o ppid= -p "$shell")" &&
	wait_for "gone $shell" && rm shell && ! test -e go &&
	kill -0 "$(cat warden)" && touch go && over "$a" done && rm go
'

test_expect_success 'that the batch is killed does not end the run' '
	a=scripts/${day}09_a.sh b=scripts/${day}10_b.sh && waiting "$a" &&
	waiting "$b" && git strack run --detach >out && begun &&
	pid=$(batch_pid) && kill -KILL "$pid" && wait_for "gone $pid" &&
	touch go && over "$a" done && entry "$a" done >e &&
	! grep ^cancelled e && ! test -e begun &&
	test -z "$(kinds "$b")" && git strack run && rm go begun
'

test_expect_success 'SIGTERM to the batch ends run and batch' '
	a=scripts/${day}11_a.sh b=scripts/${day}12_b.sh && waiting "$a" &&
	waiting "$b" && git strack run --detach --keep-going >out && begun &&
	kill -TERM "$(batch_pid)" && over "$a" fail &&
	entry "$a" fail | field cancelled | grep "^SIGTERM from process" &&
	log=$(batch_log) && wait_for "grep \"1 failed, 1 not run\" \"\$log\"" &&
	grep "^hint:   git strack run --retry" "$(batch_log)" &&
	test -z "$(kinds "$b")" && git strack mark -m x "$a" "$b"
'

test_expect_success '--keep-going goes on behind a failure' '
	a=scripts/${day}13_a.sh b=scripts/${day}14_b.sh &&
	script "$a" <<-\EOF && waiting "$b" &&
	#!/bin/sh
	exit 3
	EOF
	touch go && git strack run --detach --keep-going >out &&
	over "$b" done && test "$(kinds "$a")" = "claim fail" &&
	log=$(batch_log) && wait_for "grep \"^1 done, 1 failed\" \"\$log\"" &&
	rm go begun && git strack mark -m x "$a"
'

test_expect_success 'who waits for another runner can give up' '
	a=scripts/${day}15_a.sh && waiting "$a" &&
	git strack run --detach >out && begun &&
	was=$(git rev-parse strack-ledger) &&
	refused 3 "running since" git strack run --detach &&
	{ git-strack run --detach --wait >out2 2>&1 & } && waiter=$! &&
	children=/proc/$waiter/task/$waiter/children &&
	wait_for "grep -q . $children" && batch=$(cat "$children") &&
	kill -KILL $waiter && { wait $waiter; :; } &&
	wait_for "gone $batch" &&
	touch go && over "$a" done && rm go out2 &&
	test "$(kinds "$a")" = "claim done"
'

test_expect_success 'and otherwise goes on when the other is over' '
	a=scripts/${day}16_a.sh b=scripts/${day}17_b.sh && waiting "$a" &&
	git strack run --detach >out && begun && waiting "$b" &&
	{ git-strack run --detach --wait >out2 2>&1 & } && waiter=$! &&
	wait_for "grep -q . /proc/$waiter/task/$waiter/children" &&
	touch go && over "$b" done && rm go &&
	wait $waiter && grep "goes on by itself" out2 &&
	test "$(kinds "$a")" = "claim done" && rm begun out2
'

test_expect_success 'cleanup spares the logs that are in use' '
	a=scripts/${day}18_a.sh && waiting "$a" &&
	git strack run --detach >out && begun && sleep 1.1 &&
	git strack cleanup --keep-logs 0 && test -e "$(batch_log)" &&
	test -e ".git/strack/logs/$(run_of).log" && touch go &&
	over "$a" done && rm go && log=$(batch_log) && wait_for "grep \"1 done\" \"\$log\"" &&
	touch -d "2 days ago" .git/strack/logs/* &&
	wait_for "git strack cleanup --keep-logs 1 | grep \"full log\"" &&
	log=$(batch_log) && wait_for "! test -e \"\$log\""
'

test_expect_success 'no room for the log: nothing is run' '
	a=scripts/${day}19_a.sh && waiting "$a" &&
	was=$(git rev-parse strack-ledger) && mv .git/strack/logs logs &&
	ln -s nowhere .git/strack/logs &&
	must_fail 128 git strack run --detach 2>err &&
	rm .git/strack/logs && mv logs .git/strack/logs &&
	test "$(git rev-parse strack-ledger)" = "$was" &&
	git strack mark -m x "$a"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_done
