/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a Kubo node listens: its files, its configuration, and what is given instead. */
#include <stdio.h>

#include <nixipfs/network.h>

#include "lib/ipfs/node.h"
#include "multiformats/base/slice.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

static struct nipfs__origin origin;

static void setup(void)
{
	scratch_setup();
	unsetenv("NIX_IPFS_API_AUTH");
	unsetenv("NIX_IPFS_API_AUTH_FILE");
	unsetenv("IPFS_PATH");
	setenv("HOME", ".", 1);
	memset(&origin, 0, sizeof(origin));
}

static void find(const char *api, const char *gateway)
{
	struct nipfs_error err = { 0 };

	nipfs__origin_release(&origin, NULL);
	memset(&origin, 0, sizeof(origin));
	ck_assert_msg(nipfs__node_find(&origin, api, gateway, &err) == 0, "%s", err.msg);
}

static void teardown(void)
{
	nipfs__origin_release(&origin, NULL);
	scratch_teardown();
}

START_TEST(by_its_files)
{
	find(NULL, NULL);
	ck_assert(!nipfs_kubo_is_known());
	ck_assert_str_eq(origin.api.url, "http://127.0.0.1:5001");
	ck_assert_ptr_null(origin.gateway.url);
	ck_assert(origin.finding);
	ck_assert_str_eq(origin.name, "kubo at /ip4/127.0.0.1/tcp/5001");

	scratch_dir(".ipfs", 0755);
	scratch_file(".ipfs/api", "/ip4/127.0.0.1/tcp/4711\n", 0644);
	find(NULL, NULL);
	ck_assert(nipfs_kubo_is_known());
	ck_assert_str_eq(origin.api.url, "http://127.0.0.1:4711");
	ck_assert(origin.finding);

	scratch_file(".ipfs/gateway", "http://127.0.0.1:8088", 0644);
	find(NULL, NULL);
	ck_assert_str_eq(origin.gateway.url, "http://127.0.0.1:8088");
	ck_assert(!origin.finding);

	/* as Kubo writes it of a socket */
	scratch_dir("repo", 0755);
	scratch_file("repo/api", "/unix/run/api.sock", 0644);
	scratch_file("repo/gateway", "http:///run/gw.sock", 0644);
	setenv("IPFS_PATH", "repo", 1);
	find(NULL, NULL);
	ck_assert_str_eq(origin.api.socket, "/run/api.sock");
	ck_assert_str_eq(origin.gateway.socket, "/run/gw.sock");
	ck_assert_str_eq(origin.name, "kubo at /unix/run/api.sock");
}
END_TEST

START_TEST(by_what_is_given)
{
	scratch_dir(".ipfs", 0755);
	scratch_file(".ipfs/api", "/ip4/127.0.0.1/tcp/4711", 0644);
	scratch_file(".ipfs/gateway", "http://127.0.0.1:8088", 0644);

	/* the gateway in the file is that of another node */
	find("/ip4/10.0.0.7/tcp/5001", NULL);
	ck_assert_str_eq(origin.api.url, "http://10.0.0.7:5001");
	ck_assert(origin.finding);
	find("https://node.example/prefix", "/dns/gw.example/tcp/443/https");
	ck_assert_str_eq(origin.api.url, "https://node.example/prefix");
	ck_assert_str_eq(origin.gateway.url, "https://gw.example:443");
	find(NULL, "http://127.0.0.1:1");
	ck_assert_str_eq(origin.api.url, "http://127.0.0.1:4711");
	ck_assert_str_eq(origin.gateway.url, "http://127.0.0.1:1");
	ck_assert_str_eq(origin.name, "kubo at http://127.0.0.1:1");
}
END_TEST

