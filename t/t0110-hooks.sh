#!/bin/sh
test_description='hooks: ours, called by git when something came in'
. "$(dirname "$0")/lib-strack.sh"

# A git-strack that writes down how it was called, and ends as $FAKE_EXIT says.
mkdir fake
cat >fake/git-strack <<-EOF
#!/bin/sh
{
	printf called
	printf ' <%s>' "\$@"
	echo
	sed 's/^/stdin /'
} >>"$PWD/calls"
echo reminded >&2
exit "\${FAKE_EXIT:-0}"
EOF
chmod +x fake/git-strack
fake_path=$PWD/fake:$PATH
calls=$PWD/calls

# PATH without any folder that has a git-strack.
bare_path=$(echo "$PATH" | tr : '\n' | while IFS= read -r dir; do
	[ -e "$dir/git-strack" ] || printf '%s:' "$dir"
done)

# watched <command>...: with the fake in PATH; what it was told is in $calls.
watched() {
	: >"$calls"
	(PATH=$fake_path && export PATH && "$@")
}

mode_of() {
	stat -c %a "$1"
}

# two_lines: main and topic, both with a commit of their own.
two_lines() {
	git checkout -q -b topic && echo t >t && git add t &&
	git commit -q -m t && git checkout -q main && echo m >m &&
	git add m && git commit -q -m m
}

state() {
	git strack hooks status | sed -n 's/^\([a-z ]*[a-z]\)  *post-.*/\1/p' |
		sort | uniq -c | sed 's/^ *//'
}

test_expect_success 'install, and what is installed' '
	repo r && (
		cd r && git strack hooks install >out &&
		head -n 1 out | grep -x "hooks in .git/hooks" &&
		test "$(state)" = "3 installed" &&
		for hook in post-merge post-rewrite post-checkout; do
			file=.git/hooks/$hook &&
			test "$(mode_of $file)" = 755 &&
			test "$(wc -l <$file)" = 3 && sh -n $file &&
			sed -n 2p $file | grep "git-strack hook" &&
			grep -e "strack remind --hook $hook -- \"\$@\"" $file ||
				return 1
		done &&
		test -z "$(find .git/hooks -name ".tmp*")"
	)
'

test_expect_success 'a second time changes nothing' '
	(
		cd r && ls -li --time-style=full-iso .git/hooks >before &&
		git strack hooks install >again && test_cmp out again &&
		ls -li --time-style=full-iso .git/hooks >after &&
		test_cmp before after
	)
'

test_expect_success 'a fast-forward calls post-merge' '
	(
		cd r && git checkout -q -b ahead && echo 1 >1 && git add 1 &&
		git commit -q -m 1 && git checkout -q main &&
		watched git merge -q ahead && echo "called <remind> <--hook> \
<post-merge> <--> <0>" >want && test_cmp want "$calls"
	)
'

test_expect_success 'so do a real merge and a pull' '
	(
		cd r && two_lines && watched git merge -q -m merged topic &&
		test_cmp want "$calls" &&
		git clone -q . ../clone && cd ../clone &&
		git strack hooks install && echo 2 >../r/2 &&
		git -C ../r add 2 && git -C ../r commit -q -m 2 &&
		watched git pull -q --no-rebase && test_cmp ../r/want "$calls"
	)
'

test_expect_success 'pull --rebase calls post-rewrite alone, with its input' '
	(
		cd clone && echo 3 >../r/3 && git -C ../r add 3 &&
		git -C ../r commit -q -m 3 && echo own >own && git add own &&
		git commit -q -m own && old=$(git rev-parse HEAD) &&
		watched git pull -q --rebase &&
		new=$(git rev-parse HEAD) && test "$old" != "$new" &&
		printf "%s\n" "called <remind> <--hook> <post-rewrite> <--> \
<rebase>" "stdin $old $new" >want && test_cmp want "$calls"
	)
'

