/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports of how far an operation is, and the tree sink that counts. */
#include <nixipfs/progress.h>

#include <assert.h>

void nipfs_progress_report(const struct nipfs_progress *progress,
			   const struct nipfs_progress_event *event)
{
	if (progress)
		progress->update(progress->ctx, event);
}

const char *nipfs_phase_text(enum nipfs_phase phase)
{
	switch (phase) {
#define CASE(name, text)            \
	case NIPFS_PHASE_##name:    \
		return text;
		NIPFS_PHASE_MAP(CASE)
#undef CASE
	}
	return "working";
}

/* Before each event: the report of what came so far, and whether to go on. */
static int meter_turn(struct nipfs_progress_meter *meter, struct nipfs_error *err)
{
	nipfs_progress_report(meter->progress, &meter->event);
	return nipfs_cancel_check(err);
}

static int meter_enter(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;
	const int r = meter_turn(meter, err);

	return r < 0 ? r : meter->inner->enter(meter->inner->ctx, entry, err);
}

static int meter_leave(void *ctx, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;

	return meter->inner->leave(meter->inner->ctx, err);
}

static int meter_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;
	const int r = meter_turn(meter, err);

	return r < 0 ? r : meter->inner->file(meter->inner->ctx, entry, err);
}

static int meter_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;
	const int r = meter_turn(meter, err);

	if (r < 0)
		return r;
	meter->event.done += bytes->len;
	return meter->inner->bytes(meter->inner->ctx, bytes, err);
}

static int meter_file_end(void *ctx, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;

	meter->event.items++;
	return meter->inner->file_end(meter->inner->ctx, err);
}

static int meter_symlink(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	struct nipfs_progress_meter *meter = ctx;
	const int r = meter_turn(meter, err);

	if (r < 0)
		return r;
	meter->event.items++;
	return meter->inner->symlink(meter->inner->ctx, entry, err);
}

struct nipfs_tree_sink nipfs_progress_meter_sink(struct nipfs_progress_meter *meter)
{
	assert(meter && meter->inner);
	return (struct nipfs_tree_sink){
		.enter = meter_enter,
		.leave = meter_leave,
		.file = meter_file,
		.bytes = meter_bytes,
		.file_end = meter_file_end,
		.symlink = meter_symlink,
		.ctx = meter,
	};
}
