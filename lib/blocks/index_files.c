/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes read back from the store by the places that the index has. */
#include "lib/blocks/index_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/unixfs.h>

#include "lib/disk/beneath.h"
#include "lib/disk/names.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/num.h"
#include "multiformats/base/slice.h"

/* Names of all directories that are kept. */
enum { NAMES_BYTES_MAX = 16 * 1024 * 1024, PATH_MAX_BYTES = 1 << 20 };

/* Whether a failure is that of one place, and others may be tried. */
static bool is_of_place(int code)
{
	return code != NIPFS_E_NOMEM && code != NIPFS_E_CANCELLED;
}

static int no_place(struct nipfs_error *err)
{
	return nipfs__fail(err, NIPFS_E_NOTFOUND,
			   "a file in the store is not as it was indexed");
}

/* ---- paths ----------------------------------------------------------------------- */

/* Puts @name and a slash before what @path holds. */
static int put_before(struct nipfs_buf *path, struct nipfs_slice name)
{
	const size_t old = path->len;
	uint8_t *room;

	if (nipfs__buf_extend(path, name.len + 1, &room) < 0)
		return NIPFS_E_NOMEM;
	memmove(path->ptr + name.len + 1, path->ptr, old);
	memcpy(path->ptr, name.ptr, name.len);
	path->ptr[name.len] = '/';
	return 0;
}

/* The path of a directory below the store path: "a/b/"; of the store path itself "". */
static int find_path(struct nipfs__files *f, uint64_t owner, uint64_t dir,
		     struct nipfs_buf *path, struct nipfs_error *err)
{
	while (dir > 1) {
		sqlite3_stmt *st = NULL;
		uint64_t parent = dir;
		int code = nipfs__index_use(f->db, NIPFS__INDEX_DIR_GET, &st, err);

		if (code < 0)
			return code;
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)owner);
		(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)dir);
		code = nipfs__index_step(f->db, st, err);
		if (code == 1) {
			parent = (uint64_t)sqlite3_column_int64(st, 0);
			if (put_before(path, nipfs__sql_blob(st, 1)) < 0)
				code = nipfs__fail_nomem(err);
		}
		(void)sqlite3_reset(st);
		if (code < 0)
			return code;
		/* parents have smaller numbers: no circle, whatever is in the table */
		if (code == 0 || parent >= dir || parent == 0)
			return no_place(err);
		dir = parent;
	}
	return 0;
}

/* "BASE/a/b", NUL-terminated. */
static int full_path(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		     uint64_t dir, struct nipfs_buf *path, struct nipfs_error *err)
{
	int code = find_path(f, owner->id, dir, path, err);

	if (code == 0 && (put_before(path, nipfs__slice_str(owner->base)) < 0 ||
			  nipfs__buf_terminate(path) < 0))
		code = nipfs__fail_nomem(err);
	if (code == 0)
		path->ptr[path->len - 1] = 0;
	return code;
}

/* ---- directories ----------------------------------------------------------------- */

static void close_dir(struct nipfs__files_dir *dir)
{
	if (dir->used)
		(void)close(dir->fd);
	free(dir->at);
	free(dir->names);
	*dir = (struct nipfs__files_dir){ 0 };
}

/* Room for one more directory of so many bytes: the ones used longest ago go. */
static struct nipfs__files_dir *make_room(struct nipfs__files *f, size_t bytes)
{
	for (;;) {
		struct nipfs__files_dir *oldest = &f->dirs[0], *unused = NULL;
		size_t sum = bytes, n = 0;

		for (size_t i = 0; i < NIPFS__FILES_DIRS; i++) {
			struct nipfs__files_dir *dir = &f->dirs[i];

			if (!dir->used) {
				unused = dir;
				continue;
			}
			n++;
			sum += dir->bytes;
			if (!oldest->used || dir->used < oldest->used)
				oldest = dir;
		}
		if (unused && (sum <= NAMES_BYTES_MAX || n == 0))
			return unused;
		close_dir(oldest);
	}
}

/* Copies sorted names into as little memory as they need. */
static int copy_names(const struct nipfs__names *names, struct nipfs__files_dir *out)
{
	const size_t n = nipfs__names_count(names);
	size_t at = 0;

	out->n = n;
	out->bytes = n * sizeof(*out->at) + names->bytes.len + n;
	out->at = malloc(n * sizeof(*out->at) + 1);
	out->names = malloc(names->bytes.len + n + 1);
	if (!out->at || !out->names)
		return NIPFS_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct nipfs_slice name = nipfs__names_get(names, i).name;

		out->at[i] = (uint32_t)at;
		memcpy(out->names + at, name.ptr, name.len);
		out->names[at + name.len] = 0;
		at += name.len + 1;
	}
	return 0;
}

