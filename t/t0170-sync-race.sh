#!/bin/sh
test_description='clones that race for the same scripts, over each transport'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-remote.sh"

# In check a few clones and one round over file; in check-long all of it.
if test_have_prereq LONG; then
	clones=12 scripts=20 rounds=${RACE_ROUNDS:-20} once_clones=12
else
	clones=4 scripts=5 rounds=1 once_clones=3
fi
names=$(seq -f c%g $clones)

test_expect_success 'set-up' '
	mkdir template && cd template && team $names && witnesses $scripts $names &&
	cd ..
'

# one <clone>: a runner; every other one waits for the rest.
one() {
	set -- "$1" "$(echo "$1" | tr -dc 0-9)"
	wait= && [ $(($2 % 2)) = 0 ] && wait=--wait
	(cd "$1" && exec git strack run --env production $wait) >"out.$1" 2>&1
	echo $? >"code.$1"
}

# well_ended <clone>: who waited saw the end of all of them; who did not says
# what others have, where, and since when.
well_ended() {
	code=$(cat "code.$1")
	case $1,$code in
	*[02468],0) return 0 ;;
	*[13579],0) return 0 ;;
	*[13579],3) grep -q "running since it was claimed by .* on .* at 2" \
		"out.$1" && grep -q "git strack run .*--wait" "out.$1" &&
		return 0 ;;
	esac
	sed "s/^/# $1 ($code): /" "out.$1" >&4
	return 1
}

# race <clone>...: all at once.  Each script ran once, all that happened is on
# the ledger, and everybody comes to the same tip.
race() {
	for c in "$@"; do
		one "$c" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086
	wait $pids
	pids=
	for c in "$@"; do well_ended "$c" || return 1; done
	for i in $(seq 10 $((9 + scripts))); do once "$i" || return 1; done
	test "$(number claim)" = "$scripts" &&
		test "$(number "done")" = "$scripts" && agree "$@"
}

# raced <folder that is served, or nothing> <clone>...
raced() {
	rm -rf race && cp -r template race && cd race || return 1
	from=$1 && shift
	if [ "$from" ]; then
		cp -r team.git "$from/team.git" && rm -rf team.git &&
			ln -s "$from/team.git" team.git || return 1
		for c in "$@"; do
			git -C "$c" config remote.origin.url "$url/team.git"
		done
	fi
	race "$@" && audit_ledger team.git && audit_fsck team.git &&
		audit_fsck "$1" && cd ..
}

test_expect_success "$clones clones, $scripts scripts, over file: $rounds times" '
	for round in $(seq $rounds); do
		raced "" $names || return 1
	done
'

few=$(seq -f c%g $once_clones)

test_expect_success "over git://" '
	mkdir "$strack_scratch/git" && serve_git "$strack_scratch/git" &&
	raced "$strack_scratch/git" $few
'

test_expect_success "over smart HTTP" '
	mkdir "$strack_scratch/http" && serve_http "$strack_scratch/http" &&
	raced "$strack_scratch/http" $few
'

test_expect_success "over ssh" '
	mkdir "$strack_scratch/ssh" && serve_ssh "$strack_scratch/ssh" &&
	raced "$strack_scratch/ssh" $few
'

test_done
