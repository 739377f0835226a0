/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure as a tree of references. */
#ifndef CLI_SHOW_TREE_H
#define CLI_SHOW_TREE_H

#include <nixipfs/closure_sizes.h>

#include "cli/command.h"

/**
 * show_tree() - print what refers to what, as nix-store -q --tree does
 * @common:    the options
 * @set:       the paths
 * @sizes:     of each of them
 * @results:   where the trees begin; when there are none, with what nothing refers to
 * @n_results: how many
 *
 * A path that comes again is marked [...] and what is below it left out.
 */
void show_tree(const struct common *common, const struct nipfs_closure_set *set,
	       const struct nipfs_path_sizes *sizes, const struct nipfs_store_path *results,
	       size_t n_results);

#endif
