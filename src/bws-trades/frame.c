#include "frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "timestamp.h"

/* The digits of a whole time since the epoch tell its unit, 2001 to 2286. */
#define MS_MIN INT64_C(1000000000000)
#define MS_MAX INT64_C(9999999999999)
#define US_MIN INT64_C(1000000000000000)
#define US_MAX INT64_C(9999999999999999)

/* Longest price or quantity in text that is handed on. */
#define NUMBER_TEXT_MAX 64

_Static_assert(FRAME_RECORD_MAX > JSON_QUOTE_MAX(RECORD_SYMBOL_MAX) +
    2 * NUMBER_TEXT_MAX + 2 * TIMESTAMP_TEXT_MAX + 200,
    "a record is bounded by the bounds of its parts");

void
frame_reader_init(struct frame_reader *reader)
{
	json_init(&reader->envelope);
	json_init(&reader->event);
	reader->reason[0] = '\0';
}

void
frame_reader_free(struct frame_reader *reader)
{
	json_free(&reader->envelope);
	json_free(&reader->event);
}

/* Not bad, where memory ran out: then nothing can be said of it. */
static enum frame_result
bad(struct frame_reader *reader, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum frame_result
bad(struct frame_reader *reader, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reader->reason, sizeof reader->reason, fmt, ap);
	va_end(ap);
	return reader->envelope.no_memory || reader->event.no_memory ?
	    FRAME_NO_MEMORY : FRAME_BAD;
}

static bool
text_is(const struct json_value *value, const char *text)
{
	return value->type == JSON_STRING && value->len == strlen(text) &&
	    memcmp(value->text, text, value->len) == 0;
}

/* The members of a trade event that matter here. */
enum member { E_TIME, SYMBOL, ID, PRICE, QUANTITY, T_TIME, MAKER, KIND, N };

static const struct {
	char name;
	enum json_type type; /* JSON_TRUE: either truth value */
	bool required;
} members[N] = {
	[E_TIME] = { 'E', JSON_NUMBER, false },
	[SYMBOL] = { 's', JSON_STRING, true },
	[ID] = { 't', JSON_NUMBER, true },
	[PRICE] = { 'p', JSON_STRING, true },
	[QUANTITY] = { 'q', JSON_STRING, true },
	[T_TIME] = { 'T', JSON_NUMBER, true },
	[MAKER] = { 'm', JSON_TRUE, true },
	[KIND] = { 'X', JSON_STRING, false },
};

static bool
type_fits(enum json_type want, enum json_type got)
{
	return want == got || (want == JSON_TRUE && got == JSON_FALSE);
}

/* Finds them all; one that is there twice could be read in two ways. */
static enum frame_result
find_members(struct frame_reader *reader, const struct json *event,
    const struct json_value *found[N])
{
	for (size_t i = 0; i < event->nmembers; i++) {
		const struct json_member *member = &event->members[i];

		for (int k = 0; k < N && member->name_len == 1; k++) {
			if (member->name[0] != members[k].name)
				continue;
			if (found[k] != NULL)
				return bad(reader,
				    "member \"%c\" is there twice",
				    members[k].name);
			found[k] = &member->value;
		}
	}
	for (int k = 0; k < N; k++) {
		if (found[k] == NULL && members[k].required)
			return bad(reader, "a trade without \"%c\"",
			    members[k].name);
		if (found[k] != NULL &&
		    !type_fits(members[k].type, found[k]->type))
			return bad(reader,
			    "\"%c\" of a trade is of the wrong type",
			    members[k].name);
	}
	return FRAME_TRADE;
}

static bool
read_time(const struct json_value *value, int64_t *out_us, int *digits)
{
	int64_t number;

	if (!decimal_read_int64(value->text, value->len, &number))
		return false;
	if (number >= MS_MIN && number <= MS_MAX) {
		*out_us = number * 1000;
		*digits = 3;
		return true;
	}
	*out_us = number;
	*digits = 6;
	return number >= US_MIN && number <= US_MAX;
}

static enum frame_result
read_number(struct frame_reader *reader, const struct json_value *value,
    const char *what, bool positive, struct record_text *out)
{
	struct decimal number;
	enum decimal_result result = decimal_read(value->text, value->len,
	    &number);

	if (result != DECIMAL_OK)
		return bad(reader, "the %s %s", what, decimal_reason(result));
	if (positive && number.coef == 0)
		return bad(reader, "the %s is 0", what);
	if (value->len > NUMBER_TEXT_MAX)
		return bad(reader, "the %s is too long", what);
	out->text = value->text;
	out->len = value->len;
	return FRAME_TRADE;
}

static enum frame_result
read_times(struct frame_reader *reader, const struct json_value *found[N],
    struct frame_trade *out)
{
	int digits;

