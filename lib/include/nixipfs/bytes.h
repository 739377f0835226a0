/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Borrowed bytes: how names, blocks and file contents travel through the library. */
#ifndef NIXIPFS_BYTES_H
#define NIXIPFS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_slice - borrowed bytes
 * @ptr: first byte; may be NULL when @len is 0
 * @len: number of bytes
 *
 * Names, symlink targets and block contents are raw bytes: never assumed to be
 * UTF-8 and never NUL-terminated.
 */
struct nipfs_slice {
	const uint8_t *ptr;
	size_t len;
};

/* A slab: reference-counted memory that sinks may keep without copying. */
struct nipfs_slab;

struct nipfs_cid;

/**
 * struct nipfs_span - bytes of a file or block on their way through a pipeline
 * @ptr:    the bytes; valid for the call in which the span is handed over
 * @len:    number of bytes
 * @slab:   NULL, or the slab that @ptr points into: who wants to keep the
 *          bytes takes a reference with nipfs_slab_ref() instead of copying
 * @fd:     -1, or a descriptor in which the same bytes lie at @offset (borrowed
 *          for the call), for sinks that can reflink or send a file range
 * @offset: position of the bytes in @fd; meaningless when @fd is -1
 * @cid:    NULL, or the raw block that exactly these bytes are, borrowed for the
 *          call: who needs that CID does not hash them again. It is believed, so only
 *          who has checked these very bytes against it sets it: the readers of DAGs.
 *          Who makes another span of a part of the bytes clears it, and who keeps the
 *          span. Of what a block source gives out it is ignored.
 */
struct nipfs_span {
	const uint8_t *ptr;
	size_t len;
	struct nipfs_slab *slab;
	int fd;
	uint64_t offset;
	const struct nipfs_cid *cid;
};

#ifdef __cplusplus
}
#endif
#endif
