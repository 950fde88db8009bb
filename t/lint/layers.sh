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
		row("run", "underway")
		row("core", "adhoc approvals circle entry header hooks")
		row("core", "imports ledger namecheck needs owners plan")
		row("core", "review rundir script session settings state")
		row("core", "template treefiles trust view")
		row("git", "gc object porcelain refs repo")
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
sources | while read -r file; do
	case $file in
	src/git/*) door=git2 ;;
	src/sign/*) door=sodium ;;
	src/os/ini.c) door='ini\.h' ;;
	src/os/csv.c) door='csv\.h' ;;
	src/os/jsonread.c) door=jansson ;;
	*) door= ;;
	esac
	libraries=
	for library in git2 sodium 'ini\.h' 'csv\.h' jansson; do
		[ "$library" = "$door" ] ||
			libraries="$libraries${libraries:+|}$library"
	done
	grep -HnE "#[[:space:]]*include[[:space:]]*<($libraries)" "$file"
done | complain

# Only the process module forks, and some functions are for nobody.
sources | while read -r file; do
	names='strcpy|strcat|sprintf|vsprintf|gets|system|popen|tmpnam|tempnam'
	names="$names|mktemp|alloca|strtok|atoi|atol"
	case $file in
	src/os/process.c) ;;
	*) names="$names|v?fork|clone3?|posix_spawnp?|daemon|forkpty" ;;
	esac
	call="(^|[^_[:alnum:]])($names)[[:space:]]*\\("
	# Only where there is one at all is it worth asking without comments.
	grep -qE "$call" "$file" && code "$file" | grep -E "$call" |
		sed "s|^|$file: not here: |"
done | complain

lint_done
