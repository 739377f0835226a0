/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What joins an index and a store: only what Nix vouches for now is read from files. */
#ifndef NIXIPFS_TRUTH_H
#define NIXIPFS_TRUTH_H

#include <nixipfs/index.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * nipfs_store_truth() - a store as the truth of an index source
 * @store: must outlive the sources that are made with it
 *
 * Paths of other stores count as not valid.
 */
NIPFS_API struct nipfs_index_truth nipfs_store_truth(struct nipfs_store *store);

#ifdef __cplusplus
}
#endif
#endif
