#!/bin/sh
test_description='nothing that came from outside reaches a terminal raw, in any command'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"

# What a terminal obeys (a title, hidden text, CSI as ESC [, as U+009B and as a
# byte of its own, a backspace), and what turns a line round.  No colour: what
# we write ourselves is taken out again before it is looked at.
bidi=$(printf '\342\200\256evil\342\201\246')
byte=$(printf '\233')
evil=$(printf '\033]0;evil\007\033[8m\302\2338m%s\b%s' "$byte" "$bidi")
text=$(printf '\033]0;evil\007\033[8m\302\2338m\b%s' "$bidi") # in UTF-8
# the same as the value of an entry
coded='%1B]0;evil%07%1B[8m%C2%9B8m%9B%08'$bidi
mkdir seen
export bidi byte evil coded text

# Takes a command line and runs it on a terminal, with colour; sees_both does so
# into files as well.  Whatever comes out is looked at later.  (git only looks for
# git-strack: that is one process less.)
sees_n=0
sees() {
	set -- "$(printf '%s\n' "$1" | sed 's/git strack/git-strack/g')"
	sees_n=$((sees_n + 1))
	sees_to=$SHARNESS_TRASH_DIRECTORY/seen/$(printf %03d $sees_n)
	printf '%s\n' "$1" >"$sees_to.cmd"
	TERM=xterm on_terminal "$1" >"$sees_to.tty"
	[ $? -le 129 ] || { echo "a signal, on a terminal: $1"; return 1; }
}

sees_both() {
	sees "$1" || return 1
	sh -c "$(cat "$sees_to.cmd")" >"$sees_to.out" 2>"$sees_to.err" </dev/null
	[ $? -le 129 ] || { echo "a signal: $1"; return 1; }
}

# What is seen, without what is ours: colours, the line that is drawn again,
# line ends as a terminal has them.  Raw bytes may go to a pipe when they were
# asked for.
judge() {
	"$forge_python" - "$SHARNESS_TRASH_DIRECTORY/seen" <<-\EOF
	import glob, re, sys, unicodedata
	ours = re.compile(r'\x1b\[(?:0|1|2|3[1-6])?m|\x1b\[K|\r+\n|\r')
	raw = re.compile(r'--raw|--output|--script')
	bad = 0
	for path in sorted(glob.glob(sys.argv[1] + '/*.*')):
	    if path.endswith('.cmd'):
	        continue
	    cmd = open(path[:-3] + 'cmd').read().strip()
	    if path.endswith('.out') and raw.search(cmd):
	        continue
	    text = open(path, 'rb').read()
	    try:
	        text = text.decode()
	    except UnicodeDecodeError as e:
	        print('%s: not UTF-8: %r' % (ascii(cmd), text[:e.start + 9][-60:]))
	        bad += 1
	        continue
	    if path.endswith('.tty'):
	        text = ours.sub('\n', text)
	    for c in text:
	        if c not in '\n\t' and unicodedata.category(c) in ('Cc', 'Cf') or \
	                c in '\u2028\u2029':
	            at = text.index(c)
	            print('%s: %s: %s' % (path[-3:], ascii(cmd),
	                                  ascii(text[max(0, at - 50):at + 20])))
	            bad += 1
	            break
	sys.exit(bad > 0)
	EOF
}

a="scripts/20260101_a$bidi$byte.sh" b="scripts/20260102_b$bidi.sh"
c="scripts/20260103_c$bidi.sh" run=01KB2ZJ6V3N8Q4T7W9XYEA9000
export a b c run

