/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The locks that Nix's programs share with us, and waiting for them. */
#ifndef LIB_NIX_LOCK_H
#define LIB_NIX_LOCK_H

#include <limits.h>
#include <stdbool.h>

#include <nixipfs/error.h>

/* Who is told when some other process has to be waited for. */
struct nipfs__waiter {
	void (*waiting)(void *ctx, const char *message);
	void *ctx;
};

/* One wait for others; starts with { waiter }. */
struct nipfs__wait {
	const struct nipfs__waiter *waiter;
	unsigned int turns;
};

/**
 * nipfs__wait_turn() - sleep a little before the next try
 * @what: what is waited for: "the lock on '…'"; told to the waiter once, when
 *        the wait takes longer than a moment
 *
 * Return: 0, or NIPFS_E_CANCELLED.
 */
int nipfs__wait_turn(struct nipfs__wait *wait, const char *what,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

enum nipfs__lock_kind { NIPFS__LOCK_SHARED, NIPFS__LOCK_EXCLUSIVE };

/* Return: 0 locked, 1 held by another, NIPFS_E_SYS. @name is for messages. */
int nipfs__lock_try(int fd, enum nipfs__lock_kind kind, const char *name,
		    struct nipfs_error *err) NIPFS_MUSTUSE;

/* Return: 0 locked, NIPFS_E_SYS, NIPFS_E_CANCELLED. */
int nipfs__lock_wait(int fd, enum nipfs__lock_kind kind, const char *name,
		     const struct nipfs__waiter *waiter,
		     struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * struct nipfs__path_lock - the exclusive lock on a store path
 * @fd:   holds it
 * @name: "BASE.lock"
 */
struct nipfs__path_lock {
	int fd;
	char name[NAME_MAX + 1];
};

/**
 * nipfs__path_lock() - lock a store path as Nix does
 * @dirfd:  the physical store folder
 * @base:   base name of the store path
 * @waiter: NULL: do not wait
 * @out:    written when 0 is returned
 *
 * Return: 0 locked, 1 held by another and not waited for, NIPFS_E_SYS,
 * NIPFS_E_CANCELLED.
 */
int nipfs__path_lock(int dirfd, const char *base, const struct nipfs__waiter *waiter,
		     struct nipfs__path_lock *out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Removes the lock file and lets go of it: whoever waits for it takes a new one. */
void nipfs__path_unlock(int dirfd, struct nipfs__path_lock *lock);

#endif
