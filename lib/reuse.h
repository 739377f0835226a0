/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks that are on this machine already, before those of a source. */
#ifndef LIB_REUSE_H
#define LIB_REUSE_H

#include <nixipfs/realize.h>

/**
 * struct nipfs__reuse - where a realize takes its blocks from
 * @source: asked for blocks: what an interrupted run left of the path at hand, then the
 *          index, then the source
 *
 * Start with zeros, end with nipfs__reuse_release(). What is wrong with the blocks that
 * are here, or with the index, is no failure: the source is asked then.
 */
struct nipfs__reuse {
	struct nipfs_block_source *source;
	/* private */
	struct nipfs_block_source *index; /* or NULL */
	struct nipfs_block_source *chain; /* of the index and the source */
	struct nipfs_block_source *path;  /* the chain behind a leftover, or NULL */
	struct nipfs_realize_stats stats; /* of leftovers that are done with */
};

/**
 * nipfs__reuse_init() - put the index before a source
 * @source: borrowed
 * @index:  NULL: nothing is reused but what interrupted runs left
 * @truth:  NULL: as without @index
 * @note:   gets why the index can't be read, unless that is NULL
 * @ctx:    handed to @note
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_SYS (no random numbers).
 */
int nipfs__reuse_init(struct nipfs__reuse *r, struct nipfs_block_source *source,
		      struct nipfs_index *index, const struct nipfs_index_truth *truth,
		      void (*note)(void *ctx, const char *message), void *ctx,
		      struct nipfs_error *err) NIPFS_MUSTUSE;
void nipfs__reuse_release(struct nipfs__reuse *r);

/*
 * A path is begun: paths may have been registered since the last one, and this one may have
 * been begun before. Return: 0, NIPFS_E_NOMEM, NIPFS_E_CANCELLED, NIPFS_E_SYS.
 */
int nipfs__reuse_begin_path(struct nipfs__reuse *r, const struct nipfs_placement *placement,
			    const struct nipfs_progress *progress,
			    struct nipfs_error *err) NIPFS_MUSTUSE;
/* Before the placement ends. */
void nipfs__reuse_end_path(struct nipfs__reuse *r);

/* What came from where so far. */
void nipfs__reuse_stats(const struct nipfs__reuse *r, struct nipfs_realize_stats *out);

#endif
