#!/bin/sh
test_description='the demo, which is the first that a user sees'
. "$(dirname "$0")/lib-strack.sh"

mkdir tmp home
chmod 777 tmp home

# demo [<prefix command>...]: with a home where git knows nobody.
demo() {
	env HOME="$PWD/home" TMPDIR="$PWD/tmp" GIT_CONFIG_NOSYSTEM=1 "$@" \
		sh "$strack_top/t/demo.sh" "$STRACK_BUILD" </dev/null >out 2>err
}

# The repository that it names, and what it says to type there.
left_behind() {
	sed -n 's/^    cd //p' out
}

next_steps() {
	sed -n '/^and then/,/^When/s/^    //p' out
}

test_expect_success 'it runs, and shows all that it is about' '
	demo &&
	for shown in "git strack init" "git strack status" "git strack run" \
		"git log strack-ledger" "git log -p -1 strack-ledger"
	do
		grep "^\\$ $shown\$" out || return 1
	done &&
	grep "^done  *scripts/.*_lower_case_mail.sh" out &&
	grep "^done  *scripts/.*_default_theme.py" out &&
	grep "^2 carts were given up" out &&
	grep "^scripts/.*_old_carts.sql|local|20" out &&
	grep "^failed  *scripts/.*_import_orders.sh" out &&
	grep "^pending  *scripts/.*_count_users.sh" out &&
	grep "^+-----BEGIN SSH SIGNATURE" out
'

test_expect_success 'the repository that it names is sound' '
	left=$(left_behind) &&
	test -d "$left" &&
	audit "$left" &&
	test "$(git -C "$left" config user.email)" = demo@example.com &&
	grep "^1,Ada,ada@example.com,light\$" "$left/data/users.csv"
'

test_expect_success 'what it says to type next works' '
	next_steps >next &&
	test "$(wc -l <next)" -ge 5 &&
	(cd "$left" && sh -e -x ../../next) &&
	git -C "$left" strack status >status &&
	grep "^done .*_import_orders.sh" status &&
	grep "^done .*_count_users.sh" status &&
	grep "^pending .*_drop_the_old_column.sh" status &&
	audit "$left"
'

if test_have_prereq ROOT,SETPRIV &&
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		test -x "$STRACK_BUILD/git-strack" -a -r "$strack_top/t/demo.sh"
then
	test_set_prereq SOMEBODY
fi

test_expect_success SOMEBODY 'it runs for somebody who is not root' '
	chmod 755 "$strack_scratch" &&
	demo setpriv --reuid=65534 --regid=65534 --clear-groups &&
	test -d "$(left_behind)"
'

test_done
