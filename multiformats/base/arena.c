/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many small allocations that are freed together. */
#include "multiformats/base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "multiformats/base/num.h"

enum { FIRST_CHUNK = 1024, LARGEST_CHUNK = 256 * 1024 };

struct nipfs__arena_chunk {
	struct nipfs__arena_chunk *before;
	size_t used, size;
	_Alignas(max_align_t) uint8_t mem[];
};

static int add_chunk(struct nipfs_arena *a, size_t need)
{
	const size_t left = a->max - a->bytes;
	size_t size = a->last ? a->last->size * 2 : FIRST_CHUNK, total;
	struct nipfs__arena_chunk *chunk;

	if (need > left)
		return NIPFS_E_LIMIT;
	if (size > LARGEST_CHUNK)
		size = LARGEST_CHUNK;
	if (size < need)
		size = need;
	/* the last chunk is what the ceiling leaves */
	if (size > left)
		size = left;
	if (nipfs__add_size(size, sizeof(*chunk), &total))
		return NIPFS_E_NOMEM;
	chunk = malloc(total);
	if (!chunk)
		return NIPFS_E_NOMEM;
	*chunk = (struct nipfs__arena_chunk){ a->last, 0, size };
	a->last = chunk;
	a->bytes += size;
	return 0;
}

static int take(struct nipfs_arena *a, size_t n, size_t align, void **out)
{
	size_t at = a->last ? (a->last->used + align - 1) & ~(align - 1) : 0;

	if (!a->last || at > a->last->size || n > a->last->size - at) {
		const int r = add_chunk(a, n);

		if (r < 0)
			return r;
		at = 0;
	}
	a->last->used = at + n;
	*out = a->last->mem + at;
	return 0;
}

int nipfs__arena_alloc(struct nipfs_arena *a, size_t n, void **out)
{
	return take(a, n, _Alignof(max_align_t), out);
}

int nipfs__arena_copy(struct nipfs_arena *a, const void *ptr, size_t n,
		      const uint8_t **out)
{
	void *room;
	const int r = take(a, n, 1, &room);

	if (r < 0)
		return r;
	if (n)
		memcpy(room, ptr, n);
	*out = room;
	return 0;
}

void nipfs__arena_release(struct nipfs_arena *a)
{
	while (a->last) {
		struct nipfs__arena_chunk *before = a->last->before;

		free(a->last);
		a->last = before;
	}
	a->bytes = 0;
}
