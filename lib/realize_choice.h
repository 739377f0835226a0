/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths of a closure are realized, and whether those that are there are the same. */
#ifndef LIB_REALIZE_CHOICE_H
#define LIB_REALIZE_CHOICE_H

#include <nixipfs/closure.h>
#include <nixipfs/realize.h>

#include "lib/path_map.h"

/**
 * struct nipfs__given - what closures before this one bring, and is not placed yet
 * @paths:  which ones
 * @hashes: the NAR hash that they say of each, by its number
 *
 * Start with zeros, end with nipfs__given_release().
 */
struct nipfs__given {
	struct nipfs__path_map paths;
	uint8_t (*hashes)[32];
	size_t cap;
};

/* Adds the paths of a set. Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT. */
int nipfs__given_add(struct nipfs__given *g, const struct nipfs_closure_set *set,
		     struct nipfs_error *err) NIPFS_MUSTUSE;
/* The NAR hash that is said of a path, or NULL. */
const uint8_t *nipfs__given_find(const struct nipfs__given *g,
				 const struct nipfs_store_path *path);
void nipfs__given_release(struct nipfs__given *g);

/**
 * nipfs__choose_paths() - what is meant by the paths that were asked for
 * @wanted: as in struct nipfs_realize_options
 * @out:    owned by the caller, free() it; sorted
 *
 * Return: 0; NIPFS_E_USAGE (nothing was asked for, and there is no result); or as
 * nipfs_closure_select() and nipfs_closure_results().
 */
int nipfs__choose_paths(struct nipfs_closure *closure, const char *const *wanted,
			struct nipfs_store_path **out, size_t *n,
			struct nipfs_error *err) NIPFS_MUSTUSE;

/*
 * Fills in whether a path that is valid, or given, has the NAR hash that the closure says of
 * it.
 */
int nipfs__compare_valid(struct nipfs_store *store, const struct nipfs__given *given,
			 struct nipfs_closure *closure, struct nipfs_realized *valid,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__check_same() - no path of a closure may be valid, or given, with another NAR hash
 *
 * Of the closure of all of @paths, as far as it is included. @store may be NULL. Return: 0,
 * NIPFS_E_MISMATCH, or as nipfs_closure_collect() and nipfs_store_query().
 */
int nipfs__check_same(struct nipfs_store *store, const struct nipfs__given *given,
		      struct nipfs_closure *closure, const struct nipfs_store_path *paths,
		      size_t n, struct nipfs_error *err) NIPFS_MUSTUSE;

/* "'…' is in the store with other contents": NIPFS_E_MISMATCH. */
int nipfs__fail_differs(const struct nipfs_store_path *path, const uint8_t have[32],
			const uint8_t said[32], struct nipfs_error *err);

#endif
