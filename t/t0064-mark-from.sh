#!/bin/sh
test_description='mark --from: what the tables of other tools say has run'
. "$(dirname "$0")/lib-strack.sh"

day=$(date -u +%Y%m%d)
a=scripts/20260102030405_a.rb
b=scripts/20260102030406_b.rb
c=scripts/20260102030407_c.sh
d=scripts/20260102030408_d.sql
short=scripts/20260102_short.sh

tip() {
	git rev-parse -q --verify strack-ledger
}

state_of() {
	git strack status --all --json --env "$2" |
		jq -r --arg s "$1" '.scripts[] | select(.script == $s) | .state'
}

# marks <environment>: what is marked there, by the names of entries alone.
marks() {
	entries | sed -n "s|/[^/]*\.$1\.mark\.[0-9a-f]*$||p" | sort
}

# marked_are <environment> <script>...
marked_are() {
	marks "$1" >have && shift && printf "%s\n" "$@" | sort >expect &&
		test_cmp expect have
}

# would_mark <file> <script>...: these, in this order, and all rows are fine.
would_mark() {
	git strack mark -n --env dry --from "$1" -m x >out && shift &&
		printf "would mark  %s\n" "$@" >expect &&
		echo "$# to mark, 0 settled already, 0 passed by, 0 not marked in dry" \
			>>expect && test_cmp expect out
}

# The exports are what the programs wrote: psql 15, sqlite3 3.40, mariadb 10.11.
test_expect_success 'set-up' '
	repo r && cd r && echo "*.csv" >.git/info/exclude &&
	echo "*.json" >>.git/info/exclude && echo "*.tsv" >>.git/info/exclude &&
	for script in "$a" "$b" "$c" "$d" "$short"; do
		printf "#!/bin/sh\ntouch \"$HOME/ran\"\n" | script "$script" ||
			return 1
	done &&
	cat >st.pg.csv <<-\EOF &&
	id,filename,executed_at,status,output,duration,timeout,created_at,updated_at
	1,20260102030405_a.rb,2026-01-03 10:00:00,success,"line 1
	line ""2"", and \ more, ü",1.532,300,2026-01-03 10:00:00,2026-01-03 10:00:00
	2,20260102030406_b.rb,2026-01-03 10:01:00,skipped,,0.1,,2026-01-03 10:00:00,2026-01-03 10:00:00
	EOF
	cat >st.sqlite.csv <<-\EOF &&
	id,filename,executed_at,status,output,duration,timeout,created_at,updated_at
	1,20260102030405_a.rb,"2026-01-03 10:00:00",success,"line 1
	line ""2"", and \ more, ü",1.532,300,"2026-01-03 10:00:00","2026-01-03 10:00:00"
	2,20260102030406_b.rb,"2026-01-03 10:01:00",skipped,"",0.1,,"2026-01-03 10:00:00","2026-01-03 10:00:00"
	EOF
	tab="	" && cat >st.mariadb.tsv <<-EOF &&
	id${tab}filename${tab}executed_at${tab}status${tab}output${tab}duration${tab}timeout
	1${tab}20260102030405_a.rb${tab}2026-01-03 10:00:00${tab}success${tab}line 1\\nline "2"\\tand \\\\ more, ü${tab}1.532${tab}300
	2${tab}20260102030406_b.rb${tab}2026-01-03 10:01:00${tab}skipped${tab}${tab}0.1${tab}NULL
	EOF
	cat >st.pg.json <<-\EOF &&
	[{"id":1,"filename":"20260102030405_a.rb","executed_at":"2026-01-03 10:00:00","status":"success","output":"line 1\nline \"2\"\tand \\ more, ü","duration":1.532,"timeout":300},
	 {"id":2,"filename":"20260102030406_b.rb","executed_at":"2026-01-03 10:01:00","status":"skipped","output":"","duration":0.1,"timeout":null}]
	EOF
	jq -c ".[]" <st.pg.json >st.rows.json &&
	jq "{executed_scripts: ., n: 2}" st.pg.json >st.inside.json &&
	printf "\357\273\277" | cat - st.pg.csv >st.bom.csv &&
	printf "\357\273\277" | cat - st.pg.json >st.bom.json &&
	sed "s/\$/\r/" st.pg.csv >st.crlf.csv &&
	sed "s/\$/\r/" st.mariadb.tsv >st.crlf.tsv
