/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every block of a DAG once. */
#include <nixipfs/dag.h>

#include <assert.h>
#include <inttypes.h>

#include "dag/block.h"
#include "dag/cbor.h"
#include "dag/fetch.h"
#include "dag/pb.h"
#include "multiformats/base/err.h"

/* Bytes of links in memory at once, and of what is known of their nodes. */
#define LINKS_BYTES_MAX ((size_t)256 * 1024 * 1024)

/*
 * The links of a node that are to be visited yet, in reader.links: each is a
 * byte with the length of its CID, and the CID.
 * @start:       where those of this node begin
 * @next:        the link that is visited next
 * @end:         behind the last
 * @announced:   links before this one were announced, or visited
 * @n_announced: how many were announced and not visited yet
 * @quota:       how many that may be
 */
struct level {
	size_t start, next, end, announced;
	size_t n_announced, quota;
};

struct walker {
	struct nipfs__fetch *fetch;
	const struct nipfs_seen *seen;
	struct nipfs_buf links;
	struct nipfs_buf levels;
	struct nipfs_error *err;
};

static size_t depth(const struct walker *w)
{
	return w->levels.len / sizeof(struct level);
}

static struct level *level(const struct walker *w, size_t i)
{
	return (struct level *)(void *)w->levels.ptr + i;
}

/* ---- links ---------------------------------------------------------------------- */

static int add_link(void *ctx, const struct nipfs_cid *cid)
{
	struct walker *w = ctx;
	uint8_t raw[1 + NIPFS_CID_BYTES_MAX];
	const size_t len = nipfs_cid_encode(cid, raw + 1);

	raw[0] = (uint8_t)len;
	return nipfs__buf_put(&w->links, raw, 1 + len);
}

static int add_pb_links(struct walker *w, struct nipfs_slice block)
{
	struct nipfs__pb_node node;
	struct nipfs__pb_link link;
	size_t cursor = 0;
	int code = nipfs__pb_node_decode(block, &node);

	while (code == 0 && nipfs__pb_node_next(&node, &cursor, &link) == 0)
		code = add_link(w, &link.cid);
	return code;
}

static const char *codec_name(uint64_t codec)
{
	return codec == NIPFS_CODEC_DAG_JSON ? "dag-json" :
	       codec == NIPFS_CODEC_DAG_JOSE ? "dag-jose" :
	       codec == NIPFS_CODEC_GIT_RAW  ? "git-raw" :
					       "unknown";
}

