/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans that are verified blocks: who says so, and when a builder hashes them no more. */
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/unixfs_nodes.h"
#include "tests/support/unixfs_params.h"

#include <nixipfs/dag.h>

#include "dag/block.h"
#include "dag/block_maker.h"
#include "dag/fetch.h"

#define V0 "unixfs-v0-2015"
#define NO_DATA ((struct nipfs_slice){ NULL, 0 })

enum { SIZE = 10000, BLOCKS_MAX = 2048 };

/* ---- the builder ---------------------------------------------------------------- */

/* The CIDs that a builder makes, in their order. */
struct made {
	struct nipfs_cid cids[BLOCKS_MAX];
	size_t n;
	struct nipfs_link root;
};

static int note(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
		const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct made *made = ctx;

	(void)bytes, (void)origin, (void)err;
	ck_assert_uint_lt(made->n, BLOCKS_MAX);
	made->cids[made->n++] = *cid;
	return 0;
}

static const uint8_t *contents(void)
{
	static uint8_t bytes[SIZE];

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * i % 251 + i / 251);
	return bytes;
}

/* What is said of the spans. */
struct said {
	bool any, wrong;
	uint8_t version;
	uint64_t codec, hash;
	uint8_t digest_len;
};

static struct nipfs_cid cid_of_span(const struct said *said, const struct nipfs_span *span)
{
	struct nipfs_cid cid;

	ck_assert_int_eq(nipfs_cid_of(said->version, said->codec, said->hash,
				      nipfs__span_slice(span), &cid),
			 0);
	memset(cid.digest + said->digest_len, 0, sizeof(cid.digest) - said->digest_len);
	cid.digest_len = said->digest_len;
	if (said->wrong)
		cid.digest[0] ^= 1;
	return cid;
}

/* Has the file built from spans of @span_max bytes. */
static void build(const char *words, size_t span_max, const struct said *said,
		  struct made *made)
{
	const struct nipfs_unixfs_params params = unixfs_params(words);
	const struct nipfs_block_sink blocks = { note, made };
	const struct nipfs_entry entry = { .kind = NIPFS_FILE, .size = SIZE };
	const uint8_t *bytes = contents();
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;

	made->n = 0;
	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, &blocks, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(sink.file(sink.ctx, &entry, NULL), 0);
	for (size_t at = 0; at < SIZE;) {
		const size_t n = SIZE - at < span_max ? SIZE - at : span_max;
		struct nipfs_span span = nipfs__span(nipfs__slice(bytes + at, n));
		struct nipfs_cid cid;

		if (said->any) {
			cid = cid_of_span(said, &span);
			span.cid = &cid;
		}
		ck_assert_int_eq(sink.bytes(sink.ctx, &span, NULL), 0);
		at += n;
	}
	ck_assert_int_eq(sink.file_end(sink.ctx, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &made->root), 0);
	nipfs_dag_builder_free(b);
}

/* How many CIDs differ. The same blocks come, whatever they are called. */
static size_t differences(const struct made *a, const struct made *b)
{
	size_t n = 0;

	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		n += !nipfs_cid_equal(&a->cids[i], &b->cids[i]);
	return n;
}

#define RAW(...) { true, false, 1, NIPFS_CODEC_RAW, __VA_ARGS__ }
#define SHA256 NIPFS_HASH_SHA2_256, 32

