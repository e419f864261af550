#include "frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "timestamp.h"

_Static_assert(FRAME_RECORD_MAX > JSON_QUOTE_MAX(RECORD_SYMBOL_MAX) +
    2 * MEMBERS_NUMBER_MAX + 2 * TIMESTAMP_TEXT_MAX + 200,
    "a record is bounded by the bounds of its parts");

void
frame_reader_init(struct frame_reader *reader)
{
	memset(reader, 0, sizeof *reader);
	json_init(&reader->envelope);
	json_init(&reader->event);
	reader->answer_id = -1;
}

void
frame_reader_free(struct frame_reader *reader)
{
	json_free(&reader->envelope);
	json_free(&reader->event);
}

/* Not bad, where memory ran out: then nothing can be said of it. */
static enum frame_result
refuse(const struct frame_reader *reader)
{
	return reader->envelope.no_memory || reader->event.no_memory ?
	    FRAME_NO_MEMORY : FRAME_BAD;
}

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
	return refuse(reader);
}

static bool
text_is(const struct json_value *value, const char *text)
{
	return value->type == JSON_STRING && value->len == strlen(text) &&
	    memcmp(value->text, text, value->len) == 0;
}

/* The members of a trade event that matter here. */
enum { E_TIME, SYMBOL, ID, PRICE, QUANTITY, T_TIME, MAKER, KIND, N };

static const struct member_rule rules[N] = {
	[E_TIME] = MEMBER_RULE("E", JSON_NUMBER, false),
	[SYMBOL] = MEMBER_RULE("s", JSON_STRING, true),
	[ID] = MEMBER_RULE("t", JSON_NUMBER, true),
	[PRICE] = MEMBER_RULE("p", JSON_STRING, true),
	[QUANTITY] = MEMBER_RULE("q", JSON_STRING, true),
	[T_TIME] = MEMBER_RULE("T", JSON_NUMBER, true),
	[MAKER] = MEMBER_RULE("m", JSON_TRUE, true),
	[KIND] = MEMBER_RULE("X", JSON_STRING, false),
};

static enum frame_result
read_trade(struct frame_reader *reader, struct json *event,
    struct frame_trade *out)
{
	const struct json_value *found[N];
	char *why = reader->reason;
	int digits;

	if (!members_find(event, rules, N, &reader->map, found, why) ||
	    !members_symbol(event, found[SYMBOL], &out->symbol, why) ||
	    !members_id(found[ID], &out->trade_id, why))
		return refuse(reader);
	out->futures = found[KIND] != NULL;
	if (out->futures && !text_is(found[KIND], "MARKET"))
		return FRAME_SKIPPED;
	out->buyer_maker = found[MAKER]->type == JSON_TRUE;
	out->frame_time_us = INT64_MIN;
	if (!members_time(found[T_TIME], "T", &out->event_time_us,
	    &out->time_digits, why) ||
	    (found[E_TIME] != NULL && !members_time(found[E_TIME], "E",
	    &out->frame_time_us, &digits, why)) ||
	    !members_number(found[PRICE], "price", true, &out->price, why) ||
	    !members_number(found[QUANTITY], "quantity", false,
	    &out->quantity, why))
		return refuse(reader);
	return FRAME_TRADE;
}

/*
 * {"result":null,"id":1} and {"error":{...},"id":1} answer a request;
 * {"code":2,"msg":"..."} is an older form of an error.
 */
static enum frame_result
read_answer(struct frame_reader *reader, const struct json *object)
{
	const struct json_member *error = json_find(object, "error");
	const struct json_member *id = json_find(object, "id");

	if (id != NULL && (id->value.type != JSON_NUMBER ||
	    !decimal_read_int64(id->value.text, id->value.len,
	    &reader->answer_id)))
		reader->answer_id = -1;
	if (error != NULL && error->value.type != JSON_NULL)
		return FRAME_ERROR;
	if (json_find(object, "code") != NULL &&
	    json_find(object, "msg") != NULL)
		return FRAME_ERROR;
	return id != NULL && json_find(object, "result") != NULL ?
	    FRAME_ANSWER : FRAME_OTHER;
}

/* An array or a bare value is JSON, too, and no trade. */
static enum frame_result
no_object(struct frame_reader *reader, const char *text, size_t len,
    struct json_error *error)
{
	if (error->at == JSON_NOWHERE && !reader->envelope.no_memory &&
	    json_check(text, len, error) == 0)
		return FRAME_OTHER;
	reader->not_utf8 = !json_is_utf8(text, len);
	if (error->at != JSON_NOWHERE)
		return bad(reader, "not JSON: %s at byte %zu", error->reason,
		    error->at + 1);
	return bad(reader, "not JSON: %s", error->reason);
}

/*
 * The envelope as the exchange writes it, to the letter: what is in it, if
 * that is good JSON; then so is the whole, which need not be read twice.
 */
static bool
in_envelope(const char **text, size_t *len)
{
	static const char begin[] = "{\"stream\":\"", middle[] = "\",\"data\":";
	const char *p = *text + sizeof begin - 1, *end = *text + *len - 1;

	if (*len <= sizeof begin + sizeof middle || *end != '}' ||
	    memcmp(*text, begin, sizeof begin - 1) != 0)
		return false;
	while (p < end && *p > ' ' && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	if ((size_t)(end - p) < sizeof middle - 1 ||
	    memcmp(p, middle, sizeof middle - 1) != 0)
		return false;
	*text = p + sizeof middle - 1;
	*len = (size_t)(end - *text);
	return true;
}

/* The event of a frame, or the frame where it has none; NULL: *kind says. */
static struct json *
find_event(struct frame_reader *reader, const char *text, size_t len,
    enum frame_result *kind)
{
	const struct json_member *data;
	const char *inside = text;
	size_t inside_len = len;
	struct json_error error;

	reader->envelope.no_memory = reader->event.no_memory = false;
	if (in_envelope(&inside, &inside_len) && json_object(&reader->event,
	    inside, inside_len, &error) == 0)
		return &reader->event;
	reader->event.no_memory = false;
	if (json_object(&reader->envelope, text, len, &error) != 0) {
		*kind = no_object(reader, text, len, &error);
		return NULL;
	}
	data = json_find(&reader->envelope, "data");
	if (data == NULL || json_find(&reader->envelope, "stream") == NULL)
		return &reader->envelope;
	*kind = FRAME_OTHER;
	if (data->value.type == JSON_OBJECT && json_object(&reader->event,
	    data->value.text, data->value.len, &error) == 0)
		return &reader->event;
	if (data->value.type == JSON_OBJECT)
		*kind = bad(reader, "\"data\": %s", error.reason);
	return NULL;
}

enum frame_result
frame_read(struct frame_reader *reader, const char *text, size_t len,
    struct frame_trade *out)
{
	const struct json_member *name;
	enum frame_result kind;
	struct json *event;

	reader->not_utf8 = false;
	reader->answer_id = -1;
	event = find_event(reader, text, len, &kind);
	if (event == NULL)
		return kind;
	name = json_find(event, "e");
	if (name == NULL)
		return read_answer(reader, event);
	if (text_is(&name->value, "trade"))
		return read_trade(reader, event, out);
	return text_is(&name->value, "serverShutdown") ? FRAME_SHUTDOWN :
	    FRAME_OTHER;
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
	p += decimal_write_word(p, (uint64_t)trade->trade_id);
	if (trade->buyer_maker)
		p = PUT(p, ",\"buyer_maker\":true}");
	else
		p = PUT(p, ",\"buyer_maker\":false}");
	return (size_t)(p - out);
}
