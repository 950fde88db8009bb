#!/bin/sh
test_description='what only writes, stopped by any fault

A fixed sample here; at every point with make check-long (lib-fault.sh).'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

# A hook of somebody else's must never be lost: that has few points, and all of
# them are tried.
for scenario in mark:61 reset:61 approve:61 remove:61 create:61 trust:61 \
	hooks:61 chain:1 unhook:1; do
	step=${scenario#*:} scenario=${scenario%:*}
	test_expect_success "$scenario" "
		fault_case $scenario $step kill ENOSPC:long EIO short EINTR
	"
done

test_done
