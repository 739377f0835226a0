/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A closure directory made anew, with each of its paths signed (nix-ipfs-dag(5)). */
#include <nixipfs/sign.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/narinfo.h>
#include <nixipfs/sources.h>

#include "lib/dir_blocks.h"
#include "lib/nar_check.h"
#include "lib/nix/narinfo_sig.h"
#include "lib/nix/signature.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* Bytes of entries that are no part of a closure. */
enum { OTHERS_MAX = 64 * 1024 * 1024, NARINFO_NAME_MAX = NIPFS_STORE_HASH_LEN + 9 };

struct signer {
	struct nipfs_block_source *source;
	const struct nipfs_cid *top;
	const struct nipfs_secret_key *key;
	const struct nipfs_closure_sign_target *target;
	const struct nipfs_sign_options *options;
	struct nipfs_closure *old;
	struct nipfs_store_path *results, *paths; /* sorted */
	size_t n_results, n_paths;
	struct nipfs_closure_set set;
	struct nipfs_unixfs_params params;
	struct nipfs_index_writer *writer;
	struct nipfs_block_sink to_index, blocks; /* what is wanted of the two */
	struct nipfs_dir_builder *dir;
	struct nipfs_seen_set *seen;
	uint64_t others; /* bytes of them */
	struct nipfs_progress_meter meter;
	struct nipfs_signed_closure signed_closure;
};

/* ---- where the blocks go -------------------------------------------------- */

static int put_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		     const struct nipfs_origin *origin, struct nipfs_error *err)
{
	const struct signer *s = ctx;
	int r = 0;

	if (s->writer)
		r = s->to_index.put(s->to_index.ctx, cid, bytes, origin, err);
	if (r == 0 && s->target->blocks)
		r = s->target->blocks->put(s->target->blocks->ctx, cid, bytes, origin, err);
	return r;
}

/* The new closure is recorded under its first result, or the first path without one. */
static int begin_index(struct signer *s, struct nipfs_error *err)
{
	struct nipfs_index_key key = { .store_dir = s->target->store_dir,
				       .path = s->n_results ? s->results[0] : s->paths[0] };

	if (!s->target->index)
		return 0;
	for (size_t i = 0; i < s->set.n; i++)
		if (nipfs_store_path_compare(&s->set.infos[i].path, &key.path) == 0)
			memcpy(key.nar_hash, s->set.infos[i].nar_hash, sizeof(key.nar_hash));
	return nipfs_index_writer_begin_closure(&s->writer, s->target->index, &key, err);
}

static int begin(struct signer *s, struct nipfs_error *err)
{
	int r = nipfs_unixfs_profile("nix", &s->params);

	if (r == 0)
		r = begin_index(s, err);
	if (r == 0 && s->writer)
		s->to_index = nipfs_index_writer_block_sink(s->writer);
	s->blocks = (struct nipfs_block_sink){ put_block, s };
	if (r == 0)
		r = nipfs_dir_builder_new(&s->dir, &s->params, &s->blocks, err);
	return r == 0 ? nipfs_seen_set_new(&s->seen, 0, err) : r;
}

/* ---- the paths ------------------------------------------------------------ */

static int check_contents(struct signer *s, const struct nipfs_path_info *info,
			  const struct nipfs_cid *tree, struct nipfs_error *err)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	struct nipfs__nar_check check;
	uint64_t size;
	int r = nipfs__nar_check_begin(&check, info, &s->meter, err);

	if (r < 0)
		return r;
	r = nipfs_dag_tree(s->source, tree, &limits, &check.sink, err);
	return nipfs__nar_check_end(&check, r, &size, err);
}

static int append(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	const int r = nipfs__buf_put(ctx, bytes->ptr, bytes->len);

	return r < 0 ? nipfs__fail(err, r, "a narinfo may have %d bytes at most",
				   NIPFS_NARINFO_MAX)
		     : 0;
}

/* Puts the narinfo of a path, with @sig in it unless it is there, into the new directory. */
static int put_narinfo(struct signer *s, const struct nipfs_path_info *info, const char *sig,
		       bool known, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(NIPFS_NARINFO_MAX);
	struct nipfs_dir_entry old;
	struct nipfs_link link;
	char name[NARINFO_NAME_MAX];
	int r;

	(void)snprintf(name, sizeof(name), "%.*s.narinfo", NIPFS_STORE_HASH_LEN, info->path.base);
	r = nipfs_dag_lookup(s->source, s->top, nipfs__slice_str(name), &old, err);
	if (r == 0)
		r = nipfs_dag_read(s->source, &old.cid, 0, UINT64_MAX, append, &text, err);
	if (r == 0 && !known)
		r = nipfs__narinfo_add_sig(&text, info, nipfs_closure_store_dir(s->old), sig, err);
	if (r == 0)
		r = nipfs_dag_put_file(&s->params, &s->blocks, nipfs__buf_slice(&text), &link,
				       err);
	return r < 0 ? r : nipfs_dir_builder_add(s->dir, nipfs__slice_str(name), &link, err);
}

