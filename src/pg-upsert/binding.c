#include "binding.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spelling.h"

#define NAME_SHOWN 64 /* bytes of a member's name in a reason */
#define WHOLE_MAX 20  /* digits: more than any integer type holds */

int
binding_init(struct binding *binding, const struct table *table,
    bool extra_ignored, bool fill_missing)
{
	size_t n = table->ncolumns + 1;

	memset(binding, 0, sizeof *binding);
	binding->table = table;
	binding->extra_ignored = extra_ignored;
	binding->fill_missing = fill_missing;
	binding->present = calloc(n, sizeof *binding->present);
	binding->values = calloc(n, sizeof *binding->values);
	binding->small = calloc(n, sizeof *binding->small);
	binding->guess = calloc(n, sizeof *binding->guess);
	binding->nguess = n;
	if (binding->present == NULL || binding->values == NULL ||
	    binding->small == NULL || binding->guess == NULL) {
		binding_free(binding);
		return -1;
	}
	return 0;
}

void
binding_free(struct binding *binding)
{
	free(binding->present);
	free(binding->values);
	free(binding->small);
	free(binding->guess);
	memset(binding, 0, sizeof *binding);
}

static bool __attribute__((format(printf, 2, 3)))
refuse(struct binding *binding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(binding->reason, sizeof binding->reason, fmt, args);
	va_end(args);
	return false;
}

static bool
refuse_member(struct binding *binding, const struct json_member *member,
    const char *what)
{
	return refuse(binding, "member \"%.*s\" %s",
	    member->name_len < NAME_SHOWN ? (int)member->name_len :
	    NAME_SHOWN, member->name, what);
}

static bool
refuse_column(struct binding *binding, size_t column, const char *what)
{
	return refuse(binding, "member \"%.*s\" %s", NAME_SHOWN,
	    binding->table->columns[column].name, what);
}

size_t
binding_whole(char *out, const char *text, size_t len)
{
	char digits[WHOLE_MAX];
	size_t n = 0, i = 0, out_len = 0;
	long point = 0, exponent = 0; /* digits before the point */
	bool negative = len > 0 && text[0] == '-', fraction = false;

	for (i = negative; i < len && text[i] != 'e' && text[i] != 'E'; i++) {
		if (text[i] == '.') {
			fraction = true;
			continue;
		}
		point += !fraction && (n > 0 || text[i] != '0');
		point -= fraction && n == 0 && text[i] == '0';
		if (n == 0 && text[i] == '0')
			continue;
		if (n == sizeof digits)
			return 0;
		digits[n++] = text[i];
	}
	if (!fraction && i == len && !(negative && n == 0))
		return 0;
	if (i < len) {
		bool minus = text[++i] == '-';

		for (i += minus || text[i] == '+'; i < len; i++) {
			exponent = exponent * 10 + (text[i] - '0');
			if (exponent > 1000)
				return 0;
		}
		exponent = minus ? -exponent : exponent;
	}
	while (n > 0 && digits[n - 1] == '0')
		n--;
	point += exponent;
	if (n == 0)
		point = 1;
	if (point > WHOLE_MAX || point < (long)n)
		return 0;
	if (negative && n > 0)
		out[out_len++] = '-';
	for (long k = 0; k < point; k++)
		out[out_len++] = k < (long)n ? digits[k] : '0';
	return out_len;
}

static bool
bind_number(struct binding *binding, size_t column,
    const struct json_value *value, struct datum *out)
{
	enum column_kind kind = binding->table->columns[column].kind;
	char *small = binding->small[column];

	if (kind == COLUMN_TIME)
		return refuse_column(binding, column,
		    "is a number where a time belongs");
	if (kind == COLUMN_BOOLEAN)
		return refuse_column(binding, column,
		    "is a number where true or false belongs");
	*out = (struct datum){ value->text, value->len, true };
	if (kind == COLUMN_INTEGER) {
		size_t len = binding_whole(small, value->text, value->len);

		if (len > 0)
			*out = (struct datum){ small, len, true };
	}
	return true;
}

/* What the server would take, and understand otherwise than it is meant. */
static bool
refuse_spelling(struct binding *binding, size_t column,
    const struct datum *text)
{
	static const char *const clock[] = { "now", "today", "tomorrow",
	    "yesterday", NULL };
	static const char *const no_amounts[] = { "nan", "inf", "infinity",
	    NULL };
	const struct column *c = &binding->table->columns[column];
	const char *word;

	if (c->drops_offset && spelling_offset(text->text, text->len))
		return refuse_column(binding, column,
		    "holds a time with an offset, which a value of this type "
		    "drops: write it in UTC, without one");
	word = c->has_times ? spelling_word(text->text, text->len, clock) :
	    NULL;
	if (word != NULL)
		return refuse(binding, "member \"%.*s\" holds \"%s\", which "
		    "is another time whenever it is read", NAME_SHOWN,
		    c->name, word);
	if (c->kind == COLUMN_MONEY &&
	    spelling_word(text->text, text->len, no_amounts) != NULL)
		return refuse_column(binding, column, "is no amount");
	return true;
}

