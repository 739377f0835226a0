/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a node wants to be told before it answers: from the environment or a file. */
#ifndef LIB_IPFS_CREDENTIALS_H
#define LIB_IPFS_CREDENTIALS_H

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

/**
 * nipfs__credentials_parse() - read a secret as Kubo's API.Authorizations has it
 * @text: bearer:TOKEN, basic:USER:PASSWORD or basic:BASE64; white space behind it is
 *        ignored
 * @out:  an HTTP header line, for nipfs__secret_free(); untouched on failure
 * @err:  may be NULL; says nothing of what stands in @text
 *
 * Return: 0, NIPFS_E_INVALID or NIPFS_E_NOMEM.
 */
int nipfs__credentials_parse(struct nipfs_slice text, char **out,
			     struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__credentials_load() - the secret for the RPC of a node
 * @out: as above; NULL when none is given
 * @err: may be NULL
 *
 * NIX_IPFS_API_AUTH holds it, or else NIX_IPFS_API_AUTH_FILE names the file that does.
 *
 * Return: as nipfs__credentials_parse(), NIPFS_E_SYS, or NIPFS_E_LIMIT.
 */
int nipfs__credentials_load(char **out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* The token for a pinning service, as it is. Return: as nipfs__credentials_parse(). */
int nipfs__pin_token_parse(struct nipfs_slice text, char **out,
			   struct nipfs_error *err) NIPFS_MUSTUSE;

/* It is in NIX_IPFS_PIN_TOKEN, or else in the file of NIX_IPFS_PIN_TOKEN_FILE. Return: as
 * nipfs__credentials_load(). */
int nipfs__pin_token_load(char **out, struct nipfs_error *err) NIPFS_MUSTUSE;

/* Overwritten before it is freed; NULL is fine. */
void nipfs__secret_free(char *secret);

#endif
