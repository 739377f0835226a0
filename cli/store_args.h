/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths as they are typed, or come on standard input. */
#ifndef CLI_STORE_ARGS_H
#define CLI_STORE_ARGS_H

#include <nixipfs/store.h>

#include "cli/command.h"

/* Start with zeros, end with store_args_release(). */
struct store_args {
	struct nipfs_store_path *paths;
	size_t n, cap;
};

/* What --via says. */
enum nipfs_store_via store_args_via(const struct common *common);

/*
 * Root may have to become the owner of the store of --store: before the index is
 * opened, which is that user's then, and after files that root may read. Where a
 * store is to be written too, that one is settled first: what is settled stays.
 */
int store_args_prepare(const struct common *common, enum nipfs_store_access access,
		       struct nipfs_error *err);

/* Opens the store of --store, for reading. Waits are told on stderr; with -v also
   how it is reached when that is not directly, and what Nix says. */
int store_args_open(struct nipfs_store **out, const struct common *common,
		    struct nipfs_error *err);

/* The same for writing; a chroot store without a database gets one. With -v how it is
   reached is told in any case. */
int store_args_open_write(struct nipfs_store **out, const struct common *common,
			  struct nipfs_error *err);

/* The same, of a store that is there already. */
int store_args_open_existing(struct nipfs_store **out, const struct common *common,
			     struct nipfs_error *err);

/**
 * store_args_read() - resolve arguments, and lines of standard input, to store paths
 * @out:        zeroed; also after a failure to be released
 * @from_stdin: whether standard input is read
 * @null:       lines end with NUL instead of newline
 *
 * Return: 0; as nipfs_store_resolve(); NIPFS_E_SYS; NIPFS_E_LIMIT.
 */
int store_args_read(struct store_args *out, struct nipfs_store *store, int n_args, char **args,
		    bool from_stdin, bool null, struct nipfs_error *err);

void store_args_release(struct store_args *args);

#endif
