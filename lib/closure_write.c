/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making a closure directory (DESIGN.md §4.2, nix-ipfs-dag(5)). */
#include <nixipfs/closure.h>

#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/narinfo.h>
#include <nixipfs/nix_hash.h>

#include "multiformats/base/array.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* An entry of nar/. */
struct nar_entry {
	uint8_t hash[32];
	struct nipfs_link link;
};

struct nipfs_closure_builder {
	char *store_dir;
	struct nipfs_unixfs_params params;
	const struct nipfs_block_sink *blocks;
	struct nipfs_dir_builder *top, *store;
	struct nar_entry *nars;
	size_t n_nars, cap_nars;
	struct nipfs_store_path *asked_for;
	size_t n_asked_for, cap_asked_for;
	size_t n_paths;
};

int nipfs_closure_builder_new(struct nipfs_closure_builder **out, const char *store_dir,
			      const struct nipfs_block_sink *blocks, struct nipfs_error *err)
{
	struct nipfs_closure_builder *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return nipfs__fail_nomem(err);
	b->blocks = blocks;
	b->store_dir = nipfs__slice_dup(nipfs__slice_str(store_dir));
	r = b->store_dir ? nipfs_unixfs_profile("nix", &b->params) : nipfs__fail_nomem(err);
	if (r == 0)
		r = nipfs_dir_builder_new(&b->top, &b->params, blocks, err);
	if (r == 0)
		r = nipfs_dir_builder_new(&b->store, &b->params, blocks, err);
	if (r < 0) {
		nipfs_closure_builder_free(b);
		return r;
	}
	*out = b;
	return 0;
}

void nipfs_closure_builder_free(struct nipfs_closure_builder *b)
{
	if (!b)
		return;
	nipfs_dir_builder_free(b->top);
	nipfs_dir_builder_free(b->store);
	free(b->nars);
	free(b->asked_for);
	free(b->store_dir);
	free(b);
}

static int add_to(struct nipfs_dir_builder *dir, const char *name,
		  const struct nipfs_link *link, struct nipfs_error *err)
{
	return nipfs_dir_builder_add(dir, nipfs__slice_str(name), link, err);
}

static int add_narinfo(struct nipfs_closure_builder *b, const struct nipfs_path_info *info,
		       struct nipfs_error *err)
{
	nipfs_auto_free char *text = NULL;
	struct nipfs_link link;
	char name[NIPFS_STORE_HASH_LEN + sizeof(".narinfo")];
	size_t len;
	int r;

	r = nipfs_narinfo_format(info, b->store_dir, &text, &len, err);
	if (r == 0)
		r = nipfs_dag_put_file(&b->params, b->blocks, nipfs__slice(text, len), &link,
				       err);
	if (r < 0)
		return r;
	nipfs_store_path_hash_part(&info->path, name);
	(void)snprintf(name + NIPFS_STORE_HASH_LEN, sizeof(".narinfo"), ".narinfo");
	return add_to(b->top, name, &link, err);
}

static int remember_nar(struct nipfs_closure_builder *b, const struct nipfs_path_info *info,
			const struct nipfs_link *nar, struct nipfs_error *err)
{
	struct nar_entry *nars;

	if (b->n_paths > 0 && (nar != NULL) != (b->n_nars > 0))
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a closure has NARs for all of its paths or for none");
	if (!nar)
		return 0;
	nars = nipfs__array_room(b->nars, b->n_nars, &b->cap_nars, sizeof(*nars));
	if (!nars)
		return nipfs__fail_nomem(err);
	b->nars = nars;
	memcpy(b->nars[b->n_nars].hash, info->nar_hash, sizeof(info->nar_hash));
	b->nars[b->n_nars++].link = *nar;
	return 0;
}

static int remember_asked_for(struct nipfs_closure_builder *b,
			      const struct nipfs_store_path *path, struct nipfs_error *err)
{
	struct nipfs_store_path *more = nipfs__array_room(b->asked_for, b->n_asked_for,
						     &b->cap_asked_for, sizeof(*more));

	if (!more)
		return nipfs__fail_nomem(err);
	b->asked_for = more;
	b->asked_for[b->n_asked_for++] = *path;
	return 0;
}

