/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks that are on this machine already, before those of a source. */
#include "lib/reuse.h"

#include <string.h>

#include "lib/blocks/chain.h"
#include "lib/blocks/index.h"
#include "lib/blocks/leftover.h"
#include "lib/nix/place.h"
#include "multiformats/base/err.h"

/* The index as block source; NULL where it can't be one. */
static int open_index(struct nipfs__reuse *r, struct nipfs_index *index,
		      const struct nipfs_index_truth *truth,
		      void (*note)(void *ctx, const char *message), void *ctx,
		      struct nipfs_error *err)
{
	struct nipfs_error why = { 0 };
	int code;

	if (!index || !truth)
		return 0;
	code = nipfs_index_source_new(&r->index, index, truth, &why);
	if (code == 0)
		return 0;
	r->index = NULL;
	if (code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	nipfs__prefix(&why, "what the store holds is not looked for");
	if (note)
		note(ctx, why.msg);
	return 0;
}

int nipfs__reuse_init(struct nipfs__reuse *r, struct nipfs_block_source *source,
		      struct nipfs_index *index, const struct nipfs_index_truth *truth,
		      void (*note)(void *ctx, const char *message), void *ctx,
		      struct nipfs_error *err)
{
	struct nipfs__chain_member members[2] = { { NULL, false, false } };
	size_t n = 0;
	int code = open_index(r, index, truth, note, ctx, err);

	if (code < 0)
		return code;
	if (r->index)
		members[n++] = (struct nipfs__chain_member){ r->index, true, true };
	members[n++] = (struct nipfs__chain_member){ source, true, false };
	code = nipfs__chain_new(&r->chain, members, n, err);
	r->source = r->chain;
	return code;
}

void nipfs__reuse_release(struct nipfs__reuse *r)
{
	nipfs__reuse_end_path(r);
	nipfs_block_source_free(r->chain);
	nipfs_block_source_free(r->index);
	memset(r, 0, sizeof(*r));
}

int nipfs__reuse_begin_path(struct nipfs__reuse *r, const struct nipfs_placement *placement,
			    const struct nipfs_progress *progress, struct nipfs_error *err)
{
	struct nipfs__chain_member members[2] = { { NULL, false, true },
						  { r->chain, true, false } };
	int dirfd, code;
	const char *name = nipfs__placement_leftover(placement, &dirfd);

	if (r->index)
		nipfs__index_source_refresh(r->index);
	if (!name)
		return 0;
	code = nipfs__leftover_source_new(&members[0].source, dirfd, name, progress, err);
	if (code < 0)
		return code;
	code = nipfs__chain_new(&r->path, members, 2, err);
	if (code < 0)
		nipfs_block_source_free(members[0].source);
	else
		r->source = r->path;
	return code;
}

/* Adds what a leftover gave. */
static void add_leftover(const struct nipfs__reuse *r, struct nipfs_realize_stats *to)
{
	struct nipfs_source_report report;

	if (!r->path || nipfs_chain_source_report(r->path, 0, &report) < 0)
		return;
	to->resumed_blocks += report.blocks;
	to->resumed_bytes += report.bytes;
}

void nipfs__reuse_end_path(struct nipfs__reuse *r)
{
	add_leftover(r, &r->stats);
	nipfs_block_source_free(r->path);
	r->path = NULL;
	r->source = r->chain;
}

void nipfs__reuse_stats(const struct nipfs__reuse *r, struct nipfs_realize_stats *out)
{
	struct nipfs_source_report report;
	size_t i = 0;

	*out = r->stats;
	add_leftover(r, out);
	if (r->index && nipfs_chain_source_report(r->chain, i++, &report) == 0) {
		out->store_blocks = report.blocks;
		out->store_bytes = report.bytes;
	}
	if (r->chain && nipfs_chain_source_report(r->chain, i, &report) == 0) {
		out->fetched_blocks = report.blocks;
		out->fetched_bytes = report.bytes;
	}
}
