/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue, from the inside: its folder and what lies in it. */
#ifndef LIB_QUEUE_H
#define LIB_QUEUE_H

#include <nixipfs/queue.h>

#include "lib/nix/store.h"

/**
 * struct nipfs_queue - the queue's folder
 * @dir:       its path
 * @dirfd:     the folder
 * @entries:   "entries" in it: a file for each path, named as nipfs__queue_name() says
 * @roots:     "roots": a symlink of that name to the path, which is an indirect root
 * @left:      "left": an empty file of that name for what left the queue since the last
 *             scan
 * @lock:      "lock", held by who publishes; -1: not by this one
 * @watch:     an inotify descriptor on @entries, or -1
 */
struct nipfs_queue {
	char *dir;
	int dirfd, entries, roots, left, lock, watch;
};

enum { NIPFS__QUEUE_NAME_MAX = NIPFS__ROOT_NAME_MAX };

/* The name of an entry: one for each path of each store. 0 or NIPFS_E_UNSUPPORTED. */
int nipfs__queue_name(const struct nipfs_queue_entry *entry, char *out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/* An entry for a path that is found now. */
void nipfs__queue_entry_make(struct nipfs_queue_entry *out, const struct nipfs__store_env *env,
			     const struct nipfs_store_path *path, enum nipfs_queue_origin origin);

/* Whether there is a file of that name in one of the folders. */
bool nipfs__queue_has(int dirfd, const char *name);

/* The path of an entry's root; for free(). */
int nipfs__queue_root(const struct nipfs_queue *queue, const char *name, char **out,
		      struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__queue_write() - put an entry there, or in the place of what is there
 *
 * In one step, with its contents synced; nipfs__queue_sync() is due when all are there.
 *
 * Return: 0; NIPFS_E_INVALID; NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
int nipfs__queue_write(const struct nipfs_queue *queue, const char *name,
		       const struct nipfs_queue_entry *entry,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

/* Makes sure that what was put there and taken away stays so. 0 or NIPFS_E_SYS. */
int nipfs__queue_sync(const struct nipfs_queue *queue, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Writes a small file in one step, synced: 0, NIPFS_E_SYS, NIPFS_E_NOMEM. */
int nipfs__queue_put_file(int dirfd, const char *name, struct nipfs_slice text,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

/* Reads one of at most @max bytes: 0, NIPFS_E_NOTFOUND, NIPFS_E_INVALID (no file, or too
   long), NIPFS_E_SYS, NIPFS_E_NOMEM. */
int nipfs__queue_get_file(int dirfd, const char *name, size_t max, struct nipfs_buf *out,
			  struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
