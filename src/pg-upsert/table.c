#include "table.h"

#include <stdlib.h>
#include <string.h>

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->ncolumns; i++) {
		free((void *)table->columns[i].name);
		free((void *)table->columns[i].type);
		free((void *)table->columns[i].via);
	}
	free(table->columns);
	free((void *)table->name);
	free(table->key);
	free(table->newer);
	memset(table, 0, sizeof *table);
}

size_t
table_find(const struct table *table, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < table->ncolumns; i++) {
		const char *have = table->columns[i].name;

		if (strncmp(have, name, len) == 0 && have[len] == '\0')
			break;
	}
	return i;
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* One name into out, which has room; returns what follows, or NULL. */
static const char *
read_name(char *out, const char *p)
{
	size_t n = 0;

	if (*p != '"') {
		n = strcspn(p, ",\"");
		p += n;
		memcpy(out, p - n, n);
		while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\t'))
			n--;
	} else {
		for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
			if (*p == '"')
				p++;
			out[n++] = *p;
		}
		if (*p != '"')
			return NULL;
		p = skip_blanks(p + 1);
	}
	out[n] = '\0';
	return n > 0 && (*p == ',' || *p == '\0') ? p : NULL;
}

static bool
has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i], name) == 0)
			return true;
	}
	return false;
}

const char *
names_read(struct names *names, const char *text)
{
	const char *p = text;
	size_t max = strlen(text) + 1;

	names->count = 0;
	names->list = calloc(max + 1, sizeof *names->list);
	if (names->list == NULL)
		return "out of memory";
	for (;;) {
		char *name = malloc(max);

		if (name == NULL)
			return "out of memory";
		p = read_name(name, skip_blanks(p));
		if (p == NULL || has_name(names, name)) {
			free(name);
			return p == NULL ? "not names separated by commas" :
			    "names a column twice";
		}
		names->list[names->count++] = name;
		if (*p == '\0')
			return NULL;
		p++;
	}
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	names->list = NULL;
	names->count = 0;
}
