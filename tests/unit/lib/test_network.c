/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gateways and nodes as block source: whom is asked, who is believed, who is waited for. */
#include <nixipfs/network.h>

#include <stdio.h>

#include <nixipfs/progress.h>
#include <nixipfs/sources.h>
#include <nixipfs/unixfs.h>

#include "multiformats/base/slice.h"
#include "tests/support/block_answers.h"
#include "tests/support/check_main.h"
#include "tests/support/http_server.h"
#include "tests/support/memory_blocks.h"
#include "tests/support/scratch.h"

enum { GATEWAYS = 3, MANY = 300 };

/*
 * What a gateway is like.
 * @blocks:   that it has
 * @kind:     how it answers
 * @from:     and from which request on; before that it is good
 * @requests: so far
 */
struct gateway {
	struct memory_blocks *blocks;
	enum kind {
		GOOD,
		WRONG,
		PAGE,
		BUSY,  /* 429, and to come back in a second */
		AWAY,  /* 429, and to come back in an hour */
		BROKEN, /* 500 */
		GONE,  /* 504 */
		CLOSES,
		CUTS,
		STALLS,
		NODE   /* has its blocks once it was made to fetch them */
	} kind;
	size_t from, requests, walks, gifts, plain, refused;
	bool walked;
	struct http_server *server;
};

static struct gateway gateways[GATEWAYS];
static struct nipfs_block_source *source;
static size_t told;

/* ---- gateways ------------------------------------------------------------------------- */

static void answer_good(const struct gateway *g, const struct nipfs_cid *cid,
			struct http_answer *out)
{
	struct nipfs_slice bytes;

	if (memory_blocks_get(g->blocks, cid, &bytes))
		http_give(out, 200, bytes.ptr, bytes.len);
	else
		http_give(out, 404, "no", 2);
}

/* The CID behind a prefix of the request. */
static bool read_cid(const char *head, const char *prefix, struct nipfs_cid *out)
{
	const size_t n = strlen(prefix);

	if (strncmp(head, prefix, n) != 0)
		return false;
	ck_assert_int_eq(nipfs_cid_parse(nipfs__slice(head + n, strcspn(head + n, "?& ")), out),
			 0);
	return true;
}

