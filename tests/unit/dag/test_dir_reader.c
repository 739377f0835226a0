/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UnixFS directories, flat and HAMT: lists, look-ups, paths, and what is refused. */
#include <nixipfs/dag.h>

#include <stdio.h>
#include <stdlib.h>

#include "dag/hamt_shard.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/unixfs_nodes.h"
#include "unixfs/murmur3.h"

/* ---- listing --------------------------------------------------------------------- */

struct names {
	char text[4096];
	size_t n;
};

static int take_name(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	struct names *names = ctx;
	const size_t len = strlen(names->text);

	(void)err;
	names->n++;
	if (len + entry->name.len + 2 < sizeof(names->text)) {
		memcpy(names->text + len, entry->name.ptr, entry->name.len);
		memcpy(names->text + len + entry->name.len, " ", 2);
	}
	return 0;
}

static int stop(void *ctx, const struct nipfs_dir_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	(void)err;
	return NIPFS_E_CANCELLED;
}

static int list(struct memory_blocks *m, const struct nipfs_cid *dir, struct names *names)
{
	struct nipfs_error err = { 0, 0, "" };
	int r;

	memset(names, 0, sizeof(*names));
	r = nipfs_dag_list(memory_blocks_source(m), dir, take_name, names, &err);
	ck_assert_int_eq(err.code, r);
	ck_assert_uint_eq(m->n_waiting, 0);
	return r;
}

static int find(struct memory_blocks *m, const struct nipfs_cid *dir, struct nipfs_slice name,
		struct nipfs_dir_entry *out)
{
	struct nipfs_error err = { 0, 0, "" };
	const int r = nipfs_dag_lookup(memory_blocks_source(m), dir, name, out, &err);

	ck_assert_int_eq(err.code, r);
	return r;
}

START_TEST(puts_names_in_order)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "x");
	const struct made_link links[] = {
		{ leaf, text_slice("b"), 1 },	  { leaf, text_slice("a-b"), 2 },
		{ leaf, text_slice("a"), 3 },	  { leaf, text_slice("a.b"), 4 },
		{ leaf, text_slice("\xff"), 5 },  { leaf, text_slice("..."), 6 },
		{ leaf, text_slice("A"), 7 },	  { leaf, text_slice("a b"), 8 },
		{ leaf, text_slice("a\nb"), 9 },
	};
	const struct nipfs_cid dir = make_directory(m, links, 9);
	struct nipfs_dir_entry entry;
	struct names names;

	ck_assert_int_eq(list(m, &dir, &names), 0);
	ck_assert_str_eq(names.text, "... A a a\nb a b a-b a.b b \xff ");
	for (size_t i = 0; i < 9; i++) {
		ck_assert_int_eq(find(m, &dir, links[i].name, &entry), 0);
		ck_assert_uint_eq(entry.tsize, i + 1);
		ck_assert(nipfs_cid_equal(&entry.cid, &leaf));
	}
	ck_assert_int_eq(find(m, &dir, text_slice("aa"), &entry), NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs_dag_list(memory_blocks_source(m), &dir, stop, NULL, NULL),
			 NIPFS_E_CANCELLED);
	memory_blocks_free(m);
}
END_TEST

static const struct {
	const char *name;
	size_t len;
} bad_names[] = { { "", 0 },	{ ".", 1 },  { "..", 2 },   { "/", 1 },
		  { "a/b", 3 }, { "a/", 2 }, { "a\0b", 3 }, { "\0", 1 } };

START_TEST(refuses_names)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "x");
	const struct nipfs_slice bad = { (const uint8_t *)bad_names[_i].name, bad_names[_i].len };
	const struct made_link links[] = { { leaf, bad, 1 }, { leaf, text_slice("z"), 1 } };
	const struct nipfs_cid dir = make_directory(m, links, 2);
	struct nipfs_dir_entry entry;
	struct names names;

	ck_assert_int_eq(list(m, &dir, &names), NIPFS_E_INVALID);
	ck_assert_int_eq(find(m, &dir, bad, &entry), NIPFS_E_INVALID);
	memory_blocks_free(m);
}
END_TEST

