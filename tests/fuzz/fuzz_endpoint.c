/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * URLs and multiaddrs of servers: what is taken is one of HTTP, its URL is taken as the
 * same again, and a redirect to it is judged; else a message says why, without a password.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/ipfs/endpoint.h"
#include "multiformats/base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct nipfs__endpoint *e)
{
	struct nipfs__endpoint again;
	const size_t len = strlen(e->url);

	if (!nipfs__is_url(e->url) || e->url[len - 1] == '/' || strpbrk(e->url, " \r\n\t"))
		abort();
	if (e->socket && (e->socket[0] != '/' || !e->local))
		abort();
	if (nipfs__endpoint_parse(nipfs__slice_str(e->url), &again, NULL) < 0)
		abort();
	if (strcmp(again.url, e->url) != 0 || again.local != e->local)
		abort();
	/* what is on this machine, nobody elsewhere may lead to */
	if (e->local && nipfs__redirect_check(&(struct nipfs__endpoint){ .url = e->url }, e->url))
		abort();
	nipfs__endpoint_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs__endpoint e;
	struct nipfs_error err;
	const int r = nipfs__endpoint_parse(nipfs__slice(data, size), &e, &err);

	if (r == 0) {
		check(&e);
		nipfs__endpoint_release(&e);
	} else if (err.code != r || err.msg[0] == 0 || strchr(err.msg, '\n')) {
		abort();
	}
	return 0;
}
