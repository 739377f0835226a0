/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CAR as block source, as a file and from a pipe, asked backwards and again: it has
 * all blocks that reading it from the front finds right, and never a wrong one.
 */
#include <nixipfs/sources.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nixipfs/car.h>

#include "multiformats/base/slice.h"

enum { CIDS_MAX = 64, PIPE_BYTES = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size, at;
};

static int input_read(void *ctx, void *buf, size_t n, size_t *got,
		      struct nipfs_error *err)
{
	struct input *in = ctx;

	(void)err;
	*got = n < in->size - in->at ? n : in->size - in->at;
	if (*got)
		memcpy(buf, in->data + in->at, *got);
	in->at += *got;
	return 0;
}

struct found {
	struct nipfs_cid cid;
	bool right;
};

static bool same_bytes(const struct nipfs_cid *a, const struct nipfs_cid *b)
{
	return a->hash == b->hash && a->digest_len == b->digest_len &&
	       memcmp(a->digest, b->digest, a->digest_len) == 0;
}

/* Takes a section into the list: what is right once is right for all of its multihash. */
static size_t note(struct found *all, size_t n, const struct nipfs_cid *cid, bool right)
{
	bool is_new = n < CIDS_MAX;

	for (size_t i = 0; i < n; i++) {
		if (same_bytes(&all[i].cid, cid)) {
			right = right || all[i].right;
			all[i].right = right;
		}
		is_new = is_new && !nipfs_cid_equal(&all[i].cid, cid);
	}
	if (is_new)
		all[n] = (struct found){ *cid, right };
	return n + is_new;
}

/* Reads the CAR from the front. Return: how many CIDs, or -1 when it has no header. */
static long read_front(struct input *in, struct found *all)
{
	const struct nipfs_car_input input = { input_read, NULL, in, "input" };
	struct nipfs_car_reader *reader;
	struct nipfs_car_section section;
	size_t n = 0;

	if (nipfs_car_reader_new(&reader, &input, NULL) < 0)
		return -1;
	while (nipfs_car_reader_next(reader, &section, NULL) == 0) {
		struct nipfs_slice bytes;
		const int code = nipfs_car_reader_block(reader, &bytes, NULL);

		if (code == NIPFS_E_TRUNCATED)
			break;
		n = note(all, n, &section.cid,
			 code == 0 && nipfs_cid_verify(&section.cid, bytes) == 0);
	}
	nipfs_car_reader_free(reader);
	return (long)n;
}

static int open_as_file(const uint8_t *data, size_t size)
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return fd;
}

static int open_as_pipe(const uint8_t *data, size_t size)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], data, size) != (ssize_t)size)
		abort();
	(void)close(fds[1]);
	return fds[0];
}

static void ask(struct nipfs_block_source *s, const struct found *want)
{
	const struct nipfs_want wants = { want->cid, NIPFS_WANT_NODE, 0 };
	struct nipfs_block block;

	if (s->ops->want(s, &wants, 1, NULL) < 0 || s->ops->next(s, &block, NULL) != 0)
		abort();
	if (!nipfs_cid_equal(&block.cid, &want->cid) ||
	    (block.status == 0) != want->right)
		abort();
	if (block.status == 0 &&
	    nipfs_cid_verify(&want->cid,
			     nipfs__slice(block.bytes.ptr, block.bytes.len)) != 0)
		abort();
}

static void check(int fd, const struct found *all, long n)
{
	struct nipfs_block_source *source = NULL;

	if (nipfs_car_source_open_fd(&source, fd, "input", NULL) < 0) {
		if (n >= 0)
			abort();
		(void)close(fd);
		return;
	}
	if (n < 0)
		abort();
	for (int again = 0; again < 2; again++)
		for (long i = n; i-- > 0;)
			if (all[i].cid.hash != NIPFS_HASH_IDENTITY)
				ask(source, &all[i]);
	nipfs_block_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, 0 };
	struct found *all = calloc(CIDS_MAX, sizeof(*all));
	long n;

	if (!all)
		abort();
	n = read_front(&in, all);
	check(open_as_file(data, size), all, n);
	if (size <= PIPE_BYTES)
		check(open_as_pipe(data, size), all, n);
	free(all);
	return 0;
}
