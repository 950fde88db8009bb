#!/bin/sh
test_description='remind, from hooks of real git and by hand'
. "$(dirname "$0")/lib-strack.sh"

# hooks <repository>: the stubs that `git strack hooks install` writes.
hooks() {
	for strack_h in post-merge post-rewrite post-checkout; do
		printf '#!/bin/sh\nexec git strack remind --hook %s -- "$@"\n' \
			"$strack_h" >"$1/.git/hooks/$strack_h" &&
			chmod +x "$1/.git/hooks/$strack_h" || return 1
	done
}

# job <name> [<header line>...]: a script that works, committed and pushed by
# whoever's clone this is.
job() {
	strack_job=scripts/$1.sh && shift &&
	{
		echo '#!/bin/sh'
		for strack_l; do echo "# strack: $strack_l"; done
		echo true
	} | script "$strack_job" && git push -q origin HEAD
}

# alice <command>...: in her clone.
alice() {
	(cd ../alice && "$@")
}

# fetch_ledger: what she has recorded, without a word.
fetch_ledger() {
	alice git push -q origin strack-ledger &&
	git fetch -q origin strack-ledger:strack-ledger
}

# said <regex>...: each is in a line of the file err, none of which is wider
# than a terminal, but for commands, that can not be broken.
said() {
	for strack_r; do
		grep -qE -e "$strack_r" err && continue
		echo "said: nothing like $strack_r" >&4
		cat -v err >&4
		return 1
	done
	awk '!/->/ && length > 80 { print "too wide: " $0; bad = 1 } END { exit bad }' \
		err >&4
}

# silent <command>...: works, and says nothing on standard error but what git
# says itself.
silent() {
	"$@" >out 2>err || return 1
	! grep -E 'strack|script' err >&4
}

test_expect_success 'a team: alice founds, bob has a clone' '
	git init -q --bare team &&
	git clone -q team alice 2>/dev/null &&
	git clone -q team bob 2>/dev/null &&
	git -C alice config user.name Alice &&
	git -C alice config user.email alice@example.com &&
	git -C bob config user.name Bob &&
	git -C bob config user.email bob@example.com &&
	(
		cd alice && git strack init &&
		printf "[environment \"%s\"]\n" staging production >>.strack.ini &&
		git add . && git commit -q -m begin &&
		git push -q origin HEAD strack-ledger
	) &&
	(cd bob && git pull -q && git fetch -q origin strack-ledger:strack-ledger) &&
	hooks bob && hooks alice
'
cd bob || exit 1

test_expect_success 'post-merge: what came in, with all that one must know' '
	alice job 20260101_theme "description Give every user a theme" \
		"timeout 1h30m" "environments staging production" &&
	git pull -q >out 2>err &&
	said "^git strack: 1 script came in and waits$" \
		"^  scripts/20260101_theme.sh$" \
		"^    Give every user a theme$" \
		"^    added by Alice [0-9]+ (second|minute)s? ago; for staging, production; limit 1h30m$" \
		"^  -> git strack run --env staging scripts/20260101_theme.sh$" \
		"^  -> git strack run --env production scripts/20260101_theme.sh$" &&
	! grep local err && test_must_be_empty out
'

test_expect_success 'nothing is said where nothing is worth it' '
	alice git commit -q --allow-empty -m nothing && alice git push -q &&
	silent git pull -q && test_must_be_empty err &&
	alice script scripts/20260101_rows.csv </dev/null && alice git push -q &&
	silent git pull -q &&
	alice script scripts/20260101_theme.rollback.sh </dev/null &&
	alice git push -q && silent git pull -q
'

test_expect_success 'post-merge: a real merge, a merge without a fast-forward' '
	job_of_bob() { echo true | script scripts/20260102_bob.sh; } && job_of_bob &&
	alice job 20260103_alice &&
	git pull -q --no-rebase --no-edit >out 2>err &&
	said "1 script came in" "20260103_alice" &&
	! grep 20260102_bob err &&
	git push -q && alice git pull -q 2>err &&
	said "1 script came in" "20260102_bob" "added by Bob"
