#!/bin/sh
test_description='secrets: masked wherever they could be read, and in no process list

What is secret is never written out here: it comes in a variable, or in pieces,
so that wherever it is found it has leaked.'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
one=scripts/${day}0001_a.sh two=scripts/${day}0002_b.sh

# One for each default of [log] mask, two events, and passwords of URLs.
API_TOKEN=tok3n-$$-aaaa DB_PASSWORD="pass word $$ bbbb" A_SECRET=s3cret-$$-cccc
SSH_KEY=key-$$-dddd DATABASE_URL=postgres://me:dburl-$$-eeee@db.example/x
EVENT=event-$$-ffff HALF=half-$$-gggg
URL=https://someone:urlpw-$$-hhhh@host.example/path
TOKEN_URL=https://t0ken-$$-iiii@host.example/path
export API_TOKEN DB_PASSWORD A_SECRET SSH_KEY DATABASE_URL EVENT HALF URL TOKEN_URL

secrets() {
	printf '%s\n' "$API_TOKEN" "$DB_PASSWORD" "$A_SECRET" "$SSH_KEY" \
		"dburl-$$-eeee" "$EVENT" "$HALF" "urlpw-$$-hhhh" "t0ken-$$-iiii"
}

# no_secret: in what standard input says; which must say something.
no_secret() {
	cat >"$strack_scratch/said" && test -s "$strack_scratch/said" &&
	! secrets | grep -aFf - "$strack_scratch/said" >&4
}

# nowhere: not in the ledger, and not in the state folder.
nowhere() {
	git log -p --text --format=raw strack-ledger | no_secret &&
	find .git/strack -type f ! -name id_ed25519 -exec cat {} + | no_secret
}

# said: by every command that shows entries.
shown() {
	git strack status --all --json && git strack status --all &&
	git strack log && git strack log --json && git strack log --raw &&
	for what in "$one" "$two"; do
		git strack show "$what" && git strack show --output "$what" &&
		git strack show --raw "$what" || return 1
	done
}

test_expect_success 'set-up' '
	repo r && cd r && git strack init &&
	printf "[environment \"staging\"]\napprovals = 1\n" >>.strack.ini &&
	git config strack.environment local && git add .strack.ini &&
	git commit -q -m ini && (
		GIT_AUTHOR_EMAIL=other@example.com
		export GIT_AUTHOR_EMAIL && echo "#!/bin/sh" | script "$two"
	)
'

# ---- what a script says ----

