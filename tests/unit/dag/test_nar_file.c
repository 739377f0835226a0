/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NAR-shaped files: what they read as has the hash that `nix-store --dump` of
 * Nix 2.8.0 gives for the same tree, and their shape is that of DESIGN.md, 4.3.
 */
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/memory_blocks.h"
#include "tests/support/unixfs_params.h"

#include <nixipfs/nar_file.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "dag/pb.h"

enum { CONTENT_MAX = 4 << 20, PIECES_MAX = 64 };

static uint8_t content[CONTENT_MAX];

static void fill_content(void)
{
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i % 251);
}

/* A block of framing, and where it is said to lie in the NAR. */
struct piece {
	uint64_t offset, len;
	struct nipfs_cid cid;
};

/* A tree on its way into both DAGs. */
struct both {
	struct memory_blocks *store;
	struct nipfs_block_sink inner, blocks;
	struct nipfs_unixfs_params params;
	struct nipfs_dag_builder *builder;
	struct nipfs_nar_file *nar;
	struct nipfs_tree_sink sinks[2], sink;
	struct nipfs_tree_tee tee;
	struct piece pieces[PIECES_MAX];
	size_t n_pieces, n_pieces_checked;
};

static int note_piece(void *ctx, const struct nipfs_cid *cid,
		      const struct nipfs_span *bytes, const struct nipfs_origin *origin,
		      struct nipfs_error *err)
{
	struct both *b = ctx;

	if (origin->kind == NIPFS_ORIGIN_NAR) {
		ck_assert_uint_eq(origin->len, bytes->len);
		ck_assert_uint_lt(b->n_pieces, PIECES_MAX);
		b->pieces[b->n_pieces++] =
		    (struct piece){ origin->offset, origin->len, *cid };
	}
	return b->inner.put(b->inner.ctx, cid, bytes, origin, err);
}

static void begin(struct both *b, const char *params)
{
	memset(b, 0, sizeof(*b));
	b->store = memory_blocks_new();
	b->inner = memory_blocks_sink(b->store);
	b->blocks = (struct nipfs_block_sink){ note_piece, b };
	b->params = unixfs_params(params);
	ck_assert_int_eq(nipfs_dag_builder_new(&b->builder, &b->params, &b->blocks, NULL),
			 0);
	ck_assert_int_eq(
		nipfs_nar_file_new(&b->nar, &b->params, &b->blocks, b->builder, NULL), 0);
	b->sinks[0] = nipfs_dag_builder_sink(b->builder);
	b->sinks[1] = nipfs_nar_file_sink(b->nar);
	b->tee =
	    (struct nipfs_tree_tee){ .sinks = { &b->sinks[0], &b->sinks[1] }, .n = 2 };
	b->sink = nipfs_tree_tee_sink(&b->tee);
}

static void end(struct both *b)
{
	nipfs_nar_file_free(b->nar);
	nipfs_dag_builder_free(b->builder);
	memory_blocks_free(b->store);
}

static void give_dir(const struct both *b, const char *name)
{
	const struct nipfs_entry e = { .name = { (const uint8_t *)name, strlen(name) } };

	ck_assert_int_eq(b->sink.enter(b->sink.ctx, &e, NULL), 0);
}

static void give_up(const struct both *b)
{
	ck_assert_int_eq(b->sink.leave(b->sink.ctx, NULL), 0);
}

static void give_file(const struct both *b, const char *name, size_t size,
		      bool executable)
{
	const struct nipfs_entry e = { .name = { (const uint8_t *)name, strlen(name) },
				       .kind = NIPFS_FILE,
				       .size = size,
				       .executable = executable };

	ck_assert_int_eq(b->sink.file(b->sink.ctx, &e, NULL), 0);
	for (size_t at = 0; at < size;) {
		const size_t n = size - at < 70000 ? size - at : 70000;
		const struct nipfs_span span = { .ptr = content + at,
						 .len = n,
						 .fd = -1 };

		ck_assert_int_eq(b->sink.bytes(b->sink.ctx, &span, NULL), 0);
		at += n;
	}
	ck_assert_int_eq(b->sink.file_end(b->sink.ctx, NULL), 0);
}

