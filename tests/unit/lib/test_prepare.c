/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What root does once, before it works on a store. */
#include "tests/unit/lib/store_fixture.h"

#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

enum { NOBODY = 65534, NO_NAME = 54321 };

static int prepare(enum nipfs_store_access access, struct nipfs_error *err)
{
	const struct nipfs_store_options options = { .uri = at("root"), .access = access };

	return nipfs_store_prepare(&options, err);
}

/* Runs a function that changes the process in a process of its own; 0 is good. */
static void expect_in_child(int (*run)(void))
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		_exit(run());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

static void give_all(uid_t uid, gid_t gid)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "chown -R %u:%u '%s'", uid, gid, at("root"));
	ck_assert_int_eq(system(command), 0);
}

static void make_store_of(uid_t uid, gid_t gid)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	give_all(uid, gid);
}

static bool is_now(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	return getresuid(&u[0], &u[1], &u[2]) == 0 && getresgid(&g[0], &g[1], &g[2]) == 0 &&
	       u[0] == uid && u[1] == uid && u[2] == uid && g[0] == gid && g[1] == gid &&
	       g[2] == gid;
}

/* ---- as whom --------------------------------------------------------------------- */

static int become_nobody(void)
{
	const struct passwd *user = getpwuid(NOBODY);
	gid_t groups[64];
	struct nipfs_store *store;
	struct nipfs_error err;
	struct stat st;

	setenv("XDG_STATE_HOME", "/root/state", 1);
	if (prepare(NIPFS_STORE_WRITE, &err) < 0 || !is_now(NOBODY, user->pw_gid))
		return 1;
	for (int i = getgroups(64, groups); i > 0; i--)
		if (groups[i - 1] == 0)
			return 2;
	if (strcmp(getenv("HOME"), user->pw_dir) != 0 || getenv("XDG_STATE_HOME") ||
	    strcmp(getenv("USER"), user->pw_name) != 0)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, NULL) == 0)
		return 4;
	/* and once more, which has nothing to do */
	if (prepare(NIPFS_STORE_WRITE, &err) < 0)
		return 5;
	store = open_store(NIPFS_STORE_WRITE);
	(void)put(store, "lib", NULL, 0);
	nipfs_store_close(store);
	return stat(at("root/nix/var/nix/temproots"), &st) != 0 || st.st_uid != NOBODY;
}

START_TEST(root_becomes_the_owner_for_good)
{
	char command[256];

	if (geteuid() != 0)
		return;
	make_store_of(NOBODY, NOBODY);
	expect_in_child(become_nobody);
	(void)snprintf(command, sizeof(command), "test -z \"$(find '%s' ! -user %d)\"",
		       at("root"), NOBODY);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

static int become_somebody_without_a_name(void)
{
	struct nipfs_error err;

	/* reading is work on the store too */
	if (prepare(NIPFS_STORE_READ, &err) < 0 || !is_now(NO_NAME, NO_NAME + 1))
		return 1;
	return getenv("HOME") || getenv("USER");
}

START_TEST(root_becomes_an_owner_without_a_name)
{
	if (geteuid() != 0 || getpwuid(NO_NAME))
		return;
	make_store_of(NO_NAME, NO_NAME + 1);
	expect_in_child(become_somebody_without_a_name);
}
END_TEST

static int stay_root(void)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err;

	if (prepare(NIPFS_STORE_WRITE, &err) < 0 || !is_now(0, 0))
		return 1;
	return try_open(&store, NIPFS_STORE_WRITE, true, &err) != NIPFS_E_UNSUPPORTED ||
	       !strstr(err.msg, "65534");
}

START_TEST(a_store_of_several_users_is_nobodys)
{
	if (geteuid() != 0)
		return;
	make_store_of(NOBODY, NOBODY);
	ck_assert_int_eq(chown(at("root/nix/store"), 0, 0), 0);
	expect_in_child(stay_root);
	ck_assert_int_eq(chown(at("root/nix/store"), NOBODY, NOBODY), 0);
	ck_assert_int_eq(chown(at("root/nix/var/nix/db"), 0, 0), 0);
	expect_in_child(stay_root);
}
END_TEST

START_TEST(elsewhere_root_stays_root)
{
	struct nipfs_store_options options = { .uri = at("no/such/store"),
					       .access = NIPFS_STORE_WRITE };
	struct nipfs_error err;
	const uid_t self = geteuid();

	/* none there yet, one of our own, one of a daemon, and none at all */
	ck_assert_int_eq(nipfs_store_prepare(&options, &err), 0);
	ck_assert(!exists(at("no")));
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	ck_assert_int_eq(prepare(NIPFS_STORE_WRITE, &err), 0);
	options.uri = "daemon";
	ck_assert_int_eq(nipfs_store_prepare(&options, &err), 0);
	options.uri = "https://cache.example.org";
	ck_assert_int_eq(nipfs_store_prepare(&options, &err), 0);
	ck_assert_uint_eq(geteuid(), self);
}
END_TEST

/* ---- read-only mounts --------------------------------------------------------------- */