/* Appends the links of a block to those that are to be visited. */
static int add_links(struct walker *w, const struct nipfs_cid *cid, struct nipfs_slice block)
{
	int code;

	switch (cid->codec) {
	case NIPFS_CODEC_RAW:
	case NIPFS_CODEC_CBOR:
	case NIPFS_CODEC_JSON:
	case NIPFS_CODEC_LIBP2P_KEY:
		return 0; /* these hold no links */
	case NIPFS_CODEC_DAG_PB:
		code = add_pb_links(w, block);
		break;
	case NIPFS_CODEC_DAG_CBOR:
		code = nipfs__cbor_links(block, add_link, w);
		break;
	default:
		/* it may have links, and to leave them out would be a hole in the DAG */
		return nipfs__fail(w->err, NIPFS_E_UNSUPPORTED,
				   "the links of block '%s' cannot be read: its codec 0x%" PRIx64
				   " (%s) is not built in",
				   nipfs__cid_str(cid).text, cid->codec, codec_name(cid->codec));
	}
	if (code == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(w->err);
	if (code == NIPFS_E_TRUNCATED)
		code = NIPFS_E_INVALID;
	if (code < 0)
		return nipfs__fail(w->err, code, "block '%s' cannot be decoded: %s",
				   nipfs__cid_str(cid).text, nipfs_err_text(code));
	return 0;
}

/* The link at @at; returns where the next one is. */
static size_t read_link(const struct walker *w, size_t at, struct nipfs_cid *out)
{
	const size_t len = w->links.ptr[at];
	const int code = nipfs_cid_decode(nipfs__slice(w->links.ptr + at + 1, len), out, NULL);

	assert(code == 0); /* it was encoded here */
	(void)code;
	return at + 1 + len;
}

/* ---- levels --------------------------------------------------------------------- */

static struct nipfs_want want_of(const struct nipfs_cid *cid)
{
	return (struct nipfs_want){
		*cid, cid->codec == NIPFS_CODEC_RAW ? NIPFS_WANT_LEAF : NIPFS_WANT_NODE, 0
	};
}

/* Announces the next links of the innermost node. */
static void announce(const struct walker *w, struct level *l)
{
	while (l->announced < l->end && l->n_announced < l->quota) {
		struct nipfs_cid cid;
		const size_t next = read_link(w, l->announced, &cid);
		const struct nipfs_want want = want_of(&cid);

		if (!nipfs__fetch_ahead(w->fetch, &want))
			return;
		l->announced = next;
		l->n_announced++;
	}
}

static int push(struct walker *w, size_t start)
{
	const size_t used = nipfs__fetch_used(w->fetch);
	const struct level l = { .start = start,
				 .next = start,
				 .announced = start,
				 .end = w->links.len,
				 /* half of what is free: levels below share the rest */
				 .quota = (NIPFS__FETCH_WANTS - used) / 2 };

	int code;

	if (start == w->links.len)
		return 0;
	code = nipfs__buf_put(&w->levels, &l, sizeof(l));
	if (code == NIPFS_E_LIMIT)
		return nipfs__fail(w->err, code, "a DAG is nested too deep for the limit of memory");
	return code < 0 ? nipfs__fail_nomem(w->err) : 0;
}

/* ---- blocks --------------------------------------------------------------------- */

struct visitor {
	int (*each)(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *block,
		    struct nipfs_error *err);
	void *ctx;
};

static int visit(struct walker *w, const struct nipfs_want *want, bool announced,
		 const struct visitor *visitor)
{
	const size_t start = w->links.len;
	struct nipfs_span block;
	int code = nipfs__fetch_get(w->fetch, want, announced, &block, w->err);

	/* the links first, so that no block is given out that cannot be read */
	if (code == 0)
		code = add_links(w, &want->cid, nipfs__span_slice(&block));
	if (code == 0)
		code = visitor->each(visitor->ctx, &want->cid, &block, w->err);
	if (code > 0)
		w->links.len = start;
	return code < 0 ? code : push(w, start);
}

/* Takes the next link of the innermost node, and leaves that when it was the last. */
static int step(struct walker *w, const struct visitor *visitor)
{
	struct level *l = level(w, depth(w) - 1);
	const bool announced = l->announced > l->next;
	struct nipfs_want want;
	struct nipfs_cid cid;
	int code;

	l->next = read_link(w, l->next, &cid);
	if (announced)
		l->n_announced--;
	else
		l->announced = l->next;
	code = w->seen->add(w->seen->ctx, &cid, w->err);
	if (code < 0)
		return code;
	if (code == 0 && announced)
		nipfs__fetch_drop(w->fetch, &cid);
	if (code > 0)
		announce(w, l);
	if (l->next == l->end) {
		w->links.len = l->start;
		w->levels.len -= sizeof(*l);
	}
	if (code == 0)
		return 0;
	want = want_of(&cid);
	return visit(w, &want, announced, visitor);
}

int nipfs_dag_walk(struct nipfs_block_source *source, const struct nipfs_cid *root,
		   const struct nipfs_seen *seen,
		   int (*each)(void *ctx, const struct nipfs_cid *cid,
			       const struct nipfs_span *block, struct nipfs_error *err),
		   void *ctx, struct nipfs_error *err)
{
	const struct nipfs_want want = { *root, NIPFS_WANT_SUBTREE, 0 };
	const struct visitor visitor = { each, ctx };
	struct walker w = { NULL, seen, NIPFS_BUF_INIT(LINKS_BYTES_MAX),
			    NIPFS_BUF_INIT(LINKS_BYTES_MAX), err };
	int code = seen->add(seen->ctx, root, err);

	if (code <= 0)
		return code;
	code = nipfs__fetch_new(&w.fetch, source, 0, false, err);
	if (code == 0)
		code = visit(&w, &want, false, &visitor);
	while (code == 0 && depth(&w) > 0)
		code = step(&w, &visitor);
	nipfs__buf_release(&w.links);
	nipfs__buf_release(&w.levels);
	nipfs__fetch_free(w.fetch);
	return code;
}
