/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UnixFS Data message: what boxo writes, what is read, what is refused. */
#include "tests/support/check_main.h"
#include "tests/support/hex_exact.h"

#include "unixfs/data.h"

enum { RAW_MAX = 256 };

/* Messages as boxo writes them: each decodes, and encodes to the same bytes. */
static const struct {
	const char *what, *hex;
	struct nipfs__unixfs u;
} written[] = {
	{ "empty file",
	  "08021800",
	  { .type = NIPFS__UNIXFS_FILE, .has_filesize = true } },
	{ "file (js-ipfs-unixfs file.txt.unixfs)",
	  "0802120d48656c6c6f20556e697846530a180d",
	  { .type = NIPFS__UNIXFS_FILE,
	    .data = { NULL, 13 },
	    .has_filesize = true,
	    .filesize = 13 } },
	{ "leaf of a trickle file",
	  "08001203616263"
	  "1803",
	  { .type = NIPFS__UNIXFS_RAW,
	    .data = { NULL, 3 },
	    .has_filesize = true,
	    .filesize = 3 } },
	{ "inner node",
	  "080218808060"
	  "20808040"
	  "20808020",
	  { .type = NIPFS__UNIXFS_FILE,
	    .has_filesize = true,
	    .filesize = 1572864,
	    .n_blocksizes = 2 } },
	{ "directory (js-ipfs-unixfs directory.unixfs)",
	  "0801",
	  { .type = NIPFS__UNIXFS_DIRECTORY } },
	{ "symlink (js-ipfs-unixfs symlink.txt.unixfs)",
	  "0804120866696c652e747874",
	  { .type = NIPFS__UNIXFS_SYMLINK, .data = { NULL, 8 } } },
	{ "symlink to nothing", "08041200", { .type = NIPFS__UNIXFS_SYMLINK } },
	{ "HAMT shard",
	  "08051202800128223"
	  "08002",
	  { .type = NIPFS__UNIXFS_HAMT,
	    .data = { NULL, 2 },
	    .hash_type = 0x22,
	    .fanout = 256 } },
	{ "executable",
	  "0802180038ed02",
	  { .type = NIPFS__UNIXFS_FILE,
	    .has_filesize = true,
	    .has_mode = true,
	    .mode = 0555 } },
	{ "directory of mode 0",
	  "08013800",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .has_mode = true } },
	{ "all mode bits",
	  "080138ffffffff0f",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .has_mode = true, .mode = UINT32_MAX } },
	{ "mtime 1",
	  "080142020801",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .mtime = { true, 1, 0 } } },
	{ "mtime 0",
	  "080142020800",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .mtime = { true, 0, 0 } } },
	{ "mtime with nanoseconds",
	  "0801420b0888a6d0fc051531d40000",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .mtime = { true, 1603539720, 54321 } } },
	{ "mtime before 1970",
	  "0801420b08ffffffffffffffffff01",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .mtime = { true, -1, 0 } } },
	{ "most nanoseconds",
	  "08014207080115ffc99a3b",
	  { .type = NIPFS__UNIXFS_DIRECTORY, .mtime = { true, 1, 999999999 } } },
};

START_TEST(reads_and_writes_as_boxo)
{
	uint64_t sizes[RAW_MAX];
	struct test_hex raw = test_hex_new(written[_i].hex);
	const struct nipfs__unixfs *want = &written[_i].u;
	struct nipfs_buf b = NIPFS_BUF_INIT(RAW_MAX);
	struct nipfs__unixfs u;
	size_t cursor = 0, n = 0;

	ck_assert_int_eq(nipfs__unixfs_decode(raw.slice, &u), 0);
	ck_assert_int_eq(u.type, want->type);
	ck_assert_uint_eq(u.data.len, want->data.len);
	ck_assert_int_eq(u.has_filesize, want->has_filesize);
	ck_assert_uint_eq(u.filesize, want->filesize);
	ck_assert_uint_eq(u.n_blocksizes, want->n_blocksizes);
	ck_assert_uint_eq(u.hash_type, want->hash_type);
	ck_assert_uint_eq(u.fanout, want->fanout);
	ck_assert_int_eq(u.has_mode, want->has_mode);
	ck_assert_uint_eq(u.mode, want->mode);
	ck_assert_int_eq(u.mtime.present, want->mtime.present);
	ck_assert_int_eq(u.mtime.seconds, want->mtime.seconds);
	ck_assert_uint_eq(u.mtime.nanoseconds, want->mtime.nanoseconds);
	while (nipfs__unixfs_next_blocksize(&u, &cursor, &sizes[n]) == 0)
		n++;
	ck_assert_uint_eq(n, u.n_blocksizes);
	ck_assert_int_eq(nipfs__unixfs_encode(&b, &u, sizes), 0);
	ck_assert_uint_eq(b.len, raw.len);
	ck_assert_mem_eq(b.ptr, raw.ptr, raw.len);
	nipfs__buf_release(&b);
	test_hex_free(&raw);
}
END_TEST

START_TEST(changes_nothing_without_room)
{
	static uint64_t sizes[RAW_MAX];
	struct test_hex raw = test_hex_new(written[_i].hex);
	struct nipfs__unixfs u;
	size_t cursor = 0, n = 0;

	ck_assert_int_eq(nipfs__unixfs_decode(raw.slice, &u), 0);
	while (nipfs__unixfs_next_blocksize(&u, &cursor, &sizes[n]) == 0)
		n++;
	for (size_t room = 0; room < raw.len; room++) {
		struct nipfs_buf b = NIPFS_BUF_INIT(room);

		ck_assert_int_eq(nipfs__unixfs_encode(&b, &u, sizes), NIPFS_E_LIMIT);
		ck_assert_uint_eq(b.len, 0);
		nipfs__buf_release(&b);
	}
	test_hex_free(&raw);
}
END_TEST

