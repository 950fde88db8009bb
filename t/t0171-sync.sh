#!/bin/sh
test_description='one ledger in several clones: exchange, claims, and what a remote may do'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-kill.sh"
. "$strack_t/lib-remote.sh"

test_expect_success 'set-up' '
	team ada ben && witnesses 2 ada ben && cd ada && test_have_prereq KILLER
'

prod() { git strack run --env production "$@"; }
ben() { in_clone ../ben "$@"; }
origin() { git -C ../team.git "$@"; }
once_there() { (cd .. && once "$1"); }
local_tip() { git rev-parse -q --verify refs/strack/local; }

# synced: both clones and the remote are at one tip, and nothing is left to do.
synced() {
	git strack sync -q && ben git strack sync -q &&
	test "$(tip .)" = "$(tip ../team.git)" &&
	test "$(tip ../ben)" = "$(tip .)" &&
	test -z "$(find .git/strack/journal ../ben/.git/strack/journal \
		-type f)"
}

# ---- what is shared ----

test_expect_success 'what runs in a shared environment runs once' '
	prod s10 >out && grep "done .*0110_s" out && once_there 10
'

test_expect_success 'the other clone sees it, and runs the rest' '
	once_there 10 && ben git strack run --env production >out &&
	! grep "0110_s" out && grep "done .*0111_s" out &&
	once_there 10 && once_there 11 && prod >out &&
	grep "nothing is pending" out && once_there 11 && synced
'

test_expect_success 'local is each clone of its own, and goes nowhere' '
	was=$(tip ../team.git) && rm ../ran.10 && git strack run s10 &&
	once_there 10 && git strack status --porcelain >out &&
	grep "^done.local.*0110_s" out &&
	ben git strack status --porcelain >out && grep "^pending.local.*0110_s" out &&
	test "$(tip .)" = "$was" && test "$(tip ../team.git)" = "$was" &&
	test -n "$(local_tip)" && ! origin rev-parse -q --verify refs/strack/local &&
	git strack log --oneline >out && grep "done: .*0110_s.*local" out &&
	run=$(git strack status --json s10 | jq -r ".scripts[0].run") &&
	git strack show "$run" >out && grep -i "local" out &&
	(LEDGER=refs/strack/local && audit_ledger)
'

test_expect_success 'and holds what the branch gets meanwhile' '
	git strack mark --env production -m "by hand" --again 10 2>/dev/null ||
	git strack reset --env production -m "once more" s10 &&
	git strack run s11 && git merge-base --is-ancestor strack-ledger \
		refs/strack/local && (LEDGER=refs/strack/local && audit_ledger) &&
	git strack verify && git strack mark --env production -m "done" s10
'

test_expect_success 'sync says what went and came' '
	git strack sync -q && git strack sync >out &&
	grep "^origin and this clone are at" out &&
	ben git strack sync >out && grep "^received 2 commits; origin" out &&
	git strack sync --json >out && jq -e ".remote == \"origin\" and
		.received == 0 and .sent == 0 and (.merged | not)" out &&
	must_fail 129 git strack sync x && synced
'

# ---- claims ----

# started: waits until ../started is there.
started() {
	for _ in $(seq 400); do
		[ -e ../started ] && return
		sleep 0.05
	done
	return 1
}

test_expect_success 'a claim of another clone: who, where, since when, and the rest goes on' '
	(
		cd ../root && write "scripts/${day}0120_slow.sh" <<-\EOF &&
		#!/bin/sh
		touch "$STRACK_TOP/../started"
		while [ ! -e "$STRACK_TOP/../go" ]; do sleep 0.05; done
		echo ran >>"$STRACK_TOP/../ran.20"
		EOF
		witness 21 && git add . && git commit -q -m slow && git push -q origin main
	) && git pull -q && ben git pull -q && {
		ben git strack run --env production slow >../said.ben 2>&1 &
	} && pid=$! && started && must_fail 3 prod >out 2>err &&
	grep "0120_slow.sh .*running since it was claimed by .* on .* at 2" out &&
	grep "0120_slow.sh was not run: running" err &&
	grep "git strack run --env production --wait" err &&
	once_there 21 && grep "1 done, 1 not run" out &&
	git strack status --env production >out && grep "running .*0120_slow" out
