/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files that read closure directories share. */
#ifndef LIB_CLOSURE_READ_H
#define LIB_CLOSURE_READ_H

#include <nixipfs/closure.h>

/* Whether there is a narinfo for the hash part of a path: 1, 0, or a negative code. */
int nipfs__closure_includes(struct nipfs_closure *c, const struct nipfs_store_path *path,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * From here to nipfs__closure_look_back() narinfos may be hinted at, and their blocks then come
 * before they are read. Nobody else uses the source meanwhile. Return: 0, NIPFS_E_NOMEM,
 * NIPFS_E_SYS.
 */
int nipfs__closure_look_ahead(struct nipfs_closure *c, struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__closure_look_back(struct nipfs_closure *c);

/* The narinfo of a path will be read soon. */
void nipfs__closure_hint(struct nipfs_closure *c, const struct nipfs_store_path *path);

/* result, result-1, result-2, … */
bool nipfs__closure_is_result(struct nipfs_slice name);

/* Reads a directory to its end. Return: 0, or as nipfs_dag_list(). */
int nipfs__closure_check_dir(struct nipfs_block_source *source, const struct nipfs_cid *dir,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
