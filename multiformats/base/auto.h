/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clean-up at the end of a scope, for error paths. Not to be mixed with goto. */
#ifndef MULTIFORMATS_BASE_AUTO_H
#define MULTIFORMATS_BASE_AUTO_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "multiformats/base/buf.h"

static inline void nipfs__auto_close(const int *fd)
{
	if (*fd >= 0) {
		const int saved = errno;

		(void)close(*fd);
		errno = saved;
	}
}

static inline void nipfs__auto_free(void *ptr)
{
	free(*(void **)ptr);
}

static inline void nipfs__auto_buf(struct nipfs_buf *b)
{
	nipfs__buf_release(b);
}

/* nipfs_auto_fd int fd = open(…); */
#define nipfs_auto_fd __attribute__((cleanup(nipfs__auto_close)))
/* nipfs_auto_free char *s = strdup(…); */
#define nipfs_auto_free __attribute__((cleanup(nipfs__auto_free)))
/* nipfs_auto_buf struct nipfs_buf b = NIPFS_BUF_INIT(max); */
#define nipfs_auto_buf __attribute__((cleanup(nipfs__auto_buf)))

#endif