START_TEST(refuses_a_name_twice)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "x");
	const struct made_link links[] = { { leaf, text_slice("a"), 1 },
					   { leaf, text_slice("b"), 1 },
					   { leaf, text_slice("a"), 1 } };
	struct nipfs_cid dir = make_directory(m, links, 3);
	struct nipfs_dir_entry entry;
	struct names names;

	ck_assert_int_eq(list(m, &dir, &names), NIPFS_E_INVALID);
	ck_assert_int_eq(find(m, &dir, text_slice("a"), &entry), NIPFS_E_INVALID);
	ck_assert_int_eq(find(m, &dir, text_slice("b"), &entry), 0);
	memory_blocks_free(m);
}
END_TEST

START_TEST(lists_many)
{
	enum { ENTRIES = 20000 };
	struct memory_blocks *m = memory_blocks_new();
	struct made_link *links = calloc(ENTRIES, sizeof(*links));
	char *text = calloc(ENTRIES, 16);
	const struct nipfs_cid leaf = make_raw(m, "x");
	struct names names;
	struct nipfs_cid dir;

	ck_assert(links && text);
	for (size_t i = 0; i < ENTRIES; i++) {
		(void)snprintf(text + 16 * i, 16, "%zu", i * 7919 % ENTRIES);
		links[i] = (struct made_link){ leaf, text_slice(text + 16 * i), 1 };
	}
	dir = make_directory(m, links, ENTRIES);
	ck_assert_int_eq(list(m, &dir, &names), 0);
	ck_assert_uint_eq(names.n, ENTRIES);
	ck_assert_int_eq(strncmp(names.text, "0 1 10 100 1000 10000 10001 10002 ", 34), 0);
	free(links);
	free(text);
	memory_blocks_free(m);
}
END_TEST

START_TEST(is_for_directories)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid not_dirs[] = { make_raw(m, "x"), make_symlink(m, text_slice("x")),
					      make_file(m, NULL, 0, text_slice("x"), 1) };
	struct nipfs_dir_entry entry;
	struct names names;

	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(list(m, &not_dirs[i], &names), NIPFS_E_INVALID);
		ck_assert_int_eq(find(m, &not_dirs[i], text_slice("x"), &entry), NIPFS_E_INVALID);
	}
	memory_blocks_free(m);
}
END_TEST

/* ---- HAMT of Kubo ---------------------------------------------------------------- */

START_TEST(finds_in_a_hamt)
{
	const char *car = _i ? "hamt-256" : "hamt-8";
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root(car);
	size_t deepest = 0;

	car_blocks_load(m, car);
	for (int i = 1; i <= 26; i++) {
		struct nipfs_dir_entry entry;
		struct nipfs_span block;
		char name[16], content[8];

		(void)sprintf(name, "file-%d", i);
		(void)sprintf(content, "%d\n", i);
		m->answers = 0;
		ck_assert_int_eq(find(m, &root, text_slice(name), &entry), 0);
		deepest = m->answers > deepest ? m->answers : deepest;
		ck_assert_int_eq(nipfs_block_get(memory_blocks_source(m), &entry.cid,
						 NIPFS_WANT_LEAF, &block, NULL),
				 0);
		ck_assert_uint_eq(block.len, strlen(content));
		ck_assert_mem_eq(block.ptr, content, block.len);
		(void)sprintf(name, "file%d", i);
		ck_assert_int_eq(find(m, &root, text_slice(name), &entry), NIPFS_E_NOTFOUND);
	}
	/* of the shards only those on the way are read */
	ck_assert_uint_eq(deepest, _i ? 1 : 3);
	memory_blocks_free(m);
}
END_TEST