static const struct {
	const char *params;
	size_t span;
	struct said said;
	size_t taken; /* spans that are not hashed */
} cases[] = {
	{ "nix chunker=size-1000", 1000, RAW(SHA256), 10 },
	{ "nix chunker=size-3000", 3000, RAW(SHA256), 4 },
	{ "nix", SIZE, RAW(SHA256), 1 },
	{ "nix chunker=size-1000 hash=sha2-512", 1000, RAW(NIPFS_HASH_SHA2_512, 64), 10 },
	{ "nix chunker=size-1000 layout=trickle", 1000, RAW(SHA256), 10 },
	{ "nix chunker=size-1000 inline=128", 1000, RAW(SHA256), 10 },
	/* chunks that are no spans */
	{ "nix chunker=size-1000", 500, RAW(SHA256), 0 },
	{ "nix chunker=size-1000", 999, RAW(SHA256), 0 },
	{ "nix chunker=size-1000", 1001, RAW(SHA256), 0 },
	{ "nix chunker=size-1000", 1500, RAW(SHA256), 1 /* the last */ },
	{ "nix chunker=size-1000", SIZE, RAW(SHA256), 0 },
	{ "nix chunker=size-3000", 1000, RAW(SHA256), 1 /* the last */ },
	{ "nix", 9999, RAW(SHA256), 0 },
	{ "nix chunker=rabin-16-40-100", 1000, RAW(SHA256), 0 },
	{ "nix chunker=buzhash", 9000, RAW(SHA256), 0 },
	/* other blocks, and other names for the same ones */
	{ V0 " chunker=size-1000", 1000, RAW(SHA256), 0 },
	{ V0 " chunker=size-1000", 1000, { true, false, 0, NIPFS_CODEC_DAG_PB, SHA256 }, 0 },
	{ "nix chunker=size-1000 raw-leaves=0", 1000, RAW(SHA256), 0 },
	{ "nix chunker=size-100 inline=128", 100, RAW(SHA256), 0 },
	{ "nix chunker=size-1000", 1000, { true, false, 1, NIPFS_CODEC_DAG_PB, SHA256 }, 0 },
	{ "nix chunker=size-1000", 1000, { true, false, 0, NIPFS_CODEC_DAG_PB, SHA256 }, 0 },
	{ "nix chunker=size-1000", 1000, RAW(NIPFS_HASH_SHA2_256, 31), 0 },
	{ "nix chunker=size-1000", 1000, RAW(NIPFS_HASH_SHA2_256, 20), 0 },
	{ "nix chunker=size-1000", 1000, RAW(NIPFS_HASH_SHA2_512, 64), 0 },
	{ "nix chunker=size-1000", 1000, RAW(NIPFS_HASH_SHA2_512, 32), 0 },
	{ "nix chunker=size-1000", 1000, RAW(NIPFS_HASH_BLAKE2B_256, 32), 0 },
	{ "nix chunker=size-1000 hash=blake2b-256", 1000, RAW(SHA256), 0 },
	{ "nix chunker=size-100", 100, RAW(NIPFS_HASH_IDENTITY, 100), 0 },
};

/* Whether a CID was taken is seen by that it is wrong here. */
START_TEST(builder_takes_cids_that_it_would_make)
{
	static struct made hashed, same, believed;
	const struct said nothing = { .any = false };
	struct said said = cases[_i].said;

	build(cases[_i].params, cases[_i].span, &nothing, &hashed);
	build(cases[_i].params, cases[_i].span, &said, &same);
	ck_assert_uint_eq(differences(&hashed, &same), 0);
	ck_assert(nipfs_cid_equal(&hashed.root.cid, &same.root.cid));
	ck_assert_uint_eq(hashed.root.tsize, same.root.tsize);
	ck_assert_uint_eq(hashed.root.file_bytes, same.root.file_bytes);

	said.wrong = true;
	build(cases[_i].params, cases[_i].span, &said, &believed);
	/* and the node above them, where there is one */
	ck_assert_uint_eq(differences(&hashed, &believed),
			  cases[_i].taken + (cases[_i].taken && hashed.n > 1));
}
END_TEST

/* ---- the readers ---------------------------------------------------------------- */

/* Checks each span, and counts. */
struct spans {
	size_t n, named;
	uint64_t bytes;
};

static int check_span(void *ctx, const struct nipfs_span *span, struct nipfs_error *err)
{
	struct spans *s = ctx;

	(void)err;
	s->n++;
	s->bytes += span->len;
	if (!span->cid)
		return 0;
	ck_assert_uint_eq(span->cid->codec, NIPFS_CODEC_RAW);
	ck_assert_int_eq(nipfs_cid_verify(span->cid, nipfs__span_slice(span)), 0);
	s->named++;
	return 0;
}

/*
 * A source in front of another that says of all bytes that they are another block,
 * of which it does not even have the bytes.
 */
struct liar {
	struct nipfs_block_source source;
	struct memory_blocks *m;
	struct nipfs_cid lie;
};

static int liar_want(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		     struct nipfs_error *err)
{
	struct nipfs_block_source *m = memory_blocks_source(((struct liar *)(void *)self)->m);

	return m->ops->want(m, wants, n, err);
}

