/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at the Kubo node of this user. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/doctor.h"
#include "lib/ipfs/swarm.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"
#include "multiformats/multiaddr.h"

enum { NODE_TIMEOUT_S = 5 };

#define KUBO_DEFAULT "http://127.0.0.1:5001"

/* $IPFS_PATH/api, which a node writes when it starts. */
static bool api_file(char *out, size_t size)
{
	const char *repo = getenv("IPFS_PATH"), *home = getenv("HOME");
	int n;

	if (repo && *repo)
		n = snprintf(out, size, "%s/api", repo);
	else if (home && *home)
		n = snprintf(out, size, "%s/.ipfs/api", home);
	else
		return false;
	return n > 0 && (size_t)n < size;
}

static void format_url(const struct nipfs_multiaddr *addr, char *out, size_t size)
{
	const bool ip6 = addr->kind == NIPFS_MULTIADDR_IP6;

	if (addr->kind == NIPFS_MULTIADDR_UNIX)
		(void)snprintf(out, size, "unix:%s", addr->path);
	else
		(void)snprintf(out, size, "http%s://%s%s%s:%u", addr->https ? "s" : "",
			       ip6 ? "[" : "", addr->host, ip6 ? "]" : "", addr->port);
}

/* What it announces, by its settings; NULL: it does not tell. For json_decref(). */
static json_t *provide_settings(struct nipfs__rpc *rpc)
{
	static const struct nipfs__rpc_param params[] = { { "arg", "Provide" }, { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "config", .params = params };
	json_t *object = NULL;

	return nipfs__rpc_object(rpc, &call, &object, NULL) == 0 ? object : NULL;
}

static void look_at_provide(struct nipfs__rpc *rpc, struct nipfs__checkup *c)
{
	json_t *object = provide_settings(rpc);
	const json_t *provide = json_object_get(object, "Value");
	const char *strategy = nipfs__rpc_text(provide, "Strategy");

	if (!strategy || !*strategy)
		strategy = "all";
	if (object && json_is_false(json_object_get(provide, "Enabled"))) {
		nipfs__checkup_add(c, "; it announces nothing (Provide.Enabled)");
		nipfs__checkup_fact(c, "provide", "off");
	} else if (object) {
		nipfs__checkup_add(c, "; it announces '%s' (Provide.Strategy)%s", strategy,
				   strcmp(strategy, "all") == 0 ?
					   ", which is every block: for store paths "
					   "'ipfs config Provide.Strategy pinned+entities' is enough" :
					   "");
		nipfs__checkup_fact(c, "provide", strategy);
	}
	json_decref(object);
}

/* What the node says of itself. Return: 0, NIPFS_E_NOMEM or NIPFS_E_CANCELLED. */
static int ask_node(struct nipfs__checkup *c, struct nipfs_error *err)
{
	const struct nipfs__rpc_call id = { .command = "id" };
	struct nipfs_error why = { .msg = "" };
	struct nipfs__rpc *rpc = NULL;
	json_t *object = NULL;
	size_t n = 0;
	int r = nipfs__rpc_open(&rpc, NULL, NODE_TIMEOUT_S, &why);

	if (r == 0)
		r = nipfs__rpc_object(rpc, &id, &object, &why);
	nipfs__checkup_fact_bool(c, "answers", r == 0);
	if (r < 0) {
		nipfs__rpc_close(rpc);
		nipfs__checkup_add(c, "; it does not answer (%s)", why.msg);
		return r == NIPFS_E_NOMEM || r == NIPFS_E_CANCELLED ? nipfs__fail(err, r, "%s", why.msg)
								    : 0;
	}
	if (nipfs__rpc_text(object, "AgentVersion"))
		nipfs__checkup_fact(c, "version", nipfs__rpc_text(object, "AgentVersion"));
	json_decref(object);
	look_at_provide(rpc, c);
	r = nipfs__swarm_public(rpc, &n, err);
	nipfs__rpc_close(rpc);
	if (r == 0 && n)
		nipfs__checkup_add(c, "; it is connected to %zu peers on the public network: whoever has "
				      "a CID can fetch what is published there", n);
	nipfs__checkup_fact_bool(c, "public", n > 0);
	return r;
}

int nipfs__doctor_kubo(struct nipfs__doctor *d, struct nipfs__checkup *c,
		       struct nipfs_error *err)
{
	char file[PATH_MAX], text[NIPFS_MULTIADDR_TEXT_MAX + 1], url[512];
	struct nipfs_error why = { .msg = "" };
	struct nipfs_multiaddr addr;
	nipfs_auto_fd int fd = -1;
	ssize_t n;

	(void)d;
	if (api_file(file, sizeof(file)))
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n < 0) {
		nipfs__checkup_say(c, "no node has said where it is; by default that is "
				      KUBO_DEFAULT);
		return 0;
	}
	nipfs__checkup_fact(c, "apiFile", file);
	if (nipfs__multiaddr_parse(nipfs__slice(text, (size_t)n), &addr, &why) < 0) {
		nipfs__checkup_say(c, "'%s' names no node: %s", file, why.msg);
		nipfs__checkup_advise(c, "start the node again, which writes the file, or remove it");
		return 0;
	}
	format_url(&addr, url, sizeof(url));
	nipfs__checkup_say(c, "a node at %s, as '%s' says", url, file);
	nipfs__checkup_fact(c, "api", url);
	return ask_node(c, err);
}
