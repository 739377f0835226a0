/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The node that something is published to: who it is, whether it is there, how big it is. */
#include <stdio.h>
#include <string.h>

#include "lib/ipfs/rest.h"
#include "lib/ipfs/swarm.h"
#include "lib/publish.h"
#include "multiformats/base/err.h"

enum { AWAY_MAX_S = 20 }; /* so long a node may be away */

void nipfs__publish_tell(const struct nipfs_publisher *p, const char *text)
{
	if (p->options->node.tell)
		p->options->node.tell(p->options->node.ctx, text);
}

/* ---- who it is ----------------------------------------------------------------------------- */

static int identify(struct nipfs_publisher *p, char out[NIPFS_PEER_MAX], struct nipfs_error *err)
{
	const struct nipfs__rpc_call call = { .command = "id" };
	json_t *object;
	const char *id;
	int r = nipfs__rpc_object(p->sender.rpc, &call, &object, err);

	if (r < 0)
		return r;
	id = nipfs__rpc_text(object, "ID");
	if (!id || !*id || strlen(id) >= NIPFS_PEER_MAX)
		r = nipfs__fail(err, NIPFS_E_UNSUPPORTED, "%s: it does not say who it is",
				nipfs__rpc_name(p->sender.rpc));
	else
		memcpy(out, id, strlen(id) + 1);
	json_decref(object);
	return r;
}

/* The first time that something goes to a node which others can see. */
static int warn_of_public(struct nipfs_publisher *p, struct nipfs_error *err)
{
	char text[NIPFS_PEER_MAX + 400];
	size_t n = 0;
	int r = nipfs__swarm_public(p->sender.rpc, &n, err);

	if (r == 0 && n)
		r = nipfs__published_tell(p->sender.published, err);
	if (r <= 0)
		return r;
	(void)snprintf(text, sizeof(text),
		       "%.300s is connected to %zu peers on the public network: whoever has a CID "
		       "can fetch what is published there",
		       nipfs__rpc_name(p->sender.rpc), n);
	nipfs__publish_tell(p, text);
	return 0;
}

/*
 * Where the node should be, nobody listens, or somebody else, which is told: the file `api`
 * of a node that was killed stays, and others get its port. A node is never refused to say
 * who it is but for want of credentials.
 */
static bool is_not_there(const struct nipfs_publisher *p, const struct nipfs_error *why)
{
	char text[sizeof(why->msg) + 80];

	if (nipfs__rpc_no_server(p->sender.rpc))
		return true;
	if (why->code != NIPFS_E_UNSUPPORTED && why->code != NIPFS_E_INVALID &&
	    why->code != NIPFS_E_REFUSED && why->code != NIPFS_E_LIMIT)
		return false;
	(void)snprintf(text, sizeof(text), "%s: this is no Kubo node, so nothing is published",
		       why->msg);
	nipfs__publish_tell(p, text);
	return true;
}

static int connect_to(struct nipfs_publisher *p, struct nipfs_error *err)
{
	int r = identify(p, p->stats.peer, err);

	if (r < 0 && p->options->if_there && is_not_there(p, err))
		return 1;
	if (r == 0)
		r = nipfs__published_open(&p->sender.published, p->options->state_dir,
					  p->stats.peer, err);
	return r < 0 ? r : warn_of_public(p, err);
}

int nipfs__publish_connect(struct nipfs_publisher *p, struct nipfs_error *err)
{
	if (!p->asked)
		p->answer = connect_to(p, &p->why);
	p->asked = true;
	if (p->answer < 0 && err)
		*err = p->why;
	return p->answer;
}

/* ---- whether it is there ------------------------------------------------------------------- */

int nipfs__publish_await(struct nipfs_publisher *p, struct nipfs_error *err)
{
	char peer[NIPFS_PEER_MAX];
	int r = NIPFS_E_UNREACHABLE;

	for (int s = 0; s < AWAY_MAX_S && r == NIPFS_E_UNREACHABLE; s++) {
		r = nipfs__rest(1000, err);
		if (r == 0)
			r = identify(p, peer, err);
	}
	if (r == 0 && strcmp(peer, p->stats.peer) != 0)
		r = nipfs__fail(err, NIPFS_E_UNREACHABLE,
				"%s: it is another node now: run the command again",
				nipfs__rpc_name(p->sender.rpc));
	return r;
}

int nipfs__publish_still_there(struct nipfs_publisher *p, struct nipfs_error *err)
{
	char peer[NIPFS_PEER_MAX];
	const int r = identify(p, peer, err);

	return r == NIPFS_E_UNREACHABLE ? nipfs__publish_await(p, err) : r;
}

/* ---- how big it is ------------------------------------------------------------------------- */

int nipfs__publish_sizes(struct nipfs_publisher *p, struct nipfs_error *err)
{
	static const struct nipfs__rpc_param params[] = { { "size-only", "true" }, { NULL, NULL } };
	const struct nipfs__rpc_call call = { .command = "repo/stat", .params = params };
	json_t *object;
	int r = nipfs__rpc_object(p->sender.rpc, &call, &object, err);

	p->repo_size = p->repo_max = 0;
	/* one that does not tell has no limit */
	if (r < 0)
		return r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM ? r : 0;
	p->repo_size = nipfs__rpc_number(object, "RepoSize");
	p->repo_max = nipfs__rpc_number(object, "StorageMax");
	json_decref(object);
	return 0;
}

void nipfs__publish_check_size(struct nipfs_publisher *p, uint64_t more)
{
	char text[600];

	if (p->told_size || p->repo_max == 0 || p->repo_size + more <= p->repo_max)
		return;
	p->told_size = true;
	(void)snprintf(text, sizeof(text),
		       "%.300s: its repository has %.1f MB and gets over its limit (its StorageMax "
		       "is %.1f MB): it takes more even so; see 'ipfs config Datastore.StorageMax'",
		       nipfs__rpc_name(p->sender.rpc), (double)p->repo_size / 1e6,
		       (double)p->repo_max / 1e6);
	nipfs__publish_tell(p, text);
}
