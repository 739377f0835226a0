/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a node says of its gateway, and credentials for it: an address that can be used
 * from here, or none; a header line of one line, or none, and no message repeats them.
 */
#include <stdlib.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/node.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_gateway(struct nipfs_slice json, bool local)
{
	const struct nipfs__endpoint api = { .local = local };
	struct nipfs__endpoint got;
	const int r = nipfs__node_gateway(json, &api, &got);

	if (r != 0 && r != NIPFS_E_NOTFOUND)
		abort();
	if (r < 0)
		return;
	if (!nipfs__is_url(got.url) || (got.local && !local))
		abort();
	nipfs__endpoint_release(&got);
}

static void check_credentials(struct nipfs_slice text)
{
	static const char begin[] = "Authorization: B";
	char *line;

	if (nipfs__credentials_parse(text, &line, NULL) < 0)
		return;
	if (strncmp(line, begin, sizeof(begin) - 1) != 0)
		abort();
	for (const char *c = line; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
	nipfs__secret_free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_gateway(nipfs__slice(data, size), true);
	check_gateway(nipfs__slice(data, size), false);
	check_credentials(nipfs__slice(data, size));
	return 0;
}
