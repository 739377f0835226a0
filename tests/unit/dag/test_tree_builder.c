/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trees against CIDs that Kubo and the JavaScript importer print: items 1 to 5,
 * 9 to 11, 15 to 18 and 21 to 24 of the reference, and its executables.
 */
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/unixfs_params.h"

#include <nixipfs/dag.h>
#include <string.h>

#define V0 "unixfs-v0-2015"
#define V1 "kubo-cidv1"
#define P25 "unixfs-v1-2025"

/* Trees of one entry. */
#define ONE_FILE(tree, ...) \
	static const struct tree_step tree[] = { TREE_FILE(NULL, __VA_ARGS__), TREE_END }
#define ONE_LINK(tree, ...) \
	static const struct tree_step tree[] = { TREE_LINK(NULL, __VA_ARGS__), TREE_END }
#define ONE_DIR(tree, ...)                                                               \
	static const struct tree_step tree[] = { TREE_DIR(__VA_ARGS__), TREE_UP,         \
						 TREE_END }

ONE_FILE(empty_file, NULL);
ONE_DIR(empty_dir, NULL);
ONE_FILE(hello_world, "hello world");
ONE_FILE(hello_comma, "hello, world!");
ONE_FILE(test_text, "test");
ONE_FILE(checker, "Hello from IPFS Gateway Checker\n");
ONE_LINK(link_foo, "foo");
ONE_LINK(link_baz, "files/foo/baz");
ONE_LINK(link_bad, "files/does/not/exist");
static const struct tree_step with_links[] = {
	TREE_DIR(NULL),
	TREE_LINK("bad", "files/does/not/exist"),
	TREE_DIR("bar"),
	TREE_LINK("baz", "files/foo/baz"),
	TREE_UP,
	TREE_DIR("foo"),
	TREE_FILE("baz", "some text\n"),
	TREE_UP,
	TREE_UP,
	TREE_END
};
static const struct tree_step planets[] = { TREE_DIR(NULL),
					    TREE_FILE("mars.txt", "Hello Mars!\n"),
					    TREE_FILE("venus.txt", "Hello Venus!\n"),
					    TREE_UP,
					    TREE_END };

/* kubo test/sharness/t0047-add-mode-mtime.sh */
ONE_FILE(f_0640, NULL, .mode = 0640);
ONE_FILE(f_time, NULL, .seconds = 1604320482);
ONE_FILE(f_both, NULL, .mode = 0640, .seconds = 1604320482);
ONE_FILE(f_0764, NULL, .mode = 0764);
ONE_FILE(f_late, NULL, .seconds = 1603539720);
ONE_FILE(f_nsec, NULL, .seconds = 1603539720, .nanoseconds = 54321);
ONE_FILE(f_all, NULL, .mode = 0764, .seconds = 1603539720, .nanoseconds = 54321);
ONE_LINK(l_time, "nothing", .mode = 0777, .seconds = 1604320482);
ONE_LINK(l_late, "nothing", .mode = 0777, .seconds = 1603539720);
ONE_LINK(l_nsec, "nothing", .mode = 0777, .seconds = 1603539720, .nanoseconds = 54321);
ONE_DIR(d_0755, NULL, .mode = 0755);
ONE_DIR(d_time, NULL, .seconds = 1655158722);
ONE_DIR(d_0713, NULL, .mode = 0713);
ONE_DIR(d_late, NULL, .seconds = 1603539720);
ONE_DIR(d_nsec, NULL, .seconds = 1603539720, .nanoseconds = 54321);

enum { T = 1655158632 };
#define SUB1(name)                                                                       \
	TREE_DIR(name, .mode = 0755, .seconds = T + 40),                                 \
	    TREE_LINK("link1", "../sub2/file3", .mode = 0777, .seconds = T + 20),        \
	    TREE_DIR("sub2", .mode = 0755, .seconds = T + 30),                           \
	    TREE_FILE("file3", NULL, .mode = 0644, .seconds = T + 10), TREE_UP, TREE_UP
