#!/bin/sh
test_description='what is wrong in .strack.ini, in git config and in variables'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)

test_expect_success 'set-up' '
	repo r && cd r &&
	script "scripts/${day}0001_a.sh" <<-\EOF &&
	#!/bin/sh
	echo ran >>"$STRACK_TOP/ran"
	EOF
	git strack run && tip=$(git rev-parse strack-ledger) &&
	script "scripts/${day}0002_b.sh" <<-\EOF
	#!/bin/sh
	echo ran >>"$STRACK_TOP/ran"
	EOF
'

# unmoved: nothing ran, and nothing was written.
unmoved() {
	test "$(wc -l <ran)" = 1 &&
		test "$(git rev-parse strack-ledger)" = "$tip" &&
		test -z "$(find .git/strack/runs .git/strack/journal \
			-mindepth 1)"
}

# bad <regex>: standard input is a .strack.ini that is refused so.
bad() {
	cat >.strack.ini && refused 128 "strack.ini.*($1)" git-strack run &&
		unmoved
}

test_expect_success 'no command goes on with a bad one' '
	echo "[nonsense]" >.strack.ini && cp .strack.ini was &&
	while read -r words; do
		# shellcheck disable=SC2086
		refused 128 "nonsense.*line 1" git-strack $words </dev/null ||
			return 1
	done <<-\EOF &&
	init
	create a script
	run
	status
	log
	show 1_a
	mark -m why 2_b
	reset -m why 1_a
	resolve --done -m why 1_a
	cleanup
	verify
	trust list
	EOF
	cmp was .strack.ini && rm was .strack.ini && unmoved &&
	test -z "$(git status --porcelain scripts)"
'

test_expect_success 'a typo in a section: the nearest is offered' '
	bad "script\].*line 2.*did you mean \[scripts\]" <<-\EOF &&
	; ours
	[script]
	path = scripts
	EOF
	bad "enviroment .production.*line 1.*\[environment" <<-\EOF
	[enviroment "production"]
	EOF
'

test_expect_success 'a typo in a key: the nearest is offered' '
	bad "timout.*line 3.*did you mean timeout" <<-\EOF &&
	[scripts]
	path = scripts
	timout = 5m
	EOF
	bad "protect.*line 2.*did you mean protected" <<-\EOF
	[environment "production"]
	protect = yes
	EOF
'

test_expect_success 'an unknown section or key: what there is is listed' '
	bad "\[database\].*line 1.*\[ledger\].*\[log\]" <<-\EOF &&
	[database]
	url = x
	EOF
	bad "zzzzzzzzzz.*line 2.*keep, share, mask" <<-\EOF &&
	[log]
	zzzzzzzzzz = 1
	EOF
	bad "path.*before any section.*line 1.*\[scripts\]" <<-\EOF
	path = scripts
	EOF
'

