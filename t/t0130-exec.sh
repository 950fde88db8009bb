#!/bin/sh
test_description='exec: ad-hoc commands, recorded like runs'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
stock=$strack_t/helper/stock-check
exec_dir=.strack/exec

tip() {
	git rev-parse strack-ledger
}

# of_run <run>: processes with STRACK_RUN of it.
of_run() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ |
		cut -d / -f 3
}

# begin <word>...: exec of something that goes on until `begun` is gone.
begin() {
	{ git-strack exec -m slow "$@" -- sh -c 'touch begun
		while test -e begun; do sleep 0.05; done' >out 2>err & } &&
	runner=$! && wait_for "test -e begun" &&
	warden=$(cut -d " " -f 1 "/proc/$runner/task/$runner/children") &&
	test -n "$warden"
}

for name in root run stranger; do
	ssh-keygen -q -t ed25519 -N '' -f "$strack_scratch/$name"
done

test_expect_success 'set-up' '
	repo r && cd r && printf "/out\n/err\n/e\n/begun\n" >.gitignore &&
	git add .gitignore && git commit -q -m ignore && git strack init &&
	git add .strack.ini && git commit -q -m ini
'

test_expect_success 'bad usage runs and records nothing' '
	was=$(tip) &&
	must_fail 129 git strack exec -- touch ran 2>err &&
	grep "a reason is needed" err &&
	must_fail 129 git strack exec -m "  " -- touch ran &&
	must_fail 129 git strack exec -m x &&
	must_fail 129 git strack exec -m x -- &&
	must_fail 129 git strack exec -m x -- "" 2>err &&
	grep "which command" err &&
	must_fail 129 git strack exec -m x touch ran 2>err &&
	grep "behind a --" err &&
	must_fail 129 git strack exec -m x --timeout 5x -- touch ran 2>err &&
	grep "try 5m" err && ! test -e ran && test "$(tip)" = "$was"
'

test_expect_success 'it runs where the person is, and its output is shown' '
	mkdir -p sub && (cd sub && git strack exec -m "look around" -- sh -c \
		"pwd; echo err >&2" >../out 2>../err) &&
	printf "%s\n" "$PWD/sub" err >expected && test_cmp expected out &&
	rm expected && grep "^done  run 0" err
'

test_expect_success 'two entries say who ran what and why' '
	test "$(kinds $exec_dir)" = "exec done" &&
	entry $exec_dir exec >e && test "$(field kind <e)" = "exec" &&
	test "$(field args <e)" = "sh -c pwd;%20echo%20err%20>&2" &&
	test "$(field reason <e)" = "look around" &&
	test "$(field environment <e)" = local &&
	test "$(field clone <e)" = "$(git config strack.clone)" &&
	test "$(field commit <e)" = "$(git rev-parse HEAD)" &&
	test "$(field limit <e)" = 300 && test -n "$(field host <e)" &&
	test -n "$(field user <e)" && ! grep -E "^(script|attempt|blob) " e &&
	run=$(field run <e) && id=$(sha256sum <e | cut -d " " -f 1) &&
	entry $exec_dir "done" >e && test "$(field claim <e)" = "$id" &&
	test "$(field run <e)" = "$run" && test "$(field exit <e)" = 0 &&
	test "$(field commit <e)" = "$(git rev-parse HEAD)" &&
	test "$(field output-bytes <e)" = "$(wc -c <out)" &&
	test "$(field output-sha256 <e)" = "$(sha256sum <out | cut -d " " -f 1)" &&
	git cat-file blob "$(field log <e)" | test_cmp out - &&
	test_cmp out ".git/strack/logs/$run.log" &&
	test "$(git log -1 --format=%s strack-ledger)" = \
		"done: $run (local, $(field duration <e |
			sed "s/\(\.[0-9]\).*/\1/")s)"
'

test_expect_success 'what it gets' '
	git strack exec -m x --timeout 2m -- env >out &&
	run=$(entry $exec_dir exec | field run) && grep -x "STRACK_RUN=$run" out &&
	grep -x STRACK_ENV=local out && grep -x "STRACK_TOP=$PWD" out &&
	grep -x "STRACK_FENCE=$(entry $exec_dir exec | field seq)" out &&
	grep "^STRACK_EVENTS=.*/$run/events$" out &&
	grep "^STRACK_DEADLINE=[0-9]" out &&
	! grep -E "^STRACK_(SCRIPT|ATTEMPT|RESUME)=" out &&
	GIT_DIR=$PWD/.git git strack exec -m x --timeout 0 -- env >out &&
	! grep ^GIT_DIR= out && grep -x STRACK_DEADLINE= out &&
	test "$(entry $exec_dir exec | field limit)" = 0 &&
	git strack exec -m x -- sh -c "cat; test ! -t 1" </dev/null
