#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"

/* The members of a trade that matter here. */
enum { ID, PRICE, QUANTITY, TIME, MAKER, N };

static const struct member_rule rules[N] = {
	[ID] = MEMBER_RULE("id", JSON_NUMBER, true),
	[PRICE] = MEMBER_RULE("price", JSON_STRING, true),
	[QUANTITY] = MEMBER_RULE("qty", JSON_STRING, true),
	[TIME] = MEMBER_RULE("time", JSON_NUMBER, true),
	[MAKER] = MEMBER_RULE("isBuyerMaker", JSON_TRUE, true),
};

void
page_init(struct page *page)
{
	memset(page, 0, sizeof *page);
	json_init(&page->object);
}

void
page_free(struct page *page)
{
	json_free(&page->object);
	free(page->trades);
	page_init(page);
}

static enum page_result
bad(struct page *page, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum page_result
bad(struct page *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(page->reason, sizeof page->reason, fmt, ap);
	va_end(ap);
	return PAGE_BAD;
}

static bool
read_members(struct page *page, struct frame_trade *out, char *why)
{
	const struct json_value *found[N];

	if (!members_find(&page->object, rules, N, &page->map, found, why) ||
	    !members_id(found[ID], &out->trade_id, why) ||
	    !members_time(found[TIME], "time", &out->event_time_us,
	    &out->time_digits, why) ||
	    !members_number(found[PRICE], "price", true, &out->price, why) ||
	    !members_number(found[QUANTITY], "quantity", false,
	    &out->quantity, why))
		return false;
	out->buyer_maker = found[MAKER]->type == JSON_TRUE;
	out->frame_time_us = INT64_MIN;
	out->futures = false;
	return true;
}

/* The page's next trade, whose id is above that of the one before. */
static enum page_result
read_trade(struct page *page, const struct json_value *element, int64_t before)
{
	struct frame_trade *out = &page->trades[page->ntrades];
	size_t number = page->ntrades + 1;
	char why[MEMBERS_REASON];
	struct json_error error;

	if (json_object(&page->object, element->text, element->len,
	    &error) != 0)
		return page->object.no_memory ? PAGE_NO_MEMORY :
		    bad(page, "trade %zu: %s", number, error.reason);
	if (!read_members(page, out, why))
		return page->object.no_memory ? PAGE_NO_MEMORY :
		    bad(page, "trade %zu: %s", number, why);
	if (out->trade_id <= before)
		return page->ntrades == 0 ?
		    bad(page, "the first id is before the one asked for") :
		    bad(page, "trade %zu: the ids do not rise", number);
	page->ntrades++;
	return PAGE_GOOD;
}

static enum page_result
not_an_array(struct page *page, const struct json_error *error)
{
	if (error->at == JSON_NOWHERE)
		return bad(page, "%s", error->reason);
	return bad(page, "not JSON: %s at byte %zu", error->reason,
	    error->at + 1);
}

enum page_result
page_read(struct page *page, const char *symbol, size_t symbol_len,
    int64_t from_id, const char *text, size_t len)
{
	struct json_elements elements;
	struct json_value element;
	struct json_error error;
	enum page_result result = PAGE_GOOD;
	int64_t before = from_id - 1;

	page->ntrades = 0;
	page->object.no_memory = false;
	if (page->trades == NULL)
		page->trades = calloc(PAGE_MAX, sizeof *page->trades);
	if (page->trades == NULL)
		return PAGE_NO_MEMORY;
	if (len == 0)
		return bad(page, "an empty answer");
	if (json_array(&elements, text, len, &error) != 0)
		return not_an_array(page, &error);
	while (result == PAGE_GOOD && json_next(&elements, &element)) {
		if (page->ntrades == PAGE_MAX)
			return bad(page, "more than %d trades", PAGE_MAX);
		page->trades[page->ntrades].symbol.text = symbol;
		page->trades[page->ntrades].symbol.len = symbol_len;
		result = read_trade(page, &element, before);
		if (result == PAGE_GOOD)
			before = page->trades[page->ntrades - 1].trade_id;
	}
	return result;
}

/* A whole number with a sign; false also for one beyond 2^63-1. */
static bool
read_code(const struct json_value *value, int64_t *out)
{
	bool negative = value->len > 0 && *value->text == '-';

	if (value->type != JSON_NUMBER || !decimal_read_int64(value->text +
	    negative, value->len - negative, out))
		return false;
	if (negative)
		*out = -*out;
	return true;
}

bool
page_error(struct page *page, const char *text, size_t len, int64_t *code,
    struct record_text *msg)
{
	const struct json_member *number, *words;
	struct json_error error;

	if (json_object(&page->object, text, len, &error) != 0)
		return false;
	number = json_find(&page->object, "code");
	words = json_find(&page->object, "msg");
	return number != NULL && read_code(&number->value, code) &&
	    words != NULL && words->value.type == JSON_STRING &&
	    json_string(&page->object, &words->value, &msg->text,
	    &msg->len) == 0;
}
