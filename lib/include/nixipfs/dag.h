/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UnixFS DAGs: made from tree events, read back as tree events, walked,
 * resolved by path. Spec: specs.ipfs.tech/unixfs, dag-pb, IPIP-499.
 *
 * Nothing here recurses on its input. Objects are used by one thread at a time.
 */
#ifndef NIXIPFS_DAG_H
#define NIXIPFS_DAG_H

#include <nixipfs/block.h>
#include <nixipfs/tree.h>
#include <nixipfs/unixfs.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_link - a DAG and its sizes, a plain value
 * @cid:        its root
 * @tsize:      bytes of all its blocks, a block counted each time it is linked
 * @file_bytes: bytes of the file when the DAG is one, else 0
 */
struct nipfs_link {
	struct nipfs_cid cid;
	uint64_t tsize;
	uint64_t file_bytes;
};

/* Makes a UnixFS DAG from the events of one tree. */
struct nipfs_dag_builder;

/**
 * nipfs_dag_builder_new() - start making a DAG
 * @out:    the builder, to be freed with nipfs_dag_builder_free()
 * @params: a combination that nipfs_unixfs_check() accepts; copied
 * @blocks: gets every block, children before parents; NULL: only the CID is wanted.
 *          Must outlive the builder.
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_USAGE.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_builder_new(struct nipfs_dag_builder **out,
						  const struct nipfs_unixfs_params *params,
						  const struct nipfs_block_sink *blocks,
						  struct nipfs_error *err);

/**
 * nipfs_dag_builder_sink() - the tree sink that feeds a builder
 * @b: must outlive the sink
 */
NIPFS_API struct nipfs_tree_sink nipfs_dag_builder_sink(struct nipfs_dag_builder *b);

/**
 * nipfs_dag_builder_result() - the root of the tree that was fed
 * @b:   after the events of one whole tree
 * @out: untouched on failure
 *
 * The builder is then ready for the next tree.
 *
 * Return: 0, or NIPFS_E_USAGE when no tree is complete.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_builder_result(struct nipfs_dag_builder *b,
						     struct nipfs_link *out);

/**
 * nipfs_dag_builder_last_file() - the root of the file whose file_end came last
 * @b: a builder
 *
 * Return: borrowed until the next event, or NULL when there was none.
 */
NIPFS_API const struct nipfs_link *nipfs_dag_builder_last_file(const struct nipfs_dag_builder *b);

/**
 * nipfs_dag_builder_free() - end a builder, at any point
 * @b: may be NULL
 */
NIPFS_API void nipfs_dag_builder_free(struct nipfs_dag_builder *b);

/* Makes one UnixFS directory from links to DAGs that exist: flat or HAMT by the parameters. */
struct nipfs_dir_builder;

/**
 * nipfs_dir_builder_new() - start a directory
 * @out:    freed with nipfs_dir_builder_free()
 * @params: as for nipfs_dag_builder_new()
 * @blocks: as for nipfs_dag_builder_new()
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_USAGE.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dir_builder_new(struct nipfs_dir_builder **out,
						  const struct nipfs_unixfs_params *params,
						  const struct nipfs_block_sink *blocks,
						  struct nipfs_error *err);

/**
 * nipfs_dir_builder_add() - one entry, in any order
 * @b:    the directory
 * @name: not empty, without '/' and NUL, not "." or ".."; copied
 * @link: what it leads to; copied
 * @err:  may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT or NIPFS_E_INVALID (name).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dir_builder_add(struct nipfs_dir_builder *b,
						  struct nipfs_slice name,
						  const struct nipfs_link *link,
						  struct nipfs_error *err);

/**
 * nipfs_dir_builder_finish() - make the blocks
 * @b:   the directory; afterwards only to be freed
 * @out: untouched on failure
 * @err: may be NULL
 *
 * Return: 0, NIPFS_E_INVALID (a name twice), NIPFS_E_NOMEM, NIPFS_E_LIMIT, or
 * what the block sink returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dir_builder_finish(struct nipfs_dir_builder *b,
						     struct nipfs_link *out,
						     struct nipfs_error *err);

/**
 * nipfs_dir_builder_free() - end a directory, at any point
 * @b: may be NULL
 */
