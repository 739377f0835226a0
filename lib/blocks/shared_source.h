/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block source for several threads. */
#ifndef LIB_BLOCKS_SHARED_SOURCE_H
#define LIB_BLOCKS_SHARED_SOURCE_H

#include <nixipfs/block.h>

enum { NIPFS__SHARED_MAX = 64 };

struct nipfs__shared_source;

/**
 * nipfs__shared_source_new() - let several threads use a source
 * @out:    for nipfs__shared_source_free(), when no thread uses it any more
 * @source: borrowed, with nothing outstanding; used through the handles alone meanwhile
 * @n:      how many threads; 1 to NIPFS__SHARED_MAX
 * @err:    may be NULL
 *
 * What several of them want is asked for once. One of the threads that wait for an answer
 * calls the source for all of them; where the source can tell whether it is ready, in slices
 * of time, so that what others want meanwhile is on its way soon. Answers wait in memory, and
 * no more are taken while others have 16 MiB of them, and a block, to fetch. When the source
 * fails, it has failed for all.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS (no random numbers).
 */
int nipfs__shared_source_new(struct nipfs__shared_source **out,
			     struct nipfs_block_source *source, size_t n,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

/* The source of thread @i: borrowed, for one thread at a time. Its answers come without a
 * descriptor. */
struct nipfs_block_source *nipfs__shared_source_handle(struct nipfs__shared_source *s, size_t i);

/* Whoever waits for an answer, or wants one from now on, gets this failure. Thread-safe. */
void nipfs__shared_source_fail(struct nipfs__shared_source *s, const struct nipfs_error *why);

/* Takes back what is outstanding. @s may be NULL. */
void nipfs__shared_source_free(struct nipfs__shared_source *s);

#endif