START_TEST(what_can_not_be_used)
{
	struct nipfs_error err = { 0 };
	struct nipfs__origin o = { .name = NULL };

	scratch_dir(".ipfs", 0755);
	scratch_file(".ipfs/api", "", 0644);
	scratch_file(".ipfs/gateway", "nonsense", 0644);
	/* both are as good as none */
	find(NULL, NULL);
	ck_assert_str_eq(origin.api.url, "http://127.0.0.1:5001");
	ck_assert(origin.finding);

	scratch_file(".ipfs/api2", "", 0644);
	ck_assert_int_eq(rename(".ipfs/api2", ".ipfs/api"), 0);
	scratch_file(".ipfs/api3", "/ip4/nonsense", 0644);
	ck_assert_int_eq(rename(".ipfs/api3", ".ipfs/api"), 0);
	ck_assert_int_eq(nipfs__node_find(&o, NULL, NULL, &err), NIPFS_E_INVALID);
	ck_assert_msg(strstr(err.msg, "file 'api'") != NULL, "%s", err.msg);
	nipfs__origin_release(&o, NULL);
	memset(&o, 0, sizeof(o));
	ck_assert_int_eq(nipfs__node_find(&o, "nonsense", NULL, &err), NIPFS_E_USAGE);
	ck_assert_int_eq(err.code, NIPFS_E_USAGE);
	nipfs__origin_release(&o, NULL);
	memset(&o, 0, sizeof(o));
	ck_assert_int_eq(nipfs__node_find(&o, "/ip4/127.0.0.1/tcp/1", "nonsense", &err),
			 NIPFS_E_USAGE);
	nipfs__origin_release(&o, NULL);
}
END_TEST

static const struct {
	const char *json, *url; /* NULL: none */
} configurations[] = {
	{ "{\"Key\":\"Addresses.Gateway\",\"Value\":\"/ip4/127.0.0.1/tcp/8080\"}",
	  "http://127.0.0.1:8080" },
	{ "{\"Value\":[\"/unix/run/gw.sock\",\"/ip4/127.0.0.1/tcp/8080\"]}", "http://127.0.0.1" },
	{ "{\"Value\":[\"/ip4/1.2.3.4/udp/1/quic\",7,\"/ip4/127.0.0.1/tcp/8080\"]}",
	  "http://127.0.0.1:8080" },
	{ "{\"Value\":\"\"}", NULL },
	{ "{\"Value\":[]}", NULL },
	{ "{\"Value\":null}", NULL },
	{ "{\"Value\":{\"Value\":\"/ip4/127.0.0.1/tcp/8080\"}}", NULL },
	{ "{\"Message\":\"no\"}", NULL },
	{ "[\"/ip4/127.0.0.1/tcp/8080\"]", NULL },
	{ "{\"Value\":\"/ip4/127.0.0.1/tcp/8080\"", NULL },
	{ "\"", NULL },
	{ "", NULL },
};

START_TEST(by_its_configuration)
{
	const struct nipfs__endpoint here = { .local = true }, far = { .local = false };
	struct nipfs__endpoint got = { .url = NULL };
	const int r = nipfs__node_gateway(nipfs__slice_str(configurations[_i].json), &here, &got);

	ck_assert_int_eq(r, configurations[_i].url ? 0 : NIPFS_E_NOTFOUND);
	if (configurations[_i].url)
		ck_assert_str_eq(got.url, configurations[_i].url);
	nipfs__endpoint_release(&got);
	/* what listens on the loopback of another machine is out of reach */
	ck_assert_int_eq(nipfs__node_gateway(nipfs__slice_str(configurations[_i].json), &far, &got),
			 NIPFS_E_NOTFOUND);
	ck_assert_int_eq(nipfs__node_gateway(
				 nipfs__slice_str("{\"Value\":\"/ip4/10.0.0.7/tcp/8080\"}"), &far,
				 &got),
			 0);
	nipfs__endpoint_release(&got);
}
END_TEST

static Suite *node_suite(void)
{
	Suite *s = suite_create("node");
	TCase *t = tcase_create("node");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_its_files);
	tcase_add_test(t, by_what_is_given);
	tcase_add_test(t, what_can_not_be_used);
	tcase_add_loop_test(t, by_its_configuration, 0,
			    sizeof(configurations) / sizeof(configurations[0]));
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(node_suite)
