/*
 * Decimals are exact: bounds, notations, sums and products, against tables
 * and against perl's big integers on random cases.
 */
#include "decimal.h"

#include <stdlib.h>

#include "tap.h"

#define CASES "6000"

struct reading {
	const char *text, *want; /* plain notation, or "!" and why not */
};

static const struct reading readings[] = {
	{ "0", "0" }, { "-0", "0" }, { "-0.0e7", "0" }, { "0e999999999", "0" },
	{ "0.000", "0" }, { "0E-99999999999999999999999", "0" },
	{ "1", "1" }, { "1.50", "1.5" }, { "15e-1", "1.5" },
	{ "1e-08", "0.00000001" }, { "1E+2", "100" }, { "1.25e1", "12.5" },
	{ "100", "100" }, { "100e-2", "1" }, { "0.001e3", "1" },
	{ "0.10", "0.1" }, { "1.0", "1" }, { "10.010", "10.01" },
	{ "63943.90", "63943.9" }, { "1e+0000000000000000000002", "100" },
	{ "999999999999999999", "999999999999999999" },
	{ "999999999999999999.999999999999999999",
	    "999999999999999999.999999999999999999" },
	{ "0.000000000000000001", "0.000000000000000001" },
	{ "1e17", "100000000000000000" }, { "1e-18", "0.000000000000000001" },
	{ "999999999999999999000e-3", "999999999999999999" },
	{ "1000000000000000000000000000000e-30", "1" },
	{ "0.0000000000000000000000000000001e31", "1" },
	{ "0.1000000000000000000000000000000000", "0.1" },
	{ "1e18", "!long" }, { "1e-19", "!long" },
	{ "1000000000000000000", "!long" },
	{ "0.0000000000000000001", "!long" },
	{ "0.1000000000000000001", "!long" }, { "1e999999999999", "!long" },
	{ "1e-99999999999999999999999", "!long" },
	{ "1e9223372036854775807", "!long" },
	{ "1e18446744073709551617", "!long" },
	{ "-1", "!negative" }, { "-0.1", "!negative" },
	{ "-1e-99", "!negative" },
	{ "", "!number" }, { "-", "!number" }, { "+1", "!number" },
	{ "01", "!number" }, { "-01", "!number" }, { "00", "!number" },
	{ "1.", "!number" }, { ".1", "!number" }, { "1.e1", "!number" },
	{ "1e", "!number" }, { "1e+", "!number" }, { "1e1.0", "!number" },
	{ "1 ", "!number" }, { " 1", "!number" }, { "1,0", "!number" },
	{ "0x10", "!number" }, { "1_0", "!number" }, { "NaN", "!number" },
	{ "Infinity", "!number" }, { "--1", "!number" }, { "1.2.3", "!number" },
	{ "1e2e3", "!number" }, { "\xef\xbc\x91", "!number" },
};

/* The result of a reading as the table writes it. */
static const char *
read_text(const char *text, size_t len)
{
	static char out[DECIMAL_TEXT_MAX + 1];
	struct decimal value;

	switch (decimal_read(text, len, &value)) {
	case DECIMAL_OK:
		out[decimal_write(out, &value)] = '\0';
		return out;
	case DECIMAL_NOT_A_NUMBER:
		return "!number";
	case DECIMAL_NEGATIVE:
		return "!negative";
	case DECIMAL_TOO_LONG:
		return "!long";
	}
	return "?";
}

static void
test_readings(void)
{
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		const char *got = read_text(readings[i].text,
		    strlen(readings[i].text));

		tap_text(got, strlen(got), readings[i].want,
		    readings[i].text);
	}
	tap_text(read_text("1\0" "2", 3), 7, "!number", "a NUL inside");
	tap_text(read_text("123456", 3), 3, "123", "no byte beyond the end");
}

/* An exponent that undoes more zeros than a small bound would allow. */
static void
test_long_text(void)
{
	size_t zeros = 1000000, len;
	char *text = malloc(zeros + 32);

	memset(text, '0', zeros + 1);
	*text = '1';
	len = zeros + 1 + (size_t)sprintf(text + zeros + 1, "e-1000000");
	tap_text(read_text(text, len), 1, "1", "a million zeros and e-1000000");
	len = zeros + 1 + (size_t)sprintf(text + zeros + 1, "e-2000000");
	tap_text(read_text(text, len), 5, "!long",
	    "a million zeros and e-2000000 is not 1");
	free(text);
}