NIPFS_API void nipfs_dir_builder_free(struct nipfs_dir_builder *b);

/**
 * nipfs_dag_put_file() - make the DAG of a small file that is in memory
 * @params:  as for nipfs_dag_builder_new()
 * @blocks:  as for nipfs_dag_builder_new()
 * @content: the file
 * @out:     untouched on failure
 * @err:     may be NULL
 *
 * Return: 0, or as the builder's functions.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_put_file(const struct nipfs_unixfs_params *params,
					       const struct nipfs_block_sink *blocks,
					       struct nipfs_slice content,
					       struct nipfs_link *out,
					       struct nipfs_error *err);

/**
 * nipfs_dag_put_symlink() - make the block of a symlink
 * @params: as for nipfs_dag_builder_new()
 * @blocks: as for nipfs_dag_builder_new()
 * @target: where it leads
 * @out:    untouched on failure
 * @err:    may be NULL
 *
 * Return: 0, or as the builder's functions.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_put_symlink(const struct nipfs_unixfs_params *params,
						  const struct nipfs_block_sink *blocks,
						  struct nipfs_slice target,
						  struct nipfs_link *out,
						  struct nipfs_error *err);

/**
 * nipfs_dag_tree() - read a UnixFS DAG as tree events
 * @source: where the blocks are; each is verified
 * @root:   any UnixFS directory (flat or HAMT), file or symlink, or a raw block
 * @limits: what to refuse
 * @sink:   takes the events; executable = owner's x bit of the stored mode
 * @err:    may be NULL
 *
 * Directories are read whole before their entries are given out, in byte
 * order, whatever the order of their links. Entries carry their CID. Memory:
 * the entries of the directories on the way to the current one.
 *
 * Return: 0; NIPFS_E_NOTFOUND, NIPFS_E_MISMATCH, NIPFS_E_UNREACHABLE from the
 * blocks; NIPFS_E_INVALID for a DAG that is not UnixFS, for names that may not
 * be, a name twice, or sizes that do not add up; NIPFS_E_UNSUPPORTED (a hash
 * function, or the UnixFS type Metadata); NIPFS_E_LIMIT, also for a DAG that goes
 * through far more blocks than it has bytes and entries; NIPFS_E_NOMEM; or what
 * the sink returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_tree(struct nipfs_block_source *source,
					   const struct nipfs_cid *root,
					   const struct nipfs_tree_limits *limits,
					   const struct nipfs_tree_sink *sink,
					   struct nipfs_error *err);

/**
 * nipfs_dag_outline() - read a UnixFS DAG as tree events, without the bytes of its files
 * @source: where the blocks are; each is verified
 * @root:   as for nipfs_dag_tree()
 * @limits: what to refuse
 * @sink:   takes the events; its `bytes` is never called and may be NULL
 * @err:    may be NULL
 *
 * Of a file the first block is read alone; and of one that is a raw block in a
 * directory not even that: its size is what the directory claims, and may be a lie.
 *
 * Return: as nipfs_dag_tree().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_outline(struct nipfs_block_source *source,
					      const struct nipfs_cid *root,
					      const struct nipfs_tree_limits *limits,
					      const struct nipfs_tree_sink *sink,
					      struct nipfs_error *err);

/**
 * nipfs_dag_stat() - what one DAG is
 * @source: where the block is
 * @cid:    its root
 * @out:    name empty, cid not set; the target points into @target
 * @target: a symlink's target is written here, at most @target_max bytes
 * @target_max: size of @target, at least 4096 to hold any that a file system takes
 * @err:    may be NULL
 *
 * Reads one block.
 *
 * Return: 0, or as nipfs_dag_tree(); NIPFS_E_LIMIT for a target over @target_max.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_stat(struct nipfs_block_source *source,
					   const struct nipfs_cid *cid,
					   struct nipfs_entry *out, char *target,
					   size_t target_max, struct nipfs_error *err);

/**
 * struct nipfs_dir_entry - one entry of a directory as its links have it
 * @name:  raw bytes
 * @cid:   where it leads
 * @tsize: what the link claims of the size of the DAG below: untrusted
 */
