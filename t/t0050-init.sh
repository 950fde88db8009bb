#!/bin/sh
test_description='init: the ledger, the key, and what the team file says'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# mode_of <path>: in octal.
mode_of() {
	stat -c %a "$1"
}

# admission: the line that init printed for a root, from standard input.
admission() {
	sed -n 's/^  \(git strack trust add .*\)/\1/p'
}

test_expect_success 'what is needed first is said' '
	mkdir none && must_fail 128 git -C none strack init 2>err &&
	grep "not a git repository" err &&
	repo usage && must_fail 129 git -C usage strack init now 2>err &&
	must_fail 129 git -C usage strack init --no-such &&
	! git -C usage rev-parse -q --verify strack-ledger &&
	test ! -e usage/.git/strack
'

test_expect_success 'founds a ledger of one commit' '
	repo r && (
		cd r && git strack init >out &&
		grep "^founded" out && grep "^branch *strack-ledger$" out &&
		test "$(git rev-list --count strack-ledger)" = 1 &&
		git ls-tree -r --name-only strack-ledger >paths &&
		test "$(wc -l <paths)" = 3 && grep -x README.md paths &&
		git cat-file blob strack-ledger:.strack/ledger >meta &&
		head -n 1 meta | grep -x "strack-ledger 1" &&
		id=$(sed -n "s/^id //p" meta) &&
		grep "^founded *$id\$" out &&
		git cat-file blob "strack-ledger:$(entries)" >e &&
		test "$(field roles <e)" = root && test "$(field seq <e)" = 1 &&
		test "$(field principal <e)" = author@example.com &&
		test "$(field ledger <e)" = "$id" &&
		test "$(git branch --show-current)" = main && audit
	)
'

test_expect_success 'and says so in .strack.ini' '
	(
		cd r && printf "[ledger]\nid = %s\nroot = %s\n" \
			"$(git cat-file blob strack-ledger:.strack/ledger |
				sed -n "s/^id //p")" \
			"$(git cat-file blob "strack-ledger:$(entries)" |
				field signer)" >want &&
		test_cmp want .strack.ini && grep "^written" out
	)
'

test_expect_success 'is safe to repeat' '
	(
		cd r && before=$(git rev-parse strack-ledger) &&
		cp -a .git/strack/id_ed25519 key && cp .strack.ini ini &&
		clone=$(git config strack.clone) &&
		git strack init >out && ! grep founded out &&
		! grep written out && git strack init >again &&
		test_cmp out again &&
		test "$(git rev-parse strack-ledger)" = "$before" &&
		cmp key .git/strack/id_ed25519 && cmp ini .strack.ini &&
		test "$(git config strack.clone)" = "$clone"
	)
'

test_expect_success 'many at once found one ledger' '
	repo many && (
		cd many && pids= &&
		for i in 1 2 3 4 5 6; do
			git strack init >out.$i 2>&1 & pids="$pids $!"
		done &&
		for pid in $pids; do wait $pid || test $? -lt 129; done &&
		git strack init >out && grep "^ledger" out &&
		test "$(git rev-list --max-parents=0 strack-ledger |
			wc -l)" = 1 &&
		ssh-keygen -y -f .git/strack/id_ed25519 >pub &&
		test "$(cut -d " " -f 2 <pub)" = \
			"$(cut -d " " -f 2 <.git/strack/id_ed25519.pub)" &&
		git strack verify && audit
	)
'

test_expect_success 'the rest of .strack.ini is kept byte for byte' '
	repo ini && (
		cd ini &&
		printf "; ours\r\n[scripts]\r\npath = scripts\r\n  \r\n" >ini &&
		cp ini .strack.ini && chmod 664 .strack.ini &&
		git strack init &&
		head -c "$(wc -c <ini)" .strack.ini | cmp - ini &&
		tail -c "+$(($(wc -c <ini) + 1))" .strack.ini >new &&
		test "$(tr -d "\r" <new | sed -n 2p)" = "[ledger]" &&
		test "$(grep -c . new)" = "$(grep -c "$(printf "\r")\$" new)" &&
		test "$(mode_of .strack.ini)" = 664 &&
		cp .strack.ini ini && git strack init && cmp ini .strack.ini
	)
