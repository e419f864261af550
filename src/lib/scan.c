#include "scan.h"

#include <string.h>

#include "json.h"
#include "jsonscan.h"

/* A run of digits, perhaps none, behind those that *value has already. */
static const char *
read_digits(const char *p, uint64_t *value)
{
	for (int i = 0; i <= SCAN_DIGITS && scan_is_digit(*p); i++, p++)
		*value = *value * 10 + (unsigned)(*p - '0');
	return p;
}

bool
scan_long_whole(const char **p, uint64_t *value)
{
	const char *begin = *p;

	*value = 0;
	*p = read_digits(begin, value);
	return *p - begin <= SCAN_DIGITS && *begin != '0';
}

bool
scan_long_decimal(const char **p, struct decimal *out)
{
	const char *begin = *p, *point, *end;
	uint64_t coef = 0;

	end = point = read_digits(begin, &coef);
	if (point - begin > SCAN_DIGITS ||
	    (*begin == '0' && point - begin > 1))
		return false;
	if (*point == '.') {
		end = read_digits(point + 1, &coef);
		if (end == point + 1 || end - begin > SCAN_DIGITS + 1)
			return false;
	}
	out->scale = end > point ? (unsigned)(end - point - 1) : 0;
	out->coef = coef;
	*p = end;
	return true;
}

bool
scan_utf8(const char **p, const char *limit)
{
	const char *q = *p;

	while (q < limit && *q != '"') {
		size_t seq = json_utf8_len(q, (size_t)(limit - q));

		if (seq == 0 || (unsigned char)*q < 0x20 || *q == '\\')
			return false;
		q += seq;
	}
	*p = q;
	return q < limit;
}

bool
scan_other_time(const char **p, const char *limit,
    struct timestamp_minute *minute, int64_t *out_us)
{
	size_t len = *p < limit ? (size_t)(limit - *p) : 0;
	const char *quote = memchr(*p, '"', len < TIMESTAMP_READ_MAX + 1 ?
	    len : TIMESTAMP_READ_MAX + 1);

	if (quote == NULL || !timestamp_read_minute(*p, (size_t)(quote - *p),
	    minute, out_us))
		return false;
	*p = quote + 1;
	return true;
}

static bool
is_topic_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    scan_is_digit(c) || c == '.' || c == '_' || c == '-';
}

bool
scan_provenance(const char **p, struct provenance *out)
{
	uint64_t partition, offset, start;

	if (!SCAN_TEXT(p, "{\"topic\":\""))
		return false;
	out->topic = *p;
	while (is_topic_char(**p))
		++*p;
	out->topic_len = (size_t)(*p - out->topic);
	if (out->topic_len == 0 || out->topic_len > PROVENANCE_TOPIC_MAX ||
	    !SCAN_TEXT(p, "\",\"partition\":") || !scan_whole(p, &partition) ||
	    !SCAN_TEXT(p, ",\"offset\":") || !scan_whole(p, &offset) ||
	    !SCAN_TEXT(p, ",\"start\":") || !scan_whole(p, &start) ||
	    *(*p)++ != '}' || partition > INT32_MAX)
		return false;
	out->partition = (int32_t)partition;
	out->offset = (int64_t)offset;
	out->start = (int64_t)start;
	return true;
}

bool
scan_any(const char **p, const char *limit)
{
	const char *begin = *p, *lf;
	struct jsonscan scan;

	/* To the grammar a line feed is white space. */
	lf = begin < limit ? memchr(begin, '\n', (size_t)(limit - begin)) :
	    NULL;
	/* White space before the value is another shape. */
	if (lf == NULL || *begin == ' ' || *begin == '\t' || *begin == '\r')
		return false;
	jsonscan_init(&scan, begin, lf, 1);
	if (!jsonscan_value(&scan))
		return false;
	*p = scan.p;
	return true;
}
