/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory of a closure, in which one name after the other is looked up. */
#ifndef LIB_CLOSURE_DIR_H
#define LIB_CLOSURE_DIR_H

#include <nixipfs/dag.h>

#include "dag/dir_reader.h"

/**
 * struct nipfs__closure_dir - a directory and, when it is a flat one, its entries
 * @cid:     its root
 * @state:   UNREAD at first; LISTED: all entries are in @listing; else names are
 *           looked up in the DAG: a HAMT has that much to each
 * @listing: sorted
 *
 * Without it, each name of a flat directory would cost a reading of the whole block.
 */
struct nipfs__closure_dir {
	struct nipfs_cid cid;
	enum { NIPFS__DIR_UNREAD, NIPFS__DIR_LISTED, NIPFS__DIR_LOOKED_UP } state;
	struct nipfs__listing listing;
};

void nipfs__closure_dir_init(struct nipfs__closure_dir *dir, const struct nipfs_cid *cid);

/* Return: as nipfs_dag_lookup(). */
int nipfs__closure_dir_lookup(struct nipfs__closure_dir *dir,
			      struct nipfs_block_source *source, struct nipfs_slice name,
			      struct nipfs_dir_entry *out,
			      struct nipfs_error *err) NIPFS_MUSTUSE;

/* Whether a name is in the directory, as far as that is known without reading anything. */
bool nipfs__closure_dir_peek(const struct nipfs__closure_dir *dir, struct nipfs_slice name,
			     struct nipfs_dir_entry *out);

void nipfs__closure_dir_release(struct nipfs__closure_dir *dir);

#endif