'

test_expect_success 'a file without an end of line gets one' '
	repo eol && (
		cd eol && printf "[scripts]\npath = jobs" >.strack.ini &&
		git strack init &&
		head -n 2 .strack.ini >have &&
		printf "[scripts]\npath = jobs\n" >want &&
		test_cmp want have && git strack status
	)
'

test_expect_success 'a bad .strack.ini is left alone, and nothing founded' '
	repo bad && (
		cd bad && echo "[scripst]" >.strack.ini && cp .strack.ini was &&
		must_fail 128 git strack init 2>err &&
		grep "strack.ini.*line 1\|strack.ini:1" err &&
		cmp was .strack.ini &&
		! git rev-parse -q --verify strack-ledger
	)
'

test_expect_success 'every clone checks what the file says' '
	git -C r add .strack.ini && git -C r commit -q -m ini &&
	git clone -q r checked && (
		cd checked && git fetch -q origin strack-ledger:strack-ledger &&
		git strack status && git strack verify &&
		sed -i "s/^id = ..../id = 0000/" .strack.ini &&
		for command in status verify run init trust; do
			must_fail 128 git strack $command 2>err || return 1
			grep "strack.ini says 0000" err || return 1
		done &&
		git checkout -q .strack.ini &&
		sed -i "s/^root = .*/root = SHA256:$(printf %043d 0)/" \
			.strack.ini &&
		must_fail 128 git strack status 2>err &&
		grep "founded by .*strack.ini says root" err &&
		git checkout -q .strack.ini && git strack status
	)
'

test_expect_success 'another ledger under the same name is refused' '
	repo other && git -C other strack init &&
	git -C checked fetch -q ../other \
		+strack-ledger:refs/heads/strack-ledger && (
		cd checked && must_fail 128 git strack status 2>err &&
		grep "rewound or replaced\|another ledger" err &&
		must_fail 128 git strack init &&
		git fetch -q origin +strack-ledger:strack-ledger &&
		git strack status
	)
'

test_expect_success 'a branch that is no ledger is left alone' '
	repo taken && (
		cd taken && git branch strack-ledger &&
		was=$(git rev-parse strack-ledger) &&
		must_fail 128 git strack init 2>err &&
		grep "not a git-strack ledger" err && grep "branch -m" err &&
		test "$(git rev-parse strack-ledger)" = "$was" &&
		git branch -m strack-ledger mine && git strack init
	)
'

# ---- remotes ----

# tip <repository>: of its ledger.
tip() { git -C "$1" rev-parse -q --verify strack-ledger; }

test_expect_success 'a remote without a ledger gets the one that is founded' '
	git init -q --bare empty.git && repo first && (
		cd first && git remote add origin ../empty.git &&
		git push -q origin main && git strack init >out &&
		grep "^founded" out && grep "^remote *origin" out &&
		grep "roles root" out && test "$(tip .)" = "$(tip ../empty.git)" &&
		test "$(git config strack.remote)" = origin &&
		git add .strack.ini && git commit -q -m ini &&
		git push -q origin main &&
		git strack init >out && ! grep "roles root" out && audit
	)
'

test_expect_success 'any command brings the ledger to a new clone' '
	for command in status log verify "trust list" "create a b" "mark --baseline -m x"; do
		rm -rf new && git clone -q empty.git new && (
			cd new && git strack $command >../said 2>../err
			test $? -lt 128 && grep "came from the remote .origin" ../err &&
			test "$(tip .)" = "$(tip ../empty.git)" &&
			test "$(git config strack.remote)" = origin &&
			git log --oneline strack-ledger >/dev/null
		) || return 1
	done
'

