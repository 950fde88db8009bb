#!/bin/sh
test_description='git strack create'
. "$(dirname "$0")/lib-strack.sh"

# 2026-11-21 10:15:02 UTC
STRACK_TEST_NOW=1795256102
export STRACK_TEST_NOW

repo plain && cd plain || exit 1

test_expect_success 'the path is printed, and the file is a script' '
	git strack create Give every user a theme >out 2>err &&
	echo scripts/20261121101502_give_every_user_a_theme.sh >expect &&
	test_cmp expect out &&
	test -x "$(cat out)" &&
	grep "^# strack: description Give every user a theme\$" "$(cat out)" &&
	grep "Created 2026-11-21 by A U Thor <author@example.com>" "$(cat out)" &&
	git strack status >status &&
	grep -F "$(cat out)" status
'

test_expect_success 'it founded a ledger, and said so' '
	grep "founded a ledger" err &&
	test "$(entries | wc -l)" -ge 1 &&
	audit
'

test_expect_success 'twice in one second: the next second' '
	git strack create Give every user a theme >out &&
	echo scripts/20261121101503_give_every_user_a_theme.sh >expect &&
	test_cmp expect out &&
	git strack new other words >out &&
	echo scripts/20261121101504_other_words.sh >expect &&
	test_cmp expect out
'

