/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths of a closure are left out of what is published. */
#ifndef CLI_LEAVE_OUT_H
#define CLI_LEAVE_OUT_H

#include <nixipfs/add.h>

#include "cli/command.h"

/* Start with zeros, end with leave_out_release(). */
struct leave_out {
	const struct opt_list *globs;
	const char *store_dir;
	struct nipfs_keyring only, skip;
	bool drvs; /* one was asked for */
};

/* @only, @skip: public keys, several in one text are separated by blanks. */
int leave_out_open(struct leave_out *out, struct nipfs_store *store,
		   const struct nipfs_store_path *paths, size_t n, const struct opt_list *only,
		   const struct opt_list *skip, const struct opt_list *globs,
		   struct nipfs_error *err);
void leave_out_release(struct leave_out *l);

/* As struct nipfs_add_options has it. */
int leave_out_path(void *ctx, const struct nipfs_path_info *info, bool asked_for,
		   struct nipfs_error *err);

#endif
