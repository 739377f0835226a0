/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every block of a DAG read and checked; goes on after what is wrong. */
#include <nixipfs/verify.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/closure.h>
#include <nixipfs/dag.h>
#include <nixipfs/nar.h>
#include <nixipfs/sources.h>

#include "dag/block.h"
#include "dag/hamt_shard.h"
#include "dag/pb.h"
#include "multiformats/base/array.h"
#include "multiformats/base/buf.h"
#include "multiformats/base/err.h"

enum {
	DEPTH_MAX = 8192,
	PATH_BYTES_MAX = 1024 * 1024,
	NODE_BYTES_MAX = 64 * 1024 * 1024 /* of the nodes on the way, together */
};

/* A dag-pb node on the way: its links are gone through one after another. */
struct frame {
	uint8_t *block;
	size_t block_len;
	struct nipfs__pb_node node;
	size_t cursor;
	size_t prefix;   /* bytes before the name of an entry: 0, or that of a shard */
	size_t path_len; /* of what leads here */
};

struct verifier {
	struct nipfs_block_source *source;
	const struct nipfs_verify_options *options;
	struct nipfs_seen seen;
	struct frame *frames;
	size_t depth, cap;
	size_t node_bytes;
	struct nipfs_buf path;
	struct nipfs_progress_event event;
	bool missing, unsupported, wrong;
	struct nipfs_error *err;
};

static int report(struct verifier *v, enum nipfs_fault fault, const struct nipfs_cid *cid,
		  const char *detail)
{
	struct nipfs_finding finding = { .fault = fault,
					 .path = nipfs__buf_slice(&v->path),
					 .detail = detail };

	if (cid) {
		finding.has_cid = true;
		finding.cid = *cid;
	}
	if (fault == NIPFS_FAULT_BLOCK_MISSING)
		v->missing = true;
	else if (fault == NIPFS_FAULT_UNSUPPORTED)
		v->unsupported = true;
	else
		v->wrong = true;
	return v->options->found(v->options->ctx, &finding, v->err);
}

/* What a failure to get or read a block means; negative: it ends the verifying. */
static int fault_of(int r, enum nipfs_fault *out)
{
	switch (r) {
	case NIPFS_E_NOTFOUND:
	case NIPFS_E_UNREACHABLE:
		*out = NIPFS_FAULT_BLOCK_MISSING;
		return 0;
	case NIPFS_E_UNSUPPORTED:
		*out = NIPFS_FAULT_UNSUPPORTED;
		return 0;
	case NIPFS_E_MISMATCH:
		*out = NIPFS_FAULT_BLOCK_WRONG;
		return 0;
	case NIPFS_E_INVALID:
	case NIPFS_E_TRUNCATED:
	case NIPFS_E_NONCANONICAL:
	case NIPFS_E_LIMIT:
		*out = NIPFS_FAULT_MALFORMED;
		return 0;
	default:
		return r;
	}
}

static int report_failure(struct verifier *v, int r, const struct nipfs_cid *cid,
			  const struct nipfs_error *why)
{
	enum nipfs_fault fault = NIPFS_FAULT_MALFORMED;
	const int fatal = fault_of(r, &fault);

	if (fatal < 0) {
		if (v->err)
			*v->err = *why;
		return fatal;
	}
	return report(v, fault, cid, why->msg);
}

/* ---- other DAGs: the walker knows their links, and stops at the first fault -- */

static int count_block(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		       struct nipfs_error *err)
{
	struct verifier *v = ctx;

	(void)cid;
	(void)err;
	v->event.items++;
	v->event.done += block->len;
	nipfs_progress_report(v->options->progress, &v->event);
	return 0;
}

static int walk_other(struct verifier *v, const struct nipfs_cid *root)
{
	struct nipfs_error why = { .code = 0 };
	const int r = nipfs_dag_walk(v->source, root, &v->seen, count_block, v, &why);

	return r < 0 ? report_failure(v, r, NULL, &why) : 0;
}

