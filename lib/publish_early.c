/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks that go to a node as they are made. */
#include "lib/publish_early.h"

#include "lib/publish.h"

/* Fails for what is not the node's fault alone, and else goes on without the node. */
static int give_up(struct nipfs_publisher *p, const struct nipfs_error *why,
		   struct nipfs_error *err)
{
	nipfs__send_stop(&p->sender);
	p->early = NIPFS__EARLY_OFF;
	if (why->code == NIPFS_E_CANCELLED || why->code == NIPFS_E_NOMEM) {
		if (err)
			*err = *why;
		return why->code;
	}
	/* nipfs_publisher_finish() has the words of a node that can't be connected to */
	p->broke = *why;
	if (p->broke.code == NIPFS_E_UNREACHABLE)
		nipfs__publish_tell(p, p->broke.msg);
	return 0;
}

/* Return: 1: blocks are sent; 0: they are not; or negative. */
static int begin(struct nipfs_publisher *p, struct nipfs_error *why)
{
	int r = nipfs__publish_connect(p, why);

	p->early = NIPFS__EARLY_OFF;
	/* a failure is told in the end */
	if (r != 0)
		return r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM ? r : 0;
	if (!nipfs__rpc_is_local(p->sender.rpc) &&
	    !nipfs__published_is_known(p->sender.published))
		return 0;
	r = nipfs__publish_sizes(p, why);
	if (r == 0)
		r = nipfs__send_begin(&p->sender, why);
	if (r < 0)
		return r;
	p->early = NIPFS__EARLY_ON;
	return 1;
}

static int put(void *ctx, const struct nipfs_cid *cid, const struct nipfs_span *bytes,
	       const struct nipfs_origin *origin, struct nipfs_error *err)
{
	struct nipfs_publisher *p = ctx;
	struct nipfs_error why = { .code = 0 };
	int r = p->early != NIPFS__EARLY_OFF;

	(void)origin;
	if (p->early == NIPFS__EARLY_UNTRIED)
		r = begin(p, &why);
	if (r > 0) {
		r = nipfs__send_made(&p->sender, cid, bytes, &why);
		nipfs__publish_check_size(p, p->stats.bytes + p->sender.bytes);
	}
	return r < 0 ? give_up(p, &why, err) : 0;
}

struct nipfs_block_sink nipfs__publish_sink(struct nipfs_publisher *p)
{
	return (struct nipfs_block_sink){ put, p };
}

int nipfs__publish_whole(struct nipfs_publisher *p, const struct nipfs_cid *root,
			 struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };

	if (!p || p->early != NIPFS__EARLY_ON || nipfs__send_whole(&p->sender, root, &why) == 0)
		return 0;
	return give_up(p, &why, err);
}

int nipfs__publish_early_end(struct nipfs_publisher *p, struct nipfs_error *err)
{
	struct nipfs_error why = { .code = 0 };
	int r = 0;

	if (p->early == NIPFS__EARLY_ON && nipfs__send_end(&p->sender, &why) < 0)
		r = give_up(p, &why, err);
	nipfs__send_stop(&p->sender);
	p->early = NIPFS__EARLY_OFF;
	p->early_bytes = p->stats.bytes;
	return r;
}
