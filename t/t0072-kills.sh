#!/bin/sh
test_description='killed at any instant: runner, warden, script, any two, all

KILL_SEED gives the dice back that a run of this test has said; KILL_RUNS sets
how many kills there are.'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
seed=${KILL_SEED:-$(od -An -tu4 -N4 /dev/urandom | tr -d ' ')}
if test_have_prereq LONG; then
	runs=${KILL_RUNS:-500} batch=25
else
	runs=${KILL_RUNS:-50} batch=13
fi
kill_tree=$strack_scratch/kill-tree
say "KILL_SEED=$seed KILL_RUNS=$runs"

test_expect_success 'set-up' '
	${CC:-cc} -o "$kill_tree" "$strack_t/helper/kill-tree.c" &&
	# not what a version manager puts in its place, which takes a second
	python=$(python3 -c "import sys; print(sys.executable)") &&
	ruby=$(ruby -e "print RbConfig.ruby")
'

# dice <n>: what is done to each of the n runs: the script, who is killed, from
# when on the time counts, and how many parts in 1000 of a run's time it is.
dice() {
	awk -v seed="$seed" -v n="$1" 'BEGIN {
		srand(seed)
		kinds = split("plain forks setsid twice python popen ruby stubborn", kind)
		whos = split("r w s rw rs ws rws", who)
		for (i = 1; i <= n; i++) {
			from = rand() < .5 ? "start" : "there"
			print kind[int(rand() * kinds) + 1], \
				who[int(rand() * whos) + 1], from, \
				int(rand() * (from == "start" ? 800 : 400))
		}
	}'
}

# ---- the scripts: each leaves a line in ran, and its daemon's id in pid ----

daemon='sh "$STRACK_TOP/../daemon"'

body() {
	case $1 in
	python) echo "#!$python -IS" ;;
	popen) echo "#!$python -IS" ;;
	ruby) echo "#!$ruby --disable=gems" ;;
	*) printf '%s\n' '#!/bin/sh' 'echo ran >>"$STRACK_TOP/../ran"' ;;
	esac
	case $1 in
	plain) echo 'sleep 0.05' ;;
	forks) printf '%s\n' 'sleep 0.1 &' '(sleep 0.1 & sleep 0.05) &' 'sleep 0.05' ;;
	setsid) printf '%s\n' "setsid $daemon &" 'sleep 0.05' ;;
	twice) printf '%s\n' \
		"(setsid sh -c '$daemon </dev/null >/dev/null 2>&1 &' &)" \
		'sleep 0.05' ;;
	stubborn) printf '%s\n' "trap '' TERM" \
		"setsid $daemon &" 'sleep 0.05' ;;
	python) cat <<-\EOT ;;
		import os, time
		top = os.environ["STRACK_TOP"] + "/../"
		open(top + "ran", "a").write("ran\n")
		if os.fork():
		    time.sleep(0.05)
		    os._exit(0)
		os.setsid()
		if os.fork():
		    os._exit(0)
		open(top + "pid", "w").write("%d\n" % os.getpid())
		os.chdir("/")
		os.closerange(0, 4096)
		time.sleep(60)
		EOT
	popen) cat <<-\EOT ;;
		import os, subprocess, time
		top = os.environ["STRACK_TOP"] + "/../"
		open(top + "ran", "a").write("ran\n")
		null = open(os.devnull, "r+b")
		p = subprocess.Popen(["sleep", "60"], close_fds=True,
		    start_new_session=True, stdin=null, stdout=null, stderr=null)
		open(top + "pid", "w").write("%d\n" % p.pid)
		time.sleep(0.05)
		EOT
	ruby) cat <<-\EOT ;;
		top = ENV["STRACK_TOP"] + "/../"
		File.write(top + "ran", "ran\n", mode: "a")
		fork do
		  Process.daemon
		  (3..1023).each { |n| IO.for_fd(n).close rescue nil }
		  File.write(top + "pid", "#{Process.pid}\n")
		  sleep 60
		end
		sleep 0.05
		EOT
	esac
}

# ---- one run ----

