/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths of a closure are realized, and whether those that are there are the same. */
#include "lib/realize_choice.h"

#include <stdlib.h>
#include <string.h>

#include <nixipfs/nix_hash.h>

#include "multiformats/base/array.h"
#include "multiformats/base/err.h"

static int choose_wanted(struct nipfs_closure *closure, const char *const *wanted,
			 struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	struct nipfs_store_path *paths;
	size_t count = 0;
	int r = 0;

	while (wanted[count])
		count++;
	paths = calloc(count, sizeof(*paths));
	if (!paths)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = nipfs_closure_select(closure, wanted[i], &paths[i], err);
	if (r < 0) {
		free(paths);
		return r;
	}
	*n = nipfs_store_path_sort(paths, count);
	*out = paths;
	return 0;
}

int nipfs__choose_paths(struct nipfs_closure *closure, const char *const *wanted,
			struct nipfs_store_path **out, size_t *n, struct nipfs_error *err)
{
	int r;

	if (wanted && wanted[0])
		return choose_wanted(closure, wanted, out, n, err);
	r = nipfs_closure_results(closure, out, n, err);
	if (r == 0 && *n == 0)
		r = nipfs__fail(err, NIPFS_E_USAGE,
				"the closure has no 'result': name the store paths to realize");
	return r;
}

/* ---- paths that are given ------------------------------------------------------- */

int nipfs__given_add(struct nipfs__given *g, const struct nipfs_closure_set *set,
		     struct nipfs_error *err)
{
	for (size_t i = 0; i < set->n; i++) {
		uint8_t(*hashes)[32] =
			nipfs__array_room(g->hashes, g->paths.n, &g->cap, sizeof(*hashes));
		size_t number;
		int r;

		if (!hashes)
			return nipfs__fail_nomem(err);
		g->hashes = hashes;
		r = nipfs__path_map_put(&g->paths, &set->infos[i].path, &number);
		if (r < 0)
			return nipfs__fail(err, r, "cannot remember so many paths: %s",
					   nipfs_err_text(r));
		if (r == 1)
			memcpy(g->hashes[number], set->infos[i].nar_hash,
			       sizeof(*g->hashes));
	}
	return 0;
}

const uint8_t *nipfs__given_find(const struct nipfs__given *g,
				 const struct nipfs_store_path *path)
{
	size_t number;

	return nipfs__path_map_find(&g->paths, path, &number) ? g->hashes[number] : NULL;
}

void nipfs__given_release(struct nipfs__given *g)
{
	nipfs__path_map_release(&g->paths);
	free(g->hashes);
	*g = (struct nipfs__given){ .cap = 0 };
}

/* ---- paths that are valid ------------------------------------------------------- */

/* What a closure says of a path that is valid or given, and what the store does, or will. */
static int compare(struct nipfs_store *store, const struct nipfs__given *given,
		   const uint8_t said[32], struct nipfs_realized *valid,
		   struct nipfs_error *err)
{
	const uint8_t *coming = nipfs__given_find(given, &valid->path);
	struct nipfs_path_info have = NIPFS_PATH_INFO_INIT;
	const int r = coming ? 0 : nipfs_store_query(store, &valid->path, &have, err);

	if (r < 0)
		return r;
	memcpy(valid->nar_hash, said, sizeof(valid->nar_hash));
	memcpy(valid->have_hash, coming ? coming : have.nar_hash,
	       sizeof(valid->have_hash));
	valid->differs = memcmp(said, valid->have_hash, sizeof(valid->have_hash)) != 0;
	nipfs_path_info_release(&have);
	return 0;
}

int nipfs__compare_valid(struct nipfs_store *store, const struct nipfs__given *given,
			 struct nipfs_closure *closure, struct nipfs_realized *valid,
			 struct nipfs_error *err)
{
	char hash_part[NIPFS_STORE_HASH_LEN + 1];
	struct nipfs_path_info said;
	struct nipfs_cid tree;
	int r;

	nipfs_store_path_hash_part(&valid->path, hash_part);
	r = nipfs_closure_info(closure, hash_part, &said, &tree, err);
	if (r < 0)
		return r;
	r = compare(store, given, said.nar_hash, valid, err);
	nipfs_path_info_release(&said);
	return r;
}

int nipfs__fail_differs(const struct nipfs_store_path *path, const uint8_t have[32],
			const uint8_t said[32], struct nipfs_error *err)
{
	const struct nipfs_nix_hash hashes[2] = { nipfs_nix_hash_sha256(have),
						  nipfs_nix_hash_sha256(said) };
	char texts[2][NIPFS_NIX_HASH_TEXT_MAX];

	for (int i = 0; i < 2; i++)
		(void)nipfs_nix_hash_format(&hashes[i], NIPFS_NIX_BASE32, texts[i]);
	return nipfs__fail(err, NIPFS_E_MISMATCH,
			   "'%s' is in the store with other contents: %s there, %s in the "
			   "closure",
			   path->base, texts[0], texts[1]);
}

/* Whether a path is there, or will be. */
static int is_there(struct nipfs_store *store, const struct nipfs__given *given,
		    const struct nipfs_store_path *path, struct nipfs_error *err)
{
	if (nipfs__given_find(given, path))
		return 1;
	return store ? nipfs_store_is_valid(store, path, err) : 0;
}

int nipfs__check_same(struct nipfs_store *store, const struct nipfs__given *given,
		      struct nipfs_closure *closure, const struct nipfs_store_path *paths,
		      size_t n, struct nipfs_error *err)
{
	struct nipfs_closure_set all = { .n = 0 };
	int r = nipfs_closure_collect(closure, paths, n, NULL, NULL, NULL, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct nipfs_path_info *info = &all.infos[i];
		struct nipfs_realized valid = { .path = info->path };

		r = is_there(store, given, &info->path, err);
		if (r > 0)
			r = compare(store, given, info->nar_hash, &valid, err);
		if (r == 0 && valid.differs)
			r = nipfs__fail_differs(&info->path, valid.have_hash, valid.nar_hash,
						err);
	}
	nipfs_closure_set_release(&all);
	return r;
}
