#!/bin/sh
test_description='a hundred clones, eight at a time, write two entries each'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-remote.sh"

if test_have_prereq LONG; then
	clones=${CLONES:-100}
else
	clones=${CLONES:-8}
fi

test_expect_success 'set-up' '
	team ada && ssh-keygen -q -t ed25519 -N "" -f "$strack_scratch/fleet" &&
	in_clone root git strack trust add "$strack_scratch/fleet.pub" \
		--principal fleet --roles run &&
	export STRACK_SIGNING_KEY_FILE="$strack_scratch/fleet" &&
	(cd root && for i in $(seq 1000 $((999 + clones))); do
		write "scripts/${day}0001_n$i.sh" <<-EOT || return 1
		#!/bin/sh
		echo ran >>"\$STRACK_TOP/../ran.$i"
		EOT
	done && git add . && git commit -q -m scripts && git push -q origin main) &&
	for i in $(seq 1000 $((999 + clones))); do
		git clone -q team.git n$i || return 1
	done
'

test_expect_success "$clones clones converge" '
	start=$(date +%s%N) &&
	seq 1000 $((999 + clones)) | xargs -P 8 -I{} sh -c "
		cd n{} && git strack run --env production n{} >../out.{} 2>&1 ||
		echo {} >>../failed" &&
	took=$((($(date +%s%N) - start) / 1000000)) && test ! -e failed &&
	say "# $((took / clones / 2)) ms an entry" &&
	for i in $(seq 1000 $((999 + clones))); do once $i || return 1; done &&
	test "$(number claim)" = $clones && test "$(number "done")" = $clones &&
	agree $(seq -f n%g 1000 $((999 + clones)))
'

test_expect_success 'and what they agree on is sound' '
	git -C n1000 strack verify --full && audit_fsck team.git &&
	{ test $clones -gt 20 || audit_ledger team.git; }
'

test_done