'

test_expect_success 'a squash is not in yet' '
	git checkout -q -b squashed && echo true | script scripts/20260104_squash.sh &&
	git checkout -q main 2>err && silent git merge -q --squash squashed &&
	git reset -q --hard && git branch -q -D squashed
'

for backend in merge apply; do
	test_expect_success "pull --rebase ($backend): upstream's, not one's own" '
		echo true | script scripts/20260105_own_'$backend'.sh &&
		alice job 20260106_upstream_'$backend' &&
		git -c rebase.backend='$backend' pull -q --rebase >out 2>err &&
		said "1 script came in" "20260106_upstream_'$backend'" &&
		test "$(grep -c "came in" err)" = 1 &&
		! grep own_ err && git push -q && alice git pull -q 2>/dev/null
	'
done

test_expect_success 'pull --rebase with nothing of one'\''s own' '
	alice job 20260107_ff &&
	git pull -q --rebase >out 2>err &&
	said "1 script came in" 20260107_ff
'

test_expect_success 'rebase by hand onto what is ahead' '
	alice job 20260108_ff && git fetch -q &&
	git rebase -q origin/main >out 2>err &&
	said "1 script came in" 20260108_ff &&
	test "$(grep -c "came in" err)" = 1
'

test_expect_success 'a rebase that stops and goes on, on no branch' '
	echo 1 >f && git add f && git commit -q -m f1 &&
	alice sh -c "echo 2 >f && git add f && git commit -q -m f2" &&
	alice job 20260109_conflict &&
	git checkout -q --detach &&
	must_fail 1 git pull -q --rebase origin main >out 2>err &&
	! grep strack: err &&
	echo 3 >f && git add f &&
	GIT_EDITOR=true git rebase --continue >out 2>err &&
	said "1 script came in" 20260109_conflict &&
	git checkout -q -B main 2>/dev/null && git push -q &&
	alice git pull -q 2>/dev/null
'

test_expect_success 'amend, commit and cherry-pick are nothing that came in' '
	echo x >x && git add x &&
	silent git commit -q -m x && silent git commit -q --amend -m y
'

test_expect_success 'post-checkout: switches only' '
	git checkout -q -b topic 2>err && ! grep strack err &&
	echo true | script scripts/20260110_topic.sh &&
	silent git checkout -q main &&
	silent git checkout -q topic -- scripts/20260110_topic.sh &&
	git reset -q --hard &&
	git switch -q topic >out 2>err &&
	said "1 script came in" 20260110_topic "added by Bob \(you\)" &&
	silent git checkout -q main
'

test_expect_success 'a bisection goes back and forth in silence' '
	git checkout -q topic 2>/dev/null &&
	git commit -q --allow-empty -m a && git commit -q --allow-empty -m b &&
	silent git bisect start HEAD main~3 && silent git bisect good &&
	silent git bisect reset && git checkout -q main
'

test_expect_success 'a new work tree: all that waits there' '
	git worktree add -q ../bob-too topic >out 2>err &&
	said "scripts came in and wait" "and [0-9]+ more: git strack remind --all" &&
	git worktree remove ../bob-too
'

test_expect_success 'late and blocked are shown as in status' '
	alice git strack mark -m "no need" 20260109_conflict &&
	job 20260101_early "requires 20991231_never.sh" &&
	alice git pull -q >out 2>err &&
	said "^  scripts/20260101_early.sh  blocked$" \
		"for local \(late\), staging, production; limit" \
		"^    local: requires 20991231_never.sh, which is not there$" &&
	test "$(alice git strack status --porcelain 20260101_early |
		cut -f 4)" = late,blocked
'

test_expect_success 'a name, a description and an author that would do harm' '
	esc=$(printf "\033") &&
	printf "#!/bin/sh\n# strack: description red%s[31m\ntrue\n" "$esc" |
		alice write scripts/20260111_red.sh &&
	alice git add . &&
	alice git -c user.name="Eve$esc[31m" commit -q -m red &&
	alice git push -q && git pull -q >out 2>err &&
	said 20260111_red "added by Eve.e.31m" "red.e.31m" &&
	! LC_ALL=C grep "$esc" err