static void answer_bad(struct gateway *g, const struct nipfs_cid *cid, struct http_answer *out)
{
	switch (g->kind) {
	case WRONG:
		http_give(out, 200, "wrong", 5);
		break;
	case PAGE:
		http_say(out, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
			      "Content-Length: 2\r\n\r\nhi");
		break;
	case BUSY:
		http_say(out, "HTTP/1.1 429 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
		break;
	case AWAY:
		http_say(out, "HTTP/1.1 429 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n");
		break;
	case BROKEN:
		http_give(out, 500, "no", 2);
		break;
	case GONE:
		http_give(out, 504, "no", 2);
		break;
	case CUTS:
		answer_good(g, cid, out);
		out->len--;
		out->then = HTTP_CLOSE;
		break;
	case STALLS:
		out->then = HTTP_STALL;
		break;
	case CLOSES:
	case GOOD:
	case NODE:
	default:
		out->then = HTTP_CLOSE;
	}
}

/* A node that has nothing until it was told to fetch all. */
static void answer_node(struct gateway *g, const char *head, struct http_answer *out)
{
	struct nipfs_cid cid;

	if (strncmp(head, "POST /api/v0/refs?arg=", 22) == 0) {
		ck_assert_ptr_nonnull(strstr(head, "Authorization: Bearer t0ken\r\n"));
		g->walks++;
		g->walked = true;
		http_give(out, 200, "{}", 2);
		return;
	}
	if (strncmp(head, "POST /api/v0/block/put?cid-codec=raw", 36) == 0) {
		g->gifts++;
		http_give(out, 200, "{}", 2);
		out->then = HTTP_CLOSE; /* with the form unread */
		return;
	}
	ck_assert(read_cid(head, "GET /ipfs/", &cid));
	ck_assert_ptr_null(strstr(head, "Authorization"));
	if (strstr(head, "Cache-Control: only-if-cached\r\n")) {
		if (g->walked) {
			answer_good(g, &cid, out);
		} else {
			g->refused++;
			http_give(out, 412, "no", 2);
		}
		return;
	}
	g->plain++;
	answer_good(g, &cid, out);
}

static void answer(void *ctx, const char *head, struct http_answer *out)
{
	struct gateway *g = ctx;
	struct nipfs_cid cid;

	if (g->kind == NODE) {
		answer_node(g, head, out);
		return;
	}
	ck_assert(read_cid(head, "GET /ipfs/", &cid));
	ck_assert_ptr_nonnull(strstr(head, "?format=raw "));
	ck_assert_ptr_nonnull(strstr(head, "Accept: application/vnd.ipld.raw\r\n"));
	ck_assert_ptr_null(strstr(head, "Accept-Encoding"));
	if (g->requests++ < g->from || g->kind == GOOD)
		answer_good(g, &cid, out);
	else
		answer_bad(g, &cid, out);
}

static struct nipfs_cid put(size_t gateway, const char *text)
{
	return memory_blocks_put(gateways[gateway].blocks, NIPFS_CODEC_RAW,
				 nipfs__slice_str(text));
}

/* The same block for all gateways. */
static struct nipfs_cid put_all(const char *text)
{
	for (size_t i = 1; i < GATEWAYS; i++)
		(void)put(i, text);
	return put(0, text);
}

static void tell(void *ctx, const char *message)
{
	(void)ctx;
	ck_assert_ptr_nonnull(strstr(message, " is asked no more: "));
	told++;
}

static void open_source(size_t n)
{
	const struct nipfs_network_options options = { .timeout_s = 1, .tell = tell };
	const char *from[GATEWAYS];
	struct nipfs_error err = { 0 };

	for (size_t i = 0; i < n; i++)
		from[i] = http_server_url(gateways[i].server);
	ck_assert_msg(nipfs_source_open(&source, from, n, &options, &err) == 0, "%s", err.msg);
}

static void setup(void)
{
	scratch_setup();
	memset(gateways, 0, sizeof(gateways));
	unsetenv("http_proxy");
	told = 0;
	for (size_t i = 0; i < GATEWAYS; i++) {
		gateways[i].blocks = memory_blocks_new();
		gateways[i].server = http_server_new(answer, &gateways[i]);
	}
}

static void teardown(void)
{
	nipfs_block_source_free(source);
	source = NULL;
	for (size_t i = 0; i < GATEWAYS; i++) {
		http_server_free(gateways[i].server);
		memory_blocks_free(gateways[i].blocks);
	}
	scratch_teardown();
}

static void expect_text(const struct nipfs_cid *cid, const char *text)
{
	expect_block(source, cid, nipfs__slice_str(text));
}

/* ---- one gateway ------------------------------------------------------------------------ */

START_TEST(blocks_of_a_gateway)
{
	const struct nipfs_cid a = put(0, "a"), b = put(0, "bb"), empty = put(0, "");
	const struct nipfs_cid no = put(1, "not there");
	struct nipfs_block block;

	open_source(1);
	expect_idle(source);
	expect_text(&b, "bb");
	ck_assert_str_eq(source->name, http_server_url(gateways[0].server));
	expect_text(&a, "a");
	expect_text(&empty, "");
	expect_status(source, &no, NIPFS_E_NOTFOUND);
	expect_text(&b, "bb");
	expect_idle(source);
	/* what is a node was kept, and nobody has to be asked for nothing */
	ck_assert_uint_eq(gateways[0].requests, 3);
	ck_assert_int_eq(ask_block(source, &a, &block), 0);
	ck_assert(block.verified);
}
END_TEST

static void make_many(struct nipfs_want *wants, size_t gateway)
{
	char text[32];

	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "block %zu", i);
		wants[i] = (struct nipfs_want){ put(gateway, text), NIPFS_WANT_LEAF, 0 };
	}
}

/* All of them, each once. Return: how many came with bytes. */
static size_t take_many(const struct nipfs_want *wants)
{
	static bool seen[MANY];
	struct nipfs_block block;
	size_t n = 0, good = 0;

	memset(seen, 0, sizeof(seen));
	while (source->ops->next(source, &block, NULL) == 0) {
		size_t i = 0;

		while (!nipfs_cid_equal(&wants[i].cid, &block.cid))
			ck_assert_uint_lt(++i, MANY);
		ck_assert(!seen[i]);
		seen[i] = true;
		n++;
		good += block.status == 0;
	}
	ck_assert_uint_eq(n, MANY);
	return good;
}

START_TEST(many_wants_at_once)
{
	static struct nipfs_want wants[MANY];

	make_many(wants, 0);
	open_source(1);
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
	ck_assert_uint_eq(take_many(wants), MANY);
}
END_TEST

START_TEST(wants_that_are_taken_back)
{
	static struct nipfs_want wants[MANY];
	struct nipfs_block block;
	size_t n = 0;

	make_many(wants, 0);
	open_source(1);
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
	ck_assert_int_eq(source->ops->next(source, &block, NULL), 0);
	for (size_t i = 0; i < MANY - 10; i++)
		source->ops->cancel(source, &wants[i].cid);
	while (source->ops->next(source, &block, NULL) == 0)
		n++;
	ck_assert_uint_ge(n, 9);
	ck_assert_uint_le(n, 11);
	/* and a source that ends while much is under way */
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
}
END_TEST

