/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A map from store paths to small numbers. */
#ifndef LIB_PATH_MAP_H
#define LIB_PATH_MAP_H

#include <nixipfs/store_path.h>

/**
 * struct nipfs__path_map - numbers the store paths that are put in
 * @paths: the paths in the order in which they came; owned
 * @n:     how many
 *
 * Start with zeros, end with nipfs__path_map_release().
 */
struct nipfs__path_map {
	struct nipfs_store_path *paths;
	size_t n;
	size_t cap;
	uint32_t *slots; /* number + 1, 0 is free; a power of two of them */
	size_t n_slots;
};

/**
 * nipfs__path_map_put() - the number of a path
 * @map:    the map
 * @path:   copied when it is new
 * @number: its number: the count of paths before it
 *
 * Return: 1 when it is new, 0 when it was there, NIPFS_E_NOMEM, NIPFS_E_LIMIT.
 */
int nipfs__path_map_put(struct nipfs__path_map *map, const struct nipfs_store_path *path,
			size_t *number) NIPFS_MUSTUSE;

/* Whether a path is in the map, and its number where it is. */
bool nipfs__path_map_find(const struct nipfs__path_map *map,
			  const struct nipfs_store_path *path, size_t *number);

/* Whether a path is in the map. */
static inline bool nipfs__path_map_has(const struct nipfs__path_map *map,
				       const struct nipfs_store_path *path)
{
	size_t number;

	return nipfs__path_map_find(map, path, &number);
}

void nipfs__path_map_release(struct nipfs__path_map *map);

#endif
