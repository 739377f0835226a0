/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way a store is reached, as far as it shows without a Nix: what is taken, refused, asked for. */
#include "lib/nix/store_daemon.h"
#include "lib/nix/trusted_user.h"
#include "tests/unit/lib/store_fixture.h"

static void enter(void)
{
	enter_scratch();
	setenv("NIX_DAEMON_SOCKET_PATH", at("socket"), 1);
	setenv("NIX_STORE_DIR", at("store"), 1);
	setenv("NIX_STATE_DIR", at("var"), 1);
	/* no program of Nix is found */
	setenv("PATH", scratch, 1);
}

static void leave(void)
{
	unsetenv("NIX_DAEMON_SOCKET_PATH");
	unsetenv("NIX_STORE_DIR");
	unsetenv("NIX_STATE_DIR");
	leave_scratch();
}

static int try_via(struct nipfs_store **out, const char *uri, enum nipfs_store_access access,
		   enum nipfs_store_via via, struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = uri,
						     .access = access,
						     .via = via,
						     .create = true };

	return nipfs_store_open(out, &options, err);
}

static const struct {
	const char *uri;
	enum nipfs_store_via via;
	int code;
	const char *says;
} refused[] = {
	{ "ssh-ng://host", NIPFS_STORE_VIA_AUTO, NIPFS_E_UNSUPPORTED, "'ssh-ng'" },
	{ "ssh-ng://host", NIPFS_STORE_VIA_STDIO, NIPFS_E_UNSUPPORTED, "'ssh-ng'" },
	{ "local-overlay://?root=/x", NIPFS_STORE_VIA_DIRECT, NIPFS_E_UNSUPPORTED,
	  "'local-overlay'" },
	{ "https://cache.example.org", NIPFS_STORE_VIA_DAEMON, NIPFS_E_UNSUPPORTED, "'https'" },
	{ "local?root=/somewhere", NIPFS_STORE_VIA_DAEMON, NIPFS_E_USAGE, "--via stdio" },
	{ "local?state=/somewhere", NIPFS_STORE_VIA_DAEMON, NIPFS_E_USAGE, "--via stdio" },
	{ "/somewhere", NIPFS_STORE_VIA_DAEMON, NIPFS_E_USAGE, "unix://SOCKET" },
	{ "local?read-only=true", NIPFS_STORE_VIA_AUTO, NIPFS_E_UNSUPPORTED, "not to be written" },
	{ "local?read-only=true", NIPFS_STORE_VIA_DAEMON, NIPFS_E_UNSUPPORTED,
	  "not to be written" },
	{ "daemon", NIPFS_STORE_VIA_AUTO, NIPFS_E_UNREACHABLE, "socket" },
	{ "auto", NIPFS_STORE_VIA_DAEMON, NIPFS_E_UNREACHABLE, "socket" },
	{ "unix:///nowhere/socket", NIPFS_STORE_VIA_AUTO, NIPFS_E_UNREACHABLE,
	  "/nowhere/socket" },
	{ "auto", NIPFS_STORE_VIA_STDIO, NIPFS_E_UNREACHABLE, "nix-daemon" },
	{ "daemon", NIPFS_STORE_VIA_STDIO, NIPFS_E_UNREACHABLE, "nix-daemon" },
};

