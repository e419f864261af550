#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "exchange-counts.h"

void
counts_print(const struct counts *counts, const struct limits_counts *limits,
    const struct faults *faults, FILE *to)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
		{ "connections", counts->connections },
		{ "refused", counts->refused },
		{ "messages", counts->messages },
		{ "pings", counts->pings },
		{ "pongs", counts->pongs },
		{ "trades", counts->trades },
		{ "frames", counts->frames },
		{ "too_many_messages", counts->too_many_messages },
		{ "no_pong", counts->no_pong },
		{ "slow", counts->slow },
		{ "cut", counts->cut },
		{ "requests", counts->requests },
		{ "weight_max_minute", limits->weight_max_minute },
		{ "messages_max_second", counts->messages_max_second },
		{ "connections_max_window", limits->connections_max_window },
		{ "streams_max", counts->streams_max },
		{ "over_messages", counts->over_messages },
		{ "over_streams", counts->over_streams },
		{ "over_connections", limits->over_connections },
		{ "over_weight", limits->over_weight },
		{ "over_retry", limits->over_retry },
		{ "banned", limits->banned },
		{ "day_ended", counts->day_ended },
		{ "pongs_late", counts->pongs_late },
		{ "faults_waiting", faults_all_waiting(faults) },
	};

	fputs("{\"faults\":", to);
	faults_print(faults, to);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		fprintf(to, ",\"%s\":%" PRIu64, members[i].name,
		    members[i].value);
	fputs("}\n", to);
}

void
event_line(FILE *events, const char *event, const char *format, ...)
{
	struct timespec ts;
	va_list args;

	if (events == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	fprintf(events, "{\"ms\":%" PRId64 ",\"event\":\"%s\"",
	    (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000, event);
	va_start(args, format);
	vfprintf(events, format, args);
	va_end(args);
	fputs("}\n", events);
	fflush(events);
}
