#!/bin/sh
test_description='clocks that are wrong'
. "$(dirname "$0")/lib-strack.sh"

# 2026-11-21 10:15:02 UTC
now=1795256102

# job <path>
job() {
	script "$1" <<-\EOF
	#!/bin/sh
	echo "$STRACK_SCRIPT" >>"$STRACK_TOP/ran"
	EOF
}

test_expect_success 'before 2000' '
	repo old && (
		cd old && STRACK_TEST_NOW=915148799 && export STRACK_TEST_NOW &&
		made=$(git strack create the first) &&
		test "$made" = scripts/19981231235959_the_first.sh &&
		git add . && git commit -q -m first && git strack run &&
		entry "$made" "done" | field time | grep ^1998-12-31T23:59 &&
		entries | grep "19981231T2359..Z.local.done" &&
		test "$(git log -1 --format=%cs strack-ledger)" = 1998-12-31 &&
		git strack status && git strack verify && audit
	)
'

test_expect_success 'the first day of all, and a day far away' '
	for time in 1 4102444800; do
		repo "at-$time" && (
			cd "at-$time" && STRACK_TEST_NOW=$time &&
			export STRACK_TEST_NOW &&
			job "scripts/$(date -u -d "@$time" +%Y%m%d%H%M%S)_a.sh" &&
			git strack run && git strack run &&
			test "$(wc -l <ran)" = 1 && git strack status &&
			git strack log && git strack verify && audit
		) || return 1
	done
'

test_expect_success 'a clock that jumps back between two runs' '
	repo back && (
		cd back && job scripts/20261121000001_a.sh &&
		STRACK_TEST_NOW=$now git strack run &&
		job scripts/20261121000002_b.sh &&
		STRACK_TEST_NOW=$((now - 86400 * 365)) git strack run &&
		STRACK_TEST_NOW=$((now - 86400 * 400)) git strack run &&
		test "$(wc -l <ran)" = 2 &&
		entries | cut -d / -f 3 | cut -d . -f 1 | sort -n >seqs &&
		entries | cut -d / -f 3 | cut -d . -f 1 >have &&
		test_cmp seqs have && git strack verify && git strack log >out &&
		grep scripts out | head -n 1 | grep b.sh && audit
	)
'

test_expect_success 'what was decided later counts, whatever its time' '
	(
		cd back &&
		STRACK_TEST_NOW=1 git strack reset -m again 000001_a &&
		STRACK_TEST_NOW=$now git strack status >out &&
		grep "pending.*000001_a" out &&
		STRACK_TEST_NOW=2 git strack mark -m enough 000001_a &&
		STRACK_TEST_NOW=$now git strack status >out &&
		grep "marked.*000001_a" out && git strack verify && audit
	)
'

test_expect_success 'a clock that jumps back while a script runs' '
	repo during && (
		cd during && script scripts/20261121000001_a.sh <<-\EOF &&
		#!/bin/sh
		STRACK_TEST_NOW=1000000000 git strack status
		sleep 1.2
		EOF
		STRACK_TEST_NOW=$now git strack run --timeout 20s >out &&
		entry scripts/20261121000001_a.sh done | field duration >d &&
		awk "{ exit !(\$1 >= 1.2 && \$1 < 20) }" d && audit
	)
'

test_expect_success 'the limit is counted by no clock that can be set' '
	(
		cd during && script scripts/20261121000002_b.sh <<-\EOF &&
		#!/bin/sh
		sleep 60
		EOF
		STRACK_TEST_NOW=$((now - 86400)) \
			must_fail 1 git strack run --timeout 1s >out 2>&1 &&
		entry scripts/20261121000002_b.sh fail >e &&
		test "$(field timed-out <e)" = 1 &&
		field duration <e >d &&
		awk "{ exit !(\$1 >= 1 && \$1 < 15) }" d && audit
	)
'

test_expect_success 'scripts dated tomorrow, and on days that are none' '
	repo dates && (
		cd dates && STRACK_TEST_NOW=$now && export STRACK_TEST_NOW &&
		job scripts/20991231235959_future.sh &&
		git strack run >out && test "$(wc -l <ran)" = 1 &&
		job scripts/20261121000001_today.sh &&
		git strack status >out && grep "pending.*today" out &&
		git strack run && test "$(wc -l <ran)" = 2 &&
		job scripts/20261399_no_such_day.sh &&
		job scripts/00000000_zero.sh &&
		git strack run --from-the-beginning &&
		test "$(wc -l <ran)" = 4 && audit
	)
'

test_expect_success 'dates that people name' '
	(
		cd dates &&
		for date in yesterday 2026-13-01 2026-02-30 "" 99999999999999; do
			refused 129 "is no date" git strack mark --baseline \
				--before "$date" -m x || return 1
		done
	)
'

test_expect_success 'time zones' '
	(
		cd dates && git strack log >utc &&
		for zone in Asia/Kathmandu America/St_Johns UTC+14 nonsense ""; do
			TZ=$zone STRACK_TEST_NOW=$now git strack status >out &&
			TZ=$zone git strack log >out &&
			test "$(wc -l <out)" = "$(wc -l <utc)" || return 1
		done &&
		job scripts/20261121000003_zone.sh &&
		TZ=Asia/Kathmandu STRACK_TEST_NOW=$now git strack run &&
		entry scripts/20261121000003_zone.sh claim | field time |
			grep "^2026-11-21T10:15:0.*Z$" && audit
	)
'

test_done
