/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hashes modulo inputs of the derivations that were looked at. */
#ifndef LIB_NIX_DRV_HASHES_H
#define LIB_NIX_DRV_HASHES_H

#include <stdint.h>

#include "lib/path_map.h"
#include "multiformats/base/buf.h"

struct nipfs_store;

enum nipfs__drv_state { NIPFS__DRV_NEW, NIPFS__DRV_ON_THE_WAY, NIPFS__DRV_KNOWN };

struct nipfs__drv_hash {
	enum nipfs__drv_state state;
	uint8_t digest[32];
};

/**
 * struct nipfs__drv_hashes - what is known already; starts with zeros
 * @map:    the paths of .drv files, numbered
 * @hashes: by number
 */
struct nipfs__drv_hashes {
	struct nipfs__path_map map;
	struct nipfs__drv_hash *hashes;
	size_t cap;
};

void nipfs__drv_hashes_release(struct nipfs__drv_hashes *h);

/* Reads the .drv file @name in the folder @dirfd, which stands for @path. */
int nipfs__drv_read_file(int dirfd, const char *name, const struct nipfs_store_path *path,
			 struct nipfs_buf *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Reads a .drv file that is valid in @store or a placement of it. */
int nipfs__drv_read(struct nipfs_store *store, const struct nipfs_store_path *path,
		    struct nipfs_buf *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* A code of the functions that read a .drv file's text, with a message. */
int nipfs__drv_fail(const char *name, int code, struct nipfs_error *err);

/**
 * nipfs__drv_hashes_of_inputs() - make known the hashes of all inputs of a .drv file
 * @text: the .drv file
 * @name: for messages
 *
 * Return: 0, or the codes of nipfs__drv_check().
 */
int nipfs__drv_hashes_of_inputs(struct nipfs_store *store, struct nipfs_slice text,
				const char *name, struct nipfs_error *err) NIPFS_MUSTUSE;

/* For nipfs__drv_modulo(), with the store as @ctx: what is known, or NULL. */
const uint8_t *nipfs__drv_hashes_lookup(void *ctx, struct nipfs_slice path);

#endif
