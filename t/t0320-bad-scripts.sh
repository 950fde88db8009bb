#!/bin/sh
test_description='scripts that can not run, or do what no script should'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# What outlives a test would outlive the whole suite.
end_run() {
	grep -lsx --null-data "STRACK_RUN=$1" /proc/[0-9]*/environ |
		cut -d / -f 3 | xargs -r kill -KILL 2>/dev/null
	:
}

# fresh <name>: a repository of its own, with a ledger, entered.
fresh() {
	repo "$1" && cd "$1" && git strack init >/dev/null &&
		printf "\n[scripts]\ngrace = 1s\n" >>.strack.ini &&
		git add .strack.ini && git commit -q -m ini &&
		founded=$(git rev-parse strack-ledger)
}

# nothing_ran: no claim, and nothing left of a try.  (A ledger that is as it was
# founded need not be audited once more.)
nothing_ran() {
	test -z "$(find .git/strack/runs .git/strack/journal -mindepth 1)" &&
	if [ "$(git rev-parse strack-ledger)" != "$founded" ]; then
		! entries .claim. | grep . && audit_ledger
	fi
}

# wrong <path> <regex>: run refuses it so, status tells it, and nothing ran.
wrong() {
	refused 128 "$2" git strack run && git strack status >out &&
		nothing_ran &&
		refused 128 "$2" git strack run "$1" && nothing_ran
}

# ---- what can not be started ----

test_expect_success 'no #! and no runner' '
	(
		fresh nohow &&
		echo "echo hi" >plain && chmod +x plain && mkdir scripts &&
		cp plain "scripts/${day}01_job" && cp plain x.zig &&
		wrong "${day}01_job" "01_job: has no extension.*#!" &&
		mv "scripts/${day}01_job" "scripts/${day}01_job.zig" &&
		wrong 01_job.zig "01_job.zig: has no .#!.*\.zig" &&
		grep "runner .zig." "$refusal" &&
		printf "[runner \"zig\"]\ncommand = sh -e\n" >>.strack.ini &&
		git strack run >out && grep "^hi" out && audit
	)
'

test_expect_success 'a #! that names nothing, or nothing that is there' '
	(
		fresh shebang &&
		write "scripts/${day}01_a.sh" <<-\EOF &&
		#!/no/such/interpreter -x
		EOF
		wrong 01_a "01_a.sh: its interpreter ./no/such/interpreter" &&
		printf "#!\nx\n" >"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: its .#!. names no interpreter" &&
		printf "#!/usr/bin/env no-such-program\n" \
			>"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: its interpreter .no-such-program" &&
		printf "#!/bin/sh\r\necho hi\r\n" >"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: its lines end in CR LF" &&
		printf "#!%s\n" "$PWD" >"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: its interpreter"
	)
'

test_expect_success 'its runner is not installed' '
	(
		fresh runner &&
		printf "[runner \"py\"]\ncommand = no-such-python\n" \
			>>.strack.ini && mkdir scripts &&
		echo "print(1)" >"scripts/${day}01_a.py" &&
		wrong 01_a "01_a.py: its runner .no-such-python. is not" &&
		git checkout -q .strack.ini &&
		echo "SELECT 1;" >"scripts/${day}01_a.sql" &&
		rm "scripts/${day}01_a.py" && wrong 01_a "no database is named"
	)
'

test_expect_success 'not executable' '
	(
		fresh noexec && mkdir scripts &&
		printf "#!/bin/sh\n" >"scripts/${day}01_data" &&
		printf "#!/bin/sh\necho hi\n" >"scripts/${day}02_job.sh" &&
		git strack status >out && ! grep data out &&
		git strack run >out && grep "^hi" out && audit
	)
'

test_expect_success 'a directory, a link, a pipe and a device' '
	(
		fresh kinds && mkdir -p "scripts/${day}01_dir.sh" &&
		ln -s ../README "scripts/${day}02_link.sh" &&
		mkfifo "scripts/${day}03_pipe.sh" &&
		{ mknod "scripts/${day}04_null.sh" c 1 3 || :; } &&
		git strack status >out && ! grep "$day" out &&
		refused 128 "no script matches" git strack run 02_link &&
		git strack run >out && grep "no scripts yet" out &&
		nothing_ran
	)
'

test_expect_success 'empty' '
	(
		fresh empty && mkdir scripts && : >"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: is empty"
	)
'

