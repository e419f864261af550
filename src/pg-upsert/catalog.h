#ifndef PG_UPSERT_CATALOG_H
#define PG_UPSERT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "table.h"

/*
 * What is asked of the server's catalog, and what the answers mean.  Each
 * query takes the table's name, as a user writes it in SQL, as $1.
 */
enum catalog_query {
	CATALOG_TABLE,
	CATALOG_COLUMNS,
	CATALOG_KEYS,
	CATALOG_QUERIES, /* how many there are */
};

/* An answer, without its library. */
struct rows {
	const void *result;
	size_t count;
	const char *(*cell)(const void *result, size_t row, size_t column);
};

/* What the user asked for. */
struct wanted {
	const char *table;
	struct names key;   /* empty: the primary key */
	struct names newer; /* may be empty */
};

#define CATALOG_REASON_MAX 512

const char *catalog_sql(enum catalog_query query);

/*
 * Reads an answer into *table; the queries come in their order, and the last,
 * CATALOG_KEYS, may come again when the key has changed.  False, with
 * reason filled (CATALOG_REASON_MAX bytes), when the table is not one that
 * rows can be upserted into.
 */
bool catalog_read(enum catalog_query query, struct table *table,
    const struct wanted *wanted, const struct rows *rows, char *reason);

#endif
