/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a long operation is, and how to end it early. */
#ifndef NIXIPFS_PROGRESS_H
#define NIXIPFS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>
#include <nixipfs/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, what is shown): what an operation is busy with. */
#define NIPFS_PHASE_MAP(X)                   \
	X(PREPARE, "looking up")             \
	X(HASH, "hashing")                   \
	X(INDEX, "indexing")                 \
	X(EXPORT, "exporting")               \
	X(FETCH, "fetching")                 \
	X(WRITE, "writing")                  \
	X(REGISTER, "registering")           \
	X(VERIFY, "verifying")               \
	X(PRUNE, "pruning")                  \
	X(PUBLISH, "publishing")             \
	X(PIN, "pinning")

enum nipfs_phase {
#define NIPFS_PHASE_ENUM(name, text) NIPFS_PHASE_##name,
	NIPFS_PHASE_MAP(NIPFS_PHASE_ENUM)
#undef NIPFS_PHASE_ENUM
};

enum nipfs_unit { NIPFS_UNIT_BYTES, NIPFS_UNIT_ITEMS };

/**
 * struct nipfs_progress_event - how far an operation is
 * @phase:   what it is busy with
 * @unit:    what @done and @total count
 * @done:    so many of them are done in this phase
 * @total:   of so many, or 0 when that is not known
 * @items:   files, paths or blocks that are finished in this phase
 * @subject: the path, name or CID that is being worked on, raw bytes; may be empty
 *
 * Borrowed for the call.
 */
struct nipfs_progress_event {
	enum nipfs_phase phase;
	enum nipfs_unit unit;
	uint64_t done;
	uint64_t total;
	uint64_t items;
	struct nipfs_slice subject;
};

/**
 * struct nipfs_progress - who wants to know
 * @update: called often, a few thousand times a second at most per core: it
 *          decides itself how often it shows anything. Always called by the
 *          thread that called the operation. Must not call the library.
 * @ctx:    handed to @update
 *
 * Operations that take one accept NULL.
 */
struct nipfs_progress {
	void (*update)(void *ctx, const struct nipfs_progress_event *event);
	void *ctx;
};

/**
 * nipfs_progress_report() - hand an event to whoever wants it
 * @progress: may be NULL
 * @event:    borrowed
 */
NIPFS_API void nipfs_progress_report(const struct nipfs_progress *progress,
				     const struct nipfs_progress_event *event);

/**
 * nipfs_phase_text() - what is shown for a phase
 * @phase: one of enum nipfs_phase
 *
 * Return: a static string, never NULL, such as "hashing". Thread-safe.
 */
NIPFS_API const char *nipfs_phase_text(enum nipfs_phase phase);

/**
 * struct nipfs_progress_meter - counts the events of trees on their way to a sink
 * @inner:    takes the events; borrowed
 * @progress: who wants to know; may be NULL
 * @event:    the sum so far; the caller sets all but done and items, and may
 *            set those too: to 0 to begin, or not, to count several trees together
 *
 * Bytes of files are added to done, files and symlinks to items. After
 * nipfs_cancel() the next event ends the pipeline with NIPFS_E_CANCELLED.
 */
struct nipfs_progress_meter {
	const struct nipfs_tree_sink *inner;
	const struct nipfs_progress *progress;
	struct nipfs_progress_event event;
};

/**
 * nipfs_progress_meter_sink() - the tree sink in front of the one that is metered
 * @meter: must outlive the sink
 */
NIPFS_API struct nipfs_tree_sink
nipfs_progress_meter_sink(struct nipfs_progress_meter *meter);

/**
 * nipfs_cancel() - ask every operation of this process to end soon
 *
 * They clean up after themselves and return NIPFS_E_CANCELLED. Stays in force
 * until nipfs_cancel_reset(). Thread-safe and async-signal-safe: made to be
 * called from a signal handler.
 */
NIPFS_API void nipfs_cancel(void);

/**
 * nipfs_cancel_reset() - take nipfs_cancel() back
 *
 * For programs that go on with other work; when no operation is running.
 */
NIPFS_API void nipfs_cancel_reset(void);

/**
 * nipfs_cancelled() - whether nipfs_cancel() was called
 *
 * One relaxed load: cheap enough for every turn of a loop. Thread-safe and
 * async-signal-safe.
 */
NIPFS_API bool nipfs_cancelled(void);

/**
 * nipfs_cancel_check() - what long loops do on every turn
 * @err: filled when cancelled; may be NULL
 *
 * Return: 0 or NIPFS_E_CANCELLED. Thread-safe.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_cancel_check(struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
