/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a store path may come in, as stock Nix decides it. Functions share no state. */
#ifndef NIXIPFS_TRUST_H
#define NIXIPFS_TRUST_H

#include <stdbool.h>

#include <nixipfs/keys.h>
#include <nixipfs/path_info.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct nipfs_trust_policy - what is trusted
 * @keys:          borrowed: keys whose signatures count; may be NULL: none
 * @no_check_sigs: take unsigned paths too (`--no-check-sigs`, `require-sigs = false`)
 * @insisted:      borrowed: what of this the user has asked for, "--no-check-sigs": not to
 *                 be ignored where a daemon decides instead; NULL: nothing
 * @by_daemon:     these are the settings of a daemon that decides; for messages
 */
struct nipfs_trust_policy {
	const struct nipfs_keyring *keys;
	bool no_check_sigs;
	const char *insisted;
	bool by_daemon;
};

/* Why a path is taken. */
enum nipfs_trust {
	NIPFS_TRUST_CONTENT,  /* its name follows from its content: provided that the
				 content has the hash that its content address says */
	NIPFS_TRUST_SIGNED,   /* a trusted key has signed its NAR hash */
	NIPFS_TRUST_UNCHECKED, /* because the policy says so */
	NIPFS_TRUST_DAEMON    /* the daemon decides, and has said that it will take it */
};

/**
 * nipfs_trust_check() - decide before anything of a path is fetched
 * @policy:    what is trusted
 * @info:      what is said of the path
 * @store_dir: the logical store folder
 * @out:       why it is taken; untouched on failure
 * @err:       says which keys signed it and what to do; may be NULL
 *
 * Return: 0; NIPFS_E_UNTRUSTED when no trusted key has signed it;
 * NIPFS_E_MISMATCH when its content address does not lead to its name, or the
 * only signature by a trusted key is wrong; NIPFS_E_INVALID; NIPFS_E_NOMEM.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_trust_check(const struct nipfs_trust_policy *policy,
					      const struct nipfs_path_info *info,
					      const char *store_dir, enum nipfs_trust *out,
					      struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
