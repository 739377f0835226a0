/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multiaddrs of an HTTP API, as Kubo's file `api` holds them. */
#include <stdio.h>

#include "multiformats/base/slice.h"
#include "multiformats/multiaddr.h"
#include "tests/support/check_main.h"

static const struct {
	const char *text;
	enum nipfs_multiaddr_kind kind;
	bool https;
	uint16_t port;
	const char *host, *path;
} good[] = {
	{ "/ip4/127.0.0.1/tcp/5001", NIPFS_MULTIADDR_IP4, false, 5001, "127.0.0.1", "" },
	{ "/ip4/127.0.0.1/tcp/5001\n", NIPFS_MULTIADDR_IP4, false, 5001, "127.0.0.1",
	  "" },
	{ " \t/ip4/127.0.0.1/tcp/5001/ \r\n", NIPFS_MULTIADDR_IP4, false, 5001,
	  "127.0.0.1", "" },
	{ "/ip4/10.0.0.7/tcp/1", NIPFS_MULTIADDR_IP4, false, 1, "10.0.0.7", "" },
	{ "/ip6/::1/tcp/65535", NIPFS_MULTIADDR_IP6, false, 65535, "::1", "" },
	{ "/ip6/2001:db8::7/tcp/80/http", NIPFS_MULTIADDR_IP6, false, 80, "2001:db8::7",
	  "" },
	{ "/dns/node.example/tcp/443/https", NIPFS_MULTIADDR_DNS, true, 443,
	  "node.example", "" },
	{ "/dns4/h/tcp/443/tls/http", NIPFS_MULTIADDR_DNS4, true, 443, "h", "" },
	{ "/dns6/xn--bcher-kva.example/tcp/443", NIPFS_MULTIADDR_DNS6, false, 443,
	  "xn--bcher-kva.example", "" },
	{ "/unix/run/ipfs/api.sock", NIPFS_MULTIADDR_UNIX, false, 0, "",
	  "/run/ipfs/api.sock" },
	{ "/unix/run/a b//%2F/https/\n", NIPFS_MULTIADDR_UNIX, false, 0, "",
	  "/run/a b//%2F/https" },
};

START_TEST(what_kubo_writes_and_takes)
{
	struct nipfs_multiaddr a;
	struct nipfs_error err;

	ck_assert_msg(nipfs__multiaddr_parse(nipfs__slice_str(good[_i].text), &a, &err) ==
			  0,
		      "'%s': %s", good[_i].text, err.msg);
	ck_assert_int_eq((int)a.kind, (int)good[_i].kind);
	ck_assert_int_eq(a.https, good[_i].https);
	ck_assert_uint_eq(a.port, good[_i].port);
	ck_assert_str_eq(a.host, good[_i].host);
	ck_assert_str_eq(a.path, good[_i].path);
	ck_assert_int_eq(
	    nipfs__multiaddr_parse(nipfs__slice_str(good[_i].text), &a, NULL), 0);
}
END_TEST

static const struct {
	const char *text;
	int code;
	const char *says;
} bad[] = {
	{ "", NIPFS_E_INVALID, "such as /ip4/127.0.0.1/tcp/5001" },
	{ " \n", NIPFS_E_INVALID, "not a multiaddr" },
	{ "/", NIPFS_E_INVALID, "not a multiaddr" },
	{ "127.0.0.1:5001", NIPFS_E_INVALID, "'127.0.0.1:5001' is not a multiaddr" },
	{ "http://127.0.0.1:5001", NIPFS_E_INVALID, "not a multiaddr" },
	{ "//ip4/127.0.0.1/tcp/5001", NIPFS_E_UNSUPPORTED, "does not begin with" },
	{ "/ip5/127.0.0.1/tcp/5001", NIPFS_E_UNSUPPORTED, "does not begin with" },
	{ "/IP4/127.0.0.1/tcp/5001", NIPFS_E_UNSUPPORTED, "does not begin with" },
	{ "/dnsaddr/h/tcp/5001", NIPFS_E_UNSUPPORTED, "does not begin with" },
	{ "/ip6zone/eth0/ip6/fe80::1/tcp/5001", NIPFS_E_UNSUPPORTED,
	  "does not begin with" },
	{ "/ip4", NIPFS_E_INVALID, "'' is not an ip4 address" },
	{ "/ip4/", NIPFS_E_INVALID, "'' is not an ip4 address" },
	{ "/ip4/localhost/tcp/5001", NIPFS_E_INVALID,
	  "'localhost' is not an ip4 address" },
	{ "/ip4/127.1/tcp/5001", NIPFS_E_INVALID, "not an ip4 address" },
	{ "/ip4/256.0.0.1/tcp/5001", NIPFS_E_INVALID, "not an ip4 address" },
	{ "/ip4/::1/tcp/5001", NIPFS_E_INVALID, "not an ip4 address" },
	{ "/ip6/127.0.0.1/tcp/5001", NIPFS_E_INVALID, "not an ip6 address" },
	{ "/ip6/[::1]/tcp/5001", NIPFS_E_INVALID, "not an ip6 address" },
	{ "/ip6/fe80::1%eth0/tcp/5001", NIPFS_E_INVALID, "not an ip6 address" },
	{ "/dns//tcp/5001", NIPFS_E_INVALID, "not a host name" },
	{ "/dns/b\xc3\xbc"
	  "cher.example/tcp/5001",
	  NIPFS_E_INVALID, "not a host name" },
	{ "/dns/a@b/tcp/5001", NIPFS_E_INVALID, "not a host name" },
	{ "/dns/a b/tcp/5001", NIPFS_E_INVALID, "not a host name" },
	{ "/dns/h", NIPFS_E_UNSUPPORTED, "not of TCP" },
	{ "/dns/h/udp/4001/quic-v1", NIPFS_E_UNSUPPORTED, "not of TCP" },
	{ "/dns/h/tcp", NIPFS_E_INVALID, "'' is not a TCP port" },
	{ "/dns/h/tcp//http", NIPFS_E_INVALID, "'' is not a TCP port" },
	{ "/dns/h/tcp/0", NIPFS_E_INVALID, "'0' is not a TCP port" },
	{ "/dns/h/tcp/65536", NIPFS_E_INVALID, "not a TCP port" },
	{ "/dns/h/tcp/4294972297", NIPFS_E_INVALID, "not a TCP port" },
	{ "/dns/h/tcp/05001", NIPFS_E_INVALID, "not a TCP port" },
	{ "/dns/h/tcp/-1", NIPFS_E_INVALID, "not a TCP port" },
	{ "/dns/h/tcp/50 01", NIPFS_E_INVALID, "not a TCP port" },
	{ "/dns/h/tcp/5001\n/http", NIPFS_E_INVALID, "'5001?' is not a TCP port" },
	{ "/dns/h/tcp/5001/tls", NIPFS_E_UNSUPPORTED, "not of HTTP" },
	{ "/dns/h/tcp/5001/ws", NIPFS_E_UNSUPPORTED, "not of HTTP" },
	{ "/dns/h/tcp/5001/http/http", NIPFS_E_UNSUPPORTED, "not of HTTP" },
	{ "/dns/h/tcp/5001/httpx", NIPFS_E_UNSUPPORTED, "not of HTTP" },
	{ "/unix", NIPFS_E_INVALID, "names no socket" },
	{ "/unix/", NIPFS_E_INVALID, "names no socket" },
	{ "/unix///", NIPFS_E_INVALID, "names no socket" },
};

