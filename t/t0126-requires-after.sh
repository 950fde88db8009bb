#!/bin/sh
test_description='requires, environments, after, protected: the gates of a run'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"

day=$(date -u +%Y%m%d)

# job <n> <name> [<header line>...]: a script that notes its run, committed
job() {
	job=scripts/${day}00000$1_$2.sh && shift 2 &&
	{
		echo "#!/bin/sh"
		for job_h; do
			echo "# strack: $job_h"
		done
		echo "echo \"\$STRACK_ENV \$(basename \"\$STRACK_SCRIPT\" .sh |" \
			"cut -d _ -f 2)\" >>\"\$STRACK_TOP/ran\""
	} | script "$job"
}

# fresh [<.strack.ini line>...]: a repository of its own
fresh() {
	cd "$SHARNESS_TRASH_DIRECTORY" && rm -rf r && repo r && cd r &&
	echo ran >>.git/info/exclude && : >ran || return 1
	[ $# = 0 ] || {
		printf '%s\n' "$@" >.strack.ini &&
		git add .strack.ini && git commit -q -m ini
	}
}

path() {
	echo "scripts/${day}00000$1_$2.sh"
}

# blocked <script> <what its line says>, in the file out, with its commands
# below it in the file ways
blocked() {
	awk -v s="$1" '!/^    -> / { on = $1 == "blocked" && $2 == s }
		on' out >blocked.of &&
	if ! grep "^blocked  $1  $2\$" blocked.of; then
		cat out >&4
		return 1
	fi
	sed -n 's/^    -> //p' blocked.of >ways
}

ways() {
	printf '%s\n' "$@" >want && test_cmp want ways
}

# ---- requires ----

test_expect_success 'a chain in one batch, by base name and by path' '
	fresh && job 1 a && job 2 b "requires ${day}000001_a.sh" &&
	job 3 c "requires $(path 2 b) ${day}000001_a.sh" &&
	git strack run >out && ! grep blocked out &&
	printf "local %s\n" a b c >want && test_cmp want ran
'

test_expect_success 'one that failed in this batch blocks, and is not run' '
	fresh && job 1 a && job 2 b "requires $(path 1 a)" &&
	job 3 c "requires $(path 2 b)" && job 4 d &&
	echo "exit 1" >>"$(path 1 a)" && git commit -q -a -m fails &&
	must_fail 1 git strack run -k >out 2>err &&
	blocked "$(path 2 b)" "requires $(path 1 a), which is failed" &&
	ways "git strack run --retry $(path 1 a)" \
		"git strack mark -m <why> $(path 1 a)" &&
	blocked "$(path 3 c)" \
		"requires $(path 2 b), which is pending (blocked)" &&
	ways "git strack run --retry $(path 1 a)" \
		"git strack mark -m <why> $(path 1 a)" &&
	printf "local %s\n" a d >want && test_cmp want ran &&
	must_fail 3 git strack run "$(path 2 b)" >out 2>err &&
	blocked "$(path 2 b)" "requires $(path 1 a), which is failed" &&
	ways "git strack run --retry $(path 1 a)" &&
	git strack mark -m x "$(path 1 a)" && git strack run &&
	printf "local %s\n" a d b c >want && test_cmp want ran
'

test_expect_success 'one that comes later, or was not asked for' '
	fresh "[environment \"staging\"]" &&
	job 1 a "requires $(path 2 b)" && job 2 b &&
	must_fail 3 git strack run --env staging a.sh >out 2>err &&
	blocked "$(path 1 a)" "requires $(path 2 b), which is pending" &&
	ways "git strack run --env staging $(path 2 b)" &&
	git strack run --env staging -n >out &&
	blocked "$(path 1 a)" "requires $(path 2 b), which is pending" &&
	git strack run --env staging >out && grep ^blocked out &&
	git strack run --env staging && printf "staging %s\n" b a >want &&
	test_cmp want ran
'

