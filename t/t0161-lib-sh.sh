#!/bin/sh
test_description='the helper library for sh, in each shell that there is'
. "$(dirname "$0")/lib-strack.sh"

STRACK_LIB=$strack_top/templates/lib
export STRACK_LIB
mkdir "$TMPDIR/lib" && events=$TMPDIR/lib/events resume=$TMPDIR/lib/resume

# in_shell <text>: runs it as a script with the library, in the shell that is
# tested; what it says is in the file `said` then.
in_shell() {
	printf '%s\n' '. "$STRACK_LIB/strack.sh"' "$1" >try.sh
	: >"$events"
	# (not every shell is one word)
	# shellcheck disable=SC2086
	STRACK_EVENTS=$events STRACK_RESUME=$resume $the_shell try.sh
	in_shell_code=$?
	cp "$events" said
	return $in_shell_code
}

said() {
	cat >want && test_cmp want said
}

: >"$resume"

lib_tests() {
	test_expect_success "$the_shell: log, log_progress, checkpoint" '
		in_shell "set -eu
		log careful now; log warn  \"3  users\"; log info \"a
		b	c\"
		log \"\"; log_progress 3; log_progress 3 10; log_progress 1 - all of  it
		checkpoint last_id 7; checkpoint last_id \"a b\"
		log error \"100 % \\\\n\"" &&
		printf "%s\n" "log info careful now" "log warn 3  users" \
			"log info a   b c" "log info" "progress 3" "progress 3 10" \
			"progress 1 - all of it" "checkpoint last_id 7" \
			"checkpoint last_id a b" "log error 100 % \\n" \
			>want.raw && sed "s/info a .*b c/info a b c/" said |
			tr -s " " >have && tr -s " " <want.raw >want &&
		test_cmp want have
	'
	test_expect_success "$the_shell: a checkpoint without a value is none" '
		must_fail 2 in_shell "checkpoint last_id \"\"" &&
		must_fail 2 in_shell "checkpoint last_id"
	'
	test_expect_success "$the_shell: skip" '
		in_shell "skip No users here; echo not here >&2; exit 1" &&
		echo "skip No users here" | said
	'
	test_expect_success "$the_shell: resume_from" '
		printf "%s\n" "last_id 62" "name a  b\\n" "last 1" >"$resume" &&
		in_shell "resume_from last_id 0; resume_from name; resume_from las 5
		resume_from x || echo none" >have &&
		printf "%s\n" 62 "a  b\\n" 5 none >want && test_cmp want have &&
		: >"$resume"
	'
	test_expect_success "$the_shell: check_timeout" '
		now=$(date +%s) &&
		STRACK_DEADLINE= in_shell "check_timeout 1000000" &&
		STRACK_DEADLINE=$((now + 100)) in_shell "check_timeout" &&
		STRACK_DEADLINE=$((now + 100)) in_shell "check_timeout 50" &&
		must_fail 1 env STRACK_DEADLINE=$((now + 100)) \
			$the_shell -c ". $STRACK_LIB/strack.sh; check_timeout 101" &&
		must_fail 1 env STRACK_DEADLINE=$((now - 1)) \
			$the_shell -c ". $STRACK_LIB/strack.sh; check_timeout"
	'
	test_expect_success "$the_shell: batches of lines" '
		rm -f got && in_shell "set -eu
		take() { { echo --; cat; } >>got; }
		printf \"%s\\n\" 1 \"2  x\\\\y\" \"\" 4 \" 5\" | process_in_batches \
			--size 2 --total 5 --label rows take" &&
		printf "%s\n" -- 1 "2  x\\y" -- "" 4 -- " 5" >want &&
		test_cmp want got && said <<-\EOF
		checkpoint batch 2  x\y
		progress 2 5 rows
		checkpoint batch 4
		progress 4 5 rows
		checkpoint batch 5
		progress 5 5 rows
		EOF
	'
	test_expect_success "$the_shell: keys, and going on behind the last one" '
		echo "users 30" >"$resume" && rm -f got &&
		printf "%s\n" "a 10 x" "b	20" " c  30 z" "d 40" "e 50" >in &&
		in_shell "process_in_batches --key 2 --name users --size 10 \
			tee got <in >/dev/null" &&
		printf "%s\n" "d 40" "e 50" >want && test_cmp want got &&
		said <<-\EOF && echo "users 31" >"$resume" &&
		checkpoint users 50
		progress 5 5
		EOF
		must_fail 1 in_shell "process_in_batches --key 2 --name users \
			false <in" && grep "no line has the key .31." said &&
		in_shell "process_in_batches --key 2 --name users --resumed \
			--size 3 cat <in" >got && test_cmp in got && : >"$resume"
	'
	test_expect_success "$the_shell: a batch that fails ends it" '
		must_fail 7 in_shell "seq 5 | process_in_batches --size 2 \
			sh -c \"grep -v 3 >>got || :; exit 7\"" &&
		grep "log error the batch that ends with .2. failed (7)" said &&
		! grep checkpoint said &&
		must_fail 9 in_shell "set -e
		take() { read a; test \$a != 3 || exit 9; }
		seq 5 | process_in_batches --size 2 take
		echo not here >&2" && grep "^checkpoint batch 2" said &&
		! grep "^checkpoint batch 4" said &&
		rm -f got && must_fail 1 in_shell "set -e
		take() { false; cat >got; }
		seq 5 | process_in_batches take" && test ! -e got &&
		must_fail 1 in_shell "printf \"1\n\n\" | process_in_batches cat" &&
		grep "a line without a key" said && test -z "$(ls "$TMPDIR/lib" |
			grep batches)"
	'
	test_expect_success "$the_shell: a signal comes between two batches" '
		rm -f got && seq 6 >in && { in_shell "
		take() { kill -TERM \$me; sleep 0.2; cat >>got; }
		me=\$\$; process_in_batches --size 2 take <in"
		test $? = 143; } &&
		printf "%s\n" 1 2 >want && test_cmp want got &&
		grep -x "checkpoint batch 2" said &&
		grep "log warn stopped" said
	'
	test_expect_success "$the_shell: the deadline comes before a batch" '
		: >"$events" && must_fail 75 env STRACK_DEADLINE="$(($(date +%s) + 1))" \
			STRACK_EVENTS="$events" $the_shell -c "
		. $STRACK_LIB/strack.sh
		seq 4 >in; process_in_batches --size 2 sleep 2 <in" &&
		test "$(grep -c ^checkpoint "$events")" -le 1 &&
		grep "not enough for a batch" "$events"
	'
	test_expect_success "$the_shell: throttle and sleep" '
		rm -f calm && in_shell "
		busy() { test -e calm || { touch calm; return 1; }; }
		seq 4 >in; process_in_batches --size 2 --sleep 0.01 \
			--throttle busy cat <in" >got && test_cmp in got &&
		test "$(grep -c "^log info paused: busy" said)" = 1
	'
	test_expect_success "$the_shell: what is wrong is told" '
		for words in "" "--size x cat" "--size 0 cat" "--nosuch 1 cat" \
			"--size"; do
			must_fail 2 in_shell "process_in_batches $words </dev/null" &&
			grep "^log error process_in_batches: " said || return 1
		done
	'
	test_expect_success "$the_shell: by hand it goes to standard error" '
		$the_shell -c ". $STRACK_LIB/strack.sh; log hi; seq 2 |
			process_in_batches cat; resume_from x 5; skip no need" \
			>got 2>err && printf "%s\n" 1 2 5 >want && test_cmp want got &&
		printf "%s\n" "log info hi" "checkpoint batch 2" \
			"progress 2 2" "skip no need" >want &&
		test_cmp want err
	'
}

for the_shell in dash bash "bash --posix" "busybox sh" zsh; do
	case $the_shell in
	busybox*) test_have_prereq BUSYBOX || continue ;;
	bash*) test_have_prereq BASH || continue ;;
	zsh) test_have_prereq ZSH || continue ;;
	esac
	lib_tests
done

test_done
