/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree that was not finished as block source: what a killed run wrote is not lost. */
#ifndef LIB_BLOCKS_LEFTOVER_H
#define LIB_BLOCKS_LEFTOVER_H

#include <nixipfs/block.h>
#include <nixipfs/progress.h>

/**
 * nipfs__leftover_source_new() - hash the files of a tree, and give out their blocks
 * @out:      freed with nipfs_block_source_free()
 * @dirfd:    where the tree is; must stay open as long as the source
 * @name:     of the tree in it: a file or a directory; copied
 * @progress: of hashing; may be NULL
 * @err:      may be NULL
 *
 * The blocks are those of profile `nix` that hold bytes of files; of a file that ends
 * early all but the last. Nothing is believed: a block is hashed again when it is given
 * out, and comes without a descriptor. Only regular files are read, and no symlink is
 * followed. A tree that another user made, or that others may write to, gives
 * nothing. What can't be read ends the hashing early, and is no failure. The tree must
 * not change while it is used: where it does, blocks are missing.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_CANCELLED.
 */
int nipfs__leftover_source_new(struct nipfs_block_source **out, int dirfd, const char *name,
			       const struct nipfs_progress *progress,
			       struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
