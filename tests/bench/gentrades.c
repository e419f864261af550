/*
 * gentrades: a seeded market, as the trade records that bws-trades writes.
 *
 *     gentrades [-f] [-n TRADES] [-s SYMBOLS] [-r SEED] [-d SECONDS]
 *
 * Trades of all symbols (BTCUSDT, ETHUSDT and three more by name, then
 * SYM00005USDT and so on, drawn uniformly) spread over SECONDS of event time
 * (86400) from 2024-07-18T00:00:00Z; ids rise by one per symbol; prices walk by
 * ticks of 0.01; one trade in a hundred stands up to a second out of its order.
 * With -f the exchange's raw frames of the same trades. The same arguments
 * give the same bytes. A line has 191 bytes in the mean (196 with thousands of
 * symbols); captures of the exchange have 180 (USD-M futures) to 191 (spot).
 *
 * Trades are made as they are written, so any number goes through a pipe:
 *
 *     gentrades -s 10000 -n 20000000 | ohlc-window
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define START_S 1721260800 /* 2024-07-18T00:00:00Z */
#define EIGHT 100000000u   /* quantities have eight decimals */

#define MOST_TRADES 1000000000000u
#define MOST_SYMBOLS 1000000u
#define MOST_SECONDS 1000000000u

struct market {
	char symbol[40];
	uint64_t ticks; /* of 0.01 */
	uint64_t trade_id;
};

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
open_markets(struct market *markets, size_t count, uint64_t *random)
{
	static const char *const names[] = { "BTCUSDT", "ETHUSDT", "BNBUSDT",
	    "SOLUSDT", "XRPUSDT" };

	for (size_t i = 0; i < count; i++) {
		struct market *m = &markets[i];

		if (i < sizeof names / sizeof *names)
			snprintf(m->symbol, sizeof m->symbol, "%s", names[i]);
		else
			snprintf(m->symbol, sizeof m->symbol, "SYM%05zuUSDT",
			    i);
		m->ticks = 100 + next_random(random) % 7000000;
		m->trade_id = 1 + next_random(random) % 4000000000u;
	}
}

static void
put_time(char *out, size_t cap, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, cap - n, ".%03dZ", (int)(time_ms % 1000));
}

static void
put_frame(const struct market *m, int64_t time_ms, int64_t read_ms,
    uint64_t quantity, const char *maker)
{
	printf("{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%"
	    PRIu64 ",\"p\":\"%" PRIu64 ".%02" PRIu64 "000000\",\"q\":\"%"
	    PRIu64 ".%08" PRIu64 "\",\"T\":%" PRId64 ",\"m\":%s,"
	    "\"M\":true}\n", read_ms, m->symbol, m->trade_id, m->ticks / 100,
	    m->ticks % 100, quantity / EIGHT, quantity % EIGHT, time_ms,
	    maker);
}

static void
put_trade(const struct market *m, int64_t time_ms, int64_t read_ms,
    uint64_t quantity, const char *maker)
{
	char event[32], processed[32];

	put_time(event, sizeof event, time_ms);
	put_time(processed, sizeof processed, read_ms);
	printf("{\"symbol\":\"%s\",\"price\":%" PRIu64 ".%02" PRIu64 "000000,"
	    "\"event_time\":\"%s\",\"processed_time\":\"%s\",\"quantity\":%"
	    PRIu64 ".%08" PRIu64 ",\"trade_id\":%" PRIu64
	    ",\"buyer_maker\":%s}\n", m->symbol, m->ticks / 100,
	    m->ticks % 100, event, processed, quantity / EIGHT,
	    quantity % EIGHT, m->trade_id, maker);
}

static void
trade(struct market *m, int64_t time_ms, bool frame, uint64_t *random)
{
	uint64_t draw = next_random(random);
	uint64_t quantity = draw % 100 < 50 ? (draw >> 8) % (EIGHT / 100) :
	    (draw >> 8) % (20ull * EIGHT);
	int64_t read_ms = time_ms + 2 + (int64_t)(draw >> 50) % 60;
	const char *maker = draw >> 63 ? "true" : "false";

	if (quantity == 0)
		quantity = 1;
	m->ticks += (draw >> 40) % 21;
	m->ticks = m->ticks > 110 ? m->ticks - 10 : 100;
	if (frame)
		put_frame(m, time_ms, read_ms, quantity, maker);
	else
		put_trade(m, time_ms, read_ms, quantity, maker);
	m->trade_id++;
}

static int
usage(void)
{
	fprintf(stderr, "usage: gentrades [-f] [-n TRADES] [-s SYMBOLS] "
	    "[-r SEED] [-d SECONDS]\n");
	return 2;
}

static uint64_t
number(const char *text, int option, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 ||
	    value < least || value > most) {
		fprintf(stderr, "gentrades: -%c '%s' is not a number from %"
		    PRIu64 " to %" PRIu64 "\n", option, text, least, most);
		exit(usage());
	}
	return value;
}

int
main(int argc, char **argv)
{
	uint64_t trades = 1000000, symbols = 5, seed = 1, seconds = 86400;
	struct market *markets;
	bool frames = false;
	int c;

	while ((c = getopt(argc, argv, "fn:s:r:d:")) != -1) {
		switch (c) {
		case 'f': frames = true; break;
		case 'n': trades = number(optarg, c, 0, MOST_TRADES); break;
		case 's': symbols = number(optarg, c, 1, MOST_SYMBOLS); break;
		case 'r': seed = number(optarg, c, 0, UINT64_MAX); break;
		case 'd': seconds = number(optarg, c, 1, MOST_SECONDS); break;
		default: return usage();
		}
	}
	if (optind != argc)
		return usage();
	markets = calloc(symbols, sizeof *markets);
	if (markets == NULL) {
		fprintf(stderr, "gentrades: %s\n", strerror(errno));
		return 3;
	}
	open_markets(markets, symbols, &seed);
	for (uint64_t i = 0; i < trades; i++) {
		int64_t time_ms = START_S * 1000ll +
		    (int64_t)((double)i / (double)trades *
		    (double)seconds * 1000);
		uint64_t draw = next_random(&seed);

		if (draw % 100 == 0 && i > 0)
			time_ms -= (int64_t)(draw >> 32) % 1000;
		if (time_ms < START_S * 1000ll)
			time_ms = START_S * 1000ll;
		trade(&markets[next_random(&seed) % symbols], time_ms, frames,
		    &seed);
	}
	free(markets);
	return fflush(stdout) == EOF || ferror(stdout) ? 3 : 0;
}
