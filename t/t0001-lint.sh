#!/bin/sh
test_description='the source is as STYLE.md wants it'
. "$(dirname "$0")/lib-strack.sh"

STRACK_INCLUDES=$strack_scratch/includes
export STRACK_INCLUDES

for lint in "$strack_t"/lint/*.sh; do
	name=$(basename "$lint" .sh)
	case $name in
	lib) continue ;;
	esac
	test_expect_success "lint: $name" '"$lint"'
done

test_expect_success 'every header compiles alone' '
	make -s -C "$strack_top" check-headers
'

test_done
