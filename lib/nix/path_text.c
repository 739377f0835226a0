/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* File names as text. */
#include "lib/nix/path_text.h"

#include <limits.h>
#include <string.h>

#include "multiformats/base/auto.h"

static int append(struct nipfs_buf *out, const char *path)
{
	while (*path) {
		const size_t n = strcspn(path, "/");
		int r = 0;

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (out->len && out->ptr[--out->len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			r = nipfs__buf_put_u8(out, '/');
			if (r == 0)
				r = nipfs__buf_put(out, path, n);
		}
		if (r < 0)
			return r;
		path += n + (path[n] == '/');
	}
	return 0;
}

int nipfs__path_join(const char *base, const char *path, char **out)
{
	nipfs_auto_buf struct nipfs_buf text = NIPFS_BUF_INIT(PATH_MAX);
	int r = path[0] == '/' ? 0 : append(&text, base);

	if (r == 0)
		r = append(&text, path);
	if (r == 0 && text.len == 0)
		r = nipfs__buf_put_u8(&text, '/');
	if (r == 0)
		r = nipfs__buf_terminate(&text);
	if (r < 0)
		return r;
	*out = (char *)text.ptr;
	text = (struct nipfs_buf)NIPFS_BUF_INIT(0);
	return 0;
}
