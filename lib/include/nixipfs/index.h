/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index: where in the Nix store the bytes of each block lie. The store is
 * the blockstore; nothing is stored twice but directories and other nodes.
 *
 * It is one SQLite database, "index.sqlite", in the state folder. Several
 * processes may use it at once: readers never wait, writers wait for each other.
 * An index object may be used by one thread at a time, its writers and sources
 * by one thread each; it must outlive them. Writers may be begun, used and ended by several
 * threads while another uses the index. It is of no use in a forked child.
 */
#ifndef NIXIPFS_INDEX_H
#define NIXIPFS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/block.h>
#include <nixipfs/dag.h>
#include <nixipfs/error.h>
#include <nixipfs/progress.h>
#include <nixipfs/store_path.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the index itself ------------------------------------------------------ */

/**
 * nipfs_state_dir() - the state folder
 * @out: owned by the caller, free() it; NUL-terminated; untouched on failure
 * @err: may be NULL
 *
 * $NIX_IPFS_STATE_DIR; else /var/lib/nix-ipfs for root; else
 * $XDG_STATE_HOME/nix-ipfs; else $HOME/.local/state/nix-ipfs. It need not exist.
 *
 * Return: 0, NIPFS_E_NOMEM, or NIPFS_E_USAGE (not an absolute path, no $HOME).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_state_dir(char **out, struct nipfs_error *err);

struct nipfs_index;

/**
 * nipfs_index_open() - open the index
 * @out:       to be closed with nipfs_index_close()
 * @state_dir: the state folder; NULL: that of nipfs_state_dir()
 * @create:    make folder and index where there are none
 * @err:       may be NULL
 *
 * A folder that is made gets mode 0700, or 0755 when root makes it.
 *
 * Return: 0; NIPFS_E_NOTFOUND (none there, and not @create); NIPFS_E_UNSUPPORTED
 * (made by a newer version); NIPFS_E_INVALID (damaged, or something else); NIPFS_E_SYS;
 * NIPFS_E_NOMEM; NIPFS_E_USAGE (no state folder).
 *
 * All functions on an index return besides what they say: NIPFS_E_INVALID
 * (damaged), NIPFS_E_SYS (disk full, not permitted, locked for over a minute) or
 * NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_open(struct nipfs_index **out,
					     const char *state_dir, bool create,
					     struct nipfs_error *err);

/**
 * nipfs_index_close() - wait for what is being written, and close
 * @index: may be NULL; without writers and sources. For the outcome of what is
 *         being written call nipfs_index_flush() before.
 */
NIPFS_API void nipfs_index_close(struct nipfs_index *index);

/**
 * nipfs_index_flush() - wait until everything that was committed is in the database
 * @index: an index
 * @err:   may be NULL
 *
 * Return: 0, or the first failure since the last flush: what was committed since
 * then may be lost from the index, and is safe to add again.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_flush(struct nipfs_index *index,
					      struct nipfs_error *err);

/**
 * struct nipfs_index_key - a store path with certain contents
 * @store_dir: the folder on this machine that holds the path (the physical one);
 *             absolute, without a slash at its end; borrowed
 * @path:      its name there
 * @nar_hash:  SHA-256 of its NAR: a path that was collected and made anew with
 *             other bytes is another key
 */
struct nipfs_index_key {
	const char *store_dir;
	struct nipfs_store_path path;
	uint8_t nar_hash[32];
};

/* What blocks belong to. */
enum nipfs_index_kind {
	NIPFS_INDEX_PATH,   /* the tree of a store path */
	NIPFS_INDEX_CLOSURE /* narinfos and directories of a closure made for a store path
			     */
};

/**
 * struct nipfs_index_owner - what is recorded as a whole
 * @kind:     see enum nipfs_index_kind
 * @key:      the store path; of a closure, the one that it was made for
 * @nar_size: bytes of the NAR of the path
 * @root:     the tree of the path, or the closure directory
 * @has_nar:  whether the blocks of a NAR-shaped file are recorded too
 * @nar:      that file
 * @added:    when, seconds since 1970
 * @blocks:   how many blocks were recorded, each counted once
 */
