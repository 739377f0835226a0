/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Directories of many entries against CIDs that Kubo and the JavaScript importer
 * print: items 12 to 14 of the reference, and both sides of every threshold.
 */
#include "tests/support/check_main.h"
#include "tests/support/memory_blocks.h"
#include "tests/support/stream.h"
#include "tests/support/unixfs_params.h"

#include <nixipfs/dag.h>
#include <stdio.h>
#include <string.h>

#define V0 "unixfs-v0-2015"
#define V1 "kubo-cidv1"
#define P25 "unixfs-v1-2025"

enum { NAME_MAX_BYTES = 256, STREAM_LEN = 1 << 20 };

struct a_dir {
	struct nipfs_unixfs_params params;
	struct nipfs_dir_builder *builder;
};

static struct a_dir open_dir(const char *params, const struct nipfs_block_sink *blocks)
{
	struct a_dir d = { .params = unixfs_params(params) };

	ck_assert_int_eq(nipfs_dir_builder_new(&d.builder, &d.params, blocks, NULL), 0);
	return d;
}

static struct nipfs_slice text_slice(const char *text)
{
	return (struct nipfs_slice){ (const uint8_t *)text, strlen(text) };
}

static int add(const struct a_dir *d, const char *name, const char *content)
{
	struct nipfs_link link;

	ck_assert_int_eq(
	    nipfs_dag_put_file(&d->params, NULL, text_slice(content), &link, NULL), 0);
	return nipfs_dir_builder_add(d->builder, text_slice(name), &link, NULL);
}

static uint64_t check_result(struct a_dir *d, const char *cid)
{
	char text[NIPFS_CID_TEXT_MAX];
	struct nipfs_link link;

	ck_assert_int_eq(nipfs_dir_builder_finish(d->builder, &link, NULL), 0);
	nipfs_cid_format(&link.cid, text);
	ck_assert_str_eq(text, cid);
	nipfs_dir_builder_free(d->builder);
	return link.tsize;
}

static const struct {
	const char *params, *cid;
} numbered[] = {
	{ V0 " threshold=0", "QmavrTrQG4VhoJmantURAYuw3bowq3E2WcvP36NRQDAC1N" },
	{ V0 " threshold=1", "QmSCJD1KYLhVVHqBK3YyXuoEqHt7vggyJhzoFYbT8v1XYL" },
	{ V0 " estimate=disabled entries=1999",
	  "QmSCJD1KYLhVVHqBK3YyXuoEqHt7vggyJhzoFYbT8v1XYL" },
	{ V0 " estimate=disabled entries=2000",
	  "QmavrTrQG4VhoJmantURAYuw3bowq3E2WcvP36NRQDAC1N" },
	{ V1 " threshold=1",
	  "bafybeibiemewfzzdyhq2l74wrd6qj2oz42usjlktgnlqv4yfawgouaqn4u" },
};

START_TEST(holds_2000_numbered_files)
{
	struct a_dir d = open_dir(numbered[_i].params, NULL);

	/* names come in an order of their own: file9 before file10 */
	for (unsigned int i = 1; i <= 2000; i++) {
		char name[NAME_MAX_BYTES], content[NAME_MAX_BYTES];

		(void)snprintf(name, sizeof(name), "file%u", i);
		(void)snprintf(content, sizeof(content), "%u\n", i);
		ck_assert_int_eq(add(&d, name, content), 0);
	}
	(void)check_result(&d, numbered[_i].cid);
}
END_TEST

/* kubo test/sharness/t0260-sharding.sh */
static const struct {
	unsigned int n;
	const char *cid;
	uint64_t tsize;
} long_names[] = {
	{ 1343, "bafybeihecq4rpl4nw3cgfb2uiwltgsmw5sutouvuldv5fxn4gfbihvnalq", 490665 },
	{ 1344, "bafybeigyvxs6og5jbmpaa43qbhhd5swklqcfzqdrtjgfh53qjon6hpjaye", 515735 },
};

START_TEST(becomes_a_hamt_by_long_names)
{
	struct a_dir d = open_dir(V1, NULL);

	for (unsigned int i = 0; i < long_names[_i].n; i++) {
		char name[NAME_MAX_BYTES];

		(void)snprintf(
		    name, sizeof(name),
		    "long name to fill out bytes to make the sharded directory "
		    "test flip over the sharded directory limit because link names "
		    "are included in the directory entry %u",
		    i);
		ck_assert_int_eq(add(&d, name, name), 0);
	}
	ck_assert_uint_eq(check_result(&d, long_names[_i].cid), long_names[_i].tsize);
}
END_TEST

