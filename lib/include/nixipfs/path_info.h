/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Nix records about a store path: hash and size of its NAR, references,
 * deriver, signatures, content address.
 *
 * Functions here share no state: different objects may be used by different threads.
 */
#ifndef NIXIPFS_PATH_INFO_H
#define NIXIPFS_PATH_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>
#include <nixipfs/store_path.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_path_info - one store path as Nix knows it
 * @path:              the store path
 * @nar_hash:          SHA-256 of its NAR
 * @nar_size:          bytes of its NAR; 0: not known
 * @refs:              owned; sorted set; may hold @path itself; NULL when @n_refs is 0
 * @n_refs:            how many
 * @has_deriver:       whether @deriver is set
 * @deriver:           the derivation that made it, on its maker's word
 * @sigs:              owned, each a string of its own; sorted set of "NAME:BASE64"
 * @n_sigs:            how many
 * @ca:                owned; the content address, or NULL
 * @ultimate:          built on this very machine; false for what was imported
 * @registration_time: seconds since 1970; 0: not known
 *
 * Start with NIPFS_PATH_INFO_INIT or zeros, end with nipfs_path_info_release().
 * Read the members freely; change the owned ones only through the functions below.
 */
struct nipfs_path_info {
	struct nipfs_store_path path;
	uint8_t nar_hash[32];
	uint64_t nar_size;
	struct nipfs_store_path *refs;
	size_t n_refs;
	bool has_deriver;
	struct nipfs_store_path deriver;
	char **sigs;
	size_t n_sigs;
	char *ca;
	bool ultimate;
	int64_t registration_time;
};

#define NIPFS_PATH_INFO_INIT                                                             \
	{                                                                                \
		{ { 0 } }, { 0 }, 0, 0, 0, false, { { 0 } }, 0, 0, 0, false, 0           \
	}

/* What one path may have; more is refused wherever it comes from. */
enum {
	NIPFS_PATH_REFS_MAX = 100000,
	NIPFS_PATH_SIGS_MAX = 1000,
	NIPFS_SIG_TEXT_MAX = 1024
};

/**
 * nipfs_path_info_init() - make an empty one
 * @info: overwritten without a look at what was in it
 */
NIPFS_API void nipfs_path_info_init(struct nipfs_path_info *info);

/**
 * nipfs_path_info_release() - give back what it owns and make it empty
 * @info: may be empty already
 */
NIPFS_API void nipfs_path_info_release(struct nipfs_path_info *info);

/**
 * nipfs_path_info_copy() - copy with all it owns
 * @from: borrowed
 * @to:   overwritten, not released; untouched on failure
 *
 * Return: 0 or NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_copy(const struct nipfs_path_info *from,
						 struct nipfs_path_info *to);

/**
 * nipfs_path_info_set_refs() - set the references
 * @info: changed on success
 * @refs: borrowed, in any order, repeats allowed
 * @n:    how many
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT (over NIPFS_PATH_REFS_MAX).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_set_refs(struct nipfs_path_info *info,
						     const struct nipfs_store_path *refs,
						     size_t n);

/**
 * nipfs_path_info_has_ref() - whether a path is among the references
 * @info: borrowed
 * @path: which one; @info's own for the question whether it refers to itself
 */
NIPFS_API bool nipfs_path_info_has_ref(const struct nipfs_path_info *info,
				       const struct nipfs_store_path *path);

/**
 * nipfs_path_info_add_sig() - add a signature to the set
 * @info: changed on success
 * @sig:  borrowed: "NAME:BASE64"; one that is there already changes nothing
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID (not of that form: both parts, no
 * blanks, base-64 padded), or NIPFS_E_LIMIT (over NIPFS_PATH_SIGS_MAX, or longer
 * than NIPFS_SIG_TEXT_MAX).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_add_sig(struct nipfs_path_info *info,
						    struct nipfs_slice sig);

/**
 * nipfs_path_info_set_ca() - set or clear the content address
 * @info: changed on success
 * @ca:   borrowed; empty for none
 *
 * It is kept in the one form that Nix writes.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID, or NIPFS_E_UNSUPPORTED (its hash
 * function).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_path_info_set_ca(struct nipfs_path_info *info,
						   struct nipfs_slice ca);

/**
 * nipfs_path_info_fingerprint() - what signatures are made over
 * @info:      borrowed; with a known nar_size
 * @store_dir: the logical store folder
 * @out:       owned by the caller, free() it; NUL-terminated; untouched on failure
 * @len:       its length without the NUL; untouched on failure
 * @err:       may be NULL
 *
 * "1;PATH;sha256:BASE32;SIZE;REF,REF…": the full paths of all references, with
 * the path itself where it is one. Deriver and content address are not in it.
 *
 * Return: 0, NIPFS_E_NOMEM, or NIPFS_E_INVALID when nar_size is 0.
 */
NIPFS_API NIPFS_MUSTUSE int
nipfs_path_info_fingerprint(const struct nipfs_path_info *info, const char *store_dir,
			    char **out, size_t *len, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