struct nipfs_index_owner {
	enum nipfs_index_kind kind;
	struct nipfs_index_key key;
	uint64_t nar_size;
	struct nipfs_link root;
	bool has_nar;
	struct nipfs_link nar;
	int64_t added;
	uint64_t blocks;
};

/**
 * nipfs_index_find() - whether a store path is in the index
 * @index: an index
 * @key:   the path with the narHash that Nix states now
 * @out:   borrowed from @index and @key; untouched on failure; may be NULL
 * @err:   may be NULL
 *
 * Return: 0 or NIPFS_E_NOTFOUND. What is not flushed yet is not found.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_find(struct nipfs_index *index,
					     const struct nipfs_index_key *key,
					     struct nipfs_index_owner *out,
					     struct nipfs_error *err);

/* ---- writing --------------------------------------------------------------- */

/* Records the blocks of one owner. */
struct nipfs_index_writer;

/**
 * nipfs_index_writer_begin() - start recording a store path
 * @out:      to be ended with nipfs_index_writer_commit() or _abort()
 * @index:    an index
 * @key:      the path; copied
 * @nar_size: bytes of its NAR
 * @err:      may be NULL
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_writer_begin(struct nipfs_index_writer **out,
						     struct nipfs_index *index,
						     const struct nipfs_index_key *key,
						     uint64_t nar_size,
						     struct nipfs_error *err);

/**
 * nipfs_index_writer_begin_closure() - start recording a closure directory
 * @out:   as nipfs_index_writer_begin()
 * @index: an index
 * @key:   the path that the closure is made for, the first of several: when it
 *         goes, so does the closure; copied
 * @err:   may be NULL
 *
 * For the blocks of narinfos and of the closure's own directories, which are kept
 * whole; the trees are recorded as paths. It takes no tree events.
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_writer_begin_closure(
    struct nipfs_index_writer **out, struct nipfs_index *index,
    const struct nipfs_index_key *key, struct nipfs_error *err);

/**
 * nipfs_index_writer_tree_sink() - tells the writer which file is being read
 * @w: must outlive the sink
 *
 * Stands in the tee before the DAG builder. May be fed the same tree again, for
 * another pass over it. Needs no bytes, and answers 0 all the same.
 */
NIPFS_API struct nipfs_tree_sink
nipfs_index_writer_tree_sink(struct nipfs_index_writer *w);

/**
 * nipfs_index_writer_block_sink() - takes the blocks
 * @w: must outlive the sink
 *
 * Blocks with an origin in a file or in the NAR are recorded by their place; all
 * others are kept whole. Order and repeats do not matter. Writing itself happens
 * on another thread.
 */
NIPFS_API struct nipfs_block_sink
nipfs_index_writer_block_sink(struct nipfs_index_writer *w);

/**
 * nipfs_index_writer_commit() - the owner is complete
 * @w:    ended on success
 * @root: its tree, or the closure directory
 * @nar:  its NAR-shaped file when the blocks of that were recorded too, else NULL
 * @err:  may be NULL
 *
 * Returns before the database has it: see nipfs_index_flush(). It takes the place of
 * what was recorded of the same store path before (of a closure: of the same root).
 *
 * Return: 0, or a failure of the writing thread; @w is then to be aborted.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_writer_commit(struct nipfs_index_writer *w,
						      const struct nipfs_link *root,
						      const struct nipfs_link *nar,
						      struct nipfs_error *err);

/**
 * nipfs_index_writer_abort() - forget what was recorded
 * @w: may be NULL
 */
NIPFS_API void nipfs_index_writer_abort(struct nipfs_index_writer *w);

/* ---- reading blocks back --------------------------------------------------- */

/**
 * struct nipfs_index_truth - what Nix says now of a store path
 * @nar_hash: writes the narHash that Nix states for a path into @out: 0;
 *            NIPFS_E_NOTFOUND when the path is not valid there or the store is not one
 * that is open; another negative code ends the reading. Asked once per path.
 * @ctx:      handed to @nar_hash
 */
