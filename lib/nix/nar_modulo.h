/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash of a stream modulo self-references (nix.md, section 2.3). */
#ifndef LIB_NIX_NAR_MODULO_H
#define LIB_NIX_NAR_MODULO_H

#include "multiformats/base/buf.h"
#include "multiformats/sha256/sha256.h"

enum { NIPFS__HASH_PART = 32 }; /* characters of the hash part of a store path */

/**
 * struct nipfs__nar_modulo - such a hash in progress
 * @self:    the hash part that is looked for
 * @sha256:  over the bytes, with NULs for each occurrence
 * @offset:  bytes that went into @sha256
 * @held:    the last bytes, which may be the beginning of an occurrence
 * @offsets: "|offset" of each occurrence
 * @count:   how many
 */
struct nipfs__nar_modulo {
	uint8_t self[NIPFS__HASH_PART];
	struct nipfs_sha256 sha256;
	uint64_t offset;
	uint8_t held[NIPFS__HASH_PART];
	size_t n_held;
	struct nipfs_buf offsets;
	uint64_t count;
};

void nipfs__nar_modulo_init(struct nipfs__nar_modulo *m, const uint8_t *self);
void nipfs__nar_modulo_release(struct nipfs__nar_modulo *m);

/* The next bytes. Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT (too many occurrences). */
int nipfs__nar_modulo_update(struct nipfs__nar_modulo *m,
			     struct nipfs_slice bytes) NIPFS_MUSTUSE;
/* Writes the 32 bytes of the hash, and of that which leaves the offsets out. */
void nipfs__nar_modulo_final(struct nipfs__nar_modulo *m, uint8_t *digest,
			     uint8_t *without_offsets);

#endif
