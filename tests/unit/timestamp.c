/*
 * RFC 3339 times: what is refused, what a text means, and that every day of
 * ten thousand years is where the C library has it.
 */
#include "timestamp.h"

#include <stdlib.h>
#include <time.h>

#include "tap.h"

#define SECOND_US 1000000LL
#define YEAR_0 TIMESTAMP_BEGIN_US
#define YEAR_10000 TIMESTAMP_END_US
#define RANDOM_CASES 20000

static const struct { const char *text; int64_t want_us; } good[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01t00:00:00z", 0 },
	{ "1970-01-01T00:00:00.000001Z", 1 },
	{ "1969-12-31T23:59:59.999999Z", -1 },
	{ "1969-12-31T23:59:59Z", -1000000 },
	{ "2024-07-18T23:57:02.956Z", 1721347022956000 },
	{ "2024-07-18T23:57:02.956000Z", 1721347022956000 },
	{ "2024-07-18T23:57:02.9Z", 1721347022900000 },
	{ "2024-07-18T23:57:02.95Z", 1721347022950000 },
	{ "2024-07-18T23:57:02.956123Z", 1721347022956123 },
	{ "2024-07-18T23:57:02.9561239Z", 1721347022956123 },
	{ "2024-07-18T23:57:02.95612399Z", 1721347022956123 },
	{ "2024-07-18T23:57:02.956123999Z", 1721347022956123 },
	{ "2024-07-19T01:57:02+02:00", 1721347022000000 },
	{ "2024-07-18T18:27:02-05:30", 1721347022000000 },
	{ "2024-07-18T23:57:02-00:00", 1721347022000000 },
	{ "2024-07-19T23:56:02.5+23:59", 1721347022500000 },
	{ "2000-02-29T00:00:00Z", 951782400000000 },
	{ "2024-02-29T23:59:59Z", 1709251199000000 },
	{ "0000-01-01T00:00:00Z", YEAR_0 },
	{ "0000-02-29T00:00:00Z", YEAR_0 + 59 * 86400 * SECOND_US },
	{ "9999-12-31T23:59:59.999999Z", YEAR_10000 - 1 },
	{ "9999-12-31T23:59:59.999999999Z", YEAR_10000 - 1 },
};

static const char *const bad[] = {
	"", "Z", "2024", "2024-07-18", "2024-07-18T", "23:57:02Z",
	"2024-07-18T23:57Z", "2024-07-18T23:57:02", "2024-07-18 23:57:02Z",
	"2024-07-18T23:57:02.Z", "2024-07-18T23:57:02.1234567890Z",
	"2024-07-18T23:57:02,956Z", "2024-07-18T23:57:02.956",
	"2024-07-18T23:57:02.956+0200", "2024-07-18T23:57:02.956+02",
	"2024-07-18T23:57:02.956+24:00", "2024-07-18T23:57:02.956+02:60",
	"2024-07-18T23:57:02.956 Z", "2024-07-18T23:57:02.956Zx",
	"2024-07-18T23:57:02.956ZZ", " 2024-07-18T23:57:02.956Z",
	"2024-07-18T23:57:02.956Z ", "2024-7-18T23:57:02Z",
	"2024-07-18T23:57:60Z", "2016-12-31T23:59:60Z",
	"2024-07-18T24:00:00Z", "2024-07-18T23:60:00Z",
	"2024-00-18T00:00:00Z", "2024-13-18T00:00:00Z",
	"2024-07-00T00:00:00Z", "2024-07-32T00:00:00Z",
	"2024-04-31T00:00:00Z", "2024-06-31T00:00:00Z",
	"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
	"2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
	"-2024-07-18T23:57:02Z", "+2024-07-18T23:57:02Z",
	"12024-07-18T23:57:02Z", "2024-07-18T2a:57:02Z", "1721347022956",
	"2024/07/18T23:57:02Z", "2024-07-18T-1:57:02Z",
	"2024-07-18T23:57:02+-1:00", ("2024-07-18T23:57:02\xe2\x88\x92" "01:00"),
	"0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
};

/*
 * Reads by both readers, which must agree; the minute learned is that of the
 * text as UTC.  False when the text is refused.
 */
static bool
read_both(const char *text, size_t len, int64_t *out_us)
{
	struct timestamp_minute minute = { .start_us = 0 };
	int64_t us = INT64_MIN, minute_us = INT64_MIN, start_us = INT64_MIN;
	bool good_text = timestamp_read(text, len, &us);
	char start[21];

	if (timestamp_read_minute(text, len, &minute, &minute_us) !=
	    good_text || minute_us != us) {
		tap_ok(false, "the readers differ: %.*s", (int)len, text);
		return false;
	}
	if (!good_text)
		return false;
	snprintf(start, sizeof start, "%.17s00Z", text);
	if (memcmp(minute.text, text, sizeof minute.text) != 0 ||
	    !timestamp_read(start, 20, &start_us) ||
	    minute.start_us != start_us)
		tap_ok(false, "the minute of %.*s", (int)len, text);
	*out_us = us;
	return true;
}

