/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many small allocations that are freed together. */
#ifndef MULTIFORMATS_BASE_ARENA_H
#define MULTIFORMATS_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/error.h>

struct nipfs__arena_chunk;

/**
 * struct nipfs_arena - memory that is given back as a whole
 * @bytes: allocated so far, what is not handed out yet included
 * @max:   ceiling of @bytes, in bytes
 *
 * Start with NIPFS_ARENA_INIT(max). Pointers stay valid until the release.
 */
struct nipfs_arena {
	struct nipfs__arena_chunk *last;
	size_t bytes, max;
};

#define NIPFS_ARENA_INIT(ceiling) { NULL, 0, (ceiling) }

/* @n bytes aligned for any type, unset. Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT. */
int nipfs__arena_alloc(struct nipfs_arena *a, size_t n, void **out) NIPFS_MUSTUSE;
/* A copy of @n bytes, unaligned and packed. Same codes. */
int nipfs__arena_copy(struct nipfs_arena *a, const void *ptr, size_t n,
		      const uint8_t **out) NIPFS_MUSTUSE;
void nipfs__arena_release(struct nipfs_arena *a);

#endif
