/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CAR as block source. A want is looked for where the CAR was read already, then
 * by reading on.
 */
#include <nixipfs/sources.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/unixfs.h>

#include "lib/blocks/car_file.h"
#include "lib/blocks/wants.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/base/slice.h"

/* The lists of wants: those that were not looked up yet, and those to be met later on. */
enum { FRESH, AHEAD };

struct car_source {
	struct nipfs_block_source source;
	struct nipfs__car_file file;
	struct nipfs__wants wants;
	struct nipfs_buf block;
};

static struct car_source *of(struct nipfs_block_source *self)
{
	return (struct car_source *)(void *)self;
}

/* ---- one section ----------------------------------------------------------------- */

static int get_room(struct car_source *c, size_t n, uint8_t **room,
		    struct nipfs_error *err)
{
	nipfs__buf_clear(&c->block);
	return nipfs__buf_extend(&c->block, n, room) < 0 ? nipfs__fail_nomem(err) : 0;
}

/*
 * Gives out the block of a section when it is the wanted one. Return: 0 with
 * @out filled; 1 when it is wrong, with item->problem set; or negative.
 */
static int deliver(struct car_source *c, struct nipfs__wanted *item, uint64_t offset,
		   size_t len, struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs_cid cid;
	uint8_t *room = NULL;
	size_t got = 0;
	int code;

	if (len > NIPFS_BLOCK_MAX) {
		item->problem = NIPFS_E_LIMIT;
		return 1;
	}
	code = get_room(c, len, &room, err);
	if (code == 0 && len > 0)
		code = nipfs__tape_read(&c->file.tape, offset, room, len, &got, err);
	if (code < 0)
		return code;
	nipfs__wanted_cid(item, &cid);
	code = got == len ? nipfs_cid_verify(&cid, nipfs__slice(room, len))
			  : NIPFS_E_MISMATCH;
	if (code < 0) {
		item->problem = code;
		return 1;
	}
	*out = (struct nipfs_block){
		.cid = cid,
		.verified = true,
		.bytes = { .ptr = room,
			   .len = len,
			   .fd = c->file.tape.file,
			   .offset = c->file.tape.base + offset },
	};
	nipfs__wants_remove(&c->wants, item);
	return 0;
}

/* Tries the section at @offset for a want. Return: as deliver(); 1 also when it is
 * another's. */
static int try_place(struct car_source *c, struct nipfs__wanted *item, uint64_t offset,
		     struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs_car_section section;
	struct nipfs_cid cid;
	int code = nipfs__car_file_section(&c->file, offset, &section, err);

	if (code != 0)
		return code;
	nipfs__wanted_cid(item, &cid);
	if (!nipfs__same_multihash(&cid, &section.cid))
		return 1;
	return deliver(c, item, section.block_offset, section.block_len, out, err);
}

/* ---- one want -------------------------------------------------------------------- */

/*
 * Looks a want up among the places. What it learns about wrong blocks is remembered
 * before their places, so that they are read once. Return: as deliver().
 */
static int look_back(struct car_source *c, struct nipfs__wanted *item,
		     struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs__bag_cursor cursor;
	struct nipfs_cid cid;
	size_t wrong = 0;
	uint64_t offset;
	int code;

	nipfs__wanted_cid(item, &cid);
	nipfs__car_file_find(&c->file, &cid, &cursor);
	while ((code = nipfs__car_file_place(&c->file, &cursor, &offset, err)) == 0) {
		code = try_place(c, item, offset, out, err);
		if (code < 0)
			return code;
		if (code == 0)
			return wrong
				   ? nipfs__car_file_remember(&c->file, &cid, offset, err)
				   : 0;
		wrong++;
	}
	if (code == NIPFS_E_MISMATCH) {
		item->problem = code;
		return 1;
	}
	if (code < 0 || item->problem != NIPFS_E_MISMATCH)
		return code;
	code = nipfs__car_file_give_up(&c->file, &cid, err);
	return code < 0 ? code : 1;
}

static int look_in_index(struct car_source *c, struct nipfs__wanted *item,
			 struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs_cid cid;
	uint64_t offset;
	int code;

	nipfs__wanted_cid(item, &cid);
	code = nipfs_car_index_find(c->file.index, &cid, &offset, err);
	if (code < 0)
		return nipfs__car_file_is_bad(code) ? 1 : code;
	code = try_place(c, item, offset, out, err);
	if (code == 1)
		item->problem = 0; /* a wrong index says nothing about the block */
	return code;
}

