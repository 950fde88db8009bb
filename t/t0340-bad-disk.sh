#!/bin/sh
test_description='a disk that is full, read-only, or none of ours'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# A small disk of our own, where we may have one.
disk=$PWD/disk
mkdir disk
if [ "$(id -u)" = 0 ] &&
	mount -t tmpfs -o size=6m strack-test "$disk" 2>/dev/null; then
	umount "$disk" && test_set_prereq DISK
fi

# on_disk <name>: a repository on it, entered, with a script that waits.
on_disk() {
	mount -t tmpfs -o size="${2:-6m}" strack-test "$disk" &&
		cd "$disk" && repo "$1" && cd "$1" &&
		printf "[log]\nkeep = 4k\n" >.strack.ini &&
		git add .strack.ini && git commit -q -m ini &&
		job 1 && git strack run >/dev/null
}

job() {
	script "scripts/${day}0$1_job.sh" <<-\EOF
	#!/bin/sh
	echo ran >>"$RAN"
	EOF
}

off_disk() {
	umount -l "$disk"
}

# fill: until not a byte fits; the file is ../fill.
fill() {
	cat /dev/zero >>../fill 2>/dev/null
	while printf x >>../fill 2>/dev/null; do :; done
	:
}

RAN=$PWD/ran
export RAN

test_expect_success DISK 'full: nothing is run, nothing is left' '
	rm -f ran && test_when_finished off_disk && (
		on_disk full && job 2 && before=$(git rev-parse strack-ledger) &&
		fill &&
		refused 128 "o space left|disk full" git strack run &&
		refused 128 "o space left|disk full" \
			git strack mark -m x 02_job &&
		refused 128 "o space left|disk full" \
			git strack create a script &&
		git strack status >out 2>&1 || :
		git strack log >/dev/null && git strack verify >/dev/null &&
		test "$(wc -l <"$RAN")" = 1 &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		rm ../fill && audit && test -z "$(ls .git/strack/journal)" &&
		test "$(ls scripts | wc -l)" = 2 &&
		git strack run && test "$(wc -l <"$RAN")" = 2 &&
		test "$(kinds "scripts/${day}02_job.sh")" = "claim done" &&
		test -z "$(ls .git/strack/runs)" && audit
	)
'

test_expect_success DISK 'full when a ledger is founded' '
	test_when_finished off_disk && (
		mount -t tmpfs -o size=6m strack-test "$disk" && cd "$disk" &&
		repo young && cd young && fill &&
		refused 128 "o space left|disk full" git strack init &&
		! git rev-parse -q --verify strack-ledger &&
		rm ../fill && git strack init && git strack verify && audit
	)
'

test_expect_success DISK 'full exactly between claim and outcome' '
	rm -f ran && test_when_finished off_disk && (
		on_disk between && script "scripts/${day}02_fill.sh" <<-\EOF &&
		#!/bin/sh
		echo output
		cat /dev/zero >>"$STRACK_TOP/../fill" 2>/dev/null
		while printf x >>"$STRACK_TOP/../fill" 2>/dev/null; do :; done
		echo ran >>"$RAN"
		echo "more output"
		EOF
		{ git strack run >out 2>err; code=$?; } &&
		rm ../fill && kinds "scripts/${day}02_fill.sh" >kinds &&
		cat kinds err && if test $code = 0; then
			grep -x "claim done" kinds
		else
			test $code = 128 && grep -x claim kinds &&
			grep "o space left" err && git strack cleanup
		fi &&
		git strack run && test "$(wc -l <"$RAN")" = 2 &&
		test "$(kinds "scripts/${day}02_fill.sh")" = "claim done" &&
		test -z "$(find .git/strack/runs .git/strack/journal \
			-mindepth 1)" && git strack verify && audit
	)
'

# Something else takes whatever room there is, also what a run holds back.
test_expect_success DISK 'full, and kept full, while the outcome is written' '
	rm -f ran && test_when_finished off_disk && (
		on_disk last && script "scripts/${day}02_fill.sh" <<-\EOF &&
		#!/bin/sh
		cat /dev/zero >>"$STRACK_TOP/../fill" 2>/dev/null
		setsid sh -c "while :; do cat /dev/zero; done" \
			>>"$STRACK_TOP/../fill" 2>/dev/null &
		echo $! >"$RAN.pid"
		echo ran >>"$RAN"
		EOF
		{ git strack run >"$RAN.out" 2>"$RAN.err"; code=$?; } &&
		git strack status >"$RAN.status"; kill "$(cat "$RAN.pid")" &&
		cat "$RAN.err" && rm ../fill && if test $code != 0; then
			test $code = 128 && grep "^git strack: " "$RAN.err" &&
			grep "^hint: " "$RAN.err"
		fi &&
		{ git strack run >out 2>&1; test $? -le 3; } &&
		test "$(wc -l <"$RAN")" = 2 &&
		kinds "scripts/${day}02_fill.sh" |
			grep -x "claim done\|claim lost" &&
		git strack cleanup && test -z "$(ls .git/strack/runs)" &&
		git strack verify && audit
	)
'

