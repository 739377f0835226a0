/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A read-only store folder made writable in a mount namespace of our own. */
#include "lib/nix/mount.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "multiformats/base/err.h"

int nipfs__mount_is_read_only(const char *dir, struct nipfs_error *err)
{
	struct statvfs fs;

	if (statvfs(dir, &fs) == 0)
		return (fs.f_flag & ST_RDONLY) != 0;
	if (errno == ENOENT)
		return 0;
	return nipfs__fail_errno(err, errno, "cannot examine '%s'", dir);
}

int nipfs__mount_refuse(const char *dir, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
			   geteuid() == 0 ?
				   "'%s' is mounted read-only: mount it writable to write this "
				   "store" :
				   "'%s' is mounted read-only: only root can write this store",
			   dir);
}

static int refuse_all_of_it(const char *dir, struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
			   "'%s' lies on a file system that is mounted read-only: mount that "
			   "writable to write this store", dir);
}

/* A process has one folder in /proc/self/task for each of its threads. */
static int check_threads(struct nipfs_error *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) == 0 && st.st_nlink > 3)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a store that is mounted read-only must be prepared before "
				   "the process has threads");
	return 0;
}

/* What the mount is, but for being read-only. */
static unsigned long flags_to_keep(unsigned long f_flag)
{
	static const struct {
		unsigned long has, keep;
	} flags[] = {
		{ ST_NODEV, MS_NODEV },		{ ST_NOSUID, MS_NOSUID },
		{ ST_NOEXEC, MS_NOEXEC },	{ ST_NOATIME, MS_NOATIME },
		{ ST_NODIRATIME, MS_NODIRATIME }, { ST_RELATIME, MS_RELATIME },
	};
	unsigned long keep = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (f_flag & flags[i].has)
			keep |= flags[i].keep;
	return keep;
}

static int enter_namespace(const char *dir, struct nipfs_error *err)
{
	/* a root folder that is no mount, as in a chroot, has nothing to tell others */
	if (unshare(CLONE_NEWNS) == 0 &&
	    (mount("none", "/", "none", MS_REC | MS_SLAVE, NULL) == 0 || errno == EINVAL))
		return 0;
	return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
			   "'%s' is mounted read-only, and a mount namespace in which it could "
			   "be written is not to be had: %s", dir, strerror(errno));
}

int nipfs__mount_make_writable(const char *dir, struct nipfs_error *err)
{
	struct statvfs fs;
	int r;

	if (geteuid() != 0)
		return nipfs__mount_refuse(dir, err);
	if (statvfs(dir, &fs) != 0)
		return nipfs__fail_errno(err, errno, "cannot examine '%s'", dir);
	r = check_threads(err);
	if (r == 0)
		r = enter_namespace(dir, err);
	if (r < 0)
		return r;
	if (mount("none", dir, "none", MS_REMOUNT | MS_BIND | flags_to_keep(fs.f_flag),
		  NULL) != 0) {
		if (errno == EINVAL)
			return refuse_all_of_it(dir, err);
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "'%s' is mounted read-only, and cannot be made writable even "
				   "for this process alone: %s", dir, strerror(errno));
	}
	/* a disk that is read-only stays so, whatever its mounts say */
	r = nipfs__mount_is_read_only(dir, err);
	return r == 1 ? refuse_all_of_it(dir, err) : r;
}
