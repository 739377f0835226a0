/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The NAR of trees on disk and its hash, against what Nix 2.8.0 gives. */
#include "tests/support/check_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <nixipfs/disk.h>
#include <nixipfs/nar.h>

#include "lib/nix/nar_modulo.h"
#include "tests/support/hex.h"
#include "tests/support/nar_text.h"
#include "tests/support/scratch.h"

static const struct nipfs_tree_limits limits = NIPFS_TREE_LIMITS_NIX;
static const struct nipfs_slice no_self = { NULL, 0 };
static struct nipfs_error err;

static struct nipfs_nar_digest hash_tree(const char *path, struct nipfs_slice self)
{
	struct nipfs_nar_digest digest;
	struct nipfs_nar_hash *hash;
	struct nipfs_tree_sink sink;

	ck_assert_int_eq(nipfs_nar_hash_new(&hash, self, 0, &err), 0);
	sink = nipfs_nar_hash_sink(hash);
	ck_assert_int_eq(nipfs_nar_hash_result(hash, &digest, &err), NIPFS_E_USAGE);
	if (nipfs_disk_tree(AT_FDCWD, path, NULL, &limits, &sink, &err) != 0)
		ck_abort_msg("%s", err.msg);
	ck_assert_int_eq(nipfs_nar_hash_result(hash, &digest, &err), 0);
	nipfs_nar_hash_free(hash);
	return digest;
}

static void expect_hash(const char *path, const char *sha256, uint64_t size)
{
	const struct nipfs_nar_digest d = hash_tree(path, no_self);
	char text[65];

	ck_assert_str_eq(hex_write(d.sha256, 32, text, sizeof(text)), sha256);
	ck_assert_mem_eq(d.modulo, d.sha256, 32);
	ck_assert_uint_eq(d.self_references, 0);
	ck_assert_uint_eq(d.size, size);
}

START_TEST(hashes_as_nix_does)
{
	scratch_file("empty", "", 0644);
	scratch_file("hello", "hello\n", 0644);
	scratch_file("run", "hello\n", 0755);
	scratch_dir("none", 0755);
	scratch_link("nowhere", "/nowhere");
	scratch_dir("tree", 0755);
	scratch_file("tree/a", "a", 0644);
	scratch_dir("tree/bin", 0755);
	scratch_file("tree/bin/hi", "#!/bin/sh\necho hi\n", 0755);
	scratch_dir("tree/empty", 0755);
	scratch_link("tree/link", "bin/hi");
	scratch_file("tree/zero", "", 0644);
	scratch_dir("hash-path", 0755);
	scratch_file("hash-path/hello", "Hello World\n", 0644);
	expect_hash("empty",
		    "77ac62e2629d8e45f624589c0c8bf99e24b3a722349bf1e79bc186008534e246",
		    112);
	expect_hash("none",
		    "a50a5ab6d992f5598edd92105059fae9acfc192981e08bd88534c2167e92526a",
		    96);
	expect_hash("hello",
		    "1c37d01af40be2e80691de3cc3df44377a699afbb17c68f080964b2fd071fc13",
		    120);
	expect_hash("run",
		    "65436039d3f93ca19a8dbf1c60b15739ed58f53f14b8d372acc1b351533010fa",
		    152);
	expect_hash("nowhere",
		    "827531152f0a603f331392960fb2755b6351eec2bfed9be64c0bd8362911299e",
		    120);
	expect_hash("tree",
		    "c9d7c10ad4778f588d3077a0c44cd9d9ca7bf45af76d69b8f1dd6096048b4c11",
		    1240);
}
END_TEST

/* ---- the guard on the size ---- */

struct counter {
	uint64_t bytes, framing;
};

static int count(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	struct counter *c = ctx;

	(void)e;
	c->bytes += bytes->len;
	if (!bytes->slab)
		c->framing += bytes->len;
	return 0;
}

static int write_nar(const char *path, uint64_t max_size, struct counter *c,
		     uint64_t *size)
{
	const struct nipfs_nar_output output = { .write = count, .ctx = c };
	struct nipfs_nar_writer *writer;
	struct nipfs_tree_sink sink;
	int r;

	*c = (struct counter){ 0, 0 };
	ck_assert_int_eq(nipfs_nar_writer_new(&writer, &output, max_size, &err), 0);
	sink = nipfs_nar_writer_sink(writer);
	ck_assert_int_eq(nipfs_nar_writer_finish(writer, size, &err), NIPFS_E_USAGE);
	r = nipfs_disk_tree(AT_FDCWD, path, NULL, &limits, &sink, &err);
	if (r == 0)
		r = nipfs_nar_writer_finish(writer, size, &err);
	nipfs_nar_writer_free(writer);
	return r;
}