START_TEST(what_is_refused_and_why)
{
	struct nipfs_multiaddr a = { .port = 99 };
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs__multiaddr_parse(nipfs__slice_str(bad[_i].text), &a, &err) ==
			  bad[_i].code,
		      "'%s'", bad[_i].text);
	ck_assert_int_eq(err.code, bad[_i].code);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
	ck_assert_uint_eq(a.port, 99);
}
END_TEST

START_TEST(limits)
{
	char text[NIPFS_MULTIADDR_TEXT_MAX + 1];
	struct nipfs_multiaddr a;
	int n;

	/* white space counts: Kubo reads no longer file */
	memset(text, ' ', sizeof(text));
	memcpy(text, "/ip4/127.0.0.1/tcp/5001", 23);
	ck_assert_int_eq(
	    nipfs__multiaddr_parse(nipfs__slice(text, sizeof(text) - 1), &a, NULL), 0);
	ck_assert_int_eq(
	    nipfs__multiaddr_parse(nipfs__slice(text, sizeof(text)), &a, NULL),
	    NIPFS_E_LIMIT);

	memset(text, 'a', sizeof(text));
	n = snprintf(text, sizeof(text), "/dns/%0253d", 0);
	ck_assert_int_eq(n, 258);
	memcpy(text + n, "/tcp/1", 6);
	ck_assert_int_eq(nipfs__multiaddr_parse(nipfs__slice(text, 264), &a, NULL), 0);
	ck_assert_uint_eq(strlen(a.host), NIPFS_MULTIADDR_HOST_MAX - 1);
	memcpy(text + n, "0/tcp/1", 7);
	ck_assert_int_eq(nipfs__multiaddr_parse(nipfs__slice(text, 265), &a, NULL),
			 NIPFS_E_LIMIT);

	memset(text, 'a', sizeof(text));
	memcpy(text, "/unix/", 6);
	ck_assert_int_eq(nipfs__multiaddr_parse(nipfs__slice(text, 5 + 107), &a, NULL),
			 0);
	ck_assert_uint_eq(strlen(a.path), NIPFS_MULTIADDR_PATH_MAX - 1);
	ck_assert_int_eq(nipfs__multiaddr_parse(nipfs__slice(text, 5 + 108), &a, NULL),
			 NIPFS_E_LIMIT);
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
	struct nipfs_multiaddr a;

	ck_assert_int_eq(nipfs__multiaddr_parse(nipfs__slice("/unix/a\0b", 9), &a, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(nipfs__multiaddr_parse(
			     nipfs__slice("/ip4/127.0.0.1\0/tcp/5001", 24), &a, NULL),
			 NIPFS_E_INVALID);
	ck_assert_int_eq(
	    nipfs__multiaddr_parse(nipfs__slice("/dns/h\0/tcp/5001", 16), &a, NULL),
	    NIPFS_E_INVALID);
}
END_TEST

static Suite *multiaddr_suite(void)
{
	Suite *s = suite_create("multiaddr");
	TCase *tc = tcase_create("multiaddr");

	tcase_add_loop_test(tc, what_kubo_writes_and_takes, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tc, what_is_refused_and_why, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, limits);
	tcase_add_test(tc, nul_bytes_are_refused);
	suite_add_tcase(s, tc);
	return s;
}

NIPFS_TEST_MAIN(multiaddr_suite)
