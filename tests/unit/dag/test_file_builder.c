/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of many chunks against CIDs that Kubo prints: items 6 to 8, 19 and 20 of
 * the reference and its big executables; and where their blocks lie.
 */
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/stream.h"
#include "tests/support/unixfs_params.h"

#include <nixipfs/dag.h>
#include <string.h>

#define V0 "unixfs-v0-2015"
#define V1 "kubo-cidv1"
#define P25 "unixfs-v1-2025"
#define GIB (1024ull << 20)

enum { SPAN = 1 << 20 };

/* A file whose bytes are generated. */
struct big_file {
	const char *seed; /* of a stream; NULL: @text again and again */
	const char *text;
	size_t text_len;
	uint64_t size;
};

static void fill(const struct big_file *f, uint64_t offset, uint8_t *out, size_t n)
{
	if (f->seed) {
		stream_bytes(f->seed, offset, out, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)f->text[(offset + i) % f->text_len];
}

static void feed_big(const struct nipfs_tree_sink *sink, const struct big_file *f,
		     uint32_t mode)
{
	static uint8_t bytes[SPAN];
	const struct nipfs_entry e = { .kind = NIPFS_FILE,
				       .size = f->size,
				       .executable = mode & 0100,
				       .has_mode = mode != 0,
				       .mode = mode };

	ck_assert_int_eq(sink->file(sink->ctx, &e, NULL), 0);
	for (uint64_t at = 0; at < f->size;) {
		const size_t n = f->size - at < SPAN ? (size_t)(f->size - at) : SPAN;
		const struct nipfs_span span = { .ptr = bytes, .len = n, .fd = -1 };

		fill(f, at, bytes, n);
		ck_assert_int_eq(sink->bytes(sink->ctx, &span, NULL), 0);
		at += n;
	}
	ck_assert_int_eq(sink->file_end(sink->ctx, NULL), 0);
}

#define STREAM(seed, size) { seed, NULL, 0, size }
#define ZEROS(size) { NULL, "", 1, size }
#define ONES(size) { NULL, "\1", 1, size }
#define CHUNKED STREAM("chunker-test", 4 << 20)
#define RABIN "rabin-87381-262144-393216"

static const struct {
	const char *params;
	struct big_file file;
	uint32_t mode;
	const char *cid;
	long scale; /* from which on it is tried */
} files[] = {
	/* 6 */
	{ V0 " chunker=size-4",
	  { NULL, "aoeuidhtns", 10, 2000 },
	  0,
	  "QmRo11d4QJrST47aaiGVJYwPhoNA4ihRpJ5WaxBWjWDwbX",
	  1 },
	{ V0 " chunker=size-4 layout=trickle",
	  { NULL, "aoeuidhtns", 10, 2000 },
	  0,
	  "QmNNhDGttafX3M1wKWixGre6PrLFGjnoPEDXjBYpTv93HP",
	  1 },
	/* 7 */
	{ V0, ZEROS(45900000), 0, "QmRdPboiJQoZ5cdazR9a8vGqdJvWg6M5bfdtUSKNHpuscj", 1 },
	{ V0 " layout=trickle", ZEROS(45900000), 0,
	  "QmdZcefqMZ3tzdS4CRBN5s1c67eS3nQzN8TNXFBYfgofoy", 1 },
	/* 8 */
	{ V0, STREAM("chunk-v0-seed", 262144), 0,
	  "QmWmRj3dFDZdb6ABvbmKhEL6TmPbAfBZ1t5BxsEyJrcZhE", 1 },
	{ V0, STREAM("chunk-v0-seed", 262145), 0,
	  "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ", 1 },
	{ V0, STREAM("v0-seed", 174 * 262144), 0,
	  "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2", 1 },
	{ V0, STREAM("v0-seed", 174 * 262144 + 1), 0,
	  "QmV81WL765sC8DXsRhE5fJv2rwhS4icHRaf3J9Zk5FdRnW", 1 },
	{ P25, STREAM("chunk-v1-seed", 1048576), 0,
	  "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta", 1 },
	{ P25, STREAM("chunk-v1-seed", 1048577), 0,
	  "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64", 1 },
	{ P25, STREAM("v1-2025-seed", GIB), 0,
	  "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm", 20 },
	{ P25, STREAM("v1-2025-seed", GIB + 1), 0,
	  "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe", 20 },
	{ V0 " layout=trickle", STREAM("trickle-test", 45 << 20), 0,
	  "QmbqR6g7YCpndLcCZZXkGyj13uMcSrwDYUvZ47vJqBVjUH", 1 },
	/* 19 */
	{ V0 " chunker=buzhash", CHUNKED, 0,
	  "QmP51QVJcNbKohSVGEjbc7AMsdEKkFBRHm828L9KkqkZ2z", 1 },
	{ V1 " chunker=buzhash", CHUNKED, 0,
	  "bafybeigivg3i7mr6igemwwkd7rqs2kwiirtns6tuoj3idfqj3clecodpc4", 1 },
	/* 20 */
	{ V0 " chunker=" RABIN, CHUNKED, 0,
	  "QmeomrF6f91jUKtuwC8D29tCXrog3Zp7FMQL4r1YQTvXyt", 1 },
	{ V1 " chunker=" RABIN, CHUNKED, 0,
	  "bafybeia45tbpejayacltbqst3mvsktvi63a6t7tjtcgcvdgmxvvbppfjrm", 1 },
	{ V0 " chunker=rabin-16384-32768-65536", CHUNKED, 0,
	  "QmaYfunJZKUSQrVGd1a5eecdW8ZZKDvuqZ94vHuDFmAsaM", 1 },
	{ V0 " chunker=rabin-512-1024-2048", CHUNKED, 0,
	  "QmcvpybfG4AMd4KEnCou1uy1EJct4KNKSQWVxB7eNNpCU4", 1 },
	/* executables */
	{ "nix", ONES(1048576), 0555,
	  "bafybeia2hpudwgia5p575ttrmwbun6gsewjgtcmwsysgzwi2mexohz5aty", 1 },
	{ "nix", ONES(1048577), 0555,
	  "bafybeiargngpg6tjmq7wp522v52rewnymyyfvgnezorch5uin6745v3m2m", 1 },
	{ "nix", ZEROS(3145733), 0755,
	  "bafybeihmn7xmxh2pukmkcxstgbvuoidfy3intvltskyqj2cwvzhwlqz32q", 1 },
	{ "nix", ZEROS(3145733), 0644,
	  "bafybeiayxwb54rnxpofwvtqrlwuuy45oxvliezr7ryekoimjfagbs6p5gi", 1 },
	{ V1 " raw-leaves=0 mode=preserve", ZEROS(1000000), 0555,
	  "bafybeidqmjb2no3ctoqydcjcv73lq5mkzu6ysw4jdwjx3fk5yo7q6bqtse", 1 },
	{ V0 " mode=preserve", ZEROS(1000000), 0555,
	  "QmaPThgqhfaMfNJzi8bc7BKksD2ap6Fcu7cpRY77oVzE3Y", 1 },
};

START_TEST(gives_the_known_cid)
{
	const struct nipfs_unixfs_params params = unixfs_params(files[_i].params);
	char text[NIPFS_CID_TEXT_MAX];
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_link link;

	if (test_scale() < files[_i].scale)
		return;
	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	feed_big(&sink, &files[_i].file, files[_i].mode);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &link), 0);
	nipfs_cid_format(&link.cid, text);
	ck_assert_str_eq(text, files[_i].cid);
	ck_assert_uint_eq(link.file_bytes, files[_i].file.size);
	nipfs_dag_builder_free(b);
}
END_TEST

