#!/bin/sh
# mandoc has nothing to say about any page.
. "$(dirname "$0")/lib.sh"
needs mandoc

files 'man/*.[1-9]' | while IFS= read -r page; do
	# What this machine has no page of is no fault of ours.
	mandoc -Tlint -W style "$page" 2>&1 |
		grep -vE 'referenced manual not found|outdated mandoc.db'
done | complain

lint_done