/* kubo test/cli/cid_profiles_test.go: at a threshold and one byte above */
static const struct {
	const char *params, *seed;
	unsigned int n;
	size_t name_len, last_len;
	const char *cid;
} thresholds[] = {
	{ V0, "hamt-unixfs-v0-2015", 4096, 30, 30,
	  "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN" },
	{ V0, "hamt-unixfs-v0-2015", 4033, 31, 31,
	  "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP" },
	{ P25, "hamt-unixfs-v1-2025", 4766, 11, 21,
	  "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4" },
	{ P25, "hamt-unixfs-v1-2025", 4766, 11, 22,
	  "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu" },
};

START_TEST(becomes_a_hamt_one_byte_above_the_threshold)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz01234567890-_";
	static uint8_t stream[STREAM_LEN];
	const uint8_t *next = stream;
	struct a_dir d = open_dir(thresholds[_i].params, NULL);

	stream_bytes(thresholds[_i].seed, 0, stream, sizeof(stream));
	for (unsigned int i = 0; i < thresholds[_i].n; i++) {
		const bool last = i + 1 == thresholds[_i].n;
		const size_t len =
		    last ? thresholds[_i].last_len : thresholds[_i].name_len;
		char name[NAME_MAX_BYTES] = { 0 };

		for (size_t k = 0; k < len; k++)
			name[k] = letters[*next++ % (sizeof(letters) - 1)];
		ck_assert_int_eq(add(&d, name, "x"), 0);
	}
	(void)check_result(&d, thresholds[_i].cid);
}
END_TEST

/* The order in which entries come decides nothing. */
START_TEST(has_one_cid_in_any_order)
{
	static const char *const params[] = { "nix", "nix threshold=1",
					      "nix threshold=1 fanout=8",
					      "nix threshold=1 fanout=1024" };

	for (size_t k = 0; k < sizeof(params) / sizeof(params[0]); k++) {
		char text[3][NIPFS_CID_TEXT_MAX];

		for (unsigned int turn = 0; turn < 3; turn++) {
			struct a_dir d = open_dir(params[k], NULL);
			struct nipfs_link link;

			for (unsigned int i = 0; i < 500; i++) {
				char name[NAME_MAX_BYTES];

				(void)snprintf(name, sizeof(name), "%03u",
					       turn == 0   ? i
					       : turn == 1 ? 499 - i
							   : i * 7 % 500);
				ck_assert_int_eq(add(&d, name, name), 0);
			}
			ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, NULL),
					 0);
			nipfs_cid_format(&link.cid, text[turn]);
			nipfs_dir_builder_free(d.builder);
		}
		ck_assert_str_eq(text[0], text[1]);
		ck_assert_str_eq(text[0], text[2]);
	}
}
END_TEST

START_TEST(refuses_names)
{
	struct a_dir d = open_dir("nix", NULL);
	struct nipfs_link link;
	const uint8_t nul[] = { 'a', 0, 'b' };

	ck_assert_int_eq(add(&d, "", "x"), NIPFS_E_INVALID);
	ck_assert_int_eq(add(&d, ".", "x"), NIPFS_E_INVALID);
	ck_assert_int_eq(add(&d, "..", "x"), NIPFS_E_INVALID);
	ck_assert_int_eq(add(&d, "a/b", "x"), NIPFS_E_INVALID);
	ck_assert_int_eq(
	    nipfs_dag_put_file(&d.params, NULL, text_slice("x"), &link, NULL), 0);
	ck_assert_int_eq(
	    nipfs_dir_builder_add(d.builder, (struct nipfs_slice){ nul, 3 }, &link, NULL),
	    NIPFS_E_INVALID);
	ck_assert_int_eq(add(&d, "...", "x"), 0);
	ck_assert_int_eq(add(&d, "\xff\n", "x"), 0);
	ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, NULL), 0);
	nipfs_dir_builder_free(d.builder);
}
END_TEST

