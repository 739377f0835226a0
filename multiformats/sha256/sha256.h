/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SHA-256 service: everything that is hashed with SHA-256 is hashed here.
 * A stream has a context; messages that are whole and independent go to
 * nipfs__sha256_many(), which may hash several at a time.
 *
 * All functions are thread-safe on contexts of their own, and none can fail.
 */
#ifndef MULTIFORMATS_SHA256_SHA256_H
#define MULTIFORMATS_SHA256_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>

enum { NIPFS__SHA256_BYTES = 32, NIPFS__SHA256_BLOCK = 64 };

/**
 * struct nipfs_sha256 - a SHA-256 in progress, a plain value
 * @state: the chain
 * @len:   bytes so far
 * @tail:  the last @len % 64 of them
 *
 * A copy goes on by itself, from where it was taken.
 */
struct nipfs_sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t tail[NIPFS__SHA256_BLOCK];
};

void nipfs__sha256_init(struct nipfs_sha256 *s);
void nipfs__sha256_update(struct nipfs_sha256 *s, struct nipfs_slice bytes);
/* Writes NIPFS__SHA256_BYTES bytes; @s must be started again after it. */
void nipfs__sha256_final(struct nipfs_sha256 *s, uint8_t *digest);

/**
 * nipfs__sha256_many() - the digests of independent messages
 * @msgs:    @n messages of any length
 * @n:       how many: the more at once, the better
 * @digests: @n digests, in the order of @msgs
 */
void nipfs__sha256_many(const struct nipfs_slice *msgs, size_t n,
			uint8_t (*digests)[NIPFS__SHA256_BYTES]);

/* What computes it, for people: "OpenSSL 3.0.15 3 Sep 2024". */
const char *nipfs__sha256_name(void);

#endif
