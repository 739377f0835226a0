/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CARs of fixtures/car in memory: as input of a reader, and as blocks. For tests of dag and above. */
#ifndef TESTS_SUPPORT_CAR_BLOCKS_H
#define TESTS_SUPPORT_CAR_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include <nixipfs/car.h>

#include "tests/support/fixture.h"
#include "tests/support/memory_blocks.h"

/* A CAR in memory; @step: bytes that one read gives at most, 0: any. */
struct car_bytes {
	const uint8_t *ptr;
	size_t len, at, step;
};

static inline int car_bytes_read(void *ctx, void *buf, size_t n, size_t *got,
				 struct nipfs_error *err)
{
	struct car_bytes *c = ctx;

	(void)err;
	n = c->at >= c->len ? 0 : n < c->len - c->at ? n : c->len - c->at;
	if (c->step && n > c->step)
		n = c->step;
	if (n)
		memcpy(buf, c->ptr + c->at, n);
	c->at += n;
	*got = n;
	return 0;
}

static inline int car_bytes_skip(void *ctx, uint64_t n, struct nipfs_error *err)
{
	struct car_bytes *c = ctx;

	(void)err;
	c->at = n > SIZE_MAX - c->at ? SIZE_MAX : c->at + (size_t)n;
	return 0;
}

/* Stores all blocks of fixtures/car/NAME.car; aborts on a bad one. */
static inline void car_blocks_load(struct memory_blocks *m, const char *name)
{
	char path[256] = "fixtures/car/";
	struct car_bytes bytes = { NULL, 0, 0, 0 };
	const struct nipfs_car_input input = { car_bytes_read, NULL, &bytes, name };
	struct nipfs_car_reader *reader;
	struct nipfs_car_section section;
	struct nipfs_slice block;
	uint8_t *file;
	int r;

	strncat(path, name, 128);
	strncat(path, ".car", 8);
	file = test_fixture(path, &bytes.len);
	bytes.ptr = file;
	if (nipfs_car_reader_new(&reader, &input, NULL) < 0)
		abort();
	while ((r = nipfs_car_reader_next(reader, &section, NULL)) == 0) {
		if (nipfs_car_reader_block(reader, &block, NULL) < 0 ||
		    nipfs_cid_verify(&section.cid, block) < 0)
			abort();
		memory_blocks_put_as(m, &section.cid, block);
	}
	if (r < 0)
		abort();
	nipfs_car_reader_free(reader);
	free(file);
}

/* The root of fixtures/car/NAME.car as Kubo printed it. */
static inline struct nipfs_cid car_blocks_root(const char *name)
{
	struct nipfs_cid cid;
	char text[256];

	test_fixture_word("fixtures/car/roots.txt", name, 1, text);
	if (nipfs_cid_parse((struct nipfs_slice){ (const uint8_t *)text, strlen(text) }, &cid) < 0)
		abort();
	return cid;
}

#endif