test_expect_success 'so does rebase --apply, and commit --amend calls none' '
	(
		cd clone && git branch before HEAD && git checkout -q before &&
		git reset -q --hard HEAD~2 && echo x >x && git add x &&
		git commit -q -m x && watched git rebase -q --apply main &&
		test "$(grep -c ^called "$calls")" = 1 &&
		grep "<post-rewrite> <--> <rebase>" "$calls" &&
		watched git commit -q --amend -m y && test ! -s "$calls"
	)
'

test_expect_success 'a branch switch calls post-checkout; of files, none' '
	(
		cd r && old=$(git rev-parse main) &&
		new=$(git rev-parse topic) && watched git checkout -q topic &&
		echo "called <remind> <--hook> <post-checkout> <--> <$old> \
<$new> <1>" >want && test_cmp want "$calls" &&
		echo changed >t && watched git checkout -q -- t &&
		test ! -s "$calls" && watched git checkout -q main -- m &&
		test ! -s "$calls" && git reset -q --hard &&
		watched git checkout -q --detach && test ! -s "$calls" &&
		watched git switch -q main && grep "<post-checkout>" "$calls"
	)
'

test_expect_success 'a bisection is no branch switch' '
	(
		cd r && watched git bisect start main main~2 &&
		test "$(git branch --show-current)" = "" &&
		test ! -s "$calls" && git bisect reset
	)
'

test_expect_success 'a reminder that fails fails nothing' '
	(
		cd r && FAKE_EXIT=1 && export FAKE_EXIT &&
		watched git checkout -q topic 2>err && grep reminded err &&
		test -s "$calls" && git switch -q main &&
		watched git merge -q ahead && for hook in "post-merge 0" \
			"post-checkout a b 1" "post-rewrite rebase"; do
			watched sh .git/hooks/$hook </dev/null &&
			test -s "$calls" || return 1
		done
	)
'

test_expect_success 'without git-strack nothing is said' '
	(
		cd r && PATH=$bare_path && export PATH &&
		! command -v git-strack &&
		git checkout -q topic 2>err && test ! -s err &&
		git checkout -q main 2>err && test ! -s err &&
		git merge -q ahead 2>err && test ! -s err &&
		echo a b | sh .git/hooks/post-rewrite rebase 2>err &&
		test ! -s err
	)
'

test_expect_success 'a linked work tree has them, and installs them' '
	(
		cd r && git worktree add -q ../linked -b linked &&
		cd ../linked && test "$(state)" = "3 installed" &&
		git -C ../r branch other && watched git checkout -q other &&
		echo o >o && git add o && git commit -q -m o &&
		watched git checkout -q linked &&
		watched git merge -q other && grep "<post-merge>" "$calls" &&
		rm ../r/.git/hooks/post-* && git strack hooks install >out &&
		grep "^hooks in .*/r/.git/hooks\$" out &&
		test -x ../r/.git/hooks/post-merge &&
		test ! -e ../r/.git/worktrees/linked/hooks
	)
'

test_expect_success 'from a sub-folder, with git -C, with GIT_DIR' '
	repo place && mkdir place/sub && (
		cd place/sub && git config core.hooksPath .hooks &&
		git strack hooks install && test -x ../.hooks/post-merge &&
		test -z "$(ls -A)" && git strack hooks | head -n 1 |
			grep -F "$HOME/place/.hooks (core.hooksPath, " &&
		rm -r ../.hooks
	) && git -C place/sub strack hooks install &&
	test -x place/.hooks/post-merge && rm -r place/.hooks &&
	GIT_DIR=place/.git GIT_WORK_TREE=place git strack hooks install &&
	test -x place/.hooks/post-merge && test ! -e .hooks
'

test_expect_success 'core.hooksPath of one work tree' '
	repo wt && (
		cd wt && git config extensions.worktreeConfig true &&
		git worktree add -q ../wt2 && cd ../wt2 &&
		git config --worktree core.hooksPath .our-hooks &&
		git strack hooks install && test -x .our-hooks/post-merge &&
		test ! -e ../wt/.git/hooks/post-merge &&
		git checkout -q -b more && echo 1 >1 && git add 1 &&
		git commit -q -m 1 && git checkout -q wt2 &&
		watched git merge -q more && grep "<post-merge>" "$calls" &&
		git -C ../wt strack hooks | grep "^missing *post-merge"
	)
