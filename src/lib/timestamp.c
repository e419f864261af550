#include "timestamp.h"

#include <string.h>

#define SECOND_US 1000000LL
#define DAY_US (86400 * SECOND_US)

/*
 * Days since the epoch of a civil date, and back: Howard Hinnant,
 * "chrono-compatible low-level date algorithms".  A year begins in March, so
 * that the leap day is its last; eras are 400 years.
 */
static int64_t
days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned year_of_era = (unsigned)(y - era * 400);
	unsigned day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	unsigned day_of_era = year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void
civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = (int64_t)yoe + era * 400 + (*month <= 2);
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31,
	    30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* count digits at *p, and what must stand behind them (0: nothing). */
static bool
read_field(const char **p, const char *end, int count, char behind,
    unsigned *out)
{
	unsigned value = 0;

	if (end - *p < count + (behind != 0))
		return false;
	for (int i = 0; i < count; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (unsigned)(**p - '0');
	}
	if (behind != 0 && *(*p)++ != behind)
		return false;
	*out = value;
	return true;
}

/* A fraction of a second, if there is a point. */
static bool
read_fraction(const char **p, const char *end, int64_t *out_us)
{
	int64_t unit_us = SECOND_US / 10;
	int digits = 0;

	*out_us = 0;
	if (*p == end || **p != '.')
		return true;
	for ((*p)++; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*out_us += (**p - '0') * unit_us;
		unit_us /= 10;
		digits++;
	}
	return digits >= 1 && digits <= 9;
}

/* 'Z', or an offset such as +05:30, to the end. */
static bool
read_zone(const char *p, const char *end, int64_t *out_us)
{
	unsigned hour, minute;
	bool west;

	*out_us = 0;
	if (end - p == 1)
		return *p == 'Z' || *p == 'z';
	if (end - p != 6 || (*p != '+' && *p != '-'))
		return false;
	west = *p++ == '-';
	if (!read_field(&p, end, 2, ':', &hour) ||
	    !read_field(&p, end, 2, 0, &minute) || hour > 23 || minute > 59)
		return false;
	*out_us = (int64_t)(hour * 60 + minute) * 60 * SECOND_US;
	if (west)
		*out_us = -*out_us;
	return true;
}

/* A date that exists and its 'T', as the start of that day. */
static bool
read_date(const char **p, const char *end, int64_t *out_us)
{
	unsigned year, month, day;

	if (!read_field(p, end, 4, '-', &year) ||
	    !read_field(p, end, 2, '-', &month) ||
	    !read_field(p, end, 2, 0, &day) ||
	    *p == end || (**p != 'T' && **p != 't'))
		return false;
	(*p)++;
	if (month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	*out_us = days_from_civil(year, month, day) * DAY_US;
	return true;
}

bool
timestamp_read(const char *text, size_t len, int64_t *out_us)
{
	const char *p = text, *end = text + len;
	unsigned hour, minute, second;
	int64_t day_us, fraction_us, offset_us;

	if (!read_date(&p, end, &day_us) ||
	    !read_field(&p, end, 2, ':', &hour) ||
	    !read_field(&p, end, 2, ':', &minute) ||
	    !read_field(&p, end, 2, 0, &second) ||
	    !read_fraction(&p, end, &fraction_us) ||
	    !read_zone(p, end, &offset_us) ||
	    hour > 23 || minute > 59 || second > 59)
		return false;
	day_us += (int64_t)(hour * 3600 + minute * 60 + second) * SECOND_US +
	    fraction_us - offset_us;
	if (day_us < TIMESTAMP_BEGIN_US || day_us >= TIMESTAMP_END_US)
		return false;
	*out_us = day_us;
	return true;
}

bool
timestamp_read_minute(const char *text, size_t len,
    struct timestamp_minute *minute, int64_t *out_us)
{
	char start[sizeof minute->text + 3];

	if (!timestamp_read(text, len, out_us))
		return false;
	memcpy(start, text, sizeof minute->text);
	memcpy(start + sizeof minute->text, "00Z", 3);
	memcpy(minute->text, start, sizeof minute->text);
	return timestamp_read(start, sizeof start, &minute->start_us);
}

static char *
put(char *out, unsigned value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		out[i] = (char)('0' + value % 10);
	return out + digits;
}

size_t
timestamp_write(char *out, int64_t time_us, int min_digits)
{
	int64_t days = time_us / DAY_US - (time_us % DAY_US < 0), year;
	int64_t of_day_us = time_us - days * DAY_US;
	unsigned seconds = (unsigned)(of_day_us / SECOND_US);
	unsigned micro = (unsigned)(of_day_us % SECOND_US), month, day;
	char *p = out;

	civil_from_days(days, &year, &month, &day);
	if (year < 0 || year > 9999)
		return 0;
	p = put(p, (unsigned)year, 4);
	*p++ = '-';
	p = put(p, month, 2);
	*p++ = '-';
	p = put(p, day, 2);
	*p++ = 'T';
	p = put(p, seconds / 3600, 2);
	*p++ = ':';
	p = put(p, seconds / 60 % 60, 2);
	*p++ = ':';
	p = put(p, seconds % 60, 2);
	if (micro % 1000 != 0 || min_digits > 3) {
		*p++ = '.';
		p = put(p, micro, 6);
	} else if (micro != 0 || min_digits > 0) {
		*p++ = '.';
		p = put(p, micro / 1000, 3);
	}
	*p++ = 'Z';
	return (size_t)(p - out);
}
