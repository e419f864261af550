#ifndef TICKPIPE_JSON_H
#define TICKPIPE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * JSON by RFC 8259, nothing forgiven.  The grammar, UTF-8 (RFC 3629) and the
 * depth are checked by a pass of our own, since jsmn is a tokenizer and not a
 * validator; jsmn then gives the tokens.  An object in the shape of the one
 * before it needs no tokens: see jsonshape.h.
 *
 * What RFC 8259 leaves open is decided so: nesting deeper than
 * JSON_DEPTH_MAX is refused (jq's own bound for arrays; for objects jq 1.6 has
 * half of it); numbers of any size pass, as text; an escape of a lone surrogate
 * ("\ud800") is grammatical and passes, but has no text: json_string()
 * refuses it; a byte order mark is refused.
 */

#define JSON_DEPTH_MAX 256

struct json_error {
	const char *reason; /* a constant, without a newline */
	size_t at;          /* bytes before what is wrong, or JSON_NOWHERE */
};

#define JSON_NOWHERE SIZE_MAX

enum json_type {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* A value as it stands in the text; strings without their quotes. */
struct json_value {
	enum json_type type;
	const char *text;
	size_t len;
};

struct jsonshape;

struct json_member {
	const char *name; /* unescaped, not ended by NUL */
	size_t name_len;
	struct json_value value;
	size_t begin, end; /* offsets in the text, of the opening quote of the
	                      name and just past the value */
};

/* The members of one object, in its order.  Reused from line to line. */
struct json {
	struct json_member *members;
	size_t nmembers;
	size_t members_cap;
	void *tokens; /* jsmn's */
	size_t tokens_cap;
	size_t len;  /* of the text */
	char *arena; /* unescaped text */
	size_t arena_len, arena_cap;
	bool no_memory; /* what failed since the last object began, failed for
	                   want of memory and not because of the text */
	struct jsonshape *shape; /* of the last object */
	uint32_t shape_id; /* objects with the same one, not 0, have the same
	                      names in the same order */
};

/* Writes the tokenizer's name and, where the build knew it, its version. */
void json_library(char *out, size_t cap);

void json_init(struct json *json);
void json_free(struct json *json);

/*
 * Whether text is one JSON value of any type, white space around it allowed.
 * 0, or -1 with *error set.
 */
int json_check(const char *text, size_t len, struct json_error *error);

/*
 * Takes apart one object.  Members point into text and into json: both are
 * valid until the next call or until text changes.  Memory grows with the
 * longest text seen and is kept.  0, or -1 with *error set ("not a JSON
 * object" for another value); with json->no_memory also set nothing is known
 * about the text.
 */
int json_object(struct json *json, const char *text, size_t len,
    struct json_error *error);

/* The first member of that name, or NULL. */
const struct json_member *json_find(const struct json *json,
    const char *name);

static inline bool
json_name_is(const struct json_member *member, const char *name)
{
	return member->name_len == strlen(name) &&
	    memcmp(name, member->name, member->name_len) == 0;
}

/*
 * The text of a string value, unescaped, valid as long as the members are; to
 * be asked once a value.
 * -1 when it holds an escape of a lone surrogate, or when there is no memory,
 * and then json->no_memory is set.
 */
int json_string(struct json *json, const struct json_value *value,
    const char **text, size_t *len);

/* What json_next() has not given yet of an array. */
struct json_elements {
	const char *p, *end;
};

/*
 * Whether text is one JSON array, white space around it allowed; its elements
 * are then had by json_next().  0, or -1 with *error set ("not a JSON array"
 * for another value).
 */
int json_array(struct json_elements *elements, const char *text, size_t len,
    struct json_error *error);

/* The next element, which points into the text; false: there is none. */
bool json_next(struct json_elements *elements, struct json_value *value);

/*
 * Whether text can stand in a line as a value that every reader can read: JSON
 * of any type without LF, nested 127 deep at most, no escape of a surrogate
 * (jq refuses half a pair).
 */
bool json_fits_line(const char *text, size_t len);

/*
 * Writes text as a JSON string with its quotes to out, which must have
 * JSON_QUOTE_MAX(len) bytes.  Control characters (C0, DEL, C1) are escaped;
 * a byte that is not part of valid UTF-8 becomes U+FFFD.  Returns the length.
 */
#define JSON_QUOTE_MAX(len) (6 * (len) + 2)
size_t json_quote(char *out, const char *text, size_t len);

/*
 * Length of the UTF-8 sequence that begins at text, 0 when it is not valid
 * (overlong, a surrogate, beyond U+10FFFF, cut short).  len > 0.
 * json_is_utf8(): whether the whole text is valid.
 */
size_t json_utf8_len(const char *text, size_t len);
bool json_is_utf8(const char *text, size_t len);

#endif
