/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that is made of the tree of a store path in one pass. */
#include "lib/tree_pass.h"

#include <string.h>

#include "lib/nar_check.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

static void add_sink(struct nipfs__pass *p, struct nipfs_tree_sink sink)
{
	p->sinks[p->tee.n] = sink;
	p->tee.sinks[p->tee.n] = &p->sinks[p->tee.n];
	p->tee.n++;
}

/* A failure of the index: the one of the pass, or one that is only noted. */
static int index_failed(struct nipfs__pass *p, const struct nipfs_error *why,
			struct nipfs_error *err)
{
	if (p->index_error && why->code != NIPFS_E_NOMEM && why->code != NIPFS_E_CANCELLED) {
		*p->index_error = *why;
		return 0;
	}
	if (err)
		*err = *why;
	return why->code;
}

static bool index_is_lost(const struct nipfs__pass *p)
{
	return p->index_error && p->index_error->code;
}

static int put_to_index(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
			const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct nipfs__pass *p = ctx;
	struct nipfs_error why = { 0 };
	int r = 0;

	if (!index_is_lost(p) &&
	    p->writer_blocks.put(p->writer_blocks.ctx, cid, bytes, origin, &why) < 0)
		r = index_failed(p, &why, err);
	if (r < 0 || !p->more_blocks)
		return r;
	return p->more_blocks->put(p->more_blocks->ctx, cid, bytes, origin, err);
}

static int begin_index(struct nipfs__pass *p, const struct nipfs__pass_options *options,
		       struct nipfs_error *err)
{
	struct nipfs_index_key key = { .store_dir = options->store_dir,
				       .path = p->info->path };
	int r;

	memcpy(key.nar_hash, p->info->nar_hash, sizeof(key.nar_hash));
	r = nipfs_index_writer_begin(&p->writer, options->index, &key, p->info->nar_size, err);
	if (r < 0)
		return r;
	add_sink(p, nipfs_index_writer_tree_sink(p->writer));
	p->writer_blocks = nipfs_index_writer_block_sink(p->writer);
	p->index_error = options->index_error;
	p->more_blocks = options->blocks;
	p->index_blocks = (struct nipfs_block_sink){ put_to_index, p };
	p->blocks = &p->index_blocks;
	return 0;
}

/* The DAG, and after it the NAR-shaped file, which links to the files of the DAG. */
static int begin_dag(struct nipfs__pass *p, const struct nipfs__pass_options *options,
		     struct nipfs_error *err)
{
	struct nipfs_unixfs_params params;
	int r = nipfs_unixfs_profile("nix", &params);

	if (r == 0)
		r = nipfs_dag_builder_new(&p->builder, &params, p->blocks, err);
	if (r < 0)
		return r;
	add_sink(p, nipfs_dag_builder_sink(p->builder));
	if (!options->nar_file)
		return 0;
	r = nipfs_nar_file_new(&p->nar_file, &params, p->blocks, p->builder, err);
	if (r == 0)
		add_sink(p, nipfs_nar_file_sink(p->nar_file));
	return r;
}

/* A content address by another hash than that of the NAR is hashed for itself. */
static int begin_ca(struct nipfs__pass *p, struct nipfs_error *err)
{
	int r;

	if (!p->info->ca)
		return 0;
	r = nipfs__ca_parse(nipfs__slice_str(p->info->ca), &p->ca);
	if (r == NIPFS_E_UNSUPPORTED || (r == 0 && p->ca.method == NIPFS__CA_GIT))
		return 0; /* signatures decide */
	if (r < 0)
		return nipfs__fail(err, r, "malformed content address '%s'", p->info->ca);
	p->has_ca = true;
	if (p->ca.method == NIPFS__CA_NAR && p->ca.hash.algo == NIPFS_NIX_SHA256)
		return 0;
	r = nipfs__ca_hash_new(&p->ca_hash, &p->ca, err);
	if (r == 0)
		add_sink(p, nipfs__ca_hash_sink(p->ca_hash));
	return r;
}

