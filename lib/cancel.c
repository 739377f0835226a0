/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flag that ends every operation of the process early. */
#include <nixipfs/progress.h>

#include <stdatomic.h>

#include "multiformats/base/err.h"

/* The only mutable state of the process that the library has: a signal handler has no context. */
static atomic_bool cancelled;

void nipfs_cancel(void)
{
	atomic_store_explicit(&cancelled, true, memory_order_relaxed);
}

void nipfs_cancel_reset(void)
{
	atomic_store_explicit(&cancelled, false, memory_order_relaxed);
}

bool nipfs_cancelled(void)
{
	return atomic_load_explicit(&cancelled, memory_order_relaxed);
}

int nipfs_cancel_check(struct nipfs_error *err)
{
	return nipfs_cancelled() ? nipfs__fail(err, NIPFS_E_CANCELLED, "interrupted") : 0;
}
