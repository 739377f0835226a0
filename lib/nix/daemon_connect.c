/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reaching a Nix daemon, and the greeting. */
#include "lib/nix/daemon_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/nix/lock.h"
#include "lib/nix/plain_text.h"
#include "lib/nix/unix_socket.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { HELLO_CLIENT = 0x6e697863, HELLO_DAEMON = 0x6478696f };

enum {
	MAJOR = 1,
	OUR_MINOR = 37,	  /* what every daemon from Nix 2.3 to 2.36 and Lix serve */
	LEAST_MINOR = 23, /* uploads in frames */
	MINOR_NIX_VERSION = 33,
	MINOR_TRUST = 35
};

/* ---- the socket ------------------------------------------------------------------ */

/* Says which folder above the socket keeps us out, and whom it lets in. */
static int explain_denied(const char *path, struct nipfs_error *err)
{
	char folder[PATH_MAX], room[4096];
	struct group group, *found = NULL;
	struct stat st;

	for (const char *end = path; *end && (size_t)(end - path) < sizeof(folder); ) {
		memcpy(folder, path, (size_t)(end - path));
		folder[end - path] = '\0';
		end += *end == '/';
		end += strcspn(end, "/");
		if (!*folder || faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) == 0)
			continue;
		if (stat(folder, &st) != 0 || (st.st_mode & S_IXOTH) || !(st.st_mode & S_IXGRP) ||
		    getgrgid_r(st.st_gid, &group, room, sizeof(room), &found) != 0 || !found)
			return nipfs__fail_errno(err, EACCES, "cannot reach the Nix daemon at "
						 "'%s': '%s' may not be entered", path, folder);
		return nipfs__fail_errno(err, EACCES, "cannot reach the Nix daemon at '%s': only "
					 "members of the group '%s' may enter '%s', which this "
					 "user is not", path, found->gr_name, folder);
	}
	return nipfs__fail_errno(err, EACCES, "cannot reach the Nix daemon: its socket '%s' may "
				 "not be used by this user", path);
}

static int explain(const char *path, int sys_errno, struct nipfs_error *err)
{
	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
		return nipfs__fail(err, NIPFS_E_UNREACHABLE,
				   "there is no Nix daemon's socket at '%s'", path);
	case ECONNREFUSED:
		return nipfs__fail(err, NIPFS_E_UNREACHABLE,
				   "the Nix daemon is not running: nobody listens at '%s'",
				   path);
	case EACCES:
	case EPERM:
		return explain_denied(path, err);
	case ENAMETOOLONG:
		return nipfs__fail(err, NIPFS_E_LIMIT,
				   "the path '%s' is too long for a socket", path);
	default:
		return nipfs__fail_errno(err, sys_errno, "cannot connect to the Nix daemon at "
					 "'%s'", path);
	}
}

static int connect_socket(const char *path, int *out, struct nipfs_error *err)
{
	nipfs_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct nipfs__wait wait = { NULL, 0 };

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot make a socket");
	while (nipfs__unix_connect(fd, path) != 0) {
		int r;

		/* more are waiting for it than its queue holds */
		if (errno != EAGAIN && errno != EINTR)
			return explain(path, errno, err);
		r = nipfs__wait_turn(&wait, "the Nix daemon", err);
		if (r < 0)
			return r;
	}
	*out = fd;
	fd = -1;
	return 0;
}

/* ---- the greeting ---------------------------------------------------------------- */

static int read_version(struct nipfs__daemon *d)
{
	uint64_t hello = 0, version = 0;
	int r = nipfs__wire_get_u64(&d->reader, &hello, &d->error);

	if (r < 0)
		return r;
	if (hello != HELLO_DAEMON)
		return nipfs__fail(&d->error, NIPFS_E_INVALID,
				   "what is at '%s' does not greet as a Nix daemon does",
				   d->name);
	r = nipfs__wire_get_u64(&d->reader, &version, &d->error);
	if (r < 0)
		return r;
	if (version >> 8 != MAJOR || (version & 0xff) < LEAST_MINOR)
		return nipfs__fail(&d->error, NIPFS_E_UNSUPPORTED,
				   "the Nix daemon at '%s' speaks version %llu.%u of the "
				   "protocol; at least %d.%d, as from Nix 2.4 on, is needed",
				   d->name,
				   (unsigned long long)version >> 8,
				   (unsigned int)(version & 0xff), MAJOR, LEAST_MINOR);
	d->minor = version & 0xff;
	if (d->minor > OUR_MINOR)
		d->minor = OUR_MINOR;
	return 0;
}

static int read_nix_version(struct nipfs__daemon *d)
{
	char room[1024];
	struct nipfs_slice text;
	int r;

	if (d->minor < MINOR_NIX_VERSION)
		return 0;
	r = nipfs__wire_get_text(&d->reader, room, sizeof(room), &text, &d->error);
	if (r == 0)
		(void)nipfs__plain_text(text, d->nix_version, sizeof(d->nix_version));
	return r;
}