static void give_link(const struct both *b, const char *name, const char *target)
{
	const struct nipfs_entry e = { .name = { (const uint8_t *)name, strlen(name) },
				       .kind = NIPFS_SYMLINK,
				       .target = { (const uint8_t *)target,
						   strlen(target) } };

	ck_assert_int_eq(b->sink.symlink(b->sink.ctx, &e, NULL), 0);
}

static void give_big_tree(const struct both *b)
{
	give_dir(b, "");
	give_file(b, "a-16383", 16383, false);
	give_file(b, "b-16384", 16384, false);
	give_file(b, "c-empty", 0, false);
	give_file(b, "d-16391", 16391, false);
	give_file(b, "run", (3 << 20) + 5, true);
	give_dir(b, "sub");
	for (unsigned int i = 0; i < 200; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "f%03u", i);
		give_file(b, name, 12000, false);
	}
	give_link(b, "link", "run");
	give_file(b, "y-40000", 40000, false);
	give_file(b, "z-1", 1, false);
	give_up(b);
	give_up(b);
}

struct read_nar {
	uint8_t *bytes;
	size_t len, max;
};

static int take(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct read_nar *nar = ctx;

	(void)err;
	ck_assert_uint_le(bytes->len, nar->max - nar->len);
	memcpy(nar->bytes + nar->len, bytes->ptr, bytes->len);
	nar->len += bytes->len;
	return 0;
}

/* Reads the file back; checks its hash and the places of its framing. */
static void check_nar(struct both *b, uint64_t size, const char *sha256)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(digest) + 1];
	struct read_nar nar = { malloc(size), 0, size };
	struct nipfs_link link;

	ck_assert_ptr_nonnull(nar.bytes);
	ck_assert_int_eq(nipfs_nar_file_result(b->nar, &link, NULL), 0);
	ck_assert_uint_eq(link.file_bytes, size);
	ck_assert_int_eq(nipfs_dag_read(memory_blocks_source(b->store), &link.cid, 0,
					UINT64_MAX, take, &nar, NULL),
			 0);
	ck_assert_uint_eq(nar.len, size);
	(void)crypto_hash_sha256(digest, nar.bytes, nar.len);
	ck_assert_str_eq(sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest)),
			 sha256);
	for (size_t i = 0; i < b->n_pieces; i++) {
		const struct piece *p = &b->pieces[i];

		ck_assert_uint_le(p->offset + p->len, size);
		ck_assert_int_eq(
		    nipfs_cid_verify(&p->cid, (struct nipfs_slice){ nar.bytes + p->offset,
								    (size_t)p->len }),
		    0);
	}
	free(nar.bytes);
	b->n_pieces_checked = b->n_pieces;
	b->n_pieces = 0;
}

START_TEST(reads_as_the_nar_of_a_small_tree)
{
	static const struct tree_step small[] = {
		TREE_DIR(NULL),
		TREE_DIR("bin"),
		TREE_FILE("hello", "#!/bin/sh\necho hello\n", .mode = 0555),
		TREE_UP,
		TREE_DIR("share"),
		TREE_FILE("README", "hello\n"),
		TREE_FILE("empty", NULL),
		TREE_LINK("link", "../bin/hello"),
		TREE_UP,
		TREE_DIR("var"),
		TREE_UP,
		TREE_UP,
		TREE_END
	};
	struct both b;

	begin(&b, "nix");
	ck_assert_int_eq(feed_tree(&b.sink, small, 3, NULL), 0);
	check_nar(&b, 1416,
		  "d81c0f93afb83f3f04c634f9f3ada7dc77937f66e67a766db067a34d32455ba5");
	/* a single child stands for itself */
	ck_assert_uint_eq(b.n_pieces_checked, 1);
	end(&b);
}
END_TEST

START_TEST(reads_as_the_nar_of_a_big_tree)
{
	/* before, between and behind the four linked files; the 200 small ones take 3 */
	static const uint64_t lens[] = { 0, 0, 0, 1 << 20, 1 << 20, 0, 0 };
	struct both b;

	begin(&b, "nix");
	give_big_tree(&b);
	check_nar(&b, 5673480,
		  "e080dae29b79bb41c5b74739e50dbab058aca3a505be90e783260b9e5418cda4");
	ck_assert_uint_eq(b.n_pieces_checked, sizeof(lens) / sizeof(lens[0]));
	for (size_t i = 0; i < b.n_pieces_checked; i++)
		if (lens[i])
			ck_assert_uint_eq(b.pieces[i].len, lens[i]);
	end(&b);
}
END_TEST

