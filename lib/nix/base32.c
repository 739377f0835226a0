/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nix's own base-32. */
#include "lib/nix/base32.h"

#include <string.h>

/* without e, o, t, u */
static const char alphabet[] = "0123456789abcdfghijklmnpqrsvwxyz";

size_t nipfs__base32_encode(struct nipfs_slice in, char *out)
{
	const size_t len = NIPFS__BASE32_LEN(in.len);

	/* character k from the end holds bits 5k … 5k+4 of a little-endian number */
	for (size_t k = 0; k < len; k++) {
		const size_t byte = k * 5 / 8, shift = k * 5 % 8;
		unsigned int v = (unsigned int)in.ptr[byte] >> shift;

		if (byte + 1 < in.len)
			v |= (unsigned int)in.ptr[byte + 1] << (8 - shift);
		out[len - 1 - k] = alphabet[v & 31];
	}
	out[len] = 0;
	return len;
}

int nipfs__base32_decode(struct nipfs_slice text, uint8_t *out, size_t len)
{
	unsigned int acc = 0, bits = 0;
	size_t done = 0;

	if (text.len != NIPFS__BASE32_LEN(len))
		return NIPFS_E_INVALID;
	for (size_t k = text.len; k-- > 0;) {
		const char *at = memchr(alphabet, text.ptr[k], 32);

		if (!at)
			return NIPFS_E_INVALID;
		acc |= (unsigned int)(at - alphabet) << bits;
		bits += 5;
		if (bits >= 8) {
			out[done++] = (uint8_t)acc;
			acc >>= 8;
			bits -= 8;
		}
	}
	return acc ? NIPFS_E_INVALID : 0;
}