'

test_expect_success 'bad usage' '
	must_fail 129 git strack mark --from st.pg.csv 2>err &&
	grep -e "-m <why>" err &&
	must_fail 129 git strack mark --from st.pg.csv -m x "$a" 2>err &&
	grep "from takes no scripts" err &&
	must_fail 129 git strack mark --from st.pg.csv --baseline -m x 2>err &&
	grep "exclude each other" err &&
	must_fail 129 git strack mark --from st.pg.csv --before 2026-01-01 \
		-m x &&
	must_fail 129 git strack mark --from -m x &&
	must_fail 128 git strack mark --from no_such.csv -m x 2>err &&
	grep "no_such.csv" err &&
	must_fail 128 git strack mark --from . -m x 2>err &&
	! tip
'

test_expect_success 'a dry run writes nothing, and founds nothing' '
	git strack mark --env dry --from st.pg.csv -m x --dry-run >out &&
	grep "^would mark  $a" out && grep "^would mark  $b" out &&
	grep "^2 to mark, .* in dry" out && ! tip &&
	test ! -e .git/strack
'

# ---- script_tracker ----

test_expect_success 'what succeeded and what skipped itself is marked' '
	git strack mark --env pg --from st.pg.csv -m "from script_tracker" \
		>out &&
	grep "^marked  $a" out && grep "^marked  $b" out &&
	grep "^2 marked, 0 settled already, 0 passed by, 0 not marked in pg" \
		out && marked_are pg "$a" "$b" && test ! -e "$HOME/ran" &&
	test "$(entry "$a" pg.mark | field blob)" = \
		"$(git rev-parse "HEAD:$a")" &&
	test "$(entry "$a" pg.mark | field reason)" = "from script_tracker \
(script_tracker: status success, executed_at 2026-01-03 10:00:00)" &&
	test "$(entry "$b" pg.mark | field reason)" = "from script_tracker \
(script_tracker: status skipped, executed_at 2026-01-03 10:01:00)" &&
	test "$(state_of "$a" pg)" = marked &&
	test "$(state_of "$c" pg)" = pending &&
	test "$(state_of "$a" other)" = pending
'

test_expect_success 'the same from every program and format' '
	for file in st.*.*; do
		would_mark "$file" "$a" "$b" || return 1
	done && for file in st.sqlite.csv st.mariadb.tsv st.pg.json; do
		env=$(echo "$file" | tr . -) &&
		git strack mark --env "$env" --from "$file" -m x >out &&
		marked_are "$env" "$a" "$b" &&
		entry "$a" "$env.mark" | field reason >>reasons || return 1
	done && test "$(sort -u reasons)" = \
		"x (script_tracker: status success, executed_at 2026-01-03 10:00:00)"
'

test_expect_success 'from standard input, a pipe and a folder below' '
	git strack mark --env stdin --from - -m x <st.pg.csv &&
	marked_are stdin "$a" "$b" &&
	tail -n 1 st.rows.json | git strack mark --env piped --from - -m x &&
	marked_are piped "$b" && mkdir -p sub &&
	(cd sub && would_mark ../st.pg.csv "$a" "$b") && mkfifo fifo &&
	{ cat st.pg.csv >fifo & } && would_mark fifo "$a" "$b" && rm fifo
'

test_expect_success 'nothing is marked twice' '
	was=$(tip) && git strack mark --env pg --from st.pg.csv -m x >out &&
	grep "^already  $a  marked" out && grep "^already  $b  marked" out &&
	grep "^0 marked, 2 settled already" out && test "$(tip)" = "$was" &&
	git strack run --env done --from-the-beginning "$a" &&
	test -e "$HOME/ran" && rm "$HOME/ran" && was=$(tip) &&
	head -n 3 st.pg.csv | git strack mark --env done --from - -m x >out &&
	grep "^already  $a  done" out && test "$(tip)" = "$was" &&
	head -n 3 st.pg.csv >twice.csv && tail -n +2 twice.csv >more &&
	cat more >>twice.csv &&
	git strack mark --env twice --from twice.csv -m x >out &&
	grep "^already  $a  by a row before" out && marked_are twice "$a"
'

