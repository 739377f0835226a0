/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How nodes and gateways are reached, as the options say. */
#ifndef CLI_NODE_ARGS_H
#define CLI_NODE_ARGS_H

#include <nixipfs/network.h>

#include "cli/command.h"

/* --timeout: NIPFS_E_USAGE unless it is 1 to 86400 seconds, or not given. */
int node_timeout_check(const struct opt_number *timeout, struct nipfs_error *err);

/* --api, --gateway, --timeout, and that notes are shown. Return: 0 or NIPFS_E_USAGE. */
int node_args(const struct common *common, struct nipfs_network_options *out,
	      struct nipfs_error *err);

#endif