START_TEST(passes_file_bytes_on_and_stops_at_the_size)
{
	struct counter c;
	uint64_t size = 0;

	scratch_dir("t", 0755);
	scratch_cycle("t/f", (2 << 20) + 5, 0644);
	scratch_link("t/l", "f");
	ck_assert_int_eq(write_nar("t", 0, &c, &size), 0);
	ck_assert_uint_eq(c.bytes, size);
	/* files are not copied; the five last bytes have three of padding */
	ck_assert_uint_eq(c.framing, size - (2 << 20) - 5);
	ck_assert_int_eq(write_nar("t", size, &c, &size), 0);
	for (uint64_t max = 1; max < size; max = max * 2 + 1) {
		ck_assert_int_eq(write_nar("t", max, &c, &size), NIPFS_E_MISMATCH);
		ck_assert_uint_le(c.bytes, max);
		ck_assert_ptr_nonnull(strstr(err.msg, "larger than its NarSize"));
	}
	ck_assert_int_eq(write_nar("t", size - 1, &c, &size), NIPFS_E_MISMATCH);
	ck_assert_uint_le(c.bytes, size - 1);
}
END_TEST

START_TEST(sizes_that_can_not_be)
{
	struct counter c = { 0, 0 };
	const struct nipfs_nar_output output = { .write = count, .ctx = &c };
	struct nipfs_entry entry = { .kind = NIPFS_FILE, .size = UINT64_MAX };
	const struct nipfs_span span = { .ptr = (const uint8_t *)"12",
					 .len = 2,
					 .fd = -1 };
	struct nipfs_nar_writer *writer;
	struct nipfs_tree_sink sink;

	ck_assert_int_eq(nipfs_nar_writer_new(&writer, &output, 0, &err), 0);
	sink = nipfs_nar_writer_sink(writer);
	ck_assert_int_eq(sink.file(sink.ctx, &entry, &err), NIPFS_E_LIMIT);
	nipfs_nar_writer_free(writer);
	for (entry.size = 1; entry.size <= 3; entry.size += 2) {
		ck_assert_int_eq(nipfs_nar_writer_new(&writer, &output, 0, &err), 0);
		sink = nipfs_nar_writer_sink(writer);
		ck_assert_int_eq(sink.file(sink.ctx, &entry, &err), 0);
		if (entry.size == 1) {
			ck_assert_int_eq(sink.bytes(sink.ctx, &span, &err),
					 NIPFS_E_USAGE);
		} else {
			ck_assert_int_eq(sink.bytes(sink.ctx, &span, &err), 0);
			ck_assert_int_eq(sink.file_end(sink.ctx, &err), NIPFS_E_USAGE);
		}
		nipfs_nar_writer_free(writer);
	}
	nipfs_nar_writer_free(NULL);
	nipfs_nar_hash_free(NULL);
}
END_TEST

/* ---- disk, NAR, disk, NAR ---- */

static int read_on(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *e)
{
	size_t used;
	const int r = nipfs_nar_reader_feed(ctx, bytes, &used, e);

	return r < 0 ? r : 0;
}

/* From @from through a NAR to @to. */
static void copy_by_nar(const char *from, const char *to, enum nipfs_disk_style style)
{
	const struct nipfs_disk_sink_options options = { .style = style };
	struct nipfs_nar_output output = { .write = read_on };
	struct nipfs_tree_sink disk_sink, nar_sink;
	struct nipfs_nar_reader *reader;
	struct nipfs_nar_writer *writer;
	struct nipfs_disk_sink *disk;

	ck_assert_int_eq(nipfs_disk_sink_new(&disk, AT_FDCWD, to, &options, &err), 0);
	disk_sink = nipfs_disk_sink(disk);
	ck_assert_int_eq(nipfs_nar_reader_new(&reader, NULL, &disk_sink, &err), 0);
	output.ctx = reader;
	ck_assert_int_eq(nipfs_nar_writer_new(&writer, &output, 0, &err), 0);
	nar_sink = nipfs_nar_writer_sink(writer);
	if (nipfs_disk_tree(AT_FDCWD, from, NULL, &limits, &nar_sink, &err) != 0)
		ck_abort_msg("%s", err.msg);
	ck_assert_int_eq(nipfs_nar_writer_finish(writer, NULL, &err), 0);
	ck_assert_int_eq(nipfs_nar_reader_end(reader, &err), 0);
	ck_assert_int_eq(nipfs_disk_sink_finish(disk, &err), 0);
	nipfs_nar_writer_free(writer);
	nipfs_nar_reader_free(reader);
	nipfs_disk_sink_free(disk);
}

