/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store path read again, and what of it differs from what was indexed. */
#include <nixipfs/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/disk.h>
#include <nixipfs/nix_hash.h>
#include <nixipfs/truth.h>

#include "lib/compare_tree.h"
#include "lib/tree_pass.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

const char *nipfs_fault_text(enum nipfs_fault fault)
{
	static const char *const texts[] = {
#define TEXT(name, text) [NIPFS_FAULT_##name] = (text),
		NIPFS_FAULT_MAP(TEXT)
#undef TEXT
	};

	return texts[fault];
}

/* The tree that the index has of a path with this NAR hash: 1 when there is one. */
static int expected_tree(struct nipfs_store *store, struct nipfs_index *index,
			 const struct nipfs_path_info *info, struct nipfs_cid *out,
			 struct nipfs_error *err)
{
	struct nipfs_index_key key = { .store_dir = nipfs_store_real_dir(store),
				       .path = info->path };
	struct nipfs_index_owner owner;
	int r;

	if (!index)
		return 0;
	memcpy(key.nar_hash, info->nar_hash, sizeof(key.nar_hash));
	r = nipfs_index_find(index, &key, &owner, err);
	if (r == NIPFS_E_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	*out = owner.root.cid;
	return 1;
}

/* Reads the path once more beside what the index has, and tells each difference. */
static int tell_differences(struct nipfs_store *store, struct nipfs_index *index,
			    const struct nipfs_path_info *info, const struct nipfs_cid *expected,
			    const struct nipfs_verify_options *options, struct nipfs_error *err)
{
	const struct nipfs_index_truth truth = nipfs_store_truth(store);
	struct nipfs_block_source *source;
	int r = nipfs_index_source_new(&source, index, &truth, err);

	if (r < 0)
		return r;
	r = nipfs__compare_tree(nipfs_store_dirfd(store), info->path.base, source, expected,
				options, err);
	nipfs_block_source_free(source);
	return r;
}

static int tell_hash(const struct nipfs_error *why, bool indexed,
		     const struct nipfs_verify_options *options,
		     struct nipfs_error *err)
{
	struct nipfs_finding finding = { .fault = NIPFS_FAULT_NAR_HASH, .detail = why->msg };
	char text[sizeof(why->msg) + 160];

	if (!indexed) {
		(void)snprintf(text, sizeof(text),
			       "%s (it was not indexed while it was right, so which file "
			       "differs cannot be told)",
			       why->msg);
		finding.detail = text;
	}
	return options->found(options->ctx, &finding, err);
}

/* 1: the contents are not what Nix says, and @why says how. */
static int read_path(struct nipfs_store *store, const struct nipfs_path_info *info,
		     const struct nipfs_progress *progress, struct nipfs_cid *tree,
		     struct nipfs_error *why)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct nipfs_progress_meter meter = { .progress = progress };
	/* whatever is there is hashed to its end: only then can be said what it is */
	struct nipfs__pass_options options = { .nar_hash = true, .meter = &meter };
	struct nipfs_path_info unbounded = *info;
	struct nipfs__pass pass = { .info = NULL };
	struct nipfs__pass_result result;
	int r;

	unbounded.nar_size = 0;
	meter.event.phase = NIPFS_PHASE_VERIFY;
	meter.event.total = info->nar_size;
	meter.event.subject = nipfs__slice_str(info->path.base);
	r = nipfs__pass_begin(&pass, &unbounded, &options, why);
	if (r == 0) {
		const struct nipfs_tree_sink sink = nipfs__pass_sink(&pass);

		r = nipfs_disk_tree(nipfs_store_dirfd(store), info->path.base, NULL, &limits,
				    &sink, why);
	}
	if (r == 0)
		r = nipfs__pass_finish(&pass, &result, why);
	nipfs__pass_release(&pass);
	if (r == 0)
		*tree = result.tree.cid;
	/* a tree that Nix would not take is as wrong as one with another hash */
	return r == NIPFS_E_MISMATCH || r == NIPFS_E_INVALID || r == NIPFS_E_LIMIT ? 1 : r;
}

int nipfs_verify_path(struct nipfs_store *store, struct nipfs_index *index,
		      const struct nipfs_store_path *path,
		      const struct nipfs_verify_options *options, struct nipfs_cid *tree,
		      struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };
	struct nipfs_cid found, expected;
	struct nipfs_path_info info;
	int r = nipfs_store_query(store, path, &info, err), indexed;

	if (r < 0)
		return r;
	r = read_path(store, &info, options->progress, &found, &why);
	if (r < 0 && err)
		*err = why;
	if (r > 0) {
		indexed = expected_tree(store, index, &info, &expected, err);
		r = indexed < 0 ? indexed : tell_hash(&why, indexed > 0, options, err);
		if (r == 0 && indexed > 0)
			r = tell_differences(store, index, &info, &expected, options, err);
		if (r == 0)
			r = nipfs__fail(err, NIPFS_E_MISMATCH,
					"'%s' is not what Nix says it is: try nix-store "
					"--repair-path",
					path->base);
	} else if (r == 0 && tree) {
		*tree = found;
	}
	nipfs_path_info_release(&info);
	return r;
}