test_expect_success 'circles are blocked, and say so' '
	fresh && job 1 a "requires $(path 2 b)" &&
	job 2 b "requires ${day}000003_c.sh" && job 3 c "requires $(path 1 a)" &&
	job 4 self "requires $(path 4 self)" &&
	job 5 out "requires $(path 2 b)" &&
	must_fail 3 git strack run >out 2>err && test ! -s ran &&
	blocked "$(path 1 a)" "requires itself in a circle: ${day}000001_a.sh \
-> ${day}000002_b.sh -> ${day}000003_c.sh -> ${day}000001_a.sh; .*" &&
	blocked "$(path 3 c)" "requires itself in a circle: ${day}000003_c.sh \
-> ${day}000001_a.sh -> ${day}000002_b.sh -> ${day}000003_c.sh; .*" &&
	blocked "$(path 4 self)" "requires itself in a circle: \
${day}000004_self.sh -> ${day}000004_self.sh; .*" &&
	blocked "$(path 5 out)" \
		"requires $(path 2 b), which is pending (blocked)" &&
	git strack mark -m x "$(path 1 a)" && git strack run >out &&
	grep "^blocked  $(path 4 self)" out &&
	printf "local %s\n" c out >want && test_cmp want ran &&
	git strack run && printf "local %s\n" c out b >want && test_cmp want ran
'

test_expect_success 'one that is gone: by path and by base name' '
	fresh && job 1 a && job 2 b && git strack run &&
	git rm -q "$(path 1 a)" "$(path 2 b)" && git commit -q -m gone &&
	job 3 c "requires $(path 1 a) ${day}000002_b.sh" && : >ran &&
	git strack run && echo "local c" >want && test_cmp want ran
'

test_expect_success 'one that failed and is gone' '
	fresh && job 1 a && echo "exit 1" >>"$(path 1 a)" &&
	git commit -q -a -m fails && must_fail 1 git strack run &&
	git rm -q "$(path 1 a)" && git commit -q -m gone &&
	job 2 b "requires ${day}000001_a.sh" &&
	must_fail 3 git strack run >out &&
	blocked "$(path 2 b)" "requires ${day}000001_a.sh, which is failed and gone" &&
	ways "git strack mark -m <why> $(path 1 a)" &&
	git strack mark -m x "$(path 1 a)" && git strack run
'

test_expect_success 'one that nobody knows' '
	fresh && job 1 a "requires 20200101_nosuch.sh" &&
	must_fail 3 git strack run >out 2>err && test ! -s ran &&
	blocked "$(path 1 a)" "requires 20200101_nosuch.sh, which is not there"
'

test_expect_success 'a base name that two scripts have' '
	fresh && job 1 a && mkdir scripts/x &&
	cp "$(path 1 a)" scripts/x/ && git add scripts && git commit -q -m x &&
	job 2 b "requires ${day}000001_a.sh" &&
	git strack run >out &&
	blocked "$(path 2 b)" "requires ${day}000001_a.sh, which is the name of \
several scripts: its header has to say the path" &&
	echo "# strack: requires $(path 1 a)" | script "$(path 3 c)" &&
	git strack run >out && ! grep "blocked.*3_c" out
'

test_expect_success 'one that is for another environment' '
	fresh "[environment \"staging\"]" "[environment \"production\"]" &&
	job 1 a "environments staging" && job 2 b "requires $(path 1 a)" &&
	must_fail 3 git strack run --env production >out 2>err &&
	blocked "$(path 2 b)" "requires $(path 1 a), which by its header is not \
for production" &&
	ways "git strack mark --env production -m <why> $(path 1 a)" &&
	git strack run --env staging &&
	must_fail 3 git strack run --env production &&
	git strack mark --env production -m "not needed" "$(path 1 a)" &&
	git strack run --env production &&
	printf "%s\n" "staging a" "staging b" "production b" >want &&
	test_cmp want ran
'