test_expect_success SCRIPT 'a hostile repository and a hostile ledger' '
	repo r && cd r && git config gpg.format ssh &&
	forge_keys root runner ci stranger &&
	git config user.signingKey "$forge_key_dir/root.pub" &&
	git config strack.signingKey "$forge_key_dir/root" &&
	git config strack.environment staging &&
	git checkout -q -b "b$bidi" &&
	coded_a="scripts/20260101_a$bidi%9B.sh" &&
	printf "#!/bin/sh\n# strack: description %s\nprintf %%s \"\$evil\"
		printf \"%%s\n\" \"progress 1 2 \$evil\" \"progress 1 2 \$bidi\" \
			\"log warn \$evil\" \"log warn \$bidi\" \"\$evil\" \
			\"checkpoint x \$bidi\" \
			\"skip because \$bidi\" >>\"\$STRACK_EVENTS\"\n" "$text" |
		write "$a" &&
	printf "#!/bin/sh\n# strack: description %s\nprintf %%s \"\$evil\" >&2
		exit 3\n" "$text" | write "$b" &&
	printf "#!/bin/sh\nprintf \"%%s\n\" \"\$evil\"; sleep 60\n" |
		write "scripts/20260103_c$bidi.sh" &&
	printf "[environment \"staging\"]\n[environment \"production\"]\n" \
		>.strack.ini && git add . &&
	GIT_AUTHOR_NAME="A$evil" GIT_AUTHOR_EMAIL="$bidi@x" \
		git commit -q -m "$evil" &&
	forge_found root && forge_move && forge_script=$coded_a &&
	forge_config=$(git rev-parse HEAD:.strack.ini) &&
	forge trust-add key=runner "principal=$coded" host="$coded" \
		user="$coded" colour="$coded" &&
	forge trust-add key=ci "principal=$bidi" roles="run approve" &&
	forge claim @by=runner host="$coded" user="$coded" args="$bidi%1B" \
		again="$coded" blob=$(git rev-parse "HEAD:$a") environment=production &&
	printf "%s\n" "$evil" >../log &&
	forge fail @by=runner host="$coded" user="$coded" cancelled="$coded" \
		reason="$coded" checkpoint="$bidi=%1B" @log=../log left=2 \
		colour="$coded" &&
	forge mark @by=runner reason="$coded" host="$coded" \
		script="scripts/20251231_gone$bidi.sh" &&
	forge approve @by=ci host="$coded" user="$coded" \
		blob=$(git rev-parse "HEAD:$a") &&
	forge exec @by=runner args="$bidi%1B]0;evil%07" reason="$coded" \
		host="$coded" user="$coded" && run=$(forge_run=; git cat-file blob \
		"strack-ledger:$forge_path" | field run) &&
	forge "done" @by=runner host="$coded" @dir=.strack/exec @log=../log \
		script= run=$run environment=staging &&
	forge review @by=ci entry=$forge_claim reason="$coded" host="$coded" &&
	git strack verify
'
cd "$SHARNESS_TRASH_DIRECTORY" || exit 1

