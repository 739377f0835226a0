/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure directory into a Nix store. */
#ifndef NIXIPFS_REALIZE_H
#define NIXIPFS_REALIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/block.h>
#include <nixipfs/index.h>
#include <nixipfs/progress.h>
#include <nixipfs/store.h>
#include <nixipfs/trust.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of one path. */
enum nipfs_realized_how {
	NIPFS_REALIZED_PLACED, /* written and registered */
	NIPFS_REALIZED_VALID   /* it was in the store already and was left alone */
};

/**
 * struct nipfs_realized - one path of a closure in a store
 * @path:      the store path
 * @how:       see enum nipfs_realized_how
 * @asked_for: whether it is one of those that were asked for, and not only
 *             referred to. What was asked for comes up always; what is only
 *             referred to and valid already does not.
 * @trust:     why it was taken, when it was placed
 * @nar_size:  bytes of its NAR, when it was placed
 * @differs:   it was valid with another NAR hash than the closure says
 * @nar_hash:  the NAR hash that the closure says
 * @have_hash: the NAR hash that it has in the store
 */
struct nipfs_realized {
	struct nipfs_store_path path;
	enum nipfs_realized_how how;
	bool asked_for;
	enum nipfs_trust trust;
	uint64_t nar_size;
	bool differs;
	uint8_t nar_hash[32];
	uint8_t have_hash[32];
};

/**
 * struct nipfs_realize_stats - where the blocks of a realize came from
 * @store_blocks:   from files of the store, and nodes from the index
 * @store_bytes:    of those
 * @resumed_blocks: from what an interrupted run had written of the same paths
 * @resumed_bytes:  of those
 * @fetched_blocks: from the source
 * @fetched_bytes:  of those
 *
 * All blocks count that were read, narinfos and directories too.
 */
struct nipfs_realize_stats {
	uint64_t store_blocks;
	uint64_t store_bytes;
	uint64_t resumed_blocks;
	uint64_t resumed_bytes;
	uint64_t fetched_blocks;
	uint64_t fetched_bytes;
};

/**
 * struct nipfs_realize_options - what is realized and how
 * @wanted:   NULL-terminated: store paths in full, base names or hash parts; NULL
 *            or empty: the `result` symlinks of the closure
 * @trust:    whose word is taken for the contents
 * @index:    gets the blocks of what is placed; may be NULL. What goes wrong with it is
 *            no failure, and is noted.
 * @reuse:    what Nix says now of the paths of the store: blocks that valid paths hold by
 *            @index are then read there, and not asked of the source. May be NULL:
 *            nothing is read there.
 * @strict:   a path of the closure that is valid with another NAR hash is a failure
 * @jobs:     how many trees are written at the same time, each by a thread of its own; 0 or
 *            1: one, by the calling thread. 64 at most; through a daemon always one.
 * @done:     called with each path when it is in the store, references first; a
 *            negative return ends it; may be NULL
 * @note:     called with what is worth knowing and no failure, one line; may be NULL
 * @ctx:      handed to @done and @note
 * @stats:    of all closures so far, filled by every call, also by one that fails; may be NULL
 * @progress: may be NULL
 *
 * Start with zeros.
 */
struct nipfs_realize_options {
	const char *const *wanted;
	struct nipfs_trust_policy trust;
	struct nipfs_index *index;
	const struct nipfs_index_truth *reuse;
	bool strict;
	size_t jobs;
	int (*done)(void *ctx, const struct nipfs_realized *path, struct nipfs_error *err);
	void (*note)(void *ctx, const char *message);
	void *ctx;
	struct nipfs_realize_stats *stats;
	const struct nipfs_progress *progress;
};

/* Closures on their way into a store. Used by one thread. */
struct nipfs_realization;