test_expect_success 'over 10 MiB' '
	(
		fresh huge && mkdir scripts &&
		{ echo "#!/bin/sh"; head -c 10485760 /dev/zero | tr "\0" "#"; } \
			>"scripts/${day}01_a.sh" &&
		wrong 01_a "01_a.sh: is larger than 10 MiB"
	)
'

test_expect_success NOTROOT 'that may not be read' '
	(
		fresh unreadable && mkdir scripts &&
		echo x >"scripts/${day}01_a.sh" && chmod 0 scripts/* &&
		wrong 01_a "01_a.sh: can.t be read"
	)
'

test_expect_success 'a bad or unknown header' '
	(
		fresh header &&
		while read -r line; do
			printf "#!/bin/sh\n# strack: %s\n" "$line" \
				>scripts.tmp && mkdir -p scripts &&
			mv scripts.tmp "scripts/${day}01_a.sh" &&
			chmod +x scripts/* &&
			refused 128 "01_a.sh.*${line%% *}.*line 2" \
				git-strack run || return 1
		done <<-\EOF &&
		timeot 5m
		timeout 5x
		timeout
		environments Staging
		idempotent maybe
		on-failure explode
		nonsense yes
		EOF
		nothing_ran
	)
'

test_expect_success 'it vanishes between plan and start' '
	(
		fresh vanish &&
		script "scripts/${day}01_a.sh" <<-EOF &&
		#!/bin/sh
		rm scripts/${day}02_b.sh
		EOF
		script "scripts/${day}02_b.sh" <<-\EOF &&
		#!/bin/sh
		echo "must not run"
		EOF
		refused 128 "02_b.sh" git strack run &&
		grep "is gone" "$refusal" &&
		test -z "$(kinds "scripts/${day}02_b.sh")" &&
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" &&
		test -z "$(ls .git/strack/runs)" &&
		git strack run >out && grep "nothing is pending" out && audit
	)
'

test_expect_success 'it changes between plan and start' '
	(
		fresh change &&
		script "scripts/${day}01_a.sh" <<-EOF &&
		#!/bin/sh
		echo "echo more" >>scripts/${day}02_b.sh
		EOF
		script "scripts/${day}02_b.sh" <<-\EOF &&
		#!/bin/sh
		echo some
		EOF
		refused 3 "02_b.sh.*not what is committed" \
			git strack run -e shared &&
		test -z "$(kinds "scripts/${day}02_b.sh")" &&
		test -z "$(ls .git/strack/runs)" && audit &&
		git strack run 02_b >out && grep "^more" out &&
		entry "scripts/${day}02_b.sh" claim >e &&
		test "$(field dirty <e)" = yes &&
		test "$(field blob <e)" = \
			"$(git hash-object "scripts/${day}02_b.sh")" && audit
	)
'

# ---- names ----

# odd <name>: runs, and is told and recorded under its own name.
odd() {
	printf "#!/bin/sh\nexit 1\n" >"scripts/$1" && chmod +x "scripts/$1" &&
		git add -A && git commit -q -m odd &&
		must_fail 1 git strack run >said 2>&1 &&
		! LC_ALL=C grep -q "[[:cntrl:]]" said &&
		sed -n "s/^hint: *\(git strack mark -m\) <why>/\1 why/p" said \
			>line && test -s line
}

# odds <name>...: all of them, one after the other.
odds() {
	mkdir scripts && i=10 &&
		for name in "$@"; do
			i=$((i + 1)) && path=${day}${i}_$name.sh &&
			odd "$path" && sh -e ./line &&
			test "$(git ls-tree -rz --name-only strack-ledger |
				tr "\0" "\n" |
				grep -cF "scripts/$path/")" = 4 || return 1
		done &&
		git strack run >out && grep "nothing is pending" out
}

test_expect_success 'blanks, quotes and other characters of the shell' '
	(
		fresh odd && odds "a b" "a  b " "it'\''s" "say \"hi\"" "a;b" \
			"a&b" "a|b" "*" "?" "~" "a\\b" "#x" "<why>" "ärger" \
			"--yes" "%41" "a=b" && audit
	)
'

# ledger-audit gives names to `unset`, which expands them once more.
test_expect_success 'what a shell would run' '
	(
		fresh shell && odds "\$HOME" "\`touch ran\`" "\$(touch ran)" &&
		test ! -e ran && git strack verify && audit_fsck . &&
		audit_signatures .
	)
'

test_expect_success JQ 'names are whole in JSON' '
	(
		cd odd && git strack status --json --all >json &&
		jq -r ".scripts[].script" json | sort >have &&
		printf "%s\n" scripts/* | sort >want && test_cmp want have
	)
'

test_expect_success 'leading dashes' '
	(
		fresh dashes && mkdir -p -- -d &&
		printf "[scripts]\npath = -d\n" >.strack.ini &&
		printf "#!/bin/sh\necho hi\n" >"-d/${day}01_-x.sh" &&
		chmod +x ./-d/* && git add -A && git commit -q -m d &&
		git strack run >out && grep "^hi" out &&
		git strack run --again -m x "./-d/${day}01_-x.sh" &&
		git strack show 01_-x >out && audit
	)
'

test_expect_success 'newlines and control characters are refused' '
	(
		fresh control && mkdir scripts && i=0 &&
		for name in "$(printf "a\nb")" "$(printf "a\tb")" \
			"$(printf "a\033[31mb")" "$(printf "a\177b")" \
			"$(printf "a\302\233b")"; do
			path=scripts/${day}01_$name.sh &&
			printf "#!/bin/sh\n" >"$path" &&
			for words in run status "create x"; do
				# shellcheck disable=SC2086
				refused 128 "01_a.*control character; rename" \
					git-strack $words || return 1
			done && rm "$path" || return 1
		done && nothing_ran
	)
'

test_expect_success 'bytes that are not UTF-8' '
	(
		fresh bytes && mkdir scripts &&
		path=$(printf "scripts/${day}01_caf\351.sh") &&
		printf "#!/bin/sh\necho hi\n" >"$path" && chmod +x "$path" &&
		git add -A && git commit -q -m bytes &&
		git strack run >out 2>&1 && grep "^hi" out &&
		LC_ALL=C grep -q "caf.xE9" out &&
		! LC_ALL=C grep -q "$(printf "\351")" out &&
		git -c core.quotePath=true ls-tree -r --name-only \
			strack-ledger >names && grep "caf.351" names &&
		git strack status --json >json &&
		grep "01_caf%E9.sh" json &&
		git strack log --json >json && grep "01_caf%E9.sh" json &&
		git strack show caf >out && git strack verify && audit
	)
'

test_expect_success 'names that the ledger keeps for itself' '
	(
		fresh reserved &&
		for dir in scripts/.strack \
			scripts/00000001.20260101T000000Z.local.done.0123456789abcdef
		do
			mkdir -p "$dir" &&
			printf "#!/bin/sh\n" >"$dir/${day}01_a.sh" &&
			refused 128 "01_a.sh.*rename it" git strack run ||
				return 1
			rm -r "$dir"
		done && nothing_ran
	)
'

# ---- what it prints ----

# says: a repository whose one script is standard input, which is run.
says() {
	script "scripts/${day}01_a.sh" && git strack run >shown 2>said
}

test_expect_success 'prints more than anybody wants' '
	(
		fresh much && says <<-\EOF &&
		#!/bin/sh
		yes 0123456789abcde | head -c 67108864
		EOF
		entry "scripts/${day}01_a.sh" done >e &&
		test "$(field output-bytes <e)" = 67108864 &&
		test "$(field output-sha256 <e)" = "$(yes 0123456789abcde |
			head -c 67108864 | sha256sum | cut -c 1-64)" &&
		test "$(git cat-file -s "$(field log <e)")" -le 66000 &&
		test "$(wc -c <".git/strack/logs/$(field run <e).log")" = \
			67108864 &&
		git strack show --output 01_a | tail -n 1 >last &&
		grep 0123456789abcde last && audit
	)
'

test_expect_success 'prints one line of 20 MB' '
	(
		fresh line && says <<-\EOF &&
		#!/bin/sh
		head -c 20000000 /dev/zero | tr "\0" x
		EOF
		entry "scripts/${day}01_a.sh" done >e &&
		test "$(field output-bytes <e)" = 20000000 &&
		test "$(tr -cd x <shown | wc -c)" -ge 20000000 &&
		git cat-file blob "$(field log <e)" >log &&
		test "$(wc -c <log)" -le 66000 && audit
	)
'

test_expect_success 'prints NULs, escapes, C1 and half characters' '
	(
		fresh raw && says <<-\EOF &&
		#!/bin/sh
		printf "a\0b\033[31mc\033]0;owned\007d\302\2332Je\r\n"
		printf "half \303"
		sleep 0.2
		printf "\251 and \360\237\222"
		EOF
		grep "half é and" shown &&
		! LC_ALL=C grep -q "$(printf "[\001-\010\013-\037\177]")" \
			shown said &&
		! LC_ALL=C grep -q "$(printf "\302\233")" shown &&
		entry "scripts/${day}01_a.sh" done >e &&
		git cat-file blob "$(field log <e)" | od -c >have &&
		printf "a\0b\033[31mc\033]0;owned\007d\302\2332Je\r\nhalf é and \360\237\222" |
			od -c >want && test_cmp want have &&
		NO_COLOR=1 GIT_PAGER=cat && export NO_COLOR GIT_PAGER &&
		for words in "show 01_a" "show --output 01_a" log; do
			on_terminal "git strack $words" >again &&
			grep a again &&
			! LC_ALL=C grep -q "$(printf "[\033\007]")" again ||
				return 1
		done && audit
	)
'

test_expect_success 'prints nothing' '
	(
		fresh quiet && says <<-\EOF &&
		#!/bin/sh
		EOF
		entry "scripts/${day}01_a.sh" done >e &&
		test "$(field output-bytes <e)" = 0 && test -z "$(field log <e)" &&
		git strack show --output 01_a >out && audit
	)
'

test_expect_success 'closes its output' '
	(
		fresh closes && says <<-\EOF &&
		#!/bin/sh
		echo before; exec >&- 2>&-; sleep 0.2; touch after
		EOF
		grep "^before" shown && test -e after &&
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" && audit
	)
'

test_expect_success 'reads its input' '
	(
		fresh reads && says <<-\EOF &&
		#!/bin/sh
		cat; read -r line; echo "read $? <$line>"
		EOF
		grep "^read 1 <>" shown && audit
	)
'

test_expect_success 'wants a terminal' '
	(
		fresh wants && says <<-\EOF &&
		#!/bin/sh
		(: </dev/tty) 2>/dev/null && echo one || echo none
		EOF
		grep "^none" shown && audit
	)
'

# ---- what it does ----

test_expect_success 'ignores SIGTERM' '
	(
		fresh deaf && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		trap "" TERM
		while :; do sleep 0.1; done
		EOF
		must_fail 1 git strack run --timeout 1s >out 2>err &&
		entry "scripts/${day}01_a.sh" fail >e &&
		test "$(field timed-out <e)" = 1 &&
		test "$(field signal <e)" = 9 && audit
	)
'

test_expect_success 'forks' '
	(
		fresh forks && says <<-\EOF &&
		#!/bin/sh
		for i in 1 2 3 4 5 6 7 8 9; do
			(sleep 0.2; echo "child $i") &
		done
		EOF
		test "$(grep -c "^child" shown)" = 9 && audit
	)
'

test_expect_success SETPRIV 'daemonises' '
	(
		fresh daemon && says <<-\EOF &&
		#!/bin/sh
		(setsid sleep 60 >/dev/null 2>&1 &)
		while ! grep -qsx --null-data "STRACK_RUN=$STRACK_RUN" \
			$(grep -ls "^sleep" /proc/[0-9]*/comm |
				sed "s/comm/environ/"); do :; done
		EOF
		entry "scripts/${day}01_a.sh" done >e && end_run "$(field run <e)" &&
		test "$(field left <e)" = 1 && audit
	)