/* Takes blocks and checks where they are said to lie. */
struct origin_check {
	struct nipfs_slice file;
	size_t leaves, nodes, in_place;
	uint64_t covered;
};

static int check_block(void *ctx, const struct nipfs_cid *cid,
		       const struct nipfs_span *bytes, const struct nipfs_origin *origin,
		       struct nipfs_error *err)
{
	struct origin_check *c = ctx;

	(void)err;
	ck_assert_int_eq(
		nipfs_cid_verify(cid, (struct nipfs_slice){ bytes->ptr, bytes->len }), 0);
	if (origin->kind == NIPFS_ORIGIN_NODE) {
		c->nodes++;
		return 0;
	}
	ck_assert(origin->kind == NIPFS_ORIGIN_FILE ||
		  origin->kind == NIPFS_ORIGIN_INLINE);
	ck_assert_uint_eq(origin->offset, c->covered);
	ck_assert_uint_le(origin->prefix_len + origin->len, bytes->len);
	if (origin->kind == NIPFS_ORIGIN_FILE) {
		ck_assert_uint_eq(cid->codec, NIPFS_CODEC_RAW);
		ck_assert_uint_eq(origin->prefix_len, 0);
		ck_assert_uint_eq(origin->len, bytes->len);
		c->in_place += bytes->ptr == c->file.ptr + origin->offset;
	}
	if (origin->len)
		ck_assert_mem_eq(bytes->ptr + origin->prefix_len,
				 c->file.ptr + origin->offset, origin->len);
	c->covered += origin->len;
	c->leaves++;
	return 0;
}

