/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The closure directory: a UnixFS directory that is a Nix binary cache. Spec:
 * nix-ipfs-dag(5).
 *
 *     HASHPART.narinfo     what Nix says of one store path
 *     store/BASENAME       its tree
 *     result, result-1 …   symlinks to store/BASENAME, one per path asked for
 *     nix-cache-info, nar/NARHASH.nar   for stock Nix, where NARs were asked for
 *
 * Objects are used by one thread at a time.
 */
#ifndef NIXIPFS_CLOSURE_H
#define NIXIPFS_CLOSURE_H

#include <nixipfs/block.h>
#include <nixipfs/dag.h>
#include <nixipfs/path_info.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a closure directory. */
struct nipfs_closure_builder;

/**
 * nipfs_closure_builder_new() - start a closure directory
 * @out:       freed with nipfs_closure_builder_free()
 * @store_dir: the logical store folder; copied
 * @blocks:    gets the blocks of the narinfos and of the directory; NULL: only
 *             the CIDs are wanted. Must outlive the builder.
 * @err:       may be NULL
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_builder_new(struct nipfs_closure_builder **out,
						      const char *store_dir,
						      const struct nipfs_block_sink *blocks,
						      struct nipfs_error *err);

/**
 * nipfs_closure_builder_add() - one store path
 * @b:         the closure directory
 * @info:      what Nix says of it; with a known nar_size
 * @tree:      its tree, in profile nix
 * @nar:       its NAR-shaped file, or NULL; for all paths or for none
 * @asked_for: whether it is one of the paths that the closure was made for, and
 *             gets a `result` symlink
 * @err:       may be NULL
 *
 * In any order, each path once.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, NIPFS_E_INVALID (nar_size unknown),
 * NIPFS_E_USAGE (@nar for some paths only), or what the block sink returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_builder_add(struct nipfs_closure_builder *b,
						      const struct nipfs_path_info *info,
						      const struct nipfs_link *tree,
						      const struct nipfs_link *nar,
						      bool asked_for, struct nipfs_error *err);

/**
 * nipfs_closure_builder_finish() - make the directory
 * @b:     afterwards only to be freed
 * @top:   the closure directory; untouched on failure
 * @store: its `store`, which does not depend on who made it; untouched on failure
 * @err:   may be NULL
 *
 * Return: 0, or as nipfs_dir_builder_finish().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_builder_finish(struct nipfs_closure_builder *b,
							 struct nipfs_link *top,
							 struct nipfs_link *store,
							 struct nipfs_error *err);

/**
 * nipfs_closure_builder_free() - end a builder, at any point
 * @b: may be NULL
 */
NIPFS_API void nipfs_closure_builder_free(struct nipfs_closure_builder *b);

/* A closure directory that is read. */
struct nipfs_closure;

/**
 * nipfs_closure_open() - begin to read a closure directory
 * @out:       freed with nipfs_closure_free()
 * @source:    where its blocks are; must outlive the closure
 * @cid:       the closure directory
 * @store_dir: the store folder that its paths must be in, or NULL: take what
 *             the first narinfo says
 * @err:       may be NULL
 *
 * Return: 0; NIPFS_E_INVALID when @cid is no directory with a `store` in it;
 * NIPFS_E_NOMEM; or as nipfs_dag_lookup().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_open(struct nipfs_closure **out,
					       struct nipfs_block_source *source,
					       const struct nipfs_cid *cid,
					       const char *store_dir,
					       struct nipfs_error *err);

/**
 * nipfs_closure_free() - end reading
 * @c: may be NULL
 */
NIPFS_API void nipfs_closure_free(struct nipfs_closure *c);

/**
 * nipfs_closure_store_cid() - the CID of `store`
 * @c: a closure
 *
 * Return: borrowed from @c.
 */
NIPFS_API const struct nipfs_cid *nipfs_closure_store_cid(const struct nipfs_closure *c);

/**
 * nipfs_closure_store_dir() - the store folder of the paths
 * @c: a closure
 *
 * Return: borrowed from @c; NULL while no narinfo was read and none was given.
 */
NIPFS_API const char *nipfs_closure_store_dir(const struct nipfs_closure *c);