static int look_up(struct car_source *c, struct nipfs__wanted *item,
		   struct nipfs_block *out, struct nipfs_error *err)
{
	int code = c->file.index ? look_in_index(c, item, out, err) : 1;

	if (code == 1)
		code = look_back(c, item, out, err);
	if (code == 1)
		nipfs__wants_move(&c->wants, item, AHEAD);
	return code;
}

/* Reads one more section; meets a want when it can. Return: as deliver(). */
static int read_on(struct car_source *c, struct nipfs_block *out, struct nipfs_error *err)
{
	struct nipfs_car_section section;
	struct nipfs__wanted *item;
	const int code = nipfs__car_file_next(&c->file, &section, err);

	c->source.name = c->file.shown;
	if (code != 0)
		return code;
	item = nipfs__wants_find_bytes(&c->wants, AHEAD, &section.cid);
	return item ? deliver(c, item, section.block_offset, section.block_len, out, err)
		    : 1;
}

/* ---- the source ------------------------------------------------------------------ */

static int car_want(struct nipfs_block_source *self, const struct nipfs_want *wants,
		    size_t n, struct nipfs_error *err)
{
	return nipfs__wants_add(&of(self)->wants, wants, n, err);
}

static int car_next(struct nipfs_block_source *self, struct nipfs_block *out,
		    struct nipfs_error *err)
{
	struct car_source *c = of(self);
	struct nipfs__wanted *item;
	struct nipfs_block missing = { .status = NIPFS_E_NOTFOUND,
				       .bytes = { .fd = -1 } };
	int code = 1;

	while (code == 1 && c->wants.first[FRESH])
		code = look_up(c, c->wants.first[FRESH], out, err);
	while (code == 1 && !c->file.ended && c->wants.first[AHEAD])
		code = read_on(c, out, err);
	item = c->wants.first[AHEAD];
	if (code != 1 || !item)
		return code;
	nipfs__wanted_cid(item, &missing.cid);
	if (item->problem)
		missing.status = item->problem;
	nipfs__wants_remove(&c->wants, item);
	*out = missing;
	return 0;
}

static void car_cancel(struct nipfs_block_source *self, const struct nipfs_cid *cid)
{
	nipfs__wants_remove(&of(self)->wants, nipfs__wants_find(&of(self)->wants, cid));
}

static void release(struct car_source *c)
{
	nipfs__wants_release(&c->wants);
	nipfs__buf_release(&c->block);
	free(c);
}

static void car_free(struct nipfs_block_source *self)
{
	nipfs__car_file_release(&of(self)->file);
	release(of(self));
}

static const struct nipfs_block_source_ops car_ops = { car_want, car_next, car_cancel,
						       car_free, NULL };

/* ---- opening --------------------------------------------------------------------- */

int nipfs_car_source_open_fd(struct nipfs_block_source **out, int take_fd,
			     const char *name, struct nipfs_error *err)
{
	struct car_source *c = calloc(1, sizeof(*c));
	int code;

	if (!c)
		return nipfs__fail_nomem(err);
	c->block = (struct nipfs_buf)NIPFS_BUF_INIT(NIPFS_BLOCK_MAX);
	code = nipfs__wants_init(&c->wants, err);
	if (code == 0)
		code = nipfs__car_file_open(&c->file, take_fd, name, err);
	if (code < 0) {
		release(c);
		return code;
	}
	c->source = (struct nipfs_block_source){ &car_ops, c->file.shown };
	*out = &c->source;
	return 0;
}

int nipfs_car_source_open(struct nipfs_block_source **out, const char *path,
			  struct nipfs_error *err)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	nipfs_auto_fd int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					: open(path, O_RDONLY | O_CLOEXEC);
	int code;

	if (fd < 0 && errno == ENOENT)
		return nipfs__fail(err, NIPFS_E_NOTFOUND, "there is no CAR '%s'", path);
	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s'", path);
	code = nipfs_car_source_open_fd(out, fd, is_stdin ? "standard input" : path, err);
	if (code == 0)
		fd = -1;
	return code;
}
