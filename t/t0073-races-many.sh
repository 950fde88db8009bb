#!/bin/sh
test_description='16 runs at once on 20 pending scripts, each in a clone of its own'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d) runners=16 scripts=20
if test_have_prereq LONG; then
	rounds=${RACE_ROUNDS:-50} audited=10
else
	rounds=${RACE_ROUNDS:-5} audited=5
fi

test_expect_success 'set-up' '
	mkdir template && cd template && repo r && cd r && git strack init &&
	for i in $(seq 10 $((9 + scripts))); do
		write "scripts/${day}01$i""_s.sh" <<-EOT || return 1
		#!/bin/sh
		echo ran >>"\$STRACK_TOP/../ran.$i"
		EOT
	done && git add . && git commit -q -m scripts && cd ../..
'

complain() {
	{
		echo "# $*"
		cat "$2"
	} >&4
	return 1
}

# one <n>: a runner; those with even numbers wait, and see all that they waited
# for.
one() {
	case $1 in
	*[02468]) set -- "$1" --wait ;;
	esac
	n=$1 && shift
	git-strack run "$@" >"../out.$n" 2>&1
	code=$?
	find .. -maxdepth 1 -name "ran.*" | wc -l >>"../saw.$n"
	echo $code >"../code.$n"
}

# well_ended <n>: as a person would want it.
well_ended() {
	code=$(cat "../code.$1") saw=$(cat "../saw.$1")
	case $1,$code,$saw in
	*[02468],0,$scripts) ;;
	*[02468],*) complain "runner $1 waited: $code, saw $saw" "../out.$1" ;;
	*,0,*) grep -q -e "done in local" -e "nothing is pending" "../out.$1" ;;
	*,3,*) grep -q -e "another runner has it" -e "running since" "../out.$1" &&
		grep -q "^hint:   git strack run --wait" "../out.$1" ;;
	*) false ;;
	esac || complain "runner $1: $code, saw $saw" "../out.$1"
}

# each_once: all of the scripts, and the ledger has all that there was.
each_once() {
	for i in $(seq 10 $((9 + scripts))); do
		[ "$(wc -l <"../ran.$i")" = 1 ] ||
			complain "script $i" "../ran.$i" || return 1
	done
	entries | awk -F. "{ print \$(NF - 1) }" | sort | uniq -c >../kinds &&
	printf "%7d claim\n%7d done\n%7d trust-add\n" $scripts $scripts 1 |
		cmp - ../kinds
}

for round in $(seq "$rounds"); do
	test_expect_success "round $round" '
		rm -rf round && cp -a template round && (
			cd round/r && for i in $(seq $runners); do
				one $i &
			done && wait && for i in $(seq $runners); do
				well_ended $i || exit 1
			done && each_once && git strack verify -q &&
			git strack run >../out && grep "nothing is pending" ../out &&
			test -z "$(ls .git/strack/journal)" &&
			test -z "$(ls .git/strack/runs)" && audit_fsck && each_once && {
				test $((round % audited)) != 0 || audit
			}
		) && rm -rf round
	'
done

test_done
