/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * narinfo: the text with which a binary cache describes one store path.
 * Functions here share no state.
 */
#ifndef NIXIPFS_NARINFO_H
#define NIXIPFS_NARINFO_H

#include <nixipfs/nix_hash.h>
#include <nixipfs/path_info.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a narinfo; a longer one is refused unread. */
enum { NIPFS_NARINFO_MAX = 1048576 };

/**
 * struct nipfs_narinfo - a narinfo that was read
 * @info:        what it says of the store path; ultimate is false, registration_time 0
 * @url:         owned; where the NAR is, relative to the cache or absolute
 * @compression: owned; "none", "xz", …; "bzip2" where the narinfo has none
 * @file_hash:   hash of the compressed NAR; its algo is 0 where there is none
 * @file_size:   bytes of the compressed NAR; 0: not known
 *
 * End with nipfs_narinfo_release().
 */
struct nipfs_narinfo {
	struct nipfs_path_info info;
	char *url;
	char *compression;
	struct nipfs_nix_hash file_hash;
	uint64_t file_size;
};

/**
 * nipfs_narinfo_parse() - read a narinfo
 * @text:      borrowed; bytes from anywhere
 * @store_dir: the logical store folder that its StorePath must be in
 * @out:       overwritten, not released; untouched on failure
 * @err:       which line is wrong and how; may be NULL
 *
 * As Nix reads it: keys in any order, unknown keys ignored, a key with one value
 * that comes again overwrites, but not References and CA; StorePath, URL, NarHash
 * and NarSize must be there. Every value is checked; the NarHash must be SHA-256;
 * lines that Nix would take apart in another place than their writer are refused.
 * Whether StorePath is the path that was asked for is for the caller to compare.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, NIPFS_E_INVALID, or
 * NIPFS_E_UNSUPPORTED (a hash function that is not known, another store folder).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_narinfo_parse(struct nipfs_slice text,
						const char *store_dir,
						struct nipfs_narinfo *out,
						struct nipfs_error *err);

/**
 * nipfs_narinfo_release() - give back what it owns and make it empty
 * @ni: may be empty already
 */
NIPFS_API void nipfs_narinfo_release(struct nipfs_narinfo *ni);

/**
 * nipfs_narinfo_format() - write the narinfo of a NAR that is not compressed
 * @info:      borrowed; with a known nar_size
 * @store_dir: the logical store folder
 * @out:       owned by the caller, free() it; NUL-terminated; untouched on failure
 * @len:       its length without the NUL; untouched on failure
 * @err:       may be NULL
 *
 * Byte for byte what `nix copy --to 'file://DIR?compression=none'` writes: URL is
 * nar/ and the NarHash in base-32, FileHash and FileSize are NarHash and NarSize.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID when nar_size is 0, or NIPFS_E_LIMIT
 * when it is longer than NIPFS_NARINFO_MAX.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_narinfo_format(const struct nipfs_path_info *info,
						 const char *store_dir, char **out,
						 size_t *len, struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
