/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where HTTP servers are: URLs and multiaddrs, and where an answer may lead. */
#include <stdio.h>
#include <sys/socket.h>

#include "lib/ipfs/endpoint.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"

static const struct {
	const char *text, *url, *shown, *socket;
	bool local;
	int family;
} good[] = {
	{ "https://gateway.example", "https://gateway.example", NULL, NULL, false, AF_UNSPEC },
	{ "https://gateway.example/", "https://gateway.example", NULL, NULL, false, AF_UNSPEC },
	{ " http://127.0.0.1:8080\n", "http://127.0.0.1:8080", NULL, NULL, true, AF_UNSPEC },
	{ "HTTP://127.1:8080//", "http://127.0.0.1:8080", NULL, NULL, true, AF_UNSPEC },
	{ "http://127.255.0.9", "http://127.255.0.9", NULL, NULL, true, AF_UNSPEC },
	{ "http://128.0.0.1", "http://128.0.0.1", NULL, NULL, false, AF_UNSPEC },
	{ "http://0.0.0.0:1", "http://0.0.0.0:1", NULL, NULL, true, AF_UNSPEC },
	{ "http://localhost", "http://localhost", NULL, NULL, true, AF_UNSPEC },
	{ "http://x.ipfs.LocalHost:8080", "http://x.ipfs.LocalHost:8080", NULL, NULL, true,
	  AF_UNSPEC },
	{ "http://mylocalhost", "http://mylocalhost", NULL, NULL, false, AF_UNSPEC },
	{ "http://[::1]:8080", "http://[::1]:8080", NULL, NULL, true, AF_UNSPEC },
	{ "http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", NULL, NULL, true,
	  AF_UNSPEC },
	{ "http://[2001:db8::1]", "http://[2001:db8::1]", NULL, NULL, false, AF_UNSPEC },
	{ "https://h/a/prefix/", "https://h/a/prefix", NULL, NULL, false, AF_UNSPEC },
	{ "/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001", "/ip4/127.0.0.1/tcp/5001", NULL,
	  true, AF_UNSPEC },
	{ "/ip6/::1/tcp/5001\n", "http://[::1]:5001", "/ip6/::1/tcp/5001", NULL, true,
	  AF_UNSPEC },
	{ "/dns/node.example/tcp/443/https", "https://node.example:443",
	  "/dns/node.example/tcp/443/https", NULL, false, AF_UNSPEC },
	{ "/dns4/h/tcp/80", "http://h:80", "/dns4/h/tcp/80", NULL, false, AF_INET },
	{ "/dns6/h/tcp/80/tls/http", "https://h:80", "/dns6/h/tcp/80/tls/http", NULL, false,
	  AF_INET6 },
	{ "/unix/run/ipfs/api.sock", "http://127.0.0.1", NULL, "/run/ipfs/api.sock", true,
	  AF_UNSPEC },
	{ "http:///run/ipfs/gw.sock", "http://127.0.0.1", "/unix/run/ipfs/gw.sock",
	  "/run/ipfs/gw.sock", true, AF_UNSPEC },
};

START_TEST(urls_and_multiaddrs)
{
	const char *shown = good[_i].shown ? good[_i].shown :
			    good[_i].socket ? good[_i].text :
					      good[_i].url;
	struct nipfs__endpoint e;
	struct nipfs_error err;

	ck_assert_msg(nipfs__endpoint_parse(nipfs__slice_str(good[_i].text), &e, &err) == 0,
		      "'%s': %s", good[_i].text, err.msg);
	ck_assert_str_eq(e.url, good[_i].url);
	ck_assert_str_eq(e.shown, shown);
	ck_assert_int_eq(e.socket != NULL, good[_i].socket != NULL);
	if (e.socket)
		ck_assert_str_eq(e.socket, good[_i].socket);
	ck_assert_msg(e.local == good[_i].local, "%s", good[_i].text);
	ck_assert_int_eq(e.family, good[_i].family);
	nipfs__endpoint_release(&e);
	ck_assert_ptr_null(e.url);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *says;
} bad[] = {
	{ "", NIPFS_E_INVALID, "not a URL" },
	{ "gateway.example", NIPFS_E_INVALID, "'gateway.example' is not a URL" },
	{ "ftp://h/", NIPFS_E_INVALID, "not a URL" },
	{ "file:///etc/passwd", NIPFS_E_INVALID, "not a URL" },
	{ "http://", NIPFS_E_INVALID, "not a URL" },
	{ "http://h:99999", NIPFS_E_INVALID, "not a URL" },
	{ "http://h:port", NIPFS_E_INVALID, "not a URL" },
	{ "http://a b", NIPFS_E_INVALID, "not a URL" },
	{ "http://a\r\nX: y", NIPFS_E_INVALID, "not a URL" },
	{ "http://[::zz]", NIPFS_E_INVALID, "not a URL" },
	{ "http://h/?format=raw", NIPFS_E_INVALID, "query" },
	{ "http://h/#x", NIPFS_E_INVALID, "fragment" },
	{ "http://user:secret@h", NIPFS_E_INVALID, "user or password" },
	{ "http://user:sec ret@h", NIPFS_E_INVALID, "user or password" },
	{ "http:///", NIPFS_E_INVALID, "path of a socket" },
	{ "/ip4/127.0.0.1/udp/1", NIPFS_E_UNSUPPORTED, "not of TCP" },
	{ "/ip4/1.2.3/tcp/1", NIPFS_E_INVALID, "ip4" },
	{ "/unix", NIPFS_E_INVALID, "socket" },
	{ "/etc/passwd", NIPFS_E_UNSUPPORTED, "multiaddr" },
};