test_expect_success 'what verify calls wrong satisfies nobody' '
	fresh && job 1 a && git strack run && : >ran &&
	job 2 b "requires $(path 1 a)" && forge_keys stranger &&
	forge mark @by=stranger script="$(path 1 a)" environment=local &&
	must_fail 3 git strack run 2_b.sh >out 2>err && test ! -s ran &&
	blocked "$(path 2 b)" "requires $(path 1 a), which is done (untrusted)" &&
	ways "git strack verify"
'

test_expect_success '--again and --retry obey the same gates' '
	fresh && job 1 a && git strack run && : >ran &&
	job 2 b && git strack mark -m x "$(path 2 b)" &&
	printf "# strack: requires %s\n" "$(path 3 c)" >>"$(path 2 b)" &&
	git commit -q -a -m later && job 3 c "requires 20200101_x.sh" &&
	must_fail 3 git strack run --again -m x "$(path 2 b)" >out 2>err &&
	blocked "$(path 2 b)" "requires $(path 3 c), which is pending" &&
	must_fail 3 git strack run --retry "$(path 2 b)" "$(path 3 c)" >out &&
	grep "^blocked  $(path 3 c)" out && test ! -s ran
'

# ---- after ----

chain() {
	fresh "[environment \"qa\"]" "[environment \"staging\"]" "after = qa" \
		"[environment \"production\"]" "after = staging"
}

test_expect_success 'after: a chain, each environment in its turn' '
	chain && job 1 a &&
	must_fail 3 git strack run --env production >out 2>err &&
	blocked "$(path 1 a)" \
		"must be done in staging first, where it is pending" &&
	ways "git strack run --env staging $(path 1 a)" &&
	must_fail 3 git strack run --env staging >out &&
	blocked "$(path 1 a)" "must be done in qa first, where it is pending" &&
	git strack run --env qa && must_fail 3 git strack run --env production &&
	git strack run --env staging && git strack run --env production &&
	printf "%s a\n" qa staging production >want && test_cmp want ran &&
	git strack verify && audit
'

test_expect_success 'after: the very same bytes' '
	chain && job 1 a && git strack run --env qa &&
	git strack run --env staging && echo "# x" >>"$(path 1 a)" &&
	git commit -q -a -m x &&
	must_fail 3 git strack run --env production >out &&
	blocked "$(path 1 a)" "other bytes of it are done in staging" &&
	ways "git strack run --env staging --again -m <why> $(path 1 a)" &&
	must_fail 3 git strack run --env staging --again -m x "$(path 1 a)" \
		>out &&
	blocked "$(path 1 a)" "other bytes of it are done in qa" &&
	git strack run --env qa --again -m x "$(path 1 a)" &&
	git strack run --env staging --again -m x "$(path 1 a)" &&
	git strack run --env production
'

test_expect_success 'after: failed, marked and skipped are not done' '
	chain && job 1 a && job 2 b && job 3 c &&
	echo "exit 1" >>"$(path 1 a)" &&
	echo "echo skip no need >>\"\$STRACK_EVENTS\"" >>"$(path 3 c)" &&
	git commit -q -a -m x &&
	must_fail 1 git strack run --env qa -k &&
	git strack mark --env qa -m x "$(path 2 b)" || : &&
	git strack mark --env staging -m x "$(path 2 b)" &&
	must_fail 3 git strack run --env staging >out &&
	blocked "$(path 1 a)" "must be done in qa first, where it is failed" &&
	ways "git strack run --env qa --retry $(path 1 a)" &&
	blocked "$(path 3 c)" "must be done in qa first, where it is skipped" &&
	ways "git strack run --env qa --again -m <why> $(path 3 c)" &&
	must_fail 3 git strack run --env production >out &&
	blocked "$(path 2 b)" \
		"must be done in staging first, where it is marked" &&
	ways "git strack run --env staging --again -m <why> $(path 2 b)"
'

test_expect_success 'after: a script whose header leaves it out' '
	chain && job 1 a "environments production" &&
	must_fail 3 git strack run --env production >out &&
	blocked "$(path 1 a)" \
		"must be done in staging first, which its header leaves out"
'

