/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text that names a Nix store, taken apart as Nix does. */
#ifndef LIB_NIX_STORE_URI_H
#define LIB_NIX_STORE_URI_H

#include <nixipfs/error.h>

#include "multiformats/base/arena.h"

enum { NIPFS__STORE_URI_PARAMS = 32 };

/**
 * struct nipfs__store_uri - a store's URI in parts
 * @scheme:   "auto", "local" (also for a folder), "unix" (also for "daemon"), …
 * @path:     what follows it: a root folder, a socket, a host; "" for none
 * @names:    names of the parameters
 * @values:   their values, %-escapes undone
 * @n_params: how many
 */
struct nipfs__store_uri {
	const char *scheme, *path;
	const char *names[NIPFS__STORE_URI_PARAMS], *values[NIPFS__STORE_URI_PARAMS];
	size_t n_params;
};

/**
 * nipfs__store_uri_parse() - take a URI apart
 * @text: what `--store` or NIX_REMOTE says
 * @mem:  gets the strings of @out
 * @out:  undefined on failure
 * @err:  may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID, NIPFS_E_LIMIT.
 */
int nipfs__store_uri_parse(const char *text, struct nipfs_arena *mem,
			   struct nipfs__store_uri *out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/* The first value of a parameter, or NULL. */
const char *nipfs__store_uri_param(const struct nipfs__store_uri *uri, const char *name);

#endif
