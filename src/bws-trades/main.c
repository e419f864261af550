/*
 * bws-trades: trades of Binance's WebSocket, or of captured frames, as records.
 *
 *	main.c       replay, the end
 *	options.c    options and what they come to
 *
 * What is read (no I/O):
 *	frame.c      frame -> trade record
 *	page.c       answer of REST -> trades
 *	members.c    the members of a trade, whatever they are called
 *	keep.c       what --frames keeps and --replay reads
 *
 * What becomes of it:
 *	trades.c     of a line of a replay
 *	intake.c     of a frame of a live feed
 *	sequence.c   every trade once, in the order of ids (no I/O); with
 *	             symbols.c, waiting.c, order.c
 *	outlet.c     standard output, never waited for
 *	gap.c stats.c sidefile.c  what is missing, counts, and where they go
 *
 * Where it comes from:
 *	live.c       all of it put together
 *	streams.c    symbols, what to ask for; url.c: where (no I/O)
 *	roster.c     the symbols of now, and which are quiet (no I/O)
 *	feed.c       which connections there are, and when
 *	heal.c       what REST is asked, and when
 *	limit.c      so much in a time, and no more (no I/O)
 *	link.c rest.c net.c  a connection, a request, the loop: libwebsockets
 *	resolve.c    names to addresses, in a thread
 *	resume.c reload.c outage.c  --resume, HUP, what is said of a peer
 */
#include <inttypes.h>

#include "live.h"
#include "msg.h"
#include "options.h"
#include "status.h"
#include "trades.h"

static enum flow_result
replay_lines(struct trades *trades)
{
	struct flow *flow = &trades->filter->flow;
	enum flow_result result;
	struct line line;

	do {
		result = flow_next(flow, &line);
		if (result == FLOW_LINE)
			result = trades_take(trades, &line);
		else if (result == FLOW_LONG)
			result = filter_refuse_long(trades->filter, &line);
		else if (result == FLOW_DRY)
			result = flow_wait(flow, NULL, 0, INT64_MAX, true);
	} while (result == FLOW_READY);
	return result;
}

static enum flow_result
replay_run(struct filter *filter)
{
	struct trades trades = { .filter = filter };
	enum flow_result result;

	trades_init(&trades);
	result = replay_lines(&trades);
	msg_limit_flush(&trades.errors);
	msg_info("%" PRIu64 " frames: %" PRIu64 " trades, %" PRIu64
	    " others, %" PRIu64 " refused", trades.frames, filter->out.lines,
	    trades.others, filter->rejects.count);
	trades_free(&trades);
	return result;
}

int
main(int argc, char **argv)
{
	struct settings settings;
	struct filter filter;
	enum flow_result how;
	enum status status, began = STATUS_OK;
	bool replay;

	settings_read(&settings, argc, argv);
	replay = settings.replay[0] != NULL;
	status = filter_begin(&filter, &settings.common, settings.replay,
	    replay ? 1 : 0);
	if (status == STATUS_OK) {
		how = replay ? replay_run(&filter) :
		    live_run(&filter, &settings, &began);
		status = status_worse(filter_end(&filter, how), began);
	}
	settings_free(&settings);
	return status;
}
