/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For LD_PRELOAD: writes down calls that a program makes, or lets them fail.
 *
 * NIPFS_CALLS=FILE     gets a line "FUNCTION PATH" for each call of those below
 * NIPFS_FAIL="FUNCTION NUMBER PART AFTER"  calls of FUNCTION on files with PART in
 *                      their path fail with the errno NUMBER, but for the first AFTER
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))(void (*)(void))dlsym(RTLD_NEXT, #name))

static void path_of(int fd, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
}

static void write_down(const char *function, const char *path)
{
	const char *log = getenv("NIPFS_CALLS");
	char line[4200];
	int fd, n;

	if (!log)
		return;
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	n = snprintf(line, sizeof(line), "%s %s\n", function, path);
	if (fd >= 0 && n > 0 && REAL(write)(fd, line, (size_t)n) != n)
		abort();
	if (fd >= 0)
		(void)close(fd);
}

/* Notes a call, and says with which errno it is to fail; 0: not at all. */
static int meet(const char *function, int fd)
{
	static int seen;
	const char *fail = getenv("NIPFS_FAIL");
	char path[4096], name[32], part[256];
	const int saved = errno;
	int number, after;

	path_of(fd, path, sizeof(path));
	write_down(function, path);
	errno = saved;
	if (!fail || sscanf(fail, "%31s %d %255s %d", name, &number, part, &after) != 4 ||
	    strcmp(name, function) != 0 || !strstr(path, part))
		return 0;
	return seen++ < after ? 0 : number;
}

#define MEET(function, fd)                                  \
	do {                                                \
		const int failure = meet(#function, (fd));  \
		if (failure) {                              \
			errno = failure;                    \
			return -1;                          \
		}                                           \
	} while (0)

int fsync(int fd)
{
	MEET(fsync, fd);
	return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	MEET(fdatasync, fd);
	return REAL(fdatasync)(fd);
}

int syncfs(int fd)
{
	MEET(syncfs, fd);
	return REAL(syncfs)(fd);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	MEET(write, fd);
	return REAL(write)(fd, bytes, n);
}

ssize_t read(int fd, void *bytes, size_t n)
{
	MEET(read, fd);
	return REAL(read)(fd, bytes, n);
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t at)
{
	MEET(pread64, fd);
	return REAL(pread64)(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	MEET(pwrite64, fd);
	return REAL(pwrite64)(fd, bytes, n, at);
}