'

# ---- what went wrong, what can go ----

test_expect_success 'failed in a shared environment: each hook says so' '
	echo "exit 3" | alice script scripts/20260201_fails.sh &&
	alice git push -q && git pull -q 2>/dev/null &&
	alice must_fail 1 git strack run --env staging \
		--from-the-beginning 20260201_fails &&
	fetch_ledger &&
	alice git commit -q --allow-empty -m more && alice git push -q &&
	git pull -q >out 2>err &&
	said "^git strack: 1 script needs a decision$" \
		"failed in staging .* ago \(.*\): exit 3" \
		"-> git strack show --env staging scripts/20260201_fails.sh" \
		"-> git strack run --env staging --retry scripts/20260201_fails.sh" &&
	git strack show --env staging scripts/20260201_fails.sh >out &&
	grep "exit 3" out
'

test_expect_success 'resolved: silent again' '
	alice git strack mark --env staging -m "by hand" 20260201_fails &&
	alice git strack mark --env production -m "by hand" 20260201_fails &&
	fetch_ledger &&
	alice git commit -q --allow-empty -m more && alice git push -q &&
	silent git pull -q
'

test_expect_success 'settled wherever it must be: said to whose it is' '
	alice git strack run --env staging --from-the-beginning 20260101_theme &&
	alice git checkout -q -b aside 2>err && ! grep "can go" err &&
	alice git checkout -q main &&
	alice git strack run --env production 20260101_theme &&
	alice git commit -q --allow-empty -m more &&
	alice git push -q && fetch_ledger &&
	silent git pull -q --no-rebase --no-edit &&
	git commit -q --allow-empty -m back && git push -q &&
	alice git pull -q >out 2>err &&
	said "^git strack: 2 scripts can go, settled wherever needed; yours to remove$" \
		"^    settled .* ago in staging, production; added by Alice \(you\)" \
		"^    -> git strack remove scripts/20260101_theme.sh$" \
		"^    -> git strack remove scripts/20260201_fails.sh$"
'