static const struct tree_step sub1[] = { SUB1(NULL), TREE_END };
static const struct tree_step kept_tree[] = {
	TREE_DIR(NULL, .mode = 0700, .seconds = T),
	TREE_DIR("dir1", .mode = 0755, .seconds = T + 90),
	TREE_UP,
	TREE_DIR("dir2", .mode = 0755, .seconds = T + 50),
	SUB1("sub1"),
	TREE_UP,
	TREE_DIR("dir3", .mode = 0755, .seconds = T + 70),
	TREE_FILE("file2", NULL, .mode = 0644, .seconds = T + 60),
	TREE_UP,
	TREE_FILE("file1", NULL, .mode = 0644, .seconds = T + 80),
	TREE_UP,
	TREE_END
};

#define HELLO "#!/bin/sh\necho hello\n"
static const struct tree_step nix_tree[] = {
	TREE_DIR(NULL, .mode = 0555, .seconds = 1),
	TREE_DIR("bin", .mode = 0555, .seconds = 1),
	TREE_FILE("hello", HELLO, .mode = 0555, .seconds = 1),
	TREE_UP,
	TREE_DIR("share", .mode = 0555, .seconds = 1),
	TREE_FILE("README", "hello\n", .mode = 0444, .seconds = 1),
	TREE_FILE("empty", NULL, .mode = 0444, .seconds = 1),
	TREE_LINK("link", "../bin/hello", .mode = 0777, .seconds = 1),
	TREE_UP,
	TREE_DIR("var", .mode = 0555, .seconds = 1),
	TREE_UP,
	TREE_UP,
	TREE_END
};
ONE_FILE(nix_hello, HELLO, .mode = 0555, .seconds = 1);
ONE_LINK(nix_link, "../bin/hello", .mode = 0777, .seconds = 1);
ONE_DIR(nix_var, NULL, .mode = 0555, .seconds = 1);
ONE_FILE(x_empty, NULL, .mode = 0555, .seconds = 1);
ONE_FILE(x_hello, "hello\n", .mode = 0755, .seconds = 1);
static const struct tree_step x_dir[] = {
	TREE_DIR(NULL, .mode = 0555, .seconds = 1),
	TREE_FILE("hello", HELLO, .mode = 0555, .seconds = 1), TREE_UP, TREE_END
};

