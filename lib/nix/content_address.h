/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content addresses, and the store paths that follow from them. */
#ifndef LIB_NIX_CONTENT_ADDRESS_H
#define LIB_NIX_CONTENT_ADDRESS_H

#include <nixipfs/nix_hash.h>
#include <nixipfs/path_info.h>

/* What of the store object the hash is taken over. */
enum nipfs__ca_method {
	NIPFS__CA_TEXT, /* a file's bytes; has references, never itself */
	NIPFS__CA_FLAT, /* a file's bytes */
	NIPFS__CA_NAR,	/* its NAR, with its own hash part zeroed in it */
	NIPFS__CA_GIT	/* its git tree or blob */
};

/* A content address, a plain value. */
struct nipfs__ca {
	enum nipfs__ca_method method;
	struct nipfs_nix_hash hash;
};

enum { NIPFS__CA_TEXT_MAX = 160 }; /* NUL included */

/**
 * nipfs__ca_parse() - read "text:sha256:…", "fixed:[r:|git:]ALGO:…"
 * @text: the hash may be in any form without prefix, as for Nix
 * @out:  untouched on failure
 *
 * Return: 0, NIPFS_E_INVALID, or NIPFS_E_UNSUPPORTED (hash function; text with
 * another one than sha256; git with another one than sha1 or sha256).
 */
int nipfs__ca_parse(struct nipfs_slice text, struct nipfs__ca *out) NIPFS_MUSTUSE;

/**
 * nipfs__ca_format() - write it as Nix does, the hash in base-32
 * @out: NIPFS__CA_TEXT_MAX bytes; NUL-terminated
 *
 * Return: the length without the NUL.
 */
size_t nipfs__ca_format(const struct nipfs__ca *ca, char *out);

/**
 * nipfs__ca_store_path() - the store path of some content
 * @ca:        its content address
 * @store_dir: the logical store folder
 * @name:      the path's name
 * @refs:      sorted set of the references, itself left out
 * @n_refs:    how many
 * @self:      whether it refers to itself
 * @out:       untouched on failure
 * @err:       may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, or NIPFS_E_INVALID: the name, or references that a
 * path of this kind can't have.
 */
int nipfs__ca_store_path(const struct nipfs__ca *ca, const char *store_dir,
			 struct nipfs_slice name, const struct nipfs_store_path *refs,
			 size_t n_refs, bool self, struct nipfs_store_path *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__ca_check() - whether a path follows from the content address it claims
 * @info:      with its ca set
 * @store_dir: the logical store folder
 * @out:       written on success: the parsed content address. The claim is true
 *             when the tree, hashed by @out's method and algorithm, gives @out's hash
 * @err:       may be NULL
 *
 * Return: 0, NIPFS_E_MISMATCH when another path follows, or the codes of
 * nipfs__ca_parse() and nipfs__ca_store_path().
 */
int nipfs__ca_check(const struct nipfs_path_info *info, const char *store_dir,
		    struct nipfs__ca *out, struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