test_expect_success 'what failed, runs or is not known there is only listed' '
	cat >bad.csv <<-EOF &&
	filename,status,executed_at
	20260102030405_a.rb,failed,x
	20260102030406_b.rb,running,x
	20260102030407_c.sh,success,x
	20260102030408_d.sql,done?,x
	20260102030409_gone.rb,success,x
	EOF
	must_fail 1 git strack mark --env bad --from bad.csv -m x >out 2>err &&
	grep "^not marked  20260102030405_a.rb  failed there (line 2)" out &&
	grep "^not marked  20260102030406_b.rb  is running there.*line 3" out &&
	grep "^marked  $c" out &&
	grep "^not marked  20260102030408_d.sql  its status .done?.*line 5" \
		out &&
	grep "^not marked  20260102030409_gone.rb  no script.*(line 6)" out &&
	grep "4 of 5 rows did not settle" err &&
	grep "git strack mark -m <why> --env bad $a" err &&
	grep "git strack mark -m <why> --env bad $b" err &&
	marked_are bad "$c"
'

test_expect_success 'after the decisions by hand it has nothing to say' '
	git strack mark -m "ran all the same" --env bad "$a" "$b" "$d" &&
	grep -v gone bad.csv >bad2.csv && was=$(tip) &&
	git strack mark --env bad --from bad2.csv -m x >out &&
	grep "^0 marked, 4 settled already, 0 passed by, 0 not" out &&
	test "$(tip)" = "$was"
'

test_expect_success 'another extension is no match, and is named' '
	printf "filename,status,executed_at\n%s,success,x\n" \
		20260102030407_c.rb >ext.csv &&
	was=$(tip) &&
	must_fail 1 git strack mark --env ext --from ext.csv -m x >out 2>err &&
	grep "^not marked  20260102030407_c.rb  $c has another ext" out &&
	grep "mark -m <why> --env ext $c" err && test "$(tip)" = "$was" &&
	git strack mark --env ext -m "the same in sh" "$c" &&
	git strack mark --env ext --from ext.csv -m x >out &&
	grep "^already  $c  marked" out
'

test_expect_success 'a name that is only alike is no match' '
	cat >alike.csv <<-EOF && was=$(tip) &&
	filename,status,executed_at
	20260102030405_A.rb,success,x
	0102030405_a.rb,success,x
	a.rb,success,x
	20260102030405_,success,x
	20260102030405,success,x
	/etc/passwd,success,x
	$a/,success,x
	EOF
	must_fail 1 git strack mark --env alike --from alike.csv -m x >out &&
	test "$(grep -c "^not marked  .*no script has that name" out)" = 7 &&
	test "$(tip)" = "$was"
'

test_expect_success 'one name in two folders is not guessed, a path is meant' '
	mkdir -p scripts/x && cp "$a" scripts/x/ && was=$(tip) &&
	printf "filename,status,executed_at\n%s,success,x\n" \
		20260102030405_a.rb >many.csv &&
	must_fail 1 git strack mark --env many --from many.csv -m x >out &&
	grep "any of 2: $a, scripts/x/20260102030405_a.rb (line 2)" out &&
	printf "version\n20260102030405\n" >many2.csv &&
	must_fail 1 git strack mark --env many --from many2.csv -m x >out &&
	grep "any of 2: $a, scripts/x/20260102030405_a.rb (line 2)" out &&
	test "$(tip)" = "$was" &&
	printf "filename,status,executed_at\n%s,success,x\n" \
		scripts/x/20260102030405_a.rb >path.csv &&
	git strack mark --env many --from path.csv -m x &&
	marked_are many scripts/x/20260102030405_a.rb &&
	rm -r scripts/x
'

test_expect_success 'what is failed or running here is left to a person' '
	f=scripts/${day}000101_fails.sh && r=scripts/${day}000102_slow.sh &&
	printf "#!/bin/sh\nexit 7\n" | script "$f" &&
	script "$r" <<-\EOF &&
	#!/bin/sh
	touch begun
	while test -e begun; do sleep 0.05; done
	EOF
	must_fail 1 git strack run --env here --from-the-beginning "$f" &&
	{ git strack run --env here "$r" & } && pid=$! &&
	wait_for "test -e begun" && was=$(tip) &&
	printf "filename,status,executed_at\n%s,success,x\n%s,success,x\n" \
		"${f##*/}" "${r##*/}" >here.csv &&
	must_fail 1 git strack mark --env here --from here.csv -m x >out &&
	grep "^not marked  ${f##*/}  is failed here (line 2)" out &&
	grep "^not marked  ${r##*/}  is running here (line 3)" out &&
	test "$(tip)" = "$was" && rm begun && wait $pid &&
	must_fail 1 git strack mark --env here --from here.csv -m x >out &&
	grep "^already  $r  done" out
