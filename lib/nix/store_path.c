/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store paths as values. */
#include <nixipfs/store_path.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/nix/base32.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

enum { NAME_AT = NIPFS_STORE_HASH_LEN + 1 };

static bool is_name_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("+-._?=", c));
}

static int check_name(struct nipfs_slice name, struct nipfs_error *err)
{
	if (name.len == 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "the name of a store path is empty");
	if (name.len > NIPFS_STORE_NAME_MAX)
		return nipfs__fail(
		    err, NIPFS_E_INVALID,
		    "the name '%.*s…' of a store path is longer than %d characters", 40,
		    (const char *)name.ptr, NIPFS_STORE_NAME_MAX);
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_char(name.ptr[i]))
			return nipfs__fail(
			    err, NIPFS_E_INVALID,
			    "the name '%.*s' of a store path has a character "
			    "that is not one of 0-9 A-Z a-z + - . _ ? =",
			    NIPFS_FMT(name));
	return 0;
}

bool nipfs_store_hash_part_is_valid(struct nipfs_slice text)
{
	uint8_t digest[NIPFS_STORE_HASH_BYTES];

	return nipfs__base32_decode(text, digest, sizeof(digest)) == 0;
}

int nipfs_store_path_parse_base(struct nipfs_slice base, struct nipfs_store_path *out,
				struct nipfs_error *err)
{
	struct nipfs_store_path path = { { 0 } };
	int r;

	if (base.len < NAME_AT || base.ptr[NIPFS_STORE_HASH_LEN] != '-' ||
	    !nipfs_store_hash_part_is_valid(nipfs__slice(base.ptr, NIPFS_STORE_HASH_LEN)))
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' is not a store path: it does not begin with "
				   "%d characters of Nix base-32 and a '-'",
				   NIPFS_FMT(base), NIPFS_STORE_HASH_LEN);
	r = check_name(nipfs__slice_skip(base, NAME_AT), err);
	if (r < 0)
		return r;
	memcpy(path.base, base.ptr, base.len);
	*out = path;
	return 0;
}

/* What follows the store folder and one slash, or a NULL pointer. */
static struct nipfs_slice below(struct nipfs_slice path, const char *store_dir)
{
	const size_t n = strlen(store_dir);

	if (path.len <= n || memcmp(path.ptr, store_dir, n) != 0 || path.ptr[n] != '/')
		return nipfs__slice(NULL, 0);
	return nipfs__slice_skip(path, n + 1);
}

int nipfs_store_path_parse(struct nipfs_slice path, const char *store_dir,
			   struct nipfs_store_path *out, struct nipfs_error *err)
{
	const struct nipfs_slice base = below(path, store_dir);

	if (!base.ptr)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' is not in the store '%s'", NIPFS_FMT(path),
				   store_dir);
	return nipfs_store_path_parse_base(base, out, err);
}

/* Takes the next component off @path; empty at the end. */
static struct nipfs_slice next_component(struct nipfs_slice *path)
{
	size_t n = 0;
	struct nipfs_slice part;

	while (path->len && path->ptr[0] == '/')
		*path = nipfs__slice_skip(*path, 1);
	while (n < path->len && path->ptr[n] != '/')
		n++;
	part = nipfs__slice(path->ptr, n);
	*path = nipfs__slice(path->ptr ? path->ptr + n : NULL, path->len - n);
	return part;
}

int nipfs_store_path_split(struct nipfs_slice path, const char *store_dir,
			   struct nipfs_store_path *out, struct nipfs_slice *rest,
			   struct nipfs_error *err)
{
	struct nipfs_slice left = path, dir = nipfs__slice_str(store_dir), part, want;
	bool inside = path.len && path.ptr[0] == '/';
	int r;

	while (inside && (want = next_component(&dir)).len)
		inside = nipfs__slice_eq(next_component(&left), want);
	part = next_component(&left);
	if (!inside || part.len == 0)
		return nipfs__fail(err, NIPFS_E_INVALID,
				   "'%.*s' is not in the store '%s'", NIPFS_FMT(path),
				   store_dir);
	r = nipfs_store_path_parse_base(part, out, err);
	if (r < 0)
		return r;
	while (left.len && left.ptr[0] == '/')
		left = nipfs__slice_skip(left, 1);
	while (left.len && left.ptr[left.len - 1] == '/')
		left.len--;
	*rest = left;
	return 0;
}

size_t nipfs_store_path_format(const struct nipfs_store_path *path, const char *store_dir,
			       char *out)
{
	const size_t dir = strlen(store_dir), base = strlen(path->base);

	assert(dir <= NIPFS_STORE_DIR_MAX);
	memcpy(out, store_dir, dir);
	out[dir] = '/';
	memcpy(out + dir + 1, path->base, base + 1);
	return dir + 1 + base;
}

int nipfs_store_path_from_digest(const uint8_t *digest, struct nipfs_slice name,
				 struct nipfs_store_path *out, struct nipfs_error *err)
{
	struct nipfs_store_path path = { { 0 } };
	const int r = check_name(name, err);

	if (r < 0)
		return r;
	(void)nipfs__base32_encode(nipfs__slice(digest, NIPFS_STORE_HASH_BYTES),
				   path.base);
	path.base[NIPFS_STORE_HASH_LEN] = '-';
	memcpy(path.base + NAME_AT, name.ptr, name.len);
	*out = path;
	return 0;
}

const char *nipfs_store_path_name(const struct nipfs_store_path *path)
{
	return path->base + NAME_AT;
}

void nipfs_store_path_hash_part(const struct nipfs_store_path *path, char *out)
{
	memcpy(out, path->base, NIPFS_STORE_HASH_LEN);
	out[NIPFS_STORE_HASH_LEN] = 0;
}

bool nipfs_store_path_is_derivation(const struct nipfs_store_path *path)
{
	const size_t n = strlen(path->base);

	return n > NAME_AT + 3 && strcmp(path->base + n - 4, ".drv") == 0;
}

bool nipfs_store_path_has_dot_name(const struct nipfs_store_path *path)
{
	const char *name = nipfs_store_path_name(path);
	const size_t dots = strspn(name, ".");

	return (dots == 1 || dots == 2) && (name[dots] == 0 || name[dots] == '-');
}

int nipfs_store_path_compare(const struct nipfs_store_path *a,
			     const struct nipfs_store_path *b)
{
	return strcmp(a->base, b->base);
}

static int compare(const void *a, const void *b)
{
	return nipfs_store_path_compare(a, b);
}

size_t nipfs_store_path_sort(struct nipfs_store_path *paths, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(paths, n, sizeof(*paths), compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(paths[kept - 1].base, paths[i].base) != 0) {
			if (kept != i)
				paths[kept] = paths[i];
			kept++;
		}
	return kept;
}

bool nipfs_store_path_find(const struct nipfs_store_path *paths, size_t n,
			   const struct nipfs_store_path *path)
{
	return n && bsearch(path, paths, n, sizeof(*paths), compare);
}
