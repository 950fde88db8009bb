#!/bin/sh
test_description='no leak and no invalid access, says valgrind

One whole story of a script, and with STRACK_LONG all unit tests.  A build
with sanitizers cannot run under it, and is asked in its own way.'
. "$(dirname "$0")/lib-strack.sh"

if ! test_have_prereq VALGRIND || nm "$STRACK_BUILD/git-strack" 2>/dev/null |
	grep -q __asan_init; then
	skip_all='no valgrind, or a build with sanitizers'
	test_done
fi

# What libraries leave, each with its reason.
cat >"$strack_scratch/known.supp" <<'EOF'
{
   libgit2 1.5 loses a match buffer when it looks at the extensions of a repository of format 1
   Memcheck:Leak
   ...
   fun:pcre2_match_data_create*
   ...
}
EOF
memcheck="valgrind -q --leak-check=full --show-leak-kinds=definite,indirect \
	--errors-for-leak-kinds=definite,indirect --error-exitcode=99 \
	--suppressions=$strack_scratch/known.supp --child-silent-after-fork=no"

# The program under it, found by git as the program is.  Wardens and other
# forks are looked at as well; what a script or git does is not.
logs=$strack_scratch/valgrind
mkdir bin "$logs" && cat >bin/git-strack <<EOF
#!/bin/sh
exec $memcheck --log-file=$logs/%p "$STRACK_BUILD/git-strack" "\$@"
EOF
chmod +x bin/git-strack
PATH=$PWD/bin:$PATH

# Nothing was said, by any of its processes (`--` is about valgrind itself: it
# does not know pidfd_open, for which there is another way).
silent() {
	[ -n "$(ls "$logs")" ] && ! cat "$logs"/* | grep '^==' >&4
	set -- $?
	rm -f "$logs"/*
	return "$1"
}

test_expect_success 'a ledger is founded, and scripts are run' '
	repo r && cd r && git strack init >/dev/null && silent &&
	script scripts/20260101_a.sh <<-\EOF &&
	#!/bin/sh
	# strack: timeout 1h
	echo "progress 1 2 users" >>"$STRACK_EVENTS"
	echo "mask s3cr3t" >>"$STRACK_EVENTS"
	echo "s3cr3t https://me:word@example.org/"
	EOF
	printf "%s\n" "#!/bin/sh" "exit 3" | script scripts/20260102_fails.sh &&
	must_fail 1 git strack run --from-the-beginning &&
	test "$(kinds scripts/20260101_a.sh)" = "claim done" &&
	test "$(kinds scripts/20260102_fails.sh)" = "claim fail" && silent
'

test_expect_success 'a run that is ended at its limit' '
	printf "%s\n" "#!/bin/sh" "# strack: timeout 1s" "sleep 60" |
		script scripts/20260103_long.sh &&
	must_fail 1 git strack run scripts/20260103_long.sh &&
	test "$(entry scripts/20260103_long.sh fail | field timed-out)" = 1 &&
	silent
'

test_expect_success 'decisions' '
	git strack mark -m "by hand" 20260102_fails >/dev/null &&
	git strack reset -m "once more" 20260102_fails >/dev/null &&
	git strack mark -m "by hand" 20260102_fails 20260103_long >/dev/null &&
	git strack exec -m why -- echo hello >/dev/null &&
	git strack trust list >/dev/null && git strack cleanup && silent
'

test_expect_success 'what is asked' '
	set -- "status --json" "log --json" verify "remind --all" &&
	if [ -n "$STRACK_LONG" ]; then
		set -- "$@" "status --all" "log -n 2" "show 20260101_a" \
			"check" "verify --json" "run --dry-run" "trust export" \
			"hooks status"
	fi &&
	for words; do
		# shellcheck disable=SC2086
		git strack $words >/dev/null 2>&1 && silent ||
			{ echo "$words" >&4; return 1; }
	done
'

test_expect_success 'what is refused' '
	must_fail 129 git strack run --no-such && must_fail 129 git strack rnu &&
	must_fail 128 git strack show nothing &&
	printf "# strack: timeout 5x\n" | script scripts/20260104_bad.sh &&
	must_fail 128 git strack run &&
	printf "[scripts\npath = x\n" >.strack.ini &&
	must_fail 128 git strack status && rm .strack.ini && silent
'

test_expect_success 'the ledger is sound' 'audit'

for unit in "$STRACK_BUILD"/t/unit/test-*; do
	name=$(basename "$unit")
	case $name in
	*.*) continue ;;
	esac
	[ -n "$STRACK_LONG" ] || break
	test_expect_success "unit: $name" '
		timeout -k 5 600 $memcheck --log-file="$logs/%p" \
			"$unit" >out 2>&1 && silent
	'
done

test_done
