#!/bin/sh
test_description='hooks beside those of somebody else'
. "$(dirname "$0")/lib-strack.sh"

# A git-strack that writes down how it was called.
mkdir fake
cat >fake/git-strack <<-EOF
#!/bin/sh
{
	printf 'ours'
	printf ' <%s>' "\$@"
	echo
	tee "$PWD/ours.in" | sed 's/^/ours got /'
} >>"$PWD/calls"
exit "\${FAKE_EXIT:-0}"
EOF
chmod +x fake/git-strack
fake_path=$PWD/fake:$PATH
calls=$PWD/calls
top=$PWD

watched() {
	: >"$calls"
	(PATH=$fake_path && export PATH && "$@")
}

# foreign <hook> [<exit status>]: a hook of somebody else's that writes down
# how it was called.
foreign() {
	cat >".git/hooks/$1" <<-EOF
	#!/bin/sh
	{
		printf 'theirs'
		printf ' <%s>' "\$@"
		echo
		tee "$top/theirs.in" | sed 's/^/theirs got /'
	} >>"$calls"
	exit ${2:-0}
	EOF
	chmod "${3:-750}" ".git/hooks/$1"
}

# What git's hooks folder is, to the byte, mode, link and inode.
snapshot() {
	(
		cd "${1:-.git/hooks}" && for file in *; do
			[ "$file" != "*" ] || continue
			stat -c '%n %f %i %Y %s' "$file" &&
			readlink "$file" ; [ -h "$file" ] || cat "$file"
		done
	)
}

line_for() {
	sed -n 3p "$strack_top/hooks/$1"
}

test_expect_success 'it is left untouched, and the line is printed' '
	repo r && (
		cd r && foreign post-merge && snapshot >before &&
		refused 3 "post-merge in .git/hooks: somebody else" \
			git strack hooks install >out &&
		grep "^foreign  *post-merge" out &&
		grep "^installed  *post-rewrite" out &&
		grep "^installed  *post-checkout" out &&
		grep -x "Add this line to .git/hooks/post-merge:" out &&
		grep -xF "  $(line_for post-merge)" out &&
		grep -x "  git strack hooks install --chain" out &&
		git strack hooks >status && test_cmp out status &&
		git strack hooks uninstall && snapshot >after &&
		test_cmp before after
	)
'

test_expect_success 'the line that is printed works where it is added' '
	(
		cd r && for hook in post-merge post-rewrite post-checkout; do
			printf "%s\n" "#!/bin/sh" "set -eu" >.git/hooks/$hook &&
			chmod +x .git/hooks/$hook || return 1
		done && must_fail 3 git strack hooks install >out 2>err &&
		for hook in post-merge post-rewrite post-checkout; do
			sed -n "s/^  \(if .*--hook $hook .*\)/\1/p" out \
				>>.git/hooks/$hook &&
			echo "echo end of $hook" >>.git/hooks/$hook || return 1
		done && git strack hooks install >out &&
		test "$(grep -c "^added  *post-.*in .git/hooks/post-" out)" = 3 &&
		git checkout -q -b side && git commit -q --allow-empty -m s &&
		watched git checkout -q main 2>said &&
		grep "ours <remind> <--hook> <post-checkout>.*<1>" "$calls" &&
		grep "end of post-checkout" said &&
		FAKE_EXIT=1 watched git merge -q side 2>said &&
		grep "ours <remind> <--hook> <post-merge> <--> <0>" "$calls" &&
		grep "end of post-merge" said &&
		echo "a b" | watched .git/hooks/post-rewrite rebase &&
		grep "ours got a b" "$calls"
	)
'

test_expect_success 'a line that was added is not ours to remove' '
	(
		cd r && snapshot >before &&
		refused 3 "post-merge.*left" git strack hooks uninstall &&
		grep "remove the line .* from .git/hooks/post-merge" "$refusal" &&
		snapshot >after && test_cmp before after &&
		sed -i "s/^if/# if/" .git/hooks/post-merge &&
		git strack hooks | grep "^foreign  *post-merge" &&
		rm .git/hooks/post-*[a-z]
	)
