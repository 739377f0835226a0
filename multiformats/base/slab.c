/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reference-counted memory for file bytes and blocks. */
#include "multiformats/base/slab.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "multiformats/base/num.h"

enum { SLAB_ALIGN = 64 };

struct nipfs_slab {
	atomic_size_t refs;
	size_t size;
	_Alignas(SLAB_ALIGN) uint8_t bytes[];
};

int nipfs__slab_new(size_t size, struct nipfs_slab **out)
{
	struct nipfs_slab *slab;
	size_t total;

	if (nipfs__add_size(size, sizeof(*slab) + SLAB_ALIGN - 1, &total))
		return NIPFS_E_NOMEM;
	slab = aligned_alloc(SLAB_ALIGN, total / SLAB_ALIGN * SLAB_ALIGN);
	if (!slab)
		return NIPFS_E_NOMEM;
	atomic_init(&slab->refs, 1);
	slab->size = size;
	*out = slab;
	return 0;
}

uint8_t *nipfs__slab_data(struct nipfs_slab *slab)
{
	return slab->bytes;
}

size_t nipfs__slab_size(const struct nipfs_slab *slab)
{
	return slab->size;
}

bool nipfs__slab_is_unique(const struct nipfs_slab *slab)
{
	return atomic_load_explicit(&slab->refs, memory_order_acquire) == 1;
}

struct nipfs_slab *nipfs_slab_ref(struct nipfs_slab *slab)
{
	if (slab)
		atomic_fetch_add_explicit(&slab->refs, 1, memory_order_relaxed);
	return slab;
}

void nipfs_slab_unref(struct nipfs_slab *slab)
{
	/* who frees must see what the others did to the bytes before they let go */
	if (slab && atomic_fetch_sub_explicit(&slab->refs, 1, memory_order_acq_rel) == 1)
		free(slab);
}
