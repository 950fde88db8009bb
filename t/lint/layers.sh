#!/bin/sh
# Calls go one way: main -> cmd -> run -> core -> {git, sign, os} -> base, and
# sign -> os, git -> os (git itself is asked for some things, and only
# os/process.c starts programs).  Held from what the compiler says each file
# includes.  A new public header gets its name in one row below.
. "$(dirname "$0")/lib.sh"

includes | awk '
	BEGIN {
		may["main"] = " main cmd run core git sign os base "
		may["cmd"] = " cmd run core git sign os base "
		may["run"] = " run core git sign os base "
		may["core"] = " core git sign os base "
		may["git"] = " git os base "
		may["sign"] = " sign os base "
		may["os"] = " os base "
		may["base"] = " base "
		row("cmd", "cmd decide opt")
		row("run", "progress underway")
		row("core", "adhoc approvals circle claims clonekey companion database")
		row("core", "entry")
		row("core", "header hooks imports ledger namecheck needs owners param plan")
		row("core", "requests review rundir script session settings sqltext")
		row("core", "state")
		row("core", "template treefiles trust view")
		row("git", "gc object porcelain refs remote repo")
		row("sign", "digest sign")
		row("os", "clock csv datadir file ini jsonread lock process")
		row("os", "pty term")
		row("base", "buf error json out strmap strvec table text")
	}
	function row(layer, names, i, n, list) {
		n = split(names, list)
		for (i = 1; i <= n; i++)
			layer_of["include/strack/" list[i] ".h"] = layer
	}
	function layer(file) {
		if (file == "src/main.c" || file == "src/cmd.c")
			return "main"
		if (file == "src/opt.c")
			return "cmd"
		if (file in layer_of)
			return layer_of[file]
		if (file ~ /^include\/strack\/run[^\/]*$/)
			return "run"
		if (split(file, part, "/") > 2 && part[1] == "src")
			return part[2]
		return ""
	}
	{
		to = layer($2)
		if (to == "")
			print $2 ": of no layer: give it one in t/lint/layers.sh"
		else if (index(may[layer($1)], " " to " ") == 0)
			print $1 " (" layer($1) ") includes " $2 " (" to ")"
	}' | sort -u | complain

# Libraries stay behind one door each.
sources | xargs grep -HnE '#[[:space:]]*include[[:space:]]*<(git2|sodium|ini\.h|csv\.h|jansson)' |
	grep -vE -e '^src/git/.*<git2' -e '^src/sign/.*<sodium' \
		-e '^src/os/ini\.c:.*<ini\.h' -e '^src/os/csv\.c:.*<csv\.h' \
		-e '^src/os/jsonread\.c:.*<jansson' | complain

# Only the process module forks, and some functions are for nobody.
nobody='strcpy|strcat|sprintf|vsprintf|gets|system|popen|tmpnam|tempnam'
nobody="$nobody|mktemp|alloca|strtok|atoi|atol"
forks='v?fork|clone3?|posix_spawnp?|daemon|forkpty'
call_of() {
	echo "(^|[^_[:alnum:]])($1)[[:space:]]*\\("
}
# Only where there is one at all is it worth asking without comments.
sources | xargs grep -lE "$(call_of "$nobody|$forks")" |
	while read -r file; do
		case $file in
		src/os/process.c) call=$(call_of "$nobody") ;;
		*) call=$(call_of "$nobody|$forks") ;;
		esac
		code "$file" | grep -E "$call" | sed "s|^|$file: not here: |"
	done | complain

lint_done
