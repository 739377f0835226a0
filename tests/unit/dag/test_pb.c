/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dag-pb: what is read and written back, and what is refused. */
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"
#include "tests/support/rows.h"

#include "dag/pb.h"
#include "multiformats/base/num.h"

static const char accept_file[] = "fixtures/dag/pb/accept.tsv";
static const char reject_file[] = "fixtures/dag/pb/reject.tsv";

/* Bytes of a column; "" and "-" are none. */
static struct test_hex column_bytes(const char *column)
{
	return test_hex_new(column[0] == '-' ? "" : column);
}

static void check_cid(const char *name, struct nipfs_slice block, const char *expected)
{
	char text[NIPFS_CID_TEXT_MAX];
	struct nipfs_cid cid;

	ck_assert_int_eq(
	    nipfs_cid_of(1, NIPFS_CODEC_DAG_PB, NIPFS_HASH_SHA2_256, block, &cid), 0);
	nipfs_cid_format(&cid, text);
	ck_assert_msg(strcmp(text, expected) == 0, "%s: %s", name, text);
}

START_TEST(reads_every_form)
{
	char *const text = rows_read(accept_file);
	char *rest = text, *row[5];
	size_t n = 0;

	while (rows_next(&rest, row, 5)) {
		struct test_hex block = column_bytes(row[1]), data = column_bytes(row[3]);
		struct nipfs__pb_node node;
		struct nipfs__pb_link link;
		size_t cursor = 0, links = 0;

		ck_assert_msg(nipfs__pb_node_decode(block.slice, &node) == 0, "%s",
			      row[0]);
		ck_assert_int_eq(node.has_data, row[3][0] != '-');
		ck_assert(nipfs__slice_eq(node.data, data.slice));
		while (nipfs__pb_node_next(&node, &cursor, &link) == 0)
			links++;
		ck_assert_uint_eq(links, node.n_links);
		ck_assert_uint_eq(links, strtoul(row[2], NULL, 10));
		ck_assert_int_eq(nipfs__pb_node_next(&node, &cursor, &link), 1);
		check_cid(row[0], block.slice, row[4]);
		test_hex_free(&block);
		test_hex_free(&data);
		n++;
	}
	ck_assert_uint_ge(n, 18);
	free(text);
}
END_TEST

START_TEST(refuses_by_code)
{
	char *const text = rows_read(reject_file);
	char *rest = text, *row[3];
	size_t n = 0;

	while (rows_next(&rest, row, 3)) {
		struct test_hex block = column_bytes(row[1]);
		struct nipfs__pb_node node = { .n_links = 77 };
		const int r = nipfs__pb_node_decode(block.slice, &node);

		ck_assert_msg(strcmp(nipfs_err_name(r), row[2]) == 0, "%s: %s", row[0],
			      nipfs_err_name(r));
		ck_assert_uint_eq(node.n_links, 77);
		test_hex_free(&block);
		n++;
	}
	ck_assert_uint_ge(n, 40);
	free(text);
}
END_TEST

/* A block of two links and Data, as boxo writes it. */
static const char whole[] = "12100a09015500050001020304120161 1807"
			    "12110a0901550005000102030412026262 1808"
			    "0a03616263";

START_TEST(writes_as_boxo)
{
	static const char *const names[] = { "a", "bb" };
	static const uint8_t cid[] = { 1, 0x55, 0, 5, 0, 1, 2, 3, 4 };
	struct test_hex block = test_hex_new(whole);
	struct nipfs_buf b = NIPFS_BUF_INIT(1024);
	size_t len = 0;

	for (uint64_t i = 0; i < 2; i++) {
		const struct nipfs_slice name = nipfs__slice_str(names[i]);

		ck_assert_int_eq(
		    nipfs__pb_put_link(&b, nipfs__slice(cid, sizeof(cid)), name, 7 + i),
		    0);
		len += nipfs__pb_link_len(sizeof(cid), name.len, 7 + i);
		ck_assert_uint_eq(b.len, len);
	}
	ck_assert_int_eq(nipfs__pb_put_data(&b, nipfs__slice_str("abc")), 0);
	ck_assert_uint_eq(b.len, len + nipfs__pb_data_len(3));
	ck_assert_uint_eq(b.len, block.len);
	ck_assert_mem_eq(b.ptr, block.ptr, b.len);
	nipfs__buf_release(&b);
	test_hex_free(&block);
}
END_TEST

START_TEST(measures_links_at_every_width)
{
	static const uint64_t tsizes[] = { 0, 127, 128, 1 << 14, 1ull << 35, INT64_MAX };
	static const size_t lens[] = { 0, 1, 72, 73, 127, 128, 16384 };
	static const uint8_t zeros[16384];

	for (size_t t = 0; t < sizeof(tsizes) / sizeof(tsizes[0]); t++)
		for (size_t n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
			struct nipfs_buf b = NIPFS_BUF_INIT(1 << 20);

			ck_assert_int_eq(nipfs__pb_put_link(&b, nipfs__slice(zeros, 36),
							    nipfs__slice(zeros, lens[n]),
							    tsizes[t]),
					 0);
			ck_assert_uint_eq(b.len,
					  nipfs__pb_link_len(36, lens[n], tsizes[t]));
			nipfs__buf_release(&b);
		}
}
END_TEST

START_TEST(changes_nothing_without_room)
{
	static const uint8_t cid[] = { 1, 0x55, 0, 5, 0, 1, 2, 3, 4 };
	const size_t need = nipfs__pb_link_len(sizeof(cid), 1, 7);

	for (size_t room = 0; room < need; room++) {
		struct nipfs_buf b = NIPFS_BUF_INIT(room);

		ck_assert_int_eq(nipfs__pb_put_link(&b, nipfs__slice(cid, sizeof(cid)),
						    nipfs__slice_str("a"), 7),
				 NIPFS_E_LIMIT);
		ck_assert_uint_eq(b.len, 0);
		nipfs__buf_release(&b);
	}
}
END_TEST

/* A block that is cut is an error, but between two parts. */
START_TEST(notices_every_cut)
{
	struct test_hex block = test_hex_new(whole);
	size_t lawful = 0;

	for (size_t len = 0; len < block.len; len++) {
		struct nipfs__pb_node node;
		const int r = nipfs__pb_node_decode(nipfs__slice(block.ptr, len), &node);

		ck_assert(r == 0 || r == NIPFS_E_TRUNCATED);
		lawful += r == 0;
	}
	ck_assert_uint_eq(lawful, 3); /* nothing, one link, two links */
	test_hex_free(&block);
}
END_TEST

static Suite *pb_suite(void)
{
	Suite *s = suite_create("dag-pb");
	TCase *tc = tcase_create("codec");

	tcase_add_test(tc, reads_every_form);
	tcase_add_test(tc, refuses_by_code);
	tcase_add_test(tc, writes_as_boxo);
	tcase_add_test(tc, measures_links_at_every_width);
	tcase_add_test(tc, changes_nothing_without_room);
	tcase_add_test(tc, notices_every_cut);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(pb_suite)
