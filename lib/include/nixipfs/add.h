/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths into the index, and the closure directory that names them. */
#ifndef NIXIPFS_ADD_H
#define NIXIPFS_ADD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/dag.h>
#include <nixipfs/index.h>
#include <nixipfs/keys.h>
#include <nixipfs/progress.h>
#include <nixipfs/publish.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * nipfs_store_resolve() - the store path that an argument means
 * @store:    a store
 * @argument: NUL-terminated: a path in the store folder, logical or real, or a
 *            symlink that leads to one ("./result")
 * @out:      untouched on failure
 * @err:      may be NULL
 *
 * Return: 0; NIPFS_E_NOTFOUND (there is no such path, or it is not in the
 * store); NIPFS_E_USAGE for a path below a store path: the message has the right one.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_resolve(struct nipfs_store *store,
						const char *argument,
						struct nipfs_store_path *out,
						struct nipfs_error *err);

/**
 * struct nipfs_add_options - how store paths are added
 * @check:      hash the NAR of every path again and compare it with what Nix says
 * @no_closure: the paths alone, without what they refer to
 * @nars:       also make a NAR-shaped file of every path, for stock Nix
 * @sign_key:   signs the narinfos, beside the signatures that Nix has; nothing is
 *              stored in Nix. What is signed should be checked. May be NULL.
 * @leave_out:  asked about each path of the closure, and whether it was asked for: 1 leaves
 *              it out (what refers to it says so still), 0 does not, negative ends. @info is
 *              borrowed for the call. May be NULL
 * @ctx:        handed to @leave_out
 * @publisher:  is given what is read of the paths, as it is hashed; may be NULL. Its node
 *              does not make the call fail
 * @progress:   may be NULL
 *
 * Start with zeros.
 */
struct nipfs_add_options {
	bool check;
	bool no_closure;
	bool nars;
	const struct nipfs_secret_key *sign_key;
	int (*leave_out)(void *ctx, const struct nipfs_path_info *info, bool asked_for,
			 struct nipfs_error *err);
	void *ctx;
	struct nipfs_publisher *publisher;
	const struct nipfs_progress *progress;
};

/**
 * struct nipfs_added - one path of a closure that was added
 * @path:      the store path
 * @nar_size:  bytes of its NAR
 * @tree:      its tree
 * @has_nar:   whether @nar is set
 * @nar:       its NAR-shaped file
 * @asked_for: whether it is one of the paths that were asked for
 * @known:     it was in the index: nothing was read
 */
struct nipfs_added {
	struct nipfs_store_path path;
	uint64_t nar_size;
	struct nipfs_link tree;
	bool has_nar;
	struct nipfs_link nar;
	bool asked_for;
	bool known;
};

/**
 * struct nipfs_add_result - what was added
 * @closure:     the closure directory
 * @store:       its `store`: the same for the same store objects on every machine
 * @paths:       owned; references before what refers to them
 * @n:           how many
 * @left_out:    how many paths options->leave_out left out
 * @unprotected: the garbage collector was not kept off: only the daemon could
 *
 * End with nipfs_add_result_release().
 */
struct nipfs_add_result {
	struct nipfs_link closure;
	struct nipfs_link store;
	struct nipfs_added *paths;
	size_t n;
	size_t left_out;
	bool unprotected;
};

/**
 * nipfs_add() - hash and index store paths with all that they refer to
 * @store:   where they are
 * @index:   gets every block; NULL: the CIDs alone are wanted
 * @paths:   which ones; repeats are ignored
 * @n:       at least 1
 * @options: may be NULL: all zero
 * @out:     overwritten, not released; untouched on failure
 * @err:     may be NULL
 *
 * The paths are kept from the garbage collector until the store is closed. What
 * is in the index with the NAR hash that Nix states is not read again unless
 * options say so. On return everything is in the index's database. Interrupted,
 * what was complete stays, and the next call goes on from there.
 *
 * Return: 0; NIPFS_E_NOTFOUND (a path is not valid); NIPFS_E_MISMATCH (the
 * contents of a path are not those that Nix says); NIPFS_E_INVALID, NIPFS_E_LIMIT,
 * NIPFS_E_CHANGED (a tree that can't be a store object); NIPFS_E_CANCELLED;
 * NIPFS_E_SYS; NIPFS_E_NOMEM; or what store and index fail with.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_add(struct nipfs_store *store, struct nipfs_index *index,
				      const struct nipfs_store_path *paths, size_t n,
				      const struct nipfs_add_options *options,
				      struct nipfs_add_result *out, struct nipfs_error *err);

/**
 * nipfs_add_result_release() - give back what it owns and make it empty
 * @result: may be empty already
 */
NIPFS_API void nipfs_add_result_release(struct nipfs_add_result *result);

#ifdef __cplusplus
}
#endif
#endif