'

test_expect_success 'who waits goes on when it is over, and all is well' '
	{ prod --wait >../said.ada 2>&1 & } && waiting=$! &&
	sleep 1 && touch ../go && wait $waiting && wait $pid &&
	once_there 20 && synced
'

test_expect_success 'overdue: the runner died elsewhere; what decides it is said' '
	(
		cd ../root && sed "s/.*started.*//" ../ada/scripts/*20_slow.sh |
			sed "2i# strack: timeout 1s" |
			script "scripts/${day}0122_dies.sh" &&
		git push -q origin main
	) && git pull -q && ben git pull -q && (
		cd ../ben && killed_at \
			after:rename:/ben/.git/refs/heads/strack-ledger \
			git-strack run --env production dies && test ! -e ../ran.22
	) &&
	rm -rf ../ben.gone && mv ../ben ../ben.gone && cp -r ../ada ../ben &&
	sleep 1 && git strack sync -q &&
	git strack status --env production >out && grep "overdue .*0122_dies" out &&
	must_fail 3 prod --wait 2>err &&
	grep "git strack resolve --env production --failed -m <why>" err &&
	git strack resolve --env production --failed -m "it is gone" dies 2>err ||
	grep "approve" err
'

# ---- without the remote ----

test_expect_success 'a remote that is away: nothing runs, and what to do is said' '
	rm -rf ../ben && mv ../ben.gone ../ben && (
		cd ../root && git strack sync -q &&
		git strack resolve --env production --done -m "by hand" dies &&
		witness 30 && witness 31 && git add . && git commit -q -m more &&
		git push -q origin main
	) && git pull -q && ben git pull -q && git strack sync -q &&
	ben git strack sync -q && mv ../team.git ../away.git &&
	must_fail 3 prod 2>err && grep "origin.* can.t be" err &&
	grep "git strack run --env production --offline" err &&
	test ! -e ../ran.30 && git strack status --env production >out &&
	grep "pending .*0130" out && must_fail 3 git strack sync
'

test_expect_success 'everything else is recorded here, and said to be unsent' '
	git strack mark --env production -m "by hand" s31 2>err &&
	grep "warning: the remote .origin. can.t be" err &&
	grep "1 commit of the ledger is not sent" err && grep "git strack sync" err &&
	git strack status --env production >out 2>err &&
	grep "marked .*0131" out && grep "1 commit .*not sent" err &&
	git strack status --json | jq -e ".unsent == 1 and .remote == \"origin\"" &&
	test "$(find .git/strack/journal -type f | wc -l)" = 1
'

test_expect_success '--offline runs it, and the claim says so' '
	prod --offline >out 2>err && grep "done .*0130" out && once_there 30 &&
	grep "3 commits of the ledger are not sent" err &&
	test "$(entry "scripts/${day}0130_s30.sh" claim | field unclaimed)" = yes
'

test_expect_success 'it is sent when the remote is back' '
	mv ../away.git ../team.git && git strack sync >out &&
	grep "^sent 3 commits; origin" out &&
	git strack status --json | jq -e ".unsent == 0" && synced &&
	ben git strack status --env production >out && grep "done .*0130" out
'

test_expect_success 'two that differ become one, in a commit that adds nothing' '
	mv ../team.git ../away.git && git strack reset --env production -m a s31 &&
	ben git strack reset --env production -m b s11 &&
	mv ../away.git ../team.git && git strack sync -q &&
	ben git strack sync >out && grep "received 1 commit, sent 2 commits (merged)" out &&
	synced && test "$(git log -1 --format=%s strack-ledger)" = merge &&
	test "$(git rev-list --merges strack-ledger | wc -l)" = 1 &&
	ben git strack run --env production s31 && prod s11 && synced &&
	git strack verify && audit
'

test_expect_success 'both ran it without the remote: that is a conflict, and shown' '
	(
		cd ../root && witness 40 && git add . && git commit -q -m 40 &&
		git push -q origin main
	) && git pull -q && ben git pull -q && mv ../team.git ../away.git &&
	prod --offline s40 && ben git strack run --env production --offline s40 &&
	test "$(wc -l <../ran.40)" = 2 && mv ../away.git ../team.git &&
	git strack sync -q && ben git strack sync -q && synced &&
	git strack status --env production >out && grep "done conflict .*0140_s40.sh" out &&
	git strack mark --env production -m "twice, no harm" s40 &&
	git strack verify && audit && synced
'

test_expect_success '--offline in a clone that knows no remote yet says so, too' '
	(
		cd ../root && witness 41 && git add . && git commit -q -m 41 &&
		git push -q origin main
	) && git pull -q && git config --unset strack.remote &&
	prod --offline s41 && test -z "$(git config strack.remote)" &&
	test "$(entry "scripts/${day}0141_s41.sh" claim | field unclaimed)" = yes &&
	prod s41 && once_there 41 && git config strack.remote origin && synced
'

test_expect_success 'killed when the remote had its claim, and the branch here not yet' '
	(
		cd ../root && witness 42 && git add . && git commit -q -m 42 &&
		git push -q origin main
	) && git pull -q && was=$(tip .) &&
	killed_at before:rename:/ada/.git/refs/heads/strack-ledger \
		git-strack run --env production s42 &&
	test "$(tip .)" = "$was" && test "$(tip ../team.git)" != "$was" &&
	test ! -e ../ran.42 && git strack cleanup &&
	must_fail 3 prod 2>err && grep "lost: .*0142_s42" err &&
	git strack resolve --env production --pending -m "it never began" s42 &&
	prod && once_there 42 && synced
'

test_expect_success 'withdrawn by who had not seen what came after: not run again' '
	(
		cd ../root && write "scripts/${day}0143_s43.sh" <<-\EOF &&
		#!/bin/sh
		echo ran >>"$STRACK_TOP/../ran.43" && test -e "$STRACK_TOP/../ok"
		EOF
		git add . && git commit -q -m 43 && git push -q origin main
	) && git pull -q && ben git pull -q && must_fail 1 prod s43 &&
	ben git strack sync -q && mv ../team.git ../away.git &&
	for i in 10 11 21; do git strack mark --env staging -m x s$i || return 1; done &&
	git strack reset --env production -m "try again" s43 &&
	mv ../away.git ../team.git && touch ../ok &&
	ben git strack run --env production --retry s43 && synced &&
	must_fail 3 prod s43 && ben must_fail 3 git strack run --env production s43 &&
	test "$(wc -l <../ran.43)" = 2 &&
	git strack status --env production s43 >out && grep "conflict" out &&
	git strack mark --env production -m "ran twice, as it should" s43 &&
	git strack verify && synced
'

# ---- what a remote may do ----

test_expect_success 'it says that it took a claim, and puts its branch back: nothing runs' '
	(
		cd ../root && witness 44 && git add . && git commit -q -m 44 &&
		git push -q origin main
	) && git pull -q && write ../team.git/hooks/post-receive <<-\EOF &&
	#!/bin/sh
	while read -r old new ref; do git update-ref "$ref" "$old"; done
	EOF
	must_fail 3 prod s44 2>err && grep "said that it took it" err &&
	test ! -e ../ran.44 && rm ../team.git/hooks/post-receive &&
	prod s44 && once_there 44 && synced
'

test_expect_success 'it was rewound: refused, and put back by the line that is printed' '
	was=$(tip ../team.git) && origin update-ref refs/heads/strack-ledger "$was~2" &&
	must_fail 128 git strack sync 2>err && grep "rewound" err &&
	must_fail 128 prod 2>/dev/null && test "$(tip .)" = "$was" &&
	grep "^hint:   git push origin" err | sed "s/^hint: *//" >line &&
	sh -e ./line 2>/dev/null && synced && test "$(tip .)" = "$was"
'

test_expect_success 'its branch is gone: the same' '
	origin branch -q -D strack-ledger && must_fail 128 git strack sync 2>err &&
	grep "is gone" err && grep "^hint:   git push origin" err |
		sed "s/^hint: *//" >line && sh -e ./line 2>/dev/null && synced
'

test_expect_success 'it has another ledger: a clear refusal, with both ways out' '
	repo ../eve && (cd ../eve && git strack init --no-hooks) &&
	mv ../team.git ../away.git && git init -q --bare ../team.git &&
	git -C ../eve push -q ../team.git strack-ledger main &&
	must_fail 128 prod 2>err && grep "has the ledger .* another one" err &&
	grep "git strack init --no-remote" err &&
	cp -r ../ben ../joiner && (
		cd ../joiner && must_fail 128 git strack sync 2>err &&
		sed -n "s/^hint:   \(git [a-z-]* .*\)/\1/p" err |
			grep -v -e "^git log" -e mark -e "init --" >lines &&
		git rm -q .strack.ini && git commit -q -m theirs && sh -e ./lines &&
		test "$(tip .)" = "$(tip ../team.git)" &&
		git rev-parse -q --verify strack-ledger-before && git strack verify
	) && rm -rf ../team.git ../joiner && mv ../away.git ../team.git && synced
'

test_expect_success 'what it has is no ledger, or not sound: not taken' '
	cp -r .. "$strack_scratch/copy" && cd "$strack_scratch/copy/ada" &&
	was=$(tip .) && forged=$(git -C ../team.git commit-tree -p "$was" -m "done: x (production)" \
		"$was^{tree}") && origin update-ref refs/heads/strack-ledger "$forged" &&
	must_fail 128 git strack sync 2>err && grep "unsigned commit" err &&
	grep "what the remote .origin. has is not taken" err &&
	grep "git strack trust disown $forged" err && test "$(tip .)" = "$was" &&
	must_fail 128 prod && git strack status >/dev/null
'

test_expect_success 'a root disowns it there, and all go on' '
	(
		cd ../root && git pull -q && git strack trust disown "$forged" \
			-m "nobody signed it" && git strack verify &&
		test "$(tip .)" = "$(tip ../team.git)"
	) && synced && git strack verify && cd "$SHARNESS_TRASH_DIRECTORY/ada"
'

# brought <n>: how many commits bring an outcome of that script.
brought() {
	git log --full-history --format= --name-only --diff-filter=A \
		strack-ledger -- \
		"scripts/${day}01$1_s$1.sh" | grep -c "\.done\.[0-9a-f]*$"
}

test_expect_success 'the answer to the push of an outcome is lost: it is brought once' '
	(
		cd ../root && witness 45 && git add . && git commit -q -m 45 &&
		git push -q origin main
	) && git pull -q && write ../receive <<-\EOF && write ../upload <<-\EOT &&
	#!/bin/sh
	git-receive-pack "$@"
	test -e "$(dirname "$0")/ran.45" || exit 0
	touch "$(dirname "$0")/gone" && sleep 1.1 && exit 1
	EOF
	#!/bin/sh
	test ! -e "$(dirname "$0")/gone" && exec git-upload-pack "$@"
	EOT
	ln -s "$PWD/.." "$strack_scratch/top" &&
	git config remote.origin.receivepack "$strack_scratch/top/receive" &&
	git config remote.origin.uploadpack "$strack_scratch/top/upload" &&
	prod s45 2>err && grep "not sent" err && rm ../gone &&
	git config --unset remote.origin.receivepack &&
	git config --unset remote.origin.uploadpack && synced &&
	test "$(brought 45)" = 1
'

test_expect_success 'killed between the push of an outcome and the branch here: the same' '
	(
		cd ../root && witness 46 && git add . && git commit -q -m 46 &&
		git push -q origin main
	) && git pull -q && was=$(git rev-list --count --merges strack-ledger) &&
	killed_at before:rename:/ada/.git/refs/heads/strack-ledger:2 \
		git-strack run --env production s46 &&
	test -n "$(find .git/strack/journal -type f)" && sleep 1.1 &&
	git strack cleanup && synced && test "$(brought 46)" = 1 &&
	test "$(git rev-list --count --merges strack-ledger)" = "$was" &&
	git strack status --env production >out && grep "done .*0146_s46" out
'

test_expect_success 'the branch here cannot be moved to a claim: it is lost, not running' '
	(
		cd ../root && witness 47 && git add . && git commit -q -m 47 &&
		git push -q origin main
	) && git pull -q && touch .git/refs/heads/strack-ledger.lock &&
	must_fail 128 prod s47 2>err && grep "strack-ledger.lock" err &&
	test ! -e ../ran.47 && rm -f .git/refs/heads/strack-ledger.lock &&
	git strack cleanup && git strack sync -q &&
	git strack status --env production >out && grep "lost .*0147_s47" out &&
	must_fail 3 prod s47 && git strack resolve --env production --pending \
		-m "it never began" s47 && prod s47 && once_there 47 && synced
'

# ---- where it refuses, fails, or hangs ----

test_expect_success 'read only: nothing is run; what happened is kept' '
	(
		cd ../root && witness 50 && git add . && git commit -q -m 50 &&
		git push -q origin main
	) && git pull -q && write ../team.git/hooks/pre-receive <<-\EOF &&
	#!/bin/sh
	echo "the board has to agree" >&2
	exit 1
	EOF
	must_fail 3 prod 2>err && grep "board has to agree" err &&
	test ! -e ../ran.50 && git strack mark --env production -m x s50 2>err &&
	grep "not sent" err && rm ../team.git/hooks/pre-receive &&
	git strack sync >out && grep "sent 1 commit" out && synced
'

test_expect_success 'it turns read only under a run: the outcome is kept, and sent later' '
	(
		cd ../root && write "scripts/${day}0151_s51.sh" <<-\EOF &&
		#!/bin/sh
		printf "#!/bin/sh\nexit 1\n" >"$STRACK_TOP/../team.git/hooks/pre-receive"
		chmod +x "$STRACK_TOP/../team.git/hooks/pre-receive"
		EOF
		git add . && git commit -q -m 51 && git push -q origin main
	) && git pull -q && prod s51 >out 2>err && grep "done .*0151" out &&
	grep "1 commit of the ledger is not sent" err &&
	rm ../team.git/hooks/pre-receive && synced && ben git pull -q &&
	ben git strack status --env production >out && grep "done .*0151" out
'

test_expect_success 'its disk is full' '
	git config remote.origin.receivepack \
		"sh -c '\''ulimit -f 0; exec git-receive-pack \"\$1\"'\'' x" &&
	git strack reset --env production -m x s50 2>err && grep "not sent" err &&
	must_fail 3 prod s50 2>err && test ! -e ../ran.50 &&
	git config --unset remote.origin.receivepack && synced &&
	prod s50 && once_there 50
'

test_expect_success 'it hangs: ended after strack.networkTimeout' '
	url=$(git config remote.origin.url) && git config protocol.ext.allow always &&
	git config remote.origin.url "ext::sleep 1000" &&
	git config strack.networkTimeout 1s && must_fail 3 git strack sync 2>err &&
	grep "took longer than 1" err && must_fail 3 prod &&
	git config strack.networkTimeout soon && must_fail 128 git strack sync 2>err &&
	grep "config: strack.networkTimeout: .soon. is no duration" err &&
	git config --unset strack.networkTimeout &&
	git config remote.origin.url "$url"
'

test_expect_success 'it is slow: waited for' '
	write ../slow <<-\EOF &&
	#!/bin/sh
	sleep 0.3
	exec "$@"
	EOF
	git config remote.origin.receivepack "$(cd .. && pwd | sed "s/ /\\\\ /")/slow git-receive-pack" &&
	git strack reset --env production -m slow s50 && prod s50 &&
	git config --unset remote.origin.receivepack && synced
'

test_expect_success 'several push URLs are refused, and no other remote is taken' '
	git remote set-url --add --push origin ../team.git &&
	git remote set-url --add --push origin ../other.git &&
	must_fail 128 git strack sync 2>err && grep "2 URLs to push to" err &&
	must_fail 128 prod && git config --unset-all remote.origin.pushurl &&
	git config strack.remote nowhere && must_fail 128 git strack sync 2>err &&
	grep "no remote nowhere" err && grep "  origin" err &&
	git config strack.remote origin && synced
'

test_expect_success 'nobody is asked for anything' '
	write ../ssh <<-\EOF && url=$(git config remote.origin.url) &&
	#!/bin/sh
	echo "$* $GIT_TERMINAL_PROMPT,$GIT_ASKPASS,$SSH_ASKPASS_REQUIRE" >>"$0.log"
	exit 1
	EOF
	git config remote.origin.url ssh://nobody@127.0.0.1/x &&
	(
		GIT_ASKPASS=/bin/false PATH="$(cd .. && pwd):$PATH" &&
		export PATH GIT_ASKPASS && must_fail 3 git strack sync
	) && grep -e "-o BatchMode=yes .*git-upload-pack.* 0,,never$" ../ssh.log &&
	git config remote.origin.url "$url" && synced
'

# ---- kinds of clones ----

test_expect_success 'shallow, single-branch, partial and bare clones get all of it' '
	cd .. && from=file://$(pwd | sed "s/ /%20/") &&
	git -C team.git config uploadpack.allowFilter true &&
	git clone -q --depth 1 "$from/team.git" shallow &&
	git clone -q --depth 1 --no-single-branch "$from/team.git" deep &&
	git clone -q --single-branch "$from/team.git" single &&
	git clone -q --filter=blob:none "$from/team.git" partial &&
	git clone -q --mirror team.git mirror.git &&
	for c in shallow deep single partial mirror.git; do
		git -C $c strack status --env production --all >out 2>err &&
		grep "done .*0150" out && test "$(tip $c)" = "$(tip team.git)" &&
		git -C $c strack verify --full || return 1
	done && audit_fsck shallow && audit_fsck partial
'

test_expect_success 'and what comes later, too' '
	(cd ada && git strack reset --env production -m again s50) &&
	for c in shallow deep single partial; do
		git -C $c strack sync -q && test "$(tip $c)" = "$(tip team.git)" &&
		git -C $c strack verify || return 1
	done && git -C mirror.git remote update >/dev/null 2>&1 &&
	git -C mirror.git strack status --env production --all >out &&
	git -C mirror.git strack log --oneline -n 1 >out && grep void out
'

# ---- machines that come and go ----

test_expect_success 'an ephemeral machine: a key from outside, no init' '
	ssh-keygen -q -t ed25519 -N "" -f "$strack_scratch/deploy" &&
	(cd root && git strack trust add "$strack_scratch/deploy.pub" \
		--principal deploy --roles run --environments production) &&
	git clone -q --depth 1 "$from/team.git" pod && rm -f ran.50 && (
		cd pod && export STRACK_SIGNING_KEY_FILE="$strack_scratch/deploy" &&
		git strack run --env production --yes >out 2>err &&
		grep "done .*0150" out
	) && once 50 && rm -rf pod && (cd ada && git strack sync -q &&
		git strack status --env production >out && grep "done .*0150" out &&
		git strack log --raw s50 >out && grep "^signer $(ssh-keygen -lf \
			"$strack_scratch/deploy.pub" | cut -d " " -f 2)" out)
'

test_expect_success 'GIT_DIR and GIT_WORK_TREE apart' '
	(cd root && git strack reset --env production -m again s50) && rm ran.50 &&
	git clone -q --bare "$from/team.git" apart.git && mkdir tree &&
	(
		export GIT_DIR="$PWD/apart.git" GIT_WORK_TREE="$PWD/tree" &&
		export STRACK_SIGNING_KEY_FILE="$strack_scratch/deploy" &&
		git config core.bare false && git checkout -q -f main &&
		cd tree && git strack run --env production s50
	) && once 50 && test "$(tip apart.git)" = "$(tip team.git)"
'

test_expect_success 'it vanishes in mid-run: overdue, then decided by a person' '
	(
		cd root && write "scripts/${day}0160_s60.sh" <<-\EOF &&
		#!/bin/sh
		# strack: timeout 1s
		kill -KILL $(ps -o ppid= -p $PPID) $PPID
		EOF
		git add . && git commit -q -m 60 && git push -q origin main
	) && git clone -q --depth 1 "$from/team.git" pod && (
		cd pod && export STRACK_SIGNING_KEY_FILE="$strack_scratch/deploy" &&
		git strack run --env production s60
		true
	) && rm -rf pod && sleep 1.2 && (
		cd root && git pull -q && git strack sync -q &&
		git strack status --env production >out && grep "overdue .*0160" out &&
		must_fail 3 git strack run --env production 2>err &&
		grep "git strack resolve --env production --pending -m <why>" err &&
		git strack resolve --env production --failed -m "the pod is gone" s60
	)
'

test_expect_success 'in the end all are at one tip, and it is sound' '
	agree ada ben root shallow single partial && audit team.git
'

test_done
