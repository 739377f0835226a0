/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Helpers of all that makes or takes tree events. */
#ifndef DAG_TREE_H
#define DAG_TREE_H

#include <nixipfs/tree.h>

/**
 * nipfs__name_check() - whether a name may stand in a directory
 * @name: raw bytes
 * @err:  may be NULL
 *
 * Return: 0, or NIPFS_E_INVALID for an empty one, ".", "..", '/' or NUL in it.
 */
int nipfs__name_check(struct nipfs_slice name, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
