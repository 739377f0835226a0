/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers of a Nix daemon. The first byte says which operations are tried after the
 * greeting, the rest is all that the daemon says before it hangs up. Whatever that is,
 * a failure has a message of one line, what was broken stays so, and a path info that was
 * read is written and read again to the same.
 */
#include "lib/nix/daemon_conn.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STORE "/nix/store"
#define FOO "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo"

enum { OPS = 12, LOG_LINE_MAX = 1023 };

static struct nipfs__daemon *daemon_;
static struct nipfs_error error;
static struct nipfs_store_path foo;

static void log_line(void *ctx, struct nipfs_slice line)
{
	(void)ctx;
	if (line.len == 0 || line.len > LOG_LINE_MAX)
		abort();
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] < ' ' || line.ptr[i] == 0x7f)
			abort();
}

/* ---- what is read is written and read again ------------------------------------------ */

static int no_more(void *ctx, uint8_t *room, size_t size, size_t *got, struct nipfs_error *err)
{
	struct nipfs_buf *b = ctx;

	(void)err;
	if (b->len == 0 || b->len > size)
		return NIPFS_E_TRUNCATED;
	memcpy(room, b->ptr, b->len);
	*got = b->len;
	b->len = 0;
	return 0;
}

static void check_info(struct nipfs_path_info *info)
{
	static struct nipfs__wire_reader reader;
	struct nipfs_buf b = NIPFS_BUF_INIT(SIZE_MAX), again = NIPFS_BUF_INIT(SIZE_MAX);
	struct nipfs_path_info back = NIPFS_PATH_INFO_INIT;

	if (nipfs__wire_put_facts(&b, STORE, info) < 0 || nipfs__wire_put_claims(&b, info) < 0)
		abort();
	if (b.len <= sizeof(reader.bytes)) {
		const size_t len = b.len;

		reader = (struct nipfs__wire_reader){ .more = no_more, .ctx = &b };
		if (nipfs__wire_get_facts(&reader, STORE, &back, NULL) < 0 ||
		    nipfs__wire_get_claims(&reader, &back, NULL) < 0)
			abort();
		if (nipfs__wire_put_facts(&again, STORE, &back) < 0 ||
		    nipfs__wire_put_claims(&again, &back) < 0 || again.len != len ||
		    memcmp(again.ptr, b.ptr, len) != 0)
			abort();
	}
	nipfs_path_info_release(&back);
	nipfs_path_info_release(info);
	nipfs__buf_release(&b);
	nipfs__buf_release(&again);
}

/* ---- operations ----------------------------------------------------------------------- */

static int take_info(int r, struct nipfs_path_info *info)
{
	if (r == 0)
		check_info(info);
	return r;
}

static int take_paths(int r, struct nipfs_store_path *paths, size_t n)
{
	if (r < 0)
		return r;
	for (size_t i = 1; i < n; i++)
		if (nipfs_store_path_compare(&paths[i - 1], &paths[i]) >= 0)
			abort();
	free(paths);
	return r;
}

static int upload_nar(void)
{
	struct nipfs_path_info info = { .path = foo, .nar_size = 96 };
	int r = nipfs__daemon_add_nar_begin(daemon_, &info, true, &error);

	if (r == 0)
		r = nipfs__daemon_send(daemon_, "bytes", 5, &error);
	if (r == 0)
		return nipfs__daemon_add_nar_end(daemon_, &error);
	nipfs__daemon_abort(daemon_);
	return r;
}

static int upload(bool give_up)
{
	struct nipfs_path_info info;
	int r = nipfs__daemon_add_begin(daemon_, "foo", "text:sha256", &foo, 1, &error);

	if (r < 0)
		return r;
	if (!give_up)
		return take_info(nipfs__daemon_add_end(daemon_, &info, &error), &info);
	nipfs__daemon_abort(daemon_);
	return 0;
}

static int run(unsigned int op)
{
	static const char *const sigs[] = { "key-1:AAAA" };
	struct nipfs_path_info info = { .path = foo, .nar_size = 96 };
	struct nipfs_store_path found, *paths = NULL;
	size_t n = 0;
	int r;

	switch (op) {
	case 0:
		return nipfs__daemon_is_valid(daemon_, &foo, &error);
	case 1:
		return take_info(nipfs__daemon_query(daemon_, &foo, &info, &error), &info);
	case 2:
		return nipfs__daemon_find_hash_part(daemon_,
						    nipfs__slice(foo.base, NIPFS_STORE_HASH_LEN),
						    &found, &error);
	case 3:
		r = nipfs__daemon_referrers(daemon_, &foo, &paths, &n, &error);
		return take_paths(r, paths, n);
	case 4:
		r = nipfs__daemon_all_valid(daemon_, &paths, &n, &error);
		return take_paths(r, paths, n);
	case 5:
		return nipfs__daemon_ensure(daemon_, &foo, &error);
	case 6:
		return nipfs__daemon_add_temp_root(daemon_, &foo, &error);
	case 7:
		return nipfs__daemon_add_signatures(daemon_, &foo, sigs, 1, &error);
	case 8:
		return upload_nar();
	case 9:
		return upload(false);
	case 10:
		return upload(true);
	default:
		return nipfs__daemon_would_take(daemon_, &info, false, &error);
	}
}

static void check_failure(int r)
{
	if (r >= 0)
		return;
	if (error.code != r || !error.msg[0] || strchr(error.msg, '\n'))
		abort();
	if (r == NIPFS_E_NOMEM || r == NIPFS_E_CANCELLED || r == NIPFS_E_USAGE)
		abort();
}

/* Always the same file: @data from its start. */
static int input_of(const uint8_t *data, size_t size)
{
	static int file = -1;
	int in;

	if (file < 0)
		file = memfd_create("answers", MFD_CLOEXEC);
	in = dup(file);
	if (in < 0 || ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0 ||
	    pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nipfs__daemon_options options = { .store_dir = STORE, .log = log_line };
	int r;

	if (size == 0 || nipfs_store_path_parse_base(nipfs__slice_str(FOO), &foo, NULL) < 0)
		return 0;
	r = nipfs__daemon_start(&daemon_, input_of(data + 1, size - 1),
				open("/dev/null", O_WRONLY | O_CLOEXEC), 0, "fuzz", &options,
				&error);
	check_failure(r);
	if (r < 0)
		return 0;
	/* that one, and all after it */
	for (unsigned int i = 0; i < OPS; i++) {
		const bool was_broken = daemon_->broken;

		r = run((data[0] + i) % OPS);
		check_failure(r);
		if (was_broken && r != NIPFS_E_UNREACHABLE)
			abort();
	}
	nipfs__daemon_close(daemon_);
	return 0;
}