static void
test_int64(void)
{
	static const struct { const char *text; int64_t want; } cases[] = {
		{ "0", 0 }, { "-0", 0 }, { "1e3", 1000 }, { "1.0", 1 },
		{ "1500e-2", 15 }, { "5182005737", 5182005737 },
		{ "999999999999999999", 999999999999999999 },
		{ "1000000000000000000", 1000000000000000000 },
		{ "1e18", 1000000000000000000 },
		{ "9223372036854775807", INT64_MAX },
		{ "922337203685477580.7e1", INT64_MAX },
		{ "9223372036854775808", -1 }, { "9999999999999999999", -1 },
		{ "18446744073709551617", -1 }, { "1e19", -1 }, { "1.5", -1 },
		{ "1e-1", -1 }, { "-1", -1 }, { "", -1 }, { "1x", -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t got = -1;

		if (!decimal_read_int64(cases[i].text, strlen(cases[i].text),
		    &got))
			got = -1;
		tap_int(got, cases[i].want, *cases[i].text ? cases[i].text :
		    "an empty whole number");
	}
}

/* Adds "A" or "AxB" to the sum. */
static bool
add_term(struct decimal_sum *sum, const char *term)
{
	const char *times = strchr(term, 'x');
	size_t len = times ? (size_t)(times - term) : strlen(term);
	struct decimal a, b;

	if (decimal_read(term, len, &a) != DECIMAL_OK)
		return false;
	if (times == NULL)
		decimal_sum_add(sum, &a);
	else if (decimal_read(times + 1, strlen(times + 1), &b) != DECIMAL_OK)
		return false;
	else
		decimal_sum_add_product(sum, &a, &b);
	return true;
}

/* What was written reads back as the same, plain and with an exponent. */
static bool
reads_back(const char *text)
{
	char out[DECIMAL_SUM_TEXT_MAX], long_text[256];
	struct decimal_sum sum = { .scale = 3 };
	size_t len;

	if (decimal_sum_read(text, strlen(text), &sum) != DECIMAL_OK)
		return false;
	len = decimal_sum_write(out, &sum);
	if (len != strlen(text) || memcmp(out, text, len) != 0)
		return false;
	len = (size_t)snprintf(long_text, sizeof long_text, "%s%se0", text,
	    strchr(text, '.') ? "000" : ".000");
	if (decimal_sum_read(long_text, len, &sum) != DECIMAL_OK)
		return false;
	len = decimal_sum_write(out, &sum);
	return len == strlen(text) && memcmp(out, text, len) == 0;
}

static bool
check_sum(char *rest)
{
	struct decimal_sum sum = { 0 };
	char out[DECIMAL_SUM_TEXT_MAX];
	const char *want = strtok(rest, " ");
	size_t len;

	for (char *term; (term = strtok(NULL, " ")) != NULL; ) {
		if (!add_term(&sum, term))
			return false;
	}
	len = decimal_sum_write(out, &sum);
	return len == strlen(want) && memcmp(out, want, len) == 0 &&
	    reads_back(want);
}

static bool
check_compare(char *rest)
{
	const char *x = strtok(rest, " "), *y = strtok(NULL, " ");
	const char *want = strtok(NULL, " ");
	struct decimal a, b;

	return decimal_read(x, strlen(x), &a) == DECIMAL_OK &&
	    decimal_read(y, strlen(y), &b) == DECIMAL_OK &&
	    decimal_compare(&a, &b) == atoi(want) &&
	    decimal_compare(&b, &a) == -atoi(want);
}

static bool
check_read(char *rest)
{
	const char *text = strtok(rest, " "), *want = strtok(NULL, " ");

	return strcmp(read_text(text, strlen(text)), want) == 0;
}

static bool
check_case(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "sum ", 4) == 0)
		return check_sum(line + 4);
	if (strncmp(line, "compare ", 8) == 0)
		return check_compare(line + 8);
	return strncmp(line, "read ", 5) == 0 && check_read(line + 5);
}

static void
test_oracle(void)
{
	char command[1024], line[4096], copy[4096];
	int good = 0, shown = 0;
	FILE *oracle;

	snprintf(command, sizeof command, "perl '%.*sdecimal-oracle.pl' 7 "
	    CASES, (int)(strrchr(__FILE__, '/') - __FILE__) + 1, __FILE__);
	oracle = popen(command, "r");
	while (oracle != NULL && fgets(line, sizeof line, oracle) != NULL) {
		strcpy(copy, line);
		if (check_case(copy))
			good++;
		else if (shown++ < 5)
			printf("# differs: %s", line);
	}
	tap_ok(oracle != NULL && pclose(oracle) == 0, "the oracle ran");
	tap_int(good, atoi(CASES), "as perl's big integers have it");
}

/* The bounds of the header: the longest sum there can be does not wrap. */
static void
test_largest(void)
{
	static const char max[] = "999999999999999999.999999999999999999";
	struct decimal_sum sum = { 0 };
	struct decimal value;
	char out[DECIMAL_SUM_TEXT_MAX];

	decimal_read(max, strlen(max), &value);
	for (int i = 0; i < 1000; i++)
		decimal_sum_add_product(&sum, &value, &value);
	tap_text(out, decimal_sum_write(out, &sum),
	    "999999999999999999999999999999999998000"
	    ".000000000000000000000000000000001", "a thousand largest products");
	tap_text(out, decimal_sum_write(out, &(struct decimal_sum){ 0 }), "0",
	    "an empty sum");
	tap_ok(decimal_sum_read("1e54", 4, &sum) == DECIMAL_TOO_LONG &&
	    decimal_sum_read("1e-37", 5, &sum) == DECIMAL_TOO_LONG &&
	    decimal_sum_read("-1", 2, &sum) == DECIMAL_NEGATIVE &&
	    decimal_sum_read("1x", 2, &sum) == DECIMAL_NOT_A_NUMBER,
	    "a sum beyond the bounds is refused");
	tap_ok(decimal_sum_read("-0.0", 4, &sum) == DECIMAL_OK &&
	    decimal_sum_write(out, &sum) == 1 && *out == '0', "-0 is 0");
}

int
main(void)
{
	test_readings();
	test_long_text();
	test_int64();
	test_largest();
	test_oracle();
	return tap_done();
}
