/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multibase: what is taken is written as the same text, but for the case of digits. */
#include <stdlib.h>
#include <strings.h>

#include "multiformats/base/slice.h"
#include "multiformats/multibase.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encode(enum nipfs_base base, struct nipfs_slice bytes)
{
	char text[4096], back_text[4096];
	uint8_t back[1024];
	size_t len, n, again;
	enum nipfs_base found;

	if (nipfs__multibase_encode(base, bytes, text, sizeof(text), &len) < 0)
		return;
	if (nipfs__multibase_decode(nipfs__slice(text, len), &found, back, bytes.len,
				    &n) < 0 ||
	    found != base || !nipfs__slice_eq(nipfs__slice(back, n), bytes))
		abort();
	/* a buffer of the exact size is enough, a smaller one is not overrun */
	if (nipfs__multibase_encode(base, bytes, back_text, len, &again) < 0 ||
	    again != len ||
	    nipfs__multibase_encode(base, bytes, back_text, len - 1, &again) !=
		NIPFS_E_LIMIT)
		abort();
}

static void check_decode(struct nipfs_slice text)
{
	uint8_t bytes[4096];
	char again[8192];
	enum nipfs_base base;
	size_t n, len;

	if (nipfs__multibase_decode(text, &base, bytes, sizeof(bytes), &n) < 0)
		return;
	if (nipfs__multibase_encode(base, nipfs__slice(bytes, n), again, sizeof(again),
				    &len) < 0 ||
	    len != text.len)
		abort();
	switch (base) {
	case NIPFS_BASE_58_BTC:
	case NIPFS_BASE_64:
	case NIPFS_BASE_64_URL:
	case NIPFS_BASE_64_URL_PAD:
		if (memcmp(again, text.ptr, len) != 0)
			abort();
		break;
	case NIPFS_BASE_16:
	case NIPFS_BASE_16_UPPER:
	case NIPFS_BASE_32:
	case NIPFS_BASE_32_UPPER:
	case NIPFS_BASE_36:
		if (strncasecmp(again, (const char *)text.ptr, len) != 0)
			abort();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char prefixes[] = "fFbBkzmuU";

	if (size > 1500)
		return 0;
	check_decode(nipfs__slice(data, size));
	if (size <= 1024)
		for (const char *p = prefixes; *p; p++)
			check_encode((enum nipfs_base) * p, nipfs__slice(data, size));
	return 0;
}
