# What a script in POSIX sh says to git strack (dash, bash, busybox, zsh):
#
#	. "$STRACK_LIB/strack.sh"
#
# strack-script(7) is its manual.  Tried by hand, outside of a run, all of it
# works and goes to standard error.  Names that begin with strack_ are ours.
# shellcheck shell=sh

# strack_event WORD...: one line for git strack.  It is one write(2), so that
# lines of several processes don't mix; what would end the line becomes blanks.
strack_event() {
	strack_line="$*"
	case $strack_line in
	*[[:cntrl:]]*)
		strack_line=$(printf '%s' "$strack_line" |
			tr '\000-\037\177' '[ *]')
		;;
	esac
	strack_line=${strack_line%"${strack_line##*[! ]}"}
	if [ -n "${STRACK_EVENTS-}" ]; then
		printf '%s\n' "$strack_line" >>"$STRACK_EVENTS"
	else
		printf '%s\n' "$strack_line" >&2
	fi
}

# log [debug|info|warn|error] TEXT...
log() {
	case ${1-} in
	debug | info | warn | error) strack_event log "$@" ;;
	*) strack_event log info "$@" ;;
	esac
}

# log_progress CURRENT [TOTAL|-] [LABEL...]
log_progress() {
	strack_event progress "$@"
}

# skip REASON...: it is not needed here; ends the script with 0.  In a subshell
# or a pipeline it ends only that.
skip() {
	strack_event skip "$@"
	exit 0
}

# checkpoint NAME VALUE...: after the work that it stands for.
checkpoint() {
	if [ $# -lt 2 ] || [ -z "$1" ] || [ -z "$2" ]; then
		log error "checkpoint: a name and a value are needed"
		return 2
	fi
	strack_event checkpoint "$@"
}

# resume_from NAME [DEFAULT]: prints the last value of that checkpoint in the
# attempts before; without one the default, with 1 where there is none.
resume_from() {
	if [ -n "${STRACK_RESUME-}" ] && [ -r "$STRACK_RESUME" ]; then
		while IFS= read -r strack_line; do
			case $strack_line in
			"$1 "*)
				printf '%s\n' "${strack_line#"$1 "}"
				return 0
				;;
			esac
		done <"$STRACK_RESUME"
	fi
	[ $# -gt 1 ] || return 1
	printf '%s\n' "$2"
}

# check_timeout [SECONDS]: are more than that (0) left until the time limit?
check_timeout() {
	[ -n "${STRACK_DEADLINE-}" ] || return 0
	[ "$(($(date +%s) + ${1:-0}))" -lt "$STRACK_DEADLINE" ]
}

# process_in_batches [OPTION...] COMMAND [ARGUMENT...]: hands the lines of
# standard input, some at a time, to a command or function on its standard
# input.  After each batch there is a checkpoint, and the next attempt goes on
# behind it; so the lines must come in the same order again.
#
#	--size N	lines of a batch; 500
#	--key N		the N-th field of a line is what the checkpoint keeps of
#			it, and must differ from line to line; 0, the whole line
#	--name NAME	of the checkpoint; batch
#	--resumed	the input begins behind the checkpoint: nothing of it is
#			passed over
#	--total N	what to count up to, if not the lines that there are
#	--label TEXT	what they are
#	--sleep N	seconds between two batches
#	--throttle CMD	pauses while this shell command fails
#
# The command runs in a subshell, under -e when the script does, that ignores
# SIGTERM, SIGINT and SIGHUP: a batch that was begun is finished.  Then it ends with 143 when a signal came,
# with 75 when the time that is left is less than the longest batch took, or
# with the status of a batch that failed: `|| exit` behind it.
process_in_batches() {
	strack_size=500 strack_key=0 strack_name=batch strack_resumed='' \
		strack_total=- strack_label='' strack_sleep='' strack_throttle=''
	while [ $# -gt 0 ]; do
		case $1 in
		--resumed) strack_resumed=yes && shift && continue ;;
		--size | --key | --name | --total | --label | --sleep | \
			--throttle) ;;
		--) shift && break ;;
		--*)
			log error "process_in_batches: $1 is not known"
			return 2
			;;
		*) break ;;
		esac
		if [ $# -lt 2 ]; then
			log error "process_in_batches: $1 needs a value"
			return 2
		fi
		case $1 in
		--size) strack_size=$2 ;;
		--key) strack_key=$2 ;;
		--name) strack_name=$2 ;;
		--total) strack_total=$2 ;;
		--label) strack_label=$2 ;;
		--sleep) strack_sleep=$2 ;;
		--throttle) strack_throttle=$2 ;;
		esac
		shift 2
	done
	case $strack_size$strack_key in
	*[!0-9]* | 0*)
		log error "process_in_batches: --size and --key are numbers"
		return 2
		;;
	esac
	if [ $# = 0 ]; then
		log error "process_in_batches: which command?"
		return 2
	fi
	strack_behind=''
	[ -n "$strack_resumed" ] ||
		strack_behind=$(resume_from "$strack_name" '')
	strack_stop='' strack_longest=0 strack_done=0
	# In a condition -e would mean nothing to the command, either.
	case $- in
	*e*) strack_e=-e ;;
	*) strack_e=+e ;;
	esac
	set +e
	trap 'strack_stop=yes' TERM INT HUP
	strack_spool && strack_split
	strack_status=$?
	if [ "$strack_status" = 0 ]; then
		strack_batches "$@"
		strack_status=$?
	fi
	[ -z "$strack_dir" ] || rm -rf "$strack_dir"
	trap - TERM INT HUP
	set "$strack_e"
	return "$strack_status"
}

