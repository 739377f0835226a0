/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DAGs as one CAR. */
#include <nixipfs/export.h>

#include <nixipfs/sources.h>

#include "lib/root_walk.h"

struct exporter {
	const struct nipfs_car_output *out;
	const struct nipfs_progress *progress;
	struct nipfs_export_stats stats;
};

static int write_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		       struct nipfs_error *err)
{
	struct exporter *e = ctx;
	struct nipfs_progress_event event = { .phase = NIPFS_PHASE_EXPORT };
	int r = nipfs_cancel_check(err);

	if (r == 0)
		r = nipfs_car_put_block(e->out, cid, block, err);
	if (r < 0)
		return r;
	e->stats.blocks++;
	e->stats.block_bytes += block->len;
	e->stats.car_bytes += nipfs_car_section_bytes(cid, block->len);
	event.done = e->stats.car_bytes;
	event.items = e->stats.blocks;
	nipfs_progress_report(e->progress, &event);
	return 0;
}

int nipfs_export(struct nipfs_block_source *source, const struct nipfs_cid *roots, size_t n,
		 const struct nipfs_car_output *out, const struct nipfs_progress *progress,
		 struct nipfs_export_stats *stats, struct nipfs_error *err)
{
	struct exporter e = { .out = out, .progress = progress };
	struct nipfs__root_walk walk = { .source = source, .each = write_block, .ctx = &e };
	struct nipfs_seen_set *set;
	int r = nipfs_seen_set_new(&set, 0, err);

	if (r < 0)
		return r;
	walk.seen = nipfs_seen_set_seen(set);
	e.stats.car_bytes = nipfs_car_header_bytes(roots, n);
	r = nipfs_car_put_header(out, roots, n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = nipfs__root_walk(&walk, &roots[i], err);
	nipfs_seen_set_free(set);
	if (r == 0 && stats)
		*stats = e.stats;
	return r;
}
