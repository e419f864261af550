/* Rows become array literals, of which any stretch can be cut out. */
#include <stdlib.h>

#include "../../src/pg-upsert/batch.h"
#include "../../src/pg-upsert/statement.h"
#include "tap.h"

static struct column columns[] = {
	{ .name = "k\"ey", .type = "text", .is_key = true, .not_null = true,
	    .c_order = true },
	{ .name = "v", .type = "bigint" },
	{ .name = "list", .type = "integer[]", .as_text = true },
};
static size_t key[] = { 0 }, newer[] = { 1, 2 };
static struct table table = {
	.name = "public.t",
	.columns = columns,
	.ncolumns = 3,
	.key = key,
	.nkey = 1,
	.newer = newer,
};

static struct binding binding;

static void
row(const char *k, const char *v)
{
	binding.present[0] = true;
	binding.present[1] = v != NULL;
	binding.values[0] = (struct datum){ k, k ? strlen(k) : 0, false };
	if (v != NULL)
		binding.values[1] = (struct datum){ v, strlen(v), true };
}

static void
cut(struct batch *batch, size_t column, size_t from, size_t to,
    const char *want)
{
	const char *got = batch_cut(batch, column, from, to);

	tap_text(got, strlen(got), want, want);
	batch_uncut(batch, column);
}

static void
test_literals(struct batch *batch)
{
	static const char *const keys[] = { "a", "", "q\"b\\", NULL, "NULL",
	    "{,}" };
	size_t len;
	uint64_t number;

	for (size_t i = 0; i < 6; i++) {
		row(keys[i], "7");
		tap_ok(batch_takes(batch, &binding) && batch_add(batch,
		    &binding, "line", i % 5, i + 1) == 0, "a row");
	}
	cut(batch, 0, 0, 6,
	    "{\"a\",\"\",\"q\\\"b\\\\\",NULL,\"NULL\",\"{,}\"}");
	for (int twice = 0; twice < 2; twice++) {
		cut(batch, 0, 0, 1, "{\"a\"}");
		cut(batch, 0, 1, 4, "{\"\",\"q\\\"b\\\\\",NULL}");
		cut(batch, 0, 5, 6, "{\"{,}\"}");
		cut(batch, 1, 2, 4, "{7,7}");
	}
	batch_line(batch, 3, &len, &number);
	tap_int((int64_t)len, 3, "the line's length");
	tap_int((int64_t)number, 4, "and its number");
	row("x", NULL);
	tap_ok(!batch_takes(batch, &binding), "other columns, other batch");
	batch_clear(batch);
	tap_ok(batch_takes(batch, &binding), "but an empty one takes any");
}

/* Canonical keys: by text, equal ones in the order of their lines. */
static void
test_sort(struct batch *batch)
{
	static const char *const keys[] = { "b", "a", "", "b", "a\"", "aa" };
	static const char *const versions[] = { "1", "2", "3", "4", "5",
	    "66" };
	size_t len;
	uint64_t number;

	columns[0].kind = COLUMN_TEXT;
	for (size_t i = 0; i < 6; i++) {
		row(keys[i], versions[i]);
		batch_add(batch, &binding, "0123456789", i, i + 1);
	}
	tap_ok(batch->canonical && batch_sort(batch) == 0 && batch->sorted,
	    "sorted");
	cut(batch, 0, 0, 6, "{\"\",\"a\",\"a\\\"\",\"aa\",\"b\",\"b\"}");
	cut(batch, 1, 0, 6, "{3,2,5,66,1,4}");
	cut(batch, 1, 3, 5, "{66,1}");
	batch_line(batch, 2, &len, &number);
	tap_ok(len == 4 && number == 5, "lines go with their rows");
	batch_clear(batch);
	columns[0].kind = COLUMN_OTHER;
	row("a", "1");
	batch_add(batch, &binding, "", 0, 1);
	batch_add(batch, &binding, "", 0, 2);
	tap_ok(!batch->canonical && batch_sort(batch) == 0 && !batch->sorted,
	    "other types are the server's to sort");
	batch_clear(batch);
}

