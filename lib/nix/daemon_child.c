/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Nix daemon of our own: a child that is spoken with over two pipes. */
#include "lib/nix/daemon_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "multiformats/base/err.h"

/* How long a child may take to end when its input has, and then when it is told to. */
enum { PATIENCE_MS = 3000, STEP_MS = 10 };

/* ---- environment ----------------------------------------------------------------- */

static size_t count(char *const *strings)
{
	size_t n = 0;

	while (strings && strings[n])
		n++;
	return n;
}

static bool same_name(const char *a, const char *b)
{
	const size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && memcmp(a, b, n) == 0;
}

static bool is_set_in(const char *entry, char *const *extra)
{
	for (size_t i = 0; extra && extra[i]; i++)
		if (same_name(entry, extra[i]))
			return true;
	return false;
}

/* Our environment with @extra in place of what has the same names; for free(). */
static char **make_environment(char *const *extra)
{
	char **env = calloc(count(environ) + count(extra) + 1, sizeof(*env));
	size_t n = 0;

	if (!env)
		return NULL;
	for (size_t i = 0; environ && environ[i]; i++)
		if (!is_set_in(environ[i], extra))
			env[n++] = environ[i];
	for (size_t i = 0; extra && extra[i]; i++)
		env[n++] = extra[i];
	return env;
}

/* ---- start ----------------------------------------------------------------------- */

struct pipes {
	int to[2], from[2]; /* the child reads to[0] and writes from[1] */
};

static void close_pair(const int *pair)
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			(void)close(pair[i]);
}

/* With numbers that are not those of standard input and output, should these be closed. */
static int make_pipe(int *pair)
{
	int low[2], saved;

	if (pipe2(low, O_CLOEXEC) != 0)
		return -1;
	for (int i = 0; i < 2; i++)
		pair[i] = fcntl(low[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	saved = errno;
	close_pair(low);
	errno = saved;
	return pair[0] < 0 || pair[1] < 0 ? -1 : 0;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;
	int e;

	(void)sigemptyset(&none);
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	e = posix_spawnattr_setsigmask(attributes, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(attributes, &defaults);
	if (e == 0)
		e = posix_spawnattr_setflags(attributes,
					     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return e;
}

/* Return: 0 or an errno value. */
static int spawn(char *const *argv, char **env, const struct pipes *pipes, pid_t *child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int e = posix_spawn_file_actions_init(&actions);

	if (e != 0)
		return e;
	e = posix_spawnattr_init(&attributes);
	if (e != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return e;
	}
	e = set_attributes(&attributes);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&actions, pipes->to[0], STDIN_FILENO);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&actions, pipes->from[1], STDOUT_FILENO);
	if (e == 0)
		e = posix_spawnp(child, argv[0], &actions, &attributes, argv, env);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return e;
}

static int start(const struct nipfs__daemon_options *options, const struct pipes *pipes,
		 pid_t *child, struct nipfs_error *err)
{
	char **env = make_environment(options->child_env);
	int e;

	if (!env)
		return nipfs__fail_nomem(err);
	e = spawn(options->child, env, pipes, child);
	free(env);
	if (e == ENOENT)
		return nipfs__fail(err, NIPFS_E_UNREACHABLE, "there is no program '%s'",
				   options->child[0]);
	return e == 0 ? 0 : nipfs__fail_errno(err, e, "cannot run '%s'", options->child[0]);
}

/*
 * Pipes, and not a pair of sockets: for a store that is another daemon's, Nix 2.8
 * passes on what it gets by splice(2), which needs a pipe.
 */
int nipfs__daemon_spawn(const struct nipfs__daemon_options *options, int *in, int *out,
			pid_t *child, struct nipfs_error *err)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	int r = 0;

	if (make_pipe(pipes.to) != 0 || make_pipe(pipes.from) != 0)
		r = nipfs__fail_errno(err, errno, "cannot make a pipe");
	if (r == 0)
		r = start(options, &pipes, child, err);
	if (r == 0) {
		*in = pipes.from[0];
		*out = pipes.to[1];
		pipes.from[0] = pipes.to[1] = -1;
	}
	close_pair(pipes.to);
	close_pair(pipes.from);
	return r;
}

/* ---- end ------------------------------------------------------------------------- */

/* Whether it ended in time. */
static bool wait_some(pid_t child)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };

	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		const pid_t ended = waitpid(child, NULL, WNOHANG);

		/* where SIGCHLD is ignored there is nothing to be waited for */
		if (ended == child || (ended < 0 && errno != EINTR))
			return true;
		(void)nanosleep(&step, NULL);
	}
	return false;
}

void nipfs__daemon_reap(pid_t child)
{
	if (child <= 0 || wait_some(child))
		return;
	(void)kill(child, SIGTERM);
	if (wait_some(child))
		return;
	(void)kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
