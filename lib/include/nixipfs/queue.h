/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue: store paths that were built and wait to be published.
 *
 * It is the folder `queue` in the state folder, with a file and a garbage collector
 * root for each path; nix-ipfs-queue(1) has their format. Entries appear in one
 * step, and are synced; any number of processes may use a queue at the same
 * time, and may be killed at any point.
 *
 * A queue is used by one thread at a time.
 */
#ifndef NIXIPFS_QUEUE_H
#define NIXIPFS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/error.h>
#include <nixipfs/store.h>
#include <nixipfs/store_path.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Nix's post-build-hook ------------------------------------------------------ */

/**
 * struct nipfs_built - what Nix tells its post-build-hook
 * @out_paths:  OUT_PATHS: store paths with blanks between them; NULL or empty: the
 *              outputs that the derivation declares (Nix 2.8.0 tells none)
 * @drv_path:   DRV_PATH: the derivation; may be NULL when there are @out_paths
 * @nix_config: NIX_CONFIG: all settings of the Nix that builds, of which only `store`
 *              is looked at; may be NULL
 *
 * All are borrowed.
 */
struct nipfs_built {
	const char *out_paths;
	const char *drv_path;
	const char *nix_config;
};

/* What nipfs_queue_built() answers in a process that has nothing left to do. */
enum { NIPFS_QUEUE_KEEPER = 1 };

/**
 * nipfs_queue_built() - put what was just built into the queue
 * @built: what Nix says
 * @err:   may be NULL
 *
 * For a program that Nix runs and waits for, while what was built is kept by that Nix:
 * no program is started, no socket is opened and no store file is read but the
 * derivation. Where the Nix database tells that a path is not valid, it is left out.
 * A path that is in the queue already stays as it is there.
 *
 * A garbage collector that is running may have read its roots already. So that it
 * can't take what the Nix that builds lets go of, the process forks, and the child
 * keeps the paths until the collector has ended, ten minutes at most. The child's
 * standard streams are closed; it should end at once, without a clean-up of its own,
 * when this returns NIPFS_QUEUE_KEEPER.
 *
 * It waits for nothing but the database, and for that only where it has no
 * write-ahead log. After nipfs_cancel() it waits no longer, and does without.
 *
 * Return: 0, or NIPFS_QUEUE_KEEPER in that child; NIPFS_E_USAGE (nothing is named, or no
 * state folder); NIPFS_E_INVALID (no store paths, a malformed derivation);
 * NIPFS_E_UNSUPPORTED (a store that is not on this machine, or another user's);
 * NIPFS_E_LIMIT; NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_built(const struct nipfs_built *built,
					      struct nipfs_error *err);

/* ---- the queue --------------------------------------------------------------------- */

struct nipfs_queue;

/**
 * nipfs_queue_open() - open the queue in the state folder
 * @out:    closed with nipfs_queue_close(); untouched on failure
 * @create: make it where there is none
 * @err:    may be NULL
 *
 * Return: 0; NIPFS_E_NOTFOUND (there is none); NIPFS_E_USAGE (no state folder);
 * NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_open(struct nipfs_queue **out, bool create,
					     struct nipfs_error *err);

/**
 * nipfs_queue_close() - close a queue
 * @queue: may be NULL
 */
NIPFS_API void nipfs_queue_close(struct nipfs_queue *queue);

/* Who found the path. */
enum nipfs_queue_origin { NIPFS_QUEUE_BY_HOOK, NIPFS_QUEUE_BY_SCAN };

/* Bytes of what is kept of a failure. */
enum { NIPFS_QUEUE_WHY_MAX = 255 };

/**
 * struct nipfs_queue_entry - a path in the queue, a plain value
 * @path:      the store path
 * @store_dir: the logical store folder
 * @real_dir:  the folder where the files are: the same but in a chroot store
 * @origin:    who found it
 * @queued:    since when, in seconds since 1970
 * @tries:     how often publishing it failed
 * @next:      not to be tried again before, in seconds since 1970; 0: it may be at once
 * @why:       what was said when it failed last; empty when @tries is 0
 * @has_root:  whether it is kept from the garbage collector
 */
struct nipfs_queue_entry {
	struct nipfs_store_path path;
	char store_dir[NIPFS_STORE_DIR_MAX + 1];
	char real_dir[NIPFS_STORE_DIR_MAX + 1];
	enum nipfs_queue_origin origin;
	int64_t queued;
	uint32_t tries;
	int64_t next;
	char why[NIPFS_QUEUE_WHY_MAX + 1];
	bool has_root;
};

