/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One entry of the queue as the text of its file: a line for each field, in this
 * order.
 *
 *     nix-ipfs queue 1
 *     path /nix/store/HASH-NAME
 *     files /nix/store
 *     by hook
 *     queued 1764045678
 *     tries 1
 *     next 1764045738
 *     failed the node can't be reached
 *
 * The last line is there when something failed.
 */
#include "lib/queue_entry.h"

#include <inttypes.h>
#include <string.h>

#include "multiformats/base/slice.h"

static const char first_line[] = "nix-ipfs queue 1\n";

static const char *const origins[] = { [NIPFS_QUEUE_BY_HOOK] = "hook",
				       [NIPFS_QUEUE_BY_SCAN] = "scan" };

enum { ORIGINS = sizeof(origins) / sizeof(origins[0]) };

/* Bytes that neither end a line nor do anything to a terminal. */
static bool is_plain(struct nipfs_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return true;
}

static bool is_folder(struct nipfs_slice text)
{
	return text.len > 0 && text.len <= NIPFS_STORE_DIR_MAX && text.ptr[0] == '/' &&
	       (text.len == 1 || text.ptr[text.len - 1] != '/') && is_plain(text);
}

/* "key value\n" taken off @rest. */
static bool take_line(struct nipfs_slice *rest, const char *key, struct nipfs_slice *value)
{
	const size_t len = strlen(key);
	const uint8_t *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	size_t line;

	if (!end)
		return false;
	line = (size_t)(end - rest->ptr);
	if (line <= len + 1 || memcmp(rest->ptr, key, len) != 0 || rest->ptr[len] != ' ')
		return false;
	*value = nipfs__slice(rest->ptr + len + 1, line - len - 1);
	*rest = nipfs__slice(end + 1, rest->len - line - 1);
	return true;
}

/* Decimal, without leading zeros. */
static bool take_number(struct nipfs_slice *rest, const char *key, int64_t *out)
{
	struct nipfs_slice value;
	int64_t number = 0;

	if (!take_line(rest, key, &value) || (value.ptr[0] == '0' && value.len > 1))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, value.ptr[i] - '0', &number))
			return false;
	}
	*out = number;
	return true;
}

/* How often it failed, when its turn is, and why it failed. */
static bool take_tries(struct nipfs_slice *rest, struct nipfs_queue_entry *out)
{
	struct nipfs_slice why;
	int64_t tries;

	if (!take_number(rest, "tries", &tries) || tries > UINT32_MAX ||
	    !take_number(rest, "next", &out->next))
		return false;
	out->tries = (uint32_t)tries;
	if (tries == 0)
		return true;
	if (!take_line(rest, "failed", &why) || why.len > NIPFS_QUEUE_WHY_MAX || !is_plain(why))
		return false;
	memcpy(out->why, why.ptr, why.len);
	return true;
}

/* The full path, which tells the store folder too. */
static bool take_path(struct nipfs_slice *rest, struct nipfs_queue_entry *out)
{
	struct nipfs_slice full, dir;
	const uint8_t *slash;

	if (!take_line(rest, "path", &full) || !(slash = memrchr(full.ptr, '/', full.len)))
		return false;
	dir = nipfs__slice(full.ptr, (size_t)(slash - full.ptr));
	if (!is_folder(dir) ||
	    nipfs_store_path_parse_base(nipfs__slice(slash + 1, full.len - dir.len - 1), &out->path,
					NULL) < 0)
		return false;
	memcpy(out->store_dir, dir.ptr, dir.len);
	return true;
}

static bool take_origin(struct nipfs_slice *rest, enum nipfs_queue_origin *out)
{
	struct nipfs_slice value;

	if (!take_line(rest, "by", &value))
		return false;
	for (unsigned int i = 0; i < ORIGINS; i++)
		if (value.len == strlen(origins[i]) &&
		    memcmp(value.ptr, origins[i], value.len) == 0) {
			*out = (enum nipfs_queue_origin)i;
			return true;
		}
	return false;
}

int nipfs__queue_entry_decode(struct nipfs_slice text, struct nipfs_queue_entry *out)
{
	struct nipfs_queue_entry e = { .queued = 0 };
	struct nipfs_slice rest = text, files;

	if (text.len > NIPFS__QUEUE_ENTRY_MAX)
		return NIPFS_E_LIMIT;
	if (text.len < strlen(first_line) ||
	    memcmp(text.ptr, first_line, strlen(first_line)) != 0)
		return NIPFS_E_INVALID;
	rest = nipfs__slice(text.ptr + strlen(first_line), text.len - strlen(first_line));
	if (!take_path(&rest, &e) || !take_line(&rest, "files", &files) || !is_folder(files) ||
	    !take_origin(&rest, &e.origin) || !take_number(&rest, "queued", &e.queued) ||
	    !take_tries(&rest, &e) || rest.len)
		return NIPFS_E_INVALID;
	memcpy(e.real_dir, files.ptr, files.len);
	*out = e;
	return 0;
}

int nipfs__queue_entry_encode(const struct nipfs_queue_entry *entry, struct nipfs_buf *out)
{
	if (!is_folder(nipfs__slice_str(entry->store_dir)) ||
	    !is_folder(nipfs__slice_str(entry->real_dir)) || entry->queued < 0 ||
	    entry->next < 0 || !entry->tries != !entry->why[0] ||
	    !is_plain(nipfs__slice_str(entry->why)))
		return NIPFS_E_INVALID;
	return nipfs__buf_printf(out,
				 "%spath %s/%s\nfiles %s\nby %s\nqueued %" PRId64 "\ntries %" PRIu32
				 "\nnext %" PRId64 "\n%s%s%s",
				 first_line, entry->store_dir, entry->path.base, entry->real_dir,
				 origins[entry->origin], entry->queued, entry->tries, entry->next,
				 entry->tries ? "failed " : "", entry->why,
				 entry->tries ? "\n" : "");
}
