/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of the library's own. */
#ifndef MULTIFORMATS_BASE_THREAD_H
#define MULTIFORMATS_BASE_THREAD_H

#include <pthread.h>
#include <time.h>

#include <nixipfs/error.h>

/* Starts a thread that no signal goes to: those are the program's. Return: 0 or NIPFS_E_SYS. */
int nipfs__thread_start(pthread_t *out, void *(*work)(void *ctx), void *ctx,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/* The time in @ms milliseconds, as pthread_cond_timedwait() takes it. */
struct timespec nipfs__thread_until(unsigned int ms);

#endif