static int read_names(int fd, struct nipfs__files_dir *out)
{
	struct nipfs__names names;
	int code = nipfs__names_init(&names);

	if (code == 0)
		code = nipfs__names_read(&names, fd, false);
	if (code == 0)
		code = nipfs__names_sort(&names, 0);
	if (code == 0)
		code = copy_names(&names, out);
	nipfs__names_release(&names);
	return code;
}

static int open_dir(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		    uint64_t number, struct nipfs__files_dir **out,
		    struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_MAX_BYTES);
	struct nipfs__files_dir made = { .owner = owner->id, .dir = number };
	int code = full_path(f, owner, number, &path, err);

	if (code == 0)
		code = nipfs__beneath_open_dir(owner->store->fd, (const char *)path.ptr,
					       &made.fd, err);
	if (code < 0)
		return code;
	made.used = ++f->clock;
	code = read_names(made.fd, &made);
	if (code < 0) {
		close_dir(&made);
		return nipfs__fail(err, code, "cannot read the directory '%s/%s'",
				   owner->store->dir, (const char *)path.ptr);
	}
	*out = make_room(f, made.bytes);
	**out = made;
	return 0;
}

static int get_dir(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		   uint64_t number, struct nipfs__files_dir **out,
		   struct nipfs_error *err)
{
	for (size_t i = 0; i < NIPFS__FILES_DIRS; i++) {
		struct nipfs__files_dir *dir = &f->dirs[i];

		if (dir->used && dir->owner == owner->id && dir->dir == number) {
			dir->used = ++f->clock;
			*out = dir;
			return 0;
		}
	}
	return open_dir(f, owner, number, out, err);
}

/* ---- files ----------------------------------------------------------------------- */

static int open_entry(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		      const struct nipfs__place *place, int *out, struct nipfs_error *err)
{
	struct nipfs__files_dir *dir;
	int code;

	if (place->dir == 0)
		return nipfs__beneath_open(owner->store->fd, owner->base, out, err);
	code = get_dir(f, owner, place->dir, &dir, err);
	if (code < 0)
		return code;
	if (place->entry >= dir->n)
		return no_place(err);
	return nipfs__beneath_open(dir->fd, dir->names + dir->at[place->entry], out, err);
}

/* Makes the file of a place the open one. */
static int get_file(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		    const struct nipfs__place *place, struct nipfs_error *err)
{
	struct stat st;
	int fd, code;

	if (f->fd >= 0 && f->fd_owner == owner->id && f->fd_dir == place->dir &&
	    f->fd_entry == place->entry)
		return 0;
	code = open_entry(f, owner, place, &fd, err);
	if (code < 0)
		return code;
	if (fstat(fd, &st) < 0) {
		(void)close(fd);
		return no_place(err);
	}
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = fd;
	f->fd_owner = owner->id;
	f->fd_dir = place->dir;
	f->fd_entry = place->entry;
	f->size = (uint64_t)st.st_size;
	return 0;
}

/* Where the bytes of a place are in its file. False when they can't be. */
static bool find_range(const struct nipfs__files *f,
		       const struct nipfs__files_owner *owner,
		       const struct nipfs__place *place, uint64_t *offset, uint64_t *len)
{
	uint64_t end;

	*offset = place->offset;
	*len = place->len;
	if (place->kind == NIPFS__PLACE_WHOLE) {
		*offset = 0;
		*len = f->size;
	} else if (place->kind == NIPFS__PLACE_CHUNK) {
		if (nipfs__mul_u64(place->number, owner->chunk, offset) ||
		    *offset >= f->size)
			return false;
		*len = nipfs__min_u64(owner->chunk, f->size - *offset);
	}
	return *len <= NIPFS_BLOCK_MAX && !nipfs__add_u64(*offset, *len, &end) &&
	       end <= f->size;
}

static int read_range(const struct nipfs__files *f, uint64_t offset, size_t len,
		      struct nipfs_buf *out, struct nipfs_error *err)
{
	uint8_t *room = NULL;