static const struct {
	const char *params;
	const struct tree_step *tree;
	const char *cid;
	uint64_t tsize; /* 0: not known */
} trees[] = {
	/* 1 */
	{ V0, empty_file, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", 6 },
	{ V1, empty_file, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
	  0 },
	{ P25, empty_file, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
	  0 },
	{ V1 " raw-leaves=0", empty_file,
	  "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y", 6 },
	/* 2 */
	{ V0, empty_dir, "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", 4 },
	{ V1, empty_dir, "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354",
	  4 },
	{ V0 " inline=32", empty_dir, "bafyaabakaieac", 4 },
	/* 3 */
	{ V0, hello_world, "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD", 19 },
	{ V1, hello_world, "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
	  11 },
	{ V1 " raw-leaves=0", hello_world,
	  "bafybeihykld7uyxzogax6vgyvag42y7464eywpf55gxi5qpoisibh3c5wa", 19 },
	{ V1 " hash=sha2-512", hello_world,
	  "bafkrgqbqt3gerhas23vuzrapkdeqf4vu2dwxp3srdj6hvg6nhsug2tgyn6mj3u23yx7utftq3i2ck"
	  "w2"
	  "fwdh5qmhid5qf3t35yvkc5e5ottlw6",
	  11 },
	/* 4 */
	{ V0, hello_comma, "QmQy2Dw4Wk7rdJKjThjYXzfFJNaRKRHhHP5gHHXroJMYxk", 0 },
	{ V1, hello_comma, "bafkreidi4zlleupgp2bvrpxyja5lbvi4mym7hz5bvhyoowby2qp7g2hxfa",
	  0 },
	{ V0 " inline=32", hello_comma, "bafyaafikcmeaeeqnnbswy3dpfqqho33snrsccgan", 0 },
	{ V0 " inline=32 raw-leaves=1", hello_comma, "bafkqadlimvwgy3zmeb3w64tmmqqq", 0 },
	{ V0 " inline=0 raw-leaves=1", empty_file, "bafkqaaa", 0 },
	/* 5 */
	{ V1, test_text, "bafkreie7q3iidccmpvszul7kudcvvuavuo7u6gzlbobczuk5nqk3b4akba",
	  4 },
	{ V1 " raw-leaves=0", checker,
	  "bafybeifx7yeb55armcsxwwitkymga5xf53dxiarykms3ygqic223w5sk3m", 40 },
	/* 9 */
	{ V0, link_foo, "QmTB8BaCJdCH5H3k7GrxJsxgDNmNYGGR71C58ERkivXoj5", 9 },
	{ V0, link_baz, "QmdocmZeF7qwPT9Z8SiVhMSyKA2KKoA2J7jToW6z6WBmxR", 0 },
	{ V0, link_bad, "QmWYN8SEXCgNT2PSjB6BnxAx6NJQtazWoBkTRH9GRfPFFQ", 0 },
	/* 10 */
	{ V0, with_links, "QmWdiHKoeSW8G1u7ATCgpx4yMoUhYaJBQGkyPLkS9goYZ8", 0 },
	{ V1, with_links, "bafybeibyhlx64cklod6isy3h7tsmr4qvam3ae3b74n3hfes5bythjrwyua",
	  0 },
	/* 11 */
	{ V0, planets, "QmWSgS32xQEcXMeqd3YPJLrNBLSdsfYCep2U7CFkyrjXwY", 0 },
	{ V0 " raw-leaves=1", planets, "QmfWfQfKCY5Ukv9peBbxM5vqWM9BzmqUSXvdCgjT2wsiBT",
	  0 },
	{ V1, planets, "bafybeih7e5dmkyk25up5vxug4q3hrg2fxbzf23dfrac2fns5h7z4aa7ioi", 0 },
	{ V1 " raw-leaves=0", planets,
	  "bafybeif5tuep5ap2d7zyhbktucey75aoacxufgt6i3v4gebmixyipnyp7y", 0 },
	{ V1 " hash=blake2b-256", planets,
	  "bafykbzaceaptbcs7ik5mdfpot3b4ackvxlwh7loc5jcrtkayf64ukl7zyk46e", 0 },
	/* 15 */
	{ V0 " mode=preserve", f_0640, "QmQLgxypSNGNFTuUPGCecq6dDEjb6hNB5xSyVmP3cEuNtq",
	  0 },
	{ V0 " mtime=preserve", f_time, "QmQ6kErEW8kztQFV8vbwNU8E4dmtGsYpRiboiLxUEwibvj",
	  0 },
	{ V0 " mode=preserve mtime=preserve", f_both,
	  "QmYkvboLsvLFcSYmqVJRxvBdYRQLroLv9kELf3LRiCqBri", 0 },
	{ V0 " mode=preserve", f_0764, "QmchD3BN8TQ3RW6jPLxSaNkqvfuj7syKhzTRmL4EpyY1Nz",
	  0 },
	{ V0 " mtime=preserve", f_late, "QmT3aY4avDcYXCWpU8CJzqUkW7YEuEsx36S8cTNoLcuK1B",
	  0 },
	{ V0 " mtime=preserve", f_nsec, "QmaKH8H5rXBUBCX4vdxi7ktGQEL7wejV7L9rX2qpZjwncz",
	  0 },
	{ V0 " mode=preserve mtime=preserve", f_all,
	  "QmUkxrtBA8tPjwCYz1HrsoRfDz6NgKut3asVeHVQNH4C8L", 0 },
	/* 16 */
	{ V0 " mtime=preserve", l_time, "QmbJwotgtr84JxcnjpwJ86uZiyMoxbZuNH4YrdJMypkYaB",
	  0 },
	{ V0 " mtime=preserve", l_late, "QmV1Uot2gy4bhY9yvYiZxhhchhyYC6MKKoGV1XtWNmpCLe",
	  0 },
	{ V0 " mode=preserve mtime=preserve", l_nsec,
	  "QmPHYCxYvvHj6VxiPNJ3kXxcPsnJLDYUJqsDJWjvytmrmY", 0 },
	/* 17 */
	{ V0 " mode=preserve", d_0755, "QmRviohgafvCsbkiTgfQFipbuXJ6k1YtoiaQW4quttJPKu",
	  0 },
	{ V0 " mtime=preserve", d_time, "QmYMy7CZGb498QFSQBF5ZFwv1FYbrAtYZMe4VxhDXxAcvf",
	  0 },
	{ V0 " mode=preserve", d_0713, "QmQ1ABnw2iip7sj23EzzBZ9T77KyyfESP6SUboiXPyzNQe",
	  0 },
	{ V0 " mtime=preserve", d_late, "QmfWitW6F13WHFXLbJzXRYmwrS1p4gaAJAfucUSMytRPn3",
	  0 },
	{ V0 " mtime=preserve", d_nsec, "QmZFdCLJay31hT3Tx1LygJ7XfiLEs3qLCXtbeBfhf38aZg",
	  0 },
	/* 18 */
	{ V0 " mode=preserve mtime=preserve", kept_tree,
	  "QmSioyvQuXetxg7uo8FswGn9XKKEsisDq1HTMzGyWbw2R6", 0 },
	{ V0 " mode=preserve mtime=preserve", sub1,
	  "QmeQwX5qAX18fcPDxDdkfM6ttuFCZetF5hgeUa6ov8D5oc", 0 },
	/* 21 */
	{ V1, nix_tree, "bafybeidvjzco7grulro2a7imqkldtgzdwl6s7uk4epndzjscjbnc2u3m3m",
	  401 },
	{ V1, nix_hello, "bafkreif732xlbdh7w2rwiof42ew5ujkbpy6n2nxr47sifiuetvjzejjirm",
	  21 },
	{ V1, nix_link, "bafybeign5eta74bq7m4jb36nhedcisybqohsvjf2ms34tb7ps4zixbatru",
	  0 },
	/* 22 */
	{ V1 " raw-leaves=0 mode=preserve", nix_tree,
	  "bafybeifassgrht5n2b2thanb2r2tydl7mtlmshkj5eeolnrrhwzxczujtq", 444 },
	{ V1 " raw-leaves=0 mode=preserve", nix_hello,
	  "bafybeih35ey4hw2p3sdzw6v6h6yinux3ejfgnwza27qynftkaewr6o5f5e", 32 },
	{ V1 " raw-leaves=0 mode=preserve", nix_var,
	  "bafybeiht5hipb333zafazdoxkrrvfi6a4nogprszshznipktewzrjnsyve", 7 },
	/* 23 */
	{ V1 " raw-leaves=0 mode=preserve mtime=preserve", nix_tree,
	  "bafybeiac6ywtlciqbo7ybeog7ffi2tzcsp7ggielqxbrt3hr5rmtkhvlsa", 476 },
	{ V1 " raw-leaves=0 mode=preserve mtime=preserve", nix_link,
	  "bafybeihcc5tqtgna42eh7o5i43tni7ghe2jxnizbwwva4g3hiqad56sbou", 22 },
	/* 24 */
	{ V0, nix_tree, "Qme297FYZr5jM64q5EMdCp7zrVgTGfbGUoLTLx4YYvkhGT", 0 },
	{ V0 " mode=preserve", nix_tree, "QmeJ2nuRWScEUQhDE6ZzE92j52GibRJbrRKpXLEFK7VHq5",
	  0 },
	{ V0 " mode=preserve mtime=preserve", nix_tree,
	  "QmWbwmZpHoJDkyM8844QFPPVMsQbgUxzgXeMSqjK3aVgAT", 0 },
	/* executables over raw leaves */
	{ "nix", x_empty, "bafybeiejsblrg76i2hxwipom2lyhehq3ftfxbiurtumuxrfhz5u2jys7ne",
	  9 },
	{ "nix", x_hello, "bafybeiawz2ldz7kqzcxiu6vvw2b4skuj7ifzcz23osvy7xuw5pwr7ndyfm",
	  0 },
	{ "nix", nix_hello, "bafybeih35ey4hw2p3sdzw6v6h6yinux3ejfgnwza27qynftkaewr6o5f5e",
	  32 },
	{ "nix", x_dir, "bafybeiclod3f62nyb65sjzlfl7r5jsqqnrgxcztjuxkbks5k7eijompkx4",
	  0 },
};

START_TEST(gives_the_known_cid)
{
	static const size_t steps[] = { SIZE_MAX, 1, 7 };
	const struct nipfs_unixfs_params params = unixfs_params(trees[_i].params);
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	/* one builder makes one tree after another */
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char text[NIPFS_CID_TEXT_MAX];
		struct nipfs_link link;

		ck_assert_int_eq(feed_tree(&sink, trees[_i].tree, steps[i], &err), 0);
		ck_assert_int_eq(nipfs_dag_builder_result(b, &link), 0);
		nipfs_cid_format(&link.cid, text);
		ck_assert_str_eq(text, trees[_i].cid);
		if (trees[_i].tsize)
			ck_assert_uint_eq(link.tsize, trees[_i].tsize);
		ck_assert_int_eq(nipfs_dag_builder_result(b, &link), NIPFS_E_USAGE);
	}
	nipfs_dag_builder_free(b);
}
END_TEST