int nipfs_closure_builder_add(struct nipfs_closure_builder *b,
			      const struct nipfs_path_info *info,
			      const struct nipfs_link *tree, const struct nipfs_link *nar,
			      bool asked_for, struct nipfs_error *err)
{
	int r = remember_nar(b, info, nar, err);

	if (r == 0)
		r = add_narinfo(b, info, err);
	if (r == 0)
		r = add_to(b->store, info->path.base, tree, err);
	if (r == 0 && asked_for)
		r = remember_asked_for(b, &info->path, err);
	if (r < 0)
		return r;
	b->n_paths++;
	return 0;
}

/* result, result-1, …: in the order of their base names */
static int add_results(struct nipfs_closure_builder *b, struct nipfs_error *err)
{
	b->n_asked_for = nipfs_store_path_sort(b->asked_for, b->n_asked_for);
	for (size_t i = 0; i < b->n_asked_for; i++) {
		char name[32] = "result", target[sizeof(b->asked_for[i].base) + 8];
		struct nipfs_link link;
		int r;

		if (i > 0)
			(void)snprintf(name, sizeof(name), "result-%zu", i);
		(void)snprintf(target, sizeof(target), "store/%s", b->asked_for[i].base);
		r = nipfs_dag_put_symlink(&b->params, b->blocks, nipfs__slice_str(target),
					  &link, err);
		if (r == 0)
			r = add_to(b->top, name, &link, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(((const struct nar_entry *)a)->hash, ((const struct nar_entry *)b)->hash,
		      sizeof(((const struct nar_entry *)a)->hash));
}

/* nar/: two store paths may have one NAR, which then stands there once */
static int finish_nar_dir(struct nipfs_closure_builder *b, struct nipfs_link *link,
			  struct nipfs_error *err)
{
	struct nipfs_dir_builder *dir;
	int r = nipfs_dir_builder_new(&dir, &b->params, b->blocks, err);

	if (r < 0)
		return r;
	qsort(b->nars, b->n_nars, sizeof(*b->nars), by_hash);
	for (size_t i = 0; r == 0 && i < b->n_nars; i++) {
		const struct nipfs_nix_hash hash = nipfs_nix_hash_sha256(b->nars[i].hash);
		char text[NIPFS_NIX_HASH_TEXT_MAX], name[NIPFS_NIX_HASH_TEXT_MAX + 8];

		if (i > 0 && by_hash(&b->nars[i - 1], &b->nars[i]) == 0)
			continue;
		(void)nipfs_nix_hash_format(&hash, NIPFS_NIX_BASE32, text);
		(void)snprintf(name, sizeof(name), "%s.nar", text + strlen("sha256:"));
		r = add_to(dir, name, &b->nars[i].link, err);
	}
	if (r == 0)
		r = nipfs_dir_builder_finish(dir, link, err);
	nipfs_dir_builder_free(dir);
	return r;
}

static int add_nars(struct nipfs_closure_builder *b, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(2 * NIPFS_STORE_PATH_MAX);
	struct nipfs_link link;
	int r;

	if (b->n_nars == 0)
		return 0;
	r = nipfs__buf_printf(&text, "StoreDir: %s\nWantMassQuery: 1\nPriority: 30\n",
			      b->store_dir);
	if (r < 0)
		return nipfs__fail(err, r, "cannot write nix-cache-info");
	r = nipfs_dag_put_file(&b->params, b->blocks, nipfs__buf_slice(&text), &link, err);
	if (r == 0)
		r = add_to(b->top, "nix-cache-info", &link, err);
	if (r == 0)
		r = finish_nar_dir(b, &link, err);
	return r < 0 ? r : add_to(b->top, "nar", &link, err);
}

int nipfs_closure_builder_finish(struct nipfs_closure_builder *b, struct nipfs_link *top,
				 struct nipfs_link *store, struct nipfs_error *err)
{
	struct nipfs_link top_link, store_link;
	int r = add_results(b, err);

	if (r == 0)
		r = add_nars(b, err);
	if (r == 0)
		r = nipfs_dir_builder_finish(b->store, &store_link, err);
	if (r == 0)
		r = add_to(b->top, "store", &store_link, err);
	if (r == 0)
		r = nipfs_dir_builder_finish(b->top, &top_link, err);
	if (r < 0)
		return r;
	*top = top_link;
	*store = store_link;
	return 0;
}