/* A mount namespace for the test alone, with the store mounted read-only: 0, or 77. */
static int mount_store(unsigned long flags)
{
	const char *dir = at("root/nix/store");

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_SHARED, NULL) != 0 ||
	    mount(dir, dir, "none", MS_BIND, NULL) != 0 ||
	    mount("none", dir, "none", MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0)
		return 77;
	return 0;
}

static unsigned long flags_of(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 ? fs.f_flag : 0;
}

/* Prepares and writes, while the one who called us looks at the mount. */
static int write_to_mount(void)
{
	struct nipfs_store *store;
	struct nipfs_error err;

	if (prepare(NIPFS_STORE_WRITE, &err) < 0)
		return 1;
	if ((flags_of(at("root/nix/store")) & (ST_RDONLY | ST_NODEV | ST_NOSUID | ST_NOATIME)) !=
	    (ST_NODEV | ST_NOSUID | ST_NOATIME))
		return 2;
	store = open_store(NIPFS_STORE_WRITE);
	(void)put(store, "lib", NULL, 0);
	nipfs_store_close(store);
	return 0;
}

static int writable_for_one(void)
{
	struct nipfs_store *store = NULL;
	struct nipfs_error err;
	int status = mount_store(MS_NODEV | MS_NOSUID | MS_NOATIME);
	pid_t child;

	if (status)
		return status == 77 ? 0 : status;
	/* who only reads changes nothing */
	if (prepare(NIPFS_STORE_READ, &err) < 0 || !(flags_of(at("root/nix/store")) & ST_RDONLY))
		return 10;
	if (try_open(&store, NIPFS_STORE_WRITE, false, &err) != NIPFS_E_UNSUPPORTED ||
	    !strstr(err.msg, "mounted read-only"))
		return 11;
	child = fork();
	if (child == 0)
		_exit(write_to_mount());
	if (waitpid(child, &status, 0) != child || status != 0)
		return 12;
	/* what it did, nobody else sees, but the files */
	return !(flags_of(at("root/nix/store")) & ST_RDONLY) ||
	       system("test $(ls \"$HOME/root/nix/store\" | wc -l) = 1") != 0;
}

START_TEST(a_read_only_mount_is_writable_for_one_process)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	expect_in_child(writable_for_one);
}
END_TEST

/* First the mount, then the user: not the other way round. */
static int both(void)
{
	struct nipfs_store *store;
	struct nipfs_error err;

	if (mount_store(0) == 77)
		return 0;
	if (prepare(NIPFS_STORE_WRITE, &err) < 0 || geteuid() != NOBODY)
		return 1;
	store = open_store(NIPFS_STORE_WRITE);
	(void)put(store, "lib", NULL, 0);
	nipfs_store_close(store);
	return 0;
}

START_TEST(a_read_only_mount_of_another_user)
{
	if (geteuid() != 0)
		return;
	make_store_of(NOBODY, NOBODY);
	expect_in_child(both);
}
END_TEST

/* A store in a folder of a read-only mount, which is no mount itself. */
static int all_of_it(void)
{
	struct nipfs_error err;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount(at("root"), at("root"), "none", MS_BIND, NULL) != 0 ||
	    mount("none", at("root"), "none", MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
		return 0;
	return prepare(NIPFS_STORE_WRITE, &err) != NIPFS_E_UNSUPPORTED ||
	       !strstr(err.msg, "lies on a file system that is mounted read-only");
}

START_TEST(what_is_read_only_above_the_store_stays_so)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	expect_in_child(all_of_it);
}
END_TEST

static void *sleep_on(void *go_on)
{
	while (!*(volatile bool *)go_on)
		(void)sched_yield();
	return NULL;
}

static int with_a_thread(void)
{
	struct nipfs_error err;
	bool go_on = false;
	pthread_t thread;
	int r;

	if (mount_store(0) == 77)
		return 0;
	if (pthread_create(&thread, NULL, sleep_on, &go_on) != 0)
		return 1;
	r = prepare(NIPFS_STORE_WRITE, &err);
	go_on = true;
	(void)pthread_join(thread, NULL);
	return r != NIPFS_E_USAGE;
}

START_TEST(threads_would_stay_outside)
{
	nipfs_store_close(open_store(NIPFS_STORE_WRITE));
	expect_in_child(with_a_thread);
}
END_TEST

static Suite *prepare_suite(void)
{
	Suite *suite = suite_create("preparing");
	TCase *tc = tcase_create("prepare");

	tcase_add_checked_fixture(tc, enter_scratch, leave_scratch);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, root_becomes_the_owner_for_good);
	tcase_add_test(tc, root_becomes_an_owner_without_a_name);
	tcase_add_test(tc, a_store_of_several_users_is_nobodys);
	tcase_add_test(tc, elsewhere_root_stays_root);
	tcase_add_test(tc, a_read_only_mount_is_writable_for_one_process);
	tcase_add_test(tc, a_read_only_mount_of_another_user);
	tcase_add_test(tc, what_is_read_only_above_the_store_stays_so);
	tcase_add_test(tc, threads_would_stay_outside);
	suite_add_tcase(suite, tc);
	return suite;
}

NIPFS_TEST_MAIN(prepare_suite)