test_expect_success 'sections that are not written as they must be' '
	bad "environment.*line 1.*\[environment .production.\]" <<-\EOF &&
	[environment production]
	EOF
	bad "environment.*line 1" <<-\EOF &&
	[environment "Production"]
	EOF
	bad "line 1.*\]" <<-\EOF &&
	[scripts
	EOF
	bad "line 1.*behind" <<-\EOF &&
	[scripts] path = x
	EOF
	{ printf "[runner \"%0100d\"]\n" 1; } >long &&
	bad "line 1.*longer than" <long && rm long
'

test_expect_success 'a line over the limit' '
	printf "[log]\nmask = %0200d\n" 1 >long &&
	bad "line 2.*longer than 198" <long &&
	printf "; %0300d\n[log]\n" 1 >long &&
	bad "line 1.*longer than 198" <long && rm long
'

test_expect_success 'a file over the limit' '
	{ echo "[log]"; yes "; all of it is comment" | head -c 70000; } >long &&
	bad "larger than 64 KiB" <long && rm long
'

test_expect_success 'a number that is none' '
	for value in x -1 1.5 101 99999999999999999999 ""; do
		bad "approvals: .$value. is not a number.*line 2.*0 to 100" \
			<<-EOF || return 1
		[environment "production"]
		approvals = $value
		EOF
	done
'

test_expect_success 'a duration that is none' '
	for value in 5x -5m "5 m" 1h30 9999999999h ""; do
		bad "timeout: .$value. is not a duration.*line 2.*5m" \
			<<-EOF || return 1
		[scripts]
		timeout = $value
		EOF
	done
'

test_expect_success 'a size that is none' '
	for value in 64x 2m -1 ""; do
		bad "keep: .$value. is not a size.*line 2.*64k" \
			<<-EOF || return 1
		[log]
		keep = $value
		EOF
	done
'

test_expect_success 'a name that is none' '
	for value in "Staging" "a b" "../x" "" "$(printf %033d 1)"; do
		bad "after: .$value. is not an environment name.*line 2" \
			<<-EOF || return 1
		[environment "production"]
		after = $value
		EOF
	done &&
	bad "after: .nowhere. is not an environment of this file.*line 2" \
		<<-\EOF &&
	[environment "production"]
	after = nowhere
	EOF
	bad "after.*circle" <<-\EOF
	[environment "a"]
	after = b
	[environment "b"]
	after = a
	EOF
'

test_expect_success 'neither yes nor no' '
	bad "protected: .maybe. is neither yes nor no.*line 2" <<-\EOF &&
	[environment "production"]
	protected = maybe
	EOF
	bad "share: .2. is neither yes nor no.*line 2" <<-\EOF
	[log]
	share = 2
	EOF
'

test_expect_success 'folders that are none of ours' '
	for value in /etc ../up .git .git/hooks .strack a/../b ""; do
		bad "path: .$value. is not a list of folders.*line 2.*below" \
			<<-EOF || return 1
		[scripts]
		path = $value
		EOF
	done &&
	printf "[scripts]\npath = README\n" >.strack.ini &&
	refused 128 "README.*link or a file" git strack status &&
	ln -s scripts link && printf "[scripts]\npath = link\n" >.strack.ini &&
	refused 128 "link.*link or a file" git strack run &&
	rm link .strack.ini && unmoved
'

test_expect_success 'other values' '
	bad "layout: .daily. is not known.*flat, year or month" <<-\EOF &&
	[scripts]
	layout = daily
	EOF
	bad "command: .. is not a command" <<-\EOF &&
	[runner "py"]
	command =
	EOF
	bad "id: .x. is not the id of a ledger" <<-\EOF &&
	[ledger]
	id = x
	EOF
	bad "root: .SHA256:x. is not a fingerprint" <<-\EOF
	[ledger]
	root = SHA256:x
	EOF
'

test_expect_success 'a key twice' '
	bad "line 3: .timeout. again .*line 2.*remove" <<-\EOF
	[scripts]
	timeout = 5m
	timeout = 6m
	EOF
'

test_expect_success 'what inih would read in its own way' '
	bad "line 3 is indented" <<-\EOF &&
	[scripts]
	path = scripts
	  more
	EOF
	bad "line 2.*:" <<-\EOF &&
	[scripts]
	path: scripts
	EOF
	bad "line 2 is no .key = value." <<-\EOF
	[scripts]
	path
	EOF
'

test_expect_success 'bytes that are no text' '
	printf "[scripts]\npath = a\033[31m\n" >x && bad "line 2.*control" <x &&
	printf "[scripts]\npath = a\0b\n" >x && bad "line 2.*control" <x &&
	printf "[scripts]\npath = \377\n" >x && bad "line 2 is not UTF-8" <x &&
	head -c 5000 /dev/zero >x && bad "line 1" <x && rm x
'

test_expect_success 'an escape sequence reaches no terminal' '
	printf "[\302\233nasty]\n" >.strack.ini &&
	refused 128 "line 1" git strack status && rm .strack.ini
'

test_expect_success 'no regular file' '
	rm -f .strack.ini && mkdir .strack.ini && refused 128 "strack.ini" git strack status &&
	rmdir .strack.ini && ln -s README .strack.ini &&
	refused 128 "strack.ini" git strack run && rm .strack.ini &&
	mkfifo .strack.ini && refused 128 "strack.ini" git strack status &&
	rm .strack.ini && unmoved
'

test_expect_success NOTROOT 'one that may not be read' '
	echo >.strack.ini && chmod 0 .strack.ini &&
	refused 128 "strack.ini.*ermission" git strack status &&
	rm .strack.ini
'

test_expect_success 'line ends, marks and comments that are fine' '
	printf "\357\273\277[scripts]\r\ntimeout = 5m ; five\r\n# x\r\n" \
		>.strack.ini &&
	git strack status >out && rm .strack.ini
'

# ---- git config ----

test_expect_success 'an environment that is no name' '
	git config strack.environment "No Name" &&
	refused 128 "config.*No Name.*not an environment name" \
		git strack status &&
	refused 128 "config.*No Name.*not an environment name" \
		git strack run &&
	git config --unset strack.environment &&
	refused 128 "X Y.*not an environment name" \
		git -c "strack.environment=X Y" strack run &&
	unmoved
'

test_expect_success 'the same in the variable and the option' '
	refused 128 "STRACK_ENV: .a/b. is not an environment name" \
		env STRACK_ENV=a/b git-strack run &&
	refused 128 "STRACK_ENV: .. is not an environment name" \
		env STRACK_ENV= git-strack run &&
	refused 129 "env: .A. is not an environment name" \
		git strack run --env A &&
	refused 129 "timeout: .5x. is not a duration" \
		git strack run --timeout 5x && unmoved
'

test_expect_success 'a key that is not there, or is none' '
	git config strack.signingKey /nowhere/key &&
	refused 128 "strack.signingKey.*/nowhere/key" git strack run &&
	git config strack.signingKey "$PWD/README" &&
	refused 128 "strack.signingKey.*README" git strack run &&
	git config --unset strack.signingKey &&
	refused 128 "STRACK_SIGNING_KEY_FILE.*/nowhere" \
		env STRACK_SIGNING_KEY_FILE=/nowhere git-strack run &&
	git config gpg.format ssh && git config user.signingKey /nowhere/too &&
	refused 128 "user.signingKey.*/nowhere/too" git strack mark -m x 2_b &&
	git config --unset gpg.format && git config --unset user.signingKey &&
	unmoved
'

test_expect_success 'a key that others could read' '
	cp .git/strack/id_ed25519 ../key && chmod 644 ../key &&
	refused 128 "key.*(644|others|group|permission)" \
		env "STRACK_SIGNING_KEY_FILE=$PWD/../key" git-strack run &&
	unmoved
'

test_expect_success 'what is neither yes nor no' '
	cp .git/config ../config && git config core.bare maybe &&
	refused 128 "maybe" git-strack status &&
	cp ../config .git/config && unmoved
'

test_expect_success 'a git config that can not be read' '
	cp .git/config ../config && echo "[broken" >>.git/config &&
	refused 128 "config" git-strack status &&
	refused 128 "config" git-strack run &&
	cp ../config .git/config && git strack status && unmoved
'

test_expect_success 'all of it mended, it runs' '
	git strack run && test "$(wc -l <ran)" = 2 && audit
'

test_done