test_expect_success 'it is joined, not founded anew' '
	git clone -q empty.git second && (
		cd second && git strack init >out 2>&1 && ! grep founded out &&
		admission <out >line && test -s line &&
		test "$(tip .)" = "$(tip ../empty.git)" &&
		test -z "$(git status --porcelain .strack.ini)" &&
		script "scripts/${day}000101_a.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>ran
		EOF
		for env in local production; do
			must_fail 3 git strack run --env $env --allow-dirty \
				2>err && grep "is not trusted" err || return 1
		done && test ! -e ran && git strack status && git strack verify
	)
'

test_expect_success 'the printed line makes the clone able to run' '
	(cd first && sh -e ../second/line) && (
		cd second && git strack sync && git strack init >out &&
		test -z "$(admission <out)" &&
		git strack run && test "$(cat ran)" = ran && audit &&
		(LEDGER=refs/strack/local && audit)
	)
'

test_expect_success 'a clone that may not push is told so, and joins all the same' '
	(
		cd second && git config remote.origin.receivepack false &&
		git strack init >out 2>err && grep "^remote *origin" out &&
		grep "warning: the remote .origin. did not take it" err &&
		grep "nothing can be run from here in a shared environment" err &&
		git config --unset remote.origin.receivepack &&
		git strack init 2>err && test ! -s err
	)
'

test_expect_success 'any remote may have it' '
	git init -q --bare none.git && repo several && (
		cd several && git remote add aaa ../none.git &&
		git remote add zzz ../empty.git && cp ../first/.strack.ini . &&
		git strack init >out && grep "^remote *zzz" out &&
		test "$(git config strack.remote)" = zzz
	)
'

test_expect_success 'one that does not answer may be the one: which is said' '
	repo unsure && (
		cd unsure && cp ../first/.strack.ini . &&
		echo "#!/bin/sh" | script "scripts/${day}000101_a.sh" &&
		git add . && git commit -q -m ini && git remote add origin ../empty.git &&
		git remote add upstream ../no-such.git &&
		must_fail 3 git strack init 2>err && grep "no-such" err &&
		grep "git strack init --remote <name>" err && ! tip . &&
		must_fail 3 git strack run --env production 2>err &&
		grep "upstream" err && ! tip . &&
		git strack init --remote origin && tip .
	)
'

test_expect_success 'several remotes and no ledger: which one is said' '
	git init -q --bare none2.git && repo two && (
		cd two && git remote add aaa ../none.git &&
		git remote add bbb ../none2.git &&
		must_fail 3 git strack init 2>err &&
		grep "git strack init --remote bbb" err &&
		grep "git strack init --no-remote" err &&
		! tip . && git strack init --remote bbb >out &&
		test "$(tip .)" = "$(tip ../none2.git)" && ! tip ../none.git &&
		must_fail 128 git strack init --remote ccc 2>err &&
		grep "no remote ccc" err && grep "  aaa" err &&
		must_fail 129 git strack init --remote bbb --no-remote
	)
'

test_expect_success 'a remote for the ledger alone' '
	git init -q --bare code.git && git init -q --bare ledger.git && repo apart && (
		cd apart && git remote add origin ../code.git &&
		git remote add ledger ../ledger.git &&
		git strack init --remote ledger && git push -q origin main &&
		test "$(tip .)" = "$(tip ../ledger.git)" && ! tip ../code.git
	)
'

test_expect_success 'by itself though there are remotes' '
	repo alone && (
		cd alone && git remote add origin ../none.git &&
		git strack init --no-remote >out && grep "^founded" out &&
		! tip ../none.git && git strack init && ! tip ../none.git &&
		must_fail 3 git strack sync 2>err && grep "alone" err &&
		git strack init --remote origin &&
		test "$(tip .)" = "$(tip ../none.git)" && audit
	)
'

test_expect_success 'where nobody may push nothing is founded' '
	git init -q --bare ro.git && write deny <<-\EOF &&
	#!/bin/sh
	echo "the board has to agree" >&2
	exit 1
	EOF
	mv deny ro.git/hooks/pre-receive && repo denied && (
		cd denied && git remote add origin "ext::false %S ro" &&
		must_fail 3 git strack init 2>err && ! tip . &&
		git remote set-url origin ../ro.git &&
		must_fail 3 git strack init 2>err && grep "board has to agree" err
	)
