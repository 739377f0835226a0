/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where nix-ipfs keeps what it knows. */
#include <nixipfs/index.h>

#include <stdlib.h>
#include <unistd.h>

#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"

/* A variable that names an absolute folder, or NULL. */
static const char *absolute(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] == '/' ? value : NULL;
}

int nipfs_state_dir(char **out, struct nipfs_error *err)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX);
	const char *own = getenv("NIX_IPFS_STATE_DIR");
	const char *dir;
	int code;

	if (own && *own) {
		if (own[0] != '/')
			return nipfs__fail(
			    err, NIPFS_E_USAGE,
			    "NIX_IPFS_STATE_DIR is '%s': it must be an absolute path",
			    own);
		code = nipfs__buf_put_str(&b, own);
	} else if (geteuid() == 0) {
		code = nipfs__buf_put_str(&b, "/var/lib/nix-ipfs");
	} else if ((dir = absolute("XDG_STATE_HOME"))) {
		code = nipfs__buf_printf(&b, "%s/nix-ipfs", dir);
	} else if ((dir = absolute("HOME"))) {
		code = nipfs__buf_printf(&b, "%s/.local/state/nix-ipfs", dir);
	} else {
		return nipfs__fail(
		    err, NIPFS_E_USAGE,
		    "no state folder: set HOME, or NIX_IPFS_STATE_DIR to an "
		    "absolute path");
	}
	if (code < 0 || nipfs__buf_terminate(&b) < 0) {
		nipfs__buf_release(&b);
		return nipfs__fail_nomem(err);
	}
	*out = (char *)b.ptr;
	return 0;
}
