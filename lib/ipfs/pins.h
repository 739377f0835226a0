/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of looking after a node's pins share. */
#ifndef LIB_IPFS_PINS_H
#define LIB_IPFS_PINS_H

#include <nixipfs/pin.h>

#include "lib/ipfs/rpc.h"

/**
 * struct nipfs_pin_node - a node
 * @rpc:        calls to it
 * @patience_s: how long it may make no progress
 * @progress:   who hears of it; may be NULL
 */
struct nipfs_pin_node {
	struct nipfs__rpc *rpc;
	unsigned int patience_s;
	const struct nipfs_progress *progress;
};

/**
 * nipfs__pin_of() - what is pinned, as a plain pin or, by its name, a named one
 * @name: of the pin; NULL: none. What is too long is cut
 */
void nipfs__pin_of(const struct nipfs_cid *cid, const char *name, struct nipfs_pin *out);

/**
 * nipfs__pin_find() - the recursive pin of a CID
 * @out: untouched when there is none
 *
 * Return: 0; 1 when it is not pinned; or as nipfs__rpc_call().
 */
int nipfs__pin_find(struct nipfs_pin_node *node, const struct nipfs_cid *cid,
		    struct nipfs_pin *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__pin_resolve() - read what a named pin holds
 * @pin: one that looks like a named one; without such a directory it becomes a plain one
 *
 * Return: 0, or as nipfs__rpc_call() where that is not about the directory.
 */
int nipfs__pin_resolve(struct nipfs_pin_node *node, struct nipfs_pin *pin,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
