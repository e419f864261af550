#include "statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text being put together; after a failed allocation it stays NULL. */
struct sql {
	char *text;
	size_t len, cap;
	bool failed;
};

static void
put(struct sql *sql, const char *fmt, ...)
{
	va_list args;
	size_t room = sql->cap - sql->len;
	int want;

	va_start(args, fmt);
	want = sql->failed ? -1 : vsnprintf(sql->text ? sql->text + sql->len :
	    NULL, room, fmt, args);
	va_end(args);
	if (want >= 0 && (size_t)want >= room) {
		size_t cap = 2 * sql->cap + (size_t)want + 1;
		char *text = realloc(sql->text, cap);

		if (text == NULL) {
			sql->failed = true;
			return;
		}
		sql->text = text;
		sql->cap = cap;
		va_start(args, fmt);
		vsnprintf(sql->text + sql->len, cap - sql->len, fmt, args);
		va_end(args);
	}
	if (want > 0)
		sql->len += (size_t)want;
}

/* A name in double quotes. */
static void
put_name(struct sql *sql, const char *name)
{
	put(sql, "\"");
	for (; *name != '\0'; name++)
		put(sql, "%s%c", *name == '"' ? "\"" : "", *name);
	put(sql, "\"");
}

/* The value as it was read: column i of the table is column i + 1 of r. */
static void
put_read(struct sql *sql, const struct column *column, size_t i)
{
	put(sql, "r.c%zu", i + 1);
	if (column->as_text && column->via != NULL)
		put(sql, "::%s", column->via);
}

/*
 * A time of day with an offset, in UTC.  Without one it has that of the
 * session, which is UTC: it stays as it is, for AT TIME ZONE would turn
 * 24:00:00 into 00:00:00.
 */
static void
put_time(struct sql *sql, const struct column *column, size_t i)
{
	put(sql, "CASE pg_catalog.date_part('timezone', ");
	put_read(sql, column, i);
	put(sql, ") WHEN 0 THEN ");
	put_read(sql, column, i);
	put(sql, " ELSE ");
	put_read(sql, column, i);
	put(sql, " AT TIME ZONE 'UTC' END");
}

/* An incoming value, as the column's type. */
static void
put_value(struct sql *sql, const struct table *table, size_t i)
{
	const struct column *column = &table->columns[i];

	if (column->cast == CAST_TIME)
		put_time(sql, column, i);
	else
		put_read(sql, column, i);
	if (column->cast == CAST_TEXT)
		put(sql, "::pg_catalog.text");
	if (column->as_text || column->via != NULL)
		put(sql, "::%s", column->type);
}

/* The type that the elements of the column's array have. */
static const char *
element_type(const struct column *column)
{
	if (column->as_text)
		return "pg_catalog.text";
	return column->via != NULL ? column->via : column->type;
}

static void
put_target(struct sql *sql, const struct table *table, const bool *present)
{
	const char *comma = "";

	put(sql, "INSERT INTO %s AS t (", table->name);
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (!present[i])
			continue;
		put(sql, "%s", comma);
		put_name(sql, table->columns[i].name);
		comma = ", ";
	}
	put(sql, ")");
}

/* The key's columns, as a list to order by or to be distinct on. */
static void
put_key(struct sql *sql, const struct table *table)
{
	for (size_t i = 0; i < table->nkey; i++) {
		put(sql, "%s", i > 0 ? ", " : "");
		put_value(sql, table, table->key[i]);
		if (table->columns[table->key[i]].c_order)
			put(sql, " COLLATE pg_catalog.\"C\"");
	}
}

static void
put_select(struct sql *sql, const struct table *table, const bool *present,
    enum statement_mode mode)
{
	const char *comma = "";

	put(sql, " SELECT ");
	if (mode == STATEMENT_UPDATE) {
		put(sql, "DISTINCT ON (");
		put_key(sql, table);
		put(sql, ") ");
	}
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (!present[i])
			continue;
		put(sql, "%s", comma);
		put_value(sql, table, i);
		comma = ", ";
	}
}

static void
put_source(struct sql *sql, const struct table *table, const bool *present,
    enum statement_mode mode)
{
	const char *comma = "";
	size_t nth = 0;

