/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAR reader: what is taken is made again byte for byte, however it was cut. */
#include <stdlib.h>
#include <string.h>

#include <nixipfs/nar.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	const uint8_t *at;
	size_t left;
};

/* The writer holds framing back, so all that it gives out was read before. */
static int compare(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct check *c = ctx;

	(void)err;
	if (bytes->len > c->left || memcmp(bytes->ptr, c->at, bytes->len) != 0)
		abort();
	c->at += bytes->len;
	c->left -= bytes->len;
	return 0;
}

static int run(const uint8_t *data, size_t size, size_t step)
{
	struct check c = { data, size };
	const struct nipfs_nar_output output = { .write = compare, .ctx = &c };
	struct nipfs_nar_writer *writer;
	struct nipfs_nar_reader *reader;
	struct nipfs_tree_sink sink;
	size_t at = 0;
	int r = 0;

	if (nipfs_nar_writer_new(&writer, &output, 0, NULL) < 0)
		abort();
	sink = nipfs_nar_writer_sink(writer);
	if (nipfs_nar_reader_new(&reader, NULL, &sink, NULL) < 0)
		abort();
	while (r == 0 && at < size) {
		const size_t n = size - at < step ? size - at : step;
		const struct nipfs_span span = { .ptr = data + at, .len = n, .fd = -1 };
		size_t used;

		r = nipfs_nar_reader_feed(reader, &span, &used, NULL);
		if (r >= 0)
			at += used;
	}
	if (r >= 0)
		r = nipfs_nar_reader_end(reader, NULL);
	if (r == 0 &&
	    (nipfs_nar_writer_finish(writer, NULL, NULL) < 0 || c.at != data + at))
		abort();
	nipfs_nar_reader_free(reader);
	nipfs_nar_writer_free(writer);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int whole = run(data, size, SIZE_MAX);

	if (run(data, size, 1 + size % 13) != whole)
		abort();
	return 0;
}
