/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of its own for a test. */
#include "tests/support/scratch.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];
static int came_from = -1;

static void must(int r, const char *path)
{
	if (r < 0)
		perror(path);
	ck_assert_int_ge(r, 0);
}

void scratch_setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(folder, sizeof(folder), "%s/nipfs-test-XXXXXX",
		       tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	came_from = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(came_from, ".");
	must(chdir(folder), folder);
}

void scratch_teardown(void)
{
	char command[600];

	must(fchdir(came_from), "where the test came from");
	(void)close(came_from);
	/* as a user, folders that may not be written can't be emptied */
	(void)snprintf(command, sizeof(command), "chmod -R u+rwX '%s' && rm -rf '%s'",
		       folder, folder);
	ck_assert_int_eq(system(command), 0);
}

void scratch_dir(const char *path, mode_t mode)
{
	must(mkdir(path, 0700), path);
	must(chmod(path, mode), path);
}

static void write_file(const char *path, const char *bytes, size_t n, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	must(fd, path);
	for (size_t done = 0; done < n;) {
		const ssize_t w = write(fd, bytes + done, n - done);

		must((int)(w < 0 ? -1 : 0), path);
		done += (size_t)w;
	}
	must(fchmod(fd, mode), path);
	must(close(fd), path);
}

void scratch_file(const char *path, const char *contents, mode_t mode)
{
	write_file(path, contents, strlen(contents), mode);
}

void scratch_cycle(const char *path, size_t n, mode_t mode)
{
	char *bytes = malloc(n ? n : 1);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i % 251);
	write_file(path, bytes, n, mode);
	free(bytes);
}

void scratch_link(const char *path, const char *target)
{
	must(symlink(target, path), path);
}