/**
 * nipfs_realization_new() - begin with one closure, or several
 * @out:     for nipfs_realization_free(), before @store and @source end; set on success
 * @store:   opened for WRITE
 * @source:  where the blocks are; with several jobs, nipfs_realization_place() uses it from
 *           threads of its own, one at a time
 * @options: what and how; copied, @wanted is not looked at
 * @err:     may be NULL
 *
 * nipfs_realization_settle() is called for each closure, then nipfs_realization_place() for
 * each: so nothing is fetched for one when another is refused.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS (no random numbers).
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_realization_new(struct nipfs_realization **out, struct nipfs_store *store,
		      struct nipfs_block_source *source,
		      const struct nipfs_realize_options *options, struct nipfs_error *err);

/**
 * nipfs_realization_settle() - decide about one more closure
 * @z:       after a failure only to be freed
 * @closure: the closure directory
 * @wanted:  as in struct nipfs_realize_options; borrowed for the call
 * @err:     may be NULL
 *
 * Reads the narinfos of all paths that are to be placed, and no tree: whether they are
 * trusted, whether what they refer to is there (Nix's substituters are asked for what is not),
 * and, with `strict`, whether what is there is the same. What a closure that was settled before
 * brings counts as if it were in the store.
 *
 * Return: 0, or as nipfs_realize().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_realization_settle(struct nipfs_realization *z,
						     const struct nipfs_cid *closure,
						     const char *const *wanted,
						     struct nipfs_error *err);

/**
 * nipfs_realization_place() - fetch, write and register the paths of a closure
 * @z:      when all closures are settled
 * @number: which one: 0 is the one that was settled first. In this order, each once, and none
 *          after a failure.
 * @err:    may be NULL
 *
 * The callbacks of the options that tell what is done are called here, and in the calling
 * thread.
 *
 * Return: 0, or as nipfs_realize().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_realization_place(struct nipfs_realization *z, size_t number,
						    struct nipfs_error *err);

/**
 * nipfs_realization_free() - end it
 * @z: may be NULL
 *
 * What was placed stays, and is kept from the garbage collector until the store is closed.
 */
NIPFS_API void nipfs_realization_free(struct nipfs_realization *z);

/**
 * nipfs_realize() - place paths of a closure in a store, with what they refer to
 * @store:   opened for WRITE
 * @source:  where the blocks are
 * @closure: the closure directory
 * @options: what and how
 * @err:     may be NULL
 *
 * nipfs_realization_new(), nipfs_realization_settle() and nipfs_realization_place(), for one
 * closure. Trust is settled for all paths before a tree is fetched. Each path is then
 * written from verified blocks, those that are here already and those of the
 * source, compared with its NAR hash, NAR size and content address, and
 * registered, references before what refers to them. Nothing that does not match
 * stays. Interrupted at any point, what was registered stays and the next call
 * goes on; what a killed one had written of a path, or one whose source could not
 * be reached any more, is hashed and used again. The paths are kept from the
 * garbage collector until the store is closed.
 *
 * Return: 0; NIPFS_E_UNTRUSTED; NIPFS_E_MISMATCH (contents, signature or content
 * address are wrong, or what `strict` forbids); NIPFS_E_NOTFOUND (a block, a path asked for, or a path
 * that is referred to is neither in the closure nor in the store);
 * NIPFS_E_INVALID (not a closure, or a malformed one); NIPFS_E_UNSUPPORTED (paths of
 * another store folder); NIPFS_E_LIMIT; NIPFS_E_CANCELLED; NIPFS_E_NOMEM; or as
 * nipfs_placement_begin() and nipfs_placement_commit().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_realize(struct nipfs_store *store,
					  struct nipfs_block_source *source,
					  const struct nipfs_cid *closure,
					  const struct nipfs_realize_options *options,
					  struct nipfs_error *err);

/* ---- without doing it ------------------------------------------------------- */

/* What would become of one path. */
enum nipfs_planned_how {
	NIPFS_PLANNED_PLACE,  /* it would be written and registered */
	NIPFS_PLANNED_VALID,  /* it is in the store already and would be left alone */
	NIPFS_PLANNED_MISSING /* it is referred to, and neither in the closure nor in the store:
				 Nix would be asked to get it */
};

/**
 * struct nipfs_plan_size - blocks of trees, a plain value
 * @here_blocks:  which valid paths of the store are said to hold: they are not read
 * @here_bytes:   of those
 * @fetch_blocks: all others
 * @fetch_bytes:  of those
 * @partial:      not all could be counted: these are at least so many
 *
 * A block counts once, for the first path that has it. Bytes of leaves are what the
 * nodes above them claim. Sums stop at 2^63 - 1.
 */
struct nipfs_plan_size {
	uint64_t here_blocks;
	uint64_t here_bytes;
	uint64_t fetch_blocks;
	uint64_t fetch_bytes;
	bool partial;
};

