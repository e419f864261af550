#ifndef TICKPIPE_PROPERTIES_H
#define TICKPIPE_PROPERTIES_H

#include <stddef.h>

/*
 * Properties files as Java's clients write them (java.util.Properties) and
 * kcat -F reads them: `name=value`, `name: value` or `name value`, # or !
 * begins a comment line, a backslash escapes (\t \n \r \f \uXXXX, any other
 * character stands for itself) and at the end of a line joins the next one.
 * Unlike Java's, blanks at the end of a value are cut off: nobody means them.
 */
struct properties {
	char *text;     /* the unread rest; changed in place */
	unsigned line;  /* where the property read last begins, from 1 */
	unsigned lines; /* begun so far */
};

/* text is ended by NUL, will be changed, and must outlive what is read. */
void properties_init(struct properties *properties, char *text);

/*
 * The next property.  1 with *name and *value set (borrowed from the text), 0
 * at the end, -1 when the line has no name or an escape is cut short.
 */
int properties_next(struct properties *properties, const char **name,
    const char **value);

/*
 * An option of a Java client's `sasl.jaas.config`, such as
 *     org.apache...PlainLoginModule required username="u" password="p";
 * Writes the value of option name to out (cap bytes, ended by NUL).  -1 when
 * it is not there or does not fit.
 */
int properties_jaas(const char *config, const char *name, char *out,
    size_t cap);

#endif
