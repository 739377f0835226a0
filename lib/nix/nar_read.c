/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A NAR that arrives in pieces of any size: its strings and files are put together here.
 */
#include <stdlib.h>

#include "lib/nix/nar_grammar.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum { STACK_BYTES_MAX = 16 << 20 };

/* Takes @n of the bytes in @in. */
static void advance(struct nipfs_nar_reader *r, struct nipfs_span *in, size_t n)
{
	in->ptr += n;
	in->len -= n;
	in->offset += n;
	r->offset += n;
}

static int check_zero(const struct nipfs_nar_reader *r, const uint8_t *p, size_t n,
		      struct nipfs_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return nipfs__nar_fail(r, err, NIPFS_E_NONCANONICAL,
					       "padding is not zero");
	return 0;
}

/* The bytes of a file, then its padding. */
static int take_contents(struct nipfs_nar_reader *r, struct nipfs_span *in,
			 struct nipfs_error *err)
{
	struct nipfs_span part = *in;
	int ret = 0;

	if (r->file_left) {
		part.len = (size_t)nipfs__min_u64(in->len, r->file_left);
		r->file_left -= part.len;
		if (!r->have_file)
			ret = r->sink.bytes(r->sink.ctx, &part, err);
	} else {
		part.len = nipfs__min_size(in->len, r->padding_left);
		r->padding_left -= part.len;
		ret = check_zero(r, part.ptr, part.len, err);
	}
	if (ret < 0)
		return ret;
	advance(r, in, part.len);
	return r->file_left || r->padding_left ? 0 : nipfs__nar_file_end(r, err);
}

static int on_string(struct nipfs_nar_reader *r, struct nipfs_slice padded,
		     struct nipfs_error *err)
{
	const struct nipfs_slice s = nipfs__slice(padded.ptr, (size_t)r->length);
	const int ret = check_zero(r, padded.ptr + s.len, padded.len - s.len, err);

	return ret < 0 ? ret : nipfs__nar_string(r, s, err);
}

/* The eight bytes of a length. */
static int take_length(struct nipfs_nar_reader *r, struct nipfs_span *in,
		       struct nipfs_error *err)
{
	const size_t n = nipfs__min_size(in->len, sizeof(r->number) - r->number_len);

	memcpy(r->number + r->number_len, in->ptr, n);
	advance(r, in, n);
	r->number_len += n;
	if (r->number_len < sizeof(r->number))
		return 0;
	r->length = nipfs__get_le64(r->number);
	return nipfs__nar_length(r, err);
}

/* A string and its padding; one that is whole in the input is not copied. */
static int take_string(struct nipfs_nar_reader *r, struct nipfs_span *in,
		       struct nipfs_error *err)
{
	const size_t need = ((size_t)r->length + 7) & ~(size_t)7;
	const size_t n = nipfs__min_size(need - r->string.len, in->len);
	struct nipfs_slice padded = nipfs__slice(in->ptr, n);
	int ret;

	if (r->string.len || n < need) {
		if (nipfs__buf_put_slice(&r->string, padded) < 0)
			return nipfs__fail_nomem(err);
		padded = nipfs__buf_slice(&r->string);
	}
	advance(r, in, n);
	if (padded.len < need)
		return 0;
	r->number_len = 0;
	ret = on_string(r, padded, err);
	nipfs__buf_clear(&r->string);
	return ret;
}

/* Takes what it can of one string or of the contents of a file. */
static int take(struct nipfs_nar_reader *r, struct nipfs_span *in,
		struct nipfs_error *err)
{
	if (r->number_len < sizeof(r->number)) {
		const int ret = take_length(r, in, err);

		/* an empty string is complete without another byte */
		if (ret < 0 || r->number_len < sizeof(r->number) || r->length > 0)
			return ret;
	}
	return r->state == NIPFS__NAR_CONTENTS ? take_contents(r, in, err)
					       : take_string(r, in, err);
}

int nipfs_nar_reader_new(struct nipfs_nar_reader **out,
			 const struct nipfs_tree_limits *limits,
			 const struct nipfs_tree_sink *sink, struct nipfs_error *err)
{
	struct nipfs_nar_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return nipfs__fail_nomem(err);
	r->limits = limits ? *limits : (struct nipfs_tree_limits)NIPFS_TREE_LIMITS_NIX;
	r->sink = *sink;
	r->string = (struct nipfs_buf)NIPFS_BUF_INIT(STACK_BYTES_MAX);
	r->frames = r->string;
	r->names = r->string;
	*out = r;
	return 0;
}

int nipfs_nar_reader_feed(struct nipfs_nar_reader *r, const struct nipfs_span *bytes,
			  size_t *used, struct nipfs_error *err)
{
	struct nipfs_span in = *bytes;

	in.cid = NULL; /* what comes out of it are other bytes */
	if (r->failed)
		return nipfs__fail(err, r->failed, "the NAR was refused already");
	while (in.len > 0 && r->state != NIPFS__NAR_DONE) {
		r->failed = take(r, &in, err);
		if (r->failed)
			return r->failed;
	}
	*used = bytes->len - in.len;
	return r->state == NIPFS__NAR_DONE;
}

int nipfs_nar_reader_end(struct nipfs_nar_reader *r, struct nipfs_error *err)
{
	if (r->state == NIPFS__NAR_DONE)
		return 0;
	return nipfs__fail(err, NIPFS_E_TRUNCATED, "the NAR ends early, after %llu bytes",
			   (unsigned long long)r->offset);
}

void nipfs_nar_reader_free(struct nipfs_nar_reader *r)
{
	if (!r)
		return;
	nipfs__buf_release(&r->string);
	nipfs__buf_release(&r->frames);
	nipfs__buf_release(&r->names);
	free(r);
}