'

# ---- chained ----

test_expect_success '--chain calls it first, with arguments and input' '
	repo chain && (
		cd chain && for hook in post-merge post-rewrite post-checkout; do
			foreign $hook || return 1
		done && snapshot >before && git strack hooks install --chain &&
		git strack hooks >out && test "$(grep -c "^chained" out)" = 3 &&
		git checkout -q -b side && echo s >s && git add s &&
		git commit -q -m s && git checkout -q main && echo m >m &&
		git add m && git commit -q -m m &&
		watched git checkout -q side && sed -n 1p "$calls" >first &&
		grep "^theirs <[0-9a-f]*> <[0-9a-f]*> <1>" first &&
		sed -n 2p "$calls" | grep "^ours <remind> .*<1>" &&
		old=$(git rev-parse HEAD) && : >"$calls" &&
		watched git rebase -q main && new=$(git rev-parse HEAD) &&
		sed "/theirs <.*<1>/d" "$calls" >have &&
		printf "%s\n" "theirs <rebase>" "theirs got $old $new" \
			"ours <remind> <--hook> <post-rewrite> <--> <rebase>" \
			"ours got $old $new" >want && test_cmp want have &&
		watched git checkout -q main &&
		watched git merge -q side && printf "%s\n" "theirs <0>" \
			"ours <remind> <--hook> <post-merge> <--> <0>" >want &&
		test_cmp want "$calls" &&
		watched git commit -q --amend -m other &&
		grep "^theirs <amend>" "$calls" && ! grep "^ours" "$calls"
	)
'

test_expect_success 'uninstall restores it byte for byte' '
	(
		cd chain && git strack hooks install --chain &&
		git strack hooks uninstall >out &&
		test "$(grep -c "^restored  *.git/hooks/post-" out)" = 3 &&
		snapshot >after && test_cmp before after &&
		git strack hooks uninstall >out &&
		grep -x "nothing to remove" out
	)
'

