#!/bin/sh
test_description='attach and cancel: from any terminal of the clone'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# waiting <path> [<line>...]: a script that says begun, does what the lines say,
# and ends when the file go is there.
waiting() {
	waiting_path=$1 && shift &&
	printf "%s\n" "#!/bin/sh" "echo begun" "$@" \
		"echo \$PPID >warden" "touch begun" \
		"while ! test -e go; do sleep 0.05; done" \
		"echo ended" | script "$waiting_path"
}

# begin <path> [<option>...]: run it, detached; its id is in $run.
begin() {
	git strack run --detach "$@" >out && wait_for "test -e begun" &&
	rm begun && run=$(entry "$1" claim | field run)
}

# go <path> <kind>: let it end.
go() {
	touch go && wait_for "entry $1 $2" &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" && rm go
}

alive() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ
}

control() {
	echo ".git/strack/runs/$run/control"
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init &&
	printf "[scripts]\ngrace = 1s\n" >>.strack.ini &&
	printf "%s\n" begun go warden out err got e pipe \
		>.git/info/exclude && git add .strack.ini &&
	git commit -q -m ini
'

test_expect_success 'nothing is under way' '
	refused 3 "nothing is under way" git strack attach &&
	refused 3 "nothing is under way" git strack cancel -m x &&
	refused 129 "a reason is needed" git strack cancel &&
	refused 129 "a reason is needed" git strack cancel -m " " &&
	refused 129 "one run only" git strack cancel -m x a b &&
	refused 129 "one run only" git strack attach a b &&
	must_fail 128 git strack attach nosuch
'

test_expect_success 'attach shows all of it and how it ends' '
	a=scripts/${day}01_a.sh && waiting "$a" && begin "$a" &&
	{ git-strack attach >got 2>err & } && pid=$! &&
	wait_for "grep begun got" && touch go && wait $pid && rm go &&
	sed "s/  [0-9.]*s$//" got >out &&
	printf "%s\n" begun ended "done     $a" | cmp - out &&
	grep "what its batch says is in" err && git strack attach "$run" >got &&
	grep "^done  *$a" got && must_fail 128 git strack attach nosuch
'

test_expect_success 'attach to what fails' '
	a=scripts/${day}02_a.sh && waiting "$a" "exec 2>&1" &&
	printf "exit 3\n" >>"$a" && git commit -q -a -m 3 && begin "$a" &&
	{ git-strack attach "${day}02" >got 2>err & } && pid=$! &&
	wait_for "grep begun got" && touch go && must_fail 1 wait $pid &&
	rm go && grep "^failed  *$a .*exit 3" got &&
	grep "git strack show $run" err &&
	refused 1 "failed: exit 3" git strack attach 02_a.sh >got &&
	grep "^failed" got && refused 1 "is over" git strack cancel -m x \
		02_a.sh && git strack mark -m x "$a" &&
	refused 1 "failed: exit 3" git strack attach "$run"
'

test_expect_success 'a run in the foreground, and a work tree beside it' '
	git worktree add -q ../w && a=scripts/${day}03_a.sh && waiting "$a" &&
	{ git-strack run >out 2>&1 & } && runner=$! &&
	wait_for "test -e begun" && rm begun &&
	{ git -C ../w strack attach >got 2>err & } && pid=$! &&
	wait_for "grep begun got" && touch go && wait $pid && rm go &&
	wait $runner && grep "^done  *$a" got && ! grep batch err
'

test_expect_success 'the next one of a batch is named' '
	a=scripts/${day}04_a.sh b=scripts/${day}05_b.sh && waiting "$a" &&
	waiting "$b" "rm go" && begin "$a" "$b" &&
	{ git-strack attach "$run" >got 2>err & } && pid=$! &&
	wait_for "grep begun got" && touch go && wait $pid &&
	next=$(entry "$b" claim | field run) &&
	grep "^  git strack attach $next$" err && go "$b" done
'

test_expect_success 'several are listed' '
	a=scripts/${day}06_a.sh b=scripts/${day}07_b.sh && waiting "$a" &&
	waiting "$b" && begin "$a" && one=$run && begin "$b" && two=$run &&
	refused 129 "which one. 2 are under way" git strack attach &&
	grep "git strack attach $one   $a (local)" "$refusal" &&
	grep "git strack attach $two   $b (local)" "$refusal" &&
	refused 129 "which one" git strack cancel -m x &&
	grep "git strack cancel -m <why> $two" "$refusal" &&
	refused 129 "which one" git strack attach "$(echo "$one" | cut -c 1-4)" &&
	git strack cancel -m "only this" "$one" >got && grep "^failed  *$a" got &&
	test "$(kinds "$b")" = claim && git strack cancel -m that 07_b &&
	git strack mark -m x "$a" "$b"
'

test_expect_success 'what runs elsewhere is only told' '
	a=scripts/${day}08_a.sh && waiting "$a" && begin "$a" --env staging &&
	git clone -q . ../clone && git -C ../clone fetch -q origin \
		strack-ledger:strack-ledger && cd ../clone &&
	refused 3 "under way on .*, started by" git strack attach \
		--env staging 08_a && grep "git strack attach $run" "$refusal" &&
	refused 3 "under way on .*, started by" git strack cancel -m x \
		"$run" && grep "cancel -m <why> $run" "$refusal" &&
	cd ../r && refused 3 "nothing is under way" git strack attach \
		--env local && go "$a" done && git strack mark -m x "$a"
'

test_expect_success TMUX 'Ctrl-C leaves the run alone' '
	a=scripts/${day}09_a.sh && waiting "$a" \
		"echo progress 30 120 users >>\$STRACK_EVENTS" && begin "$a" &&
	tm() { tmux -L "attach$$" "$@"; } &&
	screen() { tm capture-pane -p; } &&
	test_when_finished "tm kill-server 2>/dev/null; :" &&
	tm new-session -d -x 80 -y 20 "exec sh -i" >/dev/null 2>&1 \
		3>&- 4>&- 5>&- &&
	tm send-keys "PATH=$PATH git-strack attach; echo code=\$?" Enter &&
	wait_for "screen | grep \"^25 % .*\] 30 of 120 users, .*5m00s\"" &&
	screen | grep ^begun &&
	tm send-keys C-c && wait_for "screen | grep ^code=3" &&
	screen | grep "run $run goes on" && screen | grep "strack attach $run" &&
	! screen | grep "^25 % " && test "$(kinds "$a")" = claim &&
	go "$a" done
'

test_expect_success 'a terminal that stands still does not keep Ctrl-C from it' '
	a=scripts/${day}10_a.sh && waiting "$a" "seq 1 200000" &&
	begin "$a" && mkfifo pipe && { sleep 60 <pipe & } && sleeper=$! &&
	must_fail 3 timeout --preserve-status -s INT 1 git-strack attach \
		>pipe 2>err && grep "goes on" err && { kill $sleeper; :; } &&
	timeout 20 git-strack attach 2>&1 | head -n 3 >got &&
	grep "^begun" got && rm pipe && go "$a" done
'

test_expect_success SCRIPT 'cancel says who and why' '
	a=scripts/${day}11_a.sh && waiting "$a" && begin "$a" &&
	on_terminal "git-strack cancel -m \"the disk: 99 % full\"" >got &&
	grep "^failed  *$a .*killed by SIGTERM" got && entry "$a" fail >e &&
	field cancelled <e | grep "^$(id -un)@pts/[0-9]*: the disk: 99 %25 full$" &&
	test "$(field reason <e)" = cancelled &&
	test "$(field signal <e)" = 15 && git strack mark -m x "$a"
'

test_expect_success 'it ends all that descends, wherever it went' '
	a=scripts/${day}12_a.sh && waiting "$a" "trap \"\" TERM" \
		"setsid sh -c \"trap \\\"\\\" TERM; sleep 61; sleep 62\" &" \
		"( ( setsid sleep 63 & ) & )" \
		"setsid sh -c \"kill -STOP \\\$\\\$; sleep 64\" &" &&
	begin "$a" && git strack cancel -m "$(printf "a\nb")" >got &&
	grep "killed by SIGKILL" got && entry "$a" fail >e && ! grep ^left e &&
	field cancelled <e | grep "@.*: a%0Ab$" && test -z "$(alive "$run")" &&
	git strack mark -m x "$a"
'

test_expect_success 'a second one hurries' '
	sed -i "s/^grace.*/grace = 90s/" .strack.ini && git commit -q -a -m g &&
	a=scripts/${day}13_a.sh && waiting "$a" "trap \"\" TERM" &&
	begin "$a" && git strack cancel --no-wait -m first >got &&
	grep "asked to end run $run" got && test "$(kinds "$a")" = claim &&
	timeout 30 git strack cancel -m second >got && grep "^failed" got &&
	entry "$a" fail | field cancelled | grep ": first$" &&
	git strack mark -m x "$a"
'

test_expect_success 'two at once are one' '
	a=scripts/${day}14_a.sh && waiting "$a" "trap \"\" TERM" &&
	begin "$a" && { timeout 60 git-strack cancel -m one >out & } &&
	one=$! && { timeout 60 git-strack cancel -m two >got & } && two=$! &&
	wait $one && wait $two && grep ^failed out && grep ^failed got &&
	test "$(kinds "$a")" = "claim fail" && git strack mark -m x "$a" &&
	sed -i "s/^grace.*/grace = 1s/" .strack.ini && git commit -q -a -m g
'

test_expect_success 'the reason is masked, and not too long' '
	a=scripts/${day}15_a.sh && waiting "$a" \
		"echo mask s3same >>\$STRACK_EVENTS" && export A_TOKEN=hush-hush &&
	begin "$a" && refused 129 "too long" git strack cancel \
		-m "$(printf "%04090d" 0)" &&
	refused 129 "longer than" git strack cancel -m "$(printf "%09000d" 0)" &&
	test "$(kinds "$a")" = claim &&
	git strack cancel -m "not s3same, hush-hush or a://b:c@d" >got &&
	unset A_TOKEN &&
	entry "$a" fail | field cancelled | grep ": not \*\*\*, \*\*\* or a://b:\*\*\*@d$" &&
	! grep s3same got && git strack mark -m x "$a"
'

test_expect_success 'a batch stops when a run of it is cancelled' '
	a=scripts/${day}16_a.sh b=scripts/${day}17_b.sh && waiting "$a" &&
	waiting "$b" && { git-strack run --keep-going >out 2>err & } &&
	pid=$! && wait_for "test -e begun" && rm begun &&
	git strack cancel -m x && must_fail 1 wait $pid &&
	grep "^failed.*cancelled (" out && grep "1 failed, 1 not run" out &&
	test -z "$(kinds "$b")" && git strack mark -m x "$a" "$b"
'

test_expect_success 'garbage in the FIFO is no order' '
	a=scripts/${day}18_a.sh && waiting "$a" && begin "$a" &&
	test "$(stat -c "%F %a" "$(control)")" = "fifo 600" &&
	{ head -c 20000 /dev/urandom; printf "\n\0\ncancel\ncancel x\n";
		head -c 100000 /dev/zero; printf "\nhalf"; } >"$(control)" &&
	sleep 0.5 && test "$(kinds "$a")" = claim && kill -0 "$(cat warden)" &&
	printf "\n" >"$(control)" && git strack cancel -m x &&
	test "$(kinds "$a")" = "claim fail" && git strack mark -m x "$a"
'

test_expect_success 'what is planted in its place is not written to' '
	a=scripts/${day}19_a.sh && waiting "$a" && begin "$a" &&
	echo mine >"$strack_scratch/mine" && mv "$(control)" fifo &&
	cp "$strack_scratch/mine" "$(control)" &&
	must_fail 128 git strack cancel -m x 2>err && grep control err &&
	rm "$(control)" && ln -s "$strack_scratch/mine" "$(control)" &&
	must_fail 128 git strack cancel -m x &&
	test "$(cat "$strack_scratch/mine")" = mine && rm "$(control)" &&
	must_fail 128 git strack cancel -m x 2>err && grep "be reached" err &&
	mkfifo "$(control)" && must_fail 128 git strack cancel -m x &&
	mv fifo "$(control)" && git strack cancel -m x &&
	git strack mark -m x "$a"
'

# The script may live for an instant, but not what is in another session.
orphans() {
	begin "$a" && kill -KILL "$(cat warden)" &&
	test -n "$(alive "$run")" && git strack status | grep "running.*$a"
}

test_expect_success 'without a warden it ends what is left, and records lost' '
	a=scripts/${day}20_a.sh && waiting "$a" \
		"setsid sh -c \"trap \\\"\\\" TERM; sleep 61; sleep 62\" &" \
		"setsid sleep 63 &" "echo checkpoint at 7 >>\$STRACK_EVENTS" &&
	orphans && refused 1 "live on" git strack attach >got &&
	grep "git strack cancel -m <why> $run" "$refusal" &&
	git strack cancel -m "clean up" >got && grep "^lost .*clean up" got &&
	test -z "$(alive "$run")" && test "$(kinds "$a")" = "claim lost" &&
	entry "$a" lost >e && field cancelled <e | grep ": clean up$" &&
	test "$(field checkpoint <e)" = "at=7" &&
	test -z "$(ls .git/strack/runs)" && git strack resolve --failed -m x "$a" &&
	git strack mark -m x "$a"
'

test_expect_success 'and a second one hurries there, too' '
	sed -i "s/^grace.*/grace = 90s/" .strack.ini && git commit -q -a -m g &&
	a=scripts/${day}21_a.sh && waiting "$a" \
		"setsid sh -c \"trap \\\"\\\" TERM; sleep 61; sleep 62\" &" &&
	orphans && { timeout 60 git-strack cancel --no-wait -m one >got 2>err & } &&
	pid=$! && wait_for "test -e .git/strack/runs/$run/cancelled" &&
	timeout 60 git strack cancel -m two && wait $pid && test -z "$(alive "$run")" &&
	test "$(kinds "$a")" = "claim lost" &&
	git strack resolve --failed -m x "$a" && git strack mark -m x "$a" &&
	sed -i "s/^grace.*/grace = 1s/" .strack.ini && git commit -q -a -m g
'

test_expect_success 'cancelled while it ends by itself: one or the other' '
	a=scripts/${day}22_a.sh && script "$a" <<-\EOF &&
	#!/bin/sh
	touch begun
	sleep 0.1
	EOF
	for i in 1 2 3 4 5 6 7 8; do
		before=$(entries "$a/" | wc -l) &&
		{ git-strack run --again -m more "$a" >out 2>&1 & } && pid=$! &&
		wait_for "test -e begun" && rm begun && sleep "0.0$i" || return 1
		git strack cancel -m race >got 2>err
		code=$?
		wait $pid; ran=$?
		test "$(entries "$a/" | wc -l)" = $((before + 2)) || return 1
		case "$code $ran $(kinds "$a" | sed "s/.* //")" in
		"0 1 fail") entry "$a" fail | grep -q "^cancelled .*race" ;;
		"1 0 done") grep -q "^git strack: run .* done\|is over" err ;;
		"3 0 done") grep -q "nothing is under way" err ;;
		*) false ;;
		esac || { cat out got err; return 1; }
	done
'

test_expect_success 'the whole of it is sound' '
	git strack verify && audit &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_done
