#!/bin/sh
test_description='what only writes, stopped by any fault

A fixed sample here; at every point with make check-long (lib-fault.sh).'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

for scenario in mark reset approve remove create trust \
	hooks chain unhook; do
	test_expect_success "$scenario" "
		fault_case $scenario 61 kill ENOSPC:long EIO short EINTR
	"
done

test_done
