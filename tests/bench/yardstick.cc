/*
 * yardstick: what simdjson's on-demand parser takes for the same lines.
 *
 *     yardstick <TRADES
 *     yardstick FILE
 *
 * Reads symbol, price, event_time, quantity and trade_id of every line, adds
 * the lengths of their values, and prints the sum, the number of lines, and
 * simdjson's version and kernel. Strings are taken as text, numbers as their
 * digits, unread. The bars of the bench are multiples of its time, so it uses
 * what was quickest of what simdjson offers:
 *
 *   - iterate_many() over whole lines, in pieces that stay in the cache;
 *   - find_field() on the document: members are expected in the order in which
 *     the trades have them, another order is an error. The look-up in any
 *     order takes 5 % more, going through all members 30 % more;
 *   - no second thread for the first stage: on one core it only costs;
 *   - the kernel for this processor, which the library chooses as it starts
 *     (SIMDJSON_FORCE_IMPLEMENTATION=haswell tries another). Compiling for
 *     this processor besides (-march=native) gained nothing.
 *
 * With FILE the same after padded_string::load(), the whole file at once, as
 * simdjson's own examples read: there the memory for it costs more than the
 * parsing.  The first form is called P in the bench, this one Y.
 *
 * Exit status: 0, 1 when a line is not a trade, 3 when reading fails.
 */
#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include <simdjson.h>
#include <unistd.h>

using namespace simdjson;

/* Of 64 KiB to 16 MiB these were the quickest; no line may be longer. */
static const size_t PIECE = 256 * 1024;

struct totals {
	uint64_t length;
	uint64_t lines;
};

[[noreturn]] static void
fail(int status, const char *what, const char *why)
{
	std::fprintf(stderr, "yardstick: %s: %s\n", what, why);
	std::exit(status);
}

static error_code
add_trade(ondemand::document_reference trade, totals &totals)
{
	std::string_view symbol, price, event_time, quantity, trade_id;
	error_code error;

	if ((error = trade.find_field("symbol").get_string().get(symbol)) ||
	    (error = trade.find_field("price").raw_json_token().get(price)) ||
	    (error = trade.find_field("event_time").get_string().
	    get(event_time)) ||
	    (error = trade.find_field("quantity").raw_json_token().
	    get(quantity)) ||
	    (error = trade.find_field("trade_id").raw_json_token().
	    get(trade_id)))
		return error;
	totals.length += symbol.size() + price.size() + event_time.size() +
	    quantity.size() + trade_id.size();
	totals.lines++;
	return SUCCESS;
}

/* Whole lines only; SIMDJSON_PADDING bytes behind them may be read. */
static error_code
add_lines(ondemand::parser &parser, const char *lines, size_t length,
    totals &totals)
{
	ondemand::document_stream stream;
	error_code error = parser.iterate_many(lines, length,
	    std::min(length, PIECE)).get(stream);

	if (error)
		return error;
	for (auto document : stream) {
		ondemand::document_reference trade;

		if ((error = std::move(document).get(trade)) ||
		    (error = add_trade(trade, totals)))
			return error;
	}
	return stream.truncated_bytes() > 0 ? INCOMPLETE_ARRAY_OR_OBJECT :
	    SUCCESS;
}

/* How much of a full buffer, or of the last one, is whole lines. */
static size_t
whole_lines(const char *buffer, size_t held, bool at_end)
{
	const void *newline = memrchr(buffer, '\n', held);

	if (at_end)
		return held;
	if (newline == nullptr)
		fail(1, "a line", "longer than a piece");
	return (size_t)((const char *)newline - buffer) + 1;
}

static error_code
add_input(ondemand::parser &parser, totals &totals)
{
	auto buffer = std::make_unique<char[]>(PIECE + SIMDJSON_PADDING);
	error_code error = SUCCESS;
	size_t held = 0;

	for (bool at_end = false; !at_end && !error;) {
		ssize_t n = read(STDIN_FILENO, buffer.get() + held,
		    PIECE - held);
		size_t whole;

		if (n < 0)
			fail(3, "standard input", std::strerror(errno));
		at_end = n == 0;
		held += (size_t)n;
		if (held < PIECE && !at_end)
			continue;
		whole = whole_lines(buffer.get(), held, at_end);
		if (whole > 0)
			error = add_lines(parser, buffer.get(), whole, totals);
		held -= whole;
		std::memmove(buffer.get(), buffer.get() + whole, held);
	}
	return error;
}

static error_code
add_file(ondemand::parser &parser, const char *path, totals &totals)
{
	padded_string file;
	error_code error = padded_string::load(path).get(file);

	if (error)
		fail(3, path, error_message(error));
	return add_lines(parser, file.data(), file.size(), totals);
}

int
main(int argc, char **argv)
{
	ondemand::parser parser;
	totals totals = { 0, 0 };
	error_code error;

	if (argc > 2) {
		std::fprintf(stderr, "usage: yardstick [FILE]\n");
		return 2;
	}
	error = argc == 2 ? add_file(parser, argv[1], totals) :
	    add_input(parser, totals);
	if (error)
		fail(1, "a line", error_message(error));
	std::printf("%" PRIu64 " %" PRIu64 " simdjson %d.%d.%d %s\n",
	    totals.length, totals.lines, SIMDJSON_VERSION_MAJOR,
	    SIMDJSON_VERSION_MINOR, SIMDJSON_VERSION_REVISION,
	    get_active_implementation()->name().c_str());
	return std::fflush(stdout) == EOF ? 3 : 0;
}