static int begin_nar_hash(struct nipfs__pass *p, const struct nipfs__pass_options *options,
			  struct nipfs_error *err)
{
	struct nipfs_slice self = { NULL, 0 };
	int r;

	if (!options->nar_hash && p->info->nar_size > 0)
		return 0;
	/* without a self-reference the hash modulo self-references is the NAR hash */
	if (options->check_ca && p->info->ca && nipfs_path_info_has_ref(p->info, &p->info->path))
		self = nipfs__slice(p->info->path.base, NIPFS_STORE_HASH_LEN);
	r = nipfs_nar_hash_new(&p->nar_hash, self, p->info->nar_size, err);
	if (r < 0)
		return r;
	add_sink(p, nipfs_nar_hash_sink(p->nar_hash));
	return options->check_ca ? begin_ca(p, err) : 0;
}

int nipfs__pass_begin(struct nipfs__pass *p, const struct nipfs_path_info *info,
		      const struct nipfs__pass_options *options, struct nipfs_error *err)
{
	int r = 0;

	p->info = info;
	p->blocks = options->blocks;
	p->meter = options->meter;
	/* the NAR hash comes first: of a tree that is bigger than was said it stops
	 * the first byte too many, before that is written anywhere */
	r = begin_nar_hash(p, options, err);
	if (r == 0 && options->index)
		r = begin_index(p, options, err);
	if (r == 0)
		r = begin_dag(p, options, err);
	if (r < 0)
		return r;
	if (options->output)
		add_sink(p, *options->output);
	return 0;
}

struct nipfs_tree_sink nipfs__pass_sink(struct nipfs__pass *p)
{
	p->all = nipfs_tree_tee_sink(&p->tee);
	if (!p->meter)
		return p->all;
	p->meter->inner = &p->all;
	return nipfs_progress_meter_sink(p->meter);
}

static int check(struct nipfs__pass *p, struct nipfs_nar_digest *digest,
		 struct nipfs_error *err)
{
	int r = nipfs_nar_hash_result(p->nar_hash, digest, err);

	if (r < 0)
		return r;
	r = nipfs__nar_compare(p->info, digest, err);
	if (r < 0 || !p->has_ca)
		return r;
	if (p->ca_hash)
		return nipfs__ca_hash_finish(p->ca_hash, err);
	/*
	 * Both forms that versions of Nix make, as both are in stores. The one without
	 * offsets is weaker, but only for paths whose names were made of it.
	 */
	if (memcmp(digest->modulo, p->ca.hash.bytes, sizeof(digest->modulo)) != 0 &&
	    memcmp(digest->modulo_2_17, p->ca.hash.bytes, sizeof(digest->modulo_2_17)) != 0)
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "its contents do not have the hash of its content address");
	return 0;
}

static int commit_index(struct nipfs__pass *p, const struct nipfs__pass_result *found,
			struct nipfs_error *err)
{
	struct nipfs_error why = { 0 };

	if (!p->writer || index_is_lost(p))
		return 0;
	if (nipfs_index_writer_commit(p->writer, &found->tree, p->nar_file ? &found->nar : NULL,
				      &why) < 0)
		return index_failed(p, &why, err);
	p->writer = NULL;
	return 0;
}

int nipfs__pass_finish(struct nipfs__pass *p, struct nipfs__pass_result *out,
		       struct nipfs_error *err)
{
	struct nipfs__pass_result found = { 0 };
	int r = nipfs_dag_builder_result(p->builder, &found.tree);

	if (r == 0 && p->nar_file)
		r = nipfs_nar_file_result(p->nar_file, &found.nar, err);
	if (r == 0 && p->nar_hash)
		r = check(p, &found.digest, err);
	if (r == 0)
		r = commit_index(p, &found, err);
	if (r == 0)
		*out = found;
	return r;
}

void nipfs__pass_release(struct nipfs__pass *p)
{
	nipfs_index_writer_abort(p->writer);
	nipfs_nar_hash_free(p->nar_hash);
	nipfs__ca_hash_free(p->ca_hash);
	nipfs_nar_file_free(p->nar_file);
	nipfs_dag_builder_free(p->builder);
}
