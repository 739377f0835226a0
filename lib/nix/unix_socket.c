/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that are files. */
#include "lib/nix/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "multiformats/base/auto.h"

int nipfs__unix_connect(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *slash = strrchr(path, '/');
	nipfs_auto_fd int dir = -1;
	char folder[PATH_MAX];
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(address.sun_path)) {
		/* the kernel takes some 100 bytes; by a descriptor any path becomes short */
		if (!slash || (size_t)(slash - path) + 1 >= sizeof(folder)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		(void)snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
		dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return -1;
		n = snprintf(address.sun_path, sizeof(address.sun_path),
			     "/proc/self/fd/%d/%s", dir, slash + 1);
		if (n < 0 || (size_t)n >= sizeof(address.sun_path)) {
			errno = ENAMETOOLONG;
			return -1;
		}
	}
	return connect(fd, (const struct sockaddr *)&address, sizeof(address));
}
