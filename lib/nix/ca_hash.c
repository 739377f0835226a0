/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hash that a content address claims, taken from a tree. The old hash
 * functions that Nix still has (MD5, SHA-1) come from libcrypto.
 */
#include "lib/nix/ca_hash.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include <nixipfs/nar.h>

#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

struct nipfs__ca_hash {
	struct nipfs__ca ca;
	EVP_MD_CTX *md;
	struct nipfs_nar_writer *nar; /* NULL for text and flat */
};

static const EVP_MD *algorithm(enum nipfs_nix_algo algo)
{
	switch (algo) {
	case NIPFS_NIX_MD5:
		return EVP_md5();
	case NIPFS_NIX_SHA1:
		return EVP_sha1();
	case NIPFS_NIX_SHA256:
		return EVP_sha256();
	case NIPFS_NIX_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static int hash_bytes(void *ctx, const struct nipfs_span *bytes, struct nipfs_error *err)
{
	struct nipfs__ca_hash *h = ctx;

	if (EVP_DigestUpdate(h->md, bytes->ptr, bytes->len) != 1)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED, "libcrypto cannot hash");
	return 0;
}

int nipfs__ca_hash_new(struct nipfs__ca_hash **out, const struct nipfs__ca *ca,
		       struct nipfs_error *err)
{
	const EVP_MD *md = algorithm(ca->hash.algo);
	struct nipfs__ca_hash *h;
	int r = 0;

	if (!md || ca->method == NIPFS__CA_GIT)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED,
				   "a content address of this kind cannot be recomputed");
	h = calloc(1, sizeof(*h));
	if (!h)
		return nipfs__fail_nomem(err);
	h->ca = *ca;
	h->md = EVP_MD_CTX_new();
	if (!h->md)
		r = nipfs__fail_nomem(err);
	else if (EVP_DigestInit_ex(h->md, md, NULL) != 1)
		r = nipfs__fail(err, NIPFS_E_UNSUPPORTED, "libcrypto does not allow %s here",
				nipfs_nix_algo_name(ca->hash.algo));
	if (r == 0 && ca->method == NIPFS__CA_NAR) {
		const struct nipfs_nar_output output = { .write = hash_bytes, .ctx = h };

		r = nipfs_nar_writer_new(&h->nar, &output, 0, err);
	}
	if (r < 0) {
		nipfs__ca_hash_free(h);
		return r;
	}
	*out = h;
	return 0;
}

static int no_file(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_MISMATCH,
			   "its content address is that of a single file, which it is not");
}

static int flat_other(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	return no_file(err);
}

static int flat_file(void *ctx, const struct nipfs_entry *entry, struct nipfs_error *err)
{
	(void)ctx;
	(void)entry;
	(void)err;
	return 0;
}

static int flat_end(void *ctx, struct nipfs_error *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

struct nipfs_tree_sink nipfs__ca_hash_sink(struct nipfs__ca_hash *h)
{
	if (h->nar)
		return nipfs_nar_writer_sink(h->nar);
	return (struct nipfs_tree_sink){ flat_other, flat_end, flat_file, hash_bytes,
					 flat_end,   flat_other, h };
}

int nipfs__ca_hash_finish(struct nipfs__ca_hash *h, struct nipfs_error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	const int r = h->nar ? nipfs_nar_writer_finish(h->nar, NULL, err) : 0;

	if (r < 0)
		return r;
	if (EVP_DigestFinal_ex(h->md, digest, &len) != 1)
		return nipfs__fail(err, NIPFS_E_UNSUPPORTED, "libcrypto cannot hash");
	if (!nipfs__slice_eq(nipfs__slice(digest, len),
			     nipfs__slice(h->ca.hash.bytes, h->ca.hash.len)))
		return nipfs__fail(err, NIPFS_E_MISMATCH,
				   "its content does not have the hash of its content address");
	return 0;
}

void nipfs__ca_hash_free(struct nipfs__ca_hash *h)
{
	if (!h)
		return;
	nipfs_nar_writer_free(h->nar);
	EVP_MD_CTX_free(h->md);
	free(h);
}
