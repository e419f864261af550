#ifndef TICKPIPE_KAFKAEND_H
#define TICKPIPE_KAFKAEND_H

#include <stdbool.h>

#include <librdkafka/rdkafka.h>

/*
 * Ends a handle, without closing its consumer.  rd_kafka_destroy() waits for
 * the library's threads, which may be looking a name up, and in librdkafka
 * 2.0.2 waits for ever once a partition that was being read is gone.  This
 * waits two seconds at the most.
 *
 * False: the handle's threads still run, and may use what they were given (a
 * descriptor, an opaque pointer that no callback is called with any more) until
 * the process ends.
 */
bool kafkaend(rd_kafka_t *rk);

#endif
