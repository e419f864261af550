#ifndef BWS_MEMBERS_H
#define BWS_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "record.h"

/*
 * The members of a trade, by the same rules whatever they are called: the
 * stream and REST have the same values under other names.  No I/O, no clock.
 *
 * Each function returns false with the reason in words, which has
 * MEMBERS_REASON bytes; where memory ran out json->no_memory is set, too.
 */

#define MEMBERS_REASON 128
#define MEMBERS_MAX 8

/* What a member is called and what it has to be. */
struct member_rule {
	const char *name;
	size_t name_len;
	enum json_type type; /* JSON_TRUE: either truth value */
	bool required;
};

#define MEMBER_RULE(name, type, required) \
	{ name, sizeof(name) - 1, type, required }

/*
 * Where the members were in the last object that had them all: one in the same
 * shape has them there again.  At first all zero.
 */
struct members_map {
	const struct json *object;
	uint32_t shape_id;
	signed char at[MEMBERS_MAX]; /* -1: not there */
};

/*
 * Finds the members of n rules, at most MEMBERS_MAX; found[i] is NULL where
 * one that is not required is not there.  One that is there twice could be
 * read in two ways: false.
 */
bool members_find(const struct json *object, const struct member_rule *rules,
    size_t n, struct members_map *map, const struct json_value *found[],
    char *reason);

/* 1 to RECORD_SYMBOL_MAX bytes of text, lent as json_string() lends it. */
bool members_symbol(struct json *object, const struct json_value *value,
    struct record_text *out, char *reason);

/* 0 to 2^63-1. */
bool members_id(const struct json_value *value, int64_t *out, char *reason);

/*
 * A time since the epoch, whose unit its digits tell: milliseconds or
 * microseconds, 2001 to 2286.  *digits is then 3 or 6.  name is for the
 * reason.
 */
bool members_time(const struct json_value *value, const char *name,
    int64_t *out_us, int *digits, char *reason);

/*
 * A decimal in the exchange's own digits, lent as the value is: a JSON number
 * of at most MEMBERS_NUMBER_MAX bytes, not negative, and not 0 where it has to
 * be positive.
 */
#define MEMBERS_NUMBER_MAX 64
bool members_number(const struct json_value *value, const char *what,
    bool positive, struct record_text *out, char *reason);

#endif