'

test_expect_success 'daemonises and keeps its output open' '
	(
		fresh holds && says <<-\EOF &&
		#!/bin/sh
		setsid sleep 60 &
		echo started
		EOF
		entry "scripts/${day}01_a.sh" done >e && end_run "$(field run <e)" &&
		grep "^started" shown && audit
	)
'

test_expect_success 'stops itself' '
	(
		fresh stops && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		kill -STOP $$
		EOF
		must_fail 1 git strack run --timeout 1s >out 2>err &&
		entry "scripts/${day}01_a.sh" fail >e &&
		test "$(field timed-out <e)" = 1 && audit
	)
'

test_expect_success 'stops its parent' '
	(
		fresh halts && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		kill -STOP $PPID
		EOF
		{ git-strack run >out 2>err & } && pid=$! &&
		warden=/proc/$pid/task/$pid/children &&
		wait_for "grep -q \"^State:.T\" /proc/\$(tr -d \" \" <$warden)/status" &&
		kill -CONT "$(tr -d " " <$warden)" && wait $pid &&
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" && audit
	)
'

test_expect_success 'kills its parent' '
	(
		fresh kills && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		kill -KILL $PPID
		while :; do sleep 0.1; done
		EOF
		refused 1 "warden.*killed by SIGKILL" git strack run &&
		test "$(kinds "scripts/${day}01_a.sh")" = "claim lost" &&
		refused 3 "lost" git strack run &&
		test -z "$(ls .git/strack/runs)" && audit
	)