	if (nipfs__buf_extend(out, len, &room) < 0)
		return nipfs__fail_nomem(err);
	for (size_t done = 0; done < len;) {
		const ssize_t got =
		    pread(f->fd, room + done, len - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return no_place(err);
		done += (size_t)got;
	}
	return 0;
}

static int read_file(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		     const struct nipfs__place *place, struct nipfs_buf *out, int *fd,
		     uint64_t *offset, struct nipfs_error *err)
{
	const bool is_inline = place->kind == NIPFS__PLACE_INLINE;
	uint64_t len;
	int code = get_file(f, owner, place, err);

	if (code < 0)
		return code;
	if (!find_range(f, owner, place, offset, &len) ||
	    place->prefix.len + place->suffix.len > NIPFS_BLOCK_MAX - len)
		return no_place(err);
	if (nipfs__buf_put_slice(out, place->prefix) < 0)
		return nipfs__fail_nomem(err);
	code = read_range(f, *offset, (size_t)len, out, err);
	if (code == 0 && nipfs__buf_put_slice(out, place->suffix) < 0)
		code = nipfs__fail_nomem(err);
	*fd = is_inline ? -1 : f->fd;
	return code;
}

/* ---- NARs ------------------------------------------------------------------------ */

static int read_nar(struct nipfs__files *f, const struct nipfs__files_owner *owner,
		    const struct nipfs__place *place, struct nipfs_buf *out,
		    struct nipfs_error *err)
{
	int code;

	if (place->len > NIPFS_BLOCK_MAX)
		return no_place(err);
	if (!f->nar || f->nar_owner != owner->id) {
		nipfs__nar_cursor_free(f->nar);
		f->nar = NULL;
		code = nipfs__nar_cursor_new(&f->nar, owner->store->fd, owner->base, err);
		if (code < 0)
			return code;
		f->nar_owner = owner->id;
	}
	return nipfs__nar_cursor_read(f->nar, place->offset, (size_t)place->len, out,
				      err);
}

/* ---- all ------------------------------------------------------------------------- */

int nipfs__files_read(struct nipfs__files *f, const struct nipfs__place *place,
		      struct nipfs_buf *out, int *fd, uint64_t *offset,
		      struct nipfs_error *err)
{
	const struct nipfs__files_owner *owner;
	struct nipfs_error why = { 0 };
	int code = nipfs__files_owner(f, place->owner, &owner, err);

	if (code < 0)
		return code;
	if (!owner->usable)
		return 1;
	*fd = -1;
	*offset = 0;
	nipfs__buf_clear(out);
	code = place->kind == NIPFS__PLACE_NAR
		   ? read_nar(f, owner, place, out, &why)
		   : read_file(f, owner, place, out, fd, offset, &why);
	if (code < 0 && is_of_place(code))
		return NIPFS_E_NOTFOUND;
	if (code < 0 && err)
		*err = why;
	return code;
}

int nipfs__files_name(struct nipfs__files *f, const struct nipfs__place *place,
		      struct nipfs_buf *out)
{
	nipfs_auto_buf struct nipfs_buf path = NIPFS_BUF_INIT(PATH_MAX_BYTES);
	const struct nipfs__files_owner *owner;
	struct nipfs__files_dir *dir = NULL;
	const char *name = "";
	int code = nipfs__files_owner(f, place->owner, &owner, NULL);

	if (code < 0)
		return code;
	nipfs__buf_clear(out);
	if (place->kind != NIPFS__PLACE_NAR && place->dir > 0 &&
	    get_dir(f, owner, place->dir, &dir, NULL) == 0 && place->entry < dir->n)
		name = dir->names + dir->at[place->entry];
	code = full_path(f, owner, place->kind == NIPFS__PLACE_NAR ? 0 : place->dir,
			 &path, NULL);
	if (code < 0)
		return code;
	code = nipfs__buf_printf(out, "%s/%s%s%s", owner->store->dir,
				 (const char *)path.ptr, *name ? "/" : "", name);
	return code < 0 ? code : nipfs__buf_terminate(out);
}

void nipfs__files_release(struct nipfs__files *f)
{
	for (size_t i = 0; i < NIPFS__FILES_DIRS; i++)
		close_dir(&f->dirs[i]);
	if (f->fd >= 0)
		(void)close(f->fd);
	nipfs__nar_cursor_free(f->nar);
	nipfs__files_forget_owners(f);
}