'

test_expect_success 'exit status: 0, or 1; its own is recorded' '
	must_fail 1 git strack exec -m x -- sh -c "exit 7" 2>err &&
	grep "failed: exit 7" err && grep "git strack show 0" err &&
	entry $exec_dir fail >e && test "$(field exit <e)" = 7 &&
	test "$(field reason <e)" = "exit 7" &&
	must_fail 1 git strack exec -m x -- sh -c "kill -SEGV \$\$" &&
	entry $exec_dir fail >e && test "$(field signal <e)" = 11 &&
	! grep "^exit " e
'

test_expect_success 'what cannot be started is recorded like that' '
	echo text >plain && for c in ./nosuch nosuch-program ./plain ./sub; do
		must_fail 1 git strack exec -m x -- $c 2>err &&
		grep "can.t be started: exec: " err && entry $exec_dir fail >e &&
		field reason <e | grep "^can.t be started: exec: " &&
		! grep -E "^(exit|signal) " e || return 1
	done && rm plain
'

test_expect_success 'secrets are masked in output, arguments and reason' '
	printf "[log]\nmask = *_TOKEN\n" >>.strack.ini &&
	MY_TOKEN=hunter2hunter2 git strack exec -m "with hunter2hunter2" -- \
		sh -c "echo \$MY_TOKEN; s=s3cr3t\$((6 * 7))
			echo mask \$s >>\$STRACK_EVENTS; echo \$s; echo \$1" \
		sh hunter2hunter2 \
		https://u:pass-word@host/ >out &&
	printf "%s\n" "***" "***" "***" >expected && test_cmp expected out &&
	rm expected && entry $exec_dir exec >e &&
	test "$(field reason <e)" = "with ***" &&
	field args <e | grep "sh \*\*\* https://u:\*\*\*@host/$" &&
	git show strack-ledger: >out && git log -p -m strack-ledger >out &&
	! grep -r -e hunter2 -e s3cr3t42 -e pass-word out .git/strack &&
	git checkout -q .strack.ini
'

test_expect_success 'events: log, progress, unknown ones' '
	git strack exec -m x -- sh -c "
		{ echo log warn careful; echo progress 1 2; echo nonsense; } \
			>>\$STRACK_EVENTS" >out &&
	grep "^warn: careful" out && grep "unknown event: nonsense" out
'

test_expect_success 'much output: head and tail, all of it in the state folder' '
	git strack exec -m x -- sh -c "seq 100000" >out && seq 100000 >expected &&
	test_cmp expected out && entry $exec_dir "done" >e &&
	test "$(field output-bytes <e)" = "$(wc -c <out)" &&
	git cat-file blob "$(field log <e)" >kept && grep "left out" kept &&
	test "$(head -n 1 kept)" = 1 && test "$(tail -n 1 kept)" = 100000 &&
	test "$(wc -c <kept)" -le 65792 &&
	git strack show --output "$(field run <e)" >out && test_cmp expected out &&
	rm expected kept
'

test_expect_success 'the time limit: of .strack.ini, or given' '
	printf "[scripts]\ntimeout = 1s\ngrace = 1s\n" >>.strack.ini &&
	must_fail 1 git strack exec -m x -- sleep 60 >out 2>err &&
	grep "80 % of the time limit" out && grep "timed out after 1.0s" err &&
	entry $exec_dir fail >e && test "$(field timed-out <e)" = 1 &&
	test "$(entry $exec_dir exec | field limit)" = 1 &&
	git strack exec -m x --timeout 1m -- sh -c "sleep 1.2" &&
	git checkout -q .strack.ini &&
	must_fail 1 git strack exec -m x --timeout 1s -- sh -c \
		"setsid sleep 60 & trap \"\" TERM; sleep 60 & wait" &&
	! of_run "$(entry $exec_dir fail | field run)" | grep .
'

test_expect_success 'a signal to the runner cancels it' '
	begin && kill -TERM $runner && must_fail 1 wait $runner && rm begun &&
	entry $exec_dir fail | field cancelled | grep "^SIGTERM from process" &&
	begin && kill -KILL $runner &&
	wait_for "test -z \"\$(ls .git/strack/runs)\"" && rm begun &&
	test "$(entry $exec_dir fail | field cancelled)" = "the runner is gone"
'

test_expect_success 'they overlap each other, and scripts' '
	script "scripts/${day}01_a.sh" <<-\EOF &&
	#!/bin/sh
	git strack exec -m "from a script" -- true
	EOF
	begin && git strack exec -m "at the same time" -- true &&
	git strack run && git strack verify && rm begun && wait $runner &&
	test "$(kinds "scripts/${day}01_a.sh")" = "claim done" &&
	git strack verify
