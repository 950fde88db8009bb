#!/bin/sh
test_description='what people type, press, and look at it with'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

commands='init create run status log show mark reset resolve cleanup verify trust'

# quick <path>: a committed script that only writes that it ran.
quick() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo ran >>"$STRACK_TOP/ran"
	EOF
}

# slow <path>: one that runs until the file `begun` is gone, and then longer.
slow() {
	script "$1" <<-\EOF
	#!/bin/sh
	touch begun
	while test -e begun; do sleep 0.05; done
	touch over
	sleep 60
	EOF
}

test_expect_success 'set-up' '
	repo r && cd r && quick "scripts/${day}01_first.sh" &&
	quick "scripts/${day}02_second.sh" && git strack run
'

# ---- what they type ----

test_expect_success 'an unknown command: the nearest is offered' '
	for pair in rnu:run stauts:status creat:create veriyf:verify \
		clean-up:cleanup tust:trust; do
		refused 129 "${pair%:*}.* is no command" \
			git strack "${pair%:*}" &&
		grep "did you mean .git strack ${pair#*:}.?" "$refusal" ||
			return 1
	done &&
	refused 129 "xyzzyxyzzy.* is no command" git strack xyzzyxyzzy &&
	! grep "did you mean" "$refusal" &&
	grep "git strack -h lists" "$refusal" &&
	refused 129 "is no command" git-strack "$(printf "\033[31mrun\n")" &&
	refused 129 "is no command" git-strack ""
'

test_expect_success 'no command, and help' '
	must_fail 129 git strack 2>err && grep "usage: git strack" err &&
	git strack -h >out && test_cmp err out &&
	for command in $commands; do
		grep "^    $command " out && git strack $command -h >help &&
		grep "^usage: git strack $command" help || return 1
	done
'

test_expect_success 'an unknown option: the nearest is offered' '
	for words in "run --dryrun:dry-run" "run --keepgoing:keep-going" \
		"status --jsno:json" "status --porcelian:porcelain" \
		"create --lnag sh x:lang" "log --onelin3:oneline" \
		"show --outptu x:output" "mark --baselime:baseline" \
		"resolve --doen x:done" "trust --principle x:principal"; do
		# shellcheck disable=SC2086
		refused 129 "unknown option" git strack ${words%:*} &&
		grep "did you mean --${words#*:}?" "$refusal" || return 1
	done &&
	for command in $commands; do
		refused 129 "unknown option .--zzzzzzzzz" \
			git strack $command --zzzzzzzzz &&
		grep "^usage: git strack $command" "$refusal" &&
		refused 129 "unknown option .-Z" git strack $command -Z ||
			return 1
	done &&
	refused 129 "unknown option" git strack run "--$(printf "\033")x"
'

test_expect_success 'options that lack a value, or have one' '
	refused 129 "option .--env. wants" git strack run --env &&
	refused 129 "option .--dry-run. takes no value" \
		git strack run --dry-run=yes &&
	refused 129 "is ambiguous: --" git strack status --p &&
	refused 129 "wants a number" git strack log -n x
'

test_expect_success 'too many words, or too few' '
	for words in "init x" "cleanup x" "verify x" "trust nonsense" \
		"trust add" "trust revoke" "create" "show" "mark -m x" \
		"reset -m x" "resolve --done -m x"; do
		# shellcheck disable=SC2086
		refused 129 . git strack $words || return 1
	done &&
	refused 129 "reason" git strack mark 02_second &&
	refused 129 "reason" git strack reset -m " " 02_second &&
	test "$(entries | wc -l)" = 5
'

test_expect_success 'an ambiguous name: the matches are listed' '
	for command in "run" "mark -m x" "reset -m x" "show" "log" \
		"resolve --done -m x"; do
		# shellcheck disable=SC2086
		refused 128 "not the name of one script, 2 match" \
			git strack $command "$day" &&
		grep "hint: .*01_first.sh" "$refusal" &&
		grep "hint: .*02_second.sh" "$refusal" || return 1
	done
'

test_expect_success 'a name that nothing has: the nearest is offered' '
	for command in "run" "mark -m x" "reset -m x"; do
		# shellcheck disable=SC2086
		refused 128 "no script matches .frist" \
			git strack $command frist &&
		grep "hint: .*01_first.sh" "$refusal" || return 1
	done &&
	refused 128 "no script matches" git strack run /etc/passwd &&
	refused 128 "no script matches" git strack run ../../x &&
	refused 129 "empty" git strack run "" &&
	refused 128 "no script matches" git strack run "$(printf "\033[1m")"
'

test_expect_success 'two at once: each script runs once' '
	for i in 1 2 3 4; do
		quick "scripts/${day}1${i}_many.sh" || return 1
	done &&
	rm -f ran && pids= && git strack run -n >/dev/null &&
	for i in 1 2 3; do
		git-strack run --wait >out.$i 2>&1 & pids="$pids $!"
	done &&
	for pid in $pids; do wait $pid || return 1; done &&
	test "$(wc -l <ran)" = 4 && git strack verify
'

test_expect_success 'two at once without --wait: one is told whose turn it is' '
	slow "scripts/${day}20_slow.sh" &&
	{ git-strack run >out 2>&1 & } && pid=$! &&
	wait_for "test -e begun" &&
	refused 3 "20_slow.sh.*running" git strack run &&
	refused 3 "20_slow.sh is running" git strack reset -m x 20_slow &&
	refused 3 "20_slow.sh is running" git strack mark -m x 20_slow &&
	refused 3 "running" git strack resolve --done -m x 20_slow &&
	rm begun && kill -TERM $pid && must_fail 1 wait $pid &&
	test "$(kinds "scripts/${day}20_slow.sh")" = "claim fail" &&
	git strack mark -m x 20_slow && rm -f over
'

# ---- what they press ----

keys() {
	tmux -L "people$$" send-keys "$@"
}

# What is typed first: a command whose exit status goes to the file `code`,
# also when the whole terminal is sent a signal.
terminal() {
	write typed <<-\EOF
	#!/bin/sh
	trap : INT
	"$@"
	echo "code $?" >code
	EOF
	tmux -L "people$$" new-session -d -x "${1:-80}" -y 20 "exec sh -i" \
		>/dev/null 2>&1 3>&- 4>&- 5>&- &&
		keys "cd '$PWD'; PATH=$PATH" Enter
}

no_terminal() {
	tmux -L "people$$" kill-server 2>/dev/null
	:
}

test_expect_success TMUX 'Ctrl-C ends the run, and the batch' '
	slow "scripts/${day}30_c.sh" && quick "scripts/${day}31_d.sh" &&
	test_when_finished no_terminal && terminal &&
	keys "./typed git-strack run" Enter &&
	wait_for "test -e begun" && keys C-c && rm begun &&
	wait_for "grep code code" && grep -x "code 1" code &&
	entry "scripts/${day}30_c.sh" fail | field cancelled |
		grep "^SIGINT from" &&
	test -z "$(kinds "scripts/${day}31_d.sh")" &&
	test -z "$(ls .git/strack/runs)" && rm -f over
'

test_expect_success TMUX 'Ctrl-Z stops the runner, and the script goes on' '
	git strack mark -m x 30_c && git strack run &&
	slow "scripts/${day}32_z.sh" &&
	test_when_finished no_terminal && terminal &&
	keys "git-strack run" Enter && wait_for "test -e begun" &&
	pid=$(sed -n "s/.*process \([0-9]*\) of.*/\1/p" \
		.git/strack/locks/local.*) && test -d "/proc/$pid" &&
	keys C-z && wait_for "grep \"^State:.T\" /proc/$pid/status" &&
	rm begun && wait_for "test -e over" &&
	git strack status >out && grep "running.*32_z.sh" out &&
	keys fg Enter && wait_for "grep \"^State:.S\" /proc/$pid/status" &&
	keys C-c &&
	wait_for "entry scripts/${day}32_z.sh fail" && rm over &&
	wait_for "test -z \"\$(ls .git/strack/runs)\""
'

test_expect_success TMUX 'a hang-up ends the run, recorded' '
	git strack mark -m x 32_z && slow "scripts/${day}33_h.sh" &&
	test_when_finished no_terminal && terminal &&
	keys "git strack run" Enter && wait_for "test -e begun" &&
	no_terminal && rm begun &&
	wait_for "entry scripts/${day}33_h.sh fail" &&
	entry "scripts/${day}33_h.sh" fail | field cancelled | grep . &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" &&
	git strack mark -m x 33_h && rm -f over
'

test_expect_success TMUX 'Ctrl-C and Ctrl-D at a question: nothing runs' '
	printf "[environment \"production\"]\nprotected = yes\n" \
		>.strack.ini && git add .strack.ini && git commit -q -m ini &&
	test_when_finished no_terminal && terminal &&
	for key in C-c C-d; do
		rm -f code &&
		keys "./typed git-strack run --env production \
			--from-the-beginning" Enter &&
		wait_for "tmux -L people$$ capture-pane -p -S -100 |
			grep \"to go on\"" &&
		keys $key && wait_for "grep code code" &&
		! grep -x "code 0" code &&
		tmux -L "people$$" clear-history &&
		keys "clear" Enter &&
		wait_for "! tmux -L people$$ capture-pane -p |
			grep \"to go on\"" || return 1
	done &&
	! entries .production. | grep . && git rm -q .strack.ini &&
	git commit -q -m rm
'

# ---- what they look at it with ----

# columns <file>: the widest line, without colours.
columns() {
	sed "s/$(printf "\033")\[[0-9;?]*[a-zA-Z]//g" <"$1" | tr "\r" "\n" |
		LC_ALL=C.UTF-8 awk '{ if (length($0) > n) n = length($0) }
			END { print n + 0 }'
}

test_expect_success 'a terminal of 20 columns' '
	GIT_PAGER=cat && export GIT_PAGER &&
	on_terminal "stty cols 20; git strack status --all" >out &&
	grep irst.sh out && test "$(columns out)" -le 20 &&
	on_terminal "stty cols 20; git strack status --all-envs" >out &&
	script "scripts/${day}40_wide.sh" <<-\EOF &&
	#!/bin/sh
	echo "progress 1 10 a label that is far too long for it" \
		>>"$STRACK_EVENTS"
	i=0
	while test $i -lt 30; do i=$((i + 1)); sleep 0.05; done
	EOF
	on_terminal "stty cols 20; git strack run" >out &&
	tr "\r" "\n" <out | grep "1/10\|10 %\|10%" >live &&
	test "$(columns live)" -le 20 &&
	for cols in 0 1 3 65535; do
		on_terminal "stty cols $cols; git strack status" >out &&
		on_terminal "stty cols $cols; git strack log -n 2" >out ||
			return 1
	done
'

test_expect_success 'LANG=C' '
	path=scripts/${day}41_größe.sh && quick "$path" &&
	LC_ALL=C LANG=C git strack run >out 2>err &&
	LC_ALL=C LANG=C git strack status --all --json >json &&
	LC_ALL=C.UTF-8 git strack status --all --json >same &&
	test_cmp same json && grep "41_größe.sh" json &&
	LC_ALL=C git strack status >out && grep "41_gr" out &&
	LC_ALL=xx_YY.nonsense git strack log -n 1 >out && grep "41_gr" out &&
	test "$(kinds "$path")" = "claim done"
'

test_expect_success 'a closed pipe' '
	for words in status "status --json" log "log --raw" "verify" \
		"trust list" "trust export" "show 01_first" "run -n" -h; do
		# shellcheck disable=SC2086
		{ git-strack $words 2>err; echo $? >code; } | : &&
		test_must_be_empty err && test "$(cat code)" -le 129 ||
			{ echo "$words"; return 1; }
	done
'

test_expect_success 'an output that is full, or closed' '
	for words in status "status --json" log verify "trust list" -h; do
		# shellcheck disable=SC2086
		must_fail 128 git-strack $words >/dev/full 2>err &&
		grep "^git strack: .*o space left" err &&
		git-strack $words >&- 2>err && test_must_be_empty err ||
			{ echo "$words"; return 1; }
	done &&
	quick "scripts/${day}42_full.sh" &&
	{ git-strack run >/dev/full 2>err || test $? -lt 130; } &&
	test "$(kinds "scripts/${day}42_full.sh")" = "claim done" &&
	quick "scripts/${day}43_closed.sh" &&
	git-strack run <&- >&- 2>&- &&
	test "$(kinds "scripts/${day}43_closed.sh")" = "claim done"
'

test_expect_success 'TERM=dumb and no colours' '
	TERM=dumb on_terminal "git --no-pager strack status --no-color" >out &&
	! grep "$(printf "\033")" out &&
	NO_COLOR=1 on_terminal "git --no-pager strack status" >out &&
	! grep "$(printf "\033")" out
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit &&
	test -z "$(find .git/strack/runs .git/strack/journal \
			-mindepth 1)"
'

test_done
