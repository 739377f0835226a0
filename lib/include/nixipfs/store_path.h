/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store paths: "HASH-NAME" below a store folder. All functions here are pure,
 * look at no file, and are thread-safe.
 */
#ifndef NIXIPFS_STORE_PATH_H
#define NIXIPFS_STORE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NIPFS_STORE_HASH_LEN = 32,  /* characters of the hash part */
	NIPFS_STORE_HASH_BYTES = 20, /* bytes that it stands for */
	NIPFS_STORE_NAME_MAX = 211, /* characters of the name */
	NIPFS_STORE_DIR_MAX = 3840, /* bytes of a store folder */
	NIPFS_STORE_PATH_MAX = 4096 /* bytes of a full path, NUL included */
};

/**
 * struct nipfs_store_path - a store path without its store folder, a plain value
 * @base: "HASH-NAME", NUL-terminated; the bytes after it are 0
 *
 * Only the functions below fill one, so it is always well-formed; { 0 } is none.
 */
struct nipfs_store_path {
	char base[256];
};

/**
 * nipfs_store_path_parse_base() - read a base name
 * @base: borrowed: "HASH-NAME"
 * @out:  untouched on failure
 * @err:  what is wrong with it; may be NULL
 *
 * HASH is 32 characters of Nix base-32, NAME 1 to 211 of [0-9A-Za-z+._?=-].
 * What any Nix 2 takes is taken; see nipfs_store_path_has_dot_name().
 *
 * Return: 0 or NIPFS_E_INVALID.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_path_parse_base(struct nipfs_slice base,
							struct nipfs_store_path *out,
							struct nipfs_error *err);

/**
 * nipfs_store_path_parse() - read a full path
 * @path:      borrowed: "STOREDIR/HASH-NAME", nothing before or behind it
 * @store_dir: the logical store folder, absolute, without a slash at its end
 * @out:       untouched on failure
 * @err:       what is wrong with it; may be NULL
 *
 * Return: 0 or NIPFS_E_INVALID.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_path_parse(struct nipfs_slice path,
						   const char *store_dir,
						   struct nipfs_store_path *out,
						   struct nipfs_error *err);

/**
 * nipfs_store_path_split() - find the store path that a path lies in
 * @path:      borrowed; absolute, with no ".." in it; slashes may be doubled
 * @store_dir: the logical store folder
 * @out:       the store path; untouched on failure
 * @rest:      what follows it in @path, without slashes at either end; empty when
 *             @path is a store path itself; untouched on failure
 * @err:       what is wrong with it; may be NULL
 *
 * "/nix/store/HASH-NAME/bin/x" gives HASH-NAME and "bin/x".
 *
 * Return: 0 or NIPFS_E_INVALID (not in @store_dir, or not a store path there).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_path_split(struct nipfs_slice path,
						   const char *store_dir,
						   struct nipfs_store_path *out,
						   struct nipfs_slice *rest,
						   struct nipfs_error *err);

/**
 * nipfs_store_path_format() - write a full path
 * @path:      a store path
 * @store_dir: the logical or the physical store folder, at most
 *             NIPFS_STORE_DIR_MAX bytes
 * @out:       at least NIPFS_STORE_PATH_MAX bytes; NUL-terminated on return
 *
 * Return: the length without the NUL.
 */
NIPFS_API size_t nipfs_store_path_format(const struct nipfs_store_path *path,
					 const char *store_dir, char *out);

/**
 * nipfs_store_path_from_digest() - make a store path of a hash and a name
 * @digest: NIPFS_STORE_HASH_BYTES bytes
 * @name:   borrowed
 * @out:    untouched on failure
 * @err:    what is wrong with the name; may be NULL
 *
 * Return: 0 or NIPFS_E_INVALID.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_store_path_from_digest(const uint8_t *digest,
							 struct nipfs_slice name,
							 struct nipfs_store_path *out,
							 struct nipfs_error *err);

/**
 * nipfs_store_path_name() - the name, what follows the hash part and its '-'
 * @path: a store path
 *
 * Return: a NUL-terminated string inside @path.
 */
NIPFS_API const char *nipfs_store_path_name(const struct nipfs_store_path *path);

/**
 * nipfs_store_path_hash_part() - the 32 characters before the name
 * @path: a store path
 * @out:  at least 33 bytes; NUL-terminated on return
 */
NIPFS_API void nipfs_store_path_hash_part(const struct nipfs_store_path *path, char *out);

/**
 * nipfs_store_hash_part_is_valid() - whether a text can be the hash part of a path
 * @text: borrowed
 */
NIPFS_API bool nipfs_store_hash_part_is_valid(struct nipfs_slice text);

/**
 * nipfs_store_path_is_derivation() - whether the name ends in ".drv"
 * @path: a store path
 */
NIPFS_API bool nipfs_store_path_is_derivation(const struct nipfs_store_path *path);

/**
 * nipfs_store_path_has_dot_name() - whether new versions of Nix refuse the name
 * @path: a store path
 *
 * True for the names ".", "..", and those that begin with ".-" or "..-": Nix
 * takes them up to 2.18 and refuses them from 2.19 on.
 */
NIPFS_API bool nipfs_store_path_has_dot_name(const struct nipfs_store_path *path);

/**
 * nipfs_store_path_compare() - the order of store paths in Nix: base names as bytes
 * @a: a store path
 * @b: a store path
 *
 * Return: negative, 0 or positive, as memcmp().
 */
NIPFS_API int nipfs_store_path_compare(const struct nipfs_store_path *a,
				       const struct nipfs_store_path *b);

/**
 * nipfs_store_path_sort() - make a sorted set of an array
 * @paths: sorted in place, each kept once
 * @n:     how many
 *
 * Return: how many are left.
 */
NIPFS_API size_t nipfs_store_path_sort(struct nipfs_store_path *paths, size_t n);

/**
 * nipfs_store_path_find() - look one up in a sorted set
 * @paths: sorted
 * @n:     how many
 * @path:  which one
 *
 * Return: whether it is there.
 */
NIPFS_API bool nipfs_store_path_find(const struct nipfs_store_path *paths, size_t n,
				     const struct nipfs_store_path *path);

#ifdef __cplusplus
}
#endif
#endif