'

test_expect_success 'a bare repository, and a work tree of it' '
	git clone -q --bare r bare.git && (
		cd bare.git && git strack hooks install >out &&
		grep -x "hooks in hooks" out && test -x hooks/post-merge &&
		git worktree add -q ../of-bare main && cd ../of-bare &&
		watched git checkout -q -b new && grep "<1>" "$calls" &&
		cd ../bare.git && git config core.hooksPath own &&
		git strack hooks install && test -x own/post-merge
	)
'

test_expect_success 'a folder that is missing is made' '
	git init -q --template= empty && (
		cd empty && test ! -e .git/hooks && git strack hooks &&
		test ! -e .git/hooks && git strack hooks uninstall &&
		git strack hooks install && test -x .git/hooks/post-merge &&
		git config core.hooksPath a/b/c && git strack hooks install &&
		test -x a/b/c/post-merge
	)
'

test_expect_success 'modes as umask and core.sharedRepository say' '
	for mask in 022:755 027:750 077:700 0177:700; do
		git init -q --template= "mode$mask" && (
			cd "mode$mask" && umask "${mask%:*}" &&
			git strack hooks install >/dev/null &&
			test "$(mode_of .git/hooks/post-merge)" = "${mask#*:}"
		) || return 1
	done &&
	for shared in group:770 world:775 0640:750; do
		git init -q --template= --shared="${shared%:*}" "s$shared" && (
			cd "s$shared" && umask 077 && git strack hooks install &&
			test "$(mode_of .git/hooks/post-merge)" = "${shared#*:}" &&
			case $(mode_of .git/hooks) in
			*"${shared#*:}") ;;
			*) false ;;
			esac
		) || return 1
	done
'

test_expect_success 'status: missing, outdated, not executable' '
	repo states && (
		cd states && git strack hooks >out && test "$(state)" = \
			"3 missing" && grep -x "  git strack hooks install" out &&
		git strack hooks install >/dev/null &&
		chmod -x .git/hooks/post-merge && git strack hooks >out &&
		grep "^not executable  *post-merge" out &&
		grep -x "  git strack hooks install" out &&
		git strack hooks install && test "$(state)" = "3 installed" &&
		git strack hooks >out && ! grep "git strack hooks install" out
	)
'

# old_hook <file>: as another version would have written it.
old_hook() {
	body=$(printf "%s\n" "#!/bin/sh" "# git-strack hook@; by an old one" \
		"git strack remind --old" && echo .) && body=${body%.} &&
	sum=$(printf %s "$body" | sed "s/hook@/hook/" | sha256sum |
		cut -c 1-16) &&
	printf %s "$body" | sed "s/hook@/hook $sum/" >"$1" && chmod +x "$1"
}

test_expect_success 'what an older version wrote is ours' '
	(
		cd states && old_hook .git/hooks/post-merge &&
		git strack hooks >out && grep "^outdated  *post-merge" out &&
		git strack hooks install && test "$(state)" = "3 installed" &&
		old_hook .git/hooks/post-merge && git strack hooks uninstall &&
		test ! -e .git/hooks/post-merge
	)
'

test_expect_success 'uninstall removes what is ours, and nothing else' '
	(
		cd r && ls .git/hooks >installed &&
		echo mine >.git/hooks/commit-msg && git strack hooks uninstall &&
		ls .git/hooks >left && sed "/^post-[a-z]*\$/d" installed >want &&
		{ cat want && echo commit-msg; } | sort >want2 &&
		sort left >left2 && test_cmp want2 left2 && git strack hooks uninstall >out &&
		grep -x "nothing to remove" out && test "$(state)" = "3 missing"
	)
'

