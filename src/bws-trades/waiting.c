#include "waiting.h"

#include <stdlib.h>
#include <string.h>

size_t
waiting_size(size_t len)
{
	return sizeof(struct waiting_trade) + len;
}

struct waiting_trade *
waiting_trade_new(const char *record, size_t len)
{
	struct waiting_trade *trade;

	if (len > UINT32_MAX)
		return NULL;
	trade = malloc(waiting_size(len));
	if (trade == NULL)
		return NULL;
	memset(trade, 0, sizeof *trade);
	trade->len = (uint32_t)len;
	if (len > 0)
		memcpy(trade->record, record, len);
	return trade;
}

/*
 * What comes mostly is the next id at the end, before the beginning, or behind
 * the one that came last.
 */
struct waiting_trade *
waiting_find(struct waiting *waiting, int64_t id)
{
	struct waiting_trade *at = waiting->cursor;

	if (waiting->first == NULL || waiting->first->id > id)
		return NULL;
	if (waiting->last->id <= id)
		return waiting->last;
	while (at->id > id)
		at = at->before;
	while (at->after->id <= id)
		at = at->after;
	waiting->cursor = at;
	return at;
}

void
waiting_put(struct waiting *waiting, struct waiting_trade *behind,
    struct waiting_trade *trade)
{
	trade->before = behind;
	trade->after = behind != NULL ? behind->after : waiting->first;
	if (behind != NULL)
		behind->after = trade;
	else
		waiting->first = trade;
	if (trade->after != NULL)
		trade->after->before = trade;
	else
		waiting->last = trade;
	waiting->cursor = trade;
}

void
waiting_take(struct waiting *waiting, struct waiting_trade *trade)
{
	if (trade->before != NULL)
		trade->before->after = trade->after;
	else
		waiting->first = trade->after;
	if (trade->after != NULL)
		trade->after->before = trade->before;
	else
		waiting->last = trade->before;
	if (waiting->cursor == trade)
		waiting->cursor = trade->before != NULL ? trade->before :
		    trade->after;
}
