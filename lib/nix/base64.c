/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Padded base-64, by libsodium. */
#include "lib/nix/base64.h"

#include <sodium.h>

size_t nipfs__base64_encode(struct nipfs_slice in, char *out)
{
	const size_t len = NIPFS__BASE64_LEN(in.len);

	(void)sodium_bin2base64(out, len + 1, in.ptr, in.len,
				sodium_base64_VARIANT_ORIGINAL);
	return len;
}

int nipfs__base64_decode(struct nipfs_slice text, uint8_t *out, size_t cap, size_t *len)
{
	size_t n;

	if (text.len == 0) {
		*len = 0;
		return 0;
	}
	if (sodium_base642bin(out, cap, (const char *)text.ptr, text.len, NULL, &n, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0)
		return NIPFS_E_INVALID;
	*len = n;
	return 0;
}
