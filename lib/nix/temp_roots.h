/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Temporary roots: what no garbage collector may take while this process lives. */
#ifndef LIB_NIX_TEMP_ROOTS_H
#define LIB_NIX_TEMP_ROOTS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include <nixipfs/store_path.h>

#include "lib/nix/env.h"
#include "lib/nix/lock.h"
#include "lib/path_map.h"

/**
 * struct nipfs__temp_roots - the temp roots of one store
 * @env:     where state folder, locks and sockets are; borrowed
 * @waiter:  told when a collector has to be waited for; borrowed
 * @file:    the file in temproots/, as long as @fd is one
 * @fd:      it, locked, or -1
 * @size:    its bytes
 * @gc_lock: the file gc.lock, or -1
 * @socket:  a connection to the collector that is running, or -1
 * @owner:   the process that made @file and will remove it
 * @kept:    what is a root already
 */
struct nipfs__temp_roots {
	const struct nipfs__store_env *env;
	const struct nipfs__waiter *waiter;
	char file[PATH_MAX];
	int fd;
	off_t size;
	int gc_lock, socket;
	pid_t owner;
	struct nipfs__path_map kept;
};

void nipfs__temp_roots_init(struct nipfs__temp_roots *t, const struct nipfs__store_env *env,
			    const struct nipfs__waiter *waiter);

/**
 * nipfs__temp_roots_add() - make roots of paths
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_LIMIT, NIPFS_E_NOMEM, NIPFS_E_CANCELLED.
 */
int nipfs__temp_roots_add(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__temp_roots_tell() - tell a collector that is running of paths that are roots
 *
 * It keeps them to its end even when this process has ended. Where none is running
 * nothing is to be done: the next one sees what is there then.
 *
 * Return: 0, NIPFS_E_SYS, NIPFS_E_CANCELLED.
 */
int nipfs__temp_roots_tell(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			   size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

enum { NIPFS__TEMP_ROOTS_HELD = 0, NIPFS__TEMP_ROOTS_KEPT = 1, NIPFS__TEMP_ROOTS_KEEPER = 2 };

/**
 * nipfs__temp_roots_hold() - keep paths without a word to a collector
 * @t:     without a root yet
 * @paths: what somebody else keeps until this returns
 *
 * Where no collector is running none begins until nipfs__temp_roots_release(). Where one
 * is running a child of this process keeps the paths until that one has ended, or ten
 * minutes, in which it has certainly read the temporary roots. Never waits; the child,
 * which has to end now, is through with waiting.
 *
 * Return: NIPFS__TEMP_ROOTS_HELD: no collector; _KEPT: by a child; _KEEPER: this is that
 * child; or NIPFS_E_SYS, NIPFS_E_LIMIT, NIPFS_E_NOMEM.
 */
int nipfs__temp_roots_hold(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			   size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__temp_roots_release(struct nipfs__temp_roots *t);

#endif
