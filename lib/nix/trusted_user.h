/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lists of users in nix.conf. */
#ifndef LIB_NIX_TRUSTED_USER_H
#define LIB_NIX_TRUSTED_USER_H

#include <stdbool.h>

/*
 * Whether a list such as trusted-users names a user, or with "@" a group that is @group
 * or has the user as a member, or "*". @list may be NULL. As Nix's daemon sees it.
 */
bool nipfs__user_is_listed(const char *list, const char *user, const char *group);

#endif