# One line at least for each command of `git strack help`, in the order in which
# they are done.  What is done twice, on a terminal and into files, is refused
# the second time, which says something as well; lines that write much (+) are
# done once, for the oracle at the end takes its time for each entry.
cat >table <<'EOT'
init	git strack init; git commit -q -a -m ini >/dev/null 2>&1
create	git strack create "x $evil"; git strack create --lang "$evil" x
status	git strack status --all
status	git strack status --all-envs; git strack status --env production
status	git strack status --porcelain --all; git strack status "$evil"
status	git strack status --json --all
run	git strack run --env "$evil"; git strack run "no$evil"; git strack run --$evil
run	git strack run --env staging --dry-run
run	git strack run --env staging --yes --from-the-beginning "$a"
+run	git strack run --env staging --yes --again -m "$evil" "$a" -- "$evil"
run	git strack run --env staging --yes --again -m x --json "$a"
+run	git strack run --env staging --yes --retry "$b"; git strack run --env staging --yes
log	git strack log; git strack log --json
log	git strack log --oneline; git strack log --raw; git strack log "$evil"
show	git strack show "$a"; git strack show "$b"; git strack show --env production "$a"
show	git strack show "$run"; git strack show --output "$run"
show	git strack show --output "$a"; git strack show --output "$b"
show	git strack show --env production --output "$a"
show	git strack show --script "$a"; git strack show --raw "$a"
show	git strack show --script --env production "$a"; git strack show "$evil"
+attach	git strack run --detach --env staging --yes --again -m x "$c"; timeout 3 git strack attach; git strack attach "$evil"
cancel	git strack cancel -m "$evil"; git strack cancel -m x "$evil"
approve	git strack approve --env production "$a"; git strack approve --env "$evil" "$a"
mark	git strack mark --env production -m "$evil" "$b"; git strack mark -m x "$evil"
mark	printf 'version\t%s\n%s\t1\n' "$evil" "$evil" >../t.tsv; git strack mark --from ../t.tsv -m "$evil"
mark	printf '[{"filename":"%s","status":"%s","executed_at":"x"}]' "$bidi" "$bidi" >../t.json; git strack mark --from ../t.json -m "$bidi"
+reset	git strack reset --env production -m "$evil" "$b"; git strack reset -m x "$evil"
resolve	git strack resolve --env production --done -m "$evil" "$b"; git strack resolve --done -m x "$evil"
rollback	git strack rollback --env staging --yes "$a"; git strack rollback --yes -m "$evil" "$b"; git strack rollback "no$evil"
remind	git strack remind --all; git strack remind --json
cleanup	git strack cleanup
+exec	git strack exec -m "$evil" --env staging -- printf '%s\n' "$evil"; git strack exec -m x -- "$evil"
+console	SHELL=/bin/true git strack console --env staging -m "$evil"
review	git strack review --ok -m "$evil" "$run"; git strack review --flag -m "$evil" "$evil"
remove	git strack remove --dry-run --settled; git strack remove "$evil"; git strack remove "$a"
check	git strack check; git strack check --base "$evil"
verify	git strack verify; git strack verify --full; printf 'x%s x\n' "$evil" | git strack verify --pre-receive
trust	git strack trust list; git strack trust export
trust	git strack trust requests; git strack trust rotate; git strack trust rotate "$evil" "$evil"; git strack trust rotate "$bidi" "$evil.pub"
+trust	git strack trust add "$evil" --principal "$evil"; git strack trust add "$(cut -d " " -f 1,2 <"$forge_key_dir/stranger.pub")" --principal "s$evil" --roles run
+trust	git strack trust revoke "$evil"; git strack trust revoke "s$evil"; git strack trust disown "$evil" -m x
sync	git strack sync; git -c strack.remote="$evil" strack sync; git -c strack.networkTimeout="$evil" strack sync; git -c strack.remote=x -c remote.x.url="/no/$evil" strack sync --json
hooks	git strack hooks status; git strack hooks install; git strack hooks status
hooks	git strack hooks install --server; git strack hooks --server
status	git -c strack.environment="$evil" strack status; git -c strack.remindMax="$evil" strack remind
status	git strack "$evil"; git strack status --"$evil"; git strack status --env "$bidi"
EOT

test_expect_success SCRIPT 'every command has its line' '
	git strack help | sed -n "s/^    \([a-z][a-z]*\) .*/\1/p" | sort >want &&
	cut -f 1 table | tr -d + | sort -u >have && test_cmp want have &&
	test "$(wc -l <want)" -gt 15
'

export forge_key_dir
tab=$(printf '\t')
while IFS=$tab read -r name line; do
	case $name in
	+*) how=sees ;;
	*) how=sees_both ;;
	esac
	test_expect_success SCRIPT "${name#+}: $line" 'cd r && $how "$line"'
	cd "$SHARNESS_TRASH_DIRECTORY" || exit 1
done <table

# ---- ledgers and files that are refused ----

