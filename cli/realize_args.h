/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be realized: closures and paths of them, as they are typed or read. */
#ifndef CLI_REALIZE_ARGS_H
#define CLI_REALIZE_ARGS_H

#include <nixipfs/block.h>
#include <nixipfs/store_path.h>

#include "cli/command.h"
#include "cli/ref.h"

/**
 * struct realize_target - a closure, and what is wanted of it
 * @closure: the closure directory
 * @named:   whether @paths were named; else they are its results
 * @wanted:  owned; NULL-terminated: the base names of @paths when they were named
 * @paths:   owned; in the order in which roots are made of them
 * @n:       how many; 0: nothing is wanted of it
 */
struct realize_target {
	struct nipfs_cid closure;
	bool named;
	const char **wanted;
	struct nipfs_store_path *paths;
	size_t n;
};

/* Start with zeros, end with realize_args_release(). */
struct realize_args {
	struct ref *refs; /* the CIDs with their paths, while they are read */
	size_t n_refs, cap_refs;
	char **names; /* the store paths; borrowed */
	int n_names;
	struct realize_target *targets; /* in the order of the CIDs */
	size_t n_targets;
};

/**
 * realize_args_parse() - tell CIDs from store paths
 * @out:    zeroed; also after a failure to be released
 * @n_args: operands: CIDs first, then store paths, base names or hash parts
 * @args:   borrowed as long as @out
 * @from_stdin: CIDs will come from standard input: none is needed here
 * @err:    filled on failure
 *
 * 32 characters that can be the hash part of a store path are one.
 *
 * Return: 0 or NIPFS_E_USAGE.
 */
int realize_args_parse(struct realize_args *out, int n_args, char **args, bool from_stdin,
		       struct nipfs_error *err);

/* Adds CIDs from standard input, one per line. Return: 0, NIPFS_E_USAGE, NIPFS_E_SYS. */
int realize_args_read(struct realize_args *out, bool null, struct nipfs_error *err);

/**
 * realize_args_resolve() - find the closures, and what of them is wanted
 * @a:      parsed
 * @source: where the blocks are
 * @err:    filled on failure
 *
 * CID/store/NAME is the path NAME of the closure CID; any other path leads to a
 * closure. A store path that was named is taken from the first closure that
 * includes it; where one is named, the results are not meant.
 *
 * Return: 0; NIPFS_E_NOTFOUND (no closure includes it); or as
 * nipfs_closure_open(), nipfs_closure_select() and nipfs_closure_results().
 */
int realize_args_resolve(struct realize_args *a, struct nipfs_block_source *source,
			 struct nipfs_error *err);

void realize_args_release(struct realize_args *a);

#endif
