/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees of paths on their way into a store, several at a time. */
#ifndef LIB_TREE_WRITERS_H
#define LIB_TREE_WRITERS_H

#include <pthread.h>
#include <stdatomic.h>

#include <nixipfs/realize.h>

#include "lib/blocks/shared_source.h"
#include "lib/reuse.h"

enum { NIPFS__WRITERS_MAX = NIPFS__SHARED_MAX };

/**
 * struct nipfs__tree_task - one tree that is to be written
 * @info:      of the path
 * @tree:      its root
 * @placement: begun
 * @index:     gets the blocks; may be NULL
 * When it is done:
 * @code:      0: the tree is complete, and what is claimed of it is true
 * @err:       says why not
 * @index_error: what the index failed with; its code is 0 when it did not
 *
 * Must stay where it is, and be left alone, until nipfs__tree_writers_take() gives it back.
 */
struct nipfs__tree_task {
	const struct nipfs_path_info *info;
	const struct nipfs_cid *tree;
	struct nipfs_placement *placement;
	struct nipfs_index *index;
	int code;
	struct nipfs_error err, index_error;
	/* private */
	_Atomic uint64_t bytes, items;
	struct nipfs__tree_task *next_running, *next;
};

struct nipfs__tree_writer;

/**
 * struct nipfs__tree_writers - who writes trees
 * @jobs:  how many at a time; with 1 it is the calling thread that does
 * @meter: counts, over all that were ever started
 *
 * Start with zeros and nipfs__tree_writers_init(), end with nipfs__tree_writers_release().
 * Used by one thread, and so are the placements but while their trees are written. That
 * thread holds the lock while it does anything else with the store.
 */
struct nipfs__tree_writers {
	size_t jobs;
	struct nipfs_progress_meter meter;
	/* private */
	struct nipfs_store *store;
	struct nipfs_block_source *source;
	const struct nipfs_realize_options *options;
	struct nipfs__reuse *own;
	struct nipfs__shared_source *shared;
	struct nipfs_index_truth truth;
	pthread_mutex_t store_mutex;
	struct nipfs__tree_task *running; /* started and not taken back */
	struct nipfs__tree_writer *threads;
	size_t n_threads;
	pthread_mutex_t mutex;
	pthread_cond_t added, ended;
	bool closing;
	size_t n_idle;
	struct nipfs__tree_task *first, *last; /* that nobody has begun with */
	struct nipfs__tree_task *done, *last_done; /* in the order in which they ended */
};

/**
 * nipfs__tree_writers_init() - nothing is started yet
 * @source:  of blocks; borrowed, and while there are tasks nobody else's, unless @jobs is 1
 * @options: borrowed; progress, index, reuse and note
 * @own:     where the calling thread has its blocks from
 */
void nipfs__tree_writers_init(struct nipfs__tree_writers *w, size_t jobs,
			      struct nipfs_store *store, struct nipfs_block_source *source,
			      const struct nipfs_realize_options *options,
			      struct nipfs__reuse *own);

/* Waits for what is running. */
void nipfs__tree_writers_release(struct nipfs__tree_writers *w);

/*
 * A tree is written from now on, or, with one job, now. When one fails, those that nobody has
 * begun with fail with the same code; and when it is because of a source that can't be
 * reached, all. Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS;
 * then the
 * task was not started.
 */
int nipfs__tree_writers_start(struct nipfs__tree_writers *w, struct nipfs__tree_task *task,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* How many were started and not taken back; and more is not of use. */
size_t nipfs__tree_writers_running(const struct nipfs__tree_writers *w);
bool nipfs__tree_writers_busy(const struct nipfs__tree_writers *w);

/* One that is done, or NULL; with @wait it is waited for unless none is running. Tells of the
 * progress meanwhile. */
struct nipfs__tree_task *nipfs__tree_writers_take(struct nipfs__tree_writers *w, bool wait);

/* The store, for anything but writing trees. */
void nipfs__tree_writers_lock(struct nipfs__tree_writers *w);
void nipfs__tree_writers_unlock(struct nipfs__tree_writers *w);

/* Adds what came from where, while nothing is running. */
void nipfs__tree_writers_stats(const struct nipfs__tree_writers *w,
			       struct nipfs_realize_stats *sum);

#endif
