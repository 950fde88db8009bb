# What tests of several clones share, sourced behind lib-strack.sh: a team.git,
# its clones, and servers on loopback.
# shellcheck shell=sh disable=SC2034,SC2154

day=$(date -u +%Y%m%d)

# tip <repository>: of its ledger.
tip() { git -C "$1" rev-parse -q --verify refs/heads/strack-ledger; }

# admission: the line that a root must type, of what init said.
admission() { sed -n 's/^ *\(git strack trust add .*\)/\1/p'; }

# in_clone <clone> <command>...
in_clone() { (cd "$1" && shift && "$@"); }

# member <clone>: made, unless it is there, and admitted by the clone `root`.
member() {
	[ -d "$1" ] || git clone -q team.git "$1" || return 1
	in_clone "$1" git strack init --no-hooks >said.init 2>&1 &&
		admission <said.init >line && test -s line &&
		in_clone root sh -e ../line >&4 && rm line said.init
}

# team <clone>...: team.git, and `root`, who founded its ledger and admitted
# these clones.  All of it can be copied: the remotes are relative.
team() {
	git init -q --bare team.git && repo root && (
		cd root && git remote add origin ../team.git &&
		git push -q -u origin main && git strack init --no-hooks >&4 &&
		git add .strack.ini && git commit -q -m "Which ledger is ours" &&
		git push -q origin main
	) || return 1
	for strack_v in "$@"; do
		member "$strack_v" || return 1
		git -C "$strack_v" config remote.origin.url ../team.git
	done
	for strack_v in "$@"; do
		in_clone "$strack_v" git strack sync -q || return 1
	done
}

# witness <n>: a script of the current clone that leaves a line in ../ran.<n>.
witness() {
	write "scripts/${day}01$1_s$1.sh" <<-EOT
	#!/bin/sh
	echo ran >>"\$STRACK_TOP/../ran.$1"
	EOT
}

# witnesses <number>: that many of them, committed and pushed from root, and
# pulled by the clones behind.
witnesses() {
	strack_n=$1 && shift
	(
		cd root && for i in $(seq 10 $((9 + strack_n))); do
			witness "$i" || return 1
		done && git add . && git commit -q -m scripts &&
			git push -q origin main
	) || return 1
	for strack_v in "$@"; do
		git -C "$strack_v" pull -q || return 1
	done
}

# once <n>: that script ran once.
once() {
	[ "$(cat "ran.$1" 2>/dev/null)" = ran ] && return 0
	echo "# script $1 ran: $(wc -l <"ran.$1")" >&4
	return 1
}

# agree <clone>...: after a sync all of them, and the remote, are at one tip.
agree() {
	for strack_v in "$@"; do
		in_clone "$strack_v" git strack sync -q || return 1
	done
	for strack_v in "$@"; do
		[ "$(tip "$strack_v")" = "$(tip team.git)" ] && continue
		echo "# $strack_v is at $(tip "$strack_v")" >&4
		return 1
	done
}

# number <what>: of entries of team.git of that kind.
number() {
	git -C team.git ls-tree -r --name-only strack-ledger |
		grep -v -e '\.script$' -e '\.log$' | grep -c "\.$1\.[0-9a-f]*$"
}

# ---- servers ----

# free_port: that nobody listens on.
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# listens <port>: waits until somebody does.
listens() {
	for _ in $(seq 200); do
		python3 -c "import socket
socket.create_connection(('127.0.0.1', $1), 1)" 2>/dev/null && return 0
		sleep 0.05
	done
	return 1
}

# Each of these serves the repositories of a folder, whose name has no blanks,
# until the test ends, and sets url to what stands before their names.

# serve_git <folder>: git daemon.
serve_git() {
	port=$(free_port) || return 1
	(cd "$1" && exec git daemon --reuseaddr --export-all \
		--enable=receive-pack --listen=127.0.0.1 --port="$port" \
		--base-path="$PWD" "$PWD" >/dev/null 2>&1) &
	url=git://127.0.0.1:$port
	listens "$port"
}

# serve_http <folder>: git http-backend behind a server of ours, which is no
# more than CGI.
serve_http() {
	port=$(free_port) || return 1
	python3 "$strack_t/helper/git-http" "$1" "$port" >/dev/null 2>&1 &
	url=http://127.0.0.1:$port
	listens "$port"
}

# serve_ssh <folder>: sshd, with keys of its own.
serve_ssh() {
	port=$(free_port) && mkdir -m 700 "$1/ssh" &&
		ssh-keygen -q -t ed25519 -N "" -f "$1/ssh/host" &&
		ssh-keygen -q -t ed25519 -N "" -f "$1/ssh/user" &&
		cp "$1/ssh/user.pub" "$1/ssh/authorized" || return 1
	cat >"$1/ssh/config" <<-EOT
	ListenAddress 127.0.0.1
	Port $port
	HostKey $1/ssh/host
	AuthorizedKeysFile $1/ssh/authorized
	PidFile none
	StrictModes no
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	MaxStartups 100
	EOT
	mkdir -p /run/sshd 2>/dev/null
	/usr/sbin/sshd -D -f "$1/ssh/config" -E "$1/ssh/log" &
	GIT_SSH_COMMAND="ssh -F none -i $1/ssh/user -o IdentitiesOnly=yes"
	GIT_SSH_COMMAND="$GIT_SSH_COMMAND -o StrictHostKeyChecking=no"
	GIT_SSH_COMMAND="$GIT_SSH_COMMAND -o UserKnownHostsFile=/dev/null"
	GIT_SSH_COMMAND="$GIT_SSH_COMMAND -o LogLevel=ERROR"
	export GIT_SSH_COMMAND
	url=ssh://$(id -un)@127.0.0.1:$port$1
	listens "$port"
}
