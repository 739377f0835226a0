/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures of store paths: made, and checked against the keys that are trusted. */
#include "lib/nix/signature.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "lib/nix/base64.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

static const struct nipfs_public_key *find(const struct nipfs_keyring *ring,
					   struct nipfs_slice name)
{
	for (size_t i = 0; i < ring->n; i++)
		if (nipfs__slice_eq(nipfs__slice_str(ring->keys[i].name), name))
			return &ring->keys[i];
	return NULL;
}

int nipfs_keyring_add(struct nipfs_keyring *ring, const struct nipfs_public_key *key)
{
	struct nipfs_public_key *grown;

	if (find(ring, nipfs__slice_str(key->name)))
		return 0;
	if (ring->n >= NIPFS_KEYRING_MAX)
		return NIPFS_E_LIMIT;
	grown = reallocarray(ring->keys, ring->n + 1, sizeof(*grown));
	if (!grown)
		return NIPFS_E_NOMEM;
	grown[ring->n++] = *key;
	ring->keys = grown;
	return 0;
}

void nipfs_keyring_release(struct nipfs_keyring *ring)
{
	free(ring->keys);
	*ring = (struct nipfs_keyring){ NULL, 0 };
}

size_t nipfs_sign(const struct nipfs_secret_key *secret, struct nipfs_slice message,
		  char *out)
{
	const size_t n = strlen(secret->name);
	uint8_t sig[crypto_sign_BYTES];

	(void)crypto_sign_detached(sig, NULL, message.ptr, message.len, secret->key);
	memcpy(out, secret->name, n);
	out[n] = ':';
	return n + 1 + nipfs__base64_encode(nipfs__slice(sig, sizeof(sig)), out + n + 1);
}

struct nipfs_slice nipfs_sig_key_name(struct nipfs_slice sig)
{
	const uint8_t *colon = sig.len ? memchr(sig.ptr, ':', sig.len) : NULL;

	return nipfs__slice(sig.ptr, colon ? (size_t)(colon - sig.ptr) : 0);
}

enum nipfs_sig_verdict nipfs_sig_check(const struct nipfs_keyring *ring,
				       struct nipfs_slice message, struct nipfs_slice sig)
{
	const struct nipfs_slice name = nipfs_sig_key_name(sig);
	const struct nipfs_public_key *key;
	uint8_t raw[crypto_sign_BYTES];
	size_t len;

	if (name.len == 0 ||
	    nipfs__base64_decode(nipfs__slice_skip(sig, name.len + 1), raw, sizeof(raw),
				 &len) < 0 ||
	    len != sizeof(raw))
		return NIPFS_SIG_MALFORMED;
	key = find(ring, name);
	if (!key)
		return NIPFS_SIG_UNKNOWN_KEY;
	return crypto_sign_verify_detached(raw, message.ptr, message.len, key->key) == 0
		   ? NIPFS_SIG_GOOD
		   : NIPFS_SIG_BAD;
}

int nipfs__path_info_make_sig(const struct nipfs_path_info *info, const char *store_dir,
			      const struct nipfs_secret_key *secret, char *out,
			      struct nipfs_error *err)
{
	nipfs_auto_free char *fingerprint = NULL;
	size_t len;
	const int r = nipfs_path_info_fingerprint(info, store_dir, &fingerprint, &len, err);

	if (r == 0)
		(void)nipfs_sign(secret, nipfs__slice(fingerprint, len), out);
	return r;
}

int nipfs_path_info_sign(struct nipfs_path_info *info, const char *store_dir,
			 const struct nipfs_secret_key *secret, struct nipfs_error *err)
{
	char sig[NIPFS_KEY_TEXT_MAX];
	int r = nipfs__path_info_make_sig(info, store_dir, secret, sig, err);

	if (r < 0)
		return r;
	r = nipfs_path_info_add_sig(info, nipfs__slice_str(sig));
	return r < 0 ? nipfs__fail(err, r, "cannot add a signature to '%s': %s",
				   info->path.base, nipfs_err_text(r))
		     : 0;
}

int nipfs_path_info_check_sigs(const struct nipfs_path_info *info, const char *store_dir,
			       const struct nipfs_keyring *ring,
			       enum nipfs_sig_verdict *verdicts, size_t *n_good,
			       struct nipfs_error *err)
{
	nipfs_auto_free char *fingerprint = NULL;
	size_t len, good = 0;
	const int r =
	    nipfs_path_info_fingerprint(info, store_dir, &fingerprint, &len, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < info->n_sigs; i++) {
		const enum nipfs_sig_verdict v =
		    nipfs_sig_check(ring, nipfs__slice(fingerprint, len),
				    nipfs__slice_str(info->sigs[i]));

		if (verdicts)
			verdicts[i] = v;
		good += v == NIPFS_SIG_GOOD;
	}
	*n_good = good;
	return 0;
}