/* ---- the way through dag-pb ------------------------------------------------ */

static int push(struct verifier *v, const struct nipfs_span *block)
{
	struct frame f = { .block_len = block->len, .path_len = v->path.len };
	struct frame *frames;

	if (v->depth == DEPTH_MAX || v->node_bytes + block->len > NODE_BYTES_MAX)
		return nipfs__fail(v->err, NIPFS_E_LIMIT, "the DAG is too deep");
	frames = nipfs__array_room(v->frames, v->depth, &v->cap, sizeof(*frames));
	if (!frames)
		return nipfs__fail_nomem(v->err);
	v->frames = frames;
	f.block = malloc(block->len + 1);
	if (!f.block)
		return nipfs__fail_nomem(v->err);
	memcpy(f.block, block->ptr, block->len);
	/* it was decoded once already, where it lay before */
	if (nipfs__pb_node_decode(nipfs__slice(f.block, f.block_len), &f.node) < 0) {
		free(f.block);
		return nipfs__fail(v->err, NIPFS_E_INVALID, "a block changed in memory");
	}
	f.prefix = nipfs__hamt_prefix_len(f.node.data);
	v->frames[v->depth++] = f;
	v->node_bytes += f.block_len;
	return 0;
}

static void pop(struct verifier *v)
{
	struct frame *f = &v->frames[--v->depth];

	v->node_bytes -= f->block_len;
	free(f->block);
}

/* One block: got, verified by that, decoded; its links are for later. */
static int check_block(struct verifier *v, const struct nipfs_cid *cid)
{
	struct nipfs_error why = { .code = 0 };
	struct nipfs__pb_node node;
	struct nipfs_span block;
	int r;

	if (cid->codec != NIPFS_CODEC_DAG_PB && cid->codec != NIPFS_CODEC_RAW)
		return walk_other(v, cid);
	r = v->seen.add(v->seen.ctx, cid, v->err);
	if (r <= 0)
		return r;
	r = nipfs_cancel_check(v->err);
	if (r < 0)
		return r;
	r = nipfs_block_get(v->source, cid, NIPFS_WANT_NODE, &block, &why);
	if (r < 0)
		return report_failure(v, r, cid, &why);
	v->event.items++;
	v->event.done += block.len;
	v->event.subject = nipfs__buf_slice(&v->path);
	nipfs_progress_report(v->options->progress, &v->event);
	if (cid->codec != NIPFS_CODEC_DAG_PB)
		return 0;
	r = nipfs__pb_node_decode(nipfs__slice(block.ptr, block.len), &node);
	if (r < 0) {
		(void)nipfs__fail(&why, r, "%s", nipfs_err_text(r));
		return report_failure(v, r, cid, &why);
	}
	return node.n_links ? push(v, &block) : 0;
}

static int walk(struct verifier *v, const struct nipfs_cid *root)
{
	int r = check_block(v, root);

	while (r == 0 && v->depth > 0) {
		struct frame *f = &v->frames[v->depth - 1];
		struct nipfs__pb_link link;
		struct nipfs_slice name;

		v->path.len = f->path_len;
		if (nipfs__pb_node_next(&f->node, &f->cursor, &link) != 0) {
			pop(v);
			continue;
		}
		name = link.name;
		if (name.len >= f->prefix)
			name = nipfs__slice_skip(name, f->prefix);
		if (name.len > 0) {
			r = v->path.len ? nipfs__buf_put_u8(&v->path, '/') : 0;
			if (r == 0)
				r = nipfs__buf_put_slice(&v->path, name);
			if (r < 0)
				return nipfs__fail(v->err, r, "a path in the DAG is too long");
		}
		r = check_block(v, &link.cid);
	}
	v->path.len = 0;
	return r;
}

/* ---- the NAR hashes of a closure -------------------------------------------- */