	put(sql, " FROM ROWS FROM (");
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (!present[i])
			continue;
		put(sql, "%spg_catalog.unnest($%zu::%s[])",
		    nth > 0 ? ", " : "", nth + 1,
		    element_type(&table->columns[i]));
		nth++;
	}
	put(sql, mode == STATEMENT_IGNORE_SORTED ? ") AS r (" :
	    ") WITH ORDINALITY AS r (");
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (!present[i])
			continue;
		put(sql, "%sc%zu", comma, i + 1);
		comma = ", ";
	}
	put(sql, "%s", mode == STATEMENT_IGNORE_SORTED ? ")" : ", n)");
}

static void
put_order(struct sql *sql, const struct table *table,
    enum statement_mode mode)
{
	put(sql, " ORDER BY ");
	put_key(sql, table);
	for (size_t i = 0; mode == STATEMENT_UPDATE && i < table->nnewer;
	    i++) {
		put(sql, ", ");
		put_value(sql, table, table->newer[i]);
		put(sql, " DESC NULLS LAST");
	}
	put(sql, ", r.n%s", mode == STATEMENT_UPDATE ? " DESC" : "");
}

static bool
newer_nullable(const struct table *table)
{
	for (size_t i = 0; i < table->nnewer; i++) {
		if (!table->columns[table->newer[i]].not_null)
			return true;
	}
	return false;
}

static void
put_row(struct sql *sql, const struct table *table, const char *of)
{
	put(sql, "ROW(");
	for (size_t i = 0; i < table->nnewer; i++) {
		put(sql, "%s%s.", i > 0 ? ", " : "", of);
		put_name(sql, table->columns[table->newer[i]].name);
	}
	put(sql, ")");
}

/* "(e > s OR e = s AND (the next column))", NULL being the lowest value. */
static void
put_compare_nulls(struct sql *sql, const struct table *table)
{
	for (size_t i = 0; i < table->nnewer; i++) {
		const char *name = table->columns[table->newer[i]].name;
		static const char *const parts[] = {
			"(excluded.", " > t.", " OR (excluded.",
			" IS NOT NULL AND t.",
			" IS NULL) OR (excluded.", " IS NOT DISTINCT FROM t.",
		};

		for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
			put(sql, "%s", parts[k]);
			put_name(sql, name);
		}
		put(sql, "%s", i + 1 < table->nnewer ? " AND " : "");
	}
	for (size_t i = 0; i < table->nnewer; i++)
		put(sql, "))");
}

static void
put_conflict(struct sql *sql, const struct table *table, const bool *present,
    enum statement_mode mode)
{
	const char *comma = "";

	put(sql, " ON CONFLICT (");
	for (size_t i = 0; i < table->nkey; i++) {
		put(sql, "%s", i > 0 ? ", " : "");
		put_name(sql, table->columns[table->key[i]].name);
	}
	put(sql, ") DO ");
	for (size_t i = 0; mode == STATEMENT_UPDATE && i < table->ncolumns;
	    i++) {
		const char *name = table->columns[i].name;

		if (!present[i] || table->columns[i].is_key)
			continue;
		put(sql, "%s", *comma == '\0' ? "UPDATE SET " : comma);
		put_name(sql, name);
		put(sql, " = excluded.");
		put_name(sql, name);
		comma = ", ";
	}
	if (*comma == '\0') {
		put(sql, "NOTHING");
	} else if (table->nnewer > 0) {
		put(sql, " WHERE ");
		if (newer_nullable(table)) {
			put_compare_nulls(sql, table);
		} else {
			put_row(sql, table, "excluded");
			put(sql, " >= ");
			put_row(sql, table, "t");
		}
	}
}

char *
statement_text(const struct table *table, const bool *present,
    enum statement_mode mode)
{
	struct sql sql = { 0 };

	put_target(&sql, table, present);
	put_select(&sql, table, present, mode);
	put_source(&sql, table, present, mode);
	if (mode != STATEMENT_IGNORE_SORTED)
		put_order(&sql, table, mode);
	put_conflict(&sql, table, present, mode);
	if (sql.failed) {
		free(sql.text);
		return NULL;
	}
	return sql.text;
}
