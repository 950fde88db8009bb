#!/bin/sh
test_description='hooks --server: a server that checks what is pushed'
. "$(dirname "$0")/lib-strack.sh"

top=$SHARNESS_TRASH_DIRECTORY

# server: a bare repository of that name; the clone pushes there
server() {
	git init -q --bare "$top/$1" && server=$top/$1
}

pushes() {
	git push -q "$server" "$@" >said 2>&1 || { cat said; false; }
}

# declined <text> <git push arguments>
declined() {
	declined_text=$1 && shift
	if git push -q "$server" "$@" >said 2>&1; then
		return 1
	fi
	cat said
	grep "^remote: $declined_text" said
}

# A PATH with git and what hooks need, but without git-strack.
mkdir bare && for tool in git sh cat env; do
	ln -s "$(command -v $tool)" bare/$tool || exit 1
done
without() {
	env "GIT_EXEC_PATH=$(git --exec-path)" "PATH=$top/bare" "$@"
}

test_expect_success 'a clone with a ledger' '
	repo r && cd r && git strack init >/dev/null &&
	echo "echo x" | script scripts/20260101_a.sh &&
	git strack run --from-the-beginning >/dev/null && git branch -q old &&
	git strack run --again -m x scripts/20260101_a.sh >/dev/null &&
	unsigned=$(git commit-tree -m x strack-ledger^{tree} -p strack-ledger)
'
cd "$top/r" || exit 1

test_expect_success 'install, status, uninstall' '
	server one.git && git -C "$server" strack hooks --server >out &&
	grep "^missing  *pre-receive" out && test "$(grep -c "^missing" out)" = 1 &&
	grep "^  git strack hooks install --server" out &&
	git -C "$server" strack hooks install --server >out &&
	grep "^installed  *pre-receive" out &&
	grep "^  git config receive.denyDeletes true" out &&
	grep "^  git config receive.denyNonFastForwards true" out &&
	test "$(ls "$server/hooks")" = pre-receive &&
	sed 2d "$server/hooks/pre-receive" >have &&
	sed 2d "$strack_top/hooks/pre-receive" | test_cmp - have &&
	pushes main strack-ledger &&
	declined "git strack: refused: commit .*: unsigned commit" \
		$unsigned:strack-ledger &&
	git -C "$server" strack hooks install --server &&
	git -C "$server" strack hooks status --server >out &&
	grep "^installed" out && ! grep "^  git strack" out &&
	git -C "$server" strack hooks uninstall --server >out &&
	grep "^removed .*pre-receive" out && test -z "$(ls "$server/hooks")" &&
	git -C "$server" strack hooks uninstall --server >out &&
	grep "nothing to remove" out
'

test_expect_success 'the settings of git are advised until they are there' '
	git -C "$server" config receive.denyDeletes true &&
	git -C "$server" strack hooks install --server >out &&
	! grep "denyDeletes" out && grep "denyNonFastForwards" out &&
	git -C "$server" config receive.denyNonFastForwards true &&
	git -C "$server" strack hooks status --server >out &&
	! grep "git config" out
'

test_expect_success 'the hooks of a clone and of a server are apart' '
	git init -q ../both && git -C ../both strack hooks install >/dev/null &&
	git -C ../both strack hooks install --server >/dev/null &&
	test "$(ls ../both/.git/hooks | wc -l)" = 4 &&
	git -C ../both strack hooks uninstall >/dev/null &&
	test "$(ls ../both/.git/hooks)" = pre-receive
'

test_expect_success 'where git-strack is not installed the ledger is closed' '
	server two.git && git -C "$server" strack hooks install --server >out &&
	without git push -q "$server" main &&
	must_fail 1 without git push "$server" main:topic strack-ledger \
		>said 2>&1 &&
	grep "^remote: git strack: refused: git-strack.*is not installed" said &&
	must_fail 1 git -C "$server" rev-parse -q --verify topic &&
	must_fail 1 git -C "$server" rev-parse -q --verify strack-ledger &&
	without git push -q "$server" main:topic main:refs/tags/strack-ledger &&
	pushes strack-ledger
'

test_expect_success 'where git-strack does not work everything is' '
	mkdir ../broken && printf "#!/bin/sh\nexit 0%s\n" 3 >../broken/git-strack &&
	chmod +x ../broken/git-strack && (
		PATH=$top/broken:$PATH && must_fail 1 git push -q "$server" \
			main:next 2>said && grep "hook declined" said
	)
'

# ---- somebody else's ----

