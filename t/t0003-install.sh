#!/bin/sh
test_description='make install and uninstall'
. "$(dirname "$0")/lib-strack.sh"

# A build of its own, as the folder for data is compiled in; objects that
# don't know it are taken from the build that is tested.
build=$strack_scratch/build # make takes no blanks
cp -a "$STRACK_BUILD" "$build"
into=$PWD/into

case $STRACK_BUILD in
*-san) san=1 ;;
*) san= ;;
esac

install_make() {
	make -s -C "$strack_top" B="$build" SAN=$san "$@"
}

test_expect_success 'install with DESTDIR and PREFIX' '
	install_make install DESTDIR="$into" PREFIX=/opt/strack &&
	test -x into/opt/strack/bin/git-strack &&
	test -f into/opt/strack/share/git-strack/templates/script.sh &&
	for hook in "$strack_top"/hooks/*; do
		cmp "$hook" "into/opt/strack/share/git-strack/hooks/${hook##*/}" ||
			return 1
	done &&
	test -f into/opt/strack/share/man/man1/git-strack.1 &&
	test -f into/opt/strack/share/man/man5/strack-ledger.5 &&
	test -f into/opt/strack/share/doc/git-strack/LICENSE
'

test_expect_success 'uninstall removes all of it, and nothing else' '
	touch into/opt/strack/bin/other &&
	install_make uninstall DESTDIR="$into" PREFIX=/opt/strack &&
	find into -type f >left &&
	echo into/opt/strack/bin/other >expect &&
	test_cmp expect left &&
	! test -e into/opt/strack/share/git-strack &&
	install_make uninstall DESTDIR="$into" PREFIX=/opt/strack
'

test_expect_success 'another PREFIX is compiled in' '
	install_make install PREFIX="$PWD/prefix" &&
	mv "$build" gone &&
	repo r &&
	(
		cd r &&
		PATH=$HOME/prefix/bin:$PATH &&
		test "$(command -v git-strack)" = "$HOME/prefix/bin/git-strack" &&
		git strack create it works &&
		ls scripts/*_it_works.sh &&
		git strack hooks install && test -x .git/hooks/post-merge &&
		rm -r ../prefix/share/git-strack &&
		must_fail 128 git strack hooks install 2>../err &&
		grep "hooks/post-merge: not found" ../err &&
		git strack hooks uninstall && test ! -e .git/hooks/post-merge &&
		must_fail 128 git strack create no more 2>../err
	) &&
	grep "$PWD/prefix/share/git-strack/templates/script.sh: not found" err &&
	mv gone "$build"
'

test_expect_success 'git strack, -h, --version' '
	install_make install PREFIX="$PWD/prefix" &&
	(
		PATH=$PWD/prefix/bin:$PATH &&
		git strack -h >out &&
		grep "git strack <command>" out &&
		git strack --version | grep "^git-strack [0-9]" &&
		must_fail 129 git strack
	)
'

test_expect_success MAN 'git strack --help and git help strack' '
	(
		PATH=$PWD/prefix/bin:$PATH &&
		MANPATH=$PWD/prefix/share/man: &&
		MANPAGER=cat && export MANPATH MANPAGER &&
		git strack --help >help1 &&
		git help strack >help2 &&
		grep -i "one-off" help1 &&
		test_cmp help1 help2
	)
'

test_done
