/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash that a content address claims, taken from a tree. */
#ifndef LIB_NIX_CA_HASH_H
#define LIB_NIX_CA_HASH_H

#include <nixipfs/tree.h>

#include "lib/nix/content_address.h"

struct nipfs__ca_hash;

/**
 * nipfs__ca_hash_new() - start hashing a tree as a content address says
 * @out: to be freed with nipfs__ca_hash_free()
 * @ca:  text, flat, or NAR. Self-references are not looked for: a NAR by SHA-256
 *       is for nipfs_nar_hash_new(), and no other may refer to itself.
 *
 * Return: 0, NIPFS_E_UNSUPPORTED (git), NIPFS_E_NOMEM.
 */
int nipfs__ca_hash_new(struct nipfs__ca_hash **out, const struct nipfs__ca *ca,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* The sink that feeds it; @h must outlive it. Text and flat refuse what is no file. */
struct nipfs_tree_sink nipfs__ca_hash_sink(struct nipfs__ca_hash *h);

/* After one whole tree, once: 0, or NIPFS_E_MISMATCH when the tree has another hash. */
int nipfs__ca_hash_finish(struct nipfs__ca_hash *h, struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__ca_hash_free(struct nipfs__ca_hash *h);

#endif
