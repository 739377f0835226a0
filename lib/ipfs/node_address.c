/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a Kubo node listens: its files, or what is given instead. */
#include <fcntl.h>
#include <stdlib.h>

#include "lib/ipfs/credentials.h"
#include "lib/ipfs/node.h"
#include "lib/ipfs/small_file.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { ADDRESS_MAX = 2047 };

static const char default_api[] = "/ip4/127.0.0.1/tcp/5001";

/* Opens a file of the node's repository. Return: a descriptor or -1. */
static int open_repo_file(const char *name)
{
	const char *repo = getenv("IPFS_PATH"), *home = getenv("HOME");
	struct nipfs_buf path = NIPFS_BUF_INIT(4096);
	int fd = -1, r;

	if (repo && *repo)
		r = nipfs__buf_printf(&path, "%s/%s", repo, name);
	else
		r = home && *home ? nipfs__buf_printf(&path, "%s/.ipfs/%s", home, name) : -1;
	if (r == 0 && nipfs__buf_terminate(&path) == 0)
		fd = open((const char *)path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	nipfs__buf_release(&path);
	return fd;
}

bool nipfs__node_has_api_file(void)
{
	nipfs_auto_fd int fd = open_repo_file("api");

	return fd >= 0;
}

/* What a file says that the node writes. Return: 0, 1 when it says nothing, or negative. */
static int read_address(const char *name, struct nipfs__endpoint *out, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = open_repo_file(name);
	char text[ADDRESS_MAX];
	const ssize_t n = nipfs__small_file_read(fd, text, sizeof(text));
	int r;

	if (n <= 0)
		return 1;
	r = nipfs__endpoint_parse(nipfs__slice(text, (size_t)n), out, err);
	if (r < 0)
		nipfs__prefix(err, "the file '%s' of the node", name);
	return r;
}

int nipfs__node_find_api(const char *api, struct nipfs__endpoint *out, struct nipfs_error *err)
{
	const int r = api ? 1 : read_address("api", out, err);

	return r == 1 ? nipfs__endpoint_of(api ? api : default_api, out, err) : r;
}

/* A file that can't be used is done without: the node itself knows. */
static int find_gateway(struct nipfs__origin *o, const char *api, const char *gateway,
			struct nipfs_error *err)
{
	if (gateway)
		return nipfs__endpoint_of(gateway, &o->gateway, err);
	if (!api && read_address("gateway", &o->gateway, NULL) == 0)
		return 0;
	o->finding = true;
	return 0;
}

int nipfs__node_find(struct nipfs__origin *o, const char *api, const char *gateway,
		     struct nipfs_error *err)
{
	struct nipfs_buf name = NIPFS_BUF_INIT(2 * NIPFS__URL_MAX);
	int r = nipfs__credentials_load(&o->secret, err);

	if (r == 0)
		r = nipfs__node_find_api(api, &o->api, err);
	if (r == 0)
		r = find_gateway(o, api, gateway, err);
	if (r < 0)
		return r;
	if (nipfs__buf_printf(&name, "kubo at %s",
			      gateway ? o->gateway.shown : o->api.shown) < 0 ||
	    nipfs__buf_terminate(&name) < 0) {
		nipfs__buf_release(&name);
		return nipfs__fail_nomem(err);
	}
	o->name = (char *)name.ptr;
	nipfs__origin_begin(o);
	return 0;
}
