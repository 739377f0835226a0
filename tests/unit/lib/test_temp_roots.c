/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Temporary and lasting roots, with collectors that behave as those of Nix. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/nix/store.h"
#include "tests/unit/lib/store_fixture.h"

#define STATE "root/nix/var/nix/"

/* The name of the one file in temproots/, or "". */
static const char *roots_file(void)
{
	static char name[PATH_MAX];
	DIR *dir = opendir(at(STATE "temproots"));
	const struct dirent *e;

	ck_assert_ptr_nonnull(dir);
	name[0] = '\0';
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.') {
			ck_assert_str_eq(name, "");
			(void)snprintf(name, sizeof(name), "%s/%s", at(STATE "temproots"),
				       e->d_name);
		}
	(void)closedir(dir);
	return name;
}

static size_t read_roots(char *out, size_t size)
{
	const int fd = open(roots_file(), O_RDWR | O_CLOEXEC);
	const ssize_t n = read(fd, out, size);

	ck_assert_int_ge(n, 0);
	/* A collector takes a file that it can lock for one of the dead. */
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
	(void)close(fd);
	return (size_t)n;
}

/* "/nix/store/BASE" and a NUL for each path. */
static size_t expected(const struct nipfs_store_path *paths, size_t n, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += nipfs_store_path_format(&paths[i], "/nix/store", out + len) + 1;
	return len;
}

static struct nipfs_store_path paths[3];

static void make_paths(void)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < 3; i++)
		paths[i] = describe(names[i], NULL, 0).path;
}

static void check_roots(const struct nipfs_store_path *want, size_t n)
{
	char got[4096], text[4096];
	const size_t len = expected(want, n, text);

	ck_assert_uint_eq(read_roots(got, sizeof(got)), len);
	ck_assert_mem_eq(got, text, len);
}

START_TEST(writes_each_root_once_and_forgets_them_at_the_end)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	char *end;
	long number;

	ck_assert_str_eq(roots_file(), "");
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 2, NULL), 0);
	check_roots(paths, 2);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 3, NULL), 0);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 0, NULL), 0);
	check_roots(paths, 3);
	/* A number that fits in 31 bits and is no process's. */
	number = strtol(strrchr(roots_file(), '/') + 1, &end, 10);
	ck_assert(*end == '\0' && number > 4194304 && number <= 2147483647);
	ck_assert_int_eq(number % 10000000, getpid());
	nipfs_store_close(store);
	ck_assert_str_eq(roots_file(), "");
}
END_TEST

START_TEST(keeps_roots_for_who_only_reads)
{
	struct nipfs_store *store;

	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	store = open_store(NIPFS_STORE_READ);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 2, NULL), 0);
	check_roots(paths, 2);
	nipfs_store_close(store);
	ck_assert_str_eq(roots_file(), "");
}
END_TEST

START_TEST(comes_back_when_the_file_is_removed)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);

	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 2, NULL), 0);
	ck_assert_int_eq(unlink(roots_file()), 0);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, &paths[2], 1, NULL), 0);
	check_roots(paths, 3);
	ck_assert_int_eq(unlink(roots_file()), 0);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 1, NULL), 0);
	check_roots(paths, 3);
	nipfs_store_close(store);
}
END_TEST

START_TEST(a_forked_child_takes_nothing_away)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	pid_t child;
	int status;

	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 2, NULL), 0);
	child = fork();
	if (child == 0) {
		nipfs_store_close(store);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	check_roots(paths, 2);
	nipfs_store_close(store);
}
END_TEST

enum collector {
	WITH_SOCKET,	/* Nix 2.5 and newer */
	LATE_SOCKET,	/* the same, slow to make its socket */
	ENDS_UNDER_WAY, /* takes a connection, and ends without an answer */
	STALE_SOCKET,	/* of a collector that is gone; this one makes none */
	NO_SOCKET,	/* Nix up to 2.4 */
};

