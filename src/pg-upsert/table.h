#ifndef PG_UPSERT_TABLE_H
#define PG_UPSERT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The table that rows go to, as the catalog describes it.  Filled once by
 * db.c; everything else only reads it.
 */

/* What a column takes, as far as binding a JSON value to it matters. */
enum column_kind {
	COLUMN_OTHER,     /* any scalar's text: the server judges */
	COLUMN_TEXT,      /* strings, and the text of other scalars */
	COLUMN_NUMBER,    /* numbers as text; the server judges strings */
	COLUMN_INTEGER,   /* the same, and 1e3 is written 1000 */
	COLUMN_BOOLEAN,   /* true, false, or a string */
	COLUMN_MONEY,     /* numbers as text, and no other text */
	COLUMN_TIME,      /* strings only: 20240718 would be a date */
	COLUMN_JSON,      /* any value, as its text */
};

/* How a value gets from the type `via` to the column's. */
enum column_cast {
	CAST_TYPE, /* by a cast */
	CAST_TEXT, /* no cast leads there: by its text */
	CAST_TIME, /* a time of day with an offset: in UTC, without it */
};

struct column {
	const char *name; /* owned, as type */
	const char *type;  /* as SQL names it, without length or precision */
	const char *via;   /* the type its text is read as, because type would
	                      drop an offset, or go by a setting; or NULL */
	enum column_cast cast;
	enum column_kind kind;
	bool not_null;
	bool has_default;  /* a missing member is not the same as null */
	bool generated;    /* always: nothing may be written to it */
	bool as_text;      /* travels as text[], cast to its type row by row:
	                      what unnest() would take apart otherwise */
	bool c_order;      /* text that equals only itself: "C" orders it */
	bool has_times;    /* is a time, or holds some: `now` would be one */
	bool drops_offset; /* of a time in it, and there is no via */
	bool is_key;
	bool is_newer;
};

struct table {
	const char *name; /* owned; qualified and quoted */
	struct column *columns;
	size_t ncolumns;
	size_t *key; /* indices of columns, in the index's order */
	size_t nkey;
	size_t *newer; /* in the order of --newer */
	size_t nnewer;
};

void table_free(struct table *table);

/* The column of that name (exactly), or ncolumns. */
size_t table_find(const struct table *table, const char *name, size_t len);

/*
 * Column names separated by commas: blanks around a name do not count, double
 * quotes take a name whole and are doubled inside it.  Case counts, as it does
 * in JSON.
 */
struct names {
	char **list; /* ends with NULL */
	size_t count;
};

/* NULL, or what is wrong with the text (a constant). */
const char *names_read(struct names *names, const char *text);
void names_free(struct names *names);

#endif
