/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How big the paths of a closure are, alone and with what they refer to. */
#ifndef NIXIPFS_CLOSURE_SIZES_H
#define NIXIPFS_CLOSURE_SIZES_H

#include <nixipfs/closure.h>
#include <nixipfs/progress.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_path_sizes - how big one path of a closure is, in bytes
 * @nar_size:     of its NAR, as the closure says
 * @closure_size: of the NARs of all paths that it needs, its own included
 * @block_bytes:  of the blocks of its tree, each counted as often as it is linked
 * @new_bytes:    of those, what no path before it in the set has
 * @shared_bytes: the others: @block_bytes less @new_bytes
 */
struct nipfs_path_sizes {
	uint64_t nar_size;
	uint64_t closure_size;
	uint64_t block_bytes;
	uint64_t new_bytes;
	uint64_t shared_bytes;
};

/**
 * nipfs_closure_sizes() - the sizes of all paths of a set
 * @source:   where the blocks are: every block is read once
 * @set:      from nipfs_closure_collect()
 * @out:      room for one for each path of the set, in its order
 * @progress: may be NULL
 * @err:      may be NULL
 *
 * Return: 0; NIPFS_E_LIMIT (sums over 2^64); NIPFS_E_NOMEM; NIPFS_E_CANCELLED; or
 * as nipfs_dag_walk().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_sizes(struct nipfs_block_source *source,
						const struct nipfs_closure_set *set,
						struct nipfs_path_sizes *out,
						const struct nipfs_progress *progress,
						struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