test_expect_success DISK 'a log that is larger than the disk' '
	rm -f ran && test_when_finished off_disk && (
		on_disk log && script "scripts/${day}02_much.sh" <<-\EOF &&
		#!/bin/sh
		head -c 8000000 /dev/zero | tr "\0" "x"
		EOF
		{ git strack run >out 2>err; code=$?; } && tail -n 5 err &&
		rm -f .git/strack/logs/* &&
		if test $code = 128; then git strack cleanup; fi &&
		entry "scripts/${day}02_much.sh" done >e &&
		test "$(field output-bytes <e)" = 8000000 &&
		git strack verify && audit
	)
'

test_expect_success DISK 'read-only' '
	rm -f ran && test_when_finished off_disk && (
		on_disk readonly && job 2 && rm -r .git/strack/cache &&
		mount -o remount,ro "$disk" &&
		before=$(git rev-parse strack-ledger) &&
		git strack status >"$RAN.out" && grep "pending.*02_job" "$RAN.out" &&
		git strack log >"$RAN.out" && git strack verify &&
		git strack show 01_job && git strack trust list &&
		for words in run "run 02_job" "mark -m x 02_job" cleanup \
			"create a script" "reset -m x 01_job"; do
			# shellcheck disable=SC2086
			refused 128 "ead-only" git strack $words || return 1
		done &&
		test "$(wc -l <"$RAN")" = 1 &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		mount -o remount,rw "$disk" &&
		git strack run && test "$(wc -l <"$RAN")" = 2 && audit
	)
'

test_expect_success 'a limit on the size of files' '
	rm -f ran && repo limit && (
		cd limit && job 1 && git strack run &&
		script "scripts/${day}02_much.sh" <<-\EOF &&
		#!/bin/sh
		yes | head -c 3000000
		EOF
		{ (ulimit -f 4096 && git strack run >/dev/null 2>err); :; } &&
		cat err && git strack cleanup &&
		kinds "scripts/${day}02_much.sh" | grep "^claim done$" && audit
	)
'

# ---- as somebody else ----

# as_nobody <command>...: in a repository that is nobody's.
as_nobody() {
	HOME=$nobody setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

if test_have_prereq ROOT,SETPRIV; then
	# Every folder above must let nobody through.
	nobody=$PWD/nobody
	mkdir "$nobody" && cp "$HOME/.gitconfig" "$nobody" &&
		chown -R 65534:65534 "$nobody"
	dir=$PWD
	while [ "$dir" != / ] && [ "$dir" != "$strack_where" ]; do
		chmod a+x "$dir"
		dir=$(dirname "$dir")
	done
	git config --global safe.directory '*'
	as_nobody git-strack --version >/dev/null 2>&1 &&
		as_nobody test -w "$nobody" && test_set_prereq NOBODY
else
	nobody=
fi

test_expect_success NOBODY 'no permission on the state folder' '
	rm -f ran && (
		cd nobody && repo mine && cd mine && job 1 &&
		chown -R 65534:65534 . && : >"$RAN" && chmod 666 "$RAN" &&
		as_nobody git strack run && test "$(wc -l <"$RAN")" = 1 &&
		job 2 && chown -R 65534:65534 . &&
		before=$(git rev-parse strack-ledger) &&
		for what in "" /journal /runs /locks; do
			mode=500 && test "$what" || mode=0 &&
			chmod $mode .git/strack$what &&
			refused 128 "strack$what.*ermission denied" \
				as_nobody git strack run &&
			chmod 700 .git/strack$what || return 1
		done &&
		chmod 500 .git/strack/logs &&
		as_nobody git strack status >/dev/null &&
		as_nobody git strack log >/dev/null &&
		chmod 700 .git/strack/logs &&
		test "$(wc -l <"$RAN")" = 1 &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		as_nobody git strack run && test "$(wc -l <"$RAN")" = 2 &&
		test -z "$(ls .git/strack/runs)" && audit
	)
'

test_expect_success NOBODY 'no permission on the objects, or the references' '
	(
		cd nobody/mine && job 3 && chown -R 65534:65534 . &&
		before=$(git rev-parse strack-ledger) &&
		find .git/objects -type d -exec chmod 555 {} + &&
		refused 128 "ermission denied|write" as_nobody git strack run &&
		find .git/objects -type d -exec chmod 755 {} + &&
		chmod 555 .git/refs/heads &&
		refused 128 "strack-ledger.*(ermission denied|lock)" \
			as_nobody git strack run &&
		chmod 755 .git/refs/heads &&
		test "$(wc -l <"$RAN")" = 2 &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		test -z "$(find .git/strack/runs .git/strack/journal \
			-mindepth 1)" &&
		as_nobody git strack run && test "$(wc -l <"$RAN")" = 3 && audit
	)
'

test_expect_success NOBODY 'no permission on the scripts' '
	(
		cd nobody/mine && job 4 && chmod 750 scripts &&
		chown root:root scripts &&
		refused 128 "scripts.*ermission denied" \
			as_nobody git strack run &&
		refused 128 "scripts.*ermission denied" \
			as_nobody git strack status &&
		chown -R 65534:65534 scripts && chmod 0 scripts/*04_job.sh &&
		refused 128 "04_job.sh: can.t be read" as_nobody git strack run &&
		test "$(wc -l <"$RAN")" = 3
	)
'

test_done
