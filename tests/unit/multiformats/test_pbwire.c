/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protobuf wire format. */
#include "multiformats/base/pbwire.h"
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

static const struct {
	uint64_t value;
	const char *hex;
} varints[] = {
	{ 0, "00" },
	{ 1, "01" },
	{ 127, "7f" },
	{ 128, "8001" },
	{ 16383, "ff7f" },
	{ 16384, "808001" },
	{ 1ull << 32, "8080808010" },
	{ 1ull << 35, "808080808001" },
	{ INT64_MAX, "ffffffffffffffff7f" },
	{ 1ull << 63, "80808080808080808001" },
	{ UINT64_MAX, "ffffffffffffffffff01" },
};

START_TEST(numbers_round_trip)
{
	struct test_hex want = test_hex_new(varints[_i].hex);
	struct nipfs_buf b = NIPFS_BUF_INIT(64);
	uint8_t raw[NIPFS__PB_VARINT_MAX];
	struct nipfs__pb_field f;
	struct nipfs_slice rest;

	ck_assert_uint_eq(nipfs__pb_varint_len(varints[_i].value), want.len);
	ck_assert_uint_eq(nipfs__pb_varint_put(varints[_i].value, raw), want.len);
	ck_assert_mem_eq(raw, want.ptr, want.len);
	ck_assert_int_eq(nipfs__pb_put_varint(&b, varints[_i].value), 0);
	ck_assert(nipfs__slice_eq(nipfs__buf_slice(&b), want.slice));
	nipfs__buf_clear(&b);
	ck_assert_int_eq(nipfs__pb_put_number(&b, 3, varints[_i].value), 0);
	for (size_t k = 1; k < b.len; k++) {
		rest = nipfs__slice(b.ptr, k);
		ck_assert_int_eq(nipfs__pb_next(&rest, &f), NIPFS_E_TRUNCATED);
		ck_assert_uint_eq(rest.len, k);
	}
	rest = nipfs__buf_slice(&b);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_uint_eq(f.number, 3);
	ck_assert_int_eq((int)f.wire, NIPFS__PB_VARINT);
	ck_assert_uint_eq(f.value, varints[_i].value);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 1);
	nipfs__buf_release(&b);
	test_hex_free(&want);
}
END_TEST

START_TEST(a_message_of_every_wire_type)
{
	struct test_hex in =
	    test_hex_new("0a02 6869 10 ac02 19 0807060504030201 25 04030201 2a00");
	struct nipfs_slice rest = in.slice;
	struct nipfs__pb_field f;

	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_uint_eq(f.number, 1);
	ck_assert_int_eq((int)f.wire, NIPFS__PB_BYTES);
	ck_assert(nipfs__slice_eq(f.bytes, nipfs__slice_str("hi")));
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_uint_eq(f.number, 2);
	ck_assert_uint_eq(f.value, 300);
	ck_assert_uint_eq(f.bytes.len, 0);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_int_eq((int)f.wire, NIPFS__PB_I64);
	ck_assert_uint_eq(f.value, 0x0102030405060708ull);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_int_eq((int)f.wire, NIPFS__PB_I32);
	ck_assert_uint_eq(f.value, 0x01020304u);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 0);
	ck_assert_uint_eq(f.number, 5);
	ck_assert_uint_eq(f.bytes.len, 0);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 1);
	ck_assert_int_eq(nipfs__pb_next(&rest, &f), 1);
	test_hex_free(&in);
}
END_TEST

static const struct {
	const char *hex;
	int code;
} fields[] = {
	/* over-long numbers are taken, as Go's protowire does */
	{ "08 8000", 0 },
	{ "08 81808080808080808000", 0 },
	{ "8800 01", 0 },
	/* the largest field number */
	{ "f8ffffff0f 01", 0 },
	/* one above it, one in 64 bits, none */
	{ "8080808010 01", NIPFS_E_INVALID },
	{ "f8ffffffffffffffff01 01", NIPFS_E_INVALID },
	{ "00 01", NIPFS_E_INVALID },
	{ "02 01 00", NIPFS_E_INVALID },
	/* groups, wire types that there are not */
	{ "0b 0c", NIPFS_E_INVALID },
	{ "0c", NIPFS_E_INVALID },
	{ "0e 01", NIPFS_E_INVALID },
	{ "0f 01", NIPFS_E_INVALID },
	/* numbers of more than 64 bits, of more than 10 bytes */
	{ "08 80808080808080808002", NIPFS_E_INVALID },
	{ "08 8080808080808080808001", NIPFS_E_INVALID },
	{ "80808080808080808080 01", NIPFS_E_INVALID },
	/* it ends early */
	{ "80", NIPFS_E_TRUNCATED },
	{ "08", NIPFS_E_TRUNCATED },
	{ "08 ff", NIPFS_E_TRUNCATED },
	{ "0a", NIPFS_E_TRUNCATED },
	{ "0a 01", NIPFS_E_TRUNCATED },
	{ "0a 03 6869", NIPFS_E_TRUNCATED },
	{ "0a ffffffffffffffffff01 6869", NIPFS_E_TRUNCATED },
	{ "09 01020304050607", NIPFS_E_TRUNCATED },
	{ "0d 010203", NIPFS_E_TRUNCATED },
};

START_TEST(fields_that_are_taken_and_refused)
{
	struct test_hex in = test_hex_new(fields[_i].hex);
	struct nipfs_slice rest = in.slice;
	struct nipfs__pb_field f = { .number = 99 };

	ck_assert_msg(nipfs__pb_next(&rest, &f) == fields[_i].code, "%s", fields[_i].hex);
	if (fields[_i].code < 0) {
		ck_assert_uint_eq(f.number, 99);
		ck_assert_ptr_eq(rest.ptr, in.ptr);
		ck_assert_uint_eq(rest.len, in.len);
	} else {
		ck_assert_uint_eq(rest.len, 0);
	}
	test_hex_free(&in);
}
END_TEST

START_TEST(what_is_written)
{
	struct nipfs_buf b = NIPFS_BUF_INIT(10);
	struct test_hex want = test_hex_new("0a02 6869 18 8001 1205");

	ck_assert_int_eq(nipfs__pb_put_bytes(&b, 1, nipfs__slice_str("hi")), 0);
	ck_assert_int_eq(nipfs__pb_put_number(&b, 3, 128), 0);
	ck_assert_int_eq(nipfs__pb_put_bytes(&b, 1, nipfs__slice_str("too long")),
			 NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__pb_put_bytes(&b, 1, nipfs__slice_str("ab")),
			 NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__pb_put_number(&b, 1, UINT64_MAX), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs__pb_put_header(&b, 2, 5), 0);
	ck_assert(nipfs__slice_eq(nipfs__buf_slice(&b), want.slice));
	nipfs__buf_release(&b);
	test_hex_free(&want);
}
END_TEST

static Suite *pbwire_suite(void)
{
	Suite *s = suite_create("pbwire");
	TCase *tc = tcase_create("pbwire");

	tcase_add_loop_test(tc, numbers_round_trip, 0,
			    sizeof(varints) / sizeof(varints[0]));
	tcase_add_test(tc, a_message_of_every_wire_type);
	tcase_add_loop_test(tc, fields_that_are_taken_and_refused, 0,
			    sizeof(fields) / sizeof(fields[0]));
	tcase_add_test(tc, what_is_written);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(pbwire_suite)
