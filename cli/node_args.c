/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How nodes and gateways are reached, as the options say. */
#include "cli/node_args.h"

#include "cli/error.h"

int node_timeout_check(const struct opt_number *timeout, struct nipfs_error *err)
{
	if (timeout->set && (timeout->value == 0 || timeout->value > 86400))
		return cli_fill(err, NIPFS_E_USAGE,
				"option '--timeout' takes 1 to 86400 seconds, not %llu",
				(unsigned long long)timeout->value);
	return 0;
}

static void tell(void *ctx, const char *message)
{
	cli_note(ctx, "%s", message);
}

int node_args(const struct common *common, struct nipfs_network_options *out,
	      struct nipfs_error *err)
{
	/* it is told for as long as anything is open that these options opened */
	static struct common copy;

	copy = *common;
	*out = (struct nipfs_network_options){
		.api = common->api,
		.gateway = common->gateway,
		.timeout_s = (unsigned int)common->timeout.value,
		.tell = tell,
		.ctx = &copy,
	};
	return node_timeout_check(&common->timeout, err);
}