static void
test_tables(void)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t got = INT64_MIN;

		read_both(good[i].text, strlen(good[i].text), &got);
		tap_int(got, good[i].want_us, good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t got = 7;

		tap_ok(!read_both(bad[i], strlen(bad[i]), &got),
		    "refuses '%s'", bad[i]);
	}
	tap_ok(!timestamp_read("2024-07-18T23:57:02Z", 19, &(int64_t){ 0 }),
	    "no byte beyond the end");
}

static void
test_writing(void)
{
	static const struct {
		int64_t us;
		int min_digits;
		const char *want;
	} cases[] = {
		{ 0, 0, "1970-01-01T00:00:00Z" },
		{ 0, 3, "1970-01-01T00:00:00.000Z" },
		{ 0, 6, "1970-01-01T00:00:00.000000Z" },
		{ 1000, 0, "1970-01-01T00:00:00.001Z" },
		{ 1000, 6, "1970-01-01T00:00:00.001000Z" },
		{ 1, 0, "1970-01-01T00:00:00.000001Z" },
		{ 1, 3, "1970-01-01T00:00:00.000001Z" },
		{ -1, 0, "1969-12-31T23:59:59.999999Z" },
		{ -1000, 3, "1969-12-31T23:59:59.999Z" },
		{ YEAR_0, 0, "0000-01-01T00:00:00Z" },
		{ YEAR_10000 - 1, 0, "9999-12-31T23:59:59.999999Z" },
		{ YEAR_0 - 1, 0, "" }, { YEAR_10000, 0, "" },
		{ INT64_MIN, 0, "" }, { INT64_MAX, 0, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[TIMESTAMP_TEXT_MAX];

		tap_text(out, timestamp_write(out, cases[i].us,
		    cases[i].min_digits), cases[i].want, *cases[i].want ?
		    cases[i].want : "a year that has no four digits");
	}
}

/* The day's first second is where a count of days and the library have it. */
static bool
day_agrees(int64_t day)
{
	time_t seconds = (time_t)(day * 86400);
	char text[64], out[TIMESTAMP_TEXT_MAX];
	struct tm tm;
	size_t len;
	int64_t us;

	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	len = timestamp_write(out, day * 86400 * SECOND_US, 0);
	return len == strlen(text) && memcmp(out, text, len) == 0 &&
	    timestamp_read(text, len, &us) && us == day * 86400 * SECOND_US;
}

static void
test_every_day(void)
{
	int64_t day = YEAR_0 / (86400 * SECOND_US), wrong = 0;

	for (; day < YEAR_10000 / (86400 * SECOND_US); day++)
		wrong += !day_agrees(day);
	tap_int(wrong, 0, "every day of the years 0000 to 9999");
}

/* Random times in a random notation of theirs, with an offset. */
static bool
round_trip(uint64_t *random)
{
	int64_t us = YEAR_0 + (int64_t)(tap_random(random) %
	    (uint64_t)(YEAR_10000 - YEAR_0)), got;
	int offset = (int)(tap_random(random) % 2879) - 1439;
	int64_t local_us = us + offset * 60 * SECOND_US;
	int digits = 6 + (int)(tap_random(random) % 4);
	char out[TIMESTAMP_TEXT_MAX], text[64];
	size_t len = timestamp_write(out, us, (int)(us & 1) * 3);

	if (!read_both(out, len, &got) || got != us)
		return false;
	len = timestamp_write(out, local_us, 6);
	if (len == 0)
		return true; /* no such local year */
	snprintf(text, sizeof text, "%.*s%.*s%c%02d:%02d", (int)len - 1, out,
	    digits - 6, "987", offset < 0 ? '-' : '+', abs(offset) / 60,
	    abs(offset) % 60);
	if (read_both(text, strlen(text), &got) && got == us)
		return true;
	printf("# differs: %s\n", text);
	return false;
}

int
main(void)
{
	uint64_t random = 20240718;
	int64_t good_trips = 0;

	test_tables();
	test_writing();
	test_every_day();
	for (int i = 0; i < RANDOM_CASES; i++)
		good_trips += round_trip(&random);
	tap_int(good_trips, RANDOM_CASES, "random times, written and read");
	return tap_done();
}