test_expect_success 'input of any size and shape gets to both' '
	(
		cd chain && git strack hooks install --chain >/dev/null &&
		for input in "" "\n\n" "a b\n\nc" "no end" "%s\\\\\\\\n \047 \" \$x\n"
		do
			printf "$input" >in && rm -f ../*.in &&
			watched sh .git/hooks/post-rewrite rebase <in &&
			cmp in ../theirs.in && cmp in ../ours.in || return 1
		done &&
		awk "BEGIN { for (i = 0; i < 20000; i++)
			printf \"%040d %040d\n\", i, i + 1 }" >in &&
		watched sh .git/hooks/post-rewrite rebase <in &&
		cmp in ../theirs.in && cmp in ../ours.in &&
		printf "#!/bin/sh\nexit 0\n" >.git/hooks/post-rewrite.strack-chained &&
		watched sh .git/hooks/post-rewrite rebase <in 2>err &&
		test ! -s err && watched sh -c "trap \"\" PIPE &&
			exec sh .git/hooks/post-rewrite rebase" <in 2>err &&
		test ! -s err && watched sh .git/hooks/post-merge <&- &&
		grep "^ours" "$calls" &&
		git strack hooks uninstall
	)
'

test_expect_success 'its failure is passed on, ours is not' '
	repo fails && (
		cd fails && git branch other && foreign post-checkout 5 &&
		foreign post-merge 3 &&
		must_fail 1 git checkout -q other &&
		git strack hooks install --chain &&
		must_fail 1 watched git checkout -q main &&
		grep "^ours" "$calls" &&
		must_fail 5 watched sh .git/hooks/post-checkout a b 1 </dev/null &&
		grep "^ours" "$calls" &&
		must_fail 3 watched sh .git/hooks/post-merge 0 </dev/null &&
		grep "^ours" "$calls" &&
		printf "#!/bin/sh\nkill -TERM \$\$\n" \
			>.git/hooks/post-merge.strack-chained &&
		watched sh .git/hooks/post-merge 0 </dev/null
		test $? = 143 && grep "^ours" "$calls" &&
		git strack hooks uninstall && foreign post-checkout 0 &&
		git strack hooks install --chain &&
		FAKE_EXIT=9 && export FAKE_EXIT && watched git checkout -q main
	)
'

test_expect_success 'the hook is found however ours is called' '
	(
		cd fails && watched .git/hooks/post-checkout a b 1 </dev/null &&
		grep "^theirs <a>" "$calls" && cd .git/hooks &&
		watched ./post-checkout a b 1 </dev/null &&
		grep "^theirs <a>" "$calls" &&
		watched sh post-checkout a b 1 </dev/null &&
		grep "^theirs <a>" "$calls" && cd / &&
		watched "$OLDPWD/post-checkout" a b 1 </dev/null &&
		grep "^theirs <a>" "$calls"
	)
'

test_expect_success 'a symbolic link stays one' '
	repo link && (
		cd link && mkdir team && foreign post-merge && mv \
			.git/hooks/post-merge team/merge &&
		ln -s ../../team/merge .git/hooks/post-merge &&
		ln -s nowhere .git/hooks/post-checkout &&
		snapshot >before && cp team/merge was &&
		git strack hooks install --chain >out &&
		test ! -h .git/hooks/post-merge && cmp was team/merge &&
		git branch b && watched git merge -q b &&
		watched sh .git/hooks/post-merge 0 </dev/null &&
		grep "^theirs" "$calls" && grep "^ours" "$calls" &&
		watched git checkout -q b && grep "^ours" "$calls" &&
		git strack hooks uninstall && snapshot >after &&
		test_cmp before after
	)
'

test_expect_success 'one that git passes over is not called, and restored' '
	repo asleep && (
		cd asleep && foreign post-merge 0 640 && snapshot >before &&
		git strack hooks | grep "^foreign  *post-merge .*not executable" &&
		git strack hooks install --chain &&
		watched sh .git/hooks/post-merge 0 </dev/null &&
		grep "^ours" "$calls" && ! grep "^theirs" "$calls" &&
		git strack hooks uninstall && snapshot >after &&
		test_cmp before after
	)
'

test_expect_success 'a program without a line of text, and an odd mode' '
	repo binary && (
		cd binary && cp /bin/true .git/hooks/post-merge &&
		chmod 4711 .git/hooks/post-merge && snapshot >before &&
		git strack hooks install --chain && git strack hooks &&
		sh .git/hooks/post-merge 0 </dev/null 2>/dev/null &&
		git strack hooks uninstall && snapshot >after && cmp before after
	)
'

test_expect_success 'a second --chain changes nothing, an update keeps it' '
	repo again && (
		cd again && foreign post-merge && git strack hooks install --chain &&
		snapshot >before && git strack hooks install --chain &&
		git strack hooks install && snapshot >after &&
		test_cmp before after && chmod -x .git/hooks/post-merge &&
		git strack hooks install && git strack hooks >out &&
		grep "^chained  *post-merge" out &&
		watched sh .git/hooks/post-merge 0 </dev/null &&
		grep "^theirs" "$calls"
	)
'

test_expect_success 'what is aside is never lost' '
	(
		cd again && cp .git/hooks/post-merge.strack-chained was &&
		rm .git/hooks/post-merge && git strack hooks >out &&
		grep "^missing  *post-merge .*not called: .*strack-chained" out &&
		git strack hooks install &&
		git strack hooks | grep "^chained  *post-merge" &&
		rm .git/hooks/post-merge && git strack hooks uninstall &&
		cmp was .git/hooks/post-merge &&
		git strack hooks install --chain && foreign post-merge 1 &&
		cp .git/hooks/post-merge second && git strack hooks >out &&
		grep "^foreign  *post-merge .*not called: .*strack-chained" out &&
		refused 3 "post-merge.strack-chained is there already" \
			git strack hooks install --chain &&
		refused 3 "post-merge: left" git strack hooks uninstall &&
		cmp second .git/hooks/post-merge &&
		cmp was .git/hooks/post-merge.strack-chained
	)
'

test_expect_success 'a chained one that was edited is left with both' '
	repo both && (
		cd both && foreign post-merge && git strack hooks install --chain &&
		echo : >>.git/hooks/post-merge &&
		refused 3 "post-merge: left" git strack hooks uninstall &&
		sed -n "s/^hint:   \(mv .*\)/\1/p" "$refusal" >todo &&
		test -s todo && sh ./todo && git strack hooks uninstall &&
		test ! -e .git/hooks/post-merge.strack-chained &&
		watched sh .git/hooks/post-merge </dev/null && grep theirs "$calls"
	)
'

test_expect_success 'the chained one is gone: ours goes on, and is mended' '
	repo gone && (
		cd gone && foreign post-merge && git strack hooks install --chain &&
		rm .git/hooks/post-merge.strack-chained &&
		watched sh .git/hooks/post-merge 0 </dev/null &&
		grep "^ours" "$calls" &&
		git strack hooks | grep "^outdated  *post-merge" &&
		git strack hooks install && test "$(wc -l <.git/hooks/post-merge)" = 3
	)
'

test_expect_success 'a folder or a device is no hook to chain' '
	repo odd && (
		cd odd && mkdir .git/hooks/post-merge &&
		mkfifo .git/hooks/post-rewrite && git strack hooks >out &&
		test "$(grep -c ^foreign out)" = 2 &&
		refused 3 "neither a file nor a link" \
			git strack hooks install --chain &&
		test -x .git/hooks/post-checkout &&
		test -d .git/hooks/post-merge -a -p .git/hooks/post-rewrite &&
		git strack init >out 2>err && grep ^founded out &&
		grep "warning: hooks: post-merge, post-rewrite" err && audit
	)
'

# ---- stopped at every call that changes something ----

test_expect_success 'set-up of faults' '
	fault=$strack_scratch/fault.so &&
	${CC:-cc} -shared -fPIC -o "$fault" "$strack_t/helper/fault.c" -ldl &&
	repo clean && (cd clean && foreign post-merge 0 751)
'

# faulty <n> <how> <word>...: git strack hooks, killed or failing in w at the
# n-th call.
faulty() {
	n=$1 how=$2
	shift 2
	(
		rm -f "$strack_scratch/count" "$strack_scratch/hit" && cd w &&
		STRACK_FAULT_COUNT=$strack_scratch/count &&
		STRACK_FAULT_LOG=$strack_scratch/hit &&
		export STRACK_FAULT_COUNT STRACK_FAULT_LOG &&
		if [ "$n" != 0 ]; then
			STRACK_FAULT_AT=$n STRACK_FAULT_HOW=$how &&
			export STRACK_FAULT_AT STRACK_FAULT_HOW
		fi && ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
			LD_PRELOAD=$fault git-strack hooks "$@" >../out 2>&1
	)
}

# never_lost: the hook of somebody else is in its place, or called from there,
# and its bytes and mode are somewhere.
never_lost_here() {
	watched sh .git/hooks/post-merge 0 </dev/null &&
		grep -q "^theirs <0>" "$calls"
}

never_lost() (
	cd w && never_lost_here &&
	find .git/hooks -name "post-merge*" -perm 751 -exec \
		cmp -s ../clean/.git/hooks/post-merge {} \; -print | grep -q .
)

# at_every_call <word>...: with w made by `fresh`.
at_every_call() {
	fresh && faulty 0 none "$@" || return 1
	points=$(od -An -tu4 -N4 "$strack_scratch/count" | tr -d " ")
	[ "$points" -ge 6 ] || return 1
	for how in kill EIO; do
		n=0
		while [ $n -lt "$points" ]; do
			# of failures a sample: most are told the same way
			[ $how = kill ] && n=$((n + 1)) || n=$((n + 3))
			fresh || return 1
			faulty "$n" "$how" "$@"
			code=$?
			struck || { echo "no fault at $how $n" >&4; return 1; }
			never_lost || { echo "lost at $how $n" >&4; return 1; }
			mended "$@" && continue
			echo "not mended after $how $n" >&4
			cat out mended >&4
			return 1
		done
	done
}

# struck: there was a fault, and a failure that it caused was told.
struck() {
	[ "$n" -gt "$points" ] && return
	[ -s "$strack_scratch/hit" ] && case $code in
	0 | 137) ;;
	*) grep -q "^git strack: " out ;;
	esac
}

# mended <word>...: what was stopped can be done, and undone.
mended() {
	(
		cd w && git strack hooks "$@" && case $1 in
		install) never_lost_here && git strack hooks uninstall ;;
		esac
	) >mended 2>&1 &&
		cmp w/.git/hooks/post-merge clean/.git/hooks/post-merge &&
		[ "$(stat -c %a w/.git/hooks/post-merge)" = 751 ] &&
		[ "$(find w/.git/hooks -name "post-*[a-z]" |
			grep -vc "sample\$")" = 1 ]
}

fresh() {
	rm -rf w && cp -a clean w
}

test_expect_success 'install --chain never loses a hook' '
	at_every_call install --chain
'

fresh() {
	rm -rf w && cp -a clean w &&
		git -C w strack hooks install --chain >/dev/null
}

test_expect_success 'nor does uninstall' '
	at_every_call uninstall
'

# ---- where nothing is written ----

test_expect_success 'outside of the repository nothing is written' '
	repo outside && mkdir global && (
		cd outside && git config --global core.hooksPath "$HOME/global" &&
		refused 3 "global is outside of this repository" \
			git strack hooks install >out &&
		test -z "$(ls -A ../global)" && for hook in post-merge \
			post-rewrite post-checkout; do
			grep -xF "  $(line_for $hook)" out || return 1
		done && must_fail 3 git strack hooks install --chain &&
		test -z "$(ls -A ../global)" && git strack hooks &&
		git strack hooks uninstall && git strack init >out 2>err &&
		grep ^founded out && grep "warning: .*global is outside" err &&
		grep "hint:   git strack hooks install" err && audit
	)
	code=$?
	git config --global --unset core.hooksPath && return $code
'

test_expect_success 'the way out that it prints' '
	(
		cd outside && git config core.hooksPath "$HOME/nowhere/hooks" &&
		must_fail 3 git strack hooks install >out &&
		sed -n "s/^  \(git .*\)/\1/p" out >todo &&
		test "$(wc -l <todo)" = 2 && sh -e ./todo >out &&
		test "$(grep -c ^installed out)" = 3 &&
		test -x .git/hooks/post-merge && test ! -e ../nowhere
	)
'

test_expect_success 'lines that were added out there are seen' '
	mkdir ours && (
		cd outside && git config core.hooksPath "$HOME/ours" &&
		must_fail 3 git strack hooks install >out 2>err &&
		for hook in post-merge post-rewrite post-checkout; do
			cp "$strack_top/hooks/$hook" ../ours &&
			sed -i 2d ../ours/$hook || return 1
		done && git strack hooks install >out &&
		test "$(grep -c ^added out)" = 3 &&
		must_fail 3 git strack hooks uninstall >/dev/null 2>err ||
			: nothing of ours is out there &&
		test "$(ls ../ours | wc -l)" = 3
	)
'

test_expect_success 'a link does not lead out, nor do dots' '
	mkdir target && repo led && (
		cd led && rm -r .git/hooks && ln -s ../../target .git/hooks &&
		must_fail 3 git strack hooks install >out &&
		git config core.hooksPath a/../../target &&
		must_fail 3 git strack hooks install >out &&
		git config core.hooksPath missing/../../target &&
		must_fail 3 git strack hooks install >out &&
		ln -s ../target there && git config core.hooksPath there/deep &&
		must_fail 3 git strack hooks install >out &&
		ln -s nowhere dangling && git config core.hooksPath dangling &&
		must_fail 3 git strack hooks install >out &&
		git config core.hooksPath /dev/null &&
		must_fail 3 git strack hooks install >out &&
		# only looked at: a wrong program would write to the real /
		git config core.hooksPath "" && git strack hooks >out &&
		grep "^hooks in / " out && grep "outside of this" out &&
		test -z "$(ls -A ../target)" && test ! -e post-merge &&
		mkdir inner && ln -s inner in && git config core.hooksPath in &&
		git strack hooks install && test -x inner/post-merge
	)
'

# ---- tools that keep the hooks ----

# Their layouts as they were generated by husky 9, lefthook 2 and pre-commit 3.

test_expect_success 'husky: its folder is left alone, its own file named' '
	repo husky && (
		cd husky && mkdir -p .husky/_ && cat >.husky/_/h <<-\EOF &&
		#!/usr/bin/env sh
		s=$(dirname "$(dirname "$0")")/$(basename "$0")
		[ ! -f "$s" ] && exit 0
		sh -e "$s" "$@"
		EOF
		for hook in post-merge post-rewrite post-checkout; do
			printf "#!/usr/bin/env sh\n. \"\${0%%/*}/h\"\n" \
				>.husky/_/$hook && chmod +x .husky/_/$hook ||
				return 1
		done && git config core.hooksPath .husky/_ &&
		snapshot .husky/_ >before &&
		refused 3 "husky keeps the hooks" git strack hooks install >out &&
		refused 3 "husky keeps the hooks" \
			git strack hooks install --chain &&
		for hook in post-merge post-rewrite post-checkout; do
			grep -F " .husky/$hook" out &&
			grep -xF "  $(line_for $hook)" out || return 1
		done && snapshot .husky/_ >after && test_cmp before after &&
		test "$(ls -A .husky)" = _ && for hook in post-merge \
			post-rewrite post-checkout; do
			line_for $hook >.husky/$hook || return 1
		done && git strack hooks install >out &&
		test "$(grep -c "^added.* in .husky/post-" out)" = 3 &&
		git checkout -q -b side && git commit -q --allow-empty -m s &&
		watched git checkout -q main && grep "^ours .*<1>" "$calls" &&
		watched git merge -q side && grep "<post-merge>" "$calls" &&
		git strack init && audit
	)
'

test_expect_success 'husky 8, whose folder is .husky itself' '
	repo husky8 && (
		cd husky8 && mkdir .husky && git config core.hooksPath .husky &&
		must_fail 3 git strack hooks install --chain >out &&
		test -z "$(ls -A .husky)" &&
		grep -xF "Make .husky/post-merge, executable, of these lines:" \
			out && printf "%s\n" "#!/bin/sh" \
			"$(line_for post-merge)" >.husky/post-merge &&
		git strack hooks | grep "^foreign  *post-merge" &&
		git strack hooks | grep "^  chmod +x .husky/post-merge" &&
		chmod +x .husky/post-merge &&
		git strack hooks | grep "^added  *post-merge"
	)
'

test_expect_success 'lefthook: its snippet is printed, nothing written' '
	for config in lefthook.yml .lefthook.yaml lefthook.toml \
		.config/lefthook.yml; do
		rm -rf lefthook && repo lefthook && (
			cd lefthook && mkdir -p .config && echo >$config &&
			snapshot >before && must_fail 3 git strack hooks \
				install >out 2>err &&
			grep "lefthook keeps the hooks" err &&
			grep "Add this to $config" out &&
			snapshot >after && test_cmp before after &&
			sed -n "/^post-merge:/,/^\$/p" out | sed "\$d" >snippet &&
			cmp snippet "$strack_top/hooks/lefthook.yml" &&
			cat snippet >>$config && git strack hooks install >out &&
			test "$(grep -c "^added .*in $config" out)" = 3
		) || return 1
	done
'

test_expect_success 'lefthook: known by a hook that it generated' '
	repo lefthook2 && (
		cd lefthook2 && printf "%s\n" "#!/bin/sh" "call_lefthook()" "{" \
			":" "}" "call_lefthook run \"post-merge\" \"\$@\"" \
			>.git/hooks/post-merge && chmod +x .git/hooks/post-merge &&
		snapshot >before &&
		refused 3 "lefthook keeps the hooks" git strack hooks install &&
		git strack init --no-hooks >/dev/null &&
		git strack init 2>err >/dev/null &&
		grep "warning: .*lefthook keeps" err &&
		snapshot >after && test_cmp before after
	)
'

test_expect_success 'pre-commit: its snippet is printed, nothing written' '
	repo precommit && (
		cd precommit && echo "repos:" >.pre-commit-config.yaml &&
		snapshot >before &&
		refused 3 "pre-commit keeps the hooks" \
			git strack hooks install >out &&
		grep "Add this to .repos:. in .pre-commit-config.yaml" out &&
		grep -x "  pre-commit install -t post-merge -t post-rewrite -t \
post-checkout" out && snapshot >after && test_cmp before after &&
		cat "$strack_top/hooks/pre-commit.yaml" \
			>>.pre-commit-config.yaml &&
		git strack hooks install >out &&
		test "$(grep -c "^added .*in .pre-commit-config.yaml" out)" = 3
	)
'

test_expect_success PYTHON3 'the snippets are YAML, and sh' '
	python3 -c "import yaml" || { echo "no yaml here" >&4; return 0; }
	cd precommit && python3 - >commands <<-\EOF &&
	import shlex, yaml
	top = yaml.safe_load(open(".pre-commit-config.yaml"))
	for hook in top["repos"][0]["hooks"]:
	    words = shlex.split(hook["entry"])
	    assert words[:2] == ["sh", "-c"] and len(words) == 3, words
	    print(words[2])
	EOF
	sh -n commands && test "$(grep -c "^if " commands)" = 3
'

test_expect_success 'pre-commit: known by a hook, and --chain for who insists' '
	repo precommit2 && (
		cd precommit2 && printf "%s\n" "#!/usr/bin/env bash" \
			"# File generated by pre-commit: https://pre-commit.com" \
			>.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit &&
		must_fail 3 git strack hooks install >out &&
		grep "pre-commit keeps the hooks" out &&
		test ! -e .git/hooks/post-merge &&
		git strack hooks install --chain &&
		test "$(git strack hooks | grep -c ^installed)" = 3
	)
'

test_expect_success 'names from outside are shown, not obeyed' '
	repo nasty && (
		cd nasty && bad=$(printf "a\033[31mb c") && mkdir "$bad" &&
		git config core.hooksPath "$bad" && echo x >"$bad/post-merge" &&
		must_fail 3 git strack hooks install >out 2>err &&
		! LC_ALL=C grep "$(printf "\033")" out err &&
		grep -F "a\\e[31mb c/post-merge" out &&
		test -x "$bad/post-checkout"
	)
'

# Stopped when ours is written and not yet in place.
test_expect_success 'one that a tool replaces meanwhile is not lost' '
	${CC:-cc} -shared -fPIC -o "$strack_scratch/kill-at.so" \
		"$strack_t/helper/kill-at.c" -ldl &&
	repo meanwhile && cd meanwhile && foreign post-merge && {
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		KILL_AT=before:fsync:/hooks/.tmp-strack KILL_SIGNAL=STOP \
		LD_PRELOAD=$strack_scratch/kill-at.so \
			git-strack hooks install --chain >out 2>err &
		pid=$!
	} && wait_for "grep \"^State:.T\" /proc/$pid/status" &&
	echo "echo the newer one" >new && chmod +x new &&
	mv new .git/hooks/post-merge && kill -CONT $pid &&
	{ wait $pid; test $? = 128; } &&
	grep "post-merge: somebody changed it meanwhile" err &&
	grep "git strack hooks install" err &&
	grep "the newer one" .git/hooks/post-merge && cd ..
'

test_done
