/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CIDs: bytes that are taken are written as the same bytes; a text that is
 * taken names the same CID as each of its other forms.
 */
#include <stdlib.h>

#include <nixipfs/cid.h>

#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_forms(const struct nipfs_cid *cid)
{
	char text[NIPFS_CID_TEXT_MAX];
	struct nipfs_cid back;

	if (nipfs_cid_format(cid, text) != strlen(text))
		abort();
	if (nipfs_cid_parse(nipfs__slice_str(text), &back) < 0 ||
	    !nipfs_cid_equal(cid, &back))
		abort();
	for (const char *base = "fFbBkzmuU"; *base; base++) {
		const int r = nipfs_cid_format_base(cid, (enum nipfs_base) * base, text);

		if (cid->version == 0 && *base != NIPFS_BASE_58_BTC) {
			if (r != NIPFS_E_USAGE)
				abort();
			continue;
		}
		if (r < 0 || nipfs_cid_parse(nipfs__slice_str(text), &back) < 0 ||
		    !nipfs_cid_equal(cid, &back))
			abort();
	}
}

static void check_bytes(const struct nipfs_cid *cid)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	const size_t n = nipfs_cid_encode(cid, raw);
	struct nipfs_cid back;
	size_t used;

	if (nipfs_cid_decode(nipfs__slice(raw, n), &back, &used) < 0 || used != n ||
	    !nipfs_cid_equal(cid, &back))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs_slice in = { data, size };
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	struct nipfs_cid cid;
	size_t used;

	if (nipfs_cid_decode(in, &cid, &used) == 0) {
		if (used > size || nipfs_cid_encode(&cid, raw) != used ||
		    memcmp(raw, data, used) != 0)
			abort();
		check_forms(&cid);
		if (nipfs_cid_verify(&cid, nipfs__slice_skip(in, used)) > 0)
			abort();
	}
	if (nipfs_cid_parse(in, &cid) == 0) {
		check_bytes(&cid);
		check_forms(&cid);
	}
	return 0;
}
