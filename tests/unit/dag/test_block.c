/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One block from a source. */
#include <nixipfs/block.h>

#include <stdlib.h>
#include <string.h>

#include <nixipfs/unixfs.h>

#include "dag/block.h"
#include "multiformats/base/slab.h"
#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"

static int get(struct memory_blocks *m, const struct nipfs_cid *cid, struct nipfs_span *out)
{
	struct nipfs_error err = { 0, 0, "" };
	const int r = nipfs_block_get(memory_blocks_source(m), cid, NIPFS_WANT_NODE, out, &err);

	ck_assert_int_eq(err.code, r);
	if (r < 0)
		ck_assert_uint_gt(strlen(err.msg), 10);
	return r;
}

START_TEST(gives_verified_bytes)
{
	static const struct {
		enum memory_fault fault;
		int code;
	} cases[] = { { MEMORY_FAULT_NONE, 0 },
		      { MEMORY_FAULT_MISSING, NIPFS_E_NOTFOUND },
		      { MEMORY_FAULT_UNREACHABLE, NIPFS_E_UNREACHABLE },
		      { MEMORY_FAULT_CORRUPT, NIPFS_E_MISMATCH },
		      { MEMORY_FAULT_BROKEN, NIPFS_E_SYS } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct memory_blocks *m = memory_blocks_new();
		const struct nipfs_cid some = make_raw(m, "abc"), empty = make_raw(m, "");
		struct nipfs_span span = { .ptr = NULL, .len = 4711, .fd = -1 };

		memory_blocks_fault(m, &some, cases[i].fault);
		memory_blocks_fault(m, &empty, cases[i].fault);
		ck_assert_int_eq(get(m, &some, &span), cases[i].code);
		ck_assert_uint_eq(span.len, cases[i].code ? 4711 : 3);
		ck_assert_int_eq(get(m, &empty, &span), cases[i].code);
		ck_assert_uint_eq(span.len, cases[i].code ? 4711 : 0);
		memory_blocks_free(m);
	}
}
END_TEST

START_TEST(needs_no_source_for_identity)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_span span;
	struct nipfs_cid cid;

	ck_assert_int_eq(nipfs_cid_of(1, NIPFS_CODEC_RAW, NIPFS_HASH_IDENTITY, text_slice("abc"),
				      &cid),
			 0);
	ck_assert_int_eq(get(m, &cid, &span), 0);
	ck_assert_uint_eq(span.len, 3);
	ck_assert_mem_eq(span.ptr, "abc", 3);
	ck_assert_uint_eq(m->wants, 0);
	memory_blocks_free(m);
}
END_TEST

START_TEST(passes_over_other_answers)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid a = make_raw(m, "a"), b = make_raw(m, "b");
	const struct nipfs_want left_over = { a, NIPFS_WANT_LEAF, 1 };
	struct nipfs_span span;

	ck_assert_int_eq(m->source.ops->want(&m->source, &left_over, 1, NULL), 0);
	ck_assert_int_eq(get(m, &b, &span), 0);
	ck_assert_mem_eq(span.ptr, "b", 1);
	memory_blocks_free(m);
}
END_TEST

START_TEST(names_what_it_cannot_check)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_cid sha3 = { NIPFS_CODEC_RAW, 0x16, 1, 32, { 0 } };
	struct nipfs_span span;

	memory_blocks_put_as(m, &sha3, text_slice("abc"));
	ck_assert_int_eq(get(m, &sha3, &span), NIPFS_E_UNSUPPORTED);
	memory_blocks_free(m);
}
END_TEST

START_TEST(bounds_the_size)
{
	struct memory_blocks *m = memory_blocks_new();
	uint8_t *bytes = calloc(1, NIPFS_BLOCK_MAX + 1);
	struct nipfs_span span;
	struct nipfs_cid cid;

	ck_assert_ptr_nonnull(bytes);
	cid = memory_blocks_put(m, NIPFS_CODEC_RAW, nipfs__slice(bytes, NIPFS_BLOCK_MAX));
	ck_assert_int_eq(get(m, &cid, &span), 0);
	cid = memory_blocks_put(m, NIPFS_CODEC_RAW, nipfs__slice(bytes, NIPFS_BLOCK_MAX + 1));
	ck_assert_int_eq(get(m, &cid, &span), NIPFS_E_LIMIT);
	free(bytes);
	memory_blocks_free(m);
}
END_TEST

