#!/bin/sh
test_description='check: the gate for pull requests and deploys'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

# finds <n> <check> [<environment>]: the last check.json has exactly n of them.
finds() {
	jq -e --arg c "$2" --arg e "${3:-}" "[.findings[] |
		select(.check == \$c and (\$e == \"\" or .environment == \$e))] |
		length == $1" check.json && return 0
	jq . check.json >&4
	return 1
}

# gate [<option>...]: check --json into check.json; fails as check does.
gate() {
	git strack check --json "$@" >check.json
}

test_expect_success 'nothing to check, and no commit' '
	git init -q ../empty &&
	refused 128 "no commit yet" git -C ../empty strack check &&
	git strack check >out 2>err && ! test -s out &&
	grep "0 scripts checked: fine" err && grep "no ledger" err
'

test_expect_success 'a good script is quiet' '
	printf "[environment \"staging\"]\n[environment \"production\"]\n" >.strack.ini &&
	git add .strack.ini && git commit -q -m settings &&
	git branch base &&
	echo "echo one" | script scripts/20260101_one.sh &&
	git strack check --base base >out 2>err && ! test -s out &&
	grep "^1 script checked against $(git rev-parse base | cut -c 1-10): fine$" err &&
	gate && jq -e ".ok and .findings == [] and .base == null and
		.ledger == false and .commit == \"$(git rev-parse HEAD)\"" check.json
'

test_expect_success 'bad headers, with their lines' '
	printf "# x\n# strack: timeout 5x\n" | script scripts/20260102_header.sh &&
	printf "# strack: colour red\n" | script scripts/20260102_unknown.sh &&
	must_fail 1 git strack check >out &&
	grep "^scripts/20260102_header.sh: timeout: .5x. is not a duration (line 2)" out &&
	test "$(wc -l <out)" = 2 &&
	must_fail 1 gate && finds 2 header &&
	jq -e ".ok == false and (.findings | map(.line) == [2, 1]) and
		.findings[0].script == \"scripts/20260102_header.sh\" and
		.findings[0].environment == null" check.json &&
	git rm -q scripts/20260102_* && git commit -q -m fixed && gate
'

test_expect_success 'an environment that .strack.ini does not name' '
	printf "# strack: environments staging prodution local\n" |
		script scripts/20260102_env.sh &&
	must_fail 1 gate && finds 1 environment prodution && finds 1 environment &&
	git rm -q scripts/20260102_* && git commit -q -m fixed
'

test_expect_success 'what could not be started anywhere; what is missing here is no fault' '
	echo "select 1" | script scripts/20260102_a.sql &&
	echo "no shebang" >scripts/20260102_b && chmod +x scripts/20260102_b &&
	printf "#!/bin/sh\r\n" >scripts/20260102_c && chmod +x scripts/20260102_c &&
	: >scripts/20260102_d.sh &&
	printf "#!/nowhere/at/all\n" >scripts/20260102_e && chmod +x scripts/20260102_e &&
	head -c 11000000 /dev/zero >scripts/20260102_f.sh &&
	git add scripts && git commit -q -m bad &&
	must_fail 1 git strack check >out &&
	cut -d: -f 1 out >got &&
	printf "scripts/20260102_%s\n" b c d.sh f.sh >want &&
	test_cmp want got &&
	must_fail 1 gate && finds 4 runner &&
	git rm -q scripts/20260102_* && git commit -q -m fixed
'

test_expect_success 'SQL that could not be one transaction' '
	cp .strack.ini ini &&
	printf "%s\n" "[environment \"lite\"]" "database = sqlite:x.db" \
		>>.strack.ini &&
	printf "%s\n" "SELECT 1;" "COMMIT;" | script scripts/20260102_a.sql &&
	printf "%s\n" "-- strack: transaction no" "COMMIT;" |
		script scripts/20260102_b.sql &&
	git commit -q -m lite .strack.ini &&
	must_fail 1 gate && finds 1 sql &&
	must_fail 1 git strack check >out &&
	grep "^scripts/20260102_a.sql.*: COMMIT: .*(line 2)" out &&
	git rm -q scripts/20260102_* && mv ini .strack.ini &&
	git commit -q -a -m fixed
'

test_expect_success 'names that look like scripts and are none' '
	for name in 2026012_a.sh 20260102030405123_b.sh 2026-01-02_c.sh \
		"20260102 d.sh" 20260102T101500_e.sh 20260102_f.SH; do
		echo "echo x" >"scripts/$name" || return 1
	done &&
	echo "#!/bin/sh" >scripts/20260102_g.txt &&
	ln -s 20260101_one.sh scripts/20260102_h.sh &&
	for name in 20260102_rows.csv deploy.sh 001_build.sh 20260102_x.sh.orig \
		20260102_one.rollback.sh 12345678abcd.js 2026_report.md; do
		echo "data" >"scripts/$name" || return 1
	done &&
	git add -f scripts && git commit -q -m names &&
	must_fail 1 gate && finds 8 no-script && jq -e ".findings | length == 8" check.json &&
	must_fail 1 git strack check >out &&
	grep "2026-01-02_c.sh: .*rename it to 20260102_c.sh" out &&
	grep "20260102_f.SH: .*\.SH has no runner, \.sh has" out &&
	grep "20260102_g.txt: .*chmod +x" out && grep "20260102_h.sh: .*link" out &&
	git rm -q -r scripts && git commit -q -m fixed &&
	echo "echo one" | script scripts/20260101_one.sh
'

test_expect_success 'names that other systems have not, or can not tell apart' '
	nfc=$(printf "scripts/20260102_caf\303\251.sh") &&
	nfd=$(printf "scripts/20260102_cafe\314\201.sh") &&
	for name in scripts/20260102_Fix.sh scripts/20260102_fix.sh "$nfc" "$nfd" \
		scripts/aux/20260103_a.sh "scripts/20260103_b?.sh" \
		"scripts/x./20260103_c.sh" "scripts/20260103_d .sh"; do
		echo "echo x" | write "$name" || return 1
	done &&
	git add scripts && git commit -q -m names &&
	must_fail 1 gate && finds 2 collision && finds 3 name &&
	must_fail 1 git strack check >out &&
	grep "20260102_fix.sh: is the same name as scripts/20260102_Fix.sh" out &&
	git rm -q -r scripts && git commit -q -m fixed &&
	echo "echo one" | script scripts/20260101_one.sh
'

test_expect_success 'a path that no script may have is a finding here' '
	echo "echo x" | write "scripts/20260102_a	b.sh" &&
	git add scripts && git commit -q -m tab &&
	must_fail 1 git strack check >out 2>err &&
	grep "scripts/20260102_a.tb.sh: has a control character" out &&
	! LC_ALL=C grep "$(printf "\t")" out &&
	git rm -q scripts/20260102* && git commit -q -m fixed
'

test_expect_success 'requirements that are not there, or go round' '
	echo "# strack: requires 20260103_b.sh nowhere.sh" | script scripts/20260102_a.sh &&
	echo "# strack: requires scripts/20260104_c.sh" | script scripts/20260103_b.sh &&
	echo "# strack: requires 20260102_a.sh 20260101_one.sh" | script scripts/20260104_c.sh &&
	echo "# strack: requires 20260105_self.sh" | script scripts/20260105_self.sh &&
	must_fail 1 git strack check >out &&
	grep "^scripts/20260102_a.sh: requires scripts/20260103_b.sh, which requires scripts/20260104_c.sh, which requires it$" out &&
	grep "^scripts/20260105_self.sh: requires itself$" out &&
	grep "^scripts/20260102_a.sh: requires nowhere.sh, which is neither here nor settled$" out &&
	must_fail 1 gate && finds 2 circle && finds 1 requires &&
	git reset -q --hard HEAD~4
'

test_expect_success 'a rollback where .strack.ini demands one' '
	printf "[scripts]\nrequire-rollback = yes\n" >>.strack.ini &&
	git commit -q -a -m "rollbacks, please" &&
	must_fail 1 git strack check >out &&
	grep "20260101_one.sh: has no rollback companion.*scripts/20260101_one.rollback.EXT" out &&
	echo "echo x" | script scripts/20260101_one.verify.sh &&
	must_fail 1 gate && finds 1 rollback &&
	echo "print(1)" | script scripts/20260101_one.rollback.py && gate &&
	git rm -q scripts/*rollback* && git commit -q -m away &&
	git strack run --env staging --from-the-beginning && must_fail 1 gate &&
	git strack run --env production --from-the-beginning && gate &&
	printf "[scripts]\nrequire-rollback = perhaps\n" >.strack.ini &&
	refused 128 "require-rollback: .perhaps. is neither yes nor no" git strack check &&
	printf "[environment \"staging\"]\n[environment \"production\"]\n" >.strack.ini &&
	git commit -q -a -m "no need" && gate
'

test_expect_success 'an already-run script edited: environments and blobs are named' '
	git branch ran && old=$(git rev-parse HEAD:scripts/20260101_one.sh) &&
	echo "echo 1" | script scripts/20260101_one.sh &&
	new=$(git rev-parse HEAD:scripts/20260101_one.sh) &&
	must_fail 1 git strack check --base ran >out &&
	for env in staging production; do
		grep "^scripts/20260101_one.sh: edited after it was done in $env (with $(echo $old | cut -c 1-10), now $(echo $new | cut -c 1-10))" out || return 1
	done &&
	test "$(wc -l <out)" = 2 &&
	must_fail 1 gate && finds 1 edited staging && finds 1 edited production
'

test_expect_success 'edited: over when the new bytes are settled there' '
	git strack run --env staging --again -m "new" 20260101_one &&
	must_fail 1 gate && finds 0 edited staging && finds 1 edited production &&
	git strack mark --env production -m "a comment" 20260101_one && gate
'

test_expect_success 'a branch that is behind is no edit; changing the bytes back is one' '
	gate --base ran ran &&
	git checkout -q -b back && git checkout -q ran -- scripts &&
	git commit -q -m "back to what it was" &&
	must_fail 1 gate --base main && finds 1 edited staging && finds 1 edited production &&
	git checkout -q main
'

test_expect_success 'what failed may be mended' '
	echo "exit 3" | script scripts/20260102_two.sh && git branch -f ran &&
	must_fail 1 git strack run --env staging &&
	echo "exit 0" | script scripts/20260102_two.sh && gate --base ran
'

test_expect_success 'deleted before it ran where it must' '
	git branch -f ran && git rm -q scripts/20260102_two.sh && git commit -q -m away &&
	must_fail 1 git strack check --base ran >out &&
	grep "^scripts/20260102_two.sh: deleted before it was settled in staging, where it is failed$" out &&
	grep "^scripts/20260102_two.sh: deleted before it was settled in production, where it is pending$" out &&
	must_fail 1 gate --base ran && finds 2 deleted &&
	git strack mark --env staging -m no 20260102_two &&
	git strack mark --env production -m no 20260102_two && gate --base ran
'

test_expect_success 'deleted: by the header that the base has, and not where it was renamed' '
	printf "# strack: environments production\n" | script scripts/20260103_three.sh &&
	git branch -f ran && git rm -q scripts/20260103_three.sh && git commit -q -m away &&
	must_fail 1 gate --base ran && finds 1 deleted && finds 1 deleted production &&
	git reset -q --hard ran && git mv scripts/20260103_three.sh scripts/20260104_three.sh &&
	git commit -q -m rename && gate --base ran &&
	git reset -q --hard ran && git update-index --chmod=-x scripts/20260103_three.sh &&
	git mv scripts/20260103_three.sh scripts/20260103_three.txt &&
	git commit -q -m "rename it to nothing" &&
	must_fail 1 gate --base ran && finds 1 deleted && git reset -q --hard ran
'

test_expect_success 'a folder that is no longer looked into takes its scripts away' '
	printf "[scripts]\npath = jobs\n" >>.strack.ini &&
	git commit -q -a -m "other folder" &&
	must_fail 1 gate --base ran && finds 1 deleted production && finds 1 deleted &&
	git reset -q --hard ran
'

test_expect_success 'main moved on: what is new there was not deleted here' '
	git checkout -q -b topic HEAD~1 && git commit -q --allow-empty -m topic &&
	gate --base main && git checkout -q main
'

test_expect_success 'the default base is the upstream, else origin/HEAD' '
	git clone -q . ../clone && cd ../clone &&
	git fetch -q origin strack-ledger:strack-ledger &&
	git rm -q scripts/20260103_three.sh && git commit -q -m away &&
	must_fail 1 gate && finds 1 deleted &&
	jq -e ".base == \"$(git rev-parse origin/main)\"" check.json &&
	git checkout -q --detach && must_fail 1 gate && finds 1 deleted &&
	git remote set-head origin --delete &&
	refused 128 "nothing to compare with" git strack check &&
	grep "git strack check --base origin/main" "$refusal" &&
	must_fail 1 gate --base origin/main && finds 1 deleted &&
	cd ../r
'

test_expect_success 'a bad --base, a shallow clone, and no history in common' '
	refused 128 "no-such-rev. names no commit" git strack check --base no-such-rev &&
	refused 128 "names no commit" git strack check --base --all &&
	must_fail 129 git strack check one two &&
	tree=$(git rev-parse HEAD^{tree}) && other=$(git commit-tree -m other $tree </dev/null) &&
	must_fail 128 git strack check --base $other 2>err && grep "no commit in common" err &&
	git clone -q --depth 1 "file://$PWD" ../shallow && cd ../shallow &&
	git fetch -q origin strack-ledger:strack-ledger &&
	git fetch -q --depth 1 origin topic:topic &&
	refused 128 "no commit in common" git strack check --base topic &&
	grep "fetch-depth: 0" "$refusal" &&
	refused 128 "names no commit" git strack check --base "HEAD~3" &&
	grep "shallow" "$refusal" && cd ../r
'

test_expect_success 'the ledger of a team comes by itself; where it does not, that is told' '
	git strack init --no-hooks >/dev/null 2>&1 || git strack init >/dev/null &&
	git add .strack.ini && git commit -q -m ledger &&
	git clone -q . ../fetched && git -C ../fetched strack check 2>err &&
	grep "came from the remote .origin" err &&
	git clone -q . ../unfetched &&
	git -C ../unfetched config strack.remote none &&
	refused 128 "names a ledger, and it is not here" git -C ../unfetched strack check &&
	grep "git strack sync" "$refusal"
'

test_expect_success 'in a bare repository, of HEAD or of the commit that is named' '
	git clone -q --bare . ../bare.git && git -C ../bare.git remote remove origin &&
	git -C ../bare.git strack check 2>err && grep "checked: fine" err &&
	echo "echo 2" | script scripts/20260101_one.sh &&
	git push -q ../bare.git HEAD:refs/heads/proposal &&
	must_fail 1 git -C ../bare.git strack check --base main proposal >out &&
	grep "20260101_one.sh: edited after it was" out &&
	git reset -q --hard HEAD~1
'

test_expect_success 'the work tree is not looked at, and that is said' '
	echo "echo changed" >>scripts/20260101_one.sh &&
	echo "# strack: nonsense" >scripts/20260109_new.sh &&
	git strack check >out 2>err && ! test -s out &&
	grep "note: 2 scripts in the work tree are not as in HEAD" err &&
	git checkout -q scripts && rm scripts/20260109_new.sh
'

test_expect_success 'nothing is executed and nothing is written' '
	printf "#!/bin/sh\ntouch %s/ran\n" "$PWD" >../evil && chmod +x ../evil &&
	echo "*.sh diff=evil filter=evil" >.gitattributes &&
	printf "#!%s/../evil\n" "$PWD" | script scripts/20260110_evil.sh &&
	git -c diff.external="$PWD/../evil" -c diff.evil.textconv="$PWD/../evil" \
		-c core.hooksPath="$PWD/.." -c core.pager="$PWD/../evil" \
		strack check --base ran && ! test -e ran &&
	git reset -q --hard HEAD~1
'

test_expect_success 'local counts where nothing else is named, and only where it is known' '
	repo ../solo && cd ../solo &&
	echo "echo a" | script scripts/20260101_a.sh &&
	git strack run --from-the-beginning &&
	echo "echo b" | script scripts/20260102_b.sh && git branch base &&
	echo "echo A" | script scripts/20260101_a.sh &&
	git rm -q scripts/20260102_b.sh && git commit -q -m away &&
	must_fail 1 gate --base base && finds 1 edited local && finds 1 deleted local &&
	git clone -q . ../ci && cd ../ci && git fetch -q origin strack-ledger:strack-ledger &&
	gate --base origin/base && cd ../r
'

test_expect_success 'the ledger is sound' '
	audit && git strack verify
'

test_done
