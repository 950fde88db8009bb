#!/bin/sh
test_description='console: a session on a terminal of its own, and its transcript'
. "$(dirname "$0")/lib-strack.sh"

exec_dir=.strack/exec
mux=console$$

if ! test_have_prereq TMUX; then
	skip_all='no tmux'
	test_done
fi

keys() {
	tmux -L "$mux" send-keys "$@"
}

screen() {
	tmux -L "$mux" capture-pane -p -S -100
}

# sees <regex>: it comes to stand on the screen.
sees() {
	wait_for "screen | grep -E -e '$1'"
}

# says <regex>: so does a line that begins with it.  What is typed ahead of a
# prompt is shown before it, and its output behind it.
prompts="(in:|out:)*"
says() {
	sees "^$prompts$1"
}

tip() {
	git rev-parse strack-ledger
}

# of_run <run>: processes with STRACK_RUN of it.
of_run() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ |
		cut -d / -f 3
}

# What is typed first writes the exit status of a console to the file `code`,
# and how the terminal is set up before and after.
write_typed() {
	write typed <<-\EOF
	#!/bin/sh
	stty -a >before
	git-strack console "$@"
	echo "code $?" >code
	stty -a >after.new && mv after.new after
	EOF
}

# A server that is being killed takes no new session: each has its own.
terminal() {
	no_terminal
	terminals=$((${terminals:-0} + 1)) mux=console$$.$terminals
	tmux -L "$mux" -f /dev/null new-session -d -x "${1:-80}" \
		-y "${2:-24}" "exec sh -i" >/dev/null 2>&1 3>&- 4>&- 5>&- &&
		keys "cd '$PWD'; PATH=$PATH; SHELL=/bin/sh; PS1=out:; clear" \
			Enter && says "out:"
}

no_terminal() {
	tmux -L "$mux" kill-server 2>/dev/null
	:
}

# begin [<option>...]: a console at its prompt, on a new terminal; $run,
# $runner, $warden.
begin() {
	terminal 90 20 || return 1
	was=$(entries $exec_dir | grep -c "\.exec\.")
	rm -f code after
	keys "ENV= PS1=in: ./typed -m 'by hand' $*" Enter &&
		wait_for "test \$(entries $exec_dir |
			grep -c '\.exec\.') -gt $was" &&
		run=$(entry $exec_dir exec | field run) &&
		says "in:" &&
		warden=$(cut -d " " -f 4 "/proc/$(of_run "$run" |
			head -n 1)/stat") &&
		runner=$(cut -d " " -f 4 "/proc/$warden/stat")
}

ended() {
	wait_for "test -e code && test -e after"
}

test_expect_success 'set-up' '
	repo r && cd r && write_typed && cp typed .git/info/typed &&
	printf "/*\n!/.strack.ini\n" >.gitignore && git add -f .gitignore &&
	git commit -q -m ignore && git strack init && git add .strack.ini &&
	git commit -q -m ini && printf "[scripts]\ngrace = 1s\n" >>.strack.ini &&
	git commit -q -a -m grace
'

test_expect_success 'bad usage, and no terminal' '
	was=$(tip) && must_fail 129 git strack console &&
	must_fail 129 git strack console -m x sh &&
	must_fail 129 git strack console -m x -- "" &&
	refused 3 "must be a terminal" git strack console -m x </dev/null &&
	grep "git strack exec" "$refusal" &&
	refused 3 "must be a terminal" git strack console -m x -- touch ran &&
	! test -e ran && test "$(tip)" = "$was"
'

test_expect_success 'a session: it is a terminal, of the same size and kind' '
	begin && keys "stty size >size; tty >tty" Enter &&
	keys "ps -o tpgid= -p \$\$ >group; echo \$STRACK_RUN \$STRACK_ENV" \
		Enter && says "$run local" && test "$(cat size)" = "20 90" &&
	grep ^/dev/pts/ tty && test "$(cat group)" -gt 0 &&
	keys "echo sq\"\"uare" Enter && says "square" && keys C-d && ended &&
	grep -x "code 0" code
'

test_expect_success 'it is recorded, and its transcript kept' '
	entry $exec_dir exec >e && test "$(field reason <e)" = "by hand" &&
	test "$(field args <e)" = /bin/sh && test "$(field limit <e)" = 0 &&
	entry $exec_dir "done" >e && test "$(field exit <e)" = 0 &&
	git cat-file blob "$(field log <e)" >log &&
	test_cmp log ".git/strack/logs/$run.log" &&
	test "$(field output-sha256 <e)" = "$(sha256sum <log |
		cut -d " " -f 1)" && grep -E "^${prompts}square" log &&
	grep "sq\"\"uare" log && git strack show --output "$run" >out &&
	test_cmp log out
'

test_expect_success 'the terminal is as it was' '
	test_cmp before after && keys "echo back" Enter && says "back"
'

test_expect_success 'its size follows' '
	write winch <<-\EOF &&
	#!/bin/sh
	trap "stty size; exit" WINCH
	echo ready
	while :; do sleep 0.1; done
	EOF
	begin && keys ./winch Enter && says "ready" &&
	tmux -L "$mux" resize-window -x 100 -y 30 && says "30 100" &&
	keys C-d && ended
'

