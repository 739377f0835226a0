/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder .links of a store, in which each file has one name for all its copies. */
#ifndef LIB_NIX_LINKS_H
#define LIB_NIX_LINKS_H

#include <stdint.h>

#include "lib/disk/dirs.h"

/**
 * struct nipfs__links - where equal files become one
 * @store: the physical store folder
 * @dir:   its folder .links
 * @temp:  a name in @store that is ours alone, for links on their way
 */
struct nipfs__links {
	int store, dir;
	const char *temp;
};

/**
 * nipfs__links_share() - make a file or symlink one with its like
 * @dirs:   its current entry is meant; a folder that was made writable for this has
 *          `first` set to 1
 * @target: what the symlink says; NULL for a file
 * @digest: SHA-256 of the NAR of that one entry
 *
 * It gets a link named by @digest. What is there under that name takes its place, but
 * only once kind, mode, owner, time, size and every byte were compared; else it is
 * replaced. What the file system does not want to link stays single.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_NOMEM, or what the reading of the link failed with.
 */
int nipfs__links_share(const struct nipfs__links *l, struct nipfs__dirs *dirs,
		       const struct nipfs_slice *target, const uint8_t *digest,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
