#include "catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char table_sql[] =
    "SELECT c.relkind, pg_catalog.format('%I.%I', n.nspname, c.relname)"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = pg_catalog.to_regclass($1)";

enum { TABLE_KIND, TABLE_NAME };

/*
 * A domain is treated as the type below it, but is named itself.
 *
 * The types without a time zone (timestamp 1114, date 1082, time 1083, and
 * the ranges of the former) read past an offset.  Their texts are read as the
 * type with a time zone, also in arrays; an array of times has no way back
 * from there, nor has a type of the user's that holds such a time.  money
 * (790) reads a point by lc_monetary, numeric does not.
 */
static const char columns_sql[] =
    "WITH RECURSIVE base (oid, base) AS ("
    "SELECT oid, oid FROM pg_catalog.pg_type WHERE typtype <> 'd'"
    " UNION ALL "
    "SELECT d.oid, b.base FROM pg_catalog.pg_type d"
    " JOIN base b ON d.typbasetype = b.oid WHERE d.typtype = 'd'),"
    /* Every type that a column's type is, or is made of. */
    " part (attnum, oid) AS ("
    "SELECT attnum, atttypid FROM pg_catalog.pg_attribute"
    " WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0"
    " AND NOT attisdropped UNION "
    "SELECT p.attnum, x.oid FROM part p"
    " JOIN pg_catalog.pg_type t ON t.oid = p.oid CROSS JOIN LATERAL ("
    "SELECT t.typbasetype UNION ALL SELECT t.typelem UNION ALL"
    " SELECT rngsubtype FROM pg_catalog.pg_range"
    " WHERE rngtypid = t.oid UNION ALL"
    " SELECT atttypid FROM pg_catalog.pg_attribute"
    " WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped)"
    " AS x (oid) WHERE x.oid <> 0),"
    " holds (attnum, times, locals, rows) AS ("
    "SELECT p.attnum,"
    " pg_catalog.bool_or(t.oid IN (1082, 1083, 1114, 1184, 1266)"
    " OR t.typtype = 'm'),"
    " pg_catalog.bool_or(t.oid IN (1082, 1083, 1114)"
    " OR t.typtype = 'm' AND t.oid <> 4534),"
    " pg_catalog.bool_or(t.typtype = 'c')"
    " FROM part p JOIN pg_catalog.pg_type t ON t.oid = p.oid"
    " WHERE t.oid NOT IN (4451, 4532, 4536) GROUP BY p.attnum),"
    " reads (oid, via, by) AS (VALUES"
    " (1114, 'timestamptz', 'type'), (1082, 'timestamptz', 'type'),"
    " (1083, 'timetz', 'time'), (790, 'numeric', 'type'),"
    " (3908, 'tstzrange', 'text'), (3912, 'tstzrange', 'text'),"
    " (4533, 'tstzmultirange', 'text'),"
    " (4535, 'tstzmultirange', 'text')) "
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, -1),"
    " CASE WHEN u.oid IN (114, 3802) THEN 'json'"
    " WHEN u.oid IN (20, 21, 23, 26) THEN 'integer'"
    " WHEN r.via = 'numeric' THEN 'money'"
    " ELSE u.typcategory::pg_catalog.text END,"
    " a.attnotnull,"
    " a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,"
    " a.attgenerated <> '' OR a.attidentity = 'a',"
    " u.typcategory = 'A' OR u.typtype = 'c' OR t.typarray = 0"
    " OR t.typdelim <> ',',"
    " u.oid IN (25, 1042, 1043)"
    " AND coalesce(c.collisdeterministic, false),"
    " 'pg_catalog.' || r.via"
    " || CASE WHEN e.base IS NULL THEN '' ELSE '[]' END,"
    " r.by, h.times AND NOT h.rows, h.locals AND r.via IS NULL "
    "FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " JOIN base b ON b.oid = t.oid"
    " JOIN pg_catalog.pg_type u ON u.oid = b.base"
    " LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation"
    " LEFT JOIN base e ON e.oid = u.typelem AND u.typcategory = 'A'"
    " LEFT JOIN reads r ON r.oid = coalesce(e.base, u.oid)"
    " AND (r.by <> 'time' OR e.base IS NULL)"
    " LEFT JOIN holds h ON h.attnum = a.attnum "
    "WHERE a.attrelid = pg_catalog.to_regclass($1)"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