/* What others may write and readers take. */
static const struct {
	const char *what, *hex;
	size_t n_blocksizes;
	uint64_t sum;
	bool mtime;
} read_only[] = {
	{ "fields in another order", "18000802", 0, 0, false },
	{ "over-long varints", "088200188000", 0, 0, false },
	{ "a field of a later version", "080218004a0178", 0, 0, false },
	{ "its number of any wire type", "08021800f50701020304", 0, 0, false },
	{ "packed blocksizes",
	  "0802180622030102"
	  "03",
	  3, 6, false },
	{ "packed and plain, two packed ones",
	  "080218"
	  "0a"
	  "22020102"
	  "2003"
	  "220104",
	  4, 10, false },
	{ "an empty packed field",
	  "08022200"
	  "2007",
	  1, 7, false },
	{ "packed numbers of many bytes",
	  "0802"
	  "220b"
	  "ff01"
	  "808080808080808001",
	  2, 255 + (1ull << 56), false },
	{ "nanoseconds of 0 are malformed",
	  "080142070801"
	  "1500000000",
	  0, 0, false },
	{ "too many nanoseconds",
	  "080142070801"
	  "1500ca9a3b",
	  0, 0, false },
	{ "mtime with a later field",
	  "080142060801"
	  "1a020102",
	  0, 0, true },
	{ "mtime whose fields are turned",
	  "08014207"
	  "1501000000"
	  "0801",
	  0, 0, true },
	{ "metadata", "0803", 0, 0, false },
};

START_TEST(reads_what_others_write)
{
	struct test_hex raw = test_hex_new(read_only[_i].hex);
	struct nipfs__unixfs u;
	uint64_t size, sum = 0;
	size_t cursor = 0, n = 0;

	ck_assert_int_eq(nipfs__unixfs_decode(raw.slice, &u), 0);
	ck_assert_uint_eq(u.n_blocksizes, read_only[_i].n_blocksizes);
	ck_assert_int_eq(u.mtime.present, read_only[_i].mtime);
	for (; nipfs__unixfs_next_blocksize(&u, &cursor, &size) == 0; n++)
		sum += size;
	ck_assert_uint_eq(n, u.n_blocksizes);
	ck_assert_uint_eq(sum, read_only[_i].sum);
	ck_assert_int_eq(nipfs__unixfs_next_blocksize(&u, &cursor, &size), 1);
	test_hex_free(&raw);
}
END_TEST

static const struct {
	const char *what, *hex;
	int result;
} refused[] = {
	{ "nothing", "", NIPFS_E_INVALID },
	{ "no type", "1800", NIPFS_E_INVALID },
	{ "a type that does not exist", "0806", NIPFS_E_INVALID },
	{ "a type that wraps round", "088280808010", NIPFS_E_INVALID },
	{ "type twice", "08020802", NIPFS_E_INVALID },
	{ "data twice",
	  "0802"
	  "120161"
	  "120162",
	  NIPFS_E_INVALID },
	{ "filesize twice", "080218001800", NIPFS_E_INVALID },
	{ "mode twice",
	  "0802380138"
	  "02",
	  NIPFS_E_INVALID },
	{ "mtime twice",
	  "080242020801"
	  "42020801",
	  NIPFS_E_INVALID },
	{ "mode over 32 bits", "0802388080808010", NIPFS_E_INVALID },
	{ "type as bytes", "0a0102", NIPFS_E_INVALID },
	{ "data as number", "08021001", NIPFS_E_INVALID },
	{ "filesize as bytes", "08021a0101", NIPFS_E_INVALID },
	{ "blocksize as fixed", "08022501000000", NIPFS_E_INVALID },
	{ "mtime as number", "08014001", NIPFS_E_INVALID },
	{ "mtime without seconds", "08014200", NIPFS_E_INVALID },
	{ "seconds twice", "0801420408010802", NIPFS_E_INVALID },
	{ "nanoseconds as varint",
	  "080142040801"
	  "1001",
	  NIPFS_E_INVALID },
	{ "mtime that ends early", "0801420108", NIPFS_E_TRUNCATED },
	{ "packed blocksize that ends early", "0802220180", NIPFS_E_INVALID },
	{ "packed blocksize over 64 bits", "0802220affffffffffffffffff02",
	  NIPFS_E_INVALID },
	{ "a group", "08020b0c", NIPFS_E_INVALID },
	{ "field number 0", "08020000", NIPFS_E_INVALID },
	{ "varint that ends early", "080218ff", NIPFS_E_TRUNCATED },
	{ "data that ends early",
	  "08021203"
	  "6162",
	  NIPFS_E_TRUNCATED },
	{ "a length beyond all memory", "080212ffffffffffffffff7f", NIPFS_E_TRUNCATED },
	{ "a tag alone", "080218", NIPFS_E_TRUNCATED },
};

START_TEST(refuses)
{
	struct test_hex raw = test_hex_new(refused[_i].hex);
	struct nipfs__unixfs u = { .fanout = 77 };

	ck_assert_int_eq(nipfs__unixfs_decode(raw.slice, &u),
			 refused[_i].result);
	ck_assert_uint_eq(u.fanout, 77);
	test_hex_free(&raw);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static Suite *data_suite(void)
{
	Suite *s = suite_create("unixfs data");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, reads_and_writes_as_boxo, 0, ROWS(written));
	tcase_add_loop_test(tc, changes_nothing_without_room, 0, ROWS(written));
	tcase_add_loop_test(tc, reads_what_others_write, 0, ROWS(read_only));
	tcase_add_loop_test(tc, refuses, 0, ROWS(refused));
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(data_suite)
