/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a connection to a Nix daemon: waiting for them, writing while listening. */
#include "lib/nix/daemon_conn.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"

/* How long nipfs_cancel() may go unnoticed. */
enum { POLL_MS = 100 };

static int has_ended(struct nipfs__daemon *d)
{
	if (!d->greeted && d->child)
		return nipfs__fail(&d->error, NIPFS_E_UNREACHABLE,
				   "'%s' ended before it greeted", d->name);
	if (!d->greeted)
		return nipfs__fail(&d->error, NIPFS_E_UNREACHABLE,
				   "the Nix daemon at '%s' hung up before it greeted: "
				   "'allowed-users' in its nix.conf says whom it lets in",
				   d->name);
	return nipfs__fail(&d->error, NIPFS_E_UNREACHABLE,
			   "the Nix daemon at '%s' closed the connection", d->name);
}

/* Until something is there to read or, where @write is set, can be written. */
static int wait_for(struct nipfs__daemon *d, bool write, bool *readable)
{
	struct pollfd fds[2] = { { .fd = d->in, .events = POLLIN },
				 { .fd = write ? d->out : -1, .events = POLLOUT } };
	int n;

	do {
		const int r = nipfs_cancel_check(&d->error);

		if (r < 0)
			return r;
		n = poll(fds, 2, POLL_MS);
		if (n < 0 && errno != EINTR)
			return nipfs__fail_errno(&d->error, errno,
						 "cannot wait for the Nix daemon at '%s'",
						 d->name);
	} while (n <= 0);
	*readable = fds[0].revents != 0;
	return 0;
}

int nipfs__daemon_more(void *daemon, uint8_t *room, size_t size, size_t *got,
		       struct nipfs_error *err)
{
	struct nipfs__daemon *d = daemon;
	bool readable;

	(void)err; /* which is @error of the connection */
	for (;;) {
		int r = nipfs_cancel_check(&d->error);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(d->in, room, size);
		if (n > 0) {
			*got = (size_t)n;
			return 0;
		}
		if (n == 0 || errno == ECONNRESET)
			return has_ended(d);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return nipfs__fail_errno(&d->error, errno,
						 "cannot read from the Nix daemon at '%s'",
						 d->name);
		r = wait_for(d, false, &readable);
		if (r < 0)
			return r;
	}
}

/* A pipe knows no MSG_NOSIGNAL: the signal is held back, and taken when it came. */
static ssize_t write_pipe(int fd, const void *bytes, size_t len)
{
	const struct timespec now = { 0, 0 };
	sigset_t only, pending, old;
	ssize_t n;
	int saved;

	(void)sigemptyset(&only);
	(void)sigaddset(&only, SIGPIPE);
	(void)sigemptyset(&pending);
	(void)sigpending(&pending);
	(void)pthread_sigmask(SIG_BLOCK, &only, &old);
	n = write(fd, bytes, len);
	saved = errno;
	if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&only, NULL, &now) < 0 && errno == EINTR)
			;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return n;
}

static ssize_t write_some(const struct nipfs__daemon *d, const void *bytes, size_t len)
{
	if (d->in == d->out)
		return send(d->out, bytes, len, MSG_NOSIGNAL);
	return write_pipe(d->out, bytes, len);
}

/* One message, while there is still something to write. */
static int listen_to(struct nipfs__daemon *d)
{
	const int r = nipfs__daemon_message(d);

	if (r == NIPFS__MESSAGE_ERROR)
		return d->error.code;
	if (r == NIPFS__MESSAGE_LAST)
		return nipfs__fail(&d->error, NIPFS_E_INVALID,
				   "the Nix daemon at '%s' answered before it was asked",
				   d->name);
	return r;
}

/* It takes no more: what it said before it hung up is why. */
static int hear_out(struct nipfs__daemon *d)
{
	int r = 0;

	if (!d->greeted)
		return has_ended(d);
	while (r == 0)
		r = listen_to(d);
	return r;
}

int nipfs__daemon_write(struct nipfs__daemon *d, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		bool readable = false;
		int r = nipfs_cancel_check(&d->error);
		ssize_t n;

		if (r < 0)
			return r;
		n = write_some(d, at, len);
		if (n >= 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return hear_out(d);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return nipfs__fail_errno(&d->error, errno,
						 "cannot write to the Nix daemon at '%s'",
						 d->name);
		r = wait_for(d, true, &readable);
		if (r == 0 && readable)
			r = d->greeted ? listen_to(d) : has_ended(d);
		if (r < 0)
			return r;
	}
	return 0;
}

int nipfs__daemon_flush(struct nipfs__daemon *d)
{
	const int r = nipfs__daemon_write(d, d->request.ptr, d->request.len);

	nipfs__buf_clear(&d->request);
	return r;
}
