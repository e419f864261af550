#ifndef PG_UPSERT_BINDING_H
#define PG_UPSERT_BINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "table.h"

/*
 * One JSON object -> one row: for each column of the table the text that the
 * server will read, NULL, or nothing.  Reads the object alone: what only the
 * server can know (whether "abc" is a number) is left to it.
 *
 * - A member fills the column of its name; one that begins with `_` is no
 *   column; any other is refused, or ignored if extra_ignored says so.
 * - JSON null is SQL NULL, also in a json column.
 * - A missing member is a column left out of the statement: its default on
 *   insert, what is stored on update.  With fill_missing (where nothing is
 *   updated) a column without a default takes NULL instead, which is the same.
 * - Key and newer columns must be there, a key column must not be null.
 * - Text with U+0000 is refused: PostgreSQL has no such text.  So is text
 *   that the server would read as something else than it says: `now`, an
 *   offset that it would drop.
 */

struct datum {
	const char *text; /* NULL: SQL NULL */
	size_t len;
	bool bare; /* holds nothing an array literal would have to quote */
};

#define BINDING_SMALL 32 /* bytes of a value written anew */

struct binding {
	const struct table *table; /* borrowed */
	bool extra_ignored;
	bool fill_missing;
	bool *present;         /* of the row, by column */
	struct datum *values;  /* of the row, by column; if present */
	char (*small)[BINDING_SMALL];
	size_t *guess;         /* the column of the last line's nth member */
	size_t nguess;
	char reason[256];      /* after a refusal, ended by NUL */
};

/* -1: ENOMEM. */
int binding_init(struct binding *binding, const struct table *table,
    bool extra_ignored, bool fill_missing);
void binding_free(struct binding *binding);

/*
 * Fills present and values from the object; they point into the object's text
 * and into json and binding, and live as long as those stay unchanged.  False:
 * refused, reason says why; or object->no_memory is set.
 */
bool binding_row(struct binding *binding, struct json *object);

/*
 * Rewrites a JSON number that is whole but does not look it (1e3, 5.0) as
 * plain digits.  out has BINDING_SMALL bytes; returns the length, or 0 when
 * the number is not whole, too long, or plain already.
 */
size_t binding_whole(char *out, const char *text, size_t len);

#endif
