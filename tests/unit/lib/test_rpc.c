/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to a node's RPC: what is asked, and every way in which an answer can fail. */
#include <stdlib.h>

#include "lib/ipfs/rpc.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/http_server.h"

static struct http_server *server;
static struct nipfs__rpc *rpc;
static struct nipfs_error err;
static const char *answer;
static enum http_then then;
static char head[4096];
static json_int_t sum;

static void say(void *ctx, const char *asked, struct http_answer *out)
{
	(void)ctx;
	(void)snprintf(head, sizeof(head), "%s", asked);
	http_say(out, answer);
	out->then = then;
}

static void setup(void)
{
	unsetenv("NIX_IPFS_API_AUTH_FILE");
	setenv("NIX_IPFS_API_AUTH", "bearer:s3cret", 1);
	server = http_server_new(say, NULL);
	ck_assert_int_eq(nipfs__rpc_open(&rpc, http_server_url(server), 5, &err), 0);
	then = HTTP_CLOSE;
	sum = 0;
}

static void teardown(void)
{
	nipfs__rpc_close(rpc);
	http_server_free(server);
}

static int add_up(void *ctx, const json_t *object, struct nipfs_error *e)
{
	(void)ctx;
	(void)e;
	sum += (json_int_t)nipfs__rpc_number(object, "n");
	return sum > 100 ? NIPFS_E_LIMIT : 0;
}