# Halves that come apart, single bytes, and one across what is read at once.
test_expect_success PERL 'output, whatever it is cut into' '
	script "$one" <<-\EOT &&
	#!/usr/bin/perl
	use strict; $| = 1;
	my $e = "$ENV{STRACK_EVENTS}";
	sub event { open(my $f, ">>", $e) or die; print $f "@_\n"; close $f }
	sub bytes { syswrite(STDOUT, $_) for split //, shift }
	exit 3 if @ARGV;
	event "mask $ENV{EVENT}"; event "mask $ENV{HALF}";
	print "$_=$ENV{$_}.\n" for qw(API_TOKEN DB_PASSWORD A_SECRET SSH_KEY
		DATABASE_URL EVENT URL TOKEN_URL);
	print STDERR "err $ENV{EVENT}\n";
	syswrite(STDOUT, "half-"); select(undef, undef, undef, .2);
	syswrite(STDOUT, substr("$ENV{HALF}!\n", 5));
	bytes "$ENV{URL} $ENV{A_SECRET}\n";
	print "x" x 65530, $ENV{HALF}, "x" x 65000, $ENV{URL}, "\n";
	event "log warn $ENV{EVENT} $ENV{URL}";
	event "checkpoint at $ENV{API_TOKEN}";
	event "progress 1 2 $ENV{EVENT}";
	event "maskx $ENV{HALF}"; event "nonsense $ENV{A_SECRET}";
	event "skip for $ENV{EVENT} and $ENV{URL}";
	EOT
	on_terminal "git strack run $one" >../live 2>&1 &&
	no_secret <../live && grep "API_TOKEN=\*\*\*\." ../live &&
	grep "URL=https://someone:\*\*\*@host.example/path" ../live &&
	kinds "$one" | grep "claim skip" && nowhere &&
	test "$(entry "$one" skip | field reason)" = \
		"for *** and https://someone:***@host.example/path" &&
	test "$(entry "$one" skip | field checkpoint)" = "at=***" &&
	git strack show --output "$one" >../out &&
	grep -x "DATABASE_URL=\*\*\*\." ../out && grep -x "err \*\*\*" ../out &&
	grep -x "\*\*\*!" ../out &&
	grep -x "https://someone:\*\*\*@host.example/path \*\*\*" ../out &&
	grep "warn: \*\*\* https://someone:\*\*\*@host" ../out &&
	cat .git/strack/logs/*.log >../log && grep "xx\*\*\*xx" ../log &&
	grep "xxhttps://someone:\*\*\*@host.example/path$" ../log
'

test_expect_success PERL,JQ 'arguments, why it ran again, and JSON' '
	must_fail 1 git strack run --json --again -m "for $URL, $API_TOKEN" \
		"$one" -- "--pw=$DB_PASSWORD" "$URL" >../json 2>../err &&
	no_secret <../json && jq -e ".results | length == 1" ../json &&
	entry "$one" claim >../claim &&
	test "$(field again <../claim)" = \
		"for https://someone:***@host.example/path, ***" &&
	test "$(field args <../claim)" = \
		"--pw=*** https://someone:***@host.example/path" && nowhere
'

# ---- what a person says ----

test_expect_success 'the reason of every decision' '
	why="see $URL, $TOKEN_URL and $A_SECRET" &&
	git strack mark -m "$why" "$two" &&
	git strack reset -m "$why" "$two" &&
	git strack approve -m "$why" --env staging "$two" &&
	git strack exec -m "$why" -- sh -c "echo \$API_TOKEN \$0" "$URL" \
		>../out2 2>&1 &&
	for kind in mark void approve; do
		entry "$two" $kind | field reason
	done >../reasons && entry .strack/exec exec | field reason >>../reasons &&
	test "$(sort -u ../reasons)" = \
		"see https://someone:***@host.example/path, https://***@host.example/path and ***" &&
	test "$(wc -l <../reasons)" = 4 &&
	no_secret <../out2 && nowhere &&
	git strack trust disown -m "$why" "$(git rev-parse strack-ledger)" &&
	nowhere && shown | no_secret
'

# A list of the team takes the place of the defaults.
test_expect_success 'the variables that [log] mask names' '
	repo ../own && cd ../own && git strack init &&
	printf "[log]\nmask = MY_* OTHER\n" >>.strack.ini &&
	MY_WORD=mine-$$-word OTHER=other-$$-word &&
	export MY_WORD OTHER && script "$two" <<-\EOT &&
	#!/bin/sh
	echo "$MY_WORD, $OTHER, $NOT_SO"
	EOT
	NOT_SO=not-so-secret git strack run >../out 2>&1 &&
	git strack show --output "$two" >../out &&
	grep -x "\*\*\*, \*\*\*, not-so-secret" ../out &&
	git strack reset -m "$MY_WORD $OTHER" "$two" &&
	test "$(entry "$two" void | field reason)" = "*** ***" &&
	! git log -p strack-ledger | grep -e "$MY_WORD" -e "$OTHER" && cd ../r
'

# ---- process lists, and temporary files ----

# traced <command>...: what it executes and creates, in ../trace.
traced() {
	TMPDIR=$strack_scratch/shared XDG_RUNTIME_DIR=$strack_scratch/runtime \
		env ASAN_OPTIONS=detect_leaks=0 \
		strace -f -qq --seccomp-bpf -v -s 65536 -o ../trace \
		-e trace=execve,open,openat,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,rename,renameat,renameat2,symlink,symlinkat,execveat \
		"$@"
}

# argv: of all that was executed, without the environments.
argv() {
	sed -n "s/^[0-9]* *execve(\([^[]*\[.*\]\), \[\".*/\1/p" ../trace
}

# created: absolute paths of what was made, without what is in this repository.
created() {
	grep -E "O_CREAT|O_TMPFILE| (mkdir|mknod|link|rename|symlink)" ../trace |
		grep -oE "\"/[^\"]*\"" | grep -vF "\"$PWD/" |
		grep -v -e "^\"/dev/" -e "^\"/proc/" | sort -u
}

no_key() {
	for key in .git/strack/id_ed25519 "$@"; do
		sed "1d; \$d" "$key"
	done >"$strack_scratch/keys" &&
	argv >"$strack_scratch/argv" && test -s "$strack_scratch/argv" &&
	! grep -Ff "$strack_scratch/keys" "$strack_scratch/argv" >&4 &&
	no_secret <"$strack_scratch/argv"
}

nothing_made() {
	created >"$strack_scratch/created" &&
	! grep . "$strack_scratch/created" >&4 &&
	test -z "$(ls -A "$strack_scratch/shared")" &&
	test -z "$(ls -A "$strack_scratch/runtime")"
}

test_expect_success STRACE 'a run: nothing in a process list, or a shared folder' '
	mkdir -p "$strack_scratch/shared" "$strack_scratch/runtime" &&
	traced git-strack run "$two" >../out 2>&1 &&
	kinds "$two" | grep "claim done" &&
	no_key && nothing_made
'

