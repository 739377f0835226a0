/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths signed: in a Nix store, or in a closure directory that is made anew. */
#ifndef NIXIPFS_SIGN_H
#define NIXIPFS_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include <nixipfs/block.h>
#include <nixipfs/dag.h>
#include <nixipfs/index.h>
#include <nixipfs/keys.h>
#include <nixipfs/progress.h>
#include <nixipfs/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_signed - one path that is signed now
 * @path:  the store path
 * @sig:   the signature, "NAME:BASE64"
 * @known: it was there already
 *
 * Borrowed for the call.
 */
struct nipfs_signed {
	struct nipfs_store_path path;
	const char *sig;
	bool known;
};

/**
 * struct nipfs_sign_options - what is signed and how
 * @recursive:      nipfs_store_sign(): all that the paths refer to as well
 * @trust_nar_hash: do not read the contents: whoever said the NAR hash is believed
 * @done:           called with each path when it is signed; a negative return ends
 *                  it; may be NULL
 * @ctx:            handed to @done
 * @progress:       may be NULL
 *
 * Start with zeros.
 */
struct nipfs_sign_options {
	bool recursive;
	bool trust_nar_hash;
	int (*done)(void *ctx, const struct nipfs_signed *path, struct nipfs_error *err);
	void *ctx;
	const struct nipfs_progress *progress;
};

/**
 * nipfs_store_sign() - sign valid paths of a store, as `nix store sign` does
 * @store:   opened for WRITE; where it belongs to a daemon, that is asked to add them
 * @key:     who signs
 * @paths:   which ones; repeats are ignored
 * @n:       at least 1
 * @options: may be NULL: all zero
 * @err:     names the path; may be NULL
 *
 * The contents of each path are hashed again and compared with the NAR hash that
 * Nix has of it, and only then it is signed, references first. The paths are kept
 * from the garbage collector until the store is closed. Interrupted, what was
 * signed stays so.
 *
 * Return: 0; NIPFS_E_NOTFOUND (a path is not valid); NIPFS_E_MISMATCH (contents
 * that are not what Nix says); NIPFS_E_INVALID, NIPFS_E_LIMIT, NIPFS_E_CHANGED (a
 * tree that can't be a store object, or a size that is not known); NIPFS_E_CANCELLED;
 * NIPFS_E_NOMEM; or as nipfs_store_add_signatures(), or what @done returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_sign(struct nipfs_store *store,
					     const struct nipfs_secret_key *key,
					     const struct nipfs_store_path *paths, size_t n,
					     const struct nipfs_sign_options *options,
					     struct nipfs_error *err);

/**
 * struct nipfs_closure_sign_target - where the blocks of a signed closure go
 * @index:     records them, so that the closure can be read back; may be NULL
 * @store_dir: with @index: the physical store folder that its paths are in
 * @blocks:    gets them too; may be NULL
 *
 * These are the directory and its narinfos, and what of the old one they lead to:
 * the directory `store`, result symlinks and the like. Not the trees.
 */
struct nipfs_closure_sign_target {
	struct nipfs_index *index;
	const char *store_dir;
	const struct nipfs_block_sink *blocks;
};

/**
 * struct nipfs_signed_closure - a closure directory that was made anew
 * @closure: the directory
 * @store:   its `store`: the same as before
 * @n:       paths in it
 * @n_known: of those, signed by this key before
 */
struct nipfs_signed_closure {
	struct nipfs_link closure;
	struct nipfs_cid store;
	size_t n;
	size_t n_known;
};

/**
 * nipfs_closure_sign() - make a closure directory anew, with each path signed
 * @source:  where its blocks are
 * @closure: the closure directory
 * @key:     who signs
 * @target:  where the blocks of the new one go; may be NULL: the CID alone is wanted
 * @options: may be NULL: all zero
 * @out:     untouched on failure
 * @err:     names the path; may be NULL
 *
 * Trees are hashed and compared with the NAR hash of their narinfo, and not
 * touched: only narinfos and the directory itself are new. A narinfo that Nix
 * would write otherwise keeps its text and gets one more line. All other entries
 * stay what they are. With an index, on return everything is in its database.
 *
 * Return: 0; NIPFS_E_INVALID (not a closure, or a malformed one); NIPFS_E_NOTFOUND (a
 * block); NIPFS_E_MISMATCH (a tree that does not have its NAR hash, or a block);
 * NIPFS_E_LIMIT (also for entries that are no part of a closure and big);
 * NIPFS_E_CANCELLED; NIPFS_E_NOMEM; or as nipfs_dag_tree(), what index and sink fail
 * with, or what the functions of @options returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_closure_sign(struct nipfs_block_source *source, const struct nipfs_cid *closure,
		   const struct nipfs_secret_key *key,
		   const struct nipfs_closure_sign_target *target,
		   const struct nipfs_sign_options *options, struct nipfs_signed_closure *out,
		   struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
