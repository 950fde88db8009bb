#!/bin/sh
test_description='keys: of the person and of the clone, of every kind'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
stock=$strack_t/helper/stock-check

# key <name> [<ssh-keygen option>...]: $strack_scratch/<name>, no passphrase.
key() {
	strack_name=$1 && shift &&
	ssh-keygen -q -N "" -C "key of $strack_name" \
		-f "$strack_scratch/$strack_name" "$@"
}

fingerprint() {
	ssh-keygen -lf "$1" | cut -d " " -f 2
}

# signs_with <value of user.signingKey>: in this repository.
signs_with() {
	git config gpg.format ssh && git config user.signingKey "$1"
}

# root_is <public key file>: it founded the ledger and admitted the clone.
root_is() {
	git cat-file blob "strack-ledger:$(entries | head -n 1)" >e &&
	test "$(field signer <e)" = "$(fingerprint "$1")" &&
	test "$(field roles <e)" = root &&
	test "$(field principal <e)" = author@example.com &&
	git cat-file blob "strack-ledger:$(entries | sed -n 2p)" >e &&
	test "$(field signer <e)" = "$(fingerprint "$1")" &&
	test "$(field roles <e)" = run &&
	ssh-keygen -lf .git/strack/id_ed25519.pub >own &&
	field key <e >admitted && test "$(fingerprint admitted)" = \
		"$(fingerprint .git/strack/id_ed25519.pub)"
}

with_script() {
	repo "$1" && cd "$1" &&
	script "scripts/${day}000101_a.sh" <<-\EOF
	#!/bin/sh
	echo a
	EOF
}

# person <repository> <value of user.signingKey> <public key file>
person() {
	(
		with_script "$1" && signs_with "$2" &&
		git strack init && root_is "$3" &&
		git strack init && test "$(entries | wc -l)" = 2 &&
		git strack run &&
		test "$(entry "scripts/${day}000101_a.sh" "done" | field signer)" = \
			"$(fingerprint .git/strack/id_ed25519.pub)" &&
		git strack trust add "$strack_scratch/other.pub" \
			--principal other &&
		test "$(git cat-file blob \
			"strack-ledger:$(entries | tail -n 1)" |
			field signer)" = "$(fingerprint "$3")" &&
		git strack verify && "$stock" && audit_ledger && audit_fsck
	)
}

test_expect_success 'keys to test with' '
	key other && key ed && key rsa -t rsa -b 2048 &&
	key ecdsa -t ecdsa -b 384 && key locked && key pem -t rsa -m PEM &&
	ssh-keygen -q -p -P "" -N secret -f "$strack_scratch/locked"
'

test_expect_success 'a path becomes root, and admits the clone' '
	person path "$strack_scratch/ed" "$strack_scratch/ed.pub"
'

test_expect_success 'the path of its public half' '
	person pub "$strack_scratch/ed.pub" "$strack_scratch/ed.pub"
'

test_expect_success '~ is the home folder' '
	cp "$strack_scratch/ed" "$strack_scratch/ed.pub" "$HOME" &&
	person home "~/ed" "$strack_scratch/ed.pub"
'

test_expect_success 'RSA' '
	person rsa "$strack_scratch/rsa" "$strack_scratch/rsa.pub"
'

test_expect_success 'RSA in an old PEM file' '
	person pem "$strack_scratch/pem" "$strack_scratch/pem.pub"
'

test_expect_success 'ECDSA' '
	person ecdsa "$strack_scratch/ecdsa.pub" "$strack_scratch/ecdsa.pub"
'

# ---- the agent ----

agent_pid=
if test_have_prereq SSH_AGENT; then
	SSH_AUTH_SOCK=$strack_scratch/agent
	agent_pid=$(ssh-agent -a "$SSH_AUTH_SOCK" -s |
		sed -n 's/^SSH_AGENT_PID=\([0-9]*\).*/\1/p')
	export SSH_AUTH_SOCK
	printf '#!/bin/sh\necho secret\n' >"$strack_scratch/askpass"
	chmod +x "$strack_scratch/askpass"
fi
cleanup_agent() {
	[ -z "$agent_pid" ] || kill "$agent_pid"
	agent_pid=
}
trap 'cleanup_agent; strack_leave' EXIT