'

test_expect_success 'a remote that cannot be asked stops it' '
	repo gone && (
		cd gone && git remote add origin ../no-such.git &&
		must_fail 3 git strack init 2>err </dev/null &&
		grep "can.t be asked" err && grep "no-such" err &&
		! tip . && git remote remove origin && git strack init
	)
'

test_expect_success 'what a remote says reaches no terminal raw' '
	write evil <<-\EOF &&
	#!/bin/sh
	printf "\033]0;owned\007oops\n" >&2
	exit 1
	EOF
	mv evil "$strack_scratch" && repo evilr && (
		cd evilr &&
		git remote add origin "ext::$strack_scratch/evil" &&
		git config protocol.ext.allow always &&
		must_fail 3 git strack init 2>err &&
		! grep "$(printf "\033")" err && grep oops err
	)
'

# ---- places ----

test_expect_success 'no commit yet' '
	git init -q unborn && (
		cd unborn && git strack init >out && grep ^founded out &&
		test -e .strack.ini && git strack init && git strack status &&
		git strack verify && audit
	)
'

test_expect_success 'a bare repository' '
	git init -q --bare bare.git && (
		cd bare.git && git strack init >out && grep ^founded out &&
		! grep written out && test ! -e .strack.ini &&
		git strack init && git strack verify && git strack trust &&
		audit
	)
'

test_expect_success 'a linked work tree shares key and ledger' '
	repo main && (
		cd main && git worktree add -q ../linked && cd ../linked &&
		git strack init >out && grep ^founded out &&
		test -e ../main/.git/strack/id_ed25519 &&
		test -e .strack.ini && cd ../main && git strack init >out &&
		grep ^ledger out && audit
	)
'

test_expect_success 'a sub-folder, and git -C' '
	repo sub && mkdir sub/deep && (
		cd sub/deep && git remote add origin ../none.git &&
		git strack init && test -e ../.strack.ini
	) && git -C sub/deep strack init
'

test_expect_success 'GIT_DIR and GIT_WORK_TREE' '
	repo env && mkdir elsewhere && (
		cd elsewhere && GIT_DIR=$PWD/../env/.git \
			GIT_WORK_TREE=$PWD/../env git strack init &&
		test -e ../env/.strack.ini && test -z "$(ls -A)"
	)
'

# ---- modes ----

test_expect_success 'state is for its owner, whatever the umask' '
	for mask in 000 022 077 0177 0777; do
		repo "umask$mask" && (
			cd "umask$mask" && umask $mask && git strack init
		) && (
			cd "umask$mask/.git/strack" &&
			test -z "$(find . -type d ! -perm 700)" &&
			test -z "$(find . -type f ! -perm 600)" &&
			test -e id_ed25519.pub
		) || return 1
	done
'

test_expect_success 'group access as core.sharedRepository says' '
	git init -q --shared=group shared && (
		cd shared && git strack init && cd .git/strack &&
		test -z "$(find . -type d ! -perm -770)" &&
		test "$(mode_of id_ed25519)" = 600
	)
'

test_expect_success 'links are refused' '
	repo link && mkdir target && (
		cd link && ln -s ../../target .git/strack &&
		must_fail 128 git strack init 2>err &&
		grep "strack: is a symbolic link" err &&
		test -z "$(ls -A ../target)" &&
		! git rev-parse -q --verify strack-ledger &&
		rm .git/strack && git strack init &&
		rmdir .git/strack/journal &&
		ln -s ../../../target .git/strack/journal &&
		must_fail 128 git strack init 2>err &&
		grep "journal: is a symbolic link" err
	)
'

test_expect_success ROOT,SETPRIV 'a state folder of somebody else is refused' '
	repo foreign && chown -R 65534:65534 foreign &&
	mkdir foreign/.git/strack && chmod 777 foreign/.git/strack &&
	chmod 755 . .. && (
		cd foreign && must_fail 128 setpriv --reuid=65534 \
			--regid=65534 --clear-groups \
			git strack init 2>err && grep "belongs to" err
	)
'

test_done
