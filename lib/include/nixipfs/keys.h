/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ed25519 keys and signatures of store paths, as `nix-store
 * --generate-binary-cache-key` and `nix store sign` make them.
 *
 * Functions here share no state; signing is deterministic.
 */
#ifndef NIXIPFS_KEYS_H
#define NIXIPFS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include <nixipfs/path_info.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NIPFS_KEY_NAME_MAX = 255, /* bytes of a key's name */
	NIPFS_KEY_TEXT_MAX = 360, /* a key or signature as text, NUL included */
	NIPFS_KEYRING_MAX = 1000  /* keys in one ring */
};

/**
 * struct nipfs_public_key - a key to check with, a plain value
 * @name: NUL-terminated, as it stands before the ':'
 * @key:  the Ed25519 public key
 */
struct nipfs_public_key {
	char name[NIPFS_KEY_NAME_MAX + 1];
	uint8_t key[32];
};

/**
 * struct nipfs_secret_key - a key to sign with
 * @name: NUL-terminated
 * @key:  the seed and the public key
 *
 * Wipe it with nipfs_secret_key_wipe() as soon as it is not needed.
 */
struct nipfs_secret_key {
	char name[NIPFS_KEY_NAME_MAX + 1];
	uint8_t key[64];
};

/**
 * struct nipfs_keyring - the public keys that are trusted
 * @keys: owned; names are unique, the first key of a name counts
 * @n:    how many
 *
 * Start with zeros, end with nipfs_keyring_release().
 */
struct nipfs_keyring {
	struct nipfs_public_key *keys;
	size_t n;
};

/* What a signature is worth. */
enum nipfs_sig_verdict {
	NIPFS_SIG_GOOD,	       /* right, and by a trusted key */
	NIPFS_SIG_BAD,	       /* wrong, under the name of a trusted key */
	NIPFS_SIG_UNKNOWN_KEY, /* under a name that is not in the ring: not looked at */
	NIPFS_SIG_MALFORMED    /* not a name, ':' and 64 bytes in base-64 */
};

/**
 * nipfs_public_key_parse() - read "NAME:BASE64" with 32 bytes
 * @text: borrowed; blanks and newlines at its end are ignored
 * @out:  untouched on failure
 * @err:  may be NULL
 *
 * Return: 0, NIPFS_E_INVALID, or NIPFS_E_USAGE for a secret key in its place.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_public_key_parse(struct nipfs_slice text,
						   struct nipfs_public_key *out,
						   struct nipfs_error *err);

/**
 * nipfs_public_key_format() - write "NAME:BASE64"
 * @key: a valid key
 * @out: at least NIPFS_KEY_TEXT_MAX bytes; NUL-terminated on return
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_public_key_format(const struct nipfs_public_key *key, char *out);

/**
 * nipfs_secret_key_parse() - read "NAME:BASE64" with 64 bytes
 * @text: borrowed; blanks and newlines at its end are ignored
 * @out:  untouched on failure
 * @err:  may be NULL; never holds any of the secret
 *
 * The public half must be that of the seed.
 *
 * Return: 0, NIPFS_E_INVALID, or NIPFS_E_USAGE for a public key in its place.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_secret_key_parse(struct nipfs_slice text,
						   struct nipfs_secret_key *out,
						   struct nipfs_error *err);

/**
 * nipfs_secret_key_load() - read a secret key file
 * @path: the file
 * @out:  untouched on failure
 * @err:  may be NULL; never holds any of the secret
 *
 * Return: 0, NIPFS_E_NOTFOUND, NIPFS_E_SYS, NIPFS_E_LIMIT (too long for a key
 * file), or the codes of nipfs_secret_key_parse().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_secret_key_load(const char *path,
						  struct nipfs_secret_key *out,
						  struct nipfs_error *err);

/**
 * nipfs_secret_key_format() - write "NAME:BASE64"
 * @key: a valid key
 * @out: at least NIPFS_KEY_TEXT_MAX bytes, for the caller to wipe; NUL-terminated
 *       on return
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_secret_key_format(const struct nipfs_secret_key *key, char *out);

/**
 * nipfs_secret_key_wipe() - overwrite a secret key
 * @key: all zeros on return
 */
