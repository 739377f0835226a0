/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the outputs that a .drv file declares are those that follow from it.
 * Nix believes every .drv file in the store: one that lies could have any path
 * built with any content.
 */
#ifndef LIB_NIX_DRV_CHECK_H
#define LIB_NIX_DRV_CHECK_H

#include "lib/nix/derivation.h"
#include "lib/nix/drv_hashes.h"

struct nipfs_store;

/**
 * nipfs__drv_check() - read and check a .drv file
 * @store:   its inputs are valid there or are placements
 * @path:    a placement of @store
 * @outputs: what it declares; overwritten, not released; untouched on failure
 *
 * Return: 0; NIPFS_E_INVALID (not as Nix writes it); NIPFS_E_MISMATCH (other
 * outputs follow); NIPFS_E_UNSUPPORTED; NIPFS_E_NOTFOUND (an input); NIPFS_E_SYS,
 * NIPFS_E_NOMEM, NIPFS_E_LIMIT.
 */
int nipfs__drv_check(struct nipfs_store *store, const struct nipfs_store_path *path,
		     struct nipfs__drv_outputs *outputs,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