/**
 * struct nipfs_planned - what would become of one path
 * @path:      the store path
 * @store_dir: the logical store folder that it is in; borrowed for the call
 * @how:       see enum nipfs_planned_how
 * @asked_for: as in struct nipfs_realized. What is only referred to and valid already
 *             does not come up.
 * PLACE:
 * @nar_size:  bytes of its NAR
 * @problem:   0, or the code that nipfs_realize() would fail with: because of trust, or
 *             of a block that is missing or wrong
 * @message:   says what; borrowed for the call
 * @trusted:   whether it would be taken
 * @trust:     why
 * @size:      of its tree
 * VALID:
 * @differs:   with another NAR hash than the closure says
 * @nar_hash:  the NAR hash that the closure says
 * @have_hash: the NAR hash that it has in the store
 */
struct nipfs_planned {
	struct nipfs_store_path path;
	const char *store_dir;
	enum nipfs_planned_how how;
	bool asked_for;
	uint64_t nar_size;
	int problem;
	const char *message;
	bool trusted;
	enum nipfs_trust trust;
	struct nipfs_plan_size size;
	bool differs;
	uint8_t nar_hash[32];
	uint8_t have_hash[32];
};

/**
 * struct nipfs_plan - all of a plan together, a plain value
 * @paths:    that would be placed
 * @nar_size: of all of them
 * @missing:  that are neither in the closure nor in the store
 * @size:     of all trees that would be placed
 * @complete: whether all paths were told
 */
struct nipfs_plan {
	uint64_t paths;
	uint64_t nar_size;
	uint64_t missing;
	struct nipfs_plan_size size;
	bool complete;
};

/* What plans of the same call would place. */
struct nipfs_plan_before;

/**
 * nipfs_plan_before_new() - begin several plans
 * @out: for nipfs_plan_before_free(); NULL after a failure
 * @err: may be NULL
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_plan_before_new(struct nipfs_plan_before **out,
						  struct nipfs_error *err);

/**
 * nipfs_plan_before_free() - end it
 * @before: may be NULL
 */
NIPFS_API void nipfs_plan_before_free(struct nipfs_plan_before *before);

/**
 * struct nipfs_plan_options - what is planned
 * @wanted:   as in struct nipfs_realize_options, and so are @trust and @strict
 * @index:    with @reuse, what valid paths hold; may be NULL
 * @reuse:    as in struct nipfs_realize_options
 * @before:   what plans before this one would place counts as if it were in the store, and
 *            what this one would place is added; NULL: this one is alone
 * @store_dir: the logical folder of a store that is not there yet; NULL: any
 * @planned:  called with each path, references first; a negative return ends it; may be NULL
 * @ctx:      handed to @planned
 * @progress: may be NULL
 *
 * Start with zeros.
 */
struct nipfs_plan_options {
	const char *const *wanted;
	struct nipfs_trust_policy trust;
	struct nipfs_index *index;
	const struct nipfs_index_truth *reuse;
	bool strict;
	struct nipfs_plan_before *before;
	const char *store_dir;
	int (*planned)(void *ctx, const struct nipfs_planned *path, struct nipfs_error *err);
	void *ctx;
	const struct nipfs_progress *progress;
};

/**
 * nipfs_realize_plan() - what nipfs_realize() would do
 * @store:   opened for READ or WRITE; NULL: one that is not there yet, and empty
 * @source:  where the blocks are
 * @closure: the closure directory
 * @options: what and how
 * @out:     filled in any case, as far as it was planned
 * @err:     may be NULL
 *
 * Writes nothing, and keeps nothing from the garbage collector. The nodes of all trees are
 * read, from the index as far as it has them, and no leaves but those that are nodes at the
 * same time. That a leaf can be fetched is not looked at. What interrupted runs left is not
 * counted, and nobody is asked for paths that are missing: that is NIPFS_E_NOTFOUND.
 *
 * Return: 0, or the first code that nipfs_realize() would fail with, after all paths were
 * told: NIPFS_E_UNTRUSTED, NIPFS_E_MISMATCH, NIPFS_E_NOTFOUND, NIPFS_E_UNREACHABLE, … ; or
 * what @planned returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_realize_plan(struct nipfs_store *store,
					       struct nipfs_block_source *source,
					       const struct nipfs_cid *closure,
					       const struct nipfs_plan_options *options,
					       struct nipfs_plan *out, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