foreign() {
	cat >"$server/hooks/pre-receive" <<-EOF
	#!/bin/sh
	cat >"$top/theirs"
	exit ${1:-0}
	EOF
	chmod +x "$server/hooks/pre-receive"
}

test_expect_success 'it is left untouched, and the line is printed' '
	server three.git && foreign && cp "$server/hooks/pre-receive" before &&
	must_fail 3 git -C "$server" strack hooks install --server >out 2>err &&
	test_cmp before "$server/hooks/pre-receive" &&
	grep "^foreign  *pre-receive" out &&
	grep "where nothing has read the standard" out &&
	grep "^  git strack hooks install --server --chain" out &&
	grep "git strack hooks status --server" err &&
	line=$(sed -n 3p "$strack_top/hooks/pre-receive") &&
	grep -F "  $line" out && grep "denyDeletes" out &&
	{ echo "#!/bin/sh"; echo "$line"; } >"$server/hooks/pre-receive" &&
	git -C "$server" strack hooks install --server >out &&
	grep "^added  *pre-receive" out && pushes strack-ledger &&
	declined "git strack: refused: .*unsigned" $unsigned:strack-ledger
'

test_expect_success 'chained: both get what git tells, and both may refuse' '
	server four.git && foreign && cp "$server/hooks/pre-receive" before &&
	git -C "$server" strack hooks install --server --chain >out &&
	grep "^chained  *pre-receive  *calls first" out &&
	pushes main strack-ledger && test "$(wc -l <../theirs)" = 2 &&
	grep " refs/heads/strack-ledger$" ../theirs &&
	declined "git strack: refused: .*unsigned" $unsigned:strack-ledger &&
	declined "git strack: refused: .*never deleted" :strack-ledger &&
	printf "#!/bin/sh\necho not today\nexit 7\n" \
		>"$server/hooks/pre-receive.strack-chained" &&
	declined "not today" main:topic &&
	cp before "$server/hooks/pre-receive.strack-chained" &&
	git -C "$server" strack hooks uninstall --server >out &&
	grep "^restored .*pre-receive" out &&
	test_cmp before "$server/hooks/pre-receive" &&
	test "$(ls "$server/hooks")" = pre-receive
'

test_expect_success 'one that reads nothing, and very many references' '
	server five.git && printf "#!/bin/sh\n:\n" >"$server/hooks/pre-receive" &&
	chmod +x "$server/hooks/pre-receive" &&
	git -C "$server" strack hooks install --server --chain >out &&
	for n in 1 2 3 4 5 6 7 8 9; do
		for m in 0 1 2 3 4 5 6 7 8 9; do
			echo "create refs/heads/b$n$m$(head -c 150 /dev/zero |
				tr "\000" x)/$n$m$(head -c 150 /dev/zero |
				tr "\000" y)/$n$m$(head -c 150 /dev/zero |
				tr "\000" z) HEAD"
		done
	done | git update-ref --stdin && pushes --all &&
	declined "git strack: refused: .*unsigned" \
		"refs/heads/b*:refs/heads/c*" $unsigned:strack-ledger &&
	git for-each-ref --format="delete %(refname)" "refs/heads/b*/**" |
		git update-ref --stdin
'

test_expect_success 'core.hooksPath' '
	server six.git && git -C "$server" config core.hooksPath mine &&
	git -C "$server" strack hooks install --server >out &&
	test -x "$server/mine/pre-receive" && pushes strack-ledger &&
	declined "git strack: refused: .*unsigned" $unsigned:strack-ledger &&
	git -C "$server" config core.hooksPath "$top/elsewhere" &&
	must_fail 3 git -C "$server" strack hooks install --server >out 2>err &&
	grep "outside of this repository" out && test ! -e ../elsewhere &&
	git -C "$server" strack hooks uninstall --server >out &&
	grep "nothing to remove" out
'

test_expect_success 'edited, and not executable' '
	server seven.git && git -C "$server" strack hooks install --server >out &&
	chmod -x "$server/hooks/pre-receive" &&
	git -C "$server" strack hooks --server >out &&
	grep "^not executable  *pre-receive" out &&
	git -C "$server" strack hooks install --server >out &&
	test -x "$server/hooks/pre-receive" &&
	echo "# mine" >>"$server/hooks/pre-receive" &&
	git -C "$server" strack hooks --server >out &&
	grep "^edited  *pre-receive" out &&
	must_fail 3 git -C "$server" strack hooks uninstall --server >out 2>err &&
	test -x "$server/hooks/pre-receive"
'

test_expect_success 'the ledger is sound' '
	server eight.git && git -C "$server" strack hooks install --server >out &&
	pushes main strack-ledger && audit && audit "$server"
'

test_done
