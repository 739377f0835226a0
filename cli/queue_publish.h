/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the queue are published, a batch at a time. */
#ifndef CLI_QUEUE_PUBLISH_H
#define CLI_QUEUE_PUBLISH_H

#include <nixipfs/keys.h>
#include <nixipfs/queue.h>

#include "cli/publish_args.h"

/**
 * struct queue_publish - what is the same for all batches
 * @common, @publish: the options; borrowed
 * @skip_signed_by:   the option; borrowed
 * @key:              to sign with, or NULL; borrowed
 * @queue:            locked by this process; borrowed
 * @n_failed:         how many entries could not be published
 */
struct queue_publish {
	const struct common *common;
	const struct publish_args *publish;
	const struct opt_list *skip_signed_by;
	const struct nipfs_secret_key *key;
	struct nipfs_queue *queue;
	size_t n_failed;
};

/**
 * queue_publish_batch() - publish entries as one closure, and take them out of the queue
 * @q:       what is the same for all
 * @entries: @n of them, all of the store of --store
 *
 * The store and the index are open only here, and with them what keeps the garbage
 * collector off. What is not valid any more leaves the queue, which is told. What fails
 * is recorded: because of a path, each is tried alone.
 *
 * Return: 0, also when paths failed; NIPFS_E_CANCELLED; or what no path is to blame for.
 */
int queue_publish_batch(struct queue_publish *q, const struct nipfs_queue_entry *entries,
			size_t n, struct nipfs_error *err);

#endif
