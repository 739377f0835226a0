/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of a NAR that are not those of its files. */
#include "dag/nar_framing.h"

#include "multiformats/base/num.h"

/* A string: its length, its bytes, zeros up to a multiple of 8. */
static int put(struct nipfs_buf *b, struct nipfs_slice s)
{
	const size_t padding = nipfs__nar_padding(s.len);
	uint8_t *room;
	int r;

	r = nipfs__buf_extend(b, 8 + s.len + padding, &room);
	if (r < 0)
		return r;
	nipfs__put_le64(room, s.len);
	if (s.len)
		memcpy(room + 8, s.ptr, s.len);
	memset(room + 8 + s.len, 0, padding);
	return 0;
}

/* Strings up to a NULL. */
static int put_all(struct nipfs_buf *b, const char *const *strings)
{
	int r = 0;

	for (; r == 0 && *strings; strings++)
		r = put(b, nipfs__slice_str(*strings));
	return r;
}

static int put_place(struct nipfs_buf *b, struct nipfs_slice name, bool is_root)
{
	static const char *const magic[] = { "nix-archive-1", NULL };
	static const char *const entry[] = { "entry", "(", "name", NULL };
	int r = put_all(b, is_root ? magic : entry);

	if (r == 0 && !is_root)
		r = put(b, name);
	if (r == 0 && !is_root)
		r = put(b, nipfs__slice_str("node"));
	return r;
}

static int put_file(struct nipfs_buf *b, const struct nipfs_entry *entry)
{
	static const char *const regular[] = { "(", "type", "regular", NULL };
	static const char *const executable[] = { "executable", "", NULL };
	uint8_t *room;
	int r = put_all(b, regular);

	if (r == 0 && entry->executable)
		r = put_all(b, executable);
	if (r == 0)
		r = put(b, nipfs__slice_str("contents"));
	if (r == 0)
		r = nipfs__buf_extend(b, 8, &room);
	if (r == 0)
		nipfs__put_le64(room, entry->size);
	return r;
}

int nipfs__nar_put_open(struct nipfs_buf *b, const struct nipfs_entry *entry,
			bool is_root)
{
	static const char *const directory[] = { "(", "type", "directory", NULL };
	static const char *const symlink[] = { "(", "type", "symlink", "target", NULL };
	int r = put_place(b, entry->name, is_root);

	if (r < 0)
		return r;
	switch (entry->kind) {
	case NIPFS_DIRECTORY:
		return put_all(b, directory);
	case NIPFS_FILE:
		return put_file(b, entry);
	case NIPFS_SYMLINK:
		break;
	}
	r = put_all(b, symlink);
	return r < 0 ? r : put(b, entry->target);
}

int nipfs__nar_put_close(struct nipfs_buf *b, uint64_t size, bool is_root)
{
	/* the root is in no entry that would have to be closed too */
	static const char *const ends[] = { ")", ")", NULL };
	const size_t padding = nipfs__nar_padding(size);
	uint8_t *room;
	const int r = nipfs__buf_extend(b, padding, &room);

	if (r < 0)
		return r;
	if (padding)
		memset(room, 0, padding);
	return put_all(b, is_root ? ends + 1 : ends);
}
