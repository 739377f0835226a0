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
 * struct nipfs_realize_options - what is realized and how
 * @wanted:   NULL-terminated: store paths in full, base names or hash parts; NULL
 *            or empty: the `result` symlinks of the closure
 * @trust:    whose word is taken for the contents
 * @index:    gets the blocks of what is placed; may be NULL
 * @done:     called with each path when it is in the store, references first; a
 *            negative return ends it; may be NULL
 * @ctx:      handed to @done
 * @progress: may be NULL
 *
 * Start with zeros.
 */
struct nipfs_realize_options {
	const char *const *wanted;
	struct nipfs_trust_policy trust;
	struct nipfs_index *index;
	int (*done)(void *ctx, const struct nipfs_realized *path, struct nipfs_error *err);
	void *ctx;
	const struct nipfs_progress *progress;
};

/**
 * nipfs_realize() - place paths of a closure in a store, with what they refer to
 * @store:   opened for WRITE
 * @source:  where the blocks are
 * @closure: the closure directory
 * @options: what and how
 * @err:     may be NULL
 *
 * Trust is settled for all paths before a tree is fetched. Each path is then
 * written from verified blocks, compared with its NAR hash, NAR size and content
 * address, and registered, references before what refers to them. Nothing that
 * does not match stays. Interrupted at any point, what was registered stays and
 * the next call goes on. The paths are kept from the garbage collector until the
 * store is closed.
 *
 * Return: 0; NIPFS_E_UNTRUSTED; NIPFS_E_MISMATCH (contents, signature or content
 * address are wrong); NIPFS_E_NOTFOUND (a block, a path asked for, or a path
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

#ifdef __cplusplus
}
#endif
#endif