/**
 * nipfs_closure_results() - the paths that the closure was made for
 * @c:   a closure
 * @out: owned by the caller, free() it; sorted; NULL when there are none;
 *       untouched on failure
 * @n:   how many; untouched on failure
 * @err: may be NULL
 *
 * Return: 0; NIPFS_E_INVALID for a `result` that does not lead into `store`;
 * NIPFS_E_NOMEM; or as nipfs_dag_list().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_results(struct nipfs_closure *c,
						  struct nipfs_store_path **out, size_t *n,
						  struct nipfs_error *err);

/**
 * nipfs_closure_paths() - all paths that have a narinfo in the closure
 * @c:   a closure
 * @out: owned by the caller, free() it; sorted by base name; untouched on failure
 * @n:   how many; untouched on failure
 * @err: may be NULL
 *
 * The names come from `store`, which names them all; a tree without a narinfo
 * is left out.
 *
 * Return: 0, NIPFS_E_INVALID, NIPFS_E_NOMEM, or as nipfs_dag_list().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_paths(struct nipfs_closure *c,
						struct nipfs_store_path **out, size_t *n,
						struct nipfs_error *err);

/**
 * nipfs_closure_info() - what the closure says of one path
 * @c:         a closure
 * @hash_part: 32 characters, NUL-terminated
 * @info:      overwritten, not released; untouched on failure
 * @tree:      the CID of its tree; untouched on failure
 * @err:       may be NULL
 *
 * Nothing of it is verified but that the narinfo is about that hash part, and
 * that all paths are of one store folder.
 *
 * Return: 0; NIPFS_E_NOTFOUND when the path is not included; NIPFS_E_INVALID for
 * a narinfo that is wrong or about another path, or a narinfo without a tree;
 * NIPFS_E_UNSUPPORTED for another store folder; NIPFS_E_LIMIT; NIPFS_E_NOMEM; or
 * as nipfs_dag_lookup().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_info(struct nipfs_closure *c,
					       const char *hash_part,
					       struct nipfs_path_info *info,
					       struct nipfs_cid *tree,
					       struct nipfs_error *err);

/**
 * nipfs_closure_select() - the path of a closure that an argument means
 * @c:        a closure
 * @argument: NUL-terminated: a store path in full, its base name, or its hash part
 * @out:      untouched on failure
 * @err:      may be NULL
 *
 * Return: 0; NIPFS_E_USAGE when it is none of the three; NIPFS_E_NOTFOUND when
 * the path is not included; or as nipfs_closure_info().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_closure_select(struct nipfs_closure *c,
						 const char *argument,
						 struct nipfs_store_path *out,
						 struct nipfs_error *err);

/**
 * struct nipfs_closure_set - paths of a closure with all they refer to
 * @infos:    owned; references before what refers to them
 * @trees:    owned; the tree of each
 * @n:        how many
 * @missing:  owned; sorted: paths that are referred to and not included
 * @n_missing: how many
 *
 * Start with zeros, end with nipfs_closure_set_release().
 */
struct nipfs_closure_set {
	struct nipfs_path_info *infos;
	struct nipfs_cid *trees;
	size_t n;
	struct nipfs_store_path *missing;
	size_t n_missing;
};

/**
 * nipfs_closure_collect() - paths with all they refer to, references first
 * @c:     a closure
 * @paths: where to begin
 * @n:     how many
 * @stop:  asked for each path before its narinfo is read: 1 leaves it out with
 *         all that it refers to (the receiver has it), 0 goes on, negative ends.
 *         May be NULL. Neither may use the source of the closure but by it.
 * @likely: whether @stop is going to leave a path out: asked before, in any order, and of
 *         some paths; what it is not likely to leave out is fetched ahead. May be NULL: with
 *         @stop, nothing is.
 * @ctx:   handed to @stop and @likely
 * @out:   overwritten, not released; untouched on failure
 * @err:   may be NULL
 *
 * The order depends on the references and names alone.
 *
 * Return: 0; NIPFS_E_NOTFOUND when one of @paths is not included;
 * NIPFS_E_INVALID when references go in a circle; NIPFS_E_LIMIT (too many
 * paths); or as nipfs_closure_info(), or what @stop returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_closure_collect(struct nipfs_closure *c, const struct nipfs_store_path *paths, size_t n,
		      int (*stop)(void *ctx, const struct nipfs_store_path *path,
				  struct nipfs_error *err),
		      bool (*likely)(void *ctx, const struct nipfs_store_path *path), void *ctx,
		      struct nipfs_closure_set *out, struct nipfs_error *err);

/**
 * nipfs_closure_set_release() - give back what it owns and make it empty
 * @set: may be empty already
 */
NIPFS_API void nipfs_closure_set_release(struct nipfs_closure_set *set);

#ifdef __cplusplus
}
#endif
#endif
