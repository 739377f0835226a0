/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which store a URI and the environment mean. */
#include "lib/nix/env.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/path_text.h"
#include "lib/nix/store_uri.h"
#include "tests/support/check_main.h"
#include "tests/support/scratch.h"

static char here[512];

static const char *const variables[] = {
	"NIX_STORE_DIR", "NIX_STORE",	  "NIX_STATE_DIR",
	"NIX_LOG_DIR",	 "NIX_REMOTE",	  "NIX_DAEMON_SOCKET_PATH",
	"NIX_DATA_HOME", "XDG_DATA_HOME",
};

static void setup(void)
{
	scratch_setup();
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void)unsetenv(variables[i]);
}

static void resolve(const char *uri, struct nipfs__store_env *out)
{
	struct nipfs_error err = { 0 };

	ck_assert_msg(nipfs__store_env_resolve(uri, NULL, out, &err) == 0, "%s", err.msg);
}

static const struct {
	const char *uri;
	enum nipfs__store_kind kind;
	const char *store, *real, *root, *state, *log, *socket;
} stores[] = {
	{ "local", NIPFS__STORE_LOCAL, "/nix/store", "/nix/store", NULL, "/nix/var/nix",
	  "/nix/var/log/nix", "/nix/var/nix/daemon-socket/socket" },
	{ "daemon", NIPFS__STORE_DAEMON, "/nix/store", "/nix/store", NULL, "/nix/var/nix",
	  "/nix/var/log/nix", "/nix/var/nix/daemon-socket/socket" },
	{ "unix:///run/x/socket", NIPFS__STORE_DAEMON, "/nix/store", "/nix/store", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", "/run/x/socket" },
	{ "unix:///run/a%20b", NIPFS__STORE_DAEMON, "/nix/store", "/nix/store", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", "/run/a b" },
	{ "unix://", NIPFS__STORE_DAEMON, "/nix/store", "/nix/store", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", "/nix/var/nix/daemon-socket/socket" },
	{ "unix:///s?root=/r", NIPFS__STORE_DAEMON, "/nix/store", "/r/nix/store", "/r",
	  "/r/nix/var/nix", "/r/nix/var/log/nix", "/s" },
	{ "/r", NIPFS__STORE_CHROOT, "/nix/store", "/r/nix/store", "/r", "/r/nix/var/nix",
	  "/r/nix/var/log/nix", "/nix/var/nix/daemon-socket/socket" },
	{ "//r//./x/../y/", NIPFS__STORE_CHROOT, "/nix/store", "/r/y/nix/store", "/r/y",
	  "/r/y/nix/var/nix", "/r/y/nix/var/log/nix", NULL },
	{ "/", NIPFS__STORE_CHROOT, "/nix/store", "/nix/store", "/", "/nix/var/nix",
	  "/nix/var/log/nix", NULL },
	{ "/r/a:b", NIPFS__STORE_CHROOT, "/nix/store", "/r/a:b/nix/store", "/r/a:b",
	  "/r/a:b/nix/var/nix", "/r/a:b/nix/var/log/nix", NULL },
	{ "local?root=/r", NIPFS__STORE_CHROOT, "/nix/store", "/r/nix/store", "/r",
	  "/r/nix/var/nix", "/r/nix/var/log/nix", NULL },
	{ "local?root=", NIPFS__STORE_LOCAL, "/nix/store", "/nix/store", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", NULL },
	{ "local:///r?x=1", NIPFS__STORE_CHROOT, "/nix/store", "/r/nix/store", "/r",
	  "/r/nix/var/nix", "/r/nix/var/log/nix", NULL },
	{ "local://", NIPFS__STORE_LOCAL, "/nix/store", "/nix/store", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", NULL },
	{ "local?store=/gnu/store&state=/v/nix/&log=/l", NIPFS__STORE_LOCAL, "/gnu/store",
	  "/gnu/store", NULL, "/v/nix", "/l", NULL },
	{ "local?real=/mnt/s&real=/no", NIPFS__STORE_LOCAL, "/nix/store", "/mnt/s", NULL,
	  "/nix/var/nix", "/nix/var/log/nix", NULL },
	{ "/r?real=/mnt/s&state=/v", NIPFS__STORE_CHROOT, "/nix/store", "/mnt/s", "/r",
	  "/v", "/r/nix/var/log/nix", NULL },
	{ "local?root=%2fa%2Fb&&dubious", NIPFS__STORE_CHROOT, "/nix/store",
	  "/a/b/nix/store", "/a/b", "/a/b/nix/var/nix", "/a/b/nix/var/log/nix", NULL },
};

START_TEST(places)
{
	struct nipfs__store_env env;
	char below[128];

	resolve(stores[_i].uri, &env);
	ck_assert_int_eq(env.kind, stores[_i].kind);
	ck_assert_str_eq(env.uri, stores[_i].uri);
	ck_assert_str_eq(env.store_dir, stores[_i].store);
	ck_assert_str_eq(env.real_store_dir, stores[_i].real);
	ck_assert_pstr_eq(env.root, stores[_i].root);
	ck_assert_str_eq(env.state_dir, stores[_i].state);
	ck_assert_str_eq(env.log_dir, stores[_i].log);
	if (stores[_i].socket)
		ck_assert_str_eq(env.socket, stores[_i].socket);
	(void)snprintf(below, sizeof(below), "%s/db/db.sqlite", stores[_i].state);
	ck_assert_str_eq(env.db_file, below);
	(void)snprintf(below, sizeof(below), "%s/.links", stores[_i].real);
	ck_assert_str_eq(env.links_dir, below);
	ck_assert(!env.read_only);
	ck_assert_int_eq(env.require_sigs, -1);
	nipfs__store_env_release(&env);
}
END_TEST

static const struct {
	const char *uri, *scheme;
} unsupported[] = {
	{ "https://cache.nixos.org", "https" },
	{ "ssh-ng://user@host?remote-store=x", "ssh-ng" },
	{ "dummy://", "dummy" },
	{ "file:///tmp/x", "file" },
	{ "local-overlay://?root=/x", "local-overlay" },
	{ "s3://bucket", "s3" },
};

START_TEST(other_kinds)
{
	struct nipfs__store_env env;

	resolve(unsupported[_i].uri, &env);
	ck_assert_int_eq(env.kind, NIPFS__STORE_UNSUPPORTED);
	ck_assert_str_eq(env.scheme, unsupported[_i].scheme);
	ck_assert_str_eq(env.store_dir, "/nix/store");
	ck_assert_ptr_null(env.state_dir);
	nipfs__store_env_release(&env);
}
END_TEST

static const struct {
	const char *uri, *says;
	int code;
} bad[] = {
	{ "nonsense", "'nonsense'", NIPFS_E_INVALID },
	{ "Local", "'Local'", NIPFS_E_INVALID },
	{ "locally?root=/x", "locally", NIPFS_E_INVALID },
	{ "local?root=relative", "'relative'", NIPFS_E_INVALID },
	{ "local?state=", "state", NIPFS_E_INVALID },
	{ "local?store=nix/store", "'nix/store'", NIPFS_E_INVALID },
	{ "local?root=/%0", "names no store", NIPFS_E_INVALID },
	{ "local?root=/%zz", "names no store", NIPFS_E_INVALID },
	{ "local?root=/%00", "names no store", NIPFS_E_INVALID },
	{ "unix://relative/socket", "'relative/socket'", NIPFS_E_INVALID },
	{ "local?read-only=maybe", "read-only", NIPFS_E_INVALID },
	{ "local?require-sigs=", "require-sigs", NIPFS_E_INVALID },
};

START_TEST(refuses)
{
	struct nipfs__store_env env = { .uri = "unchanged" };
	struct nipfs_error err = { 0 };

	ck_assert_int_eq(nipfs__store_env_resolve(bad[_i].uri, NULL, &env, &err),
			 bad[_i].code);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
	ck_assert_str_eq(env.uri, "unchanged");
}
END_TEST

START_TEST(switches)
{
	struct nipfs__store_env env;

	resolve("local?read-only=true&require-sigs=false", &env);
	ck_assert(env.read_only);
	ck_assert_int_eq(env.require_sigs, 0);
	nipfs__store_env_release(&env);
	resolve("/x?require-sigs=1", &env);
	ck_assert_int_eq(env.require_sigs, 1);
	nipfs__store_env_release(&env);
}
END_TEST

START_TEST(environment)
{
	struct nipfs__store_env env;
	char want[1024];

	(void)setenv("NIX_STORE", "/old/store", 1);
	resolve("local", &env);
	ck_assert_str_eq(env.store_dir, "/old/store");
	nipfs__store_env_release(&env);
	(void)setenv("NIX_STORE_DIR", "/s//store/", 1);
	(void)setenv("NIX_STATE_DIR", "/s/var", 1);
	(void)setenv("NIX_LOG_DIR", "/s/log", 1);
	resolve("local", &env);
	ck_assert_str_eq(env.store_dir, "/s/store");
	ck_assert_str_eq(env.real_store_dir, "/s/store");
	ck_assert_str_eq(env.state_dir, "/s/var");
	ck_assert_str_eq(env.gc_lock, "/s/var/gc.lock");
	ck_assert_str_eq(env.log_dir, "/s/log");
	ck_assert_str_eq(env.socket, "/s/var/daemon-socket/socket");
	nipfs__store_env_release(&env);
	/* the logical folder stays in a chroot store, the physical one is fixed */
	resolve("./r", &env);
	(void)snprintf(want, sizeof(want), "%s/r/nix/store", here);
	ck_assert_str_eq(env.store_dir, "/s/store");
	ck_assert_str_eq(env.real_store_dir, want);
	nipfs__store_env_release(&env);
	(void)setenv("NIX_DAEMON_SOCKET_PATH", "/run/sock", 1);
	resolve("daemon", &env);
	ck_assert_str_eq(env.socket, "/run/sock");
	nipfs__store_env_release(&env);
	(void)setenv("NIX_STORE_DIR", "", 1);
	resolve("local", &env);
	ck_assert_str_eq(env.store_dir, "/old/store");
	nipfs__store_env_release(&env);
	(void)setenv("NIX_STORE_DIR", "relative", 1);
	ck_assert_int_eq(nipfs__store_env_resolve("local", NULL, &env, NULL),
			 NIPFS_E_INVALID);
}
END_TEST

START_TEST(what_decides)
{
	struct nipfs__store_env env;

	/* the argument, the setting, NIX_REMOTE */
	(void)setenv("NIX_REMOTE", "/from/environment", 1);
	ck_assert_int_eq(
	    nipfs__store_env_resolve("/from/argument", "/from/conf", &env, NULL), 0);
	ck_assert_str_eq(env.root, "/from/argument");
	nipfs__store_env_release(&env);
	ck_assert_int_eq(nipfs__store_env_resolve(NULL, "/from/conf", &env, NULL), 0);
	ck_assert_str_eq(env.root, "/from/conf");
	nipfs__store_env_release(&env);
	resolve(NULL, &env);
	ck_assert_str_eq(env.root, "/from/environment");
	nipfs__store_env_release(&env);
}
END_TEST

START_TEST(automatic)
{
	struct nipfs__store_env env;
	char path[1024];

	/* a state folder that can be written; then none but a socket; then neither */
	scratch_dir("state", 0755);
	(void)snprintf(path, sizeof(path), "%s/state", here);
	(void)setenv("NIX_STATE_DIR", path, 1);
	resolve(NULL, &env);
	ck_assert_int_eq(env.kind, NIPFS__STORE_LOCAL);
	nipfs__store_env_release(&env);
	resolve("auto?root=/r", &env);
	ck_assert_int_eq(env.kind, NIPFS__STORE_CHROOT);
	nipfs__store_env_release(&env);

	(void)setenv("NIX_STATE_DIR", "/nonexistent/state", 1);
	scratch_file("socket", "", 0600);
	(void)snprintf(path, sizeof(path), "%s/socket", here);
	(void)setenv("NIX_DAEMON_SOCKET_PATH", path, 1);
	resolve("", &env);
	ck_assert_int_eq(env.kind, NIPFS__STORE_DAEMON);
	ck_assert_str_eq(env.socket, path);
	nipfs__store_env_release(&env);

	(void)unlink("socket");
	resolve("auto", &env);
	ck_assert_int_eq(env.kind, NIPFS__STORE_LOCAL);
	ck_assert_str_eq(env.state_dir, "/nonexistent/state");
	nipfs__store_env_release(&env);
}
END_TEST

START_TEST(too_long)
{
	struct nipfs__store_env env;
	struct nipfs_error err = { 0 };
	char uri[6000];

	memset(uri, 'x', sizeof(uri));
	uri[0] = '/';
	uri[5000] = 0;
	ck_assert_int_eq(nipfs__store_env_resolve(uri, NULL, &env, &err), NIPFS_E_LIMIT);
	ck_assert_str_ne(err.msg, "");
	/* a folder that a store path fits into no more */
	uri[3840] = 0;
	ck_assert_int_eq(nipfs__store_env_resolve(uri, NULL, &env, &err), NIPFS_E_LIMIT);
	uri[3800] = 0;
	resolve(uri, &env);
	nipfs__store_env_release(&env);
	memcpy(uri, "local?", 6);
	for (size_t i = 0; i < 33; i++)
		memcpy(uri + 6 + i * 4, "a=1&", 4);
	uri[6 + 33 * 4] = 0;
	ck_assert_int_eq(nipfs__store_env_resolve(uri, NULL, &env, &err), NIPFS_E_LIMIT);
}
END_TEST

static const struct {
	const char *base, *path, *want;
} joins[] = {
	{ "/", "/", "/" },
	{ "/", "", "/" },
	{ "/", "a", "/a" },
	{ "/a/b", "c", "/a/b/c" },
	{ "/a/b/", "/c/", "/c" },
	{ "/a/b", "../../../c", "/c" },
	{ "/a/b", "..", "/a" },
	{ "/a/b", "../..", "/" },
	{ "/a", "./b/./c//d/...", "/a/b/c/d/..." },
	{ "//a///b", "c/..", "/a/b" },
};

START_TEST(joined_paths)
{
	char *got;

	ck_assert_int_eq(nipfs__path_join(joins[_i].base, joins[_i].path, &got), 0);
	ck_assert_str_eq(got, joins[_i].want);
	free(got);
}
END_TEST

#define LOOP(t, test, table)                                                             \
	tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *store_env_suite(void)
{
	Suite *s = suite_create("store_env");
	TCase *t = tcase_create("store_env");

	tcase_add_checked_fixture(t, setup, scratch_teardown);
	LOOP(t, places, stores);
	LOOP(t, other_kinds, unsupported);
	LOOP(t, refuses, bad);
	tcase_add_test(t, switches);
	tcase_add_test(t, environment);
	tcase_add_test(t, what_decides);
	tcase_add_test(t, automatic);
	tcase_add_test(t, too_long);
	LOOP(t, joined_paths, joins);
	suite_add_tcase(s, t);
	return s;
}

NIPFS_TEST_MAIN(store_env_suite)
