/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a node answers to what it is given, where a real one can't be made to answer so:
 * nothing counts that was not acknowledged, whether it was sent as it was made or later.
 */
#include <stdio.h>
#include <stdlib.h>

#include <nixipfs/dag.h>
#include <nixipfs/publish.h>

#include "lib/ipfs/published.h"
#include "lib/publish_early.h"
#include "tests/support/car_blocks.h"
#include "tests/support/check_main.h"
#include "tests/support/feed_tree.h"
#include "tests/support/http_server.h"
#include "tests/support/scratch.h"

#define PEER "12D3KooWfake"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Stream-Error\r\n\r\n"

/* How an answer to dag/import ends. */
enum how { WELL, PIN_ERROR, STREAM_ERROR, CUT, TOO_FEW };

static struct http_server *server;
static struct nipfs_error err;
static enum how how;
static const char *peers, *id;
static int id_status;
static struct memory_blocks *made, *taken;
static struct nipfs_link root;
static char told[2048];
static size_t imports;
static bool if_there;
static enum nipfs_provide provide;
static char pin_request[512];

/* ---- the node -------------------------------------------------------------------------- */

/* The CAR that was posted. Return: how many blocks. */
static size_t take_car(const struct http_answer *request)
{
	struct car_bytes bytes = { request->body, request->body_len, 0, 0 };
	const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, "import" };
	const uint8_t *begin = memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4), *end;
	struct nipfs_car_reader *reader;
	struct nipfs_car_section section;
	struct nipfs_slice block;
	size_t n = 0;

	ck_assert_ptr_nonnull(begin);
	bytes.at = (size_t)(begin + 4 - bytes.ptr);
	end = memmem(begin + 4, bytes.len - bytes.at, "\r\n--nix-ipfs-", 13);
	ck_assert_ptr_nonnull(end);
	bytes.len = (size_t)(end - bytes.ptr);
	ck_assert_int_eq(nipfs_car_reader_new(&reader, &input, NULL), 0);
	for (; nipfs_car_reader_next(reader, &section, NULL) == 0; n++) {
		ck_assert_int_eq(nipfs_car_reader_block(reader, &block, NULL), 0);
		memory_blocks_put_as(taken, &section.cid, block);
	}
	nipfs_car_reader_free(reader);
	return n;
}

static void answer_import(struct http_answer *out)
{
	const size_t n = take_car(out);
	char stats[128], text[512];

	imports++;
	(void)snprintf(stats, sizeof(stats), "{\"Stats\":{\"BlockCount\":%zu}}\n",
		       how == TOO_FEW ? n - 1 : n);
	if (how == PIN_ERROR)
		(void)snprintf(stats, sizeof(stats),
			       "{\"Root\":{\"Cid\":{\"/\":\"bafkqaaa\"},\"PinErrorMsg\":\"no pin\"}}\n");
	(void)snprintf(text, sizeof(text), CHUNKED "%zx\r\n%s\r\n%s%s", strlen(stats), stats,
		       how == CUT ? "" : "0\r\n",
		       how == CUT	   ? "" :
		       how == STREAM_ERROR ? "X-Stream-Error: the disk is full\r\n\r\n" :
					     "\r\n");
	http_say(out, text);
	out->then = HTTP_CLOSE;
}

static void answer(void *ctx, const char *head, struct http_answer *out)
{
	const char *text = "{}\n";
	int status = 200;

	(void)ctx;
	if (strncmp(head, "POST /api/v0/dag/import?", 24) == 0) {
		answer_import(out);
		return;
	}
	if (strncmp(head, "POST /api/v0/id", 15) == 0) {
		text = id;
		status = id_status;
	} else if (strncmp(head, "POST /api/v0/swarm/peers", 24) == 0) {
		text = peers;
	} else if (strncmp(head, "POST /api/v0/pin/add", 20) == 0) {
		(void)snprintf(pin_request, sizeof(pin_request), "%.*s", (int)strcspn(head, "\r"), head);
	} else if (strncmp(head, "POST /api/v0/pin/ls", 19) == 0) {
		text = "{\"Message\":\"path is not pinned\"}\n";
		status = 500;
	}
	http_give(out, status, text, strlen(text));
}

/* ---- what is published -------------------------------------------------------------------- */

static const struct tree_step tree[] = {
	TREE_DIR(NULL),
	TREE_FILE("a", "some bytes"),
	TREE_DIR("bin"),
	TREE_FILE("hi", "#!/bin/sh\necho hi\n", .mode = 0755),
	TREE_UP,
	TREE_FILE("z", "other bytes"),
	TREE_UP,
	TREE_END,
};

