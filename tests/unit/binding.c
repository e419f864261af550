/* A JSON object becomes a row by the table's columns, or is refused. */
#include <stdlib.h>

#include "../../src/pg-upsert/binding.h"
#include "tap.h"

static struct column columns[] = {
	{ .name = "id", .kind = COLUMN_INTEGER, .is_key = true },
	{ .name = "name", .kind = COLUMN_TEXT },
	{ .name = "price", .kind = COLUMN_NUMBER },
	{ .name = "good", .kind = COLUMN_BOOLEAN },
	{ .name = "at", .kind = COLUMN_TIME, .has_times = true },
	{ .name = "cost", .kind = COLUMN_MONEY },
	{ .name = "doc", .kind = COLUMN_JSON },
	{ .name = "version", .kind = COLUMN_INTEGER, .is_newer = true },
	{ .name = "made", .kind = COLUMN_TEXT, .has_default = true },
	{ .name = "sum", .kind = COLUMN_NUMBER, .generated = true },
	{ .name = "any", .kind = COLUMN_OTHER },
	{ .name = "times", .kind = COLUMN_OTHER, .has_times = true,
	    .drops_offset = true },
};

static const struct table table = {
	.columns = columns,
	.ncolumns = sizeof columns / sizeof *columns,
};

enum { ID, NAME, PRICE, GOOD, AT, COST, DOC, VERSION, MADE, SUM, ANY,
    TIMES };

static struct json json;
static struct binding binding;

static bool
bind(const char *line)
{
	struct json_error error;

	binding.reason[0] = '\0';
	return json_object(&json, line, strlen(line), &error) == 0 &&
	    binding_row(&binding, &json);
}

/* Binds a row with one more member and compares that column's text. */
static void
value(const char *member, size_t column, const char *want)
{
	char line[512];
	const struct datum *got = &binding.values[column];

	snprintf(line, sizeof line, "{\"id\":1,\"version\":2,%s}", member);
	if (!tap_ok(bind(line) && binding.present[column], "%s is bound",
	    member))
		return;
	if (want == NULL)
		tap_ok(got->text == NULL, "%s is NULL", member);
	else
		tap_text(got->text ? got->text : "NULL", got->text ?
		    got->len : 4, want, member);
}

static void
refused(const char *line, const char *reason)
{
	tap_ok(!bind(line), "refused: %s", line);
	tap_text(binding.reason, strlen(binding.reason), reason, "says why");
}

static void
test_values(void)
{
	value("\"name\":\"a\\n\\\"b\\u00e9\"", NAME, "a\n\"b\xc3\xa9");
	value("\"name\":12.50", NAME, "12.50");
	value("\"name\":null", NAME, NULL);
	value("\"price\":0.000000000000000000000000012300", PRICE,
	    "0.000000000000000000000000012300");
	value("\"price\":1e-08", PRICE, "1e-08");
	value("\"price\":\"NaN\"", PRICE, "NaN");
	value("\"good\":true", GOOD, "true");
	value("\"good\":false", GOOD, "false");
	value("\"at\":\"2024-07-18T23:57:00+02:00\"", AT,
	    "2024-07-18T23:57:00+02:00");
	value("\"at\":\"knowing todays\"", AT, "knowing todays");
	value("\"cost\":12.5e1", COST, "12.5e1");
	value("\"cost\":\"-1.5\"", COST, "-1.5");
	value("\"any\":\"now\"", ANY, "now");
	value("\"any\":\"12:00+02\"", ANY, "12:00+02");
	for (const char *const *good = (const char *const[]){ "12:00", "1:2:3",
	    "12:00:00.5 PM", "{12:00,13:00}", "[12:00, 13:00)", "12:00 ad",
	    "2024-07-18 12:00:00.", "a:00Z", "::1+2", "12:", "12: +2", "" };
	    **good != '\0'; good++) {
		char member[64];

		snprintf(member, sizeof member, "\"times\":\"%s\"", *good);
		value(member, TIMES, *good);
	}
	value("\"doc\":{\"a\":[1, 2]}", DOC, "{\"a\":[1, 2]}");
	value("\"doc\":\"text\"", DOC, "\"text\"");
	value("\"doc\":null", DOC, NULL);
	value("\"doc\":12", DOC, "12");
	value("\"any\":12", ANY, "12");
	value("\"_kafka\":{},\"any\":\"x\"", ANY, "x");
}