'

test_expect_success 'log and show' '
	git strack exec -m "to be seen" -- sh -c "echo seen" &&
	run=$(entry $exec_dir "done" | field run) &&
	git strack log --exec --oneline >out && ! grep scripts/ out &&
	! grep trust-add out && grep "exec: $run (local)" out &&
	git strack log --oneline | grep "claim: scripts/" &&
	git strack log --exec --json -n 1 --kind exec |
		jq -e ".args == [\"sh\", \"-c\", \"echo seen\"] and
			.reason == \"to be seen\"" &&
	git strack show "$run" >out && grep "^Command: *sh .-c. .echo seen." out &&
	grep "^Why: *to be seen" out && grep "^Result: *done, exit 0" out &&
	grep "^Review: *none yet" out && grep "^    seen" out &&
	test "$(git strack show --output "$run")" = seen &&
	git strack show --raw "$run" >out &&
	test "$(grep -c "^run $run" out)" = 2 &&
	must_fail 128 git strack show --script "$run" 2>err &&
	grep "no bytes of a script" err &&
	must_fail 129 git strack log --exec a &&
	must_fail 129 git strack log --unreviewed a
'

# ---- lost ----

test_expect_success 'without its warden it reads as running, then as lost' '
	begin && run=$(entry $exec_dir exec | field run) &&
	git strack show "$run" | grep "^State: *running" &&
	git strack cleanup >out && grep "^running  run $run (local)" out &&
	kill -STOP $runner && kill -KILL $warden $runner && rm begun &&
	wait_for "test -z \"\$(of_run $run)\"" &&
	git strack show "$run" | grep "^State: *lost" && was=$(tip) &&
	git strack cleanup -n >out && grep "^lost  run $run (local)" out &&
	test "$(tip)" = "$was" && git strack cleanup >out &&
	grep "^lost  run $run (local)" out && entry $exec_dir lost >e &&
	test "$(field run <e)" = "$run" && ! grep -E "^(script|attempt) " e &&
	entry $exec_dir exec | sha256sum | grep "$(field claim <e)" &&
	test -z "$(ls .git/strack/runs)" && was=$(tip) &&
	git strack cleanup >out && grep "nothing to do" out &&
	test "$(tip)" = "$was" && ! test -e begun && git strack verify
'

test_expect_success 'the next run or exec records it, and runs it never again' '
	begin && kill -STOP $runner && kill -KILL $warden $runner && rm begun &&
	run=$(entry $exec_dir exec | field run) &&
	wait_for "test -z \"\$(of_run $run)\"" &&
	git strack exec -m x -- true 2>err && grep "lost: run $run (local)" err &&
	test "$(entry $exec_dir lost | field run)" = "$run" &&
	! test -e begun && begin && kill -STOP $runner &&
	kill -KILL $warden $runner && rm begun &&
	run=$(entry $exec_dir exec | field run) &&
	wait_for "test -z \"\$(of_run $run)\"" && git strack run 2>err &&
	grep "lost: run $run" err && ! test -e begun &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_expect_success 'a warden that is killed alone: the runner says lost' '
	must_fail 1 git strack exec -m x -- sh -c "kill -KILL \$PPID
		while :; do :; done" 2>err && grep "killed by SIGKILL" err &&
	run=$(entry $exec_dir exec | field run) && grep "show $run" err &&
	test "$(entry $exec_dir lost | field run)" = "$run" &&
	! of_run "$run" | grep . && test -z "$(ls .git/strack/runs)"
'

test_expect_success 'one whose descendants live is no lost one' '
	must_fail 1 git strack exec -m x -- sh -c "setsid sh -c \"touch lives
		while test -e lives; do sleep 0.05; done\" &
		while ! test -e lives; do :; done; kill -KILL \$PPID
		while :; do :; done" 2>err && grep "live on" err &&
	run=$(entry $exec_dir exec | field run) && git strack cleanup >out &&
	grep "^running  run $run" out && rm lives &&
	wait_for "test -z \"\$(of_run $run)\"" && git strack cleanup >out &&
	grep "^lost  run $run" out && git strack verify
'

# ---- killed at any instant ----

killer=$strack_scratch/kill-at.so
if ${CC:-cc} -shared -fPIC -o "$killer" "$strack_t/helper/kill-at.c" -ldl \
	2>/dev/null; then
	test_set_prereq KILLER
fi