/**
 * nipfs_queue_list() - all entries, the oldest first
 * @queue:   a queue
 * @each:    called with each; may remove entries. A negative code ends it.
 * @damaged: may be NULL; called for each file that is no entry. As @each.
 * @ctx:     handed to both
 * @err:     may be NULL
 *
 * What a callback adds may come or not.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_NOMEM, NIPFS_E_CANCELLED, or what a callback returned.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_queue_list(struct nipfs_queue *queue,
		 int (*each)(void *ctx, const struct nipfs_queue_entry *entry,
			     struct nipfs_error *err),
		 int (*damaged)(void *ctx, const char *file, struct nipfs_error *err),
		 void *ctx, struct nipfs_error *err);

/**
 * nipfs_queue_add() - put a valid path into the queue, with a root
 * @queue: a queue
 * @store: opened for WRITE
 * @path:  which one
 * @err:   may be NULL
 *
 * Return: 1; 0 when it was there already; NIPFS_E_NOTFOUND (not valid); or as
 * nipfs_store_add_root().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_add(struct nipfs_queue *queue, struct nipfs_store *store,
					    const struct nipfs_store_path *path,
					    struct nipfs_error *err);

/**
 * nipfs_queue_remove() - take an entry out, with its root
 * @queue: a queue
 * @entry: which one
 * @err:   may be NULL
 *
 * nipfs_queue_scan() will leave the path out.
 *
 * Return: 0, also when it is gone; NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_remove(struct nipfs_queue *queue,
					       const struct nipfs_queue_entry *entry,
					       struct nipfs_error *err);

/**
 * nipfs_queue_unroot() - let the garbage collector have the path of an entry, which stays
 * @queue: a queue
 * @entry: which one
 * @err:   may be NULL
 *
 * Return: 0, also when it has no root; NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_unroot(struct nipfs_queue *queue,
					       const struct nipfs_queue_entry *entry,
					       struct nipfs_error *err);

/**
 * nipfs_queue_failed() - record that publishing an entry failed
 * @queue: a queue
 * @entry: which one, as it was listed
 * @why:   what went wrong, a line; what is too long is cut
 * @err:   may be NULL
 *
 * It is due again in a minute, and twice as late after each further failure, but for six
 * hours at most.
 *
 * Return: 0, also when it is gone; NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_failed(struct nipfs_queue *queue,
					       const struct nipfs_queue_entry *entry,
					       const char *why, struct nipfs_error *err);

/**
 * nipfs_queue_retry() - forget that publishing an entry failed
 * @queue: a queue
 * @entry: which one, as it was listed
 * @err:   may be NULL
 *
 * Return: 0, also when it is gone; NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_retry(struct nipfs_queue *queue,
					      const struct nipfs_queue_entry *entry,
					      struct nipfs_error *err);

/**
 * nipfs_queue_lock() - become the only one that publishes from the queue
 * @queue: a queue; the lock ends with nipfs_queue_unlock(), nipfs_queue_close(), or the
 *         process
 * @err:   may be NULL
 *
 * Nobody else waits for it: entries come, and may be removed.
 *
 * Return: 1; 0 when another process has it; NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_lock(struct nipfs_queue *queue, struct nipfs_error *err);

/**
 * nipfs_queue_unlock() - let others publish from the queue
 * @queue: a queue, locked or not
 */
NIPFS_API void nipfs_queue_unlock(struct nipfs_queue *queue);

/**
 * nipfs_queue_watch() - begin to look out for what comes into the queue
 * @queue: a queue, not watched yet
 * @err:   may be NULL
 *
 * What comes after this is told by nipfs_queue_wait(), whenever that is called.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_LIMIT, NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_watch(struct nipfs_queue *queue, struct nipfs_error *err);

/**
 * nipfs_queue_wait() - wait until an entry comes or changes
 * @queue:   after nipfs_queue_watch()
 * @seconds: for so long at most; 0: only look
 * @err:     may be NULL
 *
 * What this process changes counts too.
 *
 * Return: 1 one has come or changed since the last call; 0 the time is over;
 * NIPFS_E_CANCELLED, within a second; NIPFS_E_SYS (also: the queue was taken away).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_wait(struct nipfs_queue *queue, uint64_t seconds,
					     struct nipfs_error *err);

/**
 * nipfs_queue_remove_damaged() - take a file out that is no entry
 * @queue: a queue
 * @file:  its name, as nipfs_queue_list() gives it
 * @err:   may be NULL
 *
 * Return: 0, also when it is gone; NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_remove_damaged(struct nipfs_queue *queue,
						       const char *file,
						       struct nipfs_error *err);

/**
 * nipfs_queue_sweep() - remove what killed processes left behind
 * @queue: a queue
 * @err:   may be NULL
 *
 * Only what is older than an hour.
 *
 * Return: 0, NIPFS_E_SYS.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_sweep(struct nipfs_queue *queue,
					      struct nipfs_error *err);

/**
 * struct nipfs_queue_scan_options - what is looked for
 * @has_since: @since is set; else since the last scan, at the first one since ever
 * @since:     paths that became valid then or later, in seconds since 1970
 * @each:      may be NULL; called with each path that was added
 * @ctx:       handed to @each
 */
struct nipfs_queue_scan_options {
	bool has_since;
	int64_t since;
	int (*each)(void *ctx, const struct nipfs_store_path *path, struct nipfs_error *err);
	void *ctx;
};

/**
 * nipfs_queue_scan() - queue what was built on this machine and never queued
 * @queue:   a queue
 * @store:   opened for WRITE
 * @options: what is looked for
 * @err:     may be NULL
 *
 * Derivations are left out, and what was in the queue and left it since the last
 * scan. The time of the scan is recorded for each store when all went well.
 *
 * Return: 0, NIPFS_E_CANCELLED, NIPFS_E_SYS, NIPFS_E_NOMEM, or what the store
 * failed with or @each returned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_queue_scan(struct nipfs_queue *queue, struct nipfs_store *store,
					     const struct nipfs_queue_scan_options *options,
					     struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