/* ---- HAMT made by hand ------------------------------------------------------------ */

/* A link of a shard: to an entry, or to a sub-shard where there is no name. */
struct made_slot {
	unsigned int index;
	const char *name;
	struct nipfs_cid cid;
};

struct made_shard {
	uint64_t fanout, hash_type;
	int digits;         /* of an index before a name; negative: in lower case; 0: none */
	int bitfield;       /* bytes to add before it, or bits to change in its last byte */
	enum { AS_IT_IS, PADDED, FLIPPED, NONE } how;
};

#define SHARD_256 { 256, 0x22, 2, 0, AS_IT_IS }

static struct nipfs_cid make_shard(struct memory_blocks *m, const struct made_shard *s,
				   const struct made_slot *slots, size_t n)
{
	char names[8][64];
	struct made_link links[8];
	uint8_t bits[256] = { 0 };
	size_t first = sizeof(bits);
	struct nipfs__unixfs u = { .type = NIPFS__UNIXFS_HAMT,
				   .hash_type = s->hash_type,
				   .fanout = s->fanout };

	for (size_t i = 0; i < n; i++) {
		const size_t byte = sizeof(bits) - 1 - slots[i].index / 8;
		const int len = s->digits == 0 ? 0 :
				s->digits < 0  ? snprintf(names[i], 8, "%0*x", -s->digits,
							  slots[i].index) :
						 snprintf(names[i], 8, "%0*X", s->digits,
							  slots[i].index);

		(void)snprintf(names[i] + len, 48, "%s", slots[i].name ? slots[i].name : "");
		bits[byte] |= (uint8_t)(1u << slots[i].index % 8);
		first = byte < first ? byte : first;
		links[i] = (struct made_link){ slots[i].cid, text_slice(names[i]), 1 };
	}
	if (s->how == PADDED)
		first -= (size_t)s->bitfield;
	if (s->how == FLIPPED)
		bits[sizeof(bits) - 1] ^= (uint8_t)s->bitfield;
	if (s->how == FLIPPED && first == sizeof(bits))
		first--;
	if (s->how != NONE)
		u.data = (struct nipfs_slice){ bits + first, sizeof(bits) - first };
	return make_node(m, links, n, &u, NULL);
}

static unsigned int index_of(const char *name, unsigned int depth, unsigned int bits)
{
	return (unsigned int)(nipfs__murmur3_h1(text_slice(name)) << depth * bits >> (64 - bits));
}