struct nipfs_index_truth {
	int (*nar_hash)(void *ctx, const char *store_dir,
			const struct nipfs_store_path *path, uint8_t out[32],
			struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs_index_source_new() - the blocks of the index as block source
 * @out:   to be freed with nipfs_block_source_free(), before @index is closed
 * @index: an index
 * @truth: copied; a path counts only when its narHash is the one that was recorded
 * @err:   may be NULL
 *
 * Blocks are read from the files of the store and verified. Where a block has
 * several places, the next is tried when one does not have it any more; where
 * all are wrong, the answer is NIPFS_E_MISMATCH and the source's name is that
 * of the file. Blocks of a file come with its descriptor.
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_source_new(struct nipfs_block_source **out,
						   struct nipfs_index *index,
						   const struct nipfs_index_truth *truth,
						   struct nipfs_error *err);

/* ---- keeping house --------------------------------------------------------- */

/**
 * nipfs_index_list() - all owners
 * @index: an index
 * @each:  called with each, borrowed for the call, ordered by store folder, base
 *         name and kind; must not use @index; a negative return ends it
 * @ctx:   handed to @each
 * @err:   may be NULL
 *
 * Return: 0 or what @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_index_list(struct nipfs_index *index,
		 int (*each)(void *ctx, const struct nipfs_index_owner *owner,
			     struct nipfs_error *err),
		 void *ctx, struct nipfs_error *err);

/**
 * struct nipfs_index_stats - how big the index is
 * @paths:      store paths
 * @closures:   closures
 * @blocks:     different blocks
 * @nodes:      of those, kept whole
 * @nar_bytes:  of the NARs of all paths
 * @file_bytes: of the database and its journal
 * @swept:      false while blocks of removed owners are left: prune sees to them
 */
struct nipfs_index_stats {
	uint64_t paths;
	uint64_t closures;
	uint64_t blocks;
	uint64_t nodes;
	uint64_t nar_bytes;
	uint64_t file_bytes;
	bool swept;
};

/**
 * nipfs_index_stats() - how big the index is
 * @index: an index
 * @out:   untouched on failure
 * @err:   may be NULL
 *
 * Return: 0.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_stats(struct nipfs_index *index,
					      struct nipfs_index_stats *out,
					      struct nipfs_error *err);

/**
 * nipfs_index_remove() - forget a store path, and closures made for it
 * @index:     an index
 * @store_dir: the physical store folder
 * @path:      the path, whatever its narHash
 * @err:       may be NULL
 *
 * At once; the space is given back by the next nipfs_index_prune().
 *
 * Return: 0 or NIPFS_E_NOTFOUND.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_index_remove(struct nipfs_index *index,
					       const char *store_dir,
					       const struct nipfs_store_path *path,
					       struct nipfs_error *err);

/**
 * struct nipfs_index_pruned - what a prune removed
 * @owners: paths and closures, those of writers that died included
 * @blocks: blocks that were theirs alone
 * @nodes:  of those, kept whole
 */
struct nipfs_index_pruned {
	uint64_t owners;
	uint64_t blocks;
	uint64_t nodes;
};

/**
 * nipfs_index_prune() - forget what is not in the store any more
 * @index:    an index
 * @keep:     asked for each owner: 1 keeps it, 0 forgets it, negative ends with
 *            nothing changed; NULL: keep all, and only sweep up after removed ones
 * @ctx:      handed to @keep
 * @progress: may be NULL
 * @out:      untouched on failure; may be NULL
 * @err:      may be NULL
 *
 * Goes once through all blocks when there is something to sweep up, in slices
 * between which others can write. Interrupted, the next one goes on.
 *
 * Return: 0, NIPFS_E_CANCELLED, or what @keep returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_index_prune(struct nipfs_index *index,
		  int (*keep)(void *ctx, const struct nipfs_index_owner *owner,
			      struct nipfs_error *err),
		  void *ctx, const struct nipfs_progress *progress,
		  struct nipfs_index_pruned *out, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
