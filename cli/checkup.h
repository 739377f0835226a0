/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the doctor found about one thing, as a line. */
#ifndef CLI_CHECKUP_H
#define CLI_CHECKUP_H

#include <nixipfs/doctor.h>

#include "cli/command.h"

/* Prints it as text or JSON; with -q only where something is to be done. */
int checkup_print(const struct common *common, const struct nipfs_checkup *checkup,
		  struct nipfs_error *err);

#endif