START_TEST(refuses_a_name_twice)
{
	static const char *const params[] = { "nix", "nix threshold=1" };
	static const char *const orders[] = { "a", "b", "c", "b" };

	for (size_t k = 0; k < 2; k++) {
		struct a_dir d = open_dir(params[k], NULL);
		struct nipfs_link link = { .tsize = 77 };
		struct nipfs_error err = { 0 };

		for (size_t i = 0; i < 4; i++)
			ck_assert_int_eq(add(&d, orders[i], "x"), 0);
		ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, &err),
				 NIPFS_E_INVALID);
		ck_assert_str_eq(err.msg, "name 'b' stands twice in one directory");
		ck_assert_uint_eq(link.tsize, 77);
		nipfs_dir_builder_free(d.builder);
	}
}
END_TEST

/* Two names that MurmurHash3 can't tell apart: its steps can be turned round. */
#define COLLISION_A "these two names have one hash, a"
#define COLLISION_B "so they meet 271r<\213>J\303$N201\345\243Z=r"

START_TEST(refuses_names_of_one_hash)
{
	struct a_dir d = open_dir("nix threshold=1", NULL);
	struct nipfs_link link;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(add(&d, COLLISION_A, "x"), 0);
	ck_assert_int_eq(add(&d, COLLISION_B, "x"), 0);
	ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, &err), NIPFS_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "same hash"));
	nipfs_dir_builder_free(d.builder);
}
END_TEST

START_TEST(refuses_flat_directories_over_the_limits)
{
	static const struct {
		const char *params, *says;
		unsigned int n;
	} rows[] = {
		{ "nix threshold=0 entries=3", "its threshold is 0", 4 },
		{ "nix threshold=0", "block limit", 45000 },
		{ "nix estimate=disabled", "block limit", 45000 },
	};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct a_dir d = open_dir(rows[k].params, NULL);
		struct nipfs_link link;
		struct nipfs_error err = { 0 };

		for (unsigned int i = 0; i < rows[k].n; i++) {
			char name[NAME_MAX_BYTES];

			(void)snprintf(name, sizeof(name), "%u", i);
			if (add(&d, name, "x") < 0)
				ck_abort_msg("entry %u", i);
		}
		ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, &err),
				 NIPFS_E_LIMIT);
		ck_assert_ptr_nonnull(strstr(err.msg, rows[k].says));
		nipfs_dir_builder_free(d.builder);
	}
}
END_TEST

START_TEST(keeps_an_empty_directory_flat)
{
	struct a_dir d = open_dir("nix threshold=1", NULL);

	(void)check_result(&d,
			   "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
}
END_TEST

/* Every shard goes to the sink before the one that links to it. */
START_TEST(gives_children_before_parents)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_block_sink blocks = memory_blocks_sink(m);
	struct a_dir d = open_dir("nix threshold=1 fanout=16", &blocks);
	struct nipfs_link link;
	struct nipfs_cid last;

	for (unsigned int i = 0; i < 300; i++) {
		char name[NAME_MAX_BYTES];

		(void)snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(add(&d, name, "x"), 0);
	}
	ck_assert_int_eq(nipfs_dir_builder_finish(d.builder, &link, NULL), 0);
	ck_assert_uint_gt(m->n, 16);
	last = memory_blocks_cid(m, m->n - 1);
	ck_assert(nipfs_cid_equal(&last, &link.cid));
	nipfs_dir_builder_free(d.builder);
	memory_blocks_free(m);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static Suite *dir_builder_suite(void)
{
	Suite *s = suite_create("dir builder");
	TCase *tc = tcase_create("directories");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, holds_2000_numbered_files, 0, ROWS(numbered));
	tcase_add_loop_test(tc, becomes_a_hamt_by_long_names, 0, ROWS(long_names));
	tcase_add_loop_test(tc, becomes_a_hamt_one_byte_above_the_threshold, 0,
			    ROWS(thresholds));
	tcase_add_test(tc, has_one_cid_in_any_order);
	tcase_add_test(tc, refuses_names);
	tcase_add_test(tc, refuses_a_name_twice);
	tcase_add_test(tc, refuses_names_of_one_hash);
	tcase_add_test(tc, refuses_flat_directories_over_the_limits);
	tcase_add_test(tc, keeps_an_empty_directory_flat);
	tcase_add_test(tc, gives_children_before_parents);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(dir_builder_suite)