'

test_expect_success 'sends its parent every other signal' '
	(
		fresh signals && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		for sig in HUP INT QUIT USR1 USR2 PIPE ALRM CHLD WINCH; do
			kill -$sig $PPID 2>/dev/null
		done
		echo on
		EOF
		{ git strack run >out 2>err || :; } &&
		kinds "scripts/${day}01_a.sh" | grep "^claim \(done\|fail\)$" &&
		test -z "$(ls .git/strack/runs)" && audit
	)
'

test_expect_success 'removes the state folder' '
	(
		fresh state && script "scripts/${day}01_a.sh" <<-\EOF &&
		#!/bin/sh
		rm -rf .git/strack
		EOF
		script "scripts/${day}02_b.sh" <<-\EOF &&
		#!/bin/sh
		echo second
		EOF
		git strack run >out 2>err || :
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" ||
			test "$(kinds "scripts/${day}01_a.sh")" = claim &&
		audit && cat out err && git strack status >/dev/null
	)
'

test_expect_success 'removes its own file, and the folder it is in' '
	(
		fresh suicide && says <<-\EOF &&
		#!/bin/sh
		rm -rf scripts; echo gone
		EOF
		grep "^gone" shown &&
		entry "scripts/${day}01_a.sh" done >e &&
		test "$(field changed-while-running <e)" = yes && audit
	)