static const struct {
	const char *params;
	size_t size;
	uint32_t mode;
	size_t span, leaves, nodes, in_place;
} layouts[] = {
	{ "nix chunker=size-1000", 10000, 0, SIZE_MAX, 10, 1, 10 },
	{ "nix chunker=size-1000", 10000, 0, 5000, 10, 1, 10 },
	{ "nix chunker=size-1000", 10000, 0, 2500, 10, 1, 8 },
	{ "nix chunker=size-1000", 10000, 0, 999, 10, 1, 0 },
	{ "nix chunker=size-1000", 10001, 0, 5000, 11, 1, 11 },
	{ "nix", 10000, 0, SIZE_MAX, 1, 0, 1 },
	{ "nix", 10000, 0, 4096, 1, 0, 0 },
	{ "nix", 10000, 0555, 4096, 1, 0, 0 },
	{ "nix", 0, 0, 1, 1, 0, 0 },
	{ "nix", 0, 0555, 1, 1, 0, 0 },
	{ "nix chunker=size-1000 links=3", 10000, 0555, 4096, 10, 4 + 2 + 1, 8 },
	{ V0 " chunker=size-1000 links=3", 10000, 0, 4096, 10, 4 + 2 + 1, 0 },
	{ V0 " chunker=size-1000 links=3 layout=trickle", 10000, 0, 4096, 10, 4, 0 },
	{ V1 " chunker=rabin-16-40-100", 20000, 0, 1024, 0, 0, 0 },
	{ "nix inline=128 chunker=size-128", 1000, 0, 1024, 0, 1, 0 },
};

START_TEST(says_where_blocks_lie)
{
	static uint8_t bytes[20000];
	struct origin_check c = { .file = { bytes, layouts[_i].size } };
	const struct nipfs_block_sink blocks = { check_block, &c };
	const struct nipfs_unixfs_params params = unixfs_params(layouts[_i].params);
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_link link;

	stream_bytes("origins", 0, bytes, sizeof(bytes));
	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, &blocks, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_ptr_null(nipfs_dag_builder_last_file(b));
	ck_assert_int_eq(
	    feed_file(&sink, c.file, layouts[_i].mode, layouts[_i].span, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &link), 0);
	ck_assert(nipfs_cid_equal(&nipfs_dag_builder_last_file(b)->cid, &link.cid));
	if (!params.inline_blocks)
		ck_assert_uint_eq(c.covered, layouts[_i].size);
	if (layouts[_i].leaves)
		ck_assert_uint_eq(c.leaves, layouts[_i].leaves);
	if (layouts[_i].nodes)
		ck_assert_uint_eq(c.nodes, layouts[_i].nodes);
	ck_assert_uint_ge(c.in_place, layouts[_i].in_place);
	if (layouts[_i].leaves)
		ck_assert_uint_eq(c.in_place, layouts[_i].in_place);
	nipfs_dag_builder_free(b);
}
END_TEST

