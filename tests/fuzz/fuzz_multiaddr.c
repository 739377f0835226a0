/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiaddrs: what is taken, written anew, is taken as the same; else a message says why.
 */
#include <stdio.h>
#include <stdlib.h>

#include "multiformats/base/slice.h"
#include "multiformats/multiaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void format(const struct nipfs_multiaddr *a, char *out, size_t cap)
{
	static const char *const kinds[] = {
		[NIPFS_MULTIADDR_IP4] = "ip4",	 [NIPFS_MULTIADDR_IP6] = "ip6",
		[NIPFS_MULTIADDR_DNS] = "dns",	 [NIPFS_MULTIADDR_DNS4] = "dns4",
		[NIPFS_MULTIADDR_DNS6] = "dns6",
	};

	if (a->kind == NIPFS_MULTIADDR_UNIX)
		/* the slash keeps white space at the end of the path */
		(void)snprintf(out, cap, "/unix%s/", a->path);
	else
		(void)snprintf(out, cap, "/%s/%s/tcp/%u%s", kinds[a->kind], a->host,
			       a->port, a->https ? "/https" : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nipfs_multiaddr a, b;
	struct nipfs_error err;
	char text[1024];
	const int r = nipfs__multiaddr_parse(nipfs__slice(data, size), &a, &err);

	if (r < 0) {
		if (err.code != r || err.msg[0] == 0 || strchr(err.msg, '\n'))
			abort();
		return 0;
	}
	format(&a, text, sizeof(text));
	if (nipfs__multiaddr_parse(nipfs__slice_str(text), &b, NULL) < 0)
		abort();
	if (a.kind != b.kind || a.https != b.https || a.port != b.port ||
	    strcmp(a.host, b.host) != 0 || strcmp(a.path, b.path) != 0)
		abort();
	if ((a.kind == NIPFS_MULTIADDR_UNIX) != (a.path[0] == '/') ||
	    (a.kind == NIPFS_MULTIADDR_UNIX) != (a.port == 0))
		abort();
	return 0;
}
