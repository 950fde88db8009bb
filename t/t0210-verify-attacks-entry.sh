#!/bin/sh
test_description='verify under attack: entries'
. "$(dirname "$0")/lib-strack.sh"
. "$strack_t/lib-forge.sh"
. "$strack_t/lib-attack.sh"

d=scripts/20260101_d.sh
test_expect_success 'a good ledger' 'attack_base'
cd "$SHARNESS_TRASH_DIRECTORY" || exit 1

# ---- the text ----

attack 'garbage' 'first line is not .strack-entry 1' commit '
	echo garbage >garbage &&
	forge mark @entry=garbage script=$d'
attack 'truncated' 'has no signature' commit '
	forge mark @by=runner script=$d @spoil="head -n 5"'
attack 'cut in the signature' 'bad signature: the signature is cut off' entry '
	forge mark @by=runner script=$d @spoil="head -n -2"'
attack 'no final newline' 'bad signature: .*not written as ssh-keygen' entry '
	forge mark @by=runner script=$d @spoil="head -c -1"'
attack 'junk behind the signature' 'something behind the signature' entry '
	forge mark @by=runner script=$d @spoil="cat - README"'
attack 're-wrapped armour' 'not written as ssh-keygen does it' entry '
	forge mark @by=runner script=$d @spoil="sed \"/^U1NI/s/.\{60\}/&\n/\""'
attack 'CR before LF' 'control character' entry '
	forge mark @by=runner script=$d @filter="sed \"3s/\$/\r/\""'
attack 'edited, with its name' 'bad signature: the signature is wrong' entry '
	forge mark @by=runner script=$d @spoil="sed s/^reason.*/reason\ other/"'
attack 'a newer format' 'written by a newer version' entry '
	forge mark @by=runner script=$d @filter="sed 1s/1/2/"'
attack 'longer than 64 KiB' 'longer than 64 KiB' commit '
	forge mark @by=runner script=$d reason=$(head -c 66000 /dev/zero | tr "\0" x)'
attack 'a key twice' 'key .reason. twice' entry '
	forge mark @by=runner script=$d @filter="sed \"/^reason/p\""'
attack 'an unknown key twice' 'key .colour. twice' entry '
	forge mark @by=runner script=$d colour=red \
		@filter="sed \"/^colour/p\""'
attack 'bad percent encoding' 'not encoded as the format says' entry '
	forge mark @by=runner script=$d reason=100%'
attack 'needless percent encoding' 'not encoded as the format says' entry '
	forge mark @by=runner script=$d reason=%41'
attack 'an encoded NUL' 'not encoded as the format says' entry '
	forge mark @by=runner script=$d reason=a%00b'