static int liar_next(struct nipfs_block_source *self, struct nipfs_block *out,
		     struct nipfs_error *err)
{
	struct liar *l = (struct liar *)(void *)self;
	struct nipfs_block_source *m = memory_blocks_source(l->m);
	const int r = m->ops->next(m, out, err);

	if (r == 0)
		out->bytes.cid = &l->lie;
	return r;
}

static void liar_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	struct nipfs_block_source *m = memory_blocks_source(((struct liar *)(void *)self)->m);

	m->ops->cancel(m, cid);
}

static void liar_free(struct nipfs_block_source *self)
{
	(void)self;
}

static const struct nipfs_block_source_ops liar_ops = { liar_want, liar_next, liar_cancel,
							liar_free, NULL };

static struct liar liar_new(struct memory_blocks *m)
{
	return (struct liar){ { &liar_ops, "liar" }, m,
			      { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 1 } } };
}

static const struct {
	const char *params;
	uint64_t offset, length;
	size_t n, named;
} reads[] = {
	{ "nix chunker=size-1000", 0, UINT64_MAX, 10, 10 },
	{ "nix chunker=size-3000", 0, UINT64_MAX, 4, 4 },
	{ "nix", 0, UINT64_MAX, 1, 1 },
	{ "nix chunker=size-1000 hash=sha2-512", 0, UINT64_MAX, 10, 10 },
	{ "nix chunker=size-100 inline=128", 0, UINT64_MAX, 100, 100 },
	{ "nix chunker=size-1000", 1, UINT64_MAX, 10, 9 },
	{ "nix chunker=size-1000", 0, SIZE - 1, 10, 9 },
	{ "nix chunker=size-1000", 999, 1002, 3, 1 },
	{ "nix chunker=size-1000", 1000, 2000, 2, 2 },
	{ "nix chunker=size-1000", 1001, 998, 1, 0 },
	{ "nix", 0, SIZE - 1, 1, 0 },
	{ "nix", 1, UINT64_MAX, 1, 0 },
	{ "nix chunker=size-1000 raw-leaves=0", 0, UINT64_MAX, 10, 0 },
	{ V0, 0, UINT64_MAX, 1, 0 },
	{ V0 " chunker=size-1000 layout=trickle", 0, UINT64_MAX, 10, 0 },
};

START_TEST(reader_names_whole_raw_blocks_alone)
{
	const struct nipfs_unixfs_params params = unixfs_params(reads[_i].params);
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_block_sink blocks = memory_blocks_sink(m);
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_link root;

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, &blocks, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(feed_file(&sink, nipfs__slice(contents(), SIZE), 0, SIZE, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &root), 0);
	nipfs_dag_builder_free(b);

	for (int lifo = 0; lifo < 2; lifo++) {
		struct liar liar = liar_new(m);
		struct spans spans = { 0, 0, 0 };

		/* early answers are held, and come from elsewhere */
		m->order = lifo ? MEMORY_ORDER_LIFO : MEMORY_ORDER_FIFO;
		ck_assert_int_eq(nipfs_dag_read(&liar.source, &root.cid, reads[_i].offset,
						reads[_i].length, check_span, &spans, NULL),
				 0);
		ck_assert_uint_eq(spans.n, reads[_i].n);
		ck_assert_uint_eq(spans.named, reads[_i].named);
	}
	memory_blocks_free(m);
}
END_TEST

/* Bytes inside nodes, before their children. */
START_TEST(reader_names_no_part_of_a_node)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct made_link leaf = { make_raw(m, "leaf"), NO_DATA, 4 };
	const struct nipfs_cid file = make_file(m, &leaf, 1, text_slice("node"), 8);
	struct liar liar = liar_new(m);
	struct spans spans = { 0, 0, 0 };

	ck_assert_int_eq(nipfs_dag_read(&liar.source, &file, 0, UINT64_MAX, check_span, &spans,
					NULL),
			 0);
	ck_assert_uint_eq(spans.n, 2);
	ck_assert_uint_eq(spans.named, 1);
	memory_blocks_free(m);
}
END_TEST

