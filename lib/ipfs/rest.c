/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time that passes while somebody else is at work. */
#include "lib/ipfs/rest.h"

#include <time.h>

#include <nixipfs/progress.h>

#include "multiformats/base/num.h"

enum { LOOK_UP_MS = 100 }; /* at most until it is looked whether all was cancelled */

uint64_t nipfs__now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int nipfs__rest(uint64_t ms, struct nipfs_error *err)
{
	const uint64_t end = nipfs__now_ms() + ms;
	int r = nipfs_cancel_check(err);

	for (uint64_t now = nipfs__now_ms(); r == 0 && now < end; now = nipfs__now_ms()) {
		const uint64_t left = nipfs__min_u64(end - now, LOOK_UP_MS);
		const struct timespec t = { .tv_nsec = (long)(left * 1000000) };

		(void)nanosleep(&t, NULL);
		r = nipfs_cancel_check(err);
	}
	return r;
}
