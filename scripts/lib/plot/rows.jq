# Lines of candles to rows for scripts/plot, by tabs: C, the number of the line,
# the symbol, the start in seconds, the width in seconds, open, high, low,
# close, the volume (or -), the trades (or 0). A refused line is R, its number,
# why.
#
# Numbers become doubles here: finer than a picture can show.

# attempt: what f makes, or the message as an error. (Collected, because jq 1.6
# has try catch what goes wrong later, too.)
def attempt(f; $message):
	[try f catch empty]
	| if length == 1 then .[0] else error($message) end;

# zone: an offset of RFC 3339, or of a database, in seconds.
def zone:
	if . == "Z" then 0
	else capture("(?<sign>[+-])(?<h>[0-9]{2}):?(?<m>[0-9]{2})?")
		| ((.h | tonumber) * 60 + (.m // "0" | tonumber)) * 60
			* (if .sign == "-" then -1 else 1 end)
	end;

# seconds: a time since the epoch; first as these commands print it.
def seconds:
	if length == 20 and endswith("Z") then fromdateiso8601
	else capture("^(?<day>[0-9-]{10})[T ](?<time>[0-9:]{8})([.][0-9]+)?"
			+ "(?<zone>Z|[+-][0-9]{2}(:?[0-9]{2})?)$")
		| (.day + "T" + .time + "Z" | fromdateiso8601) - (.zone | zone)
	end;

def member($name):
	if has($name) then .[$name] else error("no " + $name) end;

def number($name):
	member($name)
	| attempt(tonumber | select(isnormal or . == 0);
		$name + " is no number");

# optional($other): what need not be there.
def optional($name; $other):
	if .[$name] == null then $other else number($name) end;

def time($name):
	member($name) | attempt(seconds; $name + " is no time");

# A line that holds nothing but where it comes from says nothing here.
def row($line):
	if type != "object" then error("not an object")
	elif keys == ["_kafka"] then empty
	else ["C", $line,
		(member("symbol") | if type == "string" and . != "" then .
			else error("symbol is no text") end),
		time("window_start"),
		time("window_end") - time("window_start"),
		number("open"), number("high"), number("low"), number("close"),
		optional("volume"; "-"), optional("trades"; 0)]
		| if .[4] > 0 then . else error("window_end is too early") end
		| if .[6] >= ([.[5], .[8]] | max)
			and .[7] <= ([.[5], .[8]] | min) then .
			else error("open and close are not within low and high")
			end
	end;

foreach inputs as $text (0; . + 1; . as $line
	| try ($text | attempt(fromjson; "not JSON") | row($line))
		catch ["R", $line, .])
| @tsv