'

# ---- tables of versions ----

test_expect_success 'data_migrations, task_records, schema_migrations' '
	printf "version\n20260102030405\n20260102030408\n" >v.csv &&
	printf "version\r\n\"20260102030405\"\r\n20260102030408\r\n" \
		>v.crlf.csv &&
	echo "[{\"version\":\"20260102030405\"},{\"version\":\"20260102030408\"}]" \
		>v.text.json &&
	echo "[{\"version\":20260102030405},
	{\"version\":20260102030408}]" >v.number.json &&
	jq -c ".[]" v.number.json >v.rows.json &&
	echo "[{\"VERSION\":20260102030405.0},{\"VERSION\":20260102030408.0}]" \
		>v.float.json &&
	for file in v.*; do
		would_mark "$file" "$a" "$d" || return 1
	done && git strack mark --env v --from v.number.json -m x &&
	marked_are v "$a" "$d" &&
	test "$(entry "$a" v.mark | field reason)" = "x (data_migrate, \
after_party, dbmate or Rails: version 20260102030405)"
'

test_expect_success 'a version is all the digits or none' '
	printf "%s\n" version 2026010203040 202601020304055 020260102030405 \
		20260102030405_a >near.csv && was=$(tip) &&
	must_fail 1 git strack mark --env near --from near.csv -m x >out &&
	test "$(grep -c "^not marked  .*no script has that version" out)" = 4 &&
	echo "[{\"version\":12345678901234567890123}]" >long.json &&
	must_fail 1 git strack mark --env near --from long.json -m x >out &&
	grep "^not marked  12345678901234567890123  no script" out &&
	test "$(tip)" = "$was" &&
	printf "version\n20260102\n" >short.csv &&
	git strack mark --env near --from short.csv -m x &&
	marked_are near "$short"
'

test_expect_success 'a table with more columns than the version is another' '
	printf "version,dirty\n20260102030408,f\n" >golang.csv && was=$(tip) &&
	refused 128 "known here; its columns are: version, dirty" \
		git strack mark --env g --from golang.csv -m x &&
	test "$(tip)" = "$was"
'

# ---- Flyway ----

test_expect_success 'flyway_schema_history' '
	cat >fw.csv <<-EOF &&
	installed_rank,version,description,type,script,checksum,installed_by,installed_on,execution_time,success
	0,,<< Flyway Schema Creation >>,SCHEMA,"""app""",,deploy,2026-01-01 00:00:00,0,t
	1,1,<< Flyway Baseline >>,BASELINE,<< Flyway Baseline >>,,deploy,2026-01-01 00:00:00,0,t
	2,20260102030408,d,SQL,V20260102030408__d.sql,-123,deploy,2026-01-03 00:00:00,12,t
	3,20260102030405,a,SQL,20260102030405_a.rb,-123,deploy,2026-01-03 00:00:00,12,t
	4,20260102030405,a,UNDO_SQL,U20260102030405__a.rb,-123,deploy,2026-01-04 00:00:00,12,t
	5,20260102030406,b,SQL,20260102030406_b.rb,-123,deploy,2026-01-03 00:00:00,12,f
	6,20260102030407,c,SQL,V20260102030407__c.sql,-123,deploy,2026-01-03 00:00:00,12,t
	7,,views,SQL,R__views.sql,5,deploy,2026-01-03 00:00:00,12,t
	EOF
	must_fail 1 git strack mark --env fw --from fw.csv -m "from Flyway" \
		>out 2>err &&
	grep "^passed by  \"app\"  made the schema (line 2)" out &&
	grep "^passed by  << Flyway Baseline >>  is a baseline (line 3)" out &&
	grep "^marked  $d" out &&
	grep "^passed by  20260102030405_a.rb  line 6 is later" out &&
	grep "^not marked  U20260102030405__a.rb  was undone there" out &&
	grep "^not marked  20260102030406_b.rb  failed there (line 7)" out &&
	grep "^not marked  V20260102030407__c.sql  $c has another" out &&
	grep "^not marked  R__views.sql  no script has that name" out &&
	grep "^1 marked, 0 settled already, 3 passed by, 4 not marked" out &&
	marked_are fw "$d" &&
	test "$(entry "$d" fw.mark | field reason)" = "from Flyway (Flyway: \
script V20260102030408__d.sql, type SQL, installed_on 2026-01-03 00:00:00, \
installed_by deploy)"
'

test_expect_success 'Flyway: what was undone and done again has run' '
	{
		head -n 7 fw.csv
		echo "12,20260102030405,a,SQL,20260102030405_a.rb,-1,me,x,1,t"
		echo "11,20260102030406,b,SQL,20260102030406_b.rb,-1,me,x,1,1"
		echo "10,20260102030406,b,SQL,20260102030406_b.rb,-1,me,x,1,0"
	} | grep -v "^5," >again.csv &&
	git strack mark --env again --from again.csv -m x >out &&
	marked_are again "$a" "$b" "$d"
'

test_expect_success 'Flyway as JSON, where success is true or 1' '
	cat >fw.json <<-EOF &&
	[{"installed_rank":2,"version":"20260102030408","description":"d","type":"SQL","script":"V20260102030408__d.sql","checksum":-123,"installed_by":"deploy","installed_on":"2026-01-03T00:00:00","execution_time":12,"success":true},
	{"installed_rank":3,"version":"20260102030407","description":"c","type":"SCRIPT","script":"V20260102030407__c.sh","checksum":null,"installed_by":"deploy","installed_on":"2026-01-03T00:00:00","execution_time":12,"success":1},
	{"installed_rank":4,"version":null,"description":"s","type":"SCHEMA","script":"app","checksum":null,"installed_by":"deploy","installed_on":"2026-01-03T00:00:00","execution_time":0,"success":true}]
	EOF
	git strack mark --env fwj --from fw.json -m x >out &&
	grep "^passed by  app  made the schema (row 3)" out &&
	marked_are fwj "$c" "$d"
'

# ---- tables without rows ----

test_expect_success 'a table without rows is fine' '
	was=$(tip) && for text in "version\n" "filename,status,executed_at\n" \
		"[]" "[ ]\n"; do
		printf "$text" | git strack mark --env none --from - -m x >out &&
		grep "the table has no rows" out || return 1
	done && test "$(tip)" = "$was"
'

# ---- bad input: an error that says where, and nothing marked ----

# broken <regex>: the text on standard input as x.csv; nothing is written.
broken() {
	cat >x.csv && was=$(tip) &&
		refused 128 "x\.csv: $1" git strack mark --env broken \
			--from x.csv -m x && test "$(tip)" = "$was"
}

h=filename,status,executed_at
ok=20260102030405_a.rb,success,x

test_expect_success 'a good row before the bad one is not marked' '
	printf "$h\n$ok\n$ok,more\n" | broken "line 3: has 4 fields, .* 3" &&
	printf "$h\n$ok\n20260102030406_b.rb,success\n" |
		broken "line 3: has 2 fields, but the first line names 3" &&
	printf "$h\n$ok\n\"20260102030406_b.rb,success,x\n" |
		broken "line 3: this row does not end" &&
	printf "$h\n$ok\n20260102030406_b.rb,suc\"cess,x\n" |
		broken "line 3, column 24: a quote" &&
	printf "$h\n$ok\n\"2026\"x,success,x\n" |
		broken "line 3, column 7: a quote" &&
	printf "$h\n$ok\n,success,x\n" |
		broken "line 3: .filename. has no value" &&
	printf "$h\n$ok\nb.rb,,x\n" | broken "line 3: .status. has no value" &&
	printf "$h\n$ok\n\"a\nb.rb\",success\n" | broken "line 3: has 2 fields"
'

test_expect_success 'what is no text, and no table' '
	: | broken "is empty" && printf "\n \n" | broken "is empty" &&
	printf "$h\n$ok\n\377\n" | broken "line 3, column 1: byte 0xff is not" &&
	printf "$h\n$ok\nb\000\n" | broken "line 3, column 2: a NUL byte" &&
	printf "$h\n" | iconv -t UTF-16 2>/dev/null | broken "line 1, column" &&
	printf "$h,status\n$ok,y\n" | broken "line 1: column .status. stands" &&
	printf "$h,\n$ok,y\n" | broken "line 1: column 4 has no name" &&
	printf "a,b,c\n$ok\n" | broken "is no table .* columns are: a, b, c" &&
	for tool in script_tracker Flyway data_migrate after_party dbmate; do
		grep " of $tool: " "$refusal" || return 1
	done &&
	printf "  json_agg  \n------\n [{}]\n" | broken "is no table" &&
	printf "$ok\n$ok\n" | broken "is no table" &&
	head -c 3000 "$(command -v git-strack)" | broken "line 1, column"
'

test_expect_success 'what is no JSON, and no table of it' '
	row="{\"version\":\"20260102030405\"}" &&
	echo "[$row,$row" | broken "line 2, column 1: .* end of file" &&
	echo "[$row,]" | broken "line 1, column [0-9]*: " &&
	echo "[$row $row]" | broken "line 1, column [0-9]*: " &&
	echo "[$row,{\"version\":\"1\",\"version\":\"2\"}]" |
		broken "line 1, column [0-9]*: duplicate object key" &&
	printf "$row\n$row\nnull\n" | broken "line 3, column [0-9]*: " &&
	echo "[$row,3]" | broken "row 2: is no object" &&
	echo "[$row,{}]" | broken "row 2: .version. has no value" &&
	echo "[$row,{\"version\":null}]" |
		broken "row 2: .version. has no value" &&
	echo "[$row,{\"version\":\"2\",\"x\":1}]" | broken "is no table" &&
	echo "{\"a\":[$row],\"b\":[$row]}" | broken "holds 2 arrays" &&
	echo "{\"a\":{}}" | broken "is no table" &&
	printf "[%s,\n{\"version\":1e999}]" "$row" | broken "line 2, column" &&
	printf "%s\n" "[{\"version\":\"2\\u0000\"}]" | broken "line 1, column" &&
	perl -e "print \"[\" x 100000" | broken "line 1, .* depth"
'

test_expect_success 'Flyway without its order' '
	head -n 4 fw.csv | sed "s/^2,/two,/" |
		broken "line 4: .installed_rank. is no whole number: two" &&
	{ head -n 4 fw.csv && sed -n 4p fw.csv; } |
		broken "line 5: .installed_rank. is 2 as in line 4"
'

test_expect_success 'more than is read' '
	was=$(tip) && truncate -s 67108865 huge.csv &&
	refused 128 "huge.csv: has 67108865 bytes, at most" \
		git strack mark --env huge --from huge.csv -m x &&
	head -c 70000000 /dev/zero | refused 128 "standard input: is over" \
		git strack mark --env huge --from - -m x && rm huge.csv &&
	{ printf "$h,output\n$ok," && head -c 1100000 /dev/zero |
		tr "\000" x && echo; } | broken "line 2: field 4 has 1100000" &&
	{ printf "$h\n" && head -c 5000 /dev/zero | tr "\000" 1 &&
		echo ",success,x"; } |
		broken "line 2: .filename. is longer than 4096" &&
	test "$(tip)" = "$was"
'

# A version that is cut short would be that of another script.  (At each byte
# of each format: t/unit/test-table.c.)
test_expect_success 'cut off at any byte, a file marks nothing' '
	printf "version\n20260102030405\n" >whole.csv &&
	printf "[{\"version\":20260102030405}]" >whole.json &&
	was=$(tip) && for file in whole.csv whole.json; do
		size=$(wc -c <"$file") && n=0 &&
		while test "$n" -lt "$size"; do
			head -c "$n" "$file" >cut.csv
			git strack mark --env cut --from cut.csv -m x \
				>out 2>err
			case $?,$(cat out) in
			128,) grep -q "^git strack: cut.csv: " err ;;
			0,"the table has no rows") test "$n" = 8 ;;
			*) false ;;
			esac || {
				echo "$file, $n bytes" && cat out err
				return 1
			}
			n=$((n + 1))
		done && test "$(tip)" = "$was" || return 1
	done && for file in whole.csv whole.json; do
		git strack mark --env "cut$n" --from "$file" -m x &&
		marked_are "cut$n" "$a" && n=$((n + 1)) || return 1
	done