# A folder that nobody else can read: that of the run, or by hand one in TMPDIR.
strack_spool() {
	strack_dir=${TMPDIR:-/tmp}/strack-batches.XXXXXX
	[ -z "${STRACK_EVENTS-}" ] ||
		strack_dir=${STRACK_EVENTS%/*}/batches.XXXXXX
	strack_dir=$(mktemp -d "$strack_dir") && return
	strack_dir=''
	log error "process_in_batches: no room for the lines"
	return 1
}

# All lines, a file for each batch; `index` has a line for each of them, how many
# lines it has and the key of the last, and `behind` how many were passed over.
# The shell itself would read them byte by byte.
strack_split() {
	STRACK_SPOOL=$strack_dir STRACK_BEHIND=$strack_behind LC_ALL=C awk \
		-v size="$strack_size" -v field="$strack_key" '
		function trim(text) {
			sub(/^ +/, "", text)
			sub(/ +$/, "", text)
			return text
		}
		function end_batch() {
			if (at == "")
				failed = 4
			print n, at >(dir "/index")
			close(dir "/" batches)
			n = 0
		}
		BEGIN {
			dir = ENVIRON["STRACK_SPOOL"]
			behind = trim(ENVIRON["STRACK_BEHIND"])
			passing = behind != ""
			batches = 1
			printf "" >(dir "/index")
		}
		passing {
			passed++
			if (trim(field ? $(field) : $0) == behind "")
				passing = 0
			next
		}
		{
			print >(dir "/" batches)
			at = trim(field ? $(field) : $0)
			total++
			if (++n == size) {
				end_batch()
				batches++
			}
		}
		END {
			if (n)
				end_batch()
			print passed + 0, passed + total >(dir "/behind")
			exit (failed ? failed : passing ? 3 : 0)
		}'
	strack_failed=$?
	[ -z "$strack_stop" ] || return 143
	case $strack_failed in
	0) return ;;
	3)
		log error "process_in_batches: no line has the key" \
			"'$strack_behind', behind which to go on; nothing was" \
			"done. git strack run --retry --from-start begins at" \
			"the beginning"
		;;
	4) log error "process_in_batches: a line without a key" ;;
	*) log error "process_in_batches: the lines could not be kept" ;;
	esac
	return 1
}

strack_batches() {
	IFS=' ' read -r strack_done strack_lines <"$strack_dir/behind"
	[ "$strack_total" != - ] || strack_total=$strack_lines
	strack_i=0
	while IFS=' ' read -r strack_n strack_at; do
		strack_i=$((strack_i + 1))
		strack_one "$@"
		strack_failed=$?
		[ "$strack_failed" = 0 ] || return "$strack_failed"
	done <"$strack_dir/index"
}

# strack_one COMMAND...: one batch, with all that is around it.
strack_one() {
	if [ "$strack_i" != 1 ] && [ -n "$strack_sleep" ]; then
		sleep "$strack_sleep"
	fi
	strack_paused=''
	while [ -z "$strack_stop" ] && [ -n "$strack_throttle" ] &&
		check_timeout "$strack_longest" &&
		! (eval "$strack_throttle") </dev/null; do
		[ -n "$strack_paused" ] || log info "paused: $strack_throttle"
		strack_paused=yes
		sleep 1
	done
	if [ -n "$strack_stop" ]; then
		log warn "stopped before the next batch"
		return 143
	fi
	if ! check_timeout "$strack_longest"; then
		log warn "the time that is left is not enough for a batch"
		return 75
	fi
	strack_began=$(date +%s)
	(
		trap '' TERM INT HUP
		set "$strack_e"
		"$@"
	) <"$strack_dir/$strack_i"
	strack_failed=$?
	if [ "$strack_failed" != 0 ]; then
		log error "the batch that ends with '$strack_at' failed" \
			"($strack_failed)"
		return "$strack_failed"
	fi
	rm -f "$strack_dir/$strack_i"
	strack_took=$(($(date +%s) - strack_began + 1))
	[ "$strack_took" -le "$strack_longest" ] ||
		strack_longest=$strack_took
	checkpoint "$strack_name" "$strack_at" || return
	strack_done=$((strack_done + strack_n))
	log_progress "$strack_done" "$strack_total" "$strack_label"
}