struct nipfs_dir_entry {
	struct nipfs_slice name;
	struct nipfs_cid cid;
	uint64_t tsize;
};

/**
 * nipfs_dag_list() - the entries of one directory
 * @source: where the blocks are
 * @cid:    a UnixFS directory, flat or HAMT
 * @each:   called for each entry in byte order of the names; a negative return ends it
 * @ctx:    handed to @each
 * @err:    may be NULL
 *
 * Return: 0, as nipfs_dag_tree(), or what @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_dag_list(struct nipfs_block_source *source, const struct nipfs_cid *cid,
	       int (*each)(void *ctx, const struct nipfs_dir_entry *entry,
			   struct nipfs_error *err),
	       void *ctx, struct nipfs_error *err);

/**
 * nipfs_dag_lookup() - one entry of a directory by its name
 * @source: where the blocks are
 * @dir:    a UnixFS directory; of a HAMT only the shards on the way are read
 * @name:   raw bytes
 * @out:    untouched on failure; its name is @name
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOTFOUND, or as nipfs_dag_tree().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_lookup(struct nipfs_block_source *source,
					     const struct nipfs_cid *dir,
					     struct nipfs_slice name,
					     struct nipfs_dir_entry *out,
					     struct nipfs_error *err);

/**
 * nipfs_dag_resolve() - follow a path below a CID
 * @source: where the blocks are
 * @root:   where the path begins
 * @path:   names separated by '/'; leading, trailing and double slashes are
 *          ignored; may be empty. Symlinks are not followed.
 * @out:    untouched on failure
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_INVALID (a name below something that is
 * no directory, "." or ".."), or as nipfs_dag_tree().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_dag_resolve(struct nipfs_block_source *source,
					      const struct nipfs_cid *root,
					      struct nipfs_slice path, struct nipfs_cid *out,
					      struct nipfs_error *err);

/**
 * nipfs_dag_read() - a range of the bytes of a file
 * @source: where the blocks are; only those of the range and the way to it are read
 * @file:   a UnixFS file or a raw block
 * @offset: first byte; behind the end gives nothing
 * @length: at most so many bytes; UINT64_MAX: to the end
 * @each:   called with the bytes in order; a negative return ends it
 * @ctx:    handed to @each
 * @err:    may be NULL
 *
 * Return: 0, as nipfs_dag_tree(), or what @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_dag_read(struct nipfs_block_source *source, const struct nipfs_cid *file,
	       uint64_t offset, uint64_t length,
	       int (*each)(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err),
	       void *ctx, struct nipfs_error *err);

/**
 * struct nipfs_seen - a set of CIDs, for walks that visit each block once
 * @add:  1 when the CID is new to the set, 0 when it was there, or a negative code
 * @ctx:  handed to @add
 */
struct nipfs_seen {
	int (*add)(void *ctx, const struct nipfs_cid *cid, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs_dag_walk() - every block of a DAG once, parents first
 * @source: where the blocks are; each is verified
 * @root:   any DAG of raw, dag-pb and dag-cbor blocks, and of cbor, json and
 *          libp2p-key blocks, which have no links
 * @seen:   blocks that are in the set already are left out, with all below them
 * @each:   called with each block; a negative return ends it; 1: leave out what is below
 * @ctx:    handed to @each
 * @err:    may be NULL
 *
 * Order: depth first, pre-order, links in stored order: that of `ipfs dag export`.
 * As there, identity CIDs are visited as others are. dag-cbor must be canonical.
 * A block is decoded before @each gets it.
 * Memory: the links of the nodes on the way to the current one.
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_MISMATCH, NIPFS_E_INVALID (a node that
 * can't be decoded), NIPFS_E_NONCANONICAL (dag-cbor), NIPFS_E_UNSUPPORTED (a
 * codec whose links can't be read: dag-json, dag-jose, git-raw, any unknown one;
 * or a hash function), NIPFS_E_LIMIT, or what @each or @seen returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_dag_walk(struct nipfs_block_source *source, const struct nipfs_cid *root,
	       const struct nipfs_seen *seen,
	       int (*each)(void *ctx, const struct nipfs_cid *cid,
			   const struct nipfs_span *block, struct nipfs_error *err),
	       void *ctx, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
