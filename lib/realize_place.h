/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of a closure that is settled into the store, references first. */
#ifndef LIB_REALIZE_PLACE_H
#define LIB_REALIZE_PLACE_H

#include <nixipfs/closure.h>
#include <nixipfs/realize.h>

#include "lib/tree_writers.h"

/**
 * struct nipfs__settled - a closure that may come in
 * @asked_for: what was asked for; sorted
 * @valid:     those of them that were valid when it was settled, or come with a closure before
 * @set:       what is to be placed
 * @trust:     why each of that is taken
 */
struct nipfs__settled {
	struct nipfs_store_path *asked_for;
	size_t n_asked_for;
	struct nipfs_realized *valid;
	size_t n_valid, cap_valid;
	struct nipfs_closure_set set;
	enum nipfs_trust *trust;
};

/**
 * struct nipfs__placer - what paths are placed with
 * @index:   that of the options, until something goes wrong with it
 * @writers: who writes their trees
 */
struct nipfs__placer {
	struct nipfs_store *store;
	const struct nipfs_realize_options *options;
	struct nipfs_index *index;
	struct nipfs__tree_writers *writers;
};

/* Return: as nipfs_realization_place(). */
int nipfs__place_settled(struct nipfs__placer *placer, const struct nipfs__settled *settled,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
