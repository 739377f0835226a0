/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setting auto-optimise-store: equal files of a store are one file. */
#ifndef LIB_NIX_OPTIMISE_H
#define LIB_NIX_OPTIMISE_H

#include <nixipfs/error.h>

/**
 * nipfs__optimise() - share the files of a tree with the rest of the store
 * @dirfd: the physical store folder, with its folder .links
 * @tree:  name of a complete tree in it that nobody else has to do with
 * @temp:  a name in it that is ours alone, for links on their way; nothing is there
 *         afterwards, unless the process is killed
 *
 * As Nix does: each file and symlink has a hard link in .links, named by the hash of
 * its own NAR. What is there under that name takes the place of the file, but only
 * once its kind, mode, owner, time, size and every byte were compared; else it is
 * replaced by the file. What the file system does not want to link stays single.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED, or as nipfs_disk_tree()
 * does.
 */
int nipfs__optimise(int dirfd, const char *tree, const char *temp,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