test_expect_success SSH_AGENT 'key:: with a literal key' '
	ssh-add -q "$strack_scratch/ed" "$strack_scratch/ecdsa" &&
	person literal "key::$(cat "$strack_scratch/ed.pub")" \
		"$strack_scratch/ed.pub"
'

test_expect_success SSH_AGENT 'a literal key without key::' '
	person bare "$(cat "$strack_scratch/ed.pub")" "$strack_scratch/ed.pub"
'

test_expect_success SSH_AGENT 'key:: with an ECDSA key' '
	person eclit "key::$(cat "$strack_scratch/ecdsa.pub")" \
		"$strack_scratch/ecdsa.pub"
'

test_expect_success SSH_AGENT 'an encrypted key that the agent has' '
	SSH_ASKPASS=$strack_scratch/askpass SSH_ASKPASS_REQUIRE=force \
		ssh-add -q "$strack_scratch/locked" &&
	person locked "$strack_scratch/locked.pub" \
		"$strack_scratch/locked.pub" &&
	person locked2 "$strack_scratch/locked" "$strack_scratch/locked.pub"
'

test_expect_success SSH_AGENT 'a public half alone' '
	cp "$strack_scratch/ed.pub" lonely.pub &&
	person lonely "$PWD/lonely.pub" "$strack_scratch/ed.pub"
'

test_expect_success SSH_AGENT 'what the agent does not have is said' '
	(
		with_script absent &&
		signs_with "key::$(cat "$strack_scratch/rsa.pub")" &&
		must_fail 128 git strack init 2>err &&
		grep "ssh-add" err &&
		! git rev-parse -q --verify strack-ledger
	)
'

cleanup_agent
unset SSH_AUTH_SOCK

test_expect_success 'an encrypted key asks for its passphrase' '
	printf "#!/bin/sh\necho secret\n" >askpass && chmod +x askpass &&
	(
		SSH_ASKPASS=$PWD/askpass && SSH_ASKPASS_REQUIRE=force &&
		export SSH_ASKPASS SSH_ASKPASS_REQUIRE &&
		person asked "$strack_scratch/locked" \
			"$strack_scratch/locked.pub"
	)
'

test_expect_success 'without one to ask, nothing is written' '
	(
		with_script refused && signs_with "$strack_scratch/locked" &&
		must_fail 128 setsid git strack init </dev/null 2>err &&
		grep locked err && ! git rev-parse -q --verify strack-ledger &&
		test -z "$(ls .git/strack/journal)"
	)
'

# ---- what git says of signing ----

test_expect_success 'gpg.ssh.program makes and checks signatures' '
	write keygen <<-\EOF &&
	#!/bin/sh
	echo "$2" >>"$KEYGEN_LOG"
	exec ssh-keygen "$@"
	EOF
	KEYGEN_LOG=$PWD/log && export KEYGEN_LOG &&
	git config --global gpg.ssh.program "$PWD/keygen" &&
	person program "$strack_scratch/rsa" "$strack_scratch/rsa.pub" &&
	grep -x sign log && git config --global --unset gpg.ssh.program
'

test_expect_success 'one that is not there is an error' '
	(
		with_script noprogram && signs_with "$strack_scratch/rsa" &&
		git config gpg.ssh.program /no/such/keygen &&
		must_fail 128 git strack init 2>err &&
		grep "/no/such/keygen" err &&
		! git rev-parse -q --verify strack-ledger
	)
'

test_expect_success 'one that makes bad signatures is found out' '
	write liar <<-\EOF &&
	#!/bin/sh
	case $2 in
	sign)
		for last; do :; done
		echo other >"$last" && exec ssh-keygen "$@" ;;
	esac
	exec ssh-keygen "$@"
	EOF
	(
		with_script liar_ && signs_with "$strack_scratch/rsa" &&
		git config gpg.ssh.program "$PWD/../liar" &&
		must_fail 128 git strack init 2>err && grep "no good" err &&
		! git rev-parse -q --verify strack-ledger
	)
'

test_expect_success 'a person who signs with OpenPGP uses the key of the clone' '
	(
		with_script pgp && git config gpg.format openpgp &&
		git config user.signingKey 0xDEADBEEF && git strack init &&
		git cat-file blob "strack-ledger:$(entries)" >e &&
		test "$(field signer <e)" = \
			"$(fingerprint .git/strack/id_ed25519.pub)" &&
		"$stock" && audit_ledger && audit_fsck
	)
