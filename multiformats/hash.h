/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash functions that are built in, each as one call. */
#ifndef MULTIFORMATS_HASH_H
#define MULTIFORMATS_HASH_H

#include <nixipfs/bytes.h>

/*
 * Each writes the digest of @msg: @len bytes, a length that the function has.
 * @msg and @digest may not overlap.
 */
void nipfs__hash_identity(struct nipfs_slice msg, uint8_t *digest, size_t len);
void nipfs__hash_sha2_256(struct nipfs_slice msg, uint8_t *digest, size_t len);
void nipfs__hash_sha2_512(struct nipfs_slice msg, uint8_t *digest, size_t len);
void nipfs__hash_blake2b(struct nipfs_slice msg, uint8_t *digest, size_t len);
void nipfs__hash_blake2s(struct nipfs_slice msg, uint8_t *digest, size_t len);

#endif
