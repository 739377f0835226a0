/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The locks that Nix's programs share with us, and waiting for them. */
#include "lib/nix/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Sleeps of 1, 2, 4 … ms; the seventh turn comes after some 0.1 s. */
enum { LONGEST_SLEEP_MS = 100, TELL_AT_TURN = 7 };

int nipfs__wait_turn(struct nipfs__wait *wait, const char *what, struct nipfs_error *err)
{
	const unsigned int shift = wait->turns < TELL_AT_TURN ? wait->turns : TELL_AT_TURN;
	const long ms = 1L << shift;
	const struct timespec sleep = {
		0, (ms < LONGEST_SLEEP_MS ? ms : LONGEST_SLEEP_MS) * 1000000L
	};
	const int r = nipfs_cancel_check(err);

	if (r < 0)
		return r;
	if (wait->turns < UINT_MAX)
		wait->turns++;
	if (wait->turns == TELL_AT_TURN && wait->waiter && wait->waiter->waiting) {
		char message[512];

		(void)snprintf(message, sizeof(message), "waiting for %s", what);
		wait->waiter->waiting(wait->waiter->ctx, message);
	}
	(void)nanosleep(&sleep, NULL);
	return 0;
}

int nipfs__lock_try(int fd, enum nipfs__lock_kind kind, const char *name,
		    struct nipfs_error *err)
{
	const int op = kind == NIPFS__LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH;

	while (flock(fd, op | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return 1;
		if (errno != EINTR)
			return nipfs__fail_errno(err, errno, "cannot lock '%s'", name);
	}
	return 0;
}

int nipfs__lock_wait(int fd, enum nipfs__lock_kind kind, const char *name,
		     const struct nipfs__waiter *waiter, struct nipfs_error *err)
{
	struct nipfs__wait wait = { waiter, 0 };
	char what[NAME_MAX + 32];

	(void)snprintf(what, sizeof(what), "the lock '%s'", name);
	for (;;) {
		int r = nipfs__lock_try(fd, kind, name, err);

		if (r <= 0)
			return r;
		r = nipfs__wait_turn(&wait, what, err);
		if (r < 0)
			return r;
	}
}

/*
 * A lock file whose owner let go of it is unlinked and has a byte in it: whoever
 * waited for it holds the lock on a file that nobody else will find.
 */
static int is_stale(int fd, const char *name, struct nipfs_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return nipfs__fail_errno(err, errno, "cannot examine '%s'", name);
	return st.st_size != 0 || st.st_nlink == 0;
}

int nipfs__path_lock(int dirfd, const char *base, const struct nipfs__waiter *waiter,
		     struct nipfs__path_lock *out, struct nipfs_error *err)
{
	struct nipfs__path_lock lock;

	(void)snprintf(lock.name, sizeof(lock.name), "%s.lock", base);
	for (;;) {
		nipfs_auto_fd int fd = openat(dirfd, lock.name,
					      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int r;

		if (fd < 0)
			return nipfs__fail_errno(err, errno, "cannot open the lock '%s'",
						 lock.name);
		if (waiter)
			r = nipfs__lock_wait(fd, NIPFS__LOCK_EXCLUSIVE, lock.name, waiter, err);
		else
			r = nipfs__lock_try(fd, NIPFS__LOCK_EXCLUSIVE, lock.name, err);
		if (r)
			return r;
		r = is_stale(fd, lock.name, err);
		if (r < 0)
			return r;
		if (r == 0) {
			lock.fd = fd;
			*out = lock;
			fd = -1;
			return 0;
		}
	}
}

void nipfs__path_unlock(int dirfd, struct nipfs__path_lock *lock)
{
	ssize_t written;

	(void)unlinkat(dirfd, lock->name, 0);
	/* A byte that cannot be written is made up for by the link count. */
	written = write(lock->fd, "d", 1);
	(void)written;
	(void)close(lock->fd);
	lock->fd = -1;
}
