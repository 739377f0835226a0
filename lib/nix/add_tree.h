/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a tree becomes in a store, from the inside. */
#ifndef LIB_NIX_ADD_TREE_H
#define LIB_NIX_ADD_TREE_H

#include <nixipfs/add_tree.h>
#include <nixipfs/nar.h>

#include "lib/nix/store.h"

/**
 * nipfs__describe_tree() - all that is registered of a tree
 * @out: empty; to be released also on failure
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
int nipfs__describe_tree(const struct nipfs_store *store, const char *name,
			 const struct nipfs_nar_digest *digest, struct nipfs_path_info *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