/* h1("a") begins with 85 55: a right HAMT of one entry, then every way to make it wrong. */
START_TEST(refuses_wrong_shards)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "x");
	const struct made_slot a = { 0x85, "a", leaf }, b = { 0x86, "a", leaf };
	const struct made_slot hello = { 0xcb, "hello", leaf };
	const struct {
		struct made_shard shard;
		struct made_slot slots[2];
		size_t n;
		int code;
	} cases[] = {
		{ SHARD_256, { a }, 1, 0 },
		{ SHARD_256, { a }, 0, 0 }, /* an empty root */
		{ SHARD_256, { a, hello }, 2, 0 },
		{ { 256, 0x22, 2, 15, PADDED }, { a }, 1, 0 }, /* 32 bytes are right */
		{ { 256, 0x22, 2, 16, PADDED }, { a }, 1, NIPFS_E_INVALID },
		{ { 256, 0x22, 2, 1, FLIPPED }, { a }, 1, NIPFS_E_INVALID },
		{ { 256, 0x22, 2, 1, FLIPPED }, { a }, 0, NIPFS_E_INVALID },
		{ { 256, 0x22, 2, 0, NONE }, { a }, 1, NIPFS_E_INVALID },
		{ SHARD_256, { hello, a }, 2, NIPFS_E_INVALID }, /* not in order */
		{ SHARD_256, { a, a }, 2, NIPFS_E_INVALID },	 /* one bucket, two links */
		{ SHARD_256, { b }, 1, NIPFS_E_INVALID },	 /* the wrong bucket */
		{ { 256, 0x22, -2, 0, AS_IT_IS }, { hello }, 1, NIPFS_E_INVALID },
		{ { 256, 0x22, 1, 0, AS_IT_IS }, { { 5, "", leaf } }, 1, NIPFS_E_INVALID },
		{ { 256, 0x22, 0, 0, AS_IT_IS }, { a }, 1, NIPFS_E_INVALID },
		{ { 256, 0x23, 2, 0, AS_IT_IS }, { a }, 1, NIPFS_E_INVALID },
		{ { 0, 0x22, 2, 0, AS_IT_IS }, { a }, 1, NIPFS_E_INVALID },
		{ { 4, 0x22, 1, 0, AS_IT_IS }, { { 2, "a", leaf } }, 1, NIPFS_E_INVALID },
		{ { 255, 0x22, 2, 0, AS_IT_IS }, { a }, 1, NIPFS_E_INVALID },
		{ { 2048, 0x22, 3, 0, AS_IT_IS }, { { 0x42a, "a", leaf } }, 1,
		  NIPFS_E_INVALID },
		{ { 1ull << 40, 0x22, 2, 0, AS_IT_IS }, { a }, 1, NIPFS_E_INVALID },
		{ { 8, 0x22, 1, 0, AS_IT_IS }, { { 4, "a", leaf } }, 1, 0 },
		{ { 8, 0x22, 1, 0, AS_IT_IS }, { { 5, "a", leaf } }, 1, NIPFS_E_INVALID },
		{ { 8, 0x22, 1, 0, AS_IT_IS }, { { 8, "a", leaf } }, 1, NIPFS_E_INVALID },
		{ { 1024, 0x22, 3, 0, AS_IT_IS }, { { 0x215, "a", leaf } }, 1, 0 },
		{ SHARD_256, { { 0x85, NULL, leaf } }, 1, NIPFS_E_INVALID }, /* no shard there */
	};
	struct nipfs_dir_entry entry;
	struct names names;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct nipfs_cid dir = make_shard(m, &cases[i].shard, cases[i].slots,
							cases[i].n);
		const int r = list(m, &dir, &names);

		ck_assert_msg(r == cases[i].code, "case %zu: %d", i, r);
		if (r == 0)
			ck_assert_int_eq(find(m, &dir, text_slice("a"), &entry),
					 cases[i].n ? 0 : NIPFS_E_NOTFOUND);
	}
	memory_blocks_free(m);
}
END_TEST

START_TEST(refuses_wrong_sub_shards)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid leaf = make_raw(m, "x");
	const struct made_shard right = SHARD_256;
	const struct made_shard narrow = { 8, 0x22, 1, 0, AS_IT_IS };
	const struct made_slot second = { 0x55, "a", leaf }, first = { 0x85, "a", leaf };
	const struct made_slot hello = { 0xd8, "hello", leaf };
	const struct {
		const struct made_shard *shard;
		struct made_slot slot;
		size_t n;
		int code;
	} cases[] = {
		{ &right, second, 1, 0 },
		{ &right, second, 0, NIPFS_E_INVALID },	      /* empty */
		{ &right, first, 1, NIPFS_E_INVALID },	      /* the index of the level above */
		{ &right, hello, 1, NIPFS_E_INVALID },	      /* right index, wrong way to it */
		{ &narrow, { 2, "a", leaf }, 1, NIPFS_E_INVALID }, /* another fanout */
	};
	struct nipfs_dir_entry entry;
	struct names names;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct made_slot down = {
			0x85, NULL, make_shard(m, cases[i].shard, &cases[i].slot, cases[i].n)
		};
		const struct nipfs_cid dir = make_shard(m, &right, &down, 1);
		const int r = list(m, &dir, &names);

		ck_assert_msg(r == cases[i].code, "case %zu: %d", i, r);
		if (r == 0)
			ck_assert_int_eq(find(m, &dir, text_slice("a"), &entry), 0);
	}
	memory_blocks_free(m);
}
END_TEST

