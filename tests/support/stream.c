/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Big inputs that are generated. */
#include "tests/support/stream.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void stream_bytes(const char *seed, uint64_t offset, uint8_t *out, size_t n)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	uint8_t key[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(key, (const uint8_t *)seed, strlen(seed));
	memset(out, 0, n);
	(void)crypto_stream_chacha20_xor_ic(out, out, n, nonce, offset / 64, key);
}

long test_scale(void)
{
	const char *text = getenv("SCALE");
	const long scale = text ? strtol(text, NULL, 10) : 1;

	return scale > 1 ? scale : 1;
}