static void
test_refusals(void)
{
	refused("{\"version\":1}",
	    "member \"id\" is missing and belongs to the key");
	refused("{\"id\":null,\"version\":1}",
	    "member \"id\" is null and belongs to the key");
	refused("{\"id\":1}",
	    "member \"version\" is missing and decides which version is newer");
	refused("{\"id\":1,\"id\":1,\"version\":1}",
	    "member \"id\" is there twice");
	refused("{\"id\":1,\"version\":1,\"Name\":1}",
	    "member \"Name\" is not a column of the table");
	refused("{\"id\":1,\"version\":1,\"\":1}",
	    "member \"\" is not a column of the table");
	refused("{\"id\":1,\"version\":1,\"sum\":1}",
	    "member \"sum\" is a column that the database generates");
	refused("{\"id\":1,\"version\":1,\"name\":\"a\\u0000b\"}",
	    "member \"name\" holds U+0000, which PostgreSQL cannot store");
	refused("{\"id\":1,\"version\":1,\"name\":\"\\ud800\"}",
	    "member \"name\" holds a lone surrogate");
	refused("{\"id\":1,\"version\":1,\"name\":[1]}",
	    "member \"name\" is an array, and the column is not json");
	refused("{\"id\":1,\"version\":1,\"name\":{}}",
	    "member \"name\" is an object, and the column is not json");
	refused("{\"id\":1,\"version\":1,\"at\":20240718}",
	    "member \"at\" is a number where a time belongs");
	for (const char *const *bad = (const char *const[]){ "now", "Now",
	    "{now", "TODAY", "12:00 tomorrow", "now1", "tonight now", NULL };
	    *bad != NULL; bad++) {
		char line[64];

		snprintf(line, sizeof line,
		    "{\"id\":1,\"version\":1,\"at\":\"%s\"}", *bad);
		tap_ok(!bind(line) && strstr(binding.reason,
		    "another time whenever it is read"), "refused: %s", *bad);
	}
	for (const char *const *bad = (const char *const[]){ "12:00+02",
	    "12:00Z", "12:00:01.5-05:30", "(a,12:00 EST)", "1:00  z",
	    "12:00 {1:1+1", NULL }; *bad != NULL; bad++) {
		char line[64];

		snprintf(line, sizeof line,
		    "{\"id\":1,\"version\":1,\"times\":\"%s\"}", *bad);
		tap_ok(!bind(line) && strstr(binding.reason,
		    "holds a time with an offset"), "refused: %s", *bad);
	}
	refused("{\"id\":1,\"version\":1,\"at\":\"today\"}",
	    "member \"at\" holds \"today\", which is another time whenever "
	    "it is read");
	refused("{\"id\":1,\"version\":1,\"cost\":\"-Inf\"}",
	    "member \"cost\" is no amount");
	refused("{\"id\":1,\"version\":1,\"cost\":true}",
	    "member \"cost\" is true or false where that does not belong");
	refused("{\"id\":1,\"version\":1,\"good\":1}",
	    "member \"good\" is a number where true or false belongs");
	refused("{\"id\":true,\"version\":1}",
	    "member \"id\" is true or false where that does not belong");
}

static void
whole(const char *text, const char *want)
{
	char out[BINDING_SMALL];
	size_t len = binding_whole(out, text, strlen(text));

	tap_text(out, len, want, text);
}

static void
test_whole(void)
{
	whole("12", "");
	whole("-12", "");
	whole("-0", "0");
	whole("1e3", "1000");
	whole("1E+3", "1000");
	whole("-1.5e1", "-15");
	whole("5.0", "5");
	whole("0.0", "0");
	whole("-0.0", "0");
	whole("0e5", "0");
	whole("12300e-2", "123");
	whole("0.012e3", "12");
	whole("0.012e2", "");
	whole("1.5", "");
	whole("10.50e0", "");
	whole("9.223372036854775807e18", "9223372036854775807");
	whole("1e19", "10000000000000000000");
	whole("1e20", "");
	whole("1e99999999999999999999", "");
	whole("0.00000000000000000000000001e26", "1");
	whole("100000000000000000000000e-20", "");
}

static void
test_filling(void)
{
	bind("{\"id\":1,\"version\":2}");
	tap_ok(!binding.present[NAME], "a missing member is left out");
	binding.fill_missing = true;
	bind("{\"id\":1,\"version\":2}");
	tap_ok(binding.present[NAME] && binding.values[NAME].text == NULL,
	    "or is NULL where nothing is updated");
	tap_ok(!binding.present[MADE], "unless the column has a default");
	tap_ok(!binding.present[SUM], "or is generated");
	binding.extra_ignored = true;
	tap_ok(bind("{\"id\":1,\"version\":2,\"x\":[],\"sum\":3}") &&
	    !binding.present[SUM], "extra members can be ignored");
}

static void
test_names(void)
{
	struct names names;

	tap_ok(names_read(&names, "a, \"b,\"\"c\" ,D e") == NULL &&
	    names.count == 3, "three names");
	tap_text(names.list[1], strlen(names.list[1]), "b,\"c", "quoted");
	tap_text(names.list[2], strlen(names.list[2]), "D e", "as it is");
	names_free(&names);
	for (const char *const *bad = (const char *const[]){ "", "a,", ",a",
	    "\"a", "a\"b", "\"a\"b", "\"\"", "a,a", NULL }; *bad; bad++) {
		tap_ok(names_read(&names, *bad) != NULL, "not names: %s",
		    *bad);
		names_free(&names);
	}
}

int
main(void)
{
	json_init(&json);
	if (binding_init(&binding, &table, false, false) == -1)
		return 1;
	test_values();
	test_refusals();
	test_whole();
	test_filling();
	test_names();
	binding_free(&binding);
	json_free(&json);
	return tap_done();
}