START_TEST(what_is_refused)
{
	struct nipfs__endpoint e = { .family = 99 };
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice_str(bad[_i].text), &e, &err),
			 bad[_i].code);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(strstr(err.msg, "secret"));
	ck_assert_int_eq(e.family, 99);
}
END_TEST

START_TEST(lengths_and_nul_bytes)
{
	static char text[NIPFS__URL_MAX + 2] = "http://h/";
	static const char nul[] = "http://h\0.example";
	struct nipfs__endpoint e;

	memset(text + 9, 'x', sizeof(text) - 10);
	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice_str(text), &e, NULL),
			 NIPFS_E_LIMIT);
	text[NIPFS__URL_MAX] = 0;
	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice_str(text), &e, NULL), 0);
	nipfs__endpoint_release(&e);
	memcpy(text, "http:///", 8);
	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice_str(text), &e, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice(nul, sizeof(nul) - 1), &e, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice(NULL, 0), &e, NULL),
			 NIPFS_E_INVALID);
}
END_TEST

START_TEST(where_an_answer_may_lead)
{
	static const struct {
		const char *from, *to;
		bool may;
	} cases[] = {
		{ "https://a.example", "https://b.example/x", true },
		{ "https://a.example", "http://b.example/x", false },
		{ "http://a.example", "https://b.example/x", true },
		{ "http://a.example", "http://b.example/x", true },
		{ "http://a.example", "http://127.0.0.1:5001/x", false },
		{ "http://a.example", "http://0x7f000001/x", false },
		{ "http://a.example", "http://[::1]/x", false },
		{ "http://a.example", "http://localhost/x", false },
		{ "http://127.0.0.1", "http://x.ipfs.localhost/", true },
		{ "http://127.0.0.1", "https://b.example", true },
		{ "http://a.example", "ftp://b.example", false },
		{ "http://a.example", "file:///etc/passwd", false },
		{ "http://a.example", "http://u:p@b.example", false },
		{ "http://a.example", "", false },
		{ "http://a.example", "/x", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nipfs__endpoint e;

		ck_assert_int_eq(nipfs__endpoint_parse(nipfs__slice_str(cases[i].from), &e, NULL),
				 0);
		ck_assert_msg(nipfs__redirect_check(&e, cases[i].to) == cases[i].may, "%s",
			      cases[i].to);
		nipfs__endpoint_release(&e);
	}
}
END_TEST

START_TEST(what_is_meant_as_a_url)
{
	ck_assert(nipfs__is_url("http://x"));
	ck_assert(nipfs__is_url("HTTPS://x"));
	ck_assert(!nipfs__is_url("http:/x"));
	ck_assert(!nipfs__is_url("closure.car"));
	ck_assert(!nipfs__is_url("-"));
	ck_assert(!nipfs__is_url("ftp://x"));
}
END_TEST

static Suite *endpoint_suite(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_loop_test(t, urls_and_multiaddrs, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(t, what_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, lengths_and_nul_bytes);
	tcase_add_test(t, where_an_answer_may_lead);
	tcase_add_test(t, what_is_meant_as_a_url);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(endpoint_suite)
