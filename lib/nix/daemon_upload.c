/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Store objects on their way to a Nix daemon, in frames. */
#include "lib/nix/daemon_conn.h"

#include <nixipfs/nix_hash.h>

#include "multiformats/base/err.h"
#include "multiformats/base/num.h"

enum {
	FRAME_HEADER = 8,
	FRAME_BYTES = 64 * 1024,       /* collected before they are written */
	FRAME_BYTES_MAX = 1024 * 1024, /* written as they came; a daemon holds a frame whole */
	MINOR_ADD_IN_FRAMES = 25
};

/* ---- frames ----------------------------------------------------------------------- */

/* Writes the request or the frame that was collected, and the end of the frames. */
static int end_frames(struct nipfs__daemon *d)
{
	int r = 0;

	if (d->request.len)
		nipfs__put_le64(d->request.ptr, d->request.len - FRAME_HEADER);
	r = nipfs__wire_put_u64(&d->request, 0);
	return r < 0 ? r : nipfs__daemon_flush(d);
}

static int collect(struct nipfs__daemon *d, const uint8_t *bytes, size_t len)
{
	int r = 0;

	if (d->request.len == 0)
		r = nipfs__wire_put_u64(&d->request, 0);
	if (r == 0)
		r = nipfs__buf_put(&d->request, bytes, len);
	if (r < 0 || d->request.len < FRAME_HEADER + FRAME_BYTES)
		return r;
	nipfs__put_le64(d->request.ptr, FRAME_BYTES);
	return nipfs__daemon_flush(d);
}

/* A frame of its own, without a copy. */
static int pass_on(struct nipfs__daemon *d, const uint8_t *bytes, size_t len)
{
	uint8_t header[FRAME_HEADER];
	int r;

	nipfs__put_le64(header, len);
	r = nipfs__daemon_write(d, header, sizeof(header));
	return r < 0 ? r : nipfs__daemon_write(d, bytes, len);
}

/* Whether an upload is under way on a connection that can be used. */
static int check_upload(struct nipfs__daemon *d)
{
	d->error = (struct nipfs_error){ 0 };
	if (!d->upload)
		return nipfs__fail(&d->error, NIPFS_E_USAGE,
				   "no upload to the Nix daemon at '%s' is under way", d->name);
	if (d->broken)
		return nipfs__fail(&d->error, NIPFS_E_UNREACHABLE, "the connection to the Nix "
				   "daemon at '%s' is broken: %s", d->name, d->why.msg);
	d->talking = true;
	return 0;
}

int nipfs__daemon_send(struct nipfs__daemon *d, const void *bytes, size_t len,
		       struct nipfs_error *err)
{
	const uint8_t *at = bytes;
	int r = check_upload(d);

	while (r == 0 && len) {
		const size_t held = d->request.len ? d->request.len - FRAME_HEADER : 0;
		size_t n;

		if (held == 0 && len >= FRAME_BYTES) {
			n = nipfs__min_size(len, FRAME_BYTES_MAX);
			r = pass_on(d, at, n);
		} else {
			n = nipfs__min_size(len, FRAME_BYTES - held);
			r = collect(d, at, n);
		}
		at += n;
		len -= n;
	}
	return nipfs__daemon_end(d, r, err);
}

/* ---- begin ------------------------------------------------------------------------ */

/* What an upload is of is written at once, so that nothing but frames is collected. */
static int begin_frames(struct nipfs__daemon *d, int r, enum nipfs__daemon_op op,
			struct nipfs_error *err)
{
	if (r == 0) {
		d->talking = true;
		r = nipfs__daemon_flush(d);
	}
	if (r == 0)
		d->upload = op;
	return nipfs__daemon_end(d, r, err);
}

static int put_nar_request(struct nipfs__daemon *d, const struct nipfs_path_info *info,
			   bool dont_check_sigs)
{
	/* borrowed as it is, but for what an import has not */
	struct nipfs_path_info imported = *info;
	int r = nipfs__daemon_begin(d, NIPFS__OP_ADD_TO_STORE_NAR);

	imported.ultimate = false;
	imported.registration_time = 0;
	if (r == 0)
		r = nipfs__wire_put_path(&d->request, d->store_dir, &info->path);
	if (r == 0)
		r = nipfs__wire_put_facts(&d->request, d->store_dir, &imported);
	if (r == 0)
		r = nipfs__wire_put_claims(&d->request, &imported);
	if (r == 0)
		r = nipfs__wire_put_u64(&d->request, 0); /* no repair */
	return r < 0 ? r : nipfs__wire_put_u64(&d->request, dont_check_sigs);
}

int nipfs__daemon_add_nar_begin(struct nipfs__daemon *d, const struct nipfs_path_info *info,
				bool dont_check_sigs, struct nipfs_error *err)
{
	return begin_frames(d, put_nar_request(d, info, dont_check_sigs),
			    NIPFS__OP_ADD_TO_STORE_NAR, err);
}

/*
 * A daemon that does not know the method fails before it has begun to read frames, and
 * is out of step; one that gets references where there can be none has been seen to abort.
 */
