/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who vouches for the paths of a closure, and whether that counts here. */
#ifndef CLI_SHOW_SIGS_H
#define CLI_SHOW_SIGS_H

#include <jansson.h>

#include <nixipfs/path_info.h>

#include "cli/trust_args.h"

/**
 * show_sigs_print() - a path, and a line for each that vouches for it
 * @common:    the options; with -q only a path that would be refused is printed
 * @trust:     whose signatures count
 * @store_dir: the store folder of the closure
 * @info:      the path
 * @err:       filled on failure
 *
 * Return: 0, or as nipfs_path_info_check_sigs().
 */
int show_sigs_print(const struct common *common, const struct trust *trust,
		    const char *store_dir, const struct nipfs_path_info *info,
		    struct nipfs_error *err);

/* The same as members "keys", "contentAddress" and "trusted" of @object. */
int show_sigs_json(json_t *object, const struct trust *trust, const char *store_dir,
		   const struct nipfs_path_info *info, struct nipfs_error *err);

#endif