/* ---- a source that never knows, and one that says what it has verified -------------- */

static int swallow(struct nipfs_block_source *self, const struct nipfs_want *wants, size_t n,
		   struct nipfs_error *err)
{
	(void)self;
	(void)wants;
	(void)n;
	(void)err;
	return 0;
}

static int nothing(struct nipfs_block_source *self, struct nipfs_block *out,
		   struct nipfs_error *err)
{
	(void)self;
	(void)out;
	(void)err;
	return 1;
}

static void ignore(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	(void)self;
	(void)cid;
}

static int n_freed;

static void count_free(struct nipfs_block_source *self)
{
	(void)self;
	n_freed++;
}

START_TEST(ends_when_nothing_is_outstanding)
{
	static const struct nipfs_block_source_ops ops = { swallow, nothing, ignore, count_free,
							   NULL };
	struct nipfs_block_source source = { &ops, "forgetful" };
	struct nipfs_cid cid = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 } };
	struct nipfs_error err = { 0, 0, "" };
	struct nipfs_span span;

	ck_assert_int_eq(nipfs_block_get(&source, &cid, NIPFS_WANT_NODE, &span, &err),
			 NIPFS_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "'forgetful'"));
	nipfs_block_source_free(&source);
	ck_assert_int_eq(n_freed, 1);
	nipfs_block_source_free(NULL);
}
END_TEST

/* What the source has hashed itself is not hashed again: seen by that it is wrong here. */
START_TEST(believes_what_is_verified)
{
	const struct nipfs_block_source source = { NULL, "x" };
	struct nipfs_block block = { .cid = { NIPFS_CODEC_RAW, NIPFS_HASH_SHA2_256, 1, 32, { 0 } },
				     .verified = true,
				     .bytes = { .ptr = (const uint8_t *)"abc",
						.len = 3,
						.fd = -1 } };

	ck_assert_int_eq(nipfs__block_check(&source, &block, NULL), 0);
	block.verified = false;
	ck_assert_int_eq(nipfs__block_check(&source, &block, NULL), NIPFS_E_MISMATCH);
	block.status = NIPFS_E_UNREACHABLE;
	ck_assert_int_eq(nipfs__block_check(&source, &block, NULL), NIPFS_E_UNREACHABLE);
}
END_TEST

START_TEST(holds_spans)
{
	static const struct nipfs_cid cid;
	struct nipfs_slab *slab;
	struct nipfs_span span, held;

	ck_assert_int_eq(nipfs__slab_new(1000, &slab), 0);
	memset(nipfs__slab_data(slab), 7, 1000);
	/* a good part of a slab is kept with it, a small one is copied */
	span = (struct nipfs_span){ nipfs__slab_data(slab) + 100, 500, slab, 3, 9, &cid };
	ck_assert_int_eq(nipfs__span_hold(&span, &held), 0);
	ck_assert(held.slab == slab && held.ptr == span.ptr && held.fd == -1);
	ck_assert_ptr_null(held.cid);
	nipfs_slab_unref(held.slab);
	ck_assert(nipfs__slab_is_unique(slab));
	span.len = 10;
	ck_assert_int_eq(nipfs__span_hold(&span, &held), 0);
	ck_assert(held.slab != slab && held.len == 10 && held.ptr[9] == 7);
	nipfs_slab_unref(held.slab);
	nipfs_slab_unref(slab);
	ck_assert_int_eq(nipfs__span_hold(&(struct nipfs_span){ .fd = -1 }, &held), 0);
	ck_assert_uint_eq(held.len, 0);
	nipfs_slab_unref(held.slab);
}
END_TEST

static Suite *block_suite(void)
{
	Suite *suite = suite_create("block");
	TCase *tc = tcase_create("block");

	tcase_add_test(tc, gives_verified_bytes);
	tcase_add_test(tc, needs_no_source_for_identity);
	tcase_add_test(tc, passes_over_other_answers);
	tcase_add_test(tc, names_what_it_cannot_check);
	tcase_add_test(tc, bounds_the_size);
	tcase_add_test(tc, ends_when_nothing_is_outstanding);
	tcase_add_test(tc, believes_what_is_verified);
	tcase_add_test(tc, holds_spans);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(block_suite)