NIPFS_API void nipfs_secret_key_wipe(struct nipfs_secret_key *key);

/**
 * nipfs_key_generate() - make a new pair of keys
 * @name:   borrowed; what others will know it by, "cache.example.org-1"
 * @secret: untouched on failure
 * @err:    may be NULL
 *
 * Return: 0, NIPFS_E_INVALID (the name is empty, too long, or has a blank, a
 * colon or a control character), or NIPFS_E_SYS (no random numbers).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_key_generate(struct nipfs_slice name,
					       struct nipfs_secret_key *secret,
					       struct nipfs_error *err);

/**
 * nipfs_secret_key_public() - the public half
 * @secret: a valid key
 *
 * Return: the public key of the same name.
 */
NIPFS_API struct nipfs_public_key
nipfs_secret_key_public(const struct nipfs_secret_key *secret);

/**
 * nipfs_keyring_add() - trust a key
 * @ring: changed on success
 * @key:  copied; ignored when its name is there already, as Nix does
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_keyring_add(struct nipfs_keyring *ring,
					      const struct nipfs_public_key *key);

/**
 * nipfs_keyring_release() - give back what it owns and make it empty
 * @ring: may be empty already
 */
NIPFS_API void nipfs_keyring_release(struct nipfs_keyring *ring);

/**
 * nipfs_sign() - sign some bytes
 * @secret:  a valid key
 * @message: borrowed; the fingerprint of a path info
 * @out:     at least NIPFS_KEY_TEXT_MAX bytes; "NAME:BASE64", NUL-terminated on return
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_sign(const struct nipfs_secret_key *secret,
			    struct nipfs_slice message, char *out);

/**
 * nipfs_sig_check() - check one signature
 * @ring:    the keys that are trusted
 * @message: borrowed; what should be signed
 * @sig:     borrowed: "NAME:BASE64"
 *
 * Return: the verdict.
 */
NIPFS_API enum nipfs_sig_verdict nipfs_sig_check(const struct nipfs_keyring *ring,
						 struct nipfs_slice message,
						 struct nipfs_slice sig);

/**
 * nipfs_sig_key_name() - the name of the key that a signature is said to be by
 * @sig: borrowed
 *
 * Return: what stands before the first ':', borrowed; empty when there is none.
 */
NIPFS_API struct nipfs_slice nipfs_sig_key_name(struct nipfs_slice sig);

/**
 * nipfs_path_info_sign() - add our signature
 * @info:      gets the signature; with a known nar_size
 * @store_dir: the logical store folder
 * @secret:    a valid key
 * @err:       may be NULL
 *
 * Return: 0, or the codes of nipfs_path_info_fingerprint() and
 * nipfs_path_info_add_sig().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_sign(struct nipfs_path_info *info,
						 const char *store_dir,
						 const struct nipfs_secret_key *secret,
						 struct nipfs_error *err);

/**
 * nipfs_path_info_check_sigs() - check all signatures of a path
 * @info:      borrowed; with a known nar_size
 * @store_dir: the logical store folder
 * @ring:      the keys that are trusted
 * @verdicts:  one for each of @info's sigs, in their order; NULL when not wanted
 * @n_good:    how many are good; untouched on failure
 * @err:       may be NULL
 *
 * It is no failure when none is good.
 *
 * Return: 0, or the codes of nipfs_path_info_fingerprint().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_check_sigs(const struct nipfs_path_info *info,
						       const char *store_dir,
						       const struct nipfs_keyring *ring,
						       enum nipfs_sig_verdict *verdicts,
						       size_t *n_good,
						       struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