complain() {
	{
		echo "# KILL_SEED=$seed, run $n: $*"
		for file in hit out again last; do
			sed "s/^/# $file: /" "../$file"
		done
	} >&4 2>/dev/null
	return 1
}

count() {
	if [ -e ../ran ]; then wc -l <../ran; else echo 0; fi
}

daemon_lives() {
	[ -s ../pid ] && grep -q "^State:[[:blank:]]*[^ZX[:blank:]]" \
		"/proc/$(cat ../pid)/status" 2>/dev/null
}

state() {
	git-strack status --json |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .state'
}

# one_copy <script>: while its daemon lives, nothing else says that the run is
# gone, and nobody starts it.
one_copy() {
	daemon_lives || return 0
	is=$(state "$1")
	git-strack run "$1" >../again 2>&1
	code=$?
	daemon_lives || return 0
	copies=$((copies + 1))
	case $is,$code in
	running,0) # it ended well meanwhile
		kinds "$1" | grep -q "done$" ;;
	running,[13] | failed,[13]) grep -q "^git strack: " ../again ;;
	done,0) grep -q " already" ../again ;;
	*) false ;;
	esac || complain "$is, exit $code beside a daemon"
}

# nothing_left [<folder>...]: of any run.
nothing_left() {
	left=$(cd .git/strack && find "$@" -mindepth 1 ! -path "locks/[a-z]*" \
		-o -path "locks/*.*")
	[ -z "$left" ] || complain "left: $left"
}

# settle <script>: its daemon is ended, which may come up only now, and the next
# plain command settles it.
settle() {
	[ ! -s ../pid ] || kill -KILL "$(cat ../pid)"
	git-strack run "$1" >../last 2>&1
	code=$?
	[ ! -s ../pid ] || kill -KILL "$(cat ../pid)"
	[ "$(kinds "$1")" != claim ]
} 2>/dev/null

# survive <kind> <who> <when> <parts>: a script of that kind is run, and killed.
survive() {
	s=scripts/$day$(printf %06d "$n")_$1.sh
	rm -f ../ran ../pid ../again ../last
	body "$1" >"$s" && chmod +x "$s"
	"$kill_tree" "$2" "$3" $(($4 * usual / 1000)) \
		git-strack run "$s" >../hit 2>../out
	read -r _ hit code warden <../hit
	hits=$hits$hit,
	case $hit,$code in
	*r*,137 | *,[013]) ;;
	*) complain "exit $code" || return 1 ;;
	esac
	[ "$(count)" -le 1 ] || complain "ran twice" || return 1
	one_copy "$s" || return 1
	[ "$(count)" -le 1 ] || complain "ran twice" || return 1
	[ "$warden" = 0 ] || wait_for "! kill -0 $warden" ||
		complain "its warden stays" || return 1
	wait_for 'settle "$s"' || complain "not settled" || return 1
	case "$(count) $(kinds "$s") $code" in
	"1 claim done 0" | "1 claim fail 3" | "0 claim fail 3" | \
		"1 claim lost 3" | "0 claim lost 3") ;;
	*) complain "$(count): $(kinds "$s"), exit $code" || return 1 ;;
	esac
	nothing_left journal runs
}

# ---- many of them ----

# sound <batch>: what the ledger says is what is shown, and all is well with it.
sound() {
	git strack cleanup && nothing_left journal runs locks &&
	git strack verify -q && audit_fsck && git-strack status --all --json |
		jq -r '.scripts[] | .script + " " + .state' |
		while read -r path is; do
			case $(kinds "$path"),$is in
			"claim done,done" | "claim fail,failed" | "claim lost,lost") ;;
			*) complain "$path: $(kinds "$path"), but $is"; exit 1 ;;
			esac
		done
}

# usual_time: of a run that nobody kills, in microseconds.
usual_time() {
	s=scripts/${day}000000_plain.sh
	body plain >"$s" && chmod +x "$s" &&
	was=$(date +%s%N) && git strack run "$s" &&
	usual=$((($(date +%s%N) - was) / 1000))
}

