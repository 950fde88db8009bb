#!/bin/sh
test_description='what runs, or ends what ran, stopped by any fault

A fixed sample here; at every point with make check-long (lib-fault.sh).'
. "$(dirname "$0")/lib-fault.sh"

test_expect_success 'tools' fault_tools

for scenario in fail rollback cleanup resolve exec; do
	test_expect_success "$scenario" "
		fault_case $scenario 97 kill ENOSPC:long EIO short EINTR
	"
done

test_done
