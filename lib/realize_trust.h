/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the paths of a closure may come in, decided before a tree of them is fetched. */
#ifndef LIB_REALIZE_TRUST_H
#define LIB_REALIZE_TRUST_H

#include <nixipfs/closure.h>
#include <nixipfs/store.h>
#include <nixipfs/trust.h>

/**
 * nipfs__settle_trust() - decide for all paths of a closure
 * @policy: what this user trusts
 * @set:    what is to be placed
 * @out:    why each of them is taken
 *
 * A daemon that does not trust this user goes by its own settings: then these are looked
 * up, and where that leaves a doubt the daemon is asked.
 *
 * Return: 0; as nipfs_trust_check(); NIPFS_E_USAGE when @policy is what the user insists
 * on and the daemon would not go by it; or what the daemon failed with.
 */
int nipfs__settle_trust(struct nipfs_store *store, const struct nipfs_trust_policy *policy,
			const struct nipfs_closure_set *set, enum nipfs_trust *out,
			struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