test_expect_success 'by hand: whose they are, for everybody' '
	git strack remind >out &&
	grep "added by Alice [0-9]" out && ! grep "added by Alice (you)" out &&
	alice git strack remind >out && grep "added by Alice (you)" out &&
	git strack remind --json >json &&
	jq -e ".removable | map(.script) == [\"scripts/20260101_theme.sh\",
		\"scripts/20260201_fails.sh\"]" json &&
	jq -e ".removable[0] | .yours == false and .author == \"Alice\" and
		.author_mail == \"alice@example.com\" and
		(.environments | map(.environment)) == [\"staging\", \"production\"]" json &&
	test "$(jq -r ".removable[0].commit" json)" = \
		"$(git log --format=%H --diff-filter=A -- scripts/20260101_theme.sh)"
'

test_expect_success 'strack.remindAfter: not before' '
	alice git -c strack.remindAfter=7d strack remind >out &&
	! grep "can go" out &&
	alice git -c strack.remindAfter=0 strack remind >out && grep "can go" out
'

test_expect_success 'changed after it ran' '
	alice sh -c "echo \"# more\" >>scripts/20260101_theme.sh" &&
	alice git commit -q -a -m edit && alice git push -q &&
	git pull -q >out 2>err &&
	said "^git strack: 1 script changed after it ran$" \
		"done in staging .* ago" "done in production" \
		"-> git strack show --script --env staging scripts/20260101_theme.sh" \
		"-> git strack run --again -m <why> --env staging scripts/20260101_theme.sh" &&
	git strack show --script --env staging scripts/20260101_theme.sh >ran &&
	git diff --quiet --no-index ran scripts/20260101_theme.sh;
	test $? = 1 &&
	git strack remind --json | jq -e "(.changed | length) == 1 and
		(.removable | map(.script)) == [\"scripts/20260201_fails.sh\"]" &&
	alice git revert --no-edit HEAD && alice git push -q &&
	silent git pull -q
'

test_expect_success 'overdue: a claim of another clone, whose time has passed' '
	printf "sleep 60\n" | alice script scripts/20260202_hangs.sh &&
	alice git push -q && git pull -q 2>/dev/null &&
	alice must_fail 1 git strack run --env staging --timeout 1s 20260202_hangs &&
	git -C ../alice branch before "$(git -C ../alice log -1 --format=%H \
		strack-ledger -- "scripts/20260202_hangs.sh/*.claim.*")" &&
	git fetch -q ../alice before:strack-ledger &&
	git strack remind --hook post-merge -- 0 2>err &&
	said "^git strack: 1 script needs a decision$" "overdue in staging" \
		"-> git strack resolve --env staging --done -m <why> scripts/20260202_hangs.sh" &&
	fetch_ledger
'

test_expect_success 'lost: a run of this clone that nothing is left of' '
	repo ../lost && cd ../lost && git strack init >/dev/null &&
	script scripts/20260101_slow.sh <<-\EOF &&
	#!/bin/sh
	touch begun
	while test -e begun; do sleep 0.05; done
	EOF
	{ git-strack run --from-the-beginning >out 2>err & } && runner=$! &&
	wait_for "test -e begun" &&
	warden=$(cut -d " " -f 1 "/proc/$runner/task/$runner/children") &&
	kill -STOP "$runner" && kill -KILL "$warden" "$runner" && rm -f begun &&
	wait_for "git strack remind | grep \"lost in local\"" &&
	git strack remind --hook post-merge -- 0 2>err &&
	said "lost in local" "nobody knows whether it worked" \
		"-> git strack resolve --done -m <why> scripts/20260101_slow.sh" &&
	test "$(kinds scripts/20260101_slow.sh)" = claim && cd ../bob
'

test_expect_success 'yours, but not yet: a hook says nothing' '
	alice job 20260203_half &&
	alice git strack mark --env staging -m x 20260203_half &&
	git -C ../alice config strack.remindAfter 7d &&
	alice git strack mark --env staging -m x 20260202_hangs &&
	alice silent git checkout -q -b half &&
	alice git commit -q --allow-empty -m half &&
	alice silent git checkout -q main &&
	git -C ../alice config --unset strack.remindAfter &&
	alice git checkout -q half 2>err && said "2 scripts can go" &&
	! grep 20260203_half err && alice git checkout -q main 2>/dev/null &&
	fetch_ledger && git pull -q 2>/dev/null
'

test_expect_success 'environments that only a header names; local alone' '
	repo ../solo && cd ../solo && git strack init >/dev/null &&
	echo true | script scripts/20260101_a.sh &&
	echo "# strack: environments qa" | script scripts/20260102_qa.sh &&
	git strack remind --json >json &&
	jq -e ".environments == [\"local\", \"qa\"] and
		(.waiting | map(.script + \" \" +
			(.environments | map(.environment) | join(\",\")))) ==
		[\"scripts/20260101_a.sh local\", \"scripts/20260102_qa.sh qa\"]" json &&
	git strack run --from-the-beginning &&
	git strack mark --env qa -m x 20260102_qa &&
	git strack remind --json >json &&
	jq -e "(.removable | map(.script + \" \" + .environments[0].environment)) ==
		[\"scripts/20260101_a.sh local\", \"scripts/20260102_qa.sh qa\"]" json &&
	audit && cd ../bob
'

# ---- how much, and for programs ----

test_expect_success 'strack.remindMax, --all' '
	git -c strack.remindMax=2 strack remind >out &&
	test "$(grep -c "^  scripts/.*" out)" -le 6 &&
	grep "^  and [0-9]* more: git strack remind --all$" out &&
	git strack remind --all >all && ! grep " more: " all &&
	git strack remind --json >json &&
	test "$(grep -c "^  scripts/" all)" = \
		"$(jq "[.waiting, .open, .changed, .removable | length] | add" json)" &&
	git -c strack.remindMax=0 strack remind >out && ! grep "^  scripts/" out
'

test_expect_success '--json: keys, and the same as status' '
	jq -e "keys == [\"changed\", \"environment\", \"environments\", \"ledger\",
		\"open\", \"removable\", \"waiting\"]" json &&
	jq -e ".environments == [\"local\", \"staging\", \"production\"] and
		.environment == \"local\" and .ledger" json &&
	jq -e "[.waiting, .open, .changed, .removable | .[] | keys] | unique ==
		[[\"added\", \"author\", \"author_mail\", \"commit\", \"description\",
		\"environments\", \"script\", \"since\", \"timeout\", \"yours\"]]" json &&
	jq -e "[.waiting, .open, .changed, .removable | .[].environments[] | keys] |
		unique == [[\"environment\", \"flags\", \"next\", \"run\", \"state\",
		\"time\", \"user\", \"why\"]]" json &&
	for env in local staging production; do
		git strack status --env $env --json |
			jq -r ".scripts[] | select(.state == \"pending\") |
				.script + \" \" + (.flags | join(\",\"))" |
			sort >want &&
		# what only waits here and may go is not said to wait
		for gone in $(jq -r ".removable[].script" json); do
			sed -i "\\|^$gone |d" want
		done &&
		jq -r ".waiting[] | .script as \$s | .environments[] |
			select(.environment == \"$env\") |
			\$s + \" \" + (.flags | join(\",\"))" json |
			sort >got &&
		test_cmp want got || return 1
	done
'

# ---- what must not be ----

test_expect_success 'a bad value names file and key; a hook has one line' '
	for bad in remindAfter=soon remindAfter=7w remindMax=-1 remindMax=many; do
		git config strack.${bad%=*} ${bad#*=} &&
		refused 128 "file:.git/config: strack.${bad%=*}: .${bad#*=}. is no .*; try" \
			git strack remind &&
		git strack remind --hook post-merge -- 0 2>err &&
		test "$(wc -l <err)" = 1 && grep "strack.${bad%=*}" err &&
		git config --unset strack.${bad%=*} || return 1
	done
'

test_expect_success 'a hook never fails' '
	mkdir -p ../nowhere &&
	(cd ../nowhere && GIT_CEILING_DIRECTORIES=$PWD/.. \
		git strack remind --hook post-merge -- 0 2>../err) &&
	test_must_be_empty ../err &&
	must_fail 128 env GIT_DIR=/nonexistent git-strack remind 2>/dev/null &&
	echo "[nonsense" >>.strack.ini &&
	git strack remind --hook post-merge -- 0 2>err &&
	test "$(wc -l <err)" = 1 && grep "^git strack: .strack.ini" err &&
	git checkout -q -- .strack.ini &&
	for args in post-checkout "post-checkout 1 2 1" post-rewrite post-commit \
		"nonsense a b c"; do
		# shellcheck disable=SC2086 # they are words
		set -- $args && hook=$1 && shift &&
		git strack remind --hook "$hook" -- "$@" </dev/null 2>err &&
		test "$(grep -c "^git strack: .*$hook" err)" = 1 &&
		test "$(wc -l <err)" = 1 || return 1
	done &&
	git strack remind --hook post-merge --json 2>err &&
	test "$(wc -l <err)" = 1 &&
	git strack remind --hook post-merge -- 0 >&- 2>&- &&
	git strack remind --hook post-merge -- 0 >/dev/full 2>/dev/full &&
	git strack remind --hook post-rewrite -- rebase <&- 2>err &&
	head -c 9000000 /dev/zero |
		git strack remind --hook post-rewrite -- rebase 2>err
'

test_expect_success 'a ledger that can not be used: one line, and verify' '
	git branch -f kept strack-ledger &&
	git update-ref refs/heads/strack-ledger HEAD &&
	git strack remind --hook post-merge -- 0 2>err &&
	test "$(wc -l <err)" = 1 && said "git strack verify" &&
	must_fail 128 git strack remind 2>/dev/null &&
	git update-ref refs/heads/strack-ledger kept &&
	git branch -q -D kept
'

test_expect_success 'wrong usage, by hand' '
	refused 129 "takes no script" git strack remind 20260101 &&
	refused 129 "belongs to --hook" git strack remind -- 0
'

test_expect_success 'nothing is written, nothing is locked, nothing is made' '
	git for-each-ref >../before && git status --porcelain >>../before &&
	git strack remind >/dev/null && git strack remind --hook post-merge -- 0 &&
	git for-each-ref >../after && git status --porcelain >>../after &&
	test_cmp ../before ../after &&
	test -z "$(find .git -name "*.lock")" &&
	repo ../plain && cd ../plain &&
	echo true | script scripts/20260101_a.sh &&
	git strack remind >out && test ! -e .git/strack && cd ../bob
'

test_expect_success STRACE 'a hook executes nothing at all' '
	ASAN_OPTIONS=detect_leaks=0 \
		strace -f -o ../trace -e trace=execve git-strack remind \
		--hook post-merge -- 0 &&
	test "$(grep -c execve ../trace)" = 1
'

test_expect_success 'no ledger yet: one hint, and only when scripts came in' '
	git clone -q ../team ../carol 2>/dev/null && hooks ../carol &&
	git -C ../carol config user.email carol@example.com &&
	alice git commit -q --allow-empty -m more && alice git push -q &&
	(cd ../carol && silent git pull -q) &&
	alice job 20260301_new "description A new one" &&
	(
		cd ../carol && git pull -q >out 2>err &&
		said "^git strack: 1 script came in$" 20260301_new \
			"this clone has no ledger yet" "-> git strack init" &&
		test "$(grep -c "strack init" err)" = 1 &&
		! grep "strack run" err && ! grep "and wait" err
	)
'

test_expect_success 'who added it: a shallow clone does not know, and says so' '
	git clone -q --depth 1 "file://$(cd .. && pwd)/team" ../shallow &&
	(
		cd ../shallow && git strack remind --json |
			jq -e "[.waiting[].author] | unique == [null]" &&
		git strack remind >out && grep "nobody knows who added it" out
	)
'

test_expect_success 'who added it: found anew when it was removed and came back' '
	git pull -q 2>/dev/null &&
	git rm -q scripts/20260201_fails.sh && git commit -q -m away &&
	alice git strack remind >/dev/null &&
	echo "exit 3" | script scripts/20260201_fails.sh && git push -q &&
	git rev-parse HEAD >../want && cd ../alice &&
	test -s .git/strack/cache/owners && git pull -q 2>/dev/null &&
	git strack remind --json >../json &&
	jq -e ".removable[] | select(.script | test(\"fails\")) |
		.author == \"Bob\" and .yours == false" ../json &&
	jq -r ".removable[] | select(.script | test(\"fails\")) | .commit" \
		../json >../got &&
	test_cmp ../want ../got &&
	for spoil in "rm -f" "cp ../want" "truncate -s 100"; do
		$spoil .git/strack/cache/owners &&
		git strack remind --json >../again &&
		test_cmp ../json ../again || return 1
	done &&
	chmod a-w .git/strack/cache && git strack remind --json >../again &&
	chmod u+w .git/strack/cache && test_cmp ../json ../again &&
	cd ../bob
'

test_expect_success 'who added it: each branch has its own answer' '
	cd ../alice && git checkout -q -b other HEAD~2 2>/dev/null &&
	git strack remind --json >../json &&
	git checkout -q main 2>/dev/null &&
	jq -e ".removable[] | select(.script | test(\"fails\")) |
		.author == \"Alice\"" ../json &&
	git strack remind --json | jq -e ".removable[] |
		select(.script | test(\"fails\")) | .author == \"Bob\"" &&
	cd ../bob
'

test_expect_success 'the ledgers are sound' '
	audit ../alice && audit && git strack verify
'

test_done