test_expect_success STRACE 'a key that ssh-keygen signs with, the same' '
	ssh-keygen -q -t ecdsa -N "" -C me -f "$strack_scratch/person" &&
	git strack trust add "$strack_scratch/person.pub" --principal me &&
	git config gpg.format ssh &&
	git config user.signingKey "$strack_scratch/person" &&
	git strack reset -m again "$two" &&
	traced git-strack mark -m "for a reason" "$two" >../out 2>&1 &&
	no_key "$strack_scratch/person" && nothing_made &&
	argv | grep -F "ssh-keygen\", \"-Y\", \"sign" &&
	grep "ssh-keygen.*$PWD/.git/strack/.tmp-strack-sign-" ../trace &&
	test -z "$(find .git/strack -name ".tmp-*")" &&
	rm -rf .git/strack/cache/* && traced git-strack verify --full &&
	argv | grep -F "check-novalidate" && nothing_made
'

test_expect_success STRACE,SSH_AGENT 'and one in the agent' '
	git strack reset -m again "$two" &&
	eval "$(ssh-agent -s)" && ssh-add -q "$strack_scratch/person" &&
	git config user.signingKey \
		"key::$(cut -d " " -f 1,2 "$strack_scratch/person.pub")" &&
	traced git-strack mark -m "for a reason" "$two" >../out 2>&1
	code=$? && ssh-agent -k && test $code = 0 &&
	argv | grep -F "\"-U\"" && no_key "$strack_scratch/person" && nothing_made
'

# ---- modes, and what lies in the place of our folders ----

# others: what of the state folder has another mode than it should.
others() {
	find .git/strack \( -type d ! -perm "$1" \) \
		-o \( ! -type d ! -perm "$2" ! -name "id_ed25519*" \)
}

test_expect_success 'modes while a script runs and after it, whatever the umask' '
	for mask in 000 022 0777; do
		repo "../mask$mask" && (
			cd "../mask$mask" && write "$one" <<-\EOT &&
			#!/bin/sh
			find .git/strack -printf "%y%m %p\n"
			EOT
			git add scripts && git commit -q -m s &&
			{ umask $mask && git strack init && git strack run &&
				git strack exec -m x -- true; } &&
			umask 022 && test -z "$(others 700 600)" &&
			cat .git/strack/logs/*.log >../out &&
			grep "^p600 .*control" ../out &&
			grep "^f600 .*owner" ../out && grep "^d700 .*/runs/" ../out &&
			! grep -v -e "^d700 " -e "^[fp]600 " ../out
		) || return 1
	done
'

test_expect_success 'group access as core.sharedRepository says, but no key' '
	git init -q --shared=group ../shared && (
		cd ../shared && write "$one" <<-\EOT &&
		#!/bin/sh
		find .git/strack -printf "%y%m %p\n"
		EOT
		git add . && git commit -q -m s && umask 077 &&
		git strack init && git strack run && umask 022 &&
		test -z "$(others -770 -660)" &&
		test "$(stat -c %a .git/strack/id_ed25519)" = 600 &&
		cat .git/strack/logs/*.log >../out && grep "^p660 " ../out &&
		! grep -v -e "^d2*770 " -e "^[fp]660 " -e "id_ed25519" ../out
	)
'

test_expect_success 'a link in the place of any of them is refused' '
	repo ../links && cd ../links && git strack init && mkdir ../lair &&
	write "$one" <<-\EOT && git add . && git commit -q -m s &&
	#!/bin/sh
	echo ran >>../ran
	EOT
	for name in journal locks runs logs cache id_ed25519; do
		mv ".git/strack/$name" ../aside &&
		case $name in
		id_*) cp ../aside ../lair/key && ln -s "$PWD/../lair/key" ".git/strack/$name" ;;
		*) ln -s "$PWD/../lair" ".git/strack/$name" ;;
		esac &&
		must_fail 128 git strack run >../out 2>../err &&
		grep "$name: is a symbolic link" ../err || return 1
		must_fail 128 git strack exec -m x -- touch ../ran || return 1
		rm -f ../lair/key && test -z "$(ls -A ../lair)" &&
		test ! -e ../ran && rm ".git/strack/$name" &&
		mv ../aside ".git/strack/$name" || return 1
	done && test "$(entries | wc -l)" = 1 && git strack run
'

test_expect_success 'a key that others can read is refused, as by ssh' '
	for mode in 640 604 660; do
		chmod $mode .git/strack/id_ed25519 &&
		refused 128 "id_ed25519: mode 0$mode" \
			git strack exec -m x -- touch ../touched &&
		grep "chmod 600" "$refusal" || return 1
	done && test ! -e ../touched && chmod 600 .git/strack/id_ed25519 &&
	git strack exec -m x -- true
'

test_expect_success 'sound' '
	cd ../r && git strack verify && audit
'

test_done
