/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in the files of a tree the bytes of blocks lie, for a while. */
#include "lib/blocks/spots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/blocks/tape.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

/* Paths wait in memory up to so many bytes; and one may have so many. */
enum { PENDING_BYTES = 1 << 16, PATH_BYTES_MAX = 1 << 15 };

/* A value: path u64, offset u64, length u32, prefix length u8, prefix, suffix. */
enum { AT_OFFSET = 8, AT_LEN = 16, AT_PREFIX_LEN = 20, AT_PREFIX = 21 };

/* A path: its length u32, and its bytes. */
enum { PATH_HEAD = 4 };

int nipfs__spots_init(struct nipfs__spots *s, size_t max_bytes, struct nipfs_error *err)
{
	*s = (struct nipfs__spots){
		.bag = NIPFS__BAG_INIT(max_bytes),
		.paths = -1,
		.pending = NIPFS_BUF_INIT(PENDING_BYTES + PATH_HEAD + PATH_BYTES_MAX),
	};
	return nipfs__hash_key_init(&s->key, err);
}

void nipfs__spots_release(struct nipfs__spots *s)
{
	nipfs__bag_release(&s->bag);
	nipfs__buf_release(&s->pending);
	if (s->paths >= 0)
		(void)close(s->paths);
	s->paths = -1;
}

/* ---- paths ----------------------------------------------------------------------- */

static int write_pending(struct nipfs__spots *s, struct nipfs_error *err)
{
	size_t done = 0;

	if (s->paths < 0) {
		const int code = nipfs__scratch_open(&s->paths, err);

		if (code < 0)
			return code;
	}
	while (done < s->pending.len) {
		const ssize_t n = pwrite(s->paths, s->pending.ptr + done, s->pending.len - done,
					 (off_t)(s->written + done));

		if (n < 0 && errno != EINTR)
			return nipfs__fail_errno(err, errno,
						 "cannot write a temporary file: set TMPDIR to a "
						 "folder with more space");
		done += n > 0 ? (size_t)n : 0;
	}
	s->written += done;
	nipfs__buf_clear(&s->pending);
	return 0;
}

int nipfs__spots_add_path(struct nipfs__spots *s, struct nipfs_slice path, uint64_t *out,
			  struct nipfs_error *err)
{
	uint8_t head[PATH_HEAD];
	int code = 0;

	if (path.len > PATH_BYTES_MAX)
		return nipfs__fail(err, NIPFS_E_LIMIT, "a path has more than %d bytes",
				   PATH_BYTES_MAX);
	if (s->pending.len >= PENDING_BYTES)
		code = write_pending(s, err);
	if (code < 0)
		return code;
	nipfs__put_le32(head, (uint32_t)path.len);
	*out = s->written + s->pending.len;
	if (nipfs__buf_reserve(&s->pending, PATH_HEAD + path.len) < 0 ||
	    nipfs__buf_put(&s->pending, head, sizeof(head)) < 0 ||
	    nipfs__buf_put_slice(&s->pending, path) < 0)
		return nipfs__fail_nomem(err);
	return 0;
}

/* Bytes that were added, from the file or from what waits: never from both. */
static int get_bytes(const struct nipfs__spots *s, uint64_t at, uint8_t *out, size_t n,
		     struct nipfs_error *err)
{
	if (at >= s->written) {
		memcpy(out, s->pending.ptr + (at - s->written), n);
		return 0;
	}
	for (size_t done = 0; done < n;) {
		const ssize_t got = pread(s->paths, out + done, n - done, (off_t)(at + done));

		if (got == 0 || (got < 0 && errno != EINTR))
			return nipfs__fail_errno(err, got ? errno : EIO,
						 "cannot read a temporary file");
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int nipfs__spots_get_path(struct nipfs__spots *s, uint64_t path, struct nipfs_buf *out,
			  struct nipfs_error *err)
{
	uint8_t head[PATH_HEAD], *room;
	size_t len;
	int code = get_bytes(s, path, head, sizeof(head), err);

	if (code < 0)
		return code;
	len = nipfs__get_le32(head);
	nipfs__buf_clear(out);
	if (nipfs__buf_reserve(out, len + 1) < 0 || nipfs__buf_extend(out, len, &room) < 0 ||
	    nipfs__buf_terminate(out) < 0)
		return nipfs__fail_nomem(err);
	return get_bytes(s, path + PATH_HEAD, room, len, err);
}

/* ---- blocks ---------------------------------------------------------------------- */

static size_t encode(const struct nipfs__spot *spot, uint8_t out[NIPFS__BAG_VALUE_MAX])
{
	nipfs__put_le64(out, spot->path);
	nipfs__put_le64(out + AT_OFFSET, spot->offset);
	nipfs__put_le32(out + AT_LEN, spot->len);
	out[AT_PREFIX_LEN] = (uint8_t)spot->prefix.len;
	if (spot->prefix.len)
		memcpy(out + AT_PREFIX, spot->prefix.ptr, spot->prefix.len);
	if (spot->suffix.len)
		memcpy(out + AT_PREFIX + spot->prefix.len, spot->suffix.ptr, spot->suffix.len);
	return AT_PREFIX + spot->prefix.len + spot->suffix.len;
}

int nipfs__spots_add(struct nipfs__spots *s, const struct nipfs_cid *cid,
		     const struct nipfs__spot *spot, struct nipfs_error *err)
{
	uint8_t value[NIPFS__BAG_VALUE_MAX];
	struct nipfs__spot there;
	int code;

	if (spot->prefix.len > sizeof(value) - AT_PREFIX ||
	    spot->suffix.len > sizeof(value) - AT_PREFIX - spot->prefix.len)
		return 0;
	code = nipfs__spots_find(s, cid, &there, err);
	if (code <= 0)
		return code;
	return nipfs__bag_add(&s->bag, nipfs__hash_multihash(&s->key, cid),
			      nipfs__slice(value, encode(spot, value)), err);
}

int nipfs__spots_find(struct nipfs__spots *s, const struct nipfs_cid *cid,
		      struct nipfs__spot *out, struct nipfs_error *err)
{
	struct nipfs_slice value;
	int code;

	nipfs__bag_find(&s->bag, nipfs__hash_multihash(&s->key, cid), &s->cursor);
	code = nipfs__bag_next(&s->bag, &s->cursor, &value, err);
	if (code != 0)
		return code;
	*out = (struct nipfs__spot){
		.path = nipfs__get_le64(value.ptr),
		.offset = nipfs__get_le64(value.ptr + AT_OFFSET),
		.len = nipfs__get_le32(value.ptr + AT_LEN),
		.prefix = nipfs__slice(value.ptr + AT_PREFIX, value.ptr[AT_PREFIX_LEN]),
	};
	out->suffix = nipfs__slice_skip(value, AT_PREFIX + out->prefix.len);
	return 0;
}
