/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DAG given to a Kubo node, and pinned there. */
#ifndef NIXIPFS_PUBLISH_H
#define NIXIPFS_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include <nixipfs/block.h>
#include <nixipfs/dag.h>
#include <nixipfs/error.h>
#include <nixipfs/network.h>
#include <nixipfs/progress.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether what was pinned is announced at once; over time a node announces by its own
   Provide.Strategy. */
enum nipfs_provide {
	NIPFS_PROVIDE_DEFAULT, /* as the node has it */
	NIPFS_PROVIDE_ROOT,    /* the root */
	NIPFS_PROVIDE_NONE     /* nothing */
};

/**
 * struct nipfs_publish_options - how something is published
 * @node:      where the RPC is (@api), how long it may say nothing (@timeout_s), and who is
 *             told in one line of what should be known (@tell, @ctx): that the node is on a
 *             public network, the first time; that it gets more than its StorageMax; that a
 *             broken request is repeated. @gateway is not used
 * @if_there:  where nobody listens it is no failure, nor where something does that is no
 *             Kubo RPC, which is told: nothing is done
 * @state_dir: where is recorded what the node has; it must be there. NULL: nipfs_state_dir()
 * @no_pin:    do not pin: the node may forget what it was given at any time
 * @pin_name:  the name of the pin, up to 255 bytes of UTF-8; NULL: none. What is pinned
 *             already keeps the name that it has
 * @named_pin: NULL, or the name of a named pin that is made beside the other
 * @provide:   see enum nipfs_provide. Kubo before 0.40 does not know of it
 * @progress:  may be NULL
 *
 * Start with zeros.
 */
struct nipfs_publish_options {
	struct nipfs_network_options node;
	bool if_there;
	const char *state_dir;
	bool no_pin;
	const char *pin_name;
	const char *named_pin;
	enum nipfs_provide provide;
	const struct nipfs_progress *progress;
};

enum { NIPFS_PEER_MAX = 128 };

/**
 * struct nipfs_published - what was published
 * @peer:         the peer ID of the node, NUL-terminated
 * @blocks:       blocks that were sent
 * @bytes:        of those
 * @known_bytes:  of the DAG's size (the tsize of its root, in which a block counts each time
 *                it is linked) what did not have to be sent
 * @requests:     that the node took
 * @was_pinned:   it was pinned before: nothing was sent
 * @named_pin:    the CID of the named pin, when @has_named_pin
 */
struct nipfs_published {
	char peer[NIPFS_PEER_MAX];
	uint64_t blocks;
	uint64_t bytes;
	uint64_t known_bytes;
	uint64_t requests;
	bool was_pinned;
	bool has_named_pin;
	struct nipfs_cid named_pin;
};

/**
 * nipfs_publish() - give a DAG to a node
 * @source:  where the blocks are, with nothing outstanding: each is verified, and read once.
 *           Of a source on the index that is bytes of files
 * @root:    any DAG that nipfs_dag_walk() can walk; a closure directory is sent in the order
 *           in which it is realized
 * @options: may be NULL
 * @out:     untouched on failure
 * @err:     may be NULL
 *
 * Blocks are sent in requests of a bounded size. What the node took is recorded under its
 * peer ID, and is not sent again, in this call or any other: interrupted, the next call goes
 * on behind the last whole request. Where the node turns out to lack what it took (it
 * collects what is not pinned), it is asked what it has, and gets the rest again. A
 * connection that breaks is waited for a few times. Memory does not grow with the DAG.
 *
 * Return: 0; 1 with options->if_there: there is no node; NIPFS_E_UNREACHABLE (no node, or it is gone, or wants other credentials);
 * NIPFS_E_REFUSED (it says why); NIPFS_E_UNSUPPORTED (no Kubo RPC); NIPFS_E_NOTFOUND (the
 * source lacks a block, or the node does not keep what it is given); NIPFS_E_USAGE (a name
 * that no pin can have); NIPFS_E_CANCELLED; NIPFS_E_SYS; NIPFS_E_NOMEM; or as
 * nipfs_dag_walk().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_publish(struct nipfs_block_source *source,
					  const struct nipfs_link *root,
					  const struct nipfs_publish_options *options,
					  struct nipfs_published *out,
					  struct nipfs_error *err);

/* ---- while it is being made ------------------------------------------------ */

/* A node that is given blocks as they are made. Used by one thread. */
struct nipfs_publisher;

/**
 * nipfs_publisher_new() - get ready to publish
 * @out:     to be freed with nipfs_publisher_free()
 * @options: as for nipfs_publish(); borrowed until it is freed; may be NULL
 * @err:     may be NULL
 *
 * Nothing is connected to before there is something to send. What takes a publisher
 * (nipfs_add()) gives it each block that it makes, out of memory, so that it need not be read
 * and hashed again. Only nipfs_publisher_finish() says whether the node took it.
 *
 * Return: 0; NIPFS_E_USAGE (an address, or a name that no pin can have); NIPFS_E_INVALID,
 * NIPFS_E_UNSUPPORTED (what stands in a file of the node, or credentials); NIPFS_E_LIMIT;
 * NIPFS_E_SYS; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_publisher_new(struct nipfs_publisher **out,
						const struct nipfs_publish_options *options,
						struct nipfs_error *err);

/**
 * nipfs_publisher_finish() - give the node what it has not got yet, and pin
 *
 * At most once, as nipfs_publish() with the options that there are. Without it what was sent
 * is not pinned, and the end of it is not recorded.
 *
 * Return: as nipfs_publish().
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_publisher_finish(struct nipfs_publisher *p,
						   struct nipfs_block_source *source,
						   const struct nipfs_link *root,
						   struct nipfs_published *out,
						   struct nipfs_error *err);

/**
 * nipfs_publisher_free() - break off what is under way, and give back everything
 * @p: may be NULL
 */
NIPFS_API void nipfs_publisher_free(struct nipfs_publisher *p);

#ifdef __cplusplus
}
#endif
#endif