START_TEST(refuses_what_leads_nowhere)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err = { .msg = "" };

	ck_assert_int_eq(try_via(&store, refused[_i].uri, NIPFS_STORE_WRITE, refused[_i].via, &err),
			 refused[_i].code);
	ck_assert_msg(strstr(err.msg, refused[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(store);
	ck_assert(!exists(at("store")));
}
END_TEST

START_TEST(tells_that_it_is_direct)
{
	struct nipfs_store *store = NULL;
	struct nipfs_store_route route;

	ck_assert_int_eq(try_via(&store, at("root"), NIPFS_STORE_WRITE, NIPFS_STORE_VIA_AUTO, NULL),
			 0);
	nipfs_store_route(store, &route);
	ck_assert_int_eq(route.via, NIPFS_STORE_VIA_DIRECT);
	ck_assert_ptr_null(route.peer);
	ck_assert_str_eq(route.nix_version, "");
	ck_assert_int_eq(route.trust, NIPFS_STORE_TRUSTED);
	ck_assert_uint_eq(nipfs_store_max_placements(store), NIPFS_PLACEMENTS_MAX);
	nipfs_store_close(store);
}
END_TEST

/* A store that is named "daemon" can be read without one. */
START_TEST(reads_without_the_daemon)
{
	struct nipfs_store *store = NULL;
	struct nipfs_store_route route;
	struct nipfs_path_info info = describe("lib", NULL, 0);

	ck_assert_int_eq(try_via(&store, "local", NIPFS_STORE_WRITE, NIPFS_STORE_VIA_AUTO, NULL), 0);
	commit(begin(store, &info));
	nipfs_store_close(store);
	store = NULL;
	ck_assert_int_eq(try_via(&store, "daemon", NIPFS_STORE_READ, NIPFS_STORE_VIA_AUTO, NULL), 0);
	nipfs_store_route(store, &route);
	ck_assert_int_eq(route.via, NIPFS_STORE_VIA_DIRECT);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 1);
	nipfs_store_close(store);
	ck_assert_int_eq(try_via(&store, "daemon", NIPFS_STORE_READ, NIPFS_STORE_VIA_DAEMON, NULL),
			 NIPFS_E_UNREACHABLE);
}
END_TEST

START_TEST(asks_no_nix_that_is_not_there)
{
	struct nipfs_path_info info = describe("lib", NULL, 0);
	struct nipfs_store *store = NULL;

	/* substituters there are by default */
	ck_assert_int_eq(try_via(&store, at("root"), NIPFS_STORE_WRITE, NIPFS_STORE_VIA_AUTO, NULL),
			 0);
	ck_assert_int_eq(nipfs_store_substitute(store, &info.path, 1, NULL), 0);
	ck_assert_int_eq(nipfs_store_is_valid(store, &info.path, NULL), 0);
	nipfs_store_close(store);
	ck_assert_int_eq(try_via(&store, at("root"), NIPFS_STORE_READ, NIPFS_STORE_VIA_AUTO, NULL), 0);
	ck_assert_int_eq(nipfs_store_substitute(store, &info.path, 1, NULL), NIPFS_E_USAGE);
	nipfs_store_close(store);
}
END_TEST

static const struct {
	const char *uri, *child; /* %s: the scratch folder */
} children[] = {
	{ "local", "local" },
	{ "local?root=/x&store=/y", "local?root=/x&store=/y" },
	{ "/x", "/x" },
	{ "daemon", "unix://%s/socket" },
	{ "unix:///x/socket?root=/y", "unix:///x/socket" },
	{ "auto", "local" },
	{ "auto?store=/x", "local?store=/x" },
	{ "", "local" },
};

START_TEST(names_the_store_to_a_child)
{
	struct nipfs__store_env env;
	char want[PATH_MAX], *uri;

	ck_assert_int_eq(mkdir(at("var"), 0755), 0);
	ck_assert_int_eq(nipfs__store_env_resolve(children[_i].uri, NULL, &env, NULL), 0);
	ck_assert_int_eq(nipfs__store_child_uri(&env, &uri, NULL), 0);
	if (strstr(children[_i].child, "%s"))
		(void)snprintf(want, sizeof(want), "unix://%s/socket", scratch);
	else
		(void)snprintf(want, sizeof(want), "%s", children[_i].child);
	ck_assert_str_eq(uri, want);
	free(uri);
	nipfs__store_env_release(&env);
}
END_TEST

static const struct {
	const char *list, *user, *group;
	bool listed;
} lists[] = {
	{ "root", "root", "root", true },
	{ "root", "alice", "root", false },
	{ "root alice", "alice", "users", true },
	{ "*", "alice", "users", true },
	{ "@users", "alice", "users", true },
	{ "root @wheel @users", "alice", "users", true },
	{ "users", "alice", "users", false },
	{ "@alice", "alice", "users", false },
	{ "@no-such-group-anywhere", "alice", "users", false },
	{ "@", "alice", "users", false },
	{ "al", "alice", "users", false },
	{ "alice2", "alice", "users", false },
	{ "", "alice", "users", false },
	{ NULL, "alice", "users", false },
};

START_TEST(reads_lists_of_users)
{
	ck_assert(nipfs__user_is_listed(lists[_i].list, lists[_i].user, lists[_i].group) ==
		  lists[_i].listed);
}
END_TEST

#define N(array) (sizeof(array) / sizeof(*(array)))

static Suite *store_route_suite(void)
{
	Suite *suite = suite_create("ways to a store");
	TCase *tc = tcase_create("route");

	tcase_add_checked_fixture(tc, enter, leave);
	tcase_add_loop_test(tc, refuses_what_leads_nowhere, 0, N(refused));
	tcase_add_test(tc, tells_that_it_is_direct);
	tcase_add_test(tc, reads_without_the_daemon);
	tcase_add_test(tc, asks_no_nix_that_is_not_there);
	tcase_add_loop_test(tc, names_the_store_to_a_child, 0, N(children));
	tcase_add_loop_test(tc, reads_lists_of_users, 0, N(lists));
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(store_route_suite)