static int sign_path(struct signer *s, size_t i, struct nipfs_error *err)
{
	const struct nipfs_path_info *info = &s->set.infos[i];
	char sig[NIPFS_KEY_TEXT_MAX];
	struct nipfs_signed done = { .path = info->path, .sig = sig };
	int r = nipfs_cancel_check(err);

	if (r == 0 && !s->options->trust_nar_hash)
		r = check_contents(s, info, &s->set.trees[i], err);
	if (r == 0)
		r = nipfs__path_info_make_sig(info, nipfs_closure_store_dir(s->old), s->key, sig,
					      err);
	if (r < 0)
		return r;
	for (size_t k = 0; k < info->n_sigs; k++)
		done.known = done.known || strcmp(info->sigs[k], sig) == 0;
	r = put_narinfo(s, info, sig, done.known, err);
	if (r < 0) {
		nipfs__prefix(err, "the narinfo of '%s'", info->path.base);
		return r;
	}
	s->signed_closure.n++;
	s->signed_closure.n_known += done.known;
	return s->options->done ? s->options->done(s->options->ctx, &done, err) : 0;
}

/* ---- everything else ------------------------------------------------------ */

static int copy_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		      struct nipfs_error *err)
{
	/* an identity CID has its bytes with it */
	return cid->hash == NIPFS_HASH_IDENTITY ? 0 : put_block(ctx, cid, block, NULL, err);
}

static int copy_other(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		      struct nipfs_error *err)
{
	struct signer *s = ctx;

	s->others += block->len;
	if (s->others > OTHERS_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "it is no part of a closure, and too big to be kept");
	return copy_block(ctx, cid, block, err);
}

static bool is_name(struct nipfs_slice name, const char *text)
{
	return nipfs__slice_eq(name, nipfs__slice_str(text));
}

/* Whether an entry is the narinfo of one of the paths. */
static bool is_signed(const struct signer *s, struct nipfs_slice name)
{
	size_t low = 0, high = s->n_paths;

	if (name.len != NARINFO_NAME_MAX - 1 ||
	    !is_name(nipfs__slice_skip(name, NIPFS_STORE_HASH_LEN), ".narinfo"))
		return false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = memcmp(name.ptr, s->paths[middle].base, NIPFS_STORE_HASH_LEN);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Trees and NARs are in the index by themselves; what leads to them is kept with the closure. */
static int keep_entry(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct signer *s = ctx;
	const struct nipfs_seen seen = nipfs_seen_set_seen(s->seen);
	const struct nipfs_link link = { .cid = entry->cid, .tsize = entry->tsize };
	int r;

	if (is_signed(s, entry->name))
		return 0;
	r = nipfs_dir_builder_add(s->dir, entry->name, &link, err);
	if (r < 0)
		return r;
	if (is_name(entry->name, "store") || is_name(entry->name, "nar"))
		r = nipfs__dir_blocks(s->source, &entry->cid, &seen, copy_block, s, err);
	else
		r = nipfs_dag_walk(s->source, &entry->cid, &seen, copy_other, s, err);
	if (r < 0)
		nipfs__prefix(err, "'%.*s' of the closure", NIPFS_FMT(entry->name));
	return r;
}

/* ---- all of it ------------------------------------------------------------ */

static int read_old(struct signer *s, struct nipfs_error *err)
{
	int r = nipfs_closure_open(&s->old, s->source, s->top, NULL, err);

	if (r == 0)
		r = nipfs_closure_results(s->old, &s->results, &s->n_results, err);
	if (r == 0)
		r = nipfs_closure_paths(s->old, &s->paths, &s->n_paths, err);
	if (r == 0 && s->n_paths == 0)
		r = nipfs__fail(err, NIPFS_E_INVALID, "the closure has no path to sign");
	if (r == 0)
		r = nipfs_closure_collect(s->old, s->paths, s->n_paths, NULL, NULL, NULL, &s->set, err);
	for (size_t i = 0; r == 0 && i < s->set.n; i++)
		s->meter.event.total += s->set.infos[i].nar_size;
	return r;
}

static int finish(struct signer *s, struct nipfs_error *err)
{
	int r = nipfs_dir_builder_finish(s->dir, &s->signed_closure.closure, err);

	if (r < 0)
		return r;
	s->signed_closure.store = *nipfs_closure_store_cid(s->old);
	if (!s->writer)
		return 0;
	r = nipfs_index_writer_commit(s->writer, &s->signed_closure.closure, NULL, err);
	if (r < 0)
		return r;
	s->writer = NULL;
	return nipfs_index_flush(s->target->index, err);
}

int nipfs_closure_sign(struct nipfs_block_source *source, const struct nipfs_cid *closure,
		       const struct nipfs_secret_key *key,
		       const struct nipfs_closure_sign_target *target,
		       const struct nipfs_sign_options *options,
		       struct nipfs_signed_closure *out, struct nipfs_error *err)
{
	static const struct nipfs_closure_sign_target nowhere;
	static const struct nipfs_sign_options defaults;
	struct signer s = { .source = source, .top = closure, .key = key,
			    .target = target ? target : &nowhere,
			    .options = options ? options : &defaults };
	int r;

	s.meter.progress = s.options->progress;
	s.meter.event.phase = NIPFS_PHASE_VERIFY;
	r = read_old(&s, err);
	if (r == 0)
		r = begin(&s, err);
	for (size_t i = 0; r == 0 && i < s.set.n; i++)
		r = sign_path(&s, i, err);
	if (r == 0)
		r = nipfs_dag_list(source, closure, keep_entry, &s, err);
	if (r == 0)
		r = finish(&s, err);
	if (r == 0)
		*out = s.signed_closure;
	nipfs_index_writer_abort(s.writer);
	nipfs_dir_builder_free(s.dir);
	nipfs_seen_set_free(s.seen);
	nipfs_closure_set_release(&s.set);
	nipfs_closure_free(s.old);
	free(s.results);
	free(s.paths);
	return r;
}
