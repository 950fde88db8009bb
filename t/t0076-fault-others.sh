#!/bin/sh
test_description='any command, stopped by any fault

A fixed sample here; at every point with make check-long (lib-fault.sh).'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

for scenario in ${FAULT_ONLY:-fail cleanup recover mark reset resolve approve \
	remove create exec trust hooks chain unhook timeout}; do
	test_expect_success "$scenario" "
		fault_case $scenario ${FAULT_STEP:-61} ${FAULT_HOW:-kill ENOSPC:long EIO short EINTR}
	"
done

test_done
