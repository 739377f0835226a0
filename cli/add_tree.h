/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree into the store under a name, with progress. */
#ifndef CLI_ADD_TREE_H
#define CLI_ADD_TREE_H

#include <nixipfs/add_tree.h>
#include <nixipfs/block.h>

#include "cli/command.h"

/* What `nix store add-path --name NAME PATH` adds. Return: as nipfs_store_add_tree(). */
int add_tree_from_disk(const struct common *common, struct nipfs_store *store,
		       const char *name, const char *path, struct nipfs_added_tree *out,
		       struct nipfs_error *err);

/* The same of a DAG; a note says so where nothing in it can be executable. */
int add_tree_from_dag(const struct common *common, struct nipfs_store *store,
		      const char *name, struct nipfs_block_source *source,
		      const struct nipfs_cid *cid, struct nipfs_added_tree *out,
		      struct nipfs_error *err);

#endif