START_TEST(keeps_the_mode_0_of_directories_alone)
{
	static const struct nipfs_slice none = { NULL, 0 };
	const struct nipfs_unixfs_params params =
	    unixfs_params(V1 " raw-leaves=0 mode=preserve");
	struct nipfs_entry e = { none, NIPFS_DIRECTORY, .has_mode = true, .mode = 0 };
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	struct nipfs_link link;

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(sink.enter(sink.ctx, &e, NULL), 0);
	ck_assert_int_eq(sink.leave(sink.ctx, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &link), 0);
	ck_assert_uint_eq(link.tsize,
			  6); /* 0a 04 08 01 38 00, as Kubo 0.43.0 writes it */
	e.kind = NIPFS_FILE;
	ck_assert_int_eq(sink.file(sink.ctx, &e, NULL), 0);
	ck_assert_int_eq(sink.file_end(sink.ctx, NULL), 0);
	ck_assert_int_eq(nipfs_dag_builder_result(b, &link), 0);
	ck_assert_uint_eq(link.tsize, 6); /* 0a 04 08 02 18 00 */
	nipfs_dag_builder_free(b);
}
END_TEST

/* Opens a file of @size bytes, gives @given of them, and ends it. */
static int give(const char *params_text, uint64_t size, size_t given,
		struct nipfs_error *err)
{
	static const uint8_t bytes[100];
	const struct nipfs_unixfs_params params = unixfs_params(params_text);
	const struct nipfs_entry e = { .name = { (const uint8_t *)"a file", 6 },
				       .kind = NIPFS_FILE,
				       .size = size };
	const struct nipfs_span span = { .ptr = bytes, .len = given, .fd = -1 };
	struct nipfs_dag_builder *b;
	struct nipfs_tree_sink sink;
	int r;

	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
	sink = nipfs_dag_builder_sink(b);
	ck_assert_int_eq(sink.file(sink.ctx, &e, err), 0);
	r = given ? sink.bytes(sink.ctx, &span, err) : 0;
	if (r == 0)
		r = sink.file_end(sink.ctx, err);
	nipfs_dag_builder_free(b);
	return r;
}