'

test_expect_success 'commits, and changes the branch under us' '
	(
		fresh commits && says <<-\EOF &&
		#!/bin/sh
		git checkout -q -b other && echo x >x && git add x &&
		git commit -q -m x
		EOF
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" && audit
	)
'

test_expect_success 'runs git strack itself' '
	(
		fresh itself && says <<-\EOF &&
		#!/bin/sh
		git strack run; echo "inner $?"
		git strack status >/dev/null && echo asked
		EOF
		grep "^inner 3" shown && grep "^asked" shown &&
		test "$(kinds "scripts/${day}01_a.sh")" = "claim done" && audit
	)
'

test_expect_success 'writes garbage to its events' '
	(
		fresh garbage && says <<-\EOF &&
		#!/bin/sh
		{
			printf "\0\033[31m\377\n\n\n   \nprogress\nprogress x y\n"
			printf "progress 5 -1\nprogress 99999999999999999999 1\n"
			printf "checkpoint\ncheckpoint a\033b 1\nlog\nlog loud x\n"
			printf "skip\nmask\nmask \nno newline"
			head -c 300000 /dev/urandom
			head -c 2000000 /dev/zero | tr "\0" x
			printf "\ncheckpoint good 1\n"
		} >>"$STRACK_EVENTS"
		EOF
		! LC_ALL=C grep -q "$(printf "[\001-\010\013-\037\177]")" \
			shown said &&
		kinds "scripts/${day}01_a.sh" |
			grep "^claim \(done\|skip\)$" &&
		git strack verify && audit
	)
'

test_expect_success 'does worse to its events' '
	(
		fresh worse &&
		for how in "rm \"\$STRACK_EVENTS\"" ": >\"\$STRACK_EVENTS\"" \
			"rm \"\$STRACK_EVENTS\"; mkdir \"\$STRACK_EVENTS\"" \
			"rm \"\$STRACK_EVENTS\"; mkfifo \"\$STRACK_EVENTS\"" \
			"rm \"\$STRACK_EVENTS\"; ln -s /dev/zero \"\$STRACK_EVENTS\"" \
			"chmod 0 \"\$STRACK_EVENTS\"" \
			"truncate -s 1T \"\$STRACK_EVENTS\""; do
			write "scripts/${day}01_a.sh" <<-EOF &&
			#!/bin/sh
			$how
			EOF
			git add -A && git commit -q -m "$how" &&
			git strack run --again -m x --timeout 20s 01_a >out 2>&1 ||
				{ echo "$how"; cat out; return 1; }
		done &&
		kinds "scripts/${day}01_a.sh" >have &&
		echo claim done claim done claim done claim done claim done \
			claim done claim done >want &&
		test_cmp want have && git strack verify && audit
	)
'

test_done