static int call(const char *text)
{
	static const struct nipfs__rpc_param params[] = {
		{ "arg", "a b&c=\xc3\xa9" }, { "name", NULL }, { "offline", "true" }, { NULL, NULL }
	};
	const struct nipfs__rpc_call c = { .command = "pin/add",
					   .params = params,
					   .line = add_up };

	answer = text;
	sum = 0;
	return nipfs__rpc_call(rpc, &c, &err);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Stream-Error\r\n\r\n"

START_TEST(asks_and_reads_lines)
{
	ck_assert_msg(call(CHUNKED "5\r\n{\"n\":\r\n8\r\n1}\n{\"n\":\r\n4\r\n30}\n\r\n0\r\n\r\n") == 0,
		      "%s", err.msg);
	ck_assert_int_eq(sum, 31);
	ck_assert_ptr_nonnull(strstr(
		head, "POST /api/v0/pin/add?arg=a%20b%26c%3D%C3%A9&offline=true HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(head, "\r\nAuthorization: Bearer s3cret\r\n"));
	ck_assert_str_eq(nipfs__rpc_message(rpc), "");
	/* the last line has no end */
	ck_assert_int_eq(call(CHUNKED "7\r\n{\"n\":5}\r\n0\r\n\r\n"), 0);
	ck_assert_int_eq(sum, 5);
	/* an empty answer is one */
	ck_assert_int_eq(call("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0);
}
END_TEST

/* What is not whole is a failure, whatever came before. */
static const struct {
	const char *text, *says, *message;
	int code;
} failures[] = {
	{ CHUNKED "8\r\n{\"n\":1}\n\r\n", "pin/add: ", "", NIPFS_E_UNREACHABLE },
	{ CHUNKED "8\r\n{\"n\":1}\n\r\n0\r\nX-Stream-Error: it is full\r\n\r\n",
	  "pin/add: it is full", "it is full", NIPFS_E_REFUSED },
	{ "HTTP/1.1 500 No\r\nContent-Length: 38\r\n\r\n{\"Message\":\"is not\\npinned\",\"Code\":0}\n",
	  "pin/add: is not?pinned", "is not\npinned", NIPFS_E_REFUSED },
	{ "HTTP/1.1 400 No\r\nContent-Length: 7\r\n\r\nno way\n", "pin/add: no way", "no way",
	  NIPFS_E_REFUSED },
	{ "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "pin/add: HTTP 500", "",
	  NIPFS_E_REFUSED },
	{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "it wants other credentials", "",
	  NIPFS_E_UNREACHABLE },
	{ "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "it has no command 'pin/add'", "",
	  NIPFS_E_UNSUPPORTED },
	{ "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "HTTP 503", "", NIPFS_E_UNREACHABLE },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "the answer is not JSON", "",
	  NIPFS_E_INVALID },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]", "the answer is not JSON", "",
	  NIPFS_E_INVALID },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"n\":200", "the answer is not JSON", "",
	  NIPFS_E_INVALID },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"n\":1}\n", "pin/add: ", "",
	  NIPFS_E_UNREACHABLE },
	{ "", "pin/add: ", "", NIPFS_E_UNREACHABLE },
};

START_TEST(fails)
{
	ck_assert_msg(call(failures[_i].text) == failures[_i].code, "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, failures[_i].says) != NULL, "%s", err.msg);
	ck_assert_msg(strncmp(err.msg, "kubo at http://127.0.0.1:", 25) == 0, "%s", err.msg);
	ck_assert_str_eq(nipfs__rpc_message(rpc), failures[_i].message);
	ck_assert(!nipfs__rpc_no_server(rpc));
	/* and does not stand in the way of the next call */
	ck_assert_int_eq(call("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"n\":2}\n"), 0);
	ck_assert_int_eq(sum, 2);
}
END_TEST

START_TEST(nobody)
{
	const struct nipfs__rpc_call c = { .command = "id" };
	struct nipfs__rpc *none;

	ck_assert_int_eq(nipfs__rpc_open(&none, "/ip4/127.0.0.1/tcp/1", 5, &err), 0);
	ck_assert_int_eq(nipfs__rpc_call(none, &c, &err), NIPFS_E_UNREACHABLE);
	ck_assert(nipfs__rpc_no_server(none));
	nipfs__rpc_close(none);
}
END_TEST

START_TEST(bounds)
{
	static char line[3 * 20000 + 200], value[5000];
	const struct nipfs__rpc_param params[] = { { "arg", value }, { NULL, NULL } };
	const struct nipfs__rpc_call c = { .command = "id", .params = params };
	json_t *object;

	/* the callback ends it */
	ck_assert_int_eq(call("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"n\":200}\n"),
			 NIPFS_E_LIMIT);
	/* many bytes in one line are one object */
	(void)snprintf(line, sizeof(line), "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n{%19998s}", "");
	answer = line;
	ck_assert_int_eq(nipfs__rpc_object(rpc, &(struct nipfs__rpc_call){ .command = "id" },
					   &object, &err),
			 0);
	json_decref(object);
	answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	ck_assert_int_eq(nipfs__rpc_object(rpc, &(struct nipfs__rpc_call){ .command = "id" },
					   &object, &err),
			 NIPFS_E_INVALID);
	memset(value, 'x', sizeof(value) - 1);
	ck_assert_int_eq(nipfs__rpc_call(rpc, &c, &err), NIPFS_E_LIMIT);
}
END_TEST

START_TEST(reads_members)
{
	json_t *o = json_loads("{\"t\": \"x\", \"n\": 7, \"m\": -1, \"c\": {\"/\": \"bafkqaaa\"},"
			       " \"d\": \"bafkqaaa\", \"e\": {\"/\": 1}, \"f\": \"nonsense\"}",
			       0, NULL);
	struct nipfs_cid cid;

	ck_assert_str_eq(nipfs__rpc_text(o, "t"), "x");
	ck_assert_ptr_null(nipfs__rpc_text(o, "n"));
	ck_assert_ptr_null(nipfs__rpc_text(NULL, "n"));
	ck_assert_uint_eq(nipfs__rpc_number(o, "n"), 7);
	ck_assert_uint_eq(nipfs__rpc_number(o, "m"), 0);
	ck_assert(nipfs__rpc_cid(o, "c", &cid) && nipfs__rpc_cid(o, "d", &cid));
	ck_assert(!nipfs__rpc_cid(o, "e", &cid) && !nipfs__rpc_cid(o, "f", &cid) &&
		  !nipfs__rpc_cid(o, "none", &cid));
	json_decref(o);
}
END_TEST

/* It is refused before the file is there. */
START_TEST(uploads_that_fail)
{
	static uint8_t bytes[1 << 16];
	const struct nipfs__rpc_call c = { .command = "dag/import" };
	struct nipfs__rpc_upload *u;
	int r = 0;

	answer = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
	then = HTTP_STALL;
	ck_assert_int_eq(nipfs__rpc_upload_begin(&u, rpc, &c, &err), 0);
	for (int i = 0; r == 0 && i < 1000; i++)
		r = nipfs__rpc_upload_put(u, nipfs__slice(bytes, sizeof(bytes)), &err);
	ck_assert_msg(r == NIPFS_E_UNREACHABLE, "%d: %s", r, err.msg);
	ck_assert_int_eq(nipfs__rpc_upload_end(u, NULL), NIPFS_E_UNREACHABLE);
	ck_assert_int_eq(nipfs__rpc_upload_begin(&u, rpc, &c, &err), 0);
	nipfs__rpc_upload_abort(u);
	nipfs__rpc_upload_abort(NULL);
}
END_TEST

static Suite *rpc_suite(void)
{
	Suite *s = suite_create("rpc");
	TCase *t = tcase_create("rpc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, asks_and_reads_lines);
	tcase_add_loop_test(t, fails, 0, sizeof(failures) / sizeof(failures[0]));
	tcase_add_test(t, nobody);
	tcase_add_test(t, bounds);
	tcase_add_test(t, reads_members);
	tcase_add_test(t, uploads_that_fail);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(rpc_suite)