/* Fails at the block whose turn it is. */
struct failing {
	size_t left;
};

static int fail_later(void *ctx, const struct nipfs_cid *cid,
		      const struct nipfs_span *bytes, const struct nipfs_origin *origin,
		      struct nipfs_error *err)
{
	struct failing *f = ctx;

	(void)cid, (void)bytes, (void)origin, (void)err;
	return f->left-- == 0 ? NIPFS_E_CANCELLED : 0;
}

START_TEST(ends_where_the_block_sink_fails)
{
	static const char *const kinds[] = { "nix chunker=size-10 links=3", V0
					     " chunker=size-10 links=2 layout=trickle" };
	static const uint8_t bytes[300];
	const struct nipfs_slice file = { bytes, sizeof(bytes) };

	for (size_t k = 0; k < 2; k++) {
		const struct nipfs_unixfs_params params = unixfs_params(kinds[k]);
		size_t n = 0;
		int r = NIPFS_E_CANCELLED;

		for (; r == NIPFS_E_CANCELLED; n++) {
			struct failing f = { n };
			const struct nipfs_block_sink blocks = { fail_later, &f };
			struct nipfs_dag_builder *b;
			struct nipfs_tree_sink sink;

			ck_assert_int_eq(
			    nipfs_dag_builder_new(&b, &params, &blocks, NULL), 0);
			sink = nipfs_dag_builder_sink(b);
			r = feed_file(&sink, file, 0, 7, NULL);
			nipfs_dag_builder_free(b);
		}
		ck_assert_int_eq(r, 0);
		ck_assert_uint_gt(n, 40);
	}
}
END_TEST

START_TEST(refuses_blocks_over_the_limit)
{
	static uint8_t bytes[NIPFS_BLOCK_MAX + 1];
	static const char *const kinds[] = { "nix chunker=rabin-30",
					     V0 " chunker=rabin-30" };

	for (size_t k = 0; k < 2; k++)
		for (size_t span = 4096; span <= sizeof(bytes) * 2; span *= 1024) {
			const struct nipfs_unixfs_params params = unixfs_params(kinds[k]);
			struct nipfs_dag_builder *b;
			struct nipfs_tree_sink sink;
			struct nipfs_error err = { 0 };

			ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL),
					 0);
			sink = nipfs_dag_builder_sink(b);
			ck_assert_int_eq(feed_file(&sink,
						   (struct nipfs_slice){ bytes,
									 sizeof(bytes) },
						   0, span, &err),
					 NIPFS_E_LIMIT);
			ck_assert_int_eq(err.code, NIPFS_E_LIMIT);
			nipfs_dag_builder_free(b);
		}
}
END_TEST

START_TEST(refuses_nodes_over_the_limit)
{
	static uint8_t bytes[60000];
	const struct nipfs_unixfs_params params =
		unixfs_params("nix chunker=size-1 links=70000");
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(feed_file(&sink, (struct nipfs_slice){ bytes, sizeof(bytes) }, 0,
				   4096, &err),
			 NIPFS_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "fewer links"));
	nipfs_dag_builder_free(b);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static Suite *file_builder_suite(void)
{
	Suite *s = suite_create("file builder");
	TCase *tc = tcase_create("files");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, gives_the_known_cid, 0, ROWS(files));
	tcase_add_loop_test(tc, says_where_blocks_lie, 0, ROWS(layouts));
	tcase_add_test(tc, ends_where_the_block_sink_fails);
	tcase_add_test(tc, refuses_blocks_over_the_limit);
	tcase_add_test(tc, refuses_nodes_over_the_limit);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(file_builder_suite)