static bool
bind_string(struct binding *binding, struct json *object, size_t column,
    const struct json_value *value, struct datum *out)
{
	*out = (struct datum){ NULL, 0, false };
	if (json_string(object, value, &out->text, &out->len) == -1)
		return refuse_column(binding, column,
		    "holds a lone surrogate");
	if (memchr(out->text, '\0', out->len) != NULL)
		return refuse_column(binding, column,
		    "holds U+0000, which PostgreSQL cannot store");
	return refuse_spelling(binding, column, out);
}

/* The whole value as it stands in the line, a string with its quotes. */
static struct datum
raw_json(const struct json_member *member)
{
	size_t len = member->value.len;

	if (member->value.type == JSON_STRING)
		return (struct datum){ member->value.text - 1, len + 2,
		    false };
	return (struct datum){ member->value.text, len, false };
}

static bool
bind_value(struct binding *binding, struct json *object, size_t column,
    const struct json_member *member)
{
	const struct json_value *value = &member->value;
	enum column_kind kind = binding->table->columns[column].kind;
	struct datum *out = &binding->values[column];

	if (value->type == JSON_NULL) {
		*out = (struct datum){ NULL, 0, true };
		return true;
	}
	if (kind == COLUMN_JSON) {
		*out = raw_json(member);
		return true;
	}
	switch (value->type) {
	case JSON_NUMBER:
		return bind_number(binding, column, value, out);
	case JSON_STRING:
		return bind_string(binding, object, column, value, out);
	case JSON_TRUE:
	case JSON_FALSE:
		*out = (struct datum){ value->text, value->len, true };
		if (kind == COLUMN_NUMBER || kind == COLUMN_INTEGER ||
		    kind == COLUMN_MONEY || kind == COLUMN_TIME)
			return refuse_member(binding, member,
			    "is true or false where that does not belong");
		return true;
	default:
		return refuse_member(binding, member, value->type ==
		    JSON_ARRAY ? "is an array, and the column is not json" :
		    "is an object, and the column is not json");
	}
}

/* The column of the nth member: mostly that of the last line's nth. */
static size_t
find_column(struct binding *binding, const struct json_member *member,
    size_t nth)
{
	const struct table *table = binding->table;
	size_t column;

	if (nth < binding->nguess) {
		const char *name;

		column = binding->guess[nth];
		name = column < table->ncolumns ?
		    table->columns[column].name : "";
		if (strlen(name) == member->name_len && *name != '\0' &&
		    memcmp(name, member->name, member->name_len) == 0)
			return column;
	}
	column = table_find(table, member->name, member->name_len);
	if (nth < binding->nguess)
		binding->guess[nth] = column;
	return column;
}

static bool
bind_member(struct binding *binding, struct json *object, size_t nth)
{
	const struct json_member *member = &object->members[nth];
	size_t column;

	if (member->name_len > 0 && member->name[0] == '_')
		return true;
	column = find_column(binding, member, nth);
	if (column == binding->table->ncolumns) {
		return binding->extra_ignored || refuse_member(binding,
		    member, "is not a column of the table");
	}
	if (binding->table->columns[column].generated) {
		return binding->extra_ignored || refuse_member(binding,
		    member, "is a column that the database generates");
	}
	if (binding->present[column])
		return refuse_member(binding, member, "is there twice");
	binding->present[column] = true;
	return bind_value(binding, object, column, member);
}

/* What must be there is, and what need not be is filled where that may be. */
static bool
complete(struct binding *binding)
{
	const struct table *table = binding->table;

	for (size_t i = 0; i < table->ncolumns; i++) {
		const struct column *column = &table->columns[i];

		if (column->is_key && (!binding->present[i] ||
		    binding->values[i].text == NULL)) {
			return refuse_column(binding, i, binding->present[i] ?
			    "is null and belongs to the key" :
			    "is missing and belongs to the key");
		}
		if (column->is_newer && !binding->present[i])
			return refuse_column(binding, i,
			    "is missing and decides which version is newer");
		if (!binding->present[i] && binding->fill_missing &&
		    !column->has_default && !column->generated) {
			binding->present[i] = true;
			binding->values[i] = (struct datum){ NULL, 0, true };
		}
	}
	return true;
}

bool
binding_row(struct binding *binding, struct json *object)
{
	memset(binding->present, 0,
	    binding->table->ncolumns * sizeof *binding->present);
	for (size_t i = 0; i < object->nmembers; i++) {
		if (!bind_member(binding, object, i))
			return false;
	}
	return complete(binding);
}
