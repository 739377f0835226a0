/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The closure of store paths into the index and from there to a node. */
#ifndef CLI_ADD_PUBLISH_H
#define CLI_ADD_PUBLISH_H

#include <nixipfs/add.h>

#include "cli/publish_args.h"

/* What is the same for all that is added; all are borrowed. */
struct add_publish {
	const struct common *common;
	const struct publish_args *publish;
	struct nipfs_store *store;
	struct nipfs_index *index;
	struct nipfs_add_options add; /* its publisher and progress are filled in */
};

/**
 * add_publish() - add paths and publish their closure
 * @what:      how
 * @paths:     @n of them
 * @result:    released by the caller with nipfs_add_result_release(); nothing on failure
 * @published: what publish_finish() made of it
 *
 * Return: 0 or a code.
 */
int add_publish(const struct add_publish *what, const struct nipfs_store_path *paths, size_t n,
		struct nipfs_add_result *result, struct publish_result *published,
		struct nipfs_error *err);

#endif
