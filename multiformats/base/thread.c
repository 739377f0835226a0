/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of the library's own. */
#include "multiformats/base/thread.h"

#include <signal.h>

#include "multiformats/base/err.h"

int nipfs__thread_start(pthread_t *out, void *(*work)(void *ctx), void *ctx,
			struct nipfs_error *err)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(out, NULL, work, ctx);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0 ? 0 : nipfs__fail_errno(err, r, "cannot start a thread");
}

struct timespec nipfs__thread_until(unsigned int ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return until;
}
