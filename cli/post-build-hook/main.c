/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nix-ipfs-post-build-hook: what Nix has just built goes into the queue.
 *
 * Nix waits for it, and takes any failure for one of the build: so it says in one line
 * what went wrong, ends with 0 in any case, and ends soon.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <nixipfs/progress.h>
#include <nixipfs/queue.h>

/* After so long it waits for nobody any more; and after so long again it is over. */
enum { PATIENCE_SECONDS = 1 };

static volatile sig_atomic_t turns;

static void on_time(int signal_number)
{
	static const char line[] = "nix-ipfs: a build is not queued: the disk did not answer in "
				   "time ('nix-ipfs queue scan' finds it later)\n";

	(void)signal_number;
	nipfs_cancel();
	if (turns++ > 0) {
		(void)!write(STDERR_FILENO, line, sizeof(line) - 1);
		_exit(0);
	}
}

static void limit_time(void)
{
	const struct itimerval timer = { { PATIENCE_SECONDS, 0 }, { PATIENCE_SECONDS, 0 } };
	struct sigaction action = { .sa_flags = SA_RESTART };

	action.sa_handler = on_time;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* What comes from outside must not do anything to the terminal of who builds. */
static void complain(const struct nipfs_error *err)
{
	char line[sizeof(err->msg) + 128];

	(void)snprintf(line, sizeof(line),
		       "nix-ipfs: a build is not queued: %s ('nix-ipfs queue scan' finds it later)\n",
		       err->msg);
	for (char *c = line; *c && c[1]; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	(void)!write(STDERR_FILENO, line, strlen(line));
}

static bool is_asked(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		(void)puts("nix-ipfs-post-build-hook " NIPFS_VERSION);
	else if (argc > 1)
		(void)puts("Nix runs this program, without arguments, after each build: see\n"
			   "nix-ipfs hook --print-config, and nix-ipfs-post-build-hook(1).");
	return argc > 1;
}

int main(int argc, char **argv)
{
	/* the texts stay where they are when the names are gone */
	const struct nipfs_built built = { .out_paths = getenv("OUT_PATHS"),
					   .drv_path = getenv("DRV_PATH"),
					   .nix_config = getenv("NIX_CONFIG") };
	struct nipfs_error err;
	int r;

	if (is_asked(argc, argv))
		return 0;
	/* nobody who reads, and a limit on files, are failures like any other */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	limit_time();
	(void)unsetenv("OUT_PATHS");
	(void)unsetenv("DRV_PATH");
	(void)unsetenv("NIX_CONFIG");
	r = nipfs_queue_built(&built, &err);
	if (r == NIPFS_QUEUE_KEEPER)
		_exit(0);
	if (r < 0)
		complain(&err);
	return 0;
}
