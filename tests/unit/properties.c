/*
 * Goal: properties files of Java's clients and of kcat read as they mean.
 */
#include "properties.h"

#include <stdlib.h>

#include "tap.h"

struct want {
	const char *name, *value; /* name NULL: malformed, and the end */
};

static void
check(const char *what, const char *text, const struct want *want, size_t n)
{
	char *copy = strdup(text);
	struct properties p;
	const char *name, *value;
	int result = 0;

	properties_init(&p, copy);
	for (size_t i = 0; i < n; i++) {
		result = properties_next(&p, &name, &value);
		if (want[i].name == NULL) {
			tap_int(result, -1, what);
			free(copy);
			return;
		}
		if (result != 1) {
			tap_ok(false, "%s: property %zu", what, i);
			free(copy);
			return;
		}
		tap_text(name, strlen(name), want[i].name, what);
		tap_text(value, strlen(value), want[i].value, what);
	}
	tap_int(properties_next(&p, &name, &value), 0, what);
	free(copy);
}

#define CHECK(what, text, ...)                                            \
	do {                                                              \
		const struct want w[] = { __VA_ARGS__ };                  \
		check(what, text, w, sizeof w / sizeof *w);               \
	} while (0)

static void
check_jaas(const char *config, const char *name, const char *want)
{
	char out[32];
	int result = properties_jaas(config, name, out, sizeof out);

	if (want == NULL)
		tap_int(result, -1, config);
	else if (tap_int(result, 0, config))
		tap_text(out, strlen(out), want, config);
}

int
main(void)
{
	struct properties p;
	char text[] = "# c\n\na=1\n b\\\n  c = 2\n";
	const char *name, *value;

	CHECK("kcat's form", "a.b=c\nd=e=f\n", { "a.b", "c" }, { "d", "e=f" });
	CHECK("blanks", "  a = b  \r\n\tc\t=\td \n", { "a", "b" },
	    { "c", "d" });
	CHECK("colon and blank", "a:b\nc d\ne : f\n", { "a", "b" },
	    { "c", "d" }, { "e", "f" });
	CHECK("comments", "# x=y\n! z\n\n   \na=#b\n", { "a", "#b" });
	CHECK("no value", "a=\nb\nc=", { "a", "" }, { "b", "" },
	    { "c", "" });
	CHECK("joined lines", "a=b\\\n   c\nd=e\\\\\nf=g\\", { "a", "bc" },
	    { "d", "e\\" }, { "f", "g" });
	CHECK("escapes", "a\\=b=\\tc\\u00e9\\q\nx=y\\ \n", { "a=b",
	    "\tc\xc3\xa9q" }, { "x", "y " });
	CHECK("no name", "a=b\n=c\n", { "a", "b" }, { NULL, NULL });
	CHECK("escape cut short", "a=\\u00\n", { NULL, NULL });
	CHECK("no NUL from an escape", "a=\\u0000b\n", { NULL, NULL });
	properties_init(&p, text);
	properties_next(&p, &name, &value);
	tap_int(p.line, 3, "the line of a property");
	properties_next(&p, &name, &value);
	tap_int(p.line, 4, "the line where a joined one begins");

	check_jaas("x.PlainLoginModule required username=\"u\" "
	    "password=\"p;\\\"q\";", "password", "p;\"q");
	check_jaas("x required password=\"a username=b\" username='c';",
	    "username", "c");
	check_jaas("x required username=bare;", "username", "bare");
	check_jaas("x required xusername=\"u\";", "username", NULL);
	check_jaas("x required username=\"u", "username", NULL);
	check_jaas("x required username=\"0123456789012345678901234567890123"
	    "\";", "username", NULL);
	return tap_done();
}
