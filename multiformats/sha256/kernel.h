/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What computes SHA-256 blocks; only multiformats/sha256/ sees it. */
#ifndef MULTIFORMATS_SHA256_KERNEL_H
#define MULTIFORMATS_SHA256_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Takes @n blocks of 64 bytes, one behind the other, into the chain @state. */
void nipfs__sha256_blocks(uint32_t *state, const uint8_t *blocks, size_t n);

#endif