/* An entry as deep as the hash has bits, and one level deeper. */
START_TEST(bounds_the_depth_of_a_hamt)
{
	static const struct {
		uint64_t fanout;
		unsigned int bits, levels;
		int digits;
	} kinds[] = { { 8, 3, 21, 1 }, { 256, 8, 8, 2 }, { 1024, 10, 6, 3 } };
	const struct made_shard s = { kinds[_i].fanout, 0x22, kinds[_i].digits, 0, AS_IT_IS };
	struct memory_blocks *m = memory_blocks_new();

	for (unsigned int extra = 0; extra < 2; extra++) {
		const unsigned int levels = kinds[_i].levels + extra;
		struct made_slot slot = { extra ? 0 : index_of("a", levels - 1, kinds[_i].bits),
					  "a", make_raw(m, "x") };
		struct nipfs_cid dir = make_shard(m, &s, &slot, 1);
		struct nipfs_dir_entry entry;
		struct names names;

		for (unsigned int depth = levels - 1; depth-- > 0;) {
			slot = (struct made_slot){ index_of("a", depth, kinds[_i].bits), NULL, dir };
			dir = make_shard(m, &s, &slot, 1);
		}
		ck_assert_int_eq(list(m, &dir, &names), extra ? NIPFS_E_INVALID : 0);
		ck_assert_int_eq(find(m, &dir, text_slice("a"), &entry),
				 extra ? NIPFS_E_INVALID : 0);
	}
	memory_blocks_free(m);
}
END_TEST

/* Shards that all lead to the same ones below: the first entry shows that they are wrong. */
START_TEST(is_not_lost_in_shared_shards)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct made_shard s = { 8, 0x22, 1, 0, AS_IT_IS };
	const struct made_slot leaf = { 0, "a", make_raw(m, "x") };
	struct nipfs_cid dir = make_shard(m, &s, &leaf, 1);
	struct names names;

	for (int level = 0; level < 19; level++) {
		struct made_slot slots[8];

		for (unsigned int i = 0; i < 8; i++)
			slots[i] = (struct made_slot){ i, NULL, dir };
		dir = make_shard(m, &s, slots, 8);
	}
	ck_assert_int_eq(list(m, &dir, &names), NIPFS_E_INVALID);
	ck_assert_uint_lt(m->answers, 200);
	memory_blocks_free(m);
}
END_TEST

/* ---- stat and paths --------------------------------------------------------------- */

START_TEST(tells_what_a_node_is)
{
	struct memory_blocks *m = memory_blocks_new();
	struct nipfs_block_source *source = memory_blocks_source(m);
	const struct nipfs_cid root = car_blocks_root("tree-modes");
	static const struct {
		const char *path;
		enum nipfs_entry_kind kind;
		uint64_t size;
		uint32_t mode;
		const char *target;
	} cases[] = {
		{ "", NIPFS_DIRECTORY, 0, 0755, "" },
		{ "run", NIPFS_FILE, 21, 0755, "" },
		{ "/multi.txt", NIPFS_FILE, 1092, 0644, "" },
		{ "sub//broken/", NIPFS_SYMLINK, 0, 0, "../nowhere" },
	};
	char target[16];

	car_blocks_load(m, "tree-modes");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nipfs_entry entry;
		struct nipfs_cid cid;

		ck_assert_int_eq(nipfs_dag_resolve(source, &root, text_slice(cases[i].path), &cid,
						   NULL),
				 0);
		ck_assert_int_eq(nipfs_dag_stat(source, &cid, &entry, target, 10, NULL), 0);
		ck_assert_int_eq(entry.kind, cases[i].kind);
		ck_assert_uint_eq(entry.size, cases[i].size);
		ck_assert_uint_eq(entry.mode, cases[i].mode);
		ck_assert_int_eq(entry.executable, cases[i].mode == 0755 &&
							   cases[i].kind == NIPFS_FILE);
		ck_assert(entry.mtime.present && entry.mtime.seconds == 1);
		ck_assert_uint_eq(entry.target.len, strlen(cases[i].target));
		ck_assert_mem_eq(target, cases[i].target, entry.target.len);
		ck_assert(entry.name.len == 0 && entry.cid == NULL);
		ck_assert_int_eq(nipfs_dag_stat(source, &cid, &entry, target, 9, NULL),
				 cases[i].kind == NIPFS_SYMLINK ? NIPFS_E_LIMIT : 0);
	}
	memory_blocks_free(m);
}
END_TEST