test_expect_success 'eight at once have eight times' '
	for i in 1 2 3 4 5 6 7 8
	do
		git strack create at once $i >at.$i &
	done &&
	wait &&
	test "$(cat at.* | cut -c 9-22 | sort -u | wc -l)" = 8 &&
	rm scripts/*_at_once_*
'

test_expect_success 'nothing is overwritten' '
	mkdir -p scripts &&
	echo precious >scripts/20261121101505_notes.sh.txt &&
	cp scripts/20261121101505_notes.sh.txt scripts/20261121101505_taken.sh &&
	ln -s nowhere scripts/20261121101506_taken.sh &&
	git strack create taken >out &&
	echo scripts/20261121101507_taken.sh >expect &&
	test_cmp expect out &&
	test "$(cat scripts/20261121101505_taken.sh)" = precious &&
	test -L scripts/20261121101506_taken.sh &&
	rm scripts/20261121101505* scripts/20261121101506*
'

# <language> <extension> <checker>...
language() {
	rm -rf scripts &&
	git strack create --lang "$1" It is "<&>\"'\$(x)\`x\`\\ @DATE@" >out &&
	made=scripts/20261121101502_it_is_x_x_date.$2 &&
	test "$(cat out)" = "$made" &&
	grep -F "strack: description It is <&>\"'\$(x)\`x\`\\ @DATE@" "$made" &&
	grep "strack timeout" "$made" &&
	grep "Prerequisites" "$made" &&
	grep "Rollback plan" "$made" &&
	tr "\n" " " <"$made" | grep -qE "there is no ([^a-z]+ )?terminal" &&
	shift 2 &&
	"$@" "$made"
}

test_expect_success 'sh' 'language sh sh sh -n && test -x "$made"'
test_expect_success 'bash' 'language bash bash bash -n'
test_expect_success PYTHON3 'python' 'language python py python3 -m py_compile'
test_expect_success PYTHON3 'py' 'language py py python3'
test_expect_success RUBY 'ruby' 'language ruby rb ruby -c && language rb rb ruby'
test_expect_success PERL 'perl' 'language perl pl perl -c && language pl pl perl'
test_expect_success NODE 'node' 'language node js node --check && language js js node'
test_expect_success PHP 'php' 'language php php php -l && language php php php'
test_expect_success 'sql, which is not executable' '
	language sql sql test -f &&
	! test -x "$made"
'

test_expect_success 'every template runs as it is' '
	rm -rf scripts &&
	for lang in sh bash
	do
		git strack create --lang $lang empty $lang || return 1
	done &&
	for made in scripts/*
	do
		"./$made" || return 1
	done
'

test_expect_success 'PHP comments can not be ended' '
	must_fail 129 git strack create --lang php "end ?> here" 2>err &&
	grep "?>" err
'

test_expect_success 'unknown language' '
	must_fail 129 git strack create --lang cobol x 2>err &&
	grep "no template for .cobol.; there are sh, bash, python" err &&
	must_fail 129 git strack create --lang ../sh x &&
	must_fail 129 git strack create --lang "" x
'

test_expect_success 'descriptions of all kinds' '
	rm -rf scripts &&
	git strack create "Crème brûlée für Ärzte" >out &&
	grep _creme_brulee_fur_arzte.sh out &&
	git strack create "Исправить ёлку №5" >out &&
	grep _ispravit_yolku_5.sh out &&
	git strack create "2026 numbers first" >out &&
	grep _2026_numbers_first.sh out &&
	git strack create -- --dashes first >out &&
	grep _dashes_first.sh out &&
	git strack create "../../etc/passwd" >out &&
	grep "^scripts/[0-9]*_etc_passwd.sh" out
'

test_expect_success 'no description, or one that can not be' '
	must_fail 129 git strack create 2>err &&
	grep "no description" err &&
	must_fail 129 git strack create "" &&
	must_fail 129 git strack create "   " &&
	must_fail 128 git strack create "!!!" 2>err &&
	grep "no letter or digit" err &&
	must_fail 129 git strack create "$(printf "a\nb")" 2>err &&
	grep "U+000A" err &&
	must_fail 129 git strack create "$(printf "a\033[31mb")" &&
	must_fail 129 git strack create "$(printf "a\302\205b")" &&
	must_fail 129 git strack create "$(printf "a\342\200\250b")" &&
	must_fail 129 git strack create "$(printf "a\377b")" &&
	must_fail 129 git strack create "$(printf "%02000d" 1)" 2>err &&
	grep "1000" err
'

test_expect_success 'from a sub-folder the path is as seen from there' '
	mkdir -p sub/deep &&
	(cd sub/deep && git strack create from below >../../out) &&
	grep "^../../scripts/[0-9]*_from_below.sh\$" out &&
	(cd sub/deep && test -f "$(cat ../../out)") &&
	(cd scripts && git strack create from here >../out) &&
	grep "^[0-9]*_from_here.sh\$" out
'

test_expect_success 'the editor is the one of git, and a piece of shell' '
	GIT_EDITOR="echo more >>" git strack create --edit edit me >out &&
	test "$(tail -n 1 "$(cat out)")" = more &&
	must_fail 128 env GIT_EDITOR=false \
		git strack create -e edit me again >out 2>err &&
	test -f "$(cat out)" &&
	grep "editor .false. failed (exit 1)" err
'

test_expect_success 'layouts' '
	rm -rf scripts &&
	printf "[scripts]\nlayout = year\n" >.strack.ini &&
	git strack create by year >out &&
	echo scripts/2026/20261121101502_by_year.sh >expect &&
	test_cmp expect out &&
	printf "[scripts]\nlayout = month\npath = a/b scripts\n" >.strack.ini &&
	git strack create by month >out &&
	echo a/b/2026/11/20261121101503_by_month.sh >expect &&
	test_cmp expect out &&
	rm -rf a .strack.ini
'

test_expect_success 'a template of the team wins, and may be of any language' '
	mkdir -p .strack/templates &&
	printf "#!/bin/sh\n# strack: description @DESCRIPTION@\n# ours\n" \
		>.strack/templates/script.sh &&
	printf "#!/bin/zsh\n# @DESCRIPTION@\n" >.strack/templates/script.zsh &&
	git strack create ours >out &&
	grep "^# ours" "$(cat out)" &&
	git strack create --lang zsh theirs >out &&
	grep "_theirs.zsh\$" out &&
	test -x "$(cat out)"
'

test_expect_success 'one that makes a bad header is refused' '
	echo "# strack: descripton @DESCRIPTION@" >.strack/templates/script.sh &&
	ls -R scripts >before &&
	must_fail 128 git strack create bad 2>err &&
	grep ".strack/templates/script.sh.*descripton.*line 1.*description" err &&
	ls -R scripts >after &&
	test_cmp before after &&
	rm -rf .strack
'

test_expect_success 'an ignored script is told' '
	echo scripts/ >.gitignore &&
	git strack create ignored >out 2>err &&
	test -f "$(cat out)" &&
	grep "git ignores" err &&
	rm .gitignore
'

test_expect_success 'a file where the folder should be' '
	mv scripts kept &&
	echo >scripts &&
	must_fail 128 git strack create in the way 2>err &&
	grep scripts err &&
	rm scripts && mv kept scripts
'

test_expect_success 'before 2000, and before git knows a name' '
	repo young &&
	(
		cd young &&
		git strack create first >../out &&
		git config user.useConfigOnly true &&
		HOME=$PWD/none STRACK_TEST_NOW=915148799 \
			git strack create second >>../out
	) &&
	printf "%s\n" scripts/20261121101502_first.sh \
		scripts/19981231235959_second.sh >expect &&
	test_cmp expect out
'

test_expect_success 'with a remote there is a script, and no ledger' '
	repo team &&
	(
		cd team &&
		git remote add origin ../nowhere &&
		git strack create with a remote >../out 2>../err &&
		test -f "$(cat ../out)" &&
		grep "git strack init" ../err &&
		test_must_fail git rev-parse --verify -q strack-ledger
	)
'

test_expect_success 'no work tree, no repository' '
	git init -q --bare bare.git &&
	must_fail 128 git -C bare.git strack create x 2>err &&
	grep "bare" err &&
	(
		cd / &&
		must_fail 128 git strack create x
	)
'

test_done
