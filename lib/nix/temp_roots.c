/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Temporary roots: what no garbage collector may take while this process lives.
 *
 * A collector holds gc.lock while it runs, reads all files in temproots/ once,
 * at its beginning, and takes more roots on a socket from then on. So a root is
 * written to our file, for every collector that begins later, and either gc.lock
 * can be had for that, so that none is running, or the one that is running is told.
 */
#include "lib/nix/temp_roots.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "lib/nix/store.h"
#include "lib/nix/unix_socket.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

/* As many bytes of paths as are written, or told, in one go. */
enum { BATCH_BYTES = 64 * 1024, POLL_MS = 100 };
/* How long a process stays to keep what is no longer another's: ten minutes. */
enum { KEEP_TURN_MS = 100, KEEP_TURNS = 6000 };

void nipfs__temp_roots_init(struct nipfs__temp_roots *t, const struct nipfs__store_env *env,
			    const struct nipfs__waiter *waiter)
{
	*t = (struct nipfs__temp_roots){ .env = env, .waiter = waiter, .fd = -1,
					 .gc_lock = -1, .socket = -1 };
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void nipfs__temp_roots_release(struct nipfs__temp_roots *t)
{
	/* After a fork the child has the descriptors too, but the file is the parent's. */
	if (t->fd >= 0 && t->owner == getpid())
		(void)unlink(t->file);
	close_fd(&t->fd);
	close_fd(&t->gc_lock);
	close_fd(&t->socket);
	nipfs__path_map_release(&t->kept);
}

/*
 * Nix names the file after the process, and takes a file of its own number for a
 * left-over of its own. In another process namespace that may be the file of a
 * living process. Nix asks only for a decimal number in 31 bits: ours is larger
 * than any process number, and ends in our own.
 */
static int choose_name(struct nipfs__temp_roots *t, struct nipfs_error *err)
{
	enum { ABOVE_ALL_PIDS = 10000000, CHOICES = 213 };
	uint32_t random = 0;
	int n;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return nipfs__fail_errno(err, errno, "cannot get random bytes");
	n = snprintf(t->file, sizeof(t->file), "%s/%ld", t->env->temproots_dir,
		     (long)(random % CHOICES + 1) * ABOVE_ALL_PIDS + (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(t->file))
		return nipfs__fail(err, NIPFS_E_LIMIT, "the path '%s' is too long",
				   t->env->temproots_dir);
	return 0;
}

/*
 * A shared lock says as well as an exclusive one that we live, and does not stop
 * the collectors of Nix up to 2.4, which lock the files they have read.
 * Return: 0, 1 when a collector has removed the file meanwhile, or a code.
 */
static int lock_new_file(int fd, const char *file, struct nipfs_error *err)
{
	struct stat st;
	const int r = nipfs__lock_try(fd, NIPFS__LOCK_SHARED, file, err);

	if (r != 0)
		return r;
	if (fstat(fd, &st) != 0)
		return nipfs__fail_errno(err, errno, "cannot examine '%s'", file);
	return st.st_size != 0 || st.st_nlink == 0;
}

static int create_file(struct nipfs__temp_roots *t, struct nipfs_error *err)
{
	for (;;) {
		nipfs_auto_fd int fd = -1;
		int r = choose_name(t, err);

		if (r < 0)
			return r;
		fd = open(t->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return nipfs__fail_errno(err, errno, "cannot create '%s'", t->file);
		r = lock_new_file(fd, t->file, err);
		if (r < 0)
			return r;
		if (r == 0) {
			t->fd = fd;
			t->size = 0;
			t->owner = getpid();
			fd = -1;
			return 0;
		}
	}
}

/* A torn entry would run into the next one, and stop every collector. */
static int append(struct nipfs__temp_roots *t, const struct nipfs_buf *b,
		  struct nipfs_error *err)
{
	const ssize_t n = pwrite(t->fd, b->ptr, b->len, t->size);
	const int failed = n < 0 ? errno : ENOSPC;

	if (n == (ssize_t)b->len) {
		t->size += n;
		return 0;
	}
	if (n > 0 && ftruncate(t->fd, t->size) != 0)
		close_fd(&t->fd);
	return nipfs__fail_errno(err, failed, "cannot write '%s'", t->file);
}

static int write_paths(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
		       size_t n, struct nipfs_error *err)
{
	nipfs_auto_buf struct nipfs_buf b = NIPFS_BUF_INIT(BATCH_BYTES + NIPFS_STORE_PATH_MAX);

	for (size_t i = 0; i < n; i++) {
		char path[NIPFS_STORE_PATH_MAX];
		const size_t len = nipfs_store_path_format(&paths[i], t->env->store_dir, path);
		int r = nipfs__buf_put(&b, path, len + 1);

		if (r < 0)
			return nipfs__fail_nomem(err);
		if (b.len < BATCH_BYTES && i + 1 < n)
			continue;
		r = append(t, &b, err);
		if (r < 0)
			return r;
		nipfs__buf_clear(&b);
	}
	return 0;
}

/* Return: 0, 1 when the collector is not there (yet, or any more), or a code. */
static int connect_collector(const struct nipfs__store_env *env, int *out,
			     struct nipfs_error *err)
{
	nipfs_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return nipfs__fail_errno(err, errno, "cannot make a socket");
	if (nipfs__unix_connect(fd, env->gc_socket) == 0) {
		*out = fd;
		fd = -1;
		return 0;
	}
	if (errno == ENOENT || errno == ECONNREFUSED || errno == EINTR)
		return 1;
	return nipfs__fail_errno(err, errno, "cannot reach the garbage collector at '%s'",
				 env->gc_socket);
}

/* Return: 0, 1 when the collector is gone, or a code. */
static int tell(int fd, const char *line, size_t len, struct nipfs_error *err)
{
	char answer;
	ssize_t n = send(fd, line, len, MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		return 1;
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		const int r = nipfs_cancel_check(err);

		if (r < 0)
			return r;
		if (poll(&ready, 1, POLL_MS) <= 0)
			continue;
		n = recv(fd, &answer, 1, MSG_DONTWAIT);
		if (n == 1 && answer == '1')
			return 0;
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return 1;
	}
}

/* Return: 0, 1 when there is no collector to tell (any more), or a code. */
static int tell_collector(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err)
{
	int r = 0;

	if (t->socket < 0)
		r = connect_collector(t->env, &t->socket, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		char line[NIPFS_STORE_PATH_MAX + 1];
		const size_t len = nipfs_store_path_format(&paths[i], t->env->store_dir, line);

		line[len] = '\n';
		r = tell(t->socket, line, len + 1, err);
	}
	if (r != 0)
		close_fd(&t->socket);
	return r;
}

/* Return: 0 no collector is running, and none will while gc.lock is held; 1 one is; a code. */
static int keep_collectors_away(struct nipfs__temp_roots *t, struct nipfs_error *err)
{
	if (t->gc_lock < 0)
		t->gc_lock = open(t->env->gc_lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (t->gc_lock < 0)
		return nipfs__fail_errno(err, errno, "cannot open '%s'", t->env->gc_lock);
	return nipfs__lock_try(t->gc_lock, NIPFS__LOCK_SHARED, t->env->gc_lock, err);
}

static void let_collectors_begin(struct nipfs__temp_roots *t)
{
	(void)flock(t->gc_lock, LOCK_UN);
	close_fd(&t->socket);
}

int nipfs__temp_roots_tell(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			   size_t n, struct nipfs_error *err)
{
	struct nipfs__wait wait = { t->waiter, 0 };

	for (;;) {
		int r = keep_collectors_away(t, err);

		if (r == 0) {
			let_collectors_begin(t);
			return 0;
		}
		if (r == 1)
			r = tell_collector(t, paths, n, err);
		if (r == 1)
			r = nipfs__wait_turn(&wait, "a garbage collector", err);
		else if (r == 0)
			return 0;
		if (r < 0)
			return r;
	}
}

/*
 * What is written while no collector can begin is met by none half written. Where one
 * is running it comes first too: the next one may begin before we are through.
 */
static int write_and_tell(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err)
{
	const int running = keep_collectors_away(t, err);
	const int r = running < 0 ? running : write_paths(t, paths, n, err);

	if (running == 0)
		let_collectors_begin(t);
	return r == 0 && running == 1 ? nipfs__temp_roots_tell(t, paths, n, err) : r;
}

static int make_file(struct nipfs__temp_roots *t, struct nipfs_error *err)
{
	const int r = nipfs__make_dirs(t->env->temproots_dir, err);

	return r < 0 ? r : create_file(t, err);
}

static int add_all(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths, size_t n,
		   struct nipfs_error *err)
{
	int r = t->fd < 0 ? make_file(t, err) : 0;

	if (r == 0)
		r = write_and_tell(t, paths, n, err);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		size_t number;

		r = nipfs__path_map_put(&t->kept, &paths[i], &number);
		if (r < 0)
			return nipfs__fail(err, r, "cannot keep so many paths: %s",
					   nipfs_err_text(r));
	}
	return r < 0 ? r : 0;
}

/* Whether our file was removed from under us, with all that was in it. */
static bool has_lost_file(const struct nipfs__temp_roots *t)
{
	struct stat st;

	return fstat(t->fd, &st) != 0 || st.st_nlink == 0;
}

int nipfs__temp_roots_add(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			  size_t n, struct nipfs_error *err)
{
	struct nipfs_store_path *fresh;
	size_t n_fresh = 0;
	int r = 0;

	if (t->fd >= 0 && has_lost_file(t))
		close_fd(&t->fd);
	fresh = calloc(t->kept.n + n + 1, sizeof(*fresh));
	if (!fresh)
		return nipfs__fail_nomem(err);
	for (size_t i = 0; t->fd < 0 && i < t->kept.n; i++)
		fresh[n_fresh++] = t->kept.paths[i];
	for (size_t i = 0; i < n; i++)
		if (!nipfs__path_map_has(&t->kept, &paths[i]))
			fresh[n_fresh++] = paths[i];
	if (n_fresh)
		r = add_all(t, fresh, n_fresh, err);
	free(fresh);
	return r;
}

/* Whoever waits for the end of our parent's output must not wait for us. */
static void leave_parent(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		(void)dup2(null, fd);
	(void)setsid();
	(void)!chdir("/");
}

static void wait_for_collector(const struct nipfs__temp_roots *t)
{
	const struct timespec sleep = { 0, KEEP_TURN_MS * 1000000L };

	for (int turn = 0; turn < KEEP_TURNS; turn++) {
		if (nipfs__lock_try(t->gc_lock, NIPFS__LOCK_SHARED, t->env->gc_lock, NULL) != 1)
			return;
		(void)nanosleep(&sleep, NULL);
	}
}

int nipfs__temp_roots_hold(struct nipfs__temp_roots *t, const struct nipfs_store_path *paths,
			   size_t n, struct nipfs_error *err)
{
	int r = keep_collectors_away(t, err);
	pid_t child;

	if (r <= 0)
		return r < 0 ? r : NIPFS__TEMP_ROOTS_HELD;
	r = make_file(t, err);
	if (r == 0)
		r = write_paths(t, paths, n, err);
	if (r < 0)
		return r;
	/* the lock on the file is that of both, and ends with the last of them */
	child = fork();
	if (child < 0)
		return nipfs__fail_errno(err, errno, "cannot start a process");
	t->owner = child ? child : getpid();
	if (child)
		return NIPFS__TEMP_ROOTS_KEPT;
	leave_parent();
	wait_for_collector(t);
	return NIPFS__TEMP_ROOTS_KEEPER;
}