	out->frame_time_us = INT64_MIN;
	if (!read_time(found[T_TIME], &out->event_time_us, &out->time_digits))
		return bad(reader,
		    "\"T\" is no time in milliseconds or microseconds");
	if (found[E_TIME] != NULL &&
	    !read_time(found[E_TIME], &out->frame_time_us, &digits))
		return bad(reader,
		    "\"E\" is no time in milliseconds or microseconds");
	return FRAME_TRADE;
}

static enum frame_result
read_trade(struct frame_reader *reader, struct json *event,
    struct frame_trade *out)
{
	const struct json_value *found[N] = { NULL };
	enum frame_result result = find_members(reader, event, found);

	if (result != FRAME_TRADE)
		return result;
	if (found[KIND] != NULL && !text_is(found[KIND], "MARKET"))
		return FRAME_OTHER;
	if (json_string(event, found[SYMBOL], &out->symbol.text,
	    &out->symbol.len) != 0 || out->symbol.len == 0 ||
	    out->symbol.len > RECORD_SYMBOL_MAX)
		return bad(reader, "the symbol is not 1 to %d bytes of text",
		    RECORD_SYMBOL_MAX);
	if (!decimal_read_int64(found[ID]->text, found[ID]->len,
	    &out->trade_id))
		return bad(reader, "the trade id is not a whole number from "
		    "0 to 2^63-1");
	out->buyer_maker = found[MAKER]->type == JSON_TRUE;
	result = read_times(reader, found, out);
	if (result == FRAME_TRADE)
		result = read_number(reader, found[PRICE], "price", true,
		    &out->price);
	if (result == FRAME_TRADE)
		result = read_number(reader, found[QUANTITY], "quantity",
		    false, &out->quantity);
	return result;
}

/*
 * {"error":{...},"id":1} answers a request, {"code":2,"msg":"..."} is an older
 * form of it.
 */
static bool
is_error(const struct json *object)
{
	const struct json_member *error = json_find(object, "error");

	if (error != NULL)
		return error->value.type != JSON_NULL;
	return json_find(object, "code") != NULL &&
	    json_find(object, "msg") != NULL;
}

/* An array or a bare value is JSON, too, and no trade. */
static enum frame_result
no_object(struct frame_reader *reader, const char *text, size_t len,
    struct json_error *error)
{
	if (error->at != JSON_NOWHERE)
		return bad(reader, "not JSON: %s at byte %zu", error->reason,
		    error->at + 1);
	if (!reader->envelope.no_memory &&
	    json_check(text, len, error) == 0)
		return FRAME_OTHER;
	return bad(reader, "not JSON: %s", error->reason);
}

enum frame_result
frame_read(struct frame_reader *reader, const char *text, size_t len,
    struct frame_trade *out)
{
	const struct json_member *data, *name;
	struct json *event = &reader->envelope;
	struct json_error error;

	reader->event.no_memory = false;
	if (json_object(&reader->envelope, text, len, &error) != 0)
		return no_object(reader, text, len, &error);
	data = json_find(&reader->envelope, "data");
	if (data != NULL && json_find(&reader->envelope, "stream") != NULL) {
		if (data->value.type != JSON_OBJECT)
			return FRAME_OTHER;
		event = &reader->event;
		if (json_object(event, data->value.text, data->value.len,
		    &error) != 0)
			return bad(reader, "\"data\": %s", error.reason);
	}
	name = json_find(event, "e");
	if (name == NULL)
		return is_error(event) ? FRAME_ERROR : FRAME_OTHER;
	if (!text_is(&name->value, "trade"))
		return FRAME_OTHER;
	return read_trade(reader, event, out);
}

int64_t
frame_replay_time_us(const struct frame_trade *trade)
{
	return trade->frame_time_us > trade->event_time_us ?
	    trade->frame_time_us : trade->event_time_us;
}

static char *
put(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static char *
put_time(char *out, int64_t time_us, int digits)
{
	*out++ = '"';
	out += timestamp_write(out, time_us, digits);
	*out++ = '"';
	return out;
}

size_t
frame_record(char *out, const struct frame_trade *trade,
    int64_t processed_time_us)
{
	char *p = out;

	p = PUT(p, "{\"symbol\":");
	p += json_quote(p, trade->symbol.text, trade->symbol.len);
	p = PUT(p, ",\"price\":");
	p = put(p, trade->price.text, trade->price.len);
	p = PUT(p, ",\"event_time\":");
	p = put_time(p, trade->event_time_us, trade->time_digits);
	p = PUT(p, ",\"processed_time\":");
	p = put_time(p, processed_time_us, trade->time_digits);
	p = PUT(p, ",\"quantity\":");
	p = put(p, trade->quantity.text, trade->quantity.len);
	p = PUT(p, ",\"trade_id\":");
	p += sprintf(p, "%" PRId64, trade->trade_id);
	if (trade->buyer_maker)
		p = PUT(p, ",\"buyer_maker\":true}");
	else
		p = PUT(p, ",\"buyer_maker\":false}");
	return (size_t)(p - out);
}
