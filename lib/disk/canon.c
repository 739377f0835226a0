/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metadata that Nix gives whatever is in its store. */
#include "lib/disk/canon.h"

#include <errno.h>
#include <sys/xattr.h>

/* Longest list of extended attributes that a new file may come with. */
enum { XATTR_BYTES = 4096 };

const struct timespec nipfs__canon_times[2] = {
	{ .tv_nsec = UTIME_OMIT },
	{ .tv_sec = 1 },
};

/* Attributes that Nix leaves in its store unless it is told otherwise. */
static const char default_ignored[] = "security.selinux system.nfs4_acl security.csm";

static bool is_word_of(const char *words, const char *word)
{
	const size_t len = strlen(word);

	while (*words) {
		const size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, len) == 0)
			return true;
		words += n + strspn(words + n, " ");
	}
	return false;
}

int nipfs__canon_strip(const struct nipfs__dirs *dirs, int fd, const char *ignored,
		       struct nipfs_error *err)
{
	char names[XATTR_BYTES];
	const ssize_t n = flistxattr(fd, names, sizeof(names));

	if (n < 0 && errno != ENOTSUP && errno != ENODATA)
		return nipfs__dirs_fail_errno(dirs, err,
					      "cannot list the extended attributes of");
	for (const char *name = names; name < names + n; name += strlen(name) + 1)
		if (!is_word_of(ignored ? ignored : default_ignored, name) &&
		    fremovexattr(fd, name) < 0 && errno != ENODATA)
			return nipfs__dirs_fail_errno(
			    dirs, err, "cannot remove an extended attribute of");
	return 0;
}

int nipfs__canon_seal(const struct nipfs__dirs *dirs, int fd, mode_t mode,
		      struct nipfs_error *err)
{
	if (fchmod(fd, mode) < 0)
		return nipfs__dirs_fail_errno(dirs, err, "cannot set the mode of");
	if (futimens(fd, nipfs__canon_times) < 0)
		return nipfs__dirs_fail_errno(dirs, err, "cannot set the time of");
	return 0;
}