static int listen_at(const char *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)mkdir(dir, 0755);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/socket", dir);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, 5))
		_exit(90);
	return fd;
}

/* Writes the lines that it is told to a file, and answers each. */
static void serve(int server, const char *heard)
{
	const int client = accept(server, NULL, NULL);
	const int out = open(heard, O_WRONLY | O_CREAT | O_APPEND, 0600);
	char c;

	while (read(client, &c, 1) == 1)
		if (write(out, &c, 1) != 1 || (c == '\n' && write(client, "1", 1) != 1))
			_exit(91);
	_exit(0);
}

static pid_t start_collector(enum collector kind)
{
	int ready[2];
	char c;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		const int lock = open(at(STATE "gc.lock"), O_RDWR | O_CREAT, 0600);
		int server = -1;

		if (flock(lock, LOCK_EX | LOCK_NB) != 0)
			_exit(92);
		if (kind == STALE_SOCKET)
			(void)close(listen_at(at(STATE "gc-socket")));
		if (kind == WITH_SOCKET || kind == ENDS_UNDER_WAY)
			server = listen_at(at(STATE "gc-socket"));
		if (write(ready[1], "r", 1) != 1)
			_exit(93);
		if (server < 0)
			(void)usleep(300000);
		if (kind == LATE_SOCKET)
			server = listen_at(at(STATE "gc-socket"));
		if (kind == ENDS_UNDER_WAY) {
			server = accept(server, NULL, NULL);
			_exit(read(server, &c, 1) == 1 ? 0 : 94);
		}
		if (server >= 0)
			serve(server, at("heard"));
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return child;
}

START_TEST(agrees_with_every_collector)
{
	/* static: valgrind looks for leaks in the forked collector too */
	static struct nipfs_store *store;
	const enum collector kind = (enum collector)_i;
	char heard[4096] = "", want[4096] = "";
	int status, fd;
	pid_t child;

	store = open_store(NIPFS_STORE_WRITE);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 1, NULL), 0);
	child = start_collector(kind);
	ck_assert_int_eq(nipfs_store_add_temp_roots(store, paths, 3, NULL), 0);
	check_roots(paths, 3);
	nipfs_store_close(store);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	fd = open(at("heard"), O_RDONLY);
	ck_assert_int_eq(fd >= 0, kind == WITH_SOCKET || kind == LATE_SOCKET);
	if (fd < 0)
		return;
	ck_assert_int_ge(read(fd, heard, sizeof(heard) - 1), 0);
	(void)close(fd);
	(void)snprintf(want, sizeof(want), "/nix/store/%s\n/nix/store/%s\n", paths[1].base,
		       paths[2].base);
	ck_assert_str_eq(heard, want);
}
END_TEST

/* It may have read the lasting roots before there was this one. */
START_TEST(tells_a_collector_of_what_becomes_a_lasting_root)
{
	static struct nipfs_store *store;
	char heard[4096] = "", want[4096];
	struct nipfs_store_path path;
	int status, fd;
	pid_t child;

	store = open_store(NIPFS_STORE_WRITE);
	path = put(store, "lib", NULL, 0);
	child = start_collector(WITH_SOCKET);
	ck_assert_int_eq(nipfs_store_add_root(store, &path, at("link"), NULL), 0);
	nipfs_store_close(store);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	fd = open(at("heard"), O_RDONLY);
	ck_assert_int_gt(read(fd, heard, sizeof(heard) - 1), 0);
	(void)close(fd);
	(void)snprintf(want, sizeof(want), "/nix/store/%s\n", path.base);
	ck_assert_str_eq(heard, want);
}
END_TEST

START_TEST(names_a_root_as_nix_does)
{
	char name[NIPFS__ROOT_NAME_MAX];

	ck_assert_int_eq(nipfs__root_name("/tmp/nx/home/myroot", name, NULL), 0);
	ck_assert_str_eq(name, "kd3g24if213b7l1rq3xdywnzm4zj799d");
}
END_TEST

