#include <stdlib.h>
#include <string.h>

#include "exchange-window.h"

void
window_init(struct window *window, int64_t span_us)
{
	memset(window, 0, sizeof(*window));
	window->span_us = span_us;
}

void
window_free(struct window *window)
{
	free(window->entries);
	window->entries = NULL;
}

static void
forget(struct window *window, int64_t now_us)
{
	while (window->len > 0) {
		struct window_entry *oldest = &window->entries[window->begin];

		if (now_us - oldest->time_us < window->span_us)
			return;
		window->sum -= oldest->amount;
		window->begin = (window->begin + 1) % window->cap;
		window->len--;
	}
}

static void
grow(struct window *window)
{
	size_t cap = window->cap == 0 ? 16 : 2 * window->cap;
	struct window_entry *entries = malloc(cap * sizeof(*entries));

	if (entries == NULL)
		abort();
	for (size_t i = 0; i < window->len; i++)
		entries[i] = window->entries[(window->begin + i) %
		    window->cap];
	free(window->entries);
	window->entries = entries;
	window->begin = 0;
	window->cap = cap;
}

int64_t
window_add(struct window *window, int64_t time_us, int64_t now_us,
    int64_t amount)
{
	forget(window, now_us);
	if (window->len == window->cap)
		grow(window);
	window->entries[(window->begin + window->len++) % window->cap] =
	    (struct window_entry){ .time_us = time_us, .amount = amount };
	window->sum += amount;
	if (window->sum > window->max)
		window->max = window->sum;
	return window->sum;
}