test_expect_success 'two reasons, one line, and each with its way out' '
	fresh "[environment \"staging\"]" \
		"[environment \"production\"]" "after = staging" "approvals = 2" &&
	job 1 a && job 2 b "requires $(path 1 a)" &&
	must_fail 3 git strack run --env production >out 2>err &&
	blocked "$(path 2 b)" "requires $(path 1 a), which is pending (blocked); \
must be done in staging first, where it is pending; has 0 of 2 approvals" &&
	ways "git strack run --env staging $(path 1 a)" \
		"git strack approve --env production $(path 1 a)" \
		"git strack run --env staging $(path 2 b)" \
		"git strack approve --env production $(path 2 b)" &&
	git strack status --env production >shown &&
	grep -c "^    -> " shown >n && echo 6 >want && test_cmp want n &&
	git strack status --env production --json | jq -r \
		".scripts[1].next[]" >have && test_cmp ways have &&
	git strack run --env production --json 2>/dev/null >json || : &&
	jq -e ".summary.blocked == 2" json
'

# ---- bytes that change meanwhile ----

test_expect_success 'decided about other bytes: planned again, not run' '
	fresh "[environment \"staging\"]" \
		"[environment \"production\"]" "after = staging" &&
	job 1 a && job 2 b && git strack run --env staging && : >ran &&
	{
		cat "$(path 2 b)" && echo "echo other >>\"\$STRACK_TOP/ran\""
	} >b2 &&
	cat >>"$(path 1 a)" <<-EOF &&
	cp b2 $(path 2 b) && git commit -q -a -m other
	EOF
	git commit -q -a -m a &&
	git strack run --env staging --again -m x "$(path 1 a)" &&
	git reset -q --hard HEAD~1 && : >ran &&
	git strack run --env production -k >out 2>err || : &&
	blocked "$(path 2 b)" "other bytes of it are done in staging" &&
	echo "production a" >want && test_cmp want ran
'

# ---- protected ----

test_expect_success TMUX 'protected: asks on a terminal, takes only the name' '
	fresh "[environment \"production\"]" "protected = yes" &&
	job 1 a &&
	refused 3 "production is protected: 1 script would run" \
		setsid git strack run --env production </dev/null &&
	grep -e --yes "$refusal" &&
	tmux -S "$strack_scratch/tmux" -f /dev/null new-session -d \
		-x 80 -y 24 sh &&
	ask() {
		rm -f code && tmux -S "$strack_scratch/tmux" send-keys \
			"cd \"$PWD\"; git strack run --env production; echo \$? >code" Enter &&
		wait_for "tmux -S $strack_scratch/tmux capture-pane -p |
			grep \"1 script would run in production. Its name\"" &&
		eval "$while_asked" &&
		tmux -S "$strack_scratch/tmux" send-keys "$1" Enter &&
		wait_for "test -s code" &&
		tmux -S "$strack_scratch/tmux" capture-pane -p >screen &&
		tmux -S "$strack_scratch/tmux" send-keys clear Enter &&
		wait_for "! tmux -S $strack_scratch/tmux capture-pane -p |
			grep would" && test "$(cat code)" = "$2"
	} &&
	ask yes 3 && grep "not its name" screen && test ! -s ran &&
	ask "" 3 && test ! -s ran &&
	ask production 0 && echo "production a" >want && test_cmp want ran &&
	git strack run --env production && git strack verify
'

test_expect_success TMUX 'bytes that change while it asks are not run' '
	fresh "[environment \"staging\"]" \
		"[environment \"production\"]" "protected = yes" \
		"after = staging" &&
	job 1 a && git strack run --env staging && : >ran &&
	while_asked="echo \"# x\" >>$(path 1 a) && git commit -q -a -m x" &&
	ask production 3 && test ! -s ran &&
	git strack status --env production >out &&
	grep "other bytes of it are done in staging" out &&
	git reset -q --hard HEAD~1 && while_asked= && ask production 0 &&
	echo "production a" >want && test_cmp want ran &&
	tmux -S "$strack_scratch/tmux" kill-server && git strack verify
'

test_done
