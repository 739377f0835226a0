/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pins of a Kubo node: what keeps a closure there from the node's garbage collector.
 *
 * A plain pin is one of Kubo's, of a closure under the base name of its store path. A named
 * pin is a pin of a directory with the one entry NAME@TIME, which leads to what it holds: so
 * several names may hold one closure, one name may hold several, and how old each is can be
 * told from any machine.
 *
 * A program that uses these ignores SIGPIPE.
 */
#ifndef NIXIPFS_PIN_H
#define NIXIPFS_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nixipfs/cid.h>
#include <nixipfs/error.h>
#include <nixipfs/network.h>
#include <nixipfs/progress.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NIPFS_PIN_NAME_MAX = 256, /* bytes of the name of a pin, NUL included */
	NIPFS_PIN_LIST_MAX = 200000 /* pins in a list */
};

/**
 * struct nipfs_pin - a recursive pin, a plain value
 * @pin:      what is pinned
 * @cid:      what it is there for: of a named pin the CID that its entry leads to, else @pin
 * @is_named: whether it is a named pin
 * @name:     of a named pin without the time; of a plain one as the node has it, "" when it
 *            has none; bytes as the node gave them, NUL-terminated
 * @time:     when a named pin was made, seconds since 1970; of a plain pin 0
 */
struct nipfs_pin {
	struct nipfs_cid pin;
	struct nipfs_cid cid;
	bool is_named;
	char name[NIPFS_PIN_NAME_MAX];
	int64_t time;
};

/**
 * struct nipfs_pin_list - pins, by name, of one name the newest first
 * @pins:    owned
 * @n:       how many
 * @skipped: pins beside them whose CID is of a kind that is not known here
 *
 * Start with zeros, end with nipfs_pin_list_release().
 */
struct nipfs_pin_list {
	struct nipfs_pin *pins;
	size_t n;
	uint64_t skipped;
};

/**
 * nipfs_pin_list_release() - give back what it owns and make it empty
 * @list: may be empty already
 */
NIPFS_API void nipfs_pin_list_release(struct nipfs_pin_list *list);

/**
 * nipfs_pin_label() - the whole name of a pin, as its node shows it
 * @pin: a pin
 * @out: NIPFS_PIN_NAME_MAX bytes; of a named pin NAME@2026-11-25T04:50:18Z
 */
NIPFS_API void nipfs_pin_label(const struct nipfs_pin *pin, char *out);

/**
 * nipfs_pin_list_old() - keep those pins in a list that are no longer wanted
 * @list:         all others are taken out, and so are all plain pins, which have no time
 * @now:          seconds since 1970
 * @older_than_s: not wanted are pins that are older than so many seconds; 0: of any age
 * @keep_last:    but so many of each name, the newest ones, are wanted in any case
 */
NIPFS_API void nipfs_pin_list_old(struct nipfs_pin_list *list, int64_t now,
				  uint64_t older_than_s, uint64_t keep_last);

/* A node, by what it pins. To be used by one thread at a time. */
struct nipfs_pin_node;

/**
 * nipfs_pin_node_open() - a node whose pins are looked after
 * @out:     to be closed with nipfs_pin_node_close(); untouched on failure
 * @options: where its RPC is, and how long it may make no progress; @gateway, @tell and
 *           @ctx are not used. May be NULL
 * @err:     may be NULL
 *
 * Nothing is connected to.
 *
 * Return: 0; or as nipfs_source_open() for what is wrong with an address or credentials.
 *
 * All functions on it return besides what they say: NIPFS_E_UNREACHABLE (no node, no
 * answer in time, a broken one, other credentials are wanted); NIPFS_E_REFUSED (the node
 * says why); NIPFS_E_UNSUPPORTED (it lacks a command); NIPFS_E_INVALID or NIPFS_E_LIMIT (an
 * answer that is none, or has no end); NIPFS_E_CANCELLED; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_node_open(struct nipfs_pin_node **out,
						const struct nipfs_network_options *options,
						struct nipfs_error *err);

/**
 * nipfs_pin_node_close() - give it back
 * @node: may be NULL
 */
NIPFS_API void nipfs_pin_node_close(struct nipfs_pin_node *node);

