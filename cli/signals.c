/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts. */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>

#include <nixipfs/progress.h>

static volatile sig_atomic_t caught;
static bool pipe_was_ignored;

static void on_signal(int number)
{
	caught = number;
	nipfs_cancel();
}

void signals_install(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* RESETHAND: who asks twice does not want to wait */
		struct sigaction action = { .sa_handler = on_signal,
					    .sa_flags = (int)SA_RESETHAND };

		(void)sigemptyset(&action.sa_mask);
		/* what nohup or a shell's & ignores stays ignored */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
	}
	/* a closed pipe is a failed write, so that there is time to clean up */
	pipe_was_ignored = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
}

bool signals_reader_gone(void)
{
	if (pipe_was_ignored)
		return false;
	if (!caught)
		caught = SIGPIPE;
	return true;
}

void signals_die(int exit_code)
{
	if (!caught || exit_code == 0)
		return;
	(void)signal(caught, SIG_DFL);
	(void)raise(caught);
}