static int read_trust(struct nipfs__daemon *d)
{
	uint64_t trust = 0;
	int r;

	if (d->minor < MINOR_TRUST)
		return 0;
	r = nipfs__wire_get_u64(&d->reader, &trust, &d->error);
	if (r == 0 && trust > NIPFS__DAEMON_UNTRUSTED)
		r = nipfs__fail(&d->error, NIPFS_E_INVALID,
				"the Nix daemon at '%s' answered %llu for its trust", d->name,
				(unsigned long long)trust);
	if (r == 0)
		d->trust = (enum nipfs__daemon_trust)trust;
	return r;
}

static int greet(struct nipfs__daemon *d)
{
	int r = nipfs__wire_put_u64(&d->request, HELLO_CLIENT);

	if (r == 0)
		r = nipfs__wire_put_u64(&d->request, MAJOR << 8 | OUR_MINOR);
	if (r == 0)
		r = nipfs__daemon_flush(d);
	if (r == 0)
		r = read_version(d);
	/* no processor asked for, no space to be reserved: both mean nothing any more */
	if (r == 0)
		r = nipfs__wire_put_u64(&d->request, 0);
	if (r == 0)
		r = nipfs__wire_put_u64(&d->request, 0);
	if (r == 0)
		r = nipfs__daemon_flush(d);
	if (r == 0)
		r = read_nix_version(d);
	if (r == 0)
		r = read_trust(d);
	if (r == 0)
		r = nipfs__daemon_wait(d);
	d->greeted = r == 0;
	return r;
}

/* ---- the connection --------------------------------------------------------------- */

static int dont_block(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void close_ends(int in, int out)
{
	(void)close(in);
	if (out != in)
		(void)close(out);
}

int nipfs__daemon_start(struct nipfs__daemon **out, int take_in, int take_out,
			pid_t take_child, const char *name,
			const struct nipfs__daemon_options *options, struct nipfs_error *err)
{
	struct nipfs__daemon *d = calloc(1, sizeof(*d));
	int r = 0;

	if (!d) {
		close_ends(take_in, take_out);
		nipfs__daemon_reap(take_child);
		return nipfs__fail_nomem(err);
	}
	d->in = take_in;
	d->out = take_out;
	d->child = take_child;
	d->store_dir = options->store_dir;
	d->log = options->log;
	d->ctx = options->ctx;
	d->reader.more = nipfs__daemon_more;
	d->reader.ctx = d;
	d->request = d->text = (struct nipfs_buf)NIPFS_BUF_INIT(SIZE_MAX);
	d->name = strdup(name);
	if (!d->name)
		r = NIPFS_E_NOMEM;
	else if (dont_block(d->in) != 0 || dont_block(d->out) != 0)
		r = nipfs__fail_errno(&d->error, errno, "cannot use '%s'", name);
	if (r == 0)
		r = greet(d);
	r = nipfs__daemon_end(d, r, err);
	if (r < 0)
		nipfs__daemon_close(d);
	else
		*out = d;
	return r;
}

/* The words of a command, for messages. */
static void join(char *const *words, char *out, size_t size)
{
	size_t len = 0;

	*out = '\0';
	for (size_t i = 0; words[i] && len < size; i++) {
		const int n = snprintf(out + len, size - len, "%s%s", i ? " " : "", words[i]);

		len += n > 0 ? (size_t)n : 0;
	}
}

int nipfs__daemon_open(struct nipfs__daemon **out, const struct nipfs__daemon_options *options,
		       struct nipfs_error *err)
{
	const char *name = options->socket;
	int in = -1, to = -1, r;
	char command[256];
	pid_t child = 0;

	if (options->socket) {
		r = connect_socket(options->socket, &in, err);
		to = in;
	} else {
		join(options->child, command, sizeof(command));
		name = command;
		r = nipfs__daemon_spawn(options, &in, &to, &child, err);
	}
	return r < 0 ? r : nipfs__daemon_start(out, in, to, child, name, options, err);
}

void nipfs__daemon_close(struct nipfs__daemon *d)
{
	const int saved = errno;

	if (!d)
		return;
	close_ends(d->in, d->out);
	nipfs__daemon_reap(d->child);
	nipfs__buf_release(&d->request);
	nipfs__buf_release(&d->text);
	free(d->name);
	free(d);
	errno = saved;
}

unsigned int nipfs__daemon_minor(const struct nipfs__daemon *d)
{
	return d->minor;
}

const char *nipfs__daemon_nix_version(const struct nipfs__daemon *d)
{
	return d->nix_version;
}

enum nipfs__daemon_trust nipfs__daemon_trust(const struct nipfs__daemon *d)
{
	return d->trust;
}