enum {
	COLUMN_NAME, COLUMN_TYPE, COLUMN_CATEGORY, COLUMN_NOT_NULL,
	COLUMN_HAS_DEFAULT, COLUMN_GENERATED, COLUMN_AS_TEXT, COLUMN_C_ORDER,
	COLUMN_VIA, COLUMN_BY, COLUMN_HAS_TIMES, COLUMN_DROPS_OFFSET,
};

/* The unique indexes that ON CONFLICT (columns) can mean. */
static const char keys_sql[] =
    "SELECT i.indexrelid, i.indisprimary, a.attname"
    " FROM pg_catalog.pg_index i"
    " CROSS JOIN pg_catalog.unnest(i.indkey::int2[])"
    " WITH ORDINALITY AS k (attnum, nth)"
    " JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
    "WHERE i.indrelid = pg_catalog.to_regclass($1)"
    " AND i.indisunique AND i.indisvalid AND i.indimmediate"
    " AND i.indpred IS NULL AND i.indexprs IS NULL"
    " AND k.nth <= i.indnkeyatts "
    "ORDER BY i.indisprimary DESC, i.indexrelid, k.nth";

enum { KEY_INDEX, KEY_PRIMARY, KEY_COLUMN };

const char *
catalog_sql(enum catalog_query query)
{
	static const char *const sql[CATALOG_QUERIES] = {
		[CATALOG_TABLE] = table_sql,
		[CATALOG_COLUMNS] = columns_sql,
		[CATALOG_KEYS] = keys_sql,
	};

	return sql[query];
}

static bool
fail(char *reason, const char *fmt, const char *what)
{
	snprintf(reason, CATALOG_REASON_MAX, fmt, what);
	return false;
}

static bool
no_memory(char *reason)
{
	return fail(reason, "%s", "out of memory");
}

static const char *
cell(const struct rows *rows, size_t row, size_t column)
{
	const char *text = rows->cell(rows->result, row, column);

	return text != NULL ? text : "";
}

static bool
is_true(const struct rows *rows, size_t row, size_t column)
{
	return strcmp(cell(rows, row, column), "t") == 0;
}

static bool
read_table(struct table *table, const struct wanted *wanted,
    const struct rows *rows, char *reason)
{
	const char *kind;

	if (rows->count == 0)
		return fail(reason, "there is no table %s", wanted->table);
	kind = cell(rows, 0, TABLE_KIND);
	if (strcmp(kind, "r") != 0 && strcmp(kind, "p") != 0)
		return fail(reason, "%s is not a table", wanted->table);
	table->name = strdup(cell(rows, 0, TABLE_NAME));
	return table->name != NULL || no_memory(reason);
}

static enum column_kind
kind_of(const char *category)
{
	static const struct {
		const char *category;
		enum column_kind kind;
	} kinds[] = {
		{ "json", COLUMN_JSON }, { "integer", COLUMN_INTEGER },
		{ "money", COLUMN_MONEY }, { "B", COLUMN_BOOLEAN },
		{ "D", COLUMN_TIME }, { "T", COLUMN_TIME },
		{ "N", COLUMN_NUMBER }, { "S", COLUMN_TEXT },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].category, category) == 0)
			return kinds[i].kind;
	}
	return COLUMN_OTHER;
}

static enum column_cast
cast_of(const char *by)
{
	if (strcmp(by, "time") == 0)
		return CAST_TIME;
	return strcmp(by, "text") == 0 ? CAST_TEXT : CAST_TYPE;
}

/* How the column's text is read; false: out of memory. */
static bool
read_via(struct column *column, const struct rows *rows, size_t row)
{
	const char *via = cell(rows, row, COLUMN_VIA);

	column->cast = cast_of(cell(rows, row, COLUMN_BY));
	column->has_times = is_true(rows, row, COLUMN_HAS_TIMES);
	column->drops_offset = is_true(rows, row, COLUMN_DROPS_OFFSET);
	column->via = *via != '\0' ? strdup(via) : NULL;
	return *via == '\0' || column->via != NULL;
}

static bool
read_columns(struct table *table, const struct rows *rows, char *reason)
{
	table->columns = calloc(rows->count + 1, sizeof *table->columns);
	if (table->columns == NULL)
		return no_memory(reason);
	table->ncolumns = rows->count;
	for (size_t i = 0; i < rows->count; i++) {
		struct column *column = &table->columns[i];

		column->name = strdup(cell(rows, i, COLUMN_NAME));
		column->type = strdup(cell(rows, i, COLUMN_TYPE));
		if (column->name == NULL || column->type == NULL ||
		    !read_via(column, rows, i))
			return no_memory(reason);
		column->kind = kind_of(cell(rows, i, COLUMN_CATEGORY));
		column->not_null = is_true(rows, i, COLUMN_NOT_NULL);
		column->has_default = is_true(rows, i, COLUMN_HAS_DEFAULT);
		column->generated = is_true(rows, i, COLUMN_GENERATED);
		column->as_text = is_true(rows, i, COLUMN_AS_TEXT);
		column->c_order = is_true(rows, i, COLUMN_C_ORDER);
	}
	return true;
}

