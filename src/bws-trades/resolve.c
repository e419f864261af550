#include "resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 16

/* One look-up: the thread's until done, then the asker's; freed by the last. */
struct lookup {
	pthread_mutex_t mutex;
	char *name;
	bool done, abandoned;
	char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN];
	unsigned count;
	char error[128];
};

struct resolve {
	const char *name;
	struct lookup *lookup; /* NULL: none */
	unsigned next;         /* address to give out */
	char error[128];
};

struct resolve *
resolve_open(const char *name)
{
	struct resolve *resolve = calloc(1, sizeof *resolve);

	if (resolve != NULL)
		resolve->name = name;
	return resolve;
}

static void
free_lookup(struct lookup *lookup)
{
	pthread_mutex_destroy(&lookup->mutex);
	free(lookup->name);
	free(lookup);
}

/* Whoever is the second to leave frees it. */
static void
leave(struct resolve *resolve)
{
	struct lookup *lookup = resolve->lookup;
	bool last;

	if (lookup == NULL)
		return;
	pthread_mutex_lock(&lookup->mutex);
	last = lookup->done;
	lookup->abandoned = true;
	pthread_mutex_unlock(&lookup->mutex);
	if (last)
		free_lookup(lookup);
	resolve->lookup = NULL;
	resolve->next = 0;
}

void
resolve_close(struct resolve *resolve)
{
	if (resolve != NULL)
		leave(resolve);
	free(resolve);
}

static void
add_address(struct lookup *lookup, const struct addrinfo *info)
{
	const void *from = info->ai_family == AF_INET6 ?
	    (const void *)&((const struct sockaddr_in6 *)
	    (const void *)info->ai_addr)->sin6_addr :
	    (const void *)&((const struct sockaddr_in *)
	    (const void *)info->ai_addr)->sin_addr;

	if ((info->ai_family == AF_INET || info->ai_family == AF_INET6) &&
	    inet_ntop(info->ai_family, from, lookup->addresses[lookup->count],
	    INET6_ADDRSTRLEN) != NULL)
		lookup->count++;
}

static void *
look_up(void *arg)
{
	static const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
	};
	struct lookup *lookup = arg;
	struct addrinfo *list = NULL;
	int result = getaddrinfo(lookup->name, NULL, &hints, &list);
	bool last;

	for (const struct addrinfo *info = list; result == 0 && info != NULL &&
	    lookup->count < ADDRESSES_MAX; info = info->ai_next)
		add_address(lookup, info);
	if (result == 0)
		freeaddrinfo(list);
	snprintf(lookup->error, sizeof lookup->error, "%s", result != 0 ?
	    gai_strerror(result) : "no address to be had for the name");
	pthread_mutex_lock(&lookup->mutex);
	lookup->done = true;
	last = lookup->abandoned;
	pthread_mutex_unlock(&lookup->mutex);
	if (last)
		free_lookup(lookup);
	return NULL;
}

static bool
begin(struct resolve *resolve)
{
	struct lookup *lookup = calloc(1, sizeof *lookup);
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (lookup == NULL)
		return false;
	pthread_mutex_init(&lookup->mutex, NULL);
	lookup->name = strdup(resolve->name);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = lookup->name == NULL ||
	    pthread_create(&thread, &attributes, look_up, lookup) != 0;
	pthread_attr_destroy(&attributes);
	if (error) {
		free_lookup(lookup);
		return false;
	}
	resolve->lookup = lookup;
	resolve->next = 0;
	return true;
}

static bool
is_numeric(const char *name)
{
	char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1;
}

enum resolve_result
resolve_next(struct resolve *resolve, const char **address)
{
	struct lookup *lookup = resolve->lookup;
	bool done;

	if (is_numeric(resolve->name) || getenv("http_proxy") != NULL) {
		*address = resolve->name;
		return RESOLVE_OK;
	}
	if (lookup == NULL && !begin(resolve)) {
		*address = "out of memory, or of threads";
		return RESOLVE_FAILED;
	}
	lookup = resolve->lookup;
	pthread_mutex_lock(&lookup->mutex);
	done = lookup->done;
	pthread_mutex_unlock(&lookup->mutex);
	if (!done)
		return RESOLVE_WAIT;
	if (resolve->next < lookup->count) {
		*address = lookup->addresses[resolve->next++];
		return RESOLVE_OK;
	}
	memcpy(resolve->error, lookup->error, sizeof resolve->error);
	*address = resolve->error;
	done = lookup->count > 0;
	leave(resolve);
	/* All of them were given out: once more from the beginning. */
	return done ? resolve_next(resolve, address) : RESOLVE_FAILED;
}

bool
resolve_has_more(const struct resolve *resolve)
{
	/* One that was given out: the look-up is done. */
	return resolve->next > 0 && resolve->next < resolve->lookup->count;
}
