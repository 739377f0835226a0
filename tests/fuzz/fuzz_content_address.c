/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content addresses: one that is taken is the same when it is written in Nix's
 * form and read again; the path that follows from it is a store path.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/nix/content_address.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[NIPFS__CA_TEXT_MAX], again[NIPFS__CA_TEXT_MAX];
	struct nipfs_store_path path, same;
	struct nipfs__ca ca, back;
	size_t n;

	if (nipfs__ca_parse(nipfs__slice(data, size), &ca) < 0)
		return 0;
	n = nipfs__ca_format(&ca, text);
	if (n >= sizeof(text) || nipfs__ca_parse(nipfs__slice(text, n), &back) < 0 ||
	    nipfs__ca_format(&back, again) != n || strcmp(text, again) != 0)
		abort();
	if (back.method != ca.method ||
	    memcmp(&back.hash, &ca.hash, sizeof(ca.hash)) != 0)
		abort();
	if (nipfs__ca_store_path(&ca, "/nix/store", nipfs__slice_str("x"), NULL, 0, false,
				 &path, NULL) < 0 ||
	    nipfs_store_path_parse_base(nipfs__slice_str(path.base), &same, NULL) < 0)
		abort();
	return 0;
}