# refused_in <title> <commands> <what is seen>...
refused_in() {
	refused_title=$1 refused_do=$2
	shift 2
	printf "%s\n" "$@" >lines
	cp -r r x
	test_expect_success SCRIPT "$refused_title" '
		cd x && eval "$refused_do" &&
		while read -r line; do sees "$line" || return 1; done <../lines
	'
	cd "$SHARNESS_TRASH_DIRECTORY" && rm -rf x
}

junk() {
	git rev-parse -q --verify strack-ledger >/dev/null &&
	forge_tree=$(git rev-parse "strack-ledger^{tree}") &&
	forge_add 100644 "$(git rev-parse HEAD:README)" "$1" &&
	forge_move "$(echo "x $evil" | forge_write_commit "$forge_tree" \
		stranger "" "$(forge_tip)")"
}

refused_in 'an entry of a stranger' '
	forge mark @by=stranger host="$coded" script="$coded_a" reason="$coded"' \
	'git strack verify; git strack verify --json; git strack status --all' \
	'git strack log -n 3; git strack run --env staging "$a"' \
	'git strack trust requests; git strack trust requests | cat'
refused_in 'a path that is none' 'junk "x/$evil/y"' \
	'git strack verify; git strack verify --json' \
	'git strack run --env staging "$a"; git strack remind'
refused_in 'a script whose path has control characters' '
	echo x | write "scripts/20260105_$evil.sh"' \
	'git strack status; git strack check' \
	'git strack remind; git strack run --env staging'
refused_in 'a bad header' '
	printf "#!/bin/sh\n# strack: %s %s\n" "$evil" "$evil" |
		script scripts/20260106_x.sh &&
	printf "#!/bin/sh\n# strack: timeout %s\n" "$evil" |
		script scripts/20260107_x.sh' \
	'git strack status; git strack check; git strack run --env staging'
refused_in 'a bad .strack.ini' '
	printf "[scr%s]\np%s = %s\n" "$evil" "$evil" "$evil" >.strack.ini' \
	'git strack status' 'git strack check'
refused_in 'a .strack.ini that is bad in another way' '
	printf "[scr%s]\np%s = %s\n" "$bidi" "$bidi" "$bidi" >.strack.ini' \
	'git strack status'
refused_in 'values of a .strack.ini' '
	printf "[runner \"%s\"]\ncommand = %s\n[scripts]\npath = %s\ntimeout = %s\n" \
		"$bidi" "$bidi" "$bidi" "$bidi" >.strack.ini' \
	'git strack status'
refused_in 'a bad value of git config' '
	git config strack.remindAfter "$evil" && git config user.name "$evil" &&
	git config strack.remote "$evil" && git config user.signingKey "$evil"' \
	'git strack remind; git strack mark -m x "$b"' \
	'git strack status; git strack init'

test_expect_success SCRIPT 'none of it reached a terminal raw' '
	test "$(find seen -name "*.tty" | wc -l)" -gt 50 && judge
'

# Or there would be nothing to judge.  (init, cleanup and hooks say nothing that
# came from outside; of a file with control characters only the line is told.)
test_expect_success SCRIPT 'but what is safe of it was shown, by nearly all' '
	grep -lF evil seen/*.tty >shown && test "$(wc -l <shown)" -ge 45 &&
	grep -lF "\\e]0;evil" seen/*.tty >shown && test "$(wc -l <shown)" -ge 35
'

# The judge sees what it must.
test_expect_success SCRIPT 'and if it had, it would be seen' '
	for bad in "$evil" "$bidi" "$byte" "$(printf "\033[8m")" "$(printf "\b")" \
		"$(printf "\302\233")"; do
		rm -rf seen && mkdir seen && echo x >seen/1.cmd &&
		echo "$bad" >seen/1.tty && ! judge || return 1
	done &&
	printf "\033[31mred\033[m\r\033[Kagain\r\n" >seen/1.tty && judge
'

test_expect_success SCRIPT 'what was written is a good ledger' '
	cd r && git strack verify && audit_ledger . && audit_fsck .
'

test_done