START_TEST(bytes_that_are_no_block_are_not_given_out)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct made_link links[2] = { { make_raw(m, "good"), NO_DATA, 4 },
					    { make_raw(m, "evil"), NO_DATA, 4 } };
	const struct nipfs_cid file = make_file(m, links, 2, NO_DATA, 8);
	struct liar liar = liar_new(m);
	struct spans spans = { 0, 0, 0 };

	liar.lie = links[1].cid;
	memory_blocks_fault(m, &links[1].cid, MEMORY_FAULT_CORRUPT);
	ck_assert_int_eq(nipfs_dag_read(&liar.source, &file, 0, UINT64_MAX, check_span, &spans,
					NULL),
			 NIPFS_E_MISMATCH);
	ck_assert_uint_eq(spans.bytes, 4);
	memory_blocks_free(m);
}
END_TEST

/* What a source says of its bytes ends with it. */
START_TEST(sources_name_nothing)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_want want = { make_raw(m, "abc"), NIPFS_WANT_LEAF, 0 };
	struct liar liar = liar_new(m);
	struct nipfs__fetch *f;
	struct nipfs_span span;

	ck_assert_int_eq(nipfs_block_get(&liar.source, &want.cid, want.role, &span, NULL), 0);
	ck_assert_ptr_null(span.cid);
	ck_assert_int_eq(nipfs__fetch_new(&f, &liar.source, 0, true, NULL), 0);
	ck_assert_int_eq(nipfs__fetch_get(f, &want, false, &span, NULL), 0);
	ck_assert_ptr_null(span.cid);
	nipfs__fetch_free(f);
	memory_blocks_free(m);
}
END_TEST

START_TEST(parts_of_spans_have_no_name)
{
	static const uint8_t bytes[8];
	const struct liar liar = liar_new(NULL);
	struct nipfs_span span = nipfs__span(nipfs__slice(bytes, 8));

	span.cid = &liar.lie;
	ck_assert_ptr_eq(nipfs__span_part(&span, nipfs__slice(bytes, 8)).cid, &liar.lie);
	ck_assert_ptr_null(nipfs__span_part(&span, nipfs__slice(bytes, 7)).cid);
	ck_assert_ptr_null(nipfs__span_part(&span, nipfs__slice(bytes + 1, 7)).cid);
	ck_assert_ptr_null(nipfs__span_part(&span, nipfs__slice(NULL, 0)).cid);
}
END_TEST

/* A tree whose leaves have digests that were cut short gets its right CID again. */
START_TEST(rebuilding_makes_whole_digests)
{
	static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
	const struct nipfs_unixfs_params params = unixfs_params("nix chunker=size-4");
	struct memory_blocks *m = memory_blocks_new();
	struct made_link links[2] = { { make_raw(m, "good"), NO_DATA, 4 },
				      { make_raw(m, "cut!"), NO_DATA, 4 } };
	struct nipfs_link expected, rebuilt;
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_cid file;

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(feed_file(&sink, text_slice("goodcut!"), 0, 8, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &expected), 0);

	memset(links[1].cid.digest + 20, 0, 12);
	links[1].cid.digest_len = 20;
	memory_blocks_put_as(m, &links[1].cid, text_slice("cut!"));
	file = make_file(m, links, 2, NO_DATA, 8);
	ck_assert(!nipfs_cid_equal(&file, &expected.cid));
	ck_assert_int_eq(nipfs_dag_tree(memory_blocks_source(m), &file, &limits, &sink, NULL),
			 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &rebuilt), 0);
	ck_assert(nipfs_cid_equal(&rebuilt.cid, &expected.cid));
	nipfs_dag_builder_free(b);
	memory_blocks_free(m);
}
END_TEST

static Suite *span_cid_suite(void)
{
	Suite *s = suite_create("span_cid");
	TCase *t = tcase_create("span_cid");

	tcase_add_loop_test(t, builder_takes_cids_that_it_would_make, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(t, reader_names_whole_raw_blocks_alone, 0,
			    sizeof(reads) / sizeof(reads[0]));
	tcase_add_test(t, reader_names_no_part_of_a_node);
	tcase_add_test(t, bytes_that_are_no_block_are_not_given_out);
	tcase_add_test(t, sources_name_nothing);
	tcase_add_test(t, parts_of_spans_have_no_name);
	tcase_add_test(t, rebuilding_makes_whole_digests);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(span_cid_suite)