'

# Bytes changed, put in and taken out: an answer, and never a mark of what
# the file does not name.
test_expect_success PERL 'garbage gets an answer' '
	for file in st.pg.csv st.mariadb.tsv st.pg.json st.rows.json fw.csv; do
		for seed in 1 2 3 4 5 6; do
			perl -e "srand(shift); local \$/; \$_ = <STDIN>;
				for my \$i (0 .. 1) {
					my \$at = int rand length;
					my \$r = int rand 3;
					substr(\$_, \$at, \$r, \$r == 2 ? \"\" :
						chr(10 + int rand 117));
				}
				print" "$seed" <"$file" >garbage.csv &&
			git strack mark -n --env garbage --from garbage.csv \
				-m x >out 2>err
			code=$?
			sed -n "s/^would mark  //p" out >>garbled
			case $code in
			0 | 1) grep -q " not marked in garbage$" out ;;
			128) grep -q "^git strack: garbage.csv: " err ;;
			*) false ;;
			esac || {
				echo "$file, $seed: $code" && cat out err
				return 1
			}
		done
	done && printf "%s\n" "$a" "$b" "$d" >expect &&
	test -s garbled && ! grep -vxFf expect garbled
'

# ---- what a person sees ----

test_expect_success PERL 'names and values never reach a terminal raw' '
	printf "%s\n\"%b\",success,x\n%s,success,%b\n%s,%b,x\n" "$h" \
		"\\033[31mevil\\nname\\302\\233" "20260102030405_a.rb" \
		"\\033]0;t\\007\\342\\200\\256" "$d" "\\033[2J" >evil.csv &&
	on_terminal "git -c color.ui=always strack mark --env evil \
		--from evil.csv -m x" >out; test $? = 1 &&
	perl -pe "s/\\e\\[[0-9;?]*m//g; s/\\r\$//" out >plain &&
	! perl -ne "print if /[\\x00-\\x08\\x0b-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]|\\xe2\\x80\\xae/" \
		plain | grep . && grep "not marked  .e\[31mevil.nname" plain &&
	test "$(entry "$a" evil.mark | field reason)" = \
		"x (script_tracker: status success, executed_at %1B]0;t%07‮)"
