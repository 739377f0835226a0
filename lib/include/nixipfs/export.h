/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAGs as one CAR. */
#ifndef NIXIPFS_EXPORT_H
#define NIXIPFS_EXPORT_H

#include <nixipfs/block.h>
#include <nixipfs/car.h>
#include <nixipfs/progress.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an export wrote. */
struct nipfs_export_stats {
	uint64_t blocks;      /* sections */
	uint64_t block_bytes; /* bytes of the blocks alone */
	uint64_t car_bytes;   /* bytes of the CAR */
};

/**
 * nipfs_export() - write DAGs as one CARv1
 * @source:   where the blocks are; each is verified
 * @roots:    become the roots in the header, in this order
 * @n:        how many, at least 1
 * @out:      where the CAR goes
 * @progress: may be NULL
 * @stats:    untouched on failure; may be NULL
 * @err:      may be NULL
 *
 * The blocks are those that `ipfs dag export` writes for these roots, each CID
 * once; their order is a function of the DAGs alone. A DAG is written depth
 * first, parents before children; of a closure directory first the directory
 * itself, its narinfos and results, then the trees, each after those that its path
 * refers to: who realizes the closure from a pipe has everything in time.
 *
 * Return: 0; NIPFS_E_NOTFOUND (a block is not there); NIPFS_E_MISMATCH;
 * NIPFS_E_INVALID (a node that can't be decoded); NIPFS_E_UNSUPPORTED (a codec
 * whose links are not known); NIPFS_E_LIMIT; NIPFS_E_NOMEM; NIPFS_E_CANCELLED;
 * or what @out returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_export(struct nipfs_block_source *source,
					 const struct nipfs_cid *roots, size_t n,
					 const struct nipfs_car_output *out,
					 const struct nipfs_progress *progress,
					 struct nipfs_export_stats *stats,
					 struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