START_TEST(notices_files_that_change)
{
	static const char *const params[] = { "nix", V0, V0 " layout=trickle",
					      "nix chunker=size-7",
					      "nix chunker=buzhash" };

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		struct nipfs_error err = { 0 };

		ck_assert_int_eq(give(params[i], 50, 50, &err), 0);
		ck_assert_int_eq(give(params[i], 0, 0, &err), 0);
		ck_assert_int_eq(give(params[i], 50, 49, &err), NIPFS_E_CHANGED);
		ck_assert_str_eq(err.msg, "file 'a file' changed while it was read");
		ck_assert_int_eq(give(params[i], 50, 51, &err), NIPFS_E_CHANGED);
		ck_assert_int_eq(give(params[i], 0, 1, &err), NIPFS_E_CHANGED);
		ck_assert_int_eq(give(params[i], 1, 0, &err), NIPFS_E_CHANGED);
	}
}
END_TEST

START_TEST(ends_at_any_point)
{
	const struct nipfs_unixfs_params params = unixfs_params("nix");

	for (size_t n = 0; n < sizeof(kept_tree) / sizeof(kept_tree[0]); n++) {
		struct tree_step part[sizeof(kept_tree) / sizeof(kept_tree[0]) + 1] = {
			0
		};
		struct nipfs_dag_builder *b;
		struct nipfs_tree_sink sink;
		struct nipfs_link link;

		memcpy(part, kept_tree, n * sizeof(part[0]));
		ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, NULL), 0);
		sink = nipfs_dag_builder_sink(b);
		ck_assert_int_eq(feed_tree(&sink, part, 1, NULL), 0);
		ck_assert_int_eq(nipfs_dag_builder_result(b, &link),
				 n + 1 == sizeof(kept_tree) / sizeof(kept_tree[0]) ?
					 0 :
					 NIPFS_E_USAGE);
		nipfs_dag_builder_free(b);
	}
	nipfs_dag_builder_free(NULL);
}
END_TEST