START_TEST(links_the_files_of_the_tree)
{
	struct both b;
	struct nipfs_link file, nar;
	struct nipfs_slice block;
	struct nipfs__pb_node node;
	struct nipfs__pb_link child;
	size_t cursor = 0;

	begin(&b, "nix");
	give_file(&b, "", 20000, true);
	file = *nipfs_dag_builder_last_file(b.builder);
	ck_assert_int_eq(nipfs_nar_file_result(b.nar, &nar, NULL), 0);
	ck_assert_uint_eq(nar.file_bytes, 20112 + 32);
	ck_assert(memory_blocks_get(b.store, &nar.cid, &block));
	ck_assert_int_eq(nipfs__pb_node_decode(block, &node), 0);
	ck_assert_uint_eq(node.n_links, 3);
	ck_assert_int_eq(nipfs__pb_node_next(&node, &cursor, &child), 0);
	ck_assert_int_eq(nipfs__pb_node_next(&node, &cursor, &child), 0);
	ck_assert(nipfs_cid_equal(&child.cid, &file.cid));
	ck_assert_uint_eq(child.tsize, file.tsize);
	end(&b);
}
END_TEST

START_TEST(makes_one_after_another)
{
	struct both b;
	struct nipfs_link link;

	begin(&b, "unixfs-v0-2015 layout=trickle links=1");
	ck_assert_int_eq(nipfs_nar_file_result(b.nar, &link, NULL), NIPFS_E_USAGE);
	for (unsigned int i = 0; i < 2; i++) {
		give_file(&b, "", 20000, false);
		check_nar(
		    &b, 20112,
		    "a99672a6f40d989db24814144a21682244afac7d2a6400daf4e8b84a4ae5f5bb");
		give_dir(&b, "");
		ck_assert_int_eq(nipfs_nar_file_result(b.nar, &link, NULL),
				 NIPFS_E_USAGE);
		give_up(&b);
		check_nar(
		    &b, 96,
		    "a50a5ab6d992f5598edd92105059fae9acfc192981e08bd88534c2167e92526a");
	}
	end(&b);
}
END_TEST

START_TEST(wants_the_builder_before_it)
{
	const struct nipfs_entry e = { .kind = NIPFS_FILE, .size = 20000 };
	const struct nipfs_span span = { .ptr = content, .len = 20000, .fd = -1 };
	const struct nipfs_span more = { .ptr = content, .len = 20001, .fd = -1 };
	struct both b;

	begin(&b, "nix");
	ck_assert_int_eq(b.sinks[1].file(b.sinks[1].ctx, &e, NULL), 0);
	ck_assert_int_eq(b.sinks[1].bytes(b.sinks[1].ctx, &more, NULL), NIPFS_E_CHANGED);
	ck_assert_int_eq(b.sinks[1].file_end(b.sinks[1].ctx, NULL), NIPFS_E_CHANGED);
	ck_assert_int_eq(b.sinks[1].bytes(b.sinks[1].ctx, &span, NULL), 0);
	ck_assert_int_eq(b.sinks[1].file_end(b.sinks[1].ctx, NULL), NIPFS_E_USAGE);
	end(&b);
	nipfs_nar_file_free(NULL);
}
END_TEST

static Suite *nar_file_suite(void)
{
	Suite *s = suite_create("NAR-shaped files");
	TCase *tc = tcase_create("files");

	tcase_add_unchecked_fixture(tc, fill_content, NULL);
	tcase_add_test(tc, reads_as_the_nar_of_a_small_tree);
	tcase_add_test(tc, reads_as_the_nar_of_a_big_tree);
	tcase_add_test(tc, links_the_files_of_the_tree);
	tcase_add_test(tc, makes_one_after_another);
	tcase_add_test(tc, wants_the_builder_before_it);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(nar_file_suite)
