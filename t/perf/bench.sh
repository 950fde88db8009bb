#!/bin/sh
# Measures git-strack against stock commands, in one run on one machine, and
# prints ratios beside the goals.  Asserts nothing: machines differ.
# usage: bench.sh BUILD-FOLDER [SCRIPTS]     (default: 10000 scripts)
set -eu
build=$(cd "$1" && pwd)
many=${2:-10000}
PATH=$build:$PATH
export PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
HOME=$work XDG_CONFIG_HOME=$work LC_ALL=C
export HOME XDG_CONFIG_HOME LC_ALL
timeit=$build/t/perf/timeit
open=$build/t/perf/open

new_repo() { # name
	git init -q "$work/$1"
	cd "$work/$1"
	git config user.name Bench
	git config user.email bench@example.org
	git config gc.auto 0
	ssh-keygen -q -t ed25519 -N '' -f "$work/$1.key"
	git commit -q --allow-empty -m start
}

sign_with_ssh() { # as the commits that we are compared with need it
	git config gpg.format ssh
	git config user.signingKey "$work/$1.key.pub"
}

report() { # what, goal, the line of timeit
	# shellcheck disable=SC2086 # the line is four figures
	set -- "$1" "$2" $3
	printf '%-44s %9s ms %9s ms  ratio %6s  (goal %s)\n' \
		"$1" "$3" "$4" "$5" "$2"
}

scripts() { # how many, in month folders
	i=0
	while [ "$i" -lt "$1" ]; do
		month=$(printf '%02d' $((i * 12 / $1 + 1)))
		mkdir -p "scripts/2025/$month"
		name=$(printf 'scripts/2025/%s/2025%s01%06d_job.sh' \
			"$month" "$month" "$i")
		printf '#!/bin/sh\n# strack: description Job %d\ntrue\n' "$i" \
			>"$name"
		chmod +x "$name"
		i=$((i + 1))
	done
	git add scripts
	git commit -q -m scripts
}

echo "git-strack: $(git-strack --version), $(git --version), $(nproc) cores"

new_repo ten
scripts 10
git strack init >/dev/null
git strack run --from-the-beginning >/dev/null 2>&1
report "status, 10 scripts / bare libgit2 open" "<= 1.5" \
	"$("$timeit" 41 'exec git-strack status' "exec $open")"

new_repo two-thousand
scripts 2000
git strack init >/dev/null
printf '[environment "%s"]\n' staging production >>.strack.ini
git add .strack.ini
git commit -q -m environments
for env in staging production; do
	git strack mark --env $env --baseline -m bench >/dev/null 2>&1
done
git gc -q
git config user.email somebody.else@example.org
git strack remind >/dev/null
report "remind in a hook, 2000 settled / bare open" "<= 2.0" \
	"$("$timeit" 41 'exec git-strack remind --hook post-merge -- 0' \
		"exec $open")"
report "  the same after 20 new commits / bare open" "none" \
	"$("$timeit" 21 'exec git-strack remind --hook post-merge -- 0' \
		"exec $open" 'for i in 1 2 3 4 5 6 7 8 9 10; do
			git commit -q --allow-empty -m $i
			git commit -q --allow-empty -m $i
		done; git update-ref ORIG_HEAD HEAD~20')"
report "  and where there is no ledger / bare open" "<= 2.0" "$(
	new_repo no-ledger
	"$timeit" 41 'exec git-strack remind --hook post-merge -- 0' \
		"exec $open"
)"