static const struct {
	const char *path;
	int code;
} paths[] = {
	{ "", 0 },
	{ "///", 0 },
	{ "sub/copy", 0 },
	{ "//sub///copy//", 0 },
	{ "sub/nothing", NIPFS_E_NOTFOUND },
	{ "nothing/at/all", NIPFS_E_NOTFOUND },
	{ "hello.txt/x", NIPFS_E_INVALID },
	{ "link/x", NIPFS_E_INVALID },
	{ "sub/..", NIPFS_E_INVALID },
	{ "./sub", NIPFS_E_INVALID },
};

START_TEST(follows_paths)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_cid root = car_blocks_root("tree-v1");
	struct nipfs_error err = { 0, 0, "" };
	struct nipfs_cid cid;

	car_blocks_load(m, "tree-v1");
	memset(&cid, 0x5a, sizeof(cid));
	ck_assert_int_eq(nipfs_dag_resolve(memory_blocks_source(m), &root,
					   text_slice(paths[_i].path), &cid, &err),
			 paths[_i].code);
	ck_assert_int_eq(err.code, paths[_i].code);
	if (paths[_i].code)
		ck_assert_uint_eq(cid.version, 0x5a);
	memory_blocks_free(m);
}
END_TEST

START_TEST(refuses_symlinks_that_cannot_be)
{
	struct memory_blocks *m = memory_blocks_new();
	const struct nipfs_slice nul = { (const uint8_t *)"a\0b", 3 };
	const struct made_link link = { make_raw(m, "x"), text_slice("x"), 1 };
	const struct nipfs__unixfs u = { .type = NIPFS__UNIXFS_SYMLINK, .data = text_slice("x") };
	const struct nipfs_cid wrong[] = { make_symlink(m, nul), make_node(m, &link, 1, &u, NULL) };
	struct nipfs_entry entry;
	char target[16];

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(nipfs_dag_stat(memory_blocks_source(m), &wrong[i], &entry, target,
						sizeof(target), NULL),
				 NIPFS_E_INVALID);
	memory_blocks_free(m);
}
END_TEST

static Suite *dir_reader_suite(void)
{
	Suite *suite = suite_create("dir_reader");
	TCase *tc = tcase_create("dir_reader");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, puts_names_in_order);
	tcase_add_loop_test(tc, refuses_names, 0, 8);
	tcase_add_test(tc, refuses_a_name_twice);
	tcase_add_test(tc, lists_many);
	tcase_add_test(tc, is_for_directories);
	tcase_add_loop_test(tc, finds_in_a_hamt, 0, 2);
	tcase_add_test(tc, refuses_wrong_shards);
	tcase_add_test(tc, refuses_wrong_sub_shards);
	tcase_add_loop_test(tc, bounds_the_depth_of_a_hamt, 0, 3);
	tcase_add_test(tc, is_not_lost_in_shared_shards);
	tcase_add_test(tc, tells_what_a_node_is);
	tcase_add_loop_test(tc, follows_paths, 0, (int)(sizeof(paths) / sizeof(paths[0])));
	tcase_add_test(tc, refuses_symlinks_that_cannot_be);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(dir_reader_suite)