static void make(const struct nipfs_block_sink *blocks)
{
	struct nipfs_dag_builder *builder;
	struct nipfs_unixfs_params params;
	struct nipfs_tree_sink sink;

	ck_assert_int_eq(nipfs_unixfs_profile("nix", &params), 0);
	ck_assert_int_eq(nipfs_dag_builder_new(&builder, &params, blocks, &err), 0);
	sink = nipfs_dag_builder_sink(builder);
	ck_assert_msg(feed_tree(&sink, tree, 7, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(nipfs_dag_builder_result(builder, &root), 0);
	nipfs_dag_builder_free(builder);
}

static void tell(void *ctx, const char *message)
{
	(void)ctx;
	strncat(told, message, sizeof(told) - strlen(told) - 2);
	strcat(told, "\n");
}

static void setup(void)
{
	struct nipfs_block_sink blocks;

	scratch_setup();
	unsetenv("NIX_IPFS_API_AUTH");
	unsetenv("NIX_IPFS_API_AUTH_FILE");
	server = http_server_new(answer, NULL);
	http_server_read_bodies(server);
	made = memory_blocks_new();
	taken = memory_blocks_new();
	blocks = memory_blocks_sink(made);
	make(&blocks);
	how = WELL;
	peers = "{\"Peers\":null}\n";
	id = "{\"ID\":\"" PEER "\"}\n";
	id_status = 200;
	imports = 0;
	if_there = false;
	provide = NIPFS_PROVIDE_DEFAULT;
	told[0] = pin_request[0] = 0;
}

static void teardown(void)
{
	http_server_free(server);
	memory_blocks_free(made);
	memory_blocks_free(taken);
	scratch_teardown();
}

static struct nipfs_publish_options options(void)
{
	return (struct nipfs_publish_options){
		.node = { .api = http_server_url(server), .timeout_s = 5, .tell = tell },
		.if_there = if_there,
		.state_dir = ".",
		.provide = provide,
	};
}

/* Publishes it. @early: while it is made. */
static int publish(bool early, struct nipfs_published *out)
{
	const struct nipfs_publish_options o = options();
	struct nipfs_publisher *p;
	int r;

	ck_assert_msg(nipfs_publisher_new(&p, &o, &err) == 0, "%s", err.msg);
	if (early) {
		const struct nipfs_block_sink sink = nipfs__publish_sink(p);

		make(&sink);
		ck_assert_int_eq(nipfs__publish_whole(p, &root.cid, &err), 0);
	}
	r = nipfs_publisher_finish(p, memory_blocks_source(made), &root, out, &err);
	nipfs_publisher_free(p);
	return r;
}

/* What is recorded of the node: as nipfs__published_find(). */
static int recorded(const struct nipfs_cid *cid)
{
	struct nipfs__published *p;
	int r;

	ck_assert_int_eq(nipfs__published_open(&p, ".", PEER, &err), 0);
	r = nipfs__published_find(p, cid, &err);
	nipfs__published_close(p);
	return r;
}

/* ---- the tests ---------------------------------------------------------------------------- */

START_TEST(publishes)
{
	struct nipfs_published out;

	ck_assert_msg(publish(_i, &out) == 0, "%s", err.msg);
	ck_assert_str_eq(out.peer, PEER);
	ck_assert_uint_eq(out.blocks, made->n);
	ck_assert_uint_eq(out.bytes, made->bytes);
	ck_assert_uint_eq(out.requests, 1);
	ck_assert_uint_eq(taken->n, made->n);
	ck_assert_int_eq(recorded(&root.cid), 2);
	ck_assert_str_eq(told, "");
	/* once more: nothing is sent */
	ck_assert_msg(publish(_i, &out) == 0, "%s", err.msg);
	ck_assert_uint_eq(out.requests, 0);
	ck_assert_uint_eq(imports, 1);
}
END_TEST

static const struct {
	enum nipfs_provide provide;
	const char *param; /* NULL: it is for the node */
} provided[] = {
	{ NIPFS_PROVIDE_DEFAULT, NULL },
	{ NIPFS_PROVIDE_ROOT, "&fast-provide-root=true" },
	{ NIPFS_PROVIDE_NONE, "&fast-provide-root=false" },
};

START_TEST(asks_for_what_is_to_be_announced)
{
	struct nipfs_published out;

	provide = provided[_i].provide;
	ck_assert_msg(publish(false, &out) == 0, "%s", err.msg);
	ck_assert_ptr_nonnull(strstr(pin_request, "offline=true"));
	if (provided[_i].param)
		ck_assert_ptr_nonnull(strstr(pin_request, provided[_i].param));
	else
		ck_assert_ptr_null(strstr(pin_request, "fast-provide-root"));
}
END_TEST

/* What was sent as it was made is not read again. */
START_TEST(reads_nothing_again)
{
	struct nipfs_published out;

	for (size_t i = 0; i < made->n; i++) {
		const struct nipfs_cid cid = memory_blocks_cid(made, i);

		/* but for the root, which may be that of a closure */
		if (!nipfs_cid_equal(&cid, &root.cid))
			memory_blocks_fault(made, &cid, MEMORY_FAULT_MISSING);
	}
	ck_assert_int_eq(publish(false, &out), NIPFS_E_NOTFOUND);
	ck_assert_msg(publish(true, &out) == 0, "%s", err.msg);
	ck_assert_uint_eq(taken->n, made->n);
}
END_TEST

static const struct {
	enum how how;
	const char *says;
	int code, exit_code;
} failures[] = {
	{ PIN_ERROR, "dag/import: no pin", NIPFS_E_REFUSED, 1 },
	{ STREAM_ERROR, "dag/import: the disk is full", NIPFS_E_REFUSED, 1 },
	{ TOO_FEW, "dag/import: it took 4 of 5 blocks and does not say why", NIPFS_E_REFUSED, 1 },
	{ CUT, "dag/import: ", NIPFS_E_UNREACHABLE, 5 },
};
enum { N_FAILURES = sizeof(failures) / sizeof(failures[0]) };

START_TEST(fails)
{
	const bool early = _i >= N_FAILURES;
	const int i = _i % N_FAILURES;
	struct nipfs_published out;

	how = failures[i].how;
	ck_assert_msg(publish(early, &out) == failures[i].code, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, failures[i].says) != NULL, "%s", err.msg);
	ck_assert_int_eq(nipfs_err_exit_code(err.code), failures[i].exit_code);
	for (size_t n = 0; n < made->n; n++) {
		const struct nipfs_cid cid = memory_blocks_cid(made, n);

		ck_assert_int_eq(recorded(&cid), 0);
	}
	/* a connection that broke is tried again, and that is told; else nothing is sent twice */
	ck_assert_uint_eq(imports, how == CUT ? 3U + early : 1U);
	ck_assert_int_eq(told[0] != 0, how == CUT);
	/* and with a node that is well again it goes on */
	how = WELL;
	ck_assert_msg(publish(early, &out) == 0, "%s", err.msg);
	ck_assert_uint_eq(out.blocks, made->n);
}
END_TEST

/* On the public network: told the first time. */
START_TEST(tells_of_the_public)
{
	struct nipfs_published out;

	peers = "{\"Peers\":[{\"Addr\":\"/ip4/127.0.0.1/tcp/1\"},{\"Addr\":\"/ip4/10.1.2.3/tcp/1\"},"
		"{\"Addr\":\"/ip6/fe80::1/tcp/1\"}]}\n";
	ck_assert_msg(publish(true, &out) == 0, "%s", err.msg);
	ck_assert_str_eq(told, "");
	peers = "{\"Peers\":[{\"Addr\":\"/ip4/192.168.0.1/tcp/1\"},{\"Addr\":\"/ip4/9.9.9.9/tcp/1\"},"
		"{\"Addr\":\"/ip6/2001:db8::1/udp/1/quic-v1\"}]}\n";
	ck_assert_msg(publish(true, &out) == 0, "%s", err.msg);
	ck_assert_msg(strstr(told, "connected to 2 peers on the public network") != NULL, "%s", told);
	told[0] = 0;
	ck_assert_msg(publish(false, &out) == 0, "%s", err.msg);
	ck_assert_str_eq(told, "");
}
END_TEST

/* What answers may be something else: where no node was named, that is none. */
static const struct {
	int status, code;
	const char *text;
} strangers[] = {
	{ 404, NIPFS_E_UNSUPPORTED, "not found\n" },
	{ 405, NIPFS_E_UNSUPPORTED, "" },
	{ 501, NIPFS_E_REFUSED, "<html>Unsupported method ('POST')</html>\n" },
	{ 302, NIPFS_E_REFUSED, "" },
	{ 200, NIPFS_E_INVALID, "<html>Hello\n" },
	{ 200, NIPFS_E_INVALID, "" },
	{ 200, NIPFS_E_UNSUPPORTED, "{\"hello\":\"there\"}\n" },
	/* these may be a node's */
	{ 403, NIPFS_E_UNREACHABLE, "403 - Forbidden\n" },
	{ 503, NIPFS_E_UNREACHABLE, "" },
};

START_TEST(is_somebody_else)
{
	const int code = strangers[_i].code;
	struct nipfs_published out;
	int r;

	id = strangers[_i].text;
	id_status = strangers[_i].status;
	for (int early = 0; early < 2; early++) {
		if_there = false;
		r = publish(early, &out);
		ck_assert_msg(r == code, "%d: %s", r, err.msg);
		ck_assert_str_eq(told, "");
		if_there = true;
		r = publish(early, &out);
		ck_assert_int_eq(r, code == NIPFS_E_UNREACHABLE ? code : 1);
		ck_assert_int_eq(strstr(told, "no Kubo node") != NULL, r == 1);
		told[0] = 0;
	}
	ck_assert_uint_eq(imports, 0);
}
END_TEST

static Suite *publish_suite(void)
{
	Suite *s = suite_create("publish");
	TCase *t = tcase_create("publish");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, publishes, 0, 2);
	tcase_add_loop_test(t, asks_for_what_is_to_be_announced, 0, 3);
	tcase_add_test(t, reads_nothing_again);
	tcase_add_loop_test(t, fails, 0, 2 * N_FAILURES);
	tcase_add_test(t, tells_of_the_public);
	tcase_add_loop_test(t, is_somebody_else, 0, sizeof(strangers) / sizeof(strangers[0]));
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(publish_suite)
