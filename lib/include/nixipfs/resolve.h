/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that lead through closures, and which tree is meant where one tree is wanted. */
#ifndef NIXIPFS_RESOLVE_H
#define NIXIPFS_RESOLVE_H

#include <nixipfs/block.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * nipfs_resolve_path() - follow a path, also into the results of a closure
 * @source: where the blocks are
 * @root:   where the path begins
 * @path:   as for nipfs_dag_resolve()
 * @out:    untouched on failure
 * @err:    may be NULL
 *
 * As nipfs_dag_resolve(), but where the path begins with the name of a result of
 * the closure @root ("result-1/bin"), it goes on in the tree of that one. No other
 * symlink is followed. What lies in a store object of a closure stands for itself,
 * whatever it looks like. A closure directory is one with a `result` that leads to
 * store/BASENAME and a narinfo for that path.
 *
 * Return: as nipfs_dag_resolve().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_resolve_path(struct nipfs_block_source *source,
					       const struct nipfs_cid *root,
					       struct nipfs_slice path,
					       struct nipfs_cid *out,
					       struct nipfs_error *err);

/**
 * nipfs_resolve_tree() - follow a path to the one tree that is meant by it
 * @source: where the blocks are
 * @root:   where the path begins
 * @path:   as for nipfs_dag_resolve()
 * @out:    untouched on failure
 * @err:    may be NULL
 *
 * As nipfs_resolve_path(), and where the path leads to a closure, its `result` is
 * meant.
 *
 * Return: as nipfs_dag_resolve(); or NIPFS_E_USAGE when the closure has several
 * results: the message names them.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_resolve_tree(struct nipfs_block_source *source,
					       const struct nipfs_cid *root,
					       struct nipfs_slice path,
					       struct nipfs_cid *out,
					       struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
