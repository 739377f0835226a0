/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block of a symlink. */
#ifndef DAG_SYMLINK_BUILD_H
#define DAG_SYMLINK_BUILD_H

#include <nixipfs/dag.h>

#include "dag/attributes.h"
#include "dag/block_maker.h"

/* Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, or what the block sink returned. */
int nipfs__symlink_build(const struct nipfs__block_maker *maker,
			 const struct nipfs__attributes *attributes,
			 struct nipfs_slice target, struct nipfs_link *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