static int check_method(const char *method, size_t n_refs, struct nipfs_error *err)
{
	const bool fixed = strncmp(method, "fixed:", 6) == 0;
	const bool recursive = fixed && strncmp(method + 6, "r:", 2) == 0;
	const char *algo = method + (recursive ? 8 : 6);
	enum nipfs_nix_algo found;

	if (strcmp(method, "text:sha256") == 0 || strcmp(method, "fixed:r:sha256") == 0)
		return 0;
	if (!fixed || nipfs_nix_algo_from_name(nipfs__slice_str(algo), &found) < 0)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "'%s' is not a way to make a store path from contents",
				   method);
	if (n_refs)
		return nipfs__fail(err, NIPFS_E_USAGE,
				   "a store path made by '%s' can't have references", method);
	return 0;
}

static int check_name(const char *name, struct nipfs_error *err)
{
	static const uint8_t digest[NIPFS_STORE_HASH_BYTES];
	struct nipfs_store_path any;

	return nipfs_store_path_from_digest(digest, nipfs__slice_str(name), &any, err);
}

static int put_request(struct nipfs__daemon *d, const char *name, const char *method,
		       const struct nipfs_store_path *refs, size_t n)
{
	int r = nipfs__daemon_begin(d, NIPFS__OP_ADD_TO_STORE);

	if (r == 0 && d->minor < MINOR_ADD_IN_FRAMES)
		r = nipfs__fail(&d->error, NIPFS_E_UNSUPPORTED,
				"the Nix daemon at '%s' is too old to be given files to add",
				d->name);
	if (r == 0)
		r = nipfs__wire_put_string(&d->request, nipfs__slice_str(name));
	if (r == 0)
		r = nipfs__wire_put_string(&d->request, nipfs__slice_str(method));
	if (r == 0)
		r = nipfs__wire_put_paths(&d->request, d->store_dir, refs, n);
	return r < 0 ? r : nipfs__wire_put_u64(&d->request, 0); /* no repair */
}

int nipfs__daemon_add_begin(struct nipfs__daemon *d, const char *name, const char *method,
			    const struct nipfs_store_path *refs, size_t n,
			    struct nipfs_error *err)
{
	int r = check_method(method, n, err);

	if (r == 0)
		r = check_name(name, err);
	if (r < 0)
		return r;
	return begin_frames(d, put_request(d, name, method, refs, n), NIPFS__OP_ADD_TO_STORE,
			    err);
}

/* ---- end -------------------------------------------------------------------------- */

static int finish(struct nipfs__daemon *d, enum nipfs__daemon_op op)
{
	int r = check_upload(d);

	if (d->upload && d->upload != op) {
		d->talking = false;
		return nipfs__fail(&d->error, NIPFS_E_USAGE, "the upload to the Nix daemon at "
				   "'%s' is of another kind", d->name);
	}
	if (r == 0)
		r = end_frames(d);
	if (r == 0)
		r = nipfs__daemon_wait(d);
	d->upload = 0;
	return r;
}

int nipfs__daemon_add_nar_end(struct nipfs__daemon *d, struct nipfs_error *err)
{
	return nipfs__daemon_end(d, finish(d, NIPFS__OP_ADD_TO_STORE_NAR), err);
}

static int read_added(struct nipfs__daemon *d, struct nipfs_path_info *info)
{
	int r = nipfs__wire_get_path(&d->reader, d->store_dir, NULL, &info->path, &d->error);

	if (r == 0)
		r = nipfs__wire_get_facts(&d->reader, d->store_dir, info, &d->error);
	return r < 0 ? r : nipfs__wire_get_claims(&d->reader, info, &d->error);
}

int nipfs__daemon_add_end(struct nipfs__daemon *d, struct nipfs_path_info *out,
			  struct nipfs_error *err)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	int r = finish(d, NIPFS__OP_ADD_TO_STORE);

	if (r == 0)
		r = read_added(d, &info);
	if (r == 0)
		*out = info;
	else
		nipfs_path_info_release(&info);
	return nipfs__daemon_end(d, r, err);
}

void nipfs__daemon_abort(struct nipfs__daemon *d)
{
	struct nipfs_path_info info = NIPFS_PATH_INFO_INIT;
	const enum nipfs__daemon_op op = d->upload;
	int r;

	if (!op)
		return;
	/* the frame that was collected stays here */
	nipfs__buf_clear(&d->request);
	r = finish(d, op);
	if (r == 0 && op == NIPFS__OP_ADD_TO_STORE)
		r = read_added(d, &info);
	(void)nipfs__daemon_end(d, r, NULL);
	nipfs_path_info_release(&info);
}

/* ---- probe ------------------------------------------------------------------------ */

/* Signatures are looked at first: whoever misses the NAR was content with them. */
static bool misses_nar(const char *msg)
{
	static const char *const words[] = { "FramedSource", "end-of-file", "end of file",
					     "archive" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(msg, words[i]))
			return true;
	return false;
}

int nipfs__daemon_would_take(struct nipfs__daemon *d, const struct nipfs_path_info *info,
			     bool dont_check_sigs, struct nipfs_error *err)
{
	int r = put_nar_request(d, info, dont_check_sigs);

	if (r == 0)
		r = nipfs__wire_put_u64(&d->request, 0);
	if (r == 0)
		r = nipfs__daemon_ask(d);
	if (r == NIPFS_E_SYS && d->refused && misses_nar(d->error.msg))
		r = 0;
	r = nipfs__daemon_end(d, r, err);
	return r == NIPFS_E_UNTRUSTED ? 0 : r < 0 ? r : 1;
}