static void
test_full(struct batch *batch)
{
	static char line[BATCH_BYTES];

	row("k", "1");
	for (size_t i = 0; i < BATCH_ROWS; i++) {
		if (batch_full(batch) ||
		    batch_add(batch, &binding, "", 0, i) == -1)
			break;
	}
	tap_int((int64_t)batch->nrows, BATCH_ROWS, "10,000 rows fit");
	tap_ok(batch_full(batch), "and no more");
	batch_clear(batch);
	batch_add(batch, &binding, line, sizeof line, 1);
	tap_ok(batch_full(batch), "nor do more bytes than the bound");
	batch_clear(batch);
}

static void
test_marks(void)
{
	struct marks marks = { 0 }, more = { 0 };
	struct provenance p = { .topic = "t", .topic_len = 1, .start = 5 };

	for (p.offset = 0; p.offset < 100; p.offset++) {
		p.partition = (int32_t)(p.offset % 20);
		marks_put(&marks, &p);
	}
	tap_int((int64_t)marks.nset, 20, "a mark a partition");
	tap_int(marks.list[3].provenance.offset, 83, "the last one");
	p.topic = "u";
	p.partition = 3;
	p.offset = -1;
	marks_put(&more, &p);
	tap_ok(marks_move(&more, &marks) == 0 && more.nset == 21 &&
	    marks.nset == 0, "marks move");
	tap_text(more.list[0].provenance.topic, 1, "u", "topics are copied");
	marks_free(&marks);
	marks_free(&more);
}

static void
statement(size_t nnewer, enum statement_mode mode, const char *want)
{
	const bool present[] = { true, true, true };
	char *got;

	table.nnewer = nnewer;
	got = statement_text(&table, present, mode);
	tap_text(got, strlen(got), want, "the statement");
	free(got);
}

static void
test_statements(void)
{
	statement(0, STATEMENT_IGNORE, "INSERT INTO public.t AS t "
	    "(\"k\"\"ey\", \"v\", \"list\") SELECT r.c1, r.c2, "
	    "r.c3::integer[] FROM ROWS FROM (pg_catalog.unnest($1::text[]), "
	    "pg_catalog.unnest($2::bigint[]), "
	    "pg_catalog.unnest($3::pg_catalog.text[])) "
	    "WITH ORDINALITY AS r (c1, c2, c3, n) "
	    "ORDER BY r.c1 COLLATE pg_catalog.\"C\", r.n "
	    "ON CONFLICT (\"k\"\"ey\") DO NOTHING");
	statement(0, STATEMENT_IGNORE_SORTED, "INSERT INTO public.t AS t "
	    "(\"k\"\"ey\", \"v\", \"list\") SELECT r.c1, r.c2, "
	    "r.c3::integer[] FROM ROWS FROM (pg_catalog.unnest($1::text[]), "
	    "pg_catalog.unnest($2::bigint[]), "
	    "pg_catalog.unnest($3::pg_catalog.text[])) "
	    "AS r (c1, c2, c3) ON CONFLICT (\"k\"\"ey\") DO NOTHING");
	columns[1].not_null = true;
	statement(1, STATEMENT_UPDATE, "INSERT INTO public.t AS t "
	    "(\"k\"\"ey\", \"v\", \"list\") SELECT DISTINCT ON "
	    "(r.c1 COLLATE pg_catalog.\"C\") r.c1, r.c2, "
	    "r.c3::integer[] FROM ROWS FROM (pg_catalog.unnest($1::text[]), "
	    "pg_catalog.unnest($2::bigint[]), "
	    "pg_catalog.unnest($3::pg_catalog.text[])) "
	    "WITH ORDINALITY AS r (c1, c2, c3, n) "
	    "ORDER BY r.c1 COLLATE pg_catalog.\"C\", "
	    "r.c2 DESC NULLS LAST, r.n DESC "
	    "ON CONFLICT (\"k\"\"ey\") DO UPDATE SET \"v\" = excluded.\"v\", "
	    "\"list\" = excluded.\"list\" "
	    "WHERE ROW(excluded.\"v\") >= ROW(t.\"v\")");
}

int
main(void)
{
	struct batch batch;

	if (binding_init(&binding, &table, false, false) == -1 ||
	    batch_init(&batch, &table) == -1)
		return 1;
	test_literals(&batch);
	test_sort(&batch);
	test_full(&batch);
	test_marks();
	test_statements();
	batch_free(&batch);
	binding_free(&binding);
	return tap_done();
}