static const struct {
	enum kind kind;
	int status;
	const char *says;
} bad[] = {
	{ WRONG, NIPFS_E_MISMATCH, "" },
	{ PAGE, NIPFS_E_UNREACHABLE, "(it answers as no gateway does)" },
	{ AWAY, NIPFS_E_UNREACHABLE, "left alone for 3600 s" },
	{ BROKEN, NIPFS_E_UNREACHABLE, "(HTTP 500)" },
	{ GONE, NIPFS_E_UNREACHABLE, "found nobody" },
	{ CLOSES, NIPFS_E_UNREACHABLE, "(empty reply" },
	{ CUTS, NIPFS_E_UNREACHABLE, "(transfer closed" },
	{ STALLS, NIPFS_E_UNREACHABLE, "(no answer within 1 s)" },
};

START_TEST(a_bad_gateway)
{
	const struct nipfs_cid a = put(0, "a");

	gateways[0].kind = bad[_i].kind;
	open_source(1);
	expect_status(source, &a, bad[_i].status);
	ck_assert_msg(strstr(source->name, bad[_i].says) != NULL, "%s", source->name);
	expect_idle(source);
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(a_gateway_that_is_busy_for_a_while)
{
	const struct nipfs_cid a = put(0, "a"), b = put(0, "b");

	open_source(1);
	expect_text(&a, "a");
	gateways[0].kind = BUSY;
	ck_assert_int_eq(source->ops->want(source, &(struct nipfs_want){ b, NIPFS_WANT_LEAF, 0 },
					   1, NULL),
			 0);
	while (gateways[0].requests < 2)
		(void)source->ops->ready(source, 10);
	gateways[0].kind = GOOD;
	expect_text(&b, "b");
	ck_assert_uint_eq(gateways[0].requests, 3);
}
END_TEST

START_TEST(nobody_is_there)
{
	const char *const from[] = { "http://127.0.0.1:1" };
	const struct nipfs_cid a = put(0, "a");

	ck_assert_int_eq(nipfs_source_open(&source, from, 1, NULL, NULL), 0);
	expect_status(source, &a, NIPFS_E_UNREACHABLE);
	ck_assert_str_eq(source->name, "http://127.0.0.1:1 (connection refused)");
	/* it is not tried again */
	expect_status(source, &a, NIPFS_E_UNREACHABLE);
}
END_TEST

START_TEST(cancelling_ends_a_wait)
{
	const struct nipfs_want want = { put(0, "a"), NIPFS_WANT_LEAF, 0 };
	struct nipfs_block block;

	gateways[0].kind = STALLS;
	open_source(1);
	ck_assert_int_eq(source->ops->want(source, &want, 1, NULL), 0);
	nipfs_cancel();
	ck_assert_int_eq(source->ops->next(source, &block, NULL), NIPFS_E_CANCELLED);
	nipfs_cancel_reset();
}
END_TEST

/* ---- several ------------------------------------------------------------------------------ */

START_TEST(what_one_lacks_the_next_has)
{
	const struct nipfs_cid a = put(0, "a"), b = put(1, "b"), c = put(2, "c");
	struct nipfs_cid no = a;

	open_source(3);
	expect_text(&c, "c");
	ck_assert_str_eq(source->name, http_server_url(gateways[2].server));
	expect_text(&a, "a");
	expect_text(&b, "b");
	ck_assert_uint_eq(gateways[0].requests, 3);
	ck_assert_uint_eq(gateways[1].requests, 2);
	ck_assert_uint_eq(gateways[2].requests, 1);
	no.digest[0] ^= 1;
	expect_status(source, &no, NIPFS_E_NOTFOUND);
	for (size_t i = 0; i < GATEWAYS; i++)
		ck_assert_ptr_nonnull(
			strstr(source->name, http_server_url(gateways[i].server)));
}
END_TEST

START_TEST(a_bad_one_does_not_matter)
{
	static struct nipfs_want wants[MANY];
	const size_t which = (size_t)_i % 2, kind = (size_t)_i / 2;

	make_many(wants, 0);
	make_many(wants, 1);
	gateways[which].kind = bad[kind].kind;
	gateways[which].from = 5;
	open_source(2);
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
	ck_assert_uint_eq(take_many(wants), MANY);
}
END_TEST

START_TEST(who_lies_is_dropped_and_told_of)
{
	struct nipfs_cid a = put_all("a");

	gateways[0].kind = WRONG;
	open_source(2);
	expect_text(&a, "a");
	ck_assert_uint_eq(told, 0);
	a = put_all("b");
	expect_text(&a, "b");
	a = put_all("c");
	expect_text(&a, "c");
	a = put_all("d");
	expect_text(&a, "d");
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(gateways[0].requests, 3);
	/* a wrong block that nobody else has is worse than one that nobody has */
	a = put(2, "e");
	expect_status(source, &a, NIPFS_E_UNREACHABLE);
}
END_TEST

START_TEST(in_a_chain_with_files)
{
	const char *const from[] = { http_server_url(gateways[0].server), "none.car" };
	const char *const bad_url[] = { "http://u:p@h" };
	struct nipfs_error err;

	ck_assert_int_eq(nipfs_source_open(&source, from, 2, NULL, &err), NIPFS_E_NOTFOUND);
	ck_assert_str_eq(err.msg, "there is no CAR 'none.car'");
	ck_assert_int_eq(nipfs_source_open(&source, bad_url, 1, NULL, &err), NIPFS_E_USAGE);
	source = NULL;
}
END_TEST

START_TEST(too_many)
{
	const char *from[33];
	struct nipfs_error err;

	for (size_t i = 0; i < 33; i++)
		from[i] = "http://127.0.0.1:1";
	ck_assert_int_eq(nipfs_source_open(&source, from, 33, NULL, &err), NIPFS_E_LIMIT);
	ck_assert_int_eq(nipfs_source_open(&source, from, 32, NULL, &err), 0);
}
END_TEST

/* ---- nodes --------------------------------------------------------------------------------- */

static void open_node(void)
{
	struct nipfs_network_options options = { .timeout_s = 2 };
	const char *const from[] = { "kubo" };

	gateways[0].kind = NODE;
	setenv("NIX_IPFS_API_AUTH", "bearer:t0ken", 1);
	options.api = options.gateway = http_server_url(gateways[0].server);
	ck_assert_int_eq(nipfs_source_open(&source, from, 1, &options, NULL), 0);
	unsetenv("NIX_IPFS_API_AUTH");
}

START_TEST(a_node_is_made_to_fetch_a_dag)
{
	static struct nipfs_want wants[MANY];
	const struct nipfs_want root = { put(0, "root"), NIPFS_WANT_SUBTREE, 0 };
	struct nipfs_block block;

	make_many(wants, 0);
	open_node();
	ck_assert_int_eq(source->ops->want(source, &root, 1, NULL), 0);
	ck_assert_int_eq(source->ops->next(source, &block, NULL), 0);
	ck_assert_int_eq(source->ops->want(source, wants, MANY, NULL), 0);
	ck_assert_uint_eq(take_many(wants), MANY);
	ck_assert_uint_eq(gateways[0].walks, 1);
	ck_assert_uint_eq(gateways[0].gifts, 1);
	/* a few, before it is worth it, each of which it did not have */
	ck_assert_uint_ge(gateways[0].refused, 32);
	ck_assert_uint_lt(gateways[0].refused, 100);
	/* how many of them come by what the walk left behind is a matter of time */
	ck_assert_uint_le(gateways[0].plain, MANY + 100);
}
END_TEST

START_TEST(a_node_is_not_made_to_fetch_what_is_small)
{
	const struct nipfs_cid a = put(0, "a"), b = put(0, "b");
	struct nipfs_want root = { put(0, "root"), NIPFS_WANT_SUBTREE, 0 };
	struct nipfs_block block;

	open_node();
	expect_text(&a, "a");
	ck_assert_uint_eq(gateways[0].refused, 0);
	ck_assert_int_eq(source->ops->want(source, &root, 1, NULL), 0);
	ck_assert_int_eq(source->ops->next(source, &block, NULL), 0);
	ck_assert_int_eq(block.status, 0);
	expect_text(&b, "b");
	ck_assert_uint_eq(gateways[0].walks, 0);
	ck_assert_uint_eq(gateways[0].plain, 3);
	ck_assert_uint_eq(gateways[0].refused, 2);
}
END_TEST

static Suite *network_suite(void)
{
	Suite *s = suite_create("network");
	TCase *t = tcase_create("network");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, blocks_of_a_gateway);
	tcase_add_test(t, many_wants_at_once);
	tcase_add_test(t, wants_that_are_taken_back);
	tcase_add_loop_test(t, a_bad_gateway, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, a_gateway_that_is_busy_for_a_while);
	tcase_add_test(t, nobody_is_there);
	tcase_add_test(t, cancelling_ends_a_wait);
	tcase_add_test(t, what_one_lacks_the_next_has);
	tcase_add_loop_test(t, a_bad_one_does_not_matter, 0, 2 * sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, who_lies_is_dropped_and_told_of);
	tcase_add_test(t, in_a_chain_with_files);
	tcase_add_test(t, too_many);
	tcase_add_test(t, a_node_is_made_to_fetch_a_dag);
	tcase_add_test(t, a_node_is_not_made_to_fetch_what_is_small);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(network_suite)
