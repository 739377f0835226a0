/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NAR of a tree as a UnixFS file that links to the files of the tree's own
 * DAG, so that stock Nix can fetch it from any gateway and nothing is stored
 * twice. Format: nix-ipfs-dag(5).
 */
#ifndef NIXIPFS_NAR_FILE_H
#define NIXIPFS_NAR_FILE_H

#include <nixipfs/dag.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Files of so many bytes or more are linked, smaller ones stand in the framing. */
enum { NIPFS_NAR_FILE_LINKED = 16384 };

/* Makes NAR-shaped files. */
struct nipfs_nar_file;

/**
 * nipfs_nar_file_new() - start making a NAR-shaped file
 * @out:     to be freed with nipfs_nar_file_free()
 * @params:  those of @builder; CIDs and inlining are taken from them, the shape
 *           is always balanced with 1024 links per node over raw leaves
 * @blocks:  gets the blocks of framing (NIPFS_ORIGIN_NAR) and the nodes above
 *           them, not those of the linked files; may be NULL. Must outlive it.
 * @builder: makes the DAG of the same tree. Must outlive it.
 * @err:     may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_USAGE.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_file_new(struct nipfs_nar_file **out,
					       const struct nipfs_unixfs_params *params,
					       const struct nipfs_block_sink *blocks,
					       const struct nipfs_dag_builder *builder,
					       struct nipfs_error *err);

/**
 * nipfs_nar_file_sink() - the tree sink that feeds it
 * @n: must outlive the sink
 *
 * For a tee, behind the sink of the builder: at the end of a file it asks the
 * builder for its link.
 */
NIPFS_API struct nipfs_tree_sink nipfs_nar_file_sink(struct nipfs_nar_file *n);

/**
 * nipfs_nar_file_result() - make the last blocks
 * @n:   after the events of one whole tree
 * @out: the file; its file_bytes are the size of the NAR; untouched on failure
 * @err: may be NULL
 *
 * It is then ready for the next tree.
 *
 * Return: 0, NIPFS_E_USAGE when no tree is complete, NIPFS_E_NOMEM,
 * NIPFS_E_LIMIT, or what the block sink returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nar_file_result(struct nipfs_nar_file *n,
						  struct nipfs_link *out,
						  struct nipfs_error *err);

/**
 * nipfs_nar_file_free() - end it, at any point
 * @n: may be NULL
 */
NIPFS_API void nipfs_nar_file_free(struct nipfs_nar_file *n);

#ifdef __cplusplus
}
#endif
#endif
