/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dag-pb codec (0x70). Spec: ipld.io/specs/codecs/dag-pb. */
#ifndef DAG_PB_H
#define DAG_PB_H

#include <stdbool.h>

#include <nixipfs/cid.h>

#include "multiformats/base/buf.h"

/**
 * struct nipfs__pb_link - one link as decoded; borrowed from the block
 * @cid:       where it leads
 * @name:      raw bytes; empty when absent
 * @tsize:     0 when absent; claimed, not verified
 */
struct nipfs__pb_link {
	struct nipfs_cid cid;
	struct nipfs_slice name;
	uint64_t tsize;
};

/**
 * struct nipfs__pb_node - a decoded node; borrowed from the block
 * @data:     the Data field
 * @has_data: whether it was there at all
 * @n_links:  number of links
 * @links:    private: the part of the block that holds the links
 */
struct nipfs__pb_node {
	struct nipfs_slice data;
	bool has_data;
	size_t n_links;
	struct nipfs_slice links;
};

/**
 * nipfs__pb_node_decode() - check a whole block and find its parts
 *
 * Strict as go-codec-dagpb (reference §1.1), and stricter: bytes behind the CID
 * in Hash are refused. Links may stand before or after Data. Allocates nothing.
 *
 * Return: 0, NIPFS_E_TRUNCATED, NIPFS_E_INVALID, NIPFS_E_UNSUPPORTED (hash of a link).
 */
int nipfs__pb_node_decode(struct nipfs_slice block, struct nipfs__pb_node *out) NIPFS_MUSTUSE;

/**
 * nipfs__pb_node_next() - the links of a decoded node, one after another
 * @node:   from nipfs__pb_node_decode()
 * @cursor: 0 before the first; moved on
 * @out:    the link
 *
 * Return: 0, or 1 behind the last.
 */
int nipfs__pb_node_next(const struct nipfs__pb_node *node, size_t *cursor,
			struct nipfs__pb_link *out) NIPFS_MUSTUSE;

/* Bytes that nipfs__pb_put_link() appends for a CID of @cid_len bytes. */
size_t nipfs__pb_link_len(size_t cid_len, size_t name_len, uint64_t tsize);

/**
 * nipfs__pb_put_link() - append a link as boxo writes it: Hash, Name and Tsize always
 * @cid: binary CID
 *
 * The caller appends links in their final order, then Data by nipfs__pb_put_data().
 */
int nipfs__pb_put_link(struct nipfs_buf *b, struct nipfs_slice cid, struct nipfs_slice name,
		       uint64_t tsize) NIPFS_MUSTUSE;
/* Bytes that nipfs__pb_put_data() appends. */
size_t nipfs__pb_data_len(size_t data_len);
int nipfs__pb_put_data(struct nipfs_buf *b, struct nipfs_slice data) NIPFS_MUSTUSE;

#endif
