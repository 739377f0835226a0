/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for what comes into the queue. */
#include "lib/queue.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "lib/ipfs/rest.h"
#include "lib/nix/path_text.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { EVENT_BYTES = 8 * 1024, LOOK_UP_MS = 1000 /* whether all was cancelled */ };

int nipfs_queue_watch(struct nipfs_queue *queue, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	nipfs_auto_free char *entries = NULL;

	if (nipfs__path_join(queue->dir, "entries", &entries) < 0)
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long", queue->dir);
	/* entries come and change by a rename */
	if (fd < 0 || inotify_add_watch(fd, entries, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return nipfs__fail_errno(err, errno, "cannot watch '%s'", entries);
	queue->watch = fd;
	fd = -1;
	return 0;
}

/* Takes what there is off. Return: whether there was anything, or NIPFS_E_SYS. */
static int take_events(const struct nipfs_queue *queue, struct nipfs_error *err)
{
	char events[EVENT_BYTES];
	int found = 0;
	ssize_t n;

	while ((n = read(queue->watch, events, sizeof(events))) > 0)
		found = 1;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return nipfs__fail_errno(err, errno, "cannot watch '%s'", queue->dir);
	return found;
}

/* No event tells of a folder that goes while we have it open. */
static int check_there(const struct nipfs_queue *queue, struct nipfs_error *err)
{
	struct stat named, ours;

	if (stat(queue->dir, &named) == 0 && fstat(queue->dirfd, &ours) == 0 &&
	    named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
		return 0;
	return nipfs__fail(err, NIPFS_E_SYS, "the queue '%s' was taken away", queue->dir);
}

int nipfs_queue_wait(struct nipfs_queue *queue, uint64_t seconds, struct nipfs_error *err)
{
	const uint64_t end = nipfs__now_ms() + seconds * 1000;
	struct pollfd ready = { .fd = queue->watch, .events = POLLIN };

	for (;;) {
		const uint64_t now = nipfs__now_ms();
		int r = nipfs_cancel_check(err);

		if (r == 0)
			r = check_there(queue, err);
		if (r == 0)
			r = take_events(queue, err);
		if (r != 0 || now >= end)
			return r;
		(void)poll(&ready, 1, (int)nipfs__min_u64(end - now, LOOK_UP_MS));
	}
}
