#ifndef PG_UPSERT_SPELLING_H
#define PG_UPSERT_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What PostgreSQL would read out of a text that this command does not want
 * it to: words that mean another value tomorrow, and offsets that it drops.
 */

/*
 * The first of words (lower case, of three letters or more; ends with NULL)
 * that stands in the text by itself, with no letter beside it, in whatever
 * case; or NULL.
 */
const char *spelling_word(const char *text, size_t len,
    const char *const *words);

/*
 * Whether an offset or the name of a time zone follows a time of day, as in
 * `23:57+02`, `23:57:02.5 EST` or `23:57Z`.
 */
bool spelling_offset(const char *text, size_t len);

#endif