static int check_nar(struct verifier *v, const struct nipfs_path_info *info,
		     const struct nipfs_cid *tree)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_slice no_self = { NULL, 0 };
	struct nipfs_error why = { .code = 0 };
	struct nipfs_nar_digest digest;
	struct nipfs_nar_hash *hash;
	struct nipfs_tree_sink sink;
	int r = nipfs_nar_hash_new(&hash, no_self, info->nar_size, &why);

	if (r < 0)
		return r;
	sink = nipfs_nar_hash_sink(hash);
	r = nipfs_dag_tree(v->source, tree, &limits, &sink, &why);
	if (r == 0)
		r = nipfs_nar_hash_result(hash, &digest, &why);
	nipfs_nar_hash_free(hash);
	if (r == 0 && memcmp(digest.sha256, info->nar_hash, sizeof(digest.sha256)) == 0 &&
	    digest.size == info->nar_size)
		return 0;
	if (r == 0)
		why.msg[0] = 0;
	return report(v, NIPFS_FAULT_NAR_HASH, tree, why.msg);
}

static int check_closure(struct verifier *v, struct nipfs_closure *c)
{
	struct nipfs_error why = { .code = 0 };
	struct nipfs_store_path *paths;
	size_t n;
	int r = nipfs_closure_paths(c, &paths, &n, &why);

	if (r < 0)
		return report(v, NIPFS_FAULT_CLOSURE, NULL, why.msg);
	for (size_t i = 0; r == 0 && i < n; i++) {
		char hash_part[NIPFS_STORE_HASH_LEN + 1];
		struct nipfs_path_info info;
		struct nipfs_cid tree;

		r = nipfs_cancel_check(v->err);
		if (r == 0)
			r = nipfs__buf_printf(&v->path, "store/%s", paths[i].base);
		if (r < 0)
			break;
		nipfs_store_path_hash_part(&paths[i], hash_part);
		r = nipfs_closure_info(c, hash_part, &info, &tree, &why);
		if (r < 0) {
			r = report(v, NIPFS_FAULT_CLOSURE, NULL, why.msg);
		} else {
			r = check_nar(v, &info, &tree);
			nipfs_path_info_release(&info);
		}
		v->path.len = 0;
	}
	free(paths);
	return r;
}

int nipfs_verify_dag(struct nipfs_block_source *source, const struct nipfs_cid *root,
		     const struct nipfs_verify_options *options, uint64_t *blocks,
		     struct nipfs_error *err)
{
	struct verifier v = { .source = source, .options = options, .err = err,
			      .path = NIPFS_BUF_INIT(PATH_BYTES_MAX),
			      .event = { .phase = NIPFS_PHASE_VERIFY } };
	struct nipfs_seen_set *set;
	struct nipfs_closure *c;
	int r = nipfs_seen_set_new(&set, 0, err);

	if (r < 0)
		return r;
	v.seen = nipfs_seen_set_seen(set);
	r = walk(&v, root);
	/* NARs are only worth reading where every block is right */
	if (r == 0 && !v.missing && !v.unsupported && !v.wrong && root->codec == NIPFS_CODEC_DAG_PB &&
	    nipfs_closure_open(&c, source, root, NULL, NULL) == 0) {
		r = check_closure(&v, c);
		nipfs_closure_free(c);
	}
	while (v.depth > 0)
		pop(&v);
	free(v.frames);
	nipfs__buf_release(&v.path);
	nipfs_seen_set_free(set);
	if (r < 0)
		return r;
	if (v.wrong)
		return nipfs__fail(err, NIPFS_E_MISMATCH, "the DAG '%s' is not what it should be",
				   nipfs__cid_str(root).text);
	if (v.missing)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "blocks of the DAG '%s' are missing",
				   nipfs__cid_str(root).text);
	if (v.unsupported)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "not all of the DAG '%s' can be checked here",
				   nipfs__cid_str(root).text);
	if (blocks)
		*blocks = v.event.items;
	return 0;
}