START_TEST(comes_back_from_a_nar)
{
	char path[64 * 2 + 1] = "t", longest[2 + 255 + 1] = "t/";
	struct nipfs_nar_digest before, after;

	memset(longest + 2, 'n', 255);
	longest[257] = 0;
	scratch_dir("t", 0755);
	scratch_file(longest, "", 0644);
	scratch_file("t/\n\"\xff", "1", 0755);
	scratch_dir("t/empty", 0755);
	scratch_link("t/nowhere", "/no/where");
	scratch_cycle("t/large", (3 << 20) + 1, 0755);
	for (int i = 1; i <= 60; i++) {
		strcat(path, "/d");
		scratch_dir(path, 0755);
	}
	before = hash_tree("t", no_self);
	copy_by_nar("t", "u", _i ? NIPFS_DISK_STORE : NIPFS_DISK_PLAIN);
	after = hash_tree("u", no_self);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	copy_by_nar("t/large", "v", _i ? NIPFS_DISK_STORE : NIPFS_DISK_PLAIN);
	before = hash_tree("t/large", no_self);
	after = hash_tree("v", no_self);
	ck_assert_mem_eq(&before, &after, sizeof(before));
}
END_TEST

/* ---- modulo self-references ---- */

#define SELF "0123456789abcdfghijklmnpqrsvwxyz"
#define ALIKE "00000000000000000000000000000000"

/* The definition, on bytes that are all in memory. */
static uint64_t naive(const uint8_t *bytes, size_t len, const char *self, uint8_t *digest,
		      uint8_t *without)
{
	struct nipfs_sha256 sha, copy;
	char offsets[4096] = "";
	size_t n_offsets = 0, at = 0;
	uint64_t n = 0;

	nipfs__sha256_init(&sha);
	while (at < len) {
		if (len - at >= 32 && memcmp(bytes + at, self, 32) == 0) {
			static const uint8_t zeros[32];

			nipfs__sha256_update(&sha, (struct nipfs_slice){ zeros, 32 });
			n_offsets += (size_t)sprintf(offsets + n_offsets, "|%zu", at);
			at += 32;
			n++;
		} else {
			nipfs__sha256_update(&sha, (struct nipfs_slice){ bytes + at, 1 });
			at++;
		}
	}
	copy = sha;
	nipfs__sha256_final(&copy, without);
	nipfs__sha256_update(&sha, (struct nipfs_slice){ (uint8_t *)offsets, n_offsets });
	nipfs__sha256_final(&sha, digest);
	return n;
}

static const struct {
	const char *self, *text;
} texts[] = {
	{ SELF, "" },
	{ SELF, SELF },
	{ SELF, SELF SELF },
	{ SELF, "x" SELF "yz" SELF },
	{ SELF, "0123456789abcdfghijklmnpqrsvwxy" },
	{ SELF, "0123456789abcdfghijklmnpqrsvwxy0123456789abcdfghijklmnpqrsvwxyz" },
	{ SELF, "000000000000000000000000000000000000000000000000000000000000000" SELF },
	{ SELF,
	  "/nix/store/" SELF "-a:/nix/store/" SELF "-b:/nix/store/00000000000000000000" },
	/* occurrences that overlap: the first counts */
	{ ALIKE, ALIKE "0" },
	{ ALIKE, ALIKE "0000000000000000000000000000000" },
	{ ALIKE, "1" ALIKE ALIKE "000" },
};

