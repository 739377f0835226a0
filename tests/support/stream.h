/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Big inputs that are generated: the keystreams of published UnixFS vectors. */
#ifndef TESTS_SUPPORT_STREAM_H
#define TESTS_SUPPORT_STREAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * STREAM(seed): the ChaCha20 keystream with key sha256(seed), nonce and counter
 * 0, as in Kubo's test/cli and `openssl enc -chacha20` over zeros. @offset is a
 * multiple of 64.
 */
void stream_bytes(const char *seed, uint64_t offset, uint8_t *out, size_t n);

/* SCALE of `make check`: 1 unless the environment says more. */
long test_scale(void);

#endif