'

test_expect_success 'a long table in a reason stays within the format' '
	printf "%s\n%s,success,%s\n" "$h" "20260102030405_a.rb" \
		"$(head -c 900000 /dev/zero | tr "\000" z)" >longvalue.csv &&
	git strack mark --env long --from longvalue.csv \
		-m "$(head -c 4096 /dev/zero | tr "\000" "%")" >out &&
	entry "$a" long.mark | field reason >reason &&
	test "$(wc -c <reason)" -lt 16000 && grep "zzz\.\.\.)$" reason
'

test_expect_success 'JSON that would take gigabytes is refused before it does' '
	limit="prlimit --data=500000000" &&
	case $STRACK_BUILD in *san) limit= ;; esac && # they take all there is
	for unit in "[]," "1,"; do
		{ printf "["; yes "$unit" | tr -d "\n" | head -c 60000000; } \
			>big.json &&
		refused 128 "more than any table of 1000000 rows" \
			$limit git strack mark --from big.json -m x || return 1
	done &&
	rm big.json
'

test_expect_success 'a bare repository has no scripts to be marked' '
	git clone -q --bare . ../bare.git && (
		cd ../bare.git && must_fail 128 git strack mark \
			--from "$OLDPWD/st.pg.csv" -m x 2>err && grep bare err
	)
'

test_expect_success 'a script that only the ledger knows is found there' '
	git rm -q "$b" && git commit -q -m removed &&
	git strack mark --env pg --from st.pg.csv -m x >out &&
	grep "^already  $b  " out &&
	git strack mark --env later --from st.pg.csv -m x >out &&
	grep "^marked  $b" out && ! entry "$b" later.mark | grep "^blob "
'

test_expect_success 'the whole of it is sound, and nothing ever ran' '
	git strack verify && audit && test ! -e "$HOME/ran"
'

test_done