# an outside oracle takes a second an entry: one batch in four is its
batches=$(((runs + batch - 1) / batch)) audited=$((seed % 4)) n=0
dice "$runs" >"$strack_scratch/dice"
for b in $(seq 0 $((batches - 1))); do
	test_expect_success PYTHON3,RUBY,JQ "kills, batch $((b + 1))" '
		mkdir b$b && (
			cd b$b && repo r && cd r && git strack init &&
			printf "[scripts]\ngrace = 1s\n" >>.strack.ini &&
			git add .strack.ini && git commit -q -m ini &&
			echo "echo \$\$ >\"\$STRACK_TOP/../pid\"; exec sleep 60" \
				>../daemon && mkdir scripts && usual_time && n=$((b * batch)) hits= copies=0 &&
			sed -n "$((n + 1)),$((n + batch))p" ../../../dice >../dice &&
			while read -r kind who when parts; do
				n=$((n + 1))
				survive "$kind" "$who" "$when" "$parts" || exit 1
			done <../dice &&
			echo "$hits $copies beside a daemon, usually $usual us" >../said &&
			sound && if [ $((b % 4)) = $audited ]; then audit; fi
		)
	'
	[ ! -e "b$b/said" ] || say "batch $((b + 1)): $(cat "b$b/said")"
done

# ---- a reboot ----

# interrupted: a run in this repository of which nothing is left but a daemon.
interrupted() {
	{ body setsid && echo "sleep 60"; } >"$s" && chmod +x "$s" &&
	rm -f ../pid ../ran &&
	"$kill_tree" rws ../pid 0 git-strack run "$s" >../hit 2>../out &&
	grep "^hit rws 137" ../hit && wait_for "test -s ../pid" &&
	daemon_lives && owner=$(echo .git/strack/runs/*/owner) &&
	test -f "$owner"
}

# lost_and_said: the next command records it, and starts nothing.
lost_and_said() {
	"$@" git-strack run "$s" >../again 2>&1
	test $? = 3 && grep "resolve" ../again &&
	test "$(kinds "$s")" = "claim lost" && test "$(count)" = 1 &&
	nothing_left journal runs locks
}

test_expect_success JQ 'interrupted by a reboot, as its note says' '
	mkdir reboot && cd reboot && repo r && cd r && git strack init &&
	cp ../../b0/daemon .. && mkdir scripts &&
	s=scripts/${day}000001_a.sh && interrupted &&
	test "$(state "$s")" = running &&
	must_fail 3 git strack run "$s" && test "$(kinds "$s")" = claim &&
	sed -i "s/^boot .*/boot $(cat /proc/sys/kernel/random/uuid)/" "$owner" &&
	test "$(state "$s")" = lost && lost_and_said env &&
	kill -9 "$(cat ../pid)"
'

# other_boot <command>...: in a pid namespace with a boot id of its own.
other_boot() {
	unshare -mpfu --kill-child --mount-proc sh -c \
		"mount --bind ../boot /proc/sys/kernel/random/boot_id && \"\$@\"" \
		sh "$@"
}
other_machine() {
	other_boot sh -c "hostname elsewhere && \"\$@\"" sh "$@"
}
other_container() {
	unshare -mpf --kill-child --mount-proc "$@"
}
state_in() {
	"$1" git-strack status --json | jq -r ".scripts[-1].state"
}

cat /proc/sys/kernel/random/uuid >../boot
if other_boot true; then
	test_set_prereq NAMESPACES
fi 2>/dev/null

test_expect_success JQ,NAMESPACES 'the same in a machine with another boot id' '
	s=scripts/${day}000002_a.sh && interrupted &&
	test "$(state "$s")" = running &&
	test "$(state_in other_container)" = running &&
	test "$(state_in other_machine)" = running &&
	test "$(state_in other_boot)" = lost &&
	must_fail 3 other_container git-strack run "$s" &&
	must_fail 3 other_machine git-strack run "$s" &&
	test "$(kinds "$s")" = claim && lost_and_said other_boot &&
	kill -9 "$(cat ../pid)"
'

test_expect_success 'sound after it' '
	audit
'

test_done
