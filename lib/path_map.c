/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A map from store paths to small numbers: open addressing over the hash part. */
#include "lib/path_map.h"

#include <stdlib.h>
#include <string.h>

/* More than any store holds; far below what the slots can number. */
enum { PATHS_MAX = 16 * 1000 * 1000 };

/*
 * FNV-1a. The hash part comes from outside and can be chosen, but to make many
 * collide one must also make that many narinfos; the map is bounded by those.
 */
static size_t hash(const struct nipfs_store_path *path)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *p = path->base; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* The slot that holds @path, or the free one where it belongs. */
static size_t find(const struct nipfs__path_map *map, const struct nipfs_store_path *path)
{
	size_t i = hash(path) & (map->n_slots - 1);

	while (map->slots[i] &&
	       nipfs_store_path_compare(&map->paths[map->slots[i] - 1], path) != 0)
		i = (i + 1) & (map->n_slots - 1);
	return i;
}

static int grow(struct nipfs__path_map *map)
{
	const size_t n_slots = map->n_slots ? map->n_slots * 2 : 64;
	struct nipfs_store_path *paths;
	uint32_t *old = map->slots, *slots;

	paths = reallocarray(map->paths, n_slots / 2, sizeof(*paths));
	if (!paths)
		return NIPFS_E_NOMEM;
	map->paths = paths;
	map->cap = n_slots / 2;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return NIPFS_E_NOMEM;
	map->slots = slots;
	map->n_slots = n_slots;
	for (size_t i = 0; i < map->n; i++)
		slots[find(map, &map->paths[i])] = (uint32_t)(i + 1);
	free(old);
	return 0;
}

int nipfs__path_map_put(struct nipfs__path_map *map, const struct nipfs_store_path *path,
			size_t *number)
{
	size_t slot;

	if (map->n * 2 >= map->n_slots) {
		const int r = map->n >= PATHS_MAX ? NIPFS_E_LIMIT : grow(map);

		if (r < 0)
			return r;
	}
	slot = find(map, path);
	if (map->slots[slot]) {
		*number = map->slots[slot] - 1;
		return 0;
	}
	map->paths[map->n] = *path;
	*number = map->n++;
	map->slots[slot] = (uint32_t)map->n;
	return 1;
}

bool nipfs__path_map_find(const struct nipfs__path_map *map,
			  const struct nipfs_store_path *path, size_t *number)
{
	uint32_t found;

	if (!map->n_slots)
		return false;
	found = map->slots[find(map, path)];
	if (found)
		*number = found - 1;
	return found != 0;
}

void nipfs__path_map_release(struct nipfs__path_map *map)
{
	free(map->paths);
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
