#ifndef PG_UPSERT_STATEMENT_H
#define PG_UPSERT_STATEMENT_H

#include <stdbool.h>

#include "table.h"

/*
 * The text of the one statement that writes a batch,
 *
 *	INSERT INTO table AS t (a, b)
 *	SELECT DISTINCT ON (r.c1) r.c1, r.c2
 *	FROM ROWS FROM (unnest($1::type[]), unnest($2::type[]))
 *	WITH ORDINALITY AS r (c1, c2, n)
 *	ORDER BY r.c1, ..., r.n DESC
 *	ON CONFLICT (a) DO UPDATE SET b = excluded.b [WHERE ...]
 *
 * with a parameter for each column that the batch's rows have, in the order
 * of the table.  A column whose type would drop the offset of a time is read
 * as the type that heeds it, and cast: unnest($1::timestamptz[]) and
 * r.c1::timestamp; the session's time zone is UTC, so that a text without an
 * offset stays what it is.  The server itself picks the version of a key that stays and
 * orders the rows by key (so that two writers do not wait for each other in a
 * circle): nobody else knows for certain when two values of a type are equal.
 */

enum statement_mode {
	STATEMENT_UPDATE, /* the last version of a key, or the newest */
	STATEMENT_IGNORE, /* DO NOTHING: the first version of a key */
	STATEMENT_IGNORE_SORTED, /* the same, and the rows are sorted: no
	                            ORDER BY */
};

/*
 * present[i] says whether the rows have column i; key and newer columns are
 * there.  Returns text to be freed by the caller, or NULL on ENOMEM.
 */
char *statement_text(const struct table *table, const bool *present,
    enum statement_mode mode);

#endif