static const char *link_target(const char *link)
{
	static char target[PATH_MAX];
	const ssize_t n = readlink(link, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	return target;
}

START_TEST(makes_lasting_roots)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path lib = put(store, "lib", NULL, 0);
	const struct nipfs_store_path app = put(store, "app", NULL, 0);
	char name[NIPFS__ROOT_NAME_MAX], full[NIPFS_STORE_PATH_MAX], registered[PATH_MAX];
	const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char odd[PATH_MAX];

	(void)snprintf(odd, sizeof(odd), "%s//new/./x/..//link", scratch);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, odd, NULL), 0);
	nipfs_store_path_format(&lib, "/nix/store", full);
	ck_assert_str_eq(link_target(at("new/link")), full);
	ck_assert_int_eq(nipfs__root_name(at("new/link"), name, NULL), 0);
	(void)snprintf(registered, sizeof(registered), "%s/%s", at(STATE "gcroots/auto"), name);
	ck_assert_str_eq(link_target(registered), at("new/link"));
	/* A root may be pointed at another path. */
	ck_assert_int_eq(nipfs_store_add_root(store, &app, at("new/link"), NULL), 0);
	nipfs_store_path_format(&app, "/nix/store", full);
	ck_assert_str_eq(link_target(at("new/link")), full);
	/* A relative name is one in the current directory. */
	ck_assert_int_eq(chdir(scratch), 0);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, "here", NULL), 0);
	ck_assert(exists(at("here")));
	ck_assert_int_eq(fchdir(here), 0);
	(void)close(here);
	nipfs_store_close(store);
}
END_TEST

START_TEST(makes_no_root_that_does_harm)
{
	struct nipfs_store *store = open_store(NIPFS_STORE_WRITE);
	const struct nipfs_store_path lib = put(store, "lib", NULL, 0);
	struct nipfs_error err = { .code = 0 };

	write_file(AT_FDCWD, at("file"), "mine", 4);
	ck_assert_int_eq(symlink("/etc/passwd", at("link")), 0);
	ck_assert_int_eq(mkdir(at("dir"), 0755), 0);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, at("file"), &err), NIPFS_E_EXISTS);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, at("link"), &err), NIPFS_E_EXISTS);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, at("dir"), &err), NIPFS_E_EXISTS);
	ck_assert_str_eq(link_target(at("link")), "/etc/passwd");
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, at("root/nix/store/x"), &err),
			 NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, "/nix/store/x", &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_store_add_root(store, &lib, "/..", &err), NIPFS_E_USAGE);
	ck_assert_int_eq(nipfs_store_add_root(store, &paths[0], at("x"), &err),
			 NIPFS_E_NOTFOUND);
	ck_assert(!exists(at("x")));
	nipfs_store_close(store);
}
END_TEST

static void set_up(void)
{
	enter_scratch();
	make_paths();
}

static Suite *temp_roots_suite(void)
{
	Suite *suite = suite_create("roots");
	TCase *tc = tcase_create("roots");

	tcase_add_checked_fixture(tc, set_up, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, writes_each_root_once_and_forgets_them_at_the_end);
	tcase_add_test(tc, keeps_roots_for_who_only_reads);
	tcase_add_test(tc, comes_back_when_the_file_is_removed);
	tcase_add_test(tc, a_forked_child_takes_nothing_away);
	tcase_add_loop_test(tc, agrees_with_every_collector, WITH_SOCKET, NO_SOCKET + 1);
	tcase_add_test(tc, tells_a_collector_of_what_becomes_a_lasting_root);
	tcase_add_test(tc, names_a_root_as_nix_does);
	tcase_add_test(tc, makes_lasting_roots);
	tcase_add_test(tc, makes_no_root_that_does_harm);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(temp_roots_suite)
