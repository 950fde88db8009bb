#!/bin/sh
test_description='parameters that a header declares'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

# wants <path> [<header line>...]: tells what it gets.
wants() {
	wants_path=$1 && shift &&
	{
		echo "#!/bin/sh"
		[ $# = 0 ] || printf "# strack: param %s\n" "$@"
		echo 'env | grep ^STRACK_PARAM_ | sort >got'
		echo "echo ran >>ran"
	} | script "$wants_path"
}

got() {
	printf "%s\n" "$@" >want && test_cmp want got && rm want got
}

# claims nothing, runs nothing, and says so
in_vain() {
	was=$(git rev-parse strack-ledger) &&
	refused 129 "$@" && test "$(git rev-parse strack-ledger)" = "$was" &&
	test ! -e ran
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init && git add .strack.ini &&
	git commit -q -m ini &&
	printf "%s\n" ran got want out err >.git/info/exclude
'

test_expect_success 'a default, or what is given, and the claim tells' '
	a=scripts/${day}01_a.sh &&
	wants "$a" "LIMIT 1000 How many users at most" "A_1 x" &&
	STRACK_PARAM_LIMIT=5 STRACK_PARAM_OTHER=6 git strack run &&
	got STRACK_PARAM_A_1=x STRACK_PARAM_LIMIT=1000 &&
	test "$(entry "$a" claim | field param)" = "LIMIT=1000 A_1=x" &&
	rm ran && git strack run --again -m x --param LIMIT="5 %=x" "$a" &&
	got STRACK_PARAM_A_1=x "STRACK_PARAM_LIMIT=5 %=x" &&
	test "$(entry "$a" claim | field param)" = "LIMIT=5%20%25=x A_1=x" &&
	git strack show 01_a >out && grep "Parameters: .*LIMIT=5 %=x" out &&
	STRACK_PARAM_LIMIT=7 git strack run --again -m x --param LIMIT \
		--param A_1= "$a" &&
	got STRACK_PARAM_A_1= STRACK_PARAM_LIMIT=7 && rm ran
'

test_expect_success 'what is missing or not declared, before anything is claimed' '
	a=scripts/${day}02_a.sh b=scripts/${day}03_b.sh &&
	wants "$a" && wants "$b" "WHO required Whose they are" &&
	in_vain "03_b.sh: the parameter WHO is missing: Whose they are" \
		git strack run &&
	grep "hint: *git strack run --param WHO=VALUE $b" "$refusal" &&
	in_vain "NOSUCH: no script that would run declares it" git strack run \
		--param WHO=x --param NOSUCH=1 &&
	in_vain "given twice" git strack run --param WHO=x --param WHO=y &&
	in_vain "no variable STRACK_PARAM_WHO" git strack run --param WHO &&
	for bad in who=x "=x" "" 1A=x "A B=x" "Ä=x"; do
		in_vain "no NAME=VALUE" git strack run --param "$bad" || return 1
	done &&
	git strack run --param WHO=me && got STRACK_PARAM_WHO=me &&
	test "$(wc -l <ran)" = 2 && rm ran
'

test_expect_success 'a secret comes by the environment, and is nowhere' '
	a=scripts/${day}04_a.sh && wants "$a" "TOKEN secret" &&
	echo "echo it is \$STRACK_PARAM_TOKEN; echo checkpoint at \$STRACK_PARAM_TOKEN \
		>>\$STRACK_EVENTS; exit 3" >>"$a" && git commit -q -a -m x &&
	in_vain "TOKEN is missing" git strack run &&
	in_vain "a command line is for everybody to see" git strack run \
		--param TOKEN=s3cr3t42 && ! grep s3cr3t42 "$refusal" &&
	in_vain "too short to be masked" \
		env STRACK_PARAM_TOKEN=ab git strack run --param TOKEN &&
	was=$(git rev-parse strack-ledger) &&
	STRACK_PARAM_TOKEN="    " must_fail 128 git strack run --param TOKEN \
		2>err && grep "04_a.sh: a secret .*can.t be masked" err &&
	test "$(git rev-parse strack-ledger)" = "$was" && test ! -e ran &&
	STRACK_PARAM_TOKEN=s3cr3t42 must_fail 1 git strack run --param TOKEN \
		>out 2>&1 && got STRACK_PARAM_TOKEN=s3cr3t42 &&
	grep -x "it is \*\*\*" out && ! grep s3cr3t42 out &&
	test "$(entry "$a" claim | field param)" = "TOKEN=***" &&
	! git log -p strack-ledger | grep s3cr3t42 &&
	! grep -r s3cr3t42 .git/strack && rm ran && git strack mark -m x "$a"
'

test_expect_success 'nor is it shown to who looks from elsewhere, nor kept when all died' '
	a=scripts/${day}04_b.sh && script "$a" <<-\EOF &&
	#!/bin/sh
	# strack: param TOKEN secret
	echo "progress 1 2 of $STRACK_PARAM_TOKEN" >>"$STRACK_EVENTS"
	echo "checkpoint at $STRACK_PARAM_TOKEN" >>"$STRACK_EVENTS"
	until [ -e go ]; do sleep 0.1; done
	kill -KILL "$PPID"
	exec sleep 60
	EOF
	{ STRACK_PARAM_TOKEN=s3cr3t43 git strack run --param TOKEN >out 2>&1 & } &&
	wait_for "git strack status | grep \"1 of 2 of\"" &&
	git strack status >seen && grep "1 of 2 of \*\*\*" seen &&
	: >go && { wait $! || :; } && rm go &&
	entry "$a" lost | grep "^checkpoint at=\*\*\*\$" &&
	! grep s3cr3t43 out seen && git strack resolve --done -m x "$a"
'

test_expect_success 'a header that declares badly' '
	a=scripts/${day}05_a.sh &&
	for bad in "LIMIT" "limit 5" "1LIMIT 5" "A-B 5"; do
		wants "$a" "$bad" && must_fail 128 git strack run 2>err &&
		grep "05_a.sh: param: .*line 2.*try .LIMIT 1000" err || return 1
	done &&
	wants "$a" "A 1" "A 2" && must_fail 128 git strack run 2>err &&
	grep "param: .A 2. is not a new name.*line 3" err &&
	git strack mark -m x "$a"
'

test_expect_success 'a retry that a person asks for is given them again' '
	a=scripts/${day}06_a.sh && wants "$a" "N required" &&
	echo "test \$STRACK_PARAM_N = 2" >>"$a" && git commit -q -a -m x &&
	must_fail 1 git strack run --param N=1 && rm ran &&
	in_vain "N is missing" git strack run --retry &&
	git strack run --retry --param N=2 &&
	test "$(kinds "$a")" = "claim fail claim done"
'

test_expect_success 'the whole of it is sound' '
	git strack verify -q && audit
'

test_done