static bool
wants_column(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i], name) == 0)
			return true;
	}
	return false;
}

/* Whether the index in rows first..end-1 is the key that was asked for. */
static bool
is_key(const struct rows *rows, size_t first, size_t end,
    const struct names *key)
{
	if (key->count == 0)
		return is_true(rows, first, KEY_PRIMARY);
	if (end - first != key->count)
		return false;
	for (size_t i = first; i < end; i++) {
		if (!wants_column(key, cell(rows, i, KEY_COLUMN)))
			return false;
	}
	return true;
}

/* The rows of the wanted index; false if there is none. */
static bool
find_key(const struct rows *rows, const struct names *key, size_t *first,
    size_t *end)
{
	for (*first = 0; *first < rows->count; *first = *end) {
		for (*end = *first + 1; *end < rows->count; (*end)++) {
			if (strcmp(cell(rows, *end, KEY_INDEX),
			    cell(rows, *first, KEY_INDEX)) != 0)
				break;
		}
		if (is_key(rows, *first, *end, key))
			return true;
	}
	return false;
}

static bool
check_names(const struct table *table, const struct names *names,
    const char *fmt, char *reason)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->list[i];

		if (table_find(table, name, strlen(name)) == table->ncolumns)
			return fail(reason, fmt, name);
	}
	return true;
}

static bool
set_newer(struct table *table, const struct names *newer, char *reason)
{
	table->newer = calloc(newer->count + 1, sizeof *table->newer);
	if (table->newer == NULL)
		return no_memory(reason);
	for (size_t i = 0; i < newer->count; i++) {
		size_t column = table_find(table, newer->list[i],
		    strlen(newer->list[i]));

		if (table->columns[column].is_key)
			return fail(reason, "--newer: %s belongs to the key",
			    newer->list[i]);
		if (table->columns[column].generated)
			return fail(reason, "--newer: the database generates "
			    "%s", newer->list[i]);
		table->columns[column].is_newer = true;
		table->newer[table->nnewer++] = column;
	}
	return true;
}

/* What an earlier answer said. */
static void
forget_keys(struct table *table)
{
	free(table->key);
	free(table->newer);
	table->key = table->newer = NULL;
	table->nkey = table->nnewer = 0;
	for (size_t i = 0; i < table->ncolumns; i++)
		table->columns[i].is_key = table->columns[i].is_newer = false;
}

static bool
read_keys(struct table *table, const struct wanted *wanted,
    const struct rows *rows, char *reason)
{
	size_t first, end;

	if (!check_names(table, &wanted->key,
	    "--key: the table has no column %s", reason) ||
	    !check_names(table, &wanted->newer,
	    "--newer: the table has no column %s", reason))
		return false;
	if (!find_key(rows, &wanted->key, &first, &end)) {
		return fail(reason, wanted->key.count > 0 ?
		    "%s has no unique index on exactly the columns of --key "
		    "(deferrable, partial and expression indexes do not "
		    "count)" :
		    "%s has no primary key that is checked at once: name a "
		    "unique index's columns with --key", wanted->table);
	}
	forget_keys(table);
	table->key = calloc(end - first, sizeof *table->key);
	if (table->key == NULL)
		return no_memory(reason);
	for (size_t i = first; i < end; i++) {
		const char *name = cell(rows, i, KEY_COLUMN);
		size_t column = table_find(table, name, strlen(name));

		if (column == table->ncolumns ||
		    table->columns[column].generated)
			return fail(reason, "the key's column %s is generated "
			    "by the database", name);
		table->columns[column].is_key = true;
		table->key[table->nkey++] = column;
	}
	return set_newer(table, &wanted->newer, reason);
}

bool
catalog_read(enum catalog_query query, struct table *table,
    const struct wanted *wanted, const struct rows *rows, char *reason)
{
	switch (query) {
	case CATALOG_TABLE:
		table_free(table);
		return read_table(table, wanted, rows, reason);
	case CATALOG_COLUMNS:
		return read_columns(table, rows, reason);
	case CATALOG_KEYS:
		return read_keys(table, wanted, rows, reason);
	case CATALOG_QUERIES:
		break;
	}
	return false;
}