new_repo one
git strack init >/dev/null
sign_with_ssh one
mkdir scripts
cat >"$work/next.sh" <<'EOF'
n=$(cat .git/n 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >.git/n
f=scripts/$(date -u +%Y%m%d)$(printf %06d $n)_true.sh
printf '#!/bin/sh\nexec true\n' >$f
chmod +x $f
EOF
# the person's key would ask ssh-keygen nothing, but is not what runs sign with
report "run of true / 2 x git commit -S" "<= 1.0" "$("$timeit" 21 \
	'exec git-strack run --from-the-beginning' \
	'git commit -q --allow-empty -S -m a && git commit -q --allow-empty -S -m b' \
	"sh $work/next.sh")"

git init -q --bare "$work/shared.git"
new_repo shared
git remote add origin "$work/shared.git"
git push -q origin HEAD
git strack init >/dev/null
sign_with_ssh shared
mkdir scripts
report "sync with nothing new / git fetch" "<= 2.0" "$("$timeit" 21 \
	'exec git-strack sync -q' 'exec git fetch -q origin')"
# shellcheck disable=SC2016 # the loop is for the shell that timeit starts
report "shared run of true / 2 x commit -S and push" "none" "$("$timeit" 11 \
	'exec git-strack run --env production --allow-dirty --from-the-beginning' \
	'for i in a b; do git commit -q --allow-empty -S -m $i; git push -q origin HEAD; done' \
	"sh $work/next.sh")"

new_repo hundred
git strack init >/dev/null
sign_with_ssh hundred
mkdir scripts
cat >"$work/hundred.sh" <<'EOF'
r=$(cat .git/n 2>/dev/null || echo 0)
r=$((r + 1))
echo $r >.git/n
rm -f scripts/*
i=0
while [ $i -lt 100 ]; do
	f=scripts/$(date -u +%Y%m%d)$(printf %02d%04d $r $i)_true.sh
	printf '#!/bin/sh\nexec true # %s %s\n' $r $i >$f
	chmod +x $f
	i=$((i + 1))
done
EOF
# shellcheck disable=SC2016 # the loop is for the shell that timeit starts
report "100 runs of true / 200 x git commit -S" "<= 0.5" "$("$timeit" 3 \
	'exec git-strack run --from-the-beginning' \
	'i=0; while [ $i -lt 200 ]; do git commit -q --allow-empty -S -m a || exit 1; i=$((i+1)); done' \
	"sh $work/hundred.sh")"

new_repo gigabyte
git strack init >/dev/null
mkdir scripts
cat >"$work/gigabyte.sh" <<'EOF'
n=$(cat .git/n 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >.git/n
rm -f scripts/* .git/strack/logs/*
f=scripts/$(date -u +%Y%m%d)$(printf %06d $n)_print.sh
printf '#!/bin/sh\nyes "a line that is long enough to be like a line" | head -c 1073741824 # %s\n' $n >$f
chmod +x $f
EOF
line=$("$timeit" 1 'exec git-strack run --from-the-beginning --timeout 30m' \
	'yes "a line that is long enough to be like a line" | head -c 1073741824 | sha256sum' \
	"sh $work/gigabyte.sh")
report "a script that prints 1 GiB / sha256sum of it" "none" "$line"
# shellcheck disable=SC2086 # the line is words
set -- $line
printf '%-44s %9s KiB                             (goal < 16384)\n' \
	"  largest process of it, resident" "$4"

new_repo many
scripts "$many"
git strack init >/dev/null
echo "running $many scripts ..."
git strack run --from-the-beginning >/dev/null 2>&1
git gc -q
git strack status >/dev/null
report "status, $many settled / ls-tree -r, warm" "<= 1.5" "$("$timeit" 11 \
	'exec git-strack status' 'exec git ls-tree -r strack-ledger')"
report "status, $many settled / ls-tree -r, no cache" "<= 5" "$("$timeit" 11 \
	'exec git-strack status' 'exec git ls-tree -r strack-ledger' \
	'rm -f .git/strack/cache/*')"
git strack trust export >"$work/allowed"
git config gpg.ssh.allowedSignersFile "$work/allowed"
line=$("$timeit" 1 'exec git-strack verify --full' \
	'exec git log --show-signature -200 strack-ledger')
# shellcheck disable=SC2086 # the line is words
set -- $line
awk -v a="$1" -v b="$2" -v n="$(git rev-list --count strack-ledger)" 'BEGIN {
	printf "%-44s %9.3f ms %9.3f ms  %5.0f x faster  (goal >= 50)\n",
	"verify / log --show-signature, a commit", a / n, b / 200,
	(b / 200) / (a / n) }'