/**
 * nipfs_pin_node_progress() - who hears how many blocks a node has, of what it pins
 * @node:     a node
 * @progress: for all calls from now on; borrowed until the next of these, or
 *            nipfs_pin_node_close(). May be NULL
 *
 * Events are of NIPFS_PHASE_PIN: @done are the blocks that the node has walked, @total is not
 * known. They come about twice a second; none come from a node that moves a pin, which says
 * nothing until that is done.
 */
NIPFS_API void nipfs_pin_node_progress(struct nipfs_pin_node *node,
				       const struct nipfs_progress *progress);

/**
 * nipfs_pin_node_list() - the recursive pins of a node
 * @node:  a node
 * @wants: asked for each pin whether it is to be in the list; of a named one @cid is then
 *         not known yet, and is @pin. NULL: all of them
 * @ctx:   handed to @wants
 * @out:   overwritten; untouched on failure
 * @err:   may be NULL
 *
 * Of each named pin in the list its directory is read: that one, not the name that the
 * node shows, says of what time it is. A pin that looks like a named one, and has no such
 * directory, is a plain one.
 *
 * Return: 0; NIPFS_E_LIMIT also for over NIPFS_PIN_LIST_MAX pins.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_node_list(struct nipfs_pin_node *node,
						bool (*wants)(void *ctx,
							      const struct nipfs_pin *pin),
						void *ctx, struct nipfs_pin_list *out,
						struct nipfs_error *err);

/* How a pin is made. */
enum nipfs_pin_how {
	NIPFS_PIN_FETCH = 1, /* blocks that the node lacks it may fetch; else that is a failure */
	NIPFS_PIN_NAMED = 2, /* a named pin, made now */
	NIPFS_PIN_PROVIDE = 4,	 /* the root is announced at once, whatever the node is set to */
	NIPFS_PIN_NO_PROVIDE = 8 /* it is not; Kubo before 0.40 does not know of either */
};

/**
 * nipfs_pin_node_add() - pin a DAG
 * @node: a node
 * @cid:  its root
 * @name: of the pin; may be NULL for a plain one. A plain pin has up to 255 bytes of it, a
 *        named one 234: UTF-8, no control characters, no '/'
 * @how:  of enum nipfs_pin_how
 * @out:  the pin; untouched on failure
 * @err:  may be NULL
 *
 * What has a plain pin already keeps it, with its name.
 *
 * Return: 0; NIPFS_E_NOTFOUND (without NIPFS_PIN_FETCH: the node lacks a block);
 * NIPFS_E_USAGE (no such name can be).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_node_add(struct nipfs_pin_node *node,
					       const struct nipfs_cid *cid, const char *name,
					       unsigned int how, struct nipfs_pin *out,
					       struct nipfs_error *err);

/**
 * nipfs_pin_node_remove() - remove a pin
 * @node: a node
 * @pin:  the pin
 * @err:  may be NULL
 *
 * Return: 0; NIPFS_E_NOTFOUND (it is not pinned).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_node_remove(struct nipfs_pin_node *node,
						  const struct nipfs_pin *pin,
						  struct nipfs_error *err);

/**
 * nipfs_pin_node_update() - let a pin hold another DAG
 * @node: a node
 * @old:  the pin, which goes
 * @cid:  what is held instead
 * @name: of a plain pin: its new name; NULL: the old one. Of a named pin NULL: it keeps its
 *        name, and is one made now
 * @how:  as for nipfs_pin_node_add(); without NIPFS_PIN_FETCH only the root is looked for
 *        before the node is asked, which then waits for what it lacks below it
 * @out:  the pin; untouched on failure
 * @err:  may be NULL
 *
 * The node looks only at what differs between both (but at all of it to give a plain pin
 * another name). At every moment one of both is pinned. Interrupted, it can be called again
 * with the pin that there is then.
 *
 * Return: as nipfs_pin_node_add(); NIPFS_E_NOTFOUND also where @old is not pinned.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_pin_node_update(struct nipfs_pin_node *node,
						  const struct nipfs_pin *old,
						  const struct nipfs_cid *cid, const char *name,
						  unsigned int how, struct nipfs_pin *out,
						  struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
