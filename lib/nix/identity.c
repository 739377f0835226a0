/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root becomes the owner of a store, for good. */
#include "lib/nix/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "multiformats/base/err.h"

/* As much as a row of the user database may have. */
enum { PASSWD_BYTES = 8 * 1024 };

static int fail(struct nipfs_error *err, const char *what, uid_t uid)
{
	return nipfs__fail_errno(err, errno, "cannot %s the user %ld", what, (long)uid);
}

/* The groups first: once root is given up they can't be. */
static int change_groups(const struct passwd *user, gid_t gid)
{
	const int r = user ? initgroups(user->pw_name, gid) : setgroups(1, &gid);

	return r == 0 ? setresgid(gid, gid, gid) : r;
}

/* Privileges that outlive the change of user (securebits) would let us go back. */
static int check_gone(uid_t uid, gid_t gid, struct nipfs_error *err)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (getresuid(&real, &effective, &saved) != 0 ||
	    getresgid(&real_group, &effective_group, &saved_group) != 0)
		return fail(err, "examine", uid);
	if (real == uid && effective == uid && saved == uid && real_group == gid &&
	    effective_group == gid && saved_group == gid && seteuid(0) != 0 && setuid(0) != 0)
		return 0;
	return nipfs__fail(err, NIPFS_E_SYS,
			   "cannot become the user %ld for good: root does not go away",
			   (long)uid);
}

/* Sets a variable, or forgets it where there is no value. */
static int set(const char *name, const char *value)
{
	return value ? setenv(name, value, 1) : unsetenv(name);
}

static int change_environment(const struct passwd *user)
{
	static const char *const of_the_caller[] = { "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
						     "XDG_DATA_HOME", "XDG_STATE_HOME",
						     "XDG_RUNTIME_DIR" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(of_the_caller) / sizeof(*of_the_caller); i++)
		r = unsetenv(of_the_caller[i]);
	if (r == 0)
		r = set("HOME", user ? user->pw_dir : NULL);
	if (r == 0)
		r = set("USER", user ? user->pw_name : NULL);
	return r == 0 ? set("LOGNAME", user ? user->pw_name : NULL) : r;
}

int nipfs__become(uid_t uid, gid_t gid, struct nipfs_error *err)
{
	char room[PASSWD_BYTES];
	struct passwd row, *user = NULL;
	const int failed = getpwuid_r(uid, &row, room, sizeof(room), &user);

	if (failed)
		return nipfs__fail_errno(err, failed, "cannot look up the user %ld", (long)uid);
	if (user)
		gid = user->pw_gid;
	if (change_groups(user, gid) != 0)
		return fail(err, "take on the groups of", uid);
	if (setresuid(uid, uid, uid) != 0)
		return fail(err, "become", uid);
	if (change_environment(user) != 0)
		return fail(err, "take on the environment of", uid);
	return check_gone(uid, gid, err);
}