test_expect_success 'Ctrl-C and Ctrl-Z are for the command' '
	begin && keys "sleep 100; echo x >>done" Enter &&
	wait_for "of_run $run | while read p; do cat /proc/\$p/comm; done |
		grep sleep" && keys C-c && keys "echo go\"\"es on" Enter &&
	says "goes on" && kill -0 "$runner" &&
	keys "sleep 100" Enter &&
	wait_for "of_run $run | while read p; do cat /proc/\$p/comm; done |
		grep sleep" && keys C-z && sees "Stopped" &&
	grep "^State:.[SR]" "/proc/$runner/status" && keys "kill -KILL %1" Enter &&
	wait_for "! of_run $run | while read p; do cat /proc/\$p/comm; done |
		grep sleep" && keys jobs Enter && keys "exit 0" Enter &&
	ended && grep -x "code 0" code && ! test -e done
'

test_expect_success 'its exit status' '
	begin && keys "exit 9" Enter && ended && grep -x "code 1" code &&
	sees "failed: exit 9" && test "$(entry $exec_dir fail |
		field exit)" = 9
'

test_expect_success 'another shell, with arguments' '
	begin -e local -- sh -c "\"echo in:; cat\"" && keys hello Enter &&
	sees hello && keys C-d && ended && grep -x "code 0" code &&
	test "$(entry $exec_dir exec | field args)" = "sh -c echo%20in:;%20cat"
'

test_expect_success 'one that is not there' '
	terminal && rm -f code after && keys "./typed -m x -- no-such-shell" Enter && ended &&
	grep -x "code 1" code && sees "can.t be started" &&
	test_cmp before after
'

test_expect_success 'secrets are seen by the person, and masked in what is kept' '
	begin && keys "s=s3cr3t\$((6 * 7)); echo mask \$s >>\$STRACK_EVENTS" Enter &&
	wait_for "grep ^mask .git/strack/runs/$run/events" &&
	keys "echo is \$s" Enter && says "is s3cr3t42" &&
	keys C-d && ended && git cat-file blob "$(entry $exec_dir "done" |
		field log)" >log && grep -E "^${prompts}is \*\*\*" log &&
	! grep -r s3cr3t42 log .git/strack/logs
'

test_expect_success 'much output, at once and to the end' '
	begin && keys "seq 50000; echo the \"\"end; exit" Enter && ended &&
	says "the end" && run=$(entry $exec_dir "done" | field run) &&
	tr -d "\r" <".git/strack/logs/$run.log" | grep -x "[0-9]*" >numbers &&
	seq 50000 | test_cmp - numbers
'

test_expect_success 'a large paste comes through' '
	begin && seq -f "line%05.0f" 2000 >text &&
	keys "stty -echo; cat >pasted" Enter &&
	wait_for "of_run $run | while read p; do cat /proc/\$p/comm; done |
		grep -x cat" && tmux -L "$mux" load-buffer text &&
	tmux -L "$mux" paste-buffer && keys C-d &&
	wait_for "test \$(wc -l <pasted) = 2000" && tr "\r" "\n" <pasted |
		test_cmp text - && keys C-d && ended
'

test_expect_success 'the time limit, where one was asked for' '
	begin --timeout 5s && ended && grep -x "code 1" code &&
	test_cmp before after && sees "80 % of the time limit" &&
	entry $exec_dir fail >e && test "$(field timed-out <e)" = 5 &&
	! of_run "$run" | grep .
'

test_expect_success 'a signal to the runner ends it, and puts the terminal back' '
	for sig in TERM INT HUP QUIT; do
		begin && kill -$sig "$runner" && ended &&
		grep -x "code 1" code && test_cmp before after &&
		entry $exec_dir fail | field cancelled | grep "^SIG$sig from" &&
		! of_run "$run" | grep . || return 1
	done
'

test_expect_success 'a runner that is killed: cancelled, and the terminal back' '
	begin && kill -KILL "$runner" && ended && grep -x "code 137" code &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" &&
	test "$(entry $exec_dir fail | field cancelled)" = \
		"the runner is gone" && ! of_run "$run" | grep . &&
	wait_for "keys \"stty -a >after\" Enter; cmp before after" &&
	test_cmp before after
'

test_expect_success 'a warden that is killed: lost, and the terminal back' '
	begin && kill -KILL "$warden" && ended && grep -x "code 1" code &&
	test_cmp before after && sees "killed by SIGKILL" &&
	test "$(entry $exec_dir lost | field run)" = "$run" &&
	! of_run "$run" | grep .
'

test_expect_success 'a runner that stands still holds up no ending' '
	begin --timeout 5s && keys yes Enter && kill -STOP "$runner" &&
	wait_for "entry $exec_dir fail | grep \"^run $run\"" &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" &&
	kill -CONT "$runner" && ended && test_cmp before after
'

test_expect_success 'the window is closed: it ends, recorded' '
	begin && no_terminal &&
	wait_for "entry $exec_dir fail | grep \"^run $run\"" &&
	entry $exec_dir fail | grep "^cancelled " &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" &&
	! of_run "$run" | grep .
'

test_expect_success 'what was stopped and continued is raw again' '
	test_when_finished no_terminal && begin &&
	kill -STOP "$runner" && kill -CONT "$runner" &&
	keys "echo al\"\"ive" Enter && says "alive" && keys C-d && ended &&
	test_cmp before after
'

test_expect_success 'what it shows is never raw elsewhere' '
	git strack log --exec >out && ! grep "$(printf "\033")" out &&
	on_terminal "git strack show --output $run" >out &&
	! tr -d "\r\n" <out | LC_ALL=C grep "[[:cntrl:]]"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit && test -z "$(ls .git/strack/runs \
		.git/strack/journal | grep -v :)"
'

test_done