# After that: it ran at most once, and with an entry before it; it is over, or
# lost; and one outcome is all that it has.
test_expect_success KILLER 'killed around each move of the ledger' '
	for who in runner warden; do
		for at in before after; do
			: >ran && was=$(entries $exec_dir | wc -l) &&
			{ ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
				KILL_AT=$at:rename:strack-ledger KILL_ONLY=$who \
				LD_PRELOAD=$killer git-strack exec -m x -- \
				sh -c "echo ran >>ran" >out 2>&1; :; } &&
			wait_for "git strack cleanup | grep \"nothing to do\"" &&
			test "$(wc -l <ran)" -le 1 &&
			entries $exec_dir | tail -n "+$((was + 1))" |
				sed "s/.*local\.\([a-z]*\)\..*/\1/" | tr "\n" " " >is &&
			echo "$who $at $(wc -l <ran): $(cat is)." || return 1
		done
	done >all && cat all && cat >expected <<-\EOF && test_cmp expected all &&
	runner before 0: .
	runner after 0: exec lost .
	warden before 1: exec done .
	warden after 1: exec done .
	EOF
	rm all expected is ran && git strack verify &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

# ---- where it may run ----

test_expect_success 'an environment must be chosen where there are some' '
	printf "[environment \"production\"]\nprotected = yes\n" >>.strack.ini &&
	git commit -q -a -m envs && was=$(tip) &&
	refused 3 "no environment was chosen" git strack exec -m x -- touch ran &&
	grep "exec --env production -m <why> -- <command>" "$refusal" &&
	refused 3 "production is protected" setsid git-strack exec -m x \
		-e production -- touch ran && grep -e --yes "$refusal" &&
	echo "; edited" >>.strack.ini &&
	refused 3 "not what is committed" git strack exec -m x -y \
		-e production -- touch ran && git checkout -q .strack.ini &&
	! test -e ran && test "$(tip)" = "$was" &&
	git strack exec -m x -y -e production -- sh -c "echo \$STRACK_ENV" >out &&
	test "$(cat out)" = production && entry $exec_dir exec >e &&
	test "$(field environment <e)" = production && ! grep "^clone " e &&
	test "$(field config <e)" = "$(git rev-parse HEAD:.strack.ini)" &&
	STRACK_ENV=local git strack exec -m x -- true
'

test_expect_success TMUX 'protected: its name is asked for' '
	test_when_finished "tmux -L exec$$ kill-server; :" &&
	tmux -L "exec$$" new-session -d -x 80 -y 20 "exec sh -i" \
		>/dev/null 2>&1 3>&- 4>&- 5>&- &&
	keys() { tmux -L "exec$$" send-keys "$@"; } &&
	keys "PATH=$PATH; cd $PWD" Enter &&
	for name in prod production; do
		keys "git-strack exec -m x -e production -- touch $name.ran" Enter &&
		wait_for "tmux -L exec$$ capture-pane -p |
			grep \"a command would run in production\"" &&
		keys "$name" Enter && wait_for "tmux -L exec$$ capture-pane -p |
			grep -E \"nothing was run|^done\"" &&
		keys clear Enter && wait_for "! tmux -L exec$$ capture-pane -p |
			grep -E \"nothing was run|^done\"" || return 1
	done && test -e production.ran && ! test -e prod.ran
'

test_expect_success 'whose key is not admitted runs nothing' '
	was=$(tip) &&
	STRACK_SIGNING_KEY_FILE=$strack_scratch/stranger refused 3 \
		"this can.t be signed here" git strack exec -m x -e local -- \
		touch ran && ! test -e ran && test "$(tip)" = "$was" &&
	test -z "$(ls .git/strack/runs .git/strack/journal .git/strack/logs/*ran \
		2>/dev/null | grep -v :)"
'

test_expect_success 'a repository without a commit, and none at all' '
	git init -q ../empty && cd ../empty && git strack exec -m x -- true &&
	! entry $exec_dir exec | grep ^commit && git strack verify &&
	audit_ledger && cd ../r && git clone -q --bare . ../bare.git &&
	(cd ../bare.git && git fetch -q ../r strack-ledger:strack-ledger; \
		refused 128 "bare" git strack exec -m x -e local -- touch ran) &&
	mkdir ../none && (cd ../none &&
		refused 128 "repository" git strack exec -m x -- touch ran)
'

test_expect_success 'too long to be recorded is not run' '
	was=$(tip) && refused 128 "too long to be recorded" \
		git strack exec -m x -e local -- echo \
		"$(head -c 60000 /dev/zero | tr "\0" x)" && test "$(tip)" = "$was" &&
	test -z "$(ls .git/strack/runs)" &&
	git strack exec -m x -e local -- printf "%s" "" "a b" "%" >out &&
	test "$(cat out)" = "a b%" &&
	test "$(entry $exec_dir exec | field args)" = "printf %25s %00 a%20b %25"
'

test_expect_success 'the whole of it is sound' '
	git strack verify && "$stock" && audit &&
	test -z "$(ls .git/strack/runs .git/strack/journal | grep -v :)"
'

test_done
