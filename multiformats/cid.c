/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content identifiers, CIDv0 and CIDv1, as bytes and as text. */
#include <nixipfs/cid.h>

#include <assert.h>
#include <string.h>

#include "multiformats/base/slice.h"
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"
#include "multiformats/varint.h"

enum { V0_TEXT = 46 };

/* What a CIDv0 starts with: the codes of sha2-256 and of its 32 bytes. */
static const uint8_t v0_head[2] = { NIPFS_HASH_SHA2_256, 32 };

/* Reads the version and the codec, which a CIDv0 leaves out. */
static int decode_head(struct nipfs_slice in, uint8_t *version, uint64_t *codec,
		       size_t *used)
{
	uint64_t v, c;
	size_t n_version, n_codec;
	int r;

	if (in.len > 0 && in.ptr[0] == v0_head[0]) {
		if (in.len > 1 && in.ptr[1] != v0_head[1])
			return NIPFS_E_INVALID;
		*version = 0;
		*codec = NIPFS_CODEC_DAG_PB;
		*used = 0;
		return 0;
	}
	r = nipfs__varint_decode(in, &v, &n_version);
	if (r < 0)
		return r;
	if (v != 1)
		return NIPFS_E_INVALID;
	r = nipfs__varint_decode(nipfs__slice_skip(in, n_version), &c, &n_codec);
	if (r < 0)
		return r;
	*version = 1;
	*codec = c;
	*used = n_version + n_codec;
	return 0;
}

int nipfs_cid_decode(struct nipfs_slice in, struct nipfs_cid *out, size_t *used)
{
	struct nipfs_cid cid = { 0 };
	struct nipfs_slice digest;
	size_t n_head, n_multihash;
	int r = decode_head(in, &cid.version, &cid.codec, &n_head);

	if (r < 0)
		return r;
	r = nipfs__multihash_decode(nipfs__slice_skip(in, n_head), &cid.hash, &digest,
				    &n_multihash);
	if (r < 0)
		return r;
	cid.digest_len = (uint8_t)digest.len;
	if (digest.len)
		memcpy(cid.digest, digest.ptr, digest.len);
	*out = cid;
	if (used)
		*used = n_head + n_multihash;
	return 0;
}

size_t nipfs_cid_encode(const struct nipfs_cid *cid, uint8_t *out)
{
	size_t n = 0;

	if (cid->version != 0) {
		n += nipfs__varint_encode(cid->version, out + n);
		n += nipfs__varint_encode(cid->codec, out + n);
	}
	n += nipfs__varint_encode(cid->hash, out + n);
	n += nipfs__varint_encode(cid->digest_len, out + n);
	memcpy(out + n, cid->digest, cid->digest_len);
	return n + cid->digest_len;
}

int nipfs_cid_parse(struct nipfs_slice text, struct nipfs_cid *out)
{
	/* every base has less than 8 bits a digit, so this holds any text */
	uint8_t raw[NIPFS_CID_TEXT_MAX];
	struct nipfs_cid cid;
	size_t len, used;
	bool v0;
	int r;

	if (text.len > NIPFS_CID_TEXT_MAX)
		return NIPFS_E_LIMIT;
	v0 = text.len == V0_TEXT && memcmp(text.ptr, "Qm", 2) == 0;
	r = v0 ? nipfs__base58_decode(text, raw, sizeof(raw), &len)
	       : nipfs__multibase_decode(text, NULL, raw, sizeof(raw), &len);
	if (r < 0)
		return r;
	r = nipfs_cid_decode(nipfs__slice(raw, len), &cid, &used);
	if (r < 0)
		return r;
	/* spec: a CIDv0 has no multibase form */
	if (used != len || (cid.version == 0) != v0)
		return NIPFS_E_INVALID;
	*out = cid;
	return 0;
}

int nipfs_cid_format_base(const struct nipfs_cid *cid, enum nipfs_base base, char *out)
{
	uint8_t raw[NIPFS_CID_BYTES_MAX];
	const size_t n = nipfs_cid_encode(cid, raw);
	size_t len;
	int r;

	if (cid->version == 0 && base != NIPFS_BASE_58_BTC)
		return NIPFS_E_USAGE;
	r = cid->version == 0 ? nipfs__base58_encode(nipfs__slice(raw, n), out,
						     NIPFS_CID_TEXT_MAX - 1, &len)
			      : nipfs__multibase_encode(base, nipfs__slice(raw, n), out,
							NIPFS_CID_TEXT_MAX - 1, &len);
	if (r == 0)
		out[len] = 0;
	return r;
}

size_t nipfs_cid_format(const struct nipfs_cid *cid, char *out)
{
	const int r = nipfs_cid_format_base(
	    cid, cid->version == 0 ? NIPFS_BASE_58_BTC : NIPFS_BASE_32, out);

	assert(r == 0);
	return r == 0 ? strlen(out) : 0;
}

bool nipfs_cid_equal(const struct nipfs_cid *a, const struct nipfs_cid *b)
{
	return a->version == b->version && a->codec == b->codec && a->hash == b->hash &&
	       a->digest_len == b->digest_len &&
	       memcmp(a->digest, b->digest, a->digest_len) == 0;
}

int nipfs_cid_of(uint8_t version, uint64_t codec, uint64_t hash, struct nipfs_slice block,
		 struct nipfs_cid *out)
{
	struct nipfs_cid cid = { .codec = codec, .hash = hash, .version = version };
	size_t len;
	int r;

	if (version > 1 || codec > INT64_MAX)
		return NIPFS_E_UNSUPPORTED;
	if (version == 0 && (codec != NIPFS_CODEC_DAG_PB || hash != NIPFS_HASH_SHA2_256))
		return NIPFS_E_UNSUPPORTED;
	r = nipfs__multihash_sum(hash, block, cid.digest, &len);
	if (r < 0)
		return r;
	cid.digest_len = (uint8_t)len;
	*out = cid;
	return 0;
}

int nipfs_cid_verify(const struct nipfs_cid *cid, struct nipfs_slice block)
{
	uint8_t digest[NIPFS_DIGEST_MAX];
	size_t len;
	int r;

	if (cid->hash == NIPFS_HASH_IDENTITY)
		return nipfs__slice_eq(nipfs__slice(cid->digest, cid->digest_len), block)
			   ? 0
			   : NIPFS_E_MISMATCH;
	r = nipfs__multihash_sum(cid->hash, block, digest, &len);
	if (r < 0)
		return r;
	/* a digest may be cut short: what there is of it must agree */
	return cid->digest_len <= len && memcmp(cid->digest, digest, cid->digest_len) == 0
		   ? 0
		   : NIPFS_E_MISMATCH;
}
