#!/bin/sh
test_description='git strack status believes its cache and the index, not more'
. "$(dirname "$0")/lib-strack.sh"

repo r && cd r || exit 1

settle() { # <script>: what --porcelain says of its state and flags
	git strack status --porcelain "$1" | cut -f 1,4 | tr '\t' ' '
}

cache=.git/strack/cache/ledger

# An index that is younger than the files: git calls the others racy.
settled_index() {
	find scripts -type f -exec touch -d '1 hour ago' {} + &&
	git add -A && git update-index -q --refresh
}

test_expect_success 'set up: three scripts, all run' '
	for n in 1 2 3
	do
		echo "echo $n" | script scripts/2026010${n}_job.sh || return 1
	done &&
	git strack run --from-the-beginning >/dev/null &&
	settled_index &&
	git strack status --porcelain >want &&
	test "$(cut -f 1 want | uniq)" = done &&
	test "$(cut -f 4 want | uniq)" = ""
'

test_expect_success 'a cache that was deleted is made again' '
	rm $cache &&
	git strack status --porcelain >got &&
	test_cmp want got &&
	test -s $cache
'

test_expect_success 'garbage, half a cache, a link and another byte are no cache' '
	cp $cache good &&
	for how in "echo garbage >c" ": >c" "head -c 100 good >c" \
		"head -c -1 good >c" "{ cat good; echo; } >c" \
		"sed s/done/fail/ good | tr 7 8 >c" \
		"ln -s \"$PWD/good\" c" "mkdir c"
	do
		rm -rf $cache c && eval "$how" && mv c $cache &&
		git strack status --porcelain >got &&
		test_cmp want got || return 1
	done &&
	rm -rf $cache
'

test_expect_success 'a cache of another ledger is not believed' '
	git strack status >/dev/null &&
	cp $cache other &&
	(
		repo ../r2 && cd ../r2 &&
		echo "exit 1" | script scripts/20260101_job.sh &&
		must_fail 1 git strack run --from-the-beginning &&
		git strack status --porcelain >want &&
		cp ../r/other $cache &&
		git strack status --porcelain >got &&
		test_cmp want got
	)
'

test_expect_success 'an edit is seen, one of the same length and time too' '
	cp -p scripts/20260102_job.sh keep &&
	echo "# more" >>scripts/20260102_job.sh &&
	test "$(settle 20260102)" = "done changed" &&
	cp -p keep scripts/20260102_job.sh &&
	test "$(settle 20260102)" = "done " &&
	sed s/2/9/ keep >scripts/20260102_job.sh &&
	touch -r keep scripts/20260102_job.sh &&
	test "$(settle 20260102)" = "done changed" &&
	cp -p keep scripts/20260102_job.sh
'

test_expect_success 'a racy edit is seen: as young as the index' '
	git add -A &&
	touch scripts/20260102_job.sh &&
	git add -A &&
	touch -r scripts/20260102_job.sh .git/index &&
	sed s/2/9/ keep >scripts/20260102_job.sh &&
	touch -r .git/index scripts/20260102_job.sh &&
	test "$(settle 20260102)" = "done changed" &&
	cp -p keep scripts/20260102_job.sh &&
	settled_index
'

test_expect_success 'what git adds after new attributes is what counts' '
	printf "echo 4\r\n" | script scripts/20260104_job.sh &&
	git strack run >/dev/null &&
	test "$(settle 20260104)" = "done " &&
	echo "*.sh text" >.gitattributes &&
	touch scripts/20260104_job.sh &&
	test "$(settle 20260104)" = "done changed" &&
	rm .gitattributes &&
	touch scripts/20260104_job.sh &&
	test "$(settle 20260104)" = "done "
'

test_expect_success 'ignored: gone from the list, unless it is tracked' '
	echo "scripts/*4_job.sh" >.gitignore &&
	test "$(settle 20260104)" = "done " &&
	git rm -q --cached scripts/20260104_job.sh &&
	git strack status --porcelain >got &&
	! grep 20260104 got &&
	git add -f scripts/20260104_job.sh &&
	test "$(settle 20260104)" = "done " &&
	rm .gitignore
'

test_expect_success 'every kind of index answers alike' '
	settled_index &&
	git strack status --porcelain >want &&
	for how in "--index-version 4" "--index-version 3" "--index-version 2" \
		--split-index --no-split-index
	do
		git update-index $how &&
		git strack status --porcelain >got &&
		test_cmp want got || return 1
	done &&
	printf "xxxx" | dd of=.git/index bs=1 conv=notrunc 2>/dev/null &&
	must_fail 128 git strack status 2>err &&
	grep "index" err &&
	rm .git/index &&
	git strack status --porcelain >got &&
	test_cmp want got
'

test_expect_success 'a conflict and an intention to add prove nothing' '
	git add -A &&
	blob=$(git hash-object -w keep) &&
	git rm -q --cached scripts/20260101_job.sh &&
	printf "100755 $blob %s\tscripts/20260101_job.sh\n" 1 2 3 |
	git update-index --index-info &&
	test "$(settle 20260101)" = "done " &&
	git rm -q --cached scripts/20260103_job.sh &&
	git add -N scripts/20260103_job.sh &&
	test "$(settle 20260103)" = "done "
'

test_done