START_TEST(modulo_is_the_same_in_any_pieces)
{
	const uint8_t *bytes = (const uint8_t *)texts[_i].text;
	const size_t len = strlen(texts[_i].text);
	uint8_t expected[32], expected_without[32], digest[32], without[32];
	const uint64_t n = naive(bytes, len, texts[_i].self, expected, expected_without);

	/* two sizes of pieces in turn */
	for (size_t a = 1; a <= len + 1; a++)
		for (size_t b = 1; b <= len + 1; b++) {
			struct nipfs__nar_modulo m;
			size_t at = 0, turn = 0;

			nipfs__nar_modulo_init(&m, (const uint8_t *)texts[_i].self);
			while (at < len) {
				size_t step = turn++ % 2 ? b : a;

				if (step > len - at)
					step = len - at;
				ck_assert_int_eq(
				    nipfs__nar_modulo_update(
					&m, (struct nipfs_slice){ bytes + at, step }),
				    0);
				at += step;
			}
			ck_assert_uint_eq(m.count, n);
			nipfs__nar_modulo_final(&m, digest, without);
			ck_assert_mem_eq(digest, expected, 32);
			ck_assert_mem_eq(without, expected_without, 32);
			nipfs__nar_modulo_release(&m);
		}
}
END_TEST

START_TEST(modulo_of_a_tree)
{
	static const char name[] = "d/" SELF;
	struct nipfs_nar_hash *hash;
	struct nipfs_nar_digest d;
	uint8_t expected[32], without[32], *nar;
	size_t len;

	scratch_dir("d", 0755);
	scratch_file(name, "see " SELF "-x\n", 0644);
	scratch_link("d/1", "../" SELF "-x/bin");
	nar = nar_text(
	    "nix-archive-1 ( type directory entry ( name " SELF " node ( type regular "
	    "contents see%20" SELF "-x%0a ) ) entry ( name 1 node ( type symlink "
	    "target ../" SELF "-x/bin ) ) )",
	    &len);
	ck_assert_uint_eq(naive(nar, len, SELF, expected, without), 3);
	d = hash_tree("d", (struct nipfs_slice){ (const uint8_t *)SELF, 32 });
	ck_assert_uint_eq(d.self_references, 3);
	ck_assert_uint_eq(d.size, len);
	ck_assert_mem_eq(d.modulo, expected, 32);
	ck_assert_mem_eq(d.modulo_2_17, without, 32);
	free(nar);
	ck_assert_int_eq(
	    nipfs_nar_hash_new(&hash, (struct nipfs_slice){ (const uint8_t *)SELF, 31 },
			       0, &err),
	    NIPFS_E_USAGE);
}
END_TEST

/* Made by Nix 2.8.0: a derivation that names itself, then `nix store
 * make-content-addressed`. */
START_TEST(modulo_is_what_nix_computes)
{
	static const char self[] = "qvxrsplkgb3cjajsavs58pflrnc7sxl5";
	static const char link[] =
	    "/tmp/dn/env/store/qvxrsplkgb3cjajsavs58pflrnc7sxl5-selfref/self";
	static const char contents[] =
	    "/tmp/dn/env/store/qvxrsplkgb3cjajsavs58pflrnc7sxl5-selfref "
	    "/tmp/dn/env/store/qvxrsplkgb3cjajsavs58pflrnc7sxl5-selfref\n";
	struct nipfs_nar_digest d;
	char text[65];

	scratch_dir("d", 0755);
	scratch_file("d/self", contents, 0644);
	scratch_link("d/link", link);
	d = hash_tree("d", (struct nipfs_slice){ (const uint8_t *)self, 32 });
	ck_assert_uint_eq(d.size, 648);
	ck_assert_uint_eq(d.self_references, 3);
	ck_assert_str_eq(
	    hex_write(d.sha256, 32, text, sizeof(text)),
	    "a06b71235d2b3ca12ae6162a0a4ec9b7c18c2bc432d38c3bef73060db1268a4a");
	/* fixed:r:sha256:1pf56jg9w008s0a1fs77yprhjqmlwdhm3y5f5c6ckxwp8c9gd5v4 */
	ck_assert_str_eq(
	    hex_write(d.modulo, 32, text, sizeof(text)),
	    "6497f6124397f7c90c2baef85161e3b46209f3f5e7681714d008009e9e34c5dd");
}
END_TEST

static Suite *nar_suite(void)
{
	Suite *s = suite_create("nar");
	TCase *tc = tcase_create("nar");

	tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
	tcase_add_test(tc, hashes_as_nix_does);
	tcase_add_test(tc, passes_file_bytes_on_and_stops_at_the_size);
	tcase_add_test(tc, sizes_that_can_not_be);
	tcase_add_loop_test(tc, comes_back_from_a_nar, 0, 2);
	tcase_add_loop_test(tc, modulo_is_the_same_in_any_pieces, 0,
			    sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, modulo_of_a_tree);
	tcase_add_test(tc, modulo_is_what_nix_computes);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(nar_suite)