test_expect_success 'one that was edited is told of and left' '
	repo edited && (
		cd edited && git strack hooks install &&
		echo "echo mine" >>.git/hooks/post-merge &&
		cp .git/hooks/post-merge was && git strack hooks >out &&
		grep "^edited  *post-merge" out && git strack hooks install &&
		cmp was .git/hooks/post-merge &&
		refused 3 "post-merge: left" git strack hooks uninstall &&
		grep "rm .git/hooks/post-merge" "$refusal" &&
		cmp was .git/hooks/post-merge &&
		test ! -e .git/hooks/post-checkout &&
		sed -i "s/^if .*/:/" .git/hooks/post-merge &&
		refused 3 "post-merge.*edited" git strack hooks install &&
		git strack hooks | grep "^  rm .git/hooks/post-merge" &&
		rm .git/hooks/post-merge && git strack hooks install
	)
'

test_expect_success 'uninstall also looks where core.hooksPath led before' '
	repo moved && (
		cd moved && git strack hooks install &&
		git config core.hooksPath elsewhere &&
		git strack hooks install && git strack hooks uninstall >out &&
		test ! -e elsewhere/post-merge &&
		test ! -e .git/hooks/post-merge && git strack hooks install &&
		git config core.hooksPath "$HOME/nowhere/at/all" &&
		git strack hooks uninstall &&
		git config --unset core.hooksPath &&
		git strack hooks install && git config core.hooksPath \
			"$HOME/nowhere/at/all" && git strack hooks uninstall &&
		test ! -e .git/hooks/post-merge
	)
'

test_expect_success 'a bad .strack.ini keeps nobody from it' '
	repo badini && (
		cd badini && echo "[nonsense" >.strack.ini &&
		git strack hooks install && git strack hooks &&
		git strack hooks uninstall
	)
'

test_expect_success 'wrong usage' '
	(
		cd r && must_fail 129 git strack hooks instal 2>err &&
		grep "not .instal." err &&
		must_fail 129 git strack hooks install now &&
		must_fail 129 git strack hooks uninstall --chain &&
		must_fail 129 git strack hooks status --chain &&
		must_fail 129 git strack hooks install --chian 2>err &&
		grep -e "--chain" err && cd .. && mkdir none &&
		must_fail 128 git -C none strack hooks &&
		test "$(cd r && state)" = "3 missing"
	)
'

test_expect_success ROOT,SETPRIV 'a folder that is read-only is said' '
	repo ro && chmod 755 . .. && chown -R 65534:65534 ro && (
		cd ro && chmod 555 .git/hooks &&
		as="setpriv --reuid=65534 --regid=65534 --clear-groups" &&
		refused 128 "hooks: Permission denied" \
			$as git strack hooks install &&
		grep "hint:   git strack hooks install" "$refusal" &&
		$as git strack init >out 2>err && grep ^founded out &&
		grep "warning: .*hooks: Permission denied" err &&
		grep "hint:   git strack hooks install" err &&
		chmod 755 .git/hooks && $as git strack hooks install &&
		test "$($as git strack hooks | grep -c ^installed)" = 3 &&
		chmod 555 .git/hooks && refused 128 "Permission denied" \
			$as git strack hooks uninstall
	)
'

test_expect_success 'a file in place of the folder is said' '
	repo nofolder && (
		cd nofolder && rm -r .git/hooks && echo x >.git/hooks &&
		git strack hooks | grep "^missing" &&
		refused 128 "hooks: Not a directory" git strack hooks install &&
		git strack init && test "$(cat .git/hooks)" = x
	)
'

# ---- init ----

test_expect_success 'init installs them, and again' '
	repo init && (
		cd init && git strack init >out && grep "^hooks  *.git/hooks" out &&
		test "$(state)" = "3 installed" && git strack init &&
		rm .git/hooks/post-merge && git strack init &&
		test "$(state)" = "3 installed" && audit
	)
'

test_expect_success 'init --no-hooks does not' '
	repo without && (
		cd without && git strack init --no-hooks >out &&
		! grep "^hooks" out && test "$(state)" = "3 missing" &&
		git strack init --no-hooks && test "$(state)" = "3 missing" &&
		git strack init && test "$(state)" = "3 installed" &&
		git strack init --no-hooks && test "$(state)" = "3 installed" &&
		audit
	)
'

test_done