attack 'a control character' 'control character' entry '
	forge mark @by=runner script=$d "reason=$(printf "a\033[31m")"'
attack 'an impossible date' 'time: bad value' commit '
	forge mark @by=runner script=$d time=2026-02-28T00:00:00.000Z \
		@filter="sed s/02-28/02-30/"'
attack 'an impossible date in the name' 'nothing else may be here' commit '
	forge mark @by=runner script=$d time=2026-02-30T00:00:00.000Z'
attack 'an hour that no day has' 'time: bad value' commit '
	forge mark @by=runner script=$d @filter="sed s/T00:/T24:/"'
attack 'no such kind' 'no entry, and nothing else may be here' commit '
	forge mark @by=runner script=$d kind=finished'
attack 'no such kind in the text' 'unknown kind' entry '
	forge mark @by=runner script=$d @filter="sed s/kind.mark/kind\ finished/"'
attack 'done with exit 137' 'done with exit 137' commit '
	forge claim @by=runner script=$d && attack_want=" done, running, marked, running," &&
	forge done @by=runner exit=137'
attack_want=
attack 'done by a signal' 'done by signal 9' commit '
	forge claim @by=runner script=$d && attack_want=" done, running, marked, running," &&
	forge done @by=runner exit= signal=9'
attack_want=
attack 'a revocation without after' 'without .after' commit '
	forge trust-revoke fingerprint=$(forge_fingerprint runner) after='

# ---- where it stands ----

attack 'transplanted to another script' 'name and text differ' commit '
	git cat-file blob strack-ledger:$path_done_a >e &&
	forge done @entry=e @dir=$d @by=runner claim=$claim_a \
		@subject="done: scripts/20260101_a.sh (staging, 1.5s)"'
attack 'transplanted to another script that had none' 'name and text differ' commit '
	git cat-file blob strack-ledger:$path_claim_a >e &&
	git cat-file blob strack-ledger:$path_done_a >e2 &&
	forge claim @entry=e @dir=$d @by=runner &&
	git strack trust disown $forge_commit -m junk &&
	forge done @entry=e2 @dir=$d @by=runner claim=$claim_a'
attack 'its script is said to be another' 'name and text differ' commit '
	forge claim @by=runner script=scripts/20260101_a.sh @dir=$d'
attack 'transplanted to another environment' 'name and text differ' commit '
	git cat-file blob strack-ledger:$path_done_a >e &&
	forge done @entry=e @by=runner claim=$claim_a environment=production'
attack 'of another ledger' 'of another ledger' entry '
	forge mark @by=runner script=$d \
		ledger=8f1f0d3e-6f0a-4c07-9a57-0c3b1a0f6d12'
attack 'replayed under another name' 'name and text differ' commit '
	git cat-file blob strack-ledger:$path_done_a >e &&
	forge done @entry=e @by=runner'
attack 'name of another file' 'id does not match the file' entry '
	forge mark @by=runner script=$d \
		@name=00000009.20260101T000009Z.staging.mark.0123456789abcdef'
attack 'name says another time' 'name and text differ' entry '
	forge mark @by=runner script=$d time=2026-01-01T00:00:09Z \
		@filter="sed s/00:00:09/00:00:10/"'
attack 'a kind in the wrong folder' 'name and text differ\|with a script' commit '
	forge mark @by=runner script=$d @dir=.strack/exec'
attack 'a trust entry beside a script' 'name and text differ' commit '
	forge trust-add key=stranger @dir=$d \
		@subject="trust-add: stranger@example.com"'
attack 'a script inside .strack' '.\.strack. in the script' commit '
	forge mark @by=runner script=.strack/trust'
attack 'a script inside .STRACK' '.\.strack. in the script' commit '
	forge mark @by=runner script=scripts/.STRACK/20260101_d.sh'
attack 'a path with ..' '\.\.. in the script' commit '
	forge mark @by=runner script=scripts/../20260101_d.sh'
attack 'a path with .git' '\.git. in the script' commit '
	forge mark @by=runner script=.git/hooks/post-commit'
attack 'a path with control characters' 'control character' commit '
	forge mark @by=runner script=scripts/2026%1B[31m.sh'
attack 'a path with C1 control characters' 'control character' commit '
	forge mark @by=runner script=scripts/2026%C2%9B31m.sh'
attack 'a name as a folder' 'an entry.s name in the script' commit '
	forge mark @by=runner \
		script=x/00000001.20260101T000009Z.staging.mark.0123456789abcdef'
attack 'an entry that becomes a folder' 'not append-only (deleted)' no '
	forge mark @by=runner script=$path_done_a'
attack 'seq that jumps' 'seq 1000, but the highest' commit '
	forge mark @by=runner script=$d seq=1000'
attack 'seq that was there' 'seq 2, but the highest' commit '
	forge mark @by=runner script=$d seq=2'
attack 'prev that is an expression' 'prev: bad value' commit '
	forge mark @by=runner script=$d prev=strack-ledger^'
attack 'prev that is no ancestor' 'is no ancestor of the commit' commit '
	forge mark @by=runner script=$d prev=$(git rev-parse HEAD) seq=1'
attack 'prev that is zero' 'is no ancestor of the commit' commit '
	forge mark @by=runner script=$d prev=$forge_zero seq=1'

# ---- beside it ----

attack 'a claim without .script' 'without its .script' commit '
	forge claim @by=runner script=$d @script=none'
attack '.script of another blob' '.script is not the blob' commit '
	forge claim @by=runner script=$d @script=README'
attack '.script beside a mark' '.script is not the blob' commit '
	forge mark @by=runner script=$d @script=README'
attack '.log that is not named' '.log is not the blob' commit '
	forge mark @by=runner script=$d @log=README log=$(git hash-object -w $d)'
attack 'a log that is not there' 'without its .log' commit '
	forge mark @by=runner script=$d log=$(git rev-parse HEAD:README)'
attack '.log over 1 MiB' '.log is larger than 1048576' commit '
	head -c 1048577 /dev/zero >log && forge mark @by=runner script=$d @log=log'
attack 'a link as an entry' 'not a regular file of mode 100644' commit '
	forge mark @by=runner script=$d @mode=120000'
attack 'an executable entry' 'not a regular file of mode 100644 (100755)' commit '
	forge mark @by=runner script=$d @mode=100755'
attack 'a submodule as an entry' 'not a regular file of mode 100644 (160000)' commit '
	forge mark @by=runner script=$d @mode=160000'
attack 'a submodule beside a claim' 'not a regular file of mode 100644 (160000)' commit '
	forge claim @by=runner script=$d @smode=160000'
attack 'a link beside a claim' 'not a regular file of mode 100644' commit '
	forge claim @by=runner script=$d @smode=120000'
attack 'an executable beside a claim' 'not a regular file of mode 100644' commit '
	forge claim @by=runner script=$d @smode=100755'
attack 'a link as a log' 'not a regular file of mode 100644 (120000)' commit '
	forge mark @by=runner script=$d @log=README @smode=120000'

test_done
