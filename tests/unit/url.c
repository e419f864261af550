/*
 * URLs of the exchange: what is none is refused, what is one is taken apart.
 */
#include "../../src/bws-trades/url.h"

#include "tap.h"

static void
test_urls(void)
{
	static const char *const bad[] = {
		"", "http://x", "wss://", "wss:///x", "ws://x:", "ws://x:0",
		"ws://x:65536", "ws://x:9443x", "ws://x:-1", "ws://u@x",
		"ws://x/?a=b", "ws://x/#a", "ws://x?a", "ws://x y", "ws://[::1",
		"ws://x/a b", "ws://x/\r\nHost: y", "WSS://x", "ws://x:443:1",
	};
	static const struct {
		const char *text, *host, *path;
		bool tls;
		int port;
	} good[] = {
		{ "wss://stream.binance.com:9443", "stream.binance.com", "",
		    true, 9443 },
		{ "wss://data-stream.binance.vision/",
		    "data-stream.binance.vision", "", true, 443 },
		{ "ws://127.0.0.1:8080/a/b//", "127.0.0.1", "/a/b", false,
		    8080 },
		{ "ws://[::1]:81", "::1", "", false, 81 },
	};
	struct url url;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		tap_ok(!url_read(&url, bad[i], "ws"), "bad URL %zu is refused",
		    i);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		tap_ok(url_read(&url, good[i].text, "ws") &&
		    strcmp(url.host, good[i].host) == 0 &&
		    strcmp(url.path, good[i].path) == 0 &&
		    url.tls == good[i].tls && url.port == good[i].port,
		    "%s", good[i].text);
}

static void
test_rest(void)
{
	static const struct {
		const char *streams, *rest;
	} hosts[] = {
		{ "wss://stream.binance.com:9443", "https://api.binance.com" },
		{ "wss://data-stream.binance.vision",
		    "https://data-api.binance.vision" },
		{ "wss://STREAM.testnet.binance.vision",
		    "https://testnet.binance.vision" },
		{ "wss://fstream.binance.com", NULL },
		{ "ws://127.0.0.1:80", NULL },
	};
	struct url url, rest;
	char text[URL_AUTHORITY_MAX];

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		const char *got = url_read(&url, hosts[i].streams, "ws") ?
		    url_rest_of(&url) : "";

		tap_ok(got == hosts[i].rest || (got != NULL &&
		    hosts[i].rest != NULL && strcmp(got, hosts[i].rest) == 0),
		    "%s: REST", hosts[i].streams);
		tap_ok(got == NULL || url_read(&rest, got, "http"),
		    "which is a URL");
	}
	tap_ok(!url_read(&rest, "wss://x", "http") &&
	    !url_read(&rest, "httpss://x", "http"), "a scheme is a scheme");
	url_read(&url, "wss://[::1]:81/x", "ws");
	url_authority(&url, text);
	tap_text(text, strlen(text), "[::1]:81", "as a Host header has it");
}

int
main(void)
{
	test_urls();
	test_rest();
	return tap_done();
}