'

test_expect_success 'git -c counts' '
	(
		with_script dashc && git -c gpg.format=ssh \
			-c user.signingKey="$strack_scratch/ed" strack init &&
		root_is "$strack_scratch/ed.pub"
	)
'

# ---- the key of the clone ----

test_expect_success 'STRACK_SIGNING_KEY_FILE beats strack.signingKey' '
	(
		with_script envkey &&
		git config strack.signingKey "$strack_scratch/rsa" &&
		git strack init && test ! -e .git/strack/id_ed25519 &&
		git strack run &&
		test "$(entry "scripts/${day}000101_a.sh" done | field signer)" = \
			"$(fingerprint "$strack_scratch/rsa.pub")" &&
		git strack trust add "$strack_scratch/ed.pub" --principal ci &&
		script "scripts/${day}000102_b.sh" <<-\EOF &&
		#!/bin/sh
		EOF
		STRACK_SIGNING_KEY_FILE=$strack_scratch/ed git strack run &&
		test "$(entry "scripts/${day}000102_b.sh" done | field signer)" = \
			"$(fingerprint "$strack_scratch/ed.pub")" &&
		STRACK_SIGNING_KEY_FILE= git strack mark --env ci -m x 02_b.sh &&
		"$stock" && audit_ledger && audit_fsck
	)
'

test_expect_success 'a relative key file is meant from here' '
	cp "$strack_scratch/ed" relative && (
		with_script relat && mkdir sub && cd sub &&
		STRACK_SIGNING_KEY_FILE=../../relative git strack init &&
		STRACK_SIGNING_KEY_FILE=../../relative git strack run &&
		cd .. && test "$(entry "scripts/${day}000101_a.sh" done |
			field signer)" = "$(fingerprint "$strack_scratch/ed.pub")" &&
		audit
	)
'

test_expect_success 'a named key that is missing is not replaced' '
	(
		with_script missing &&
		STRACK_SIGNING_KEY_FILE=/no/such/key must_fail 128 \
			git strack init 2>err &&
		grep "STRACK_SIGNING_KEY_FILE.*/no/such/key" err &&
		git config strack.signingKey /no/such/either &&
		must_fail 128 git strack init 2>err &&
		grep "strack.signingKey.*/no/such/either" err &&
		test ! -e .git/strack/id_ed25519 &&
		! git rev-parse -q --verify strack-ledger
	)
'

test_expect_success 'a key that others may read is refused' '
	cp "$strack_scratch/ed" wide && cp "$strack_scratch/rsa" wide2 &&
	cp "$strack_scratch/rsa.pub" wide2.pub && chmod 640 wide wide2 && (
		with_script wide_ &&
		for name in wide wide2; do
			STRACK_SIGNING_KEY_FILE=$PWD/../$name must_fail 128 \
				git strack init 2>err &&
			grep "$name: mode 0640" err && grep "chmod 600" err ||
				return 1
		done &&
		git strack init && chmod 604 .git/strack/id_ed25519 &&
		must_fail 128 git strack run 2>err && grep "mode 0604" err &&
		chmod 600 .git/strack/id_ed25519 && git strack run
	)
'

test_expect_success 'garbage for a key is said' '
	echo nonsense >garbage && chmod 600 garbage && (
		with_script garb && STRACK_SIGNING_KEY_FILE=$PWD/../garbage \
			must_fail 128 git strack init 2>err && grep garbage err &&
		STRACK_SIGNING_KEY_FILE=/dev/null must_fail 128 \
			git strack init 2>err && grep /dev/null err &&
		STRACK_SIGNING_KEY_FILE=$PWD must_fail 128 \
			git strack init 2>err &&
		STRACK_SIGNING_KEY_FILE=ssh-ed25519 must_fail 128 \
			git strack init 2>err
	)
'

test_expect_success 'without its key a clone says how to get one' '
	(
		with_script lost && git strack init && rm .git/strack/id_* &&
		must_fail 128 git strack run 2>err && grep "git strack init" err &&
		git strack status && git strack verify
	)
'

test_done