START_TEST(refuses_bad_parameters)
{
	struct nipfs_unixfs_params params = unixfs_params("nix");
	struct nipfs_dag_builder *b = NULL;
	struct nipfs_error err = { 0 };

	params.hamt_fanout = 7;
	ck_assert_int_eq(nipfs_dag_builder_new(&b, &params, NULL, &err), NIPFS_E_USAGE);
	ck_assert_ptr_null(b);
	ck_assert_ptr_nonnull(strstr(err.msg, "fanout"));
}
END_TEST

START_TEST(puts_files_and_symlinks_without_a_tree)
{
	const struct nipfs_unixfs_params params = unixfs_params("nix");
	static const uint8_t text[] = "hello world";
	char cid[NIPFS_CID_TEXT_MAX];
	struct nipfs_link link;

	ck_assert_int_eq(nipfs_dag_put_file(&params, NULL,
					    (struct nipfs_slice){ text, 11 }, &link,
					    NULL),
			 0);
	nipfs_cid_format(&link.cid, cid);
	ck_assert_str_eq(cid,
			 "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
	ck_assert_uint_eq(link.file_bytes, 11);
	ck_assert_int_eq(nipfs_dag_put_file(&params, NULL,
					    (struct nipfs_slice){ NULL, 0 }, &link, NULL),
			 0);
	ck_assert_uint_eq(link.tsize, 0);
	ck_assert_int_eq(nipfs_dag_put_symlink(
			     &params, NULL,
			     (struct nipfs_slice){ (const uint8_t *)"../bin/hello", 12 },
			     &link, NULL),
			 0);
	nipfs_cid_format(&link.cid, cid);
	ck_assert_str_eq(cid,
			 "bafybeign5eta74bq7m4jb36nhedcisybqohsvjf2ms34tb7ps4zixbatru");
}
END_TEST

static Suite *tree_builder_suite(void)
{
	Suite *s = suite_create("tree builder");
	TCase *tc = tcase_create("trees");

	tcase_add_loop_test(tc, gives_the_known_cid, 0, sizeof(trees) / sizeof(trees[0]));
	tcase_add_test(tc, keeps_the_mode_0_of_directories_alone);
	tcase_add_test(tc, notices_files_that_change);
	tcase_add_test(tc, ends_at_any_point);
	tcase_add_test(tc, refuses_bad_parameters);
	tcase_add_test(tc, puts_files_and_symlinks_without_a_tree);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(tree_builder_suite)
