/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the doctor found about one thing, as a line. */
#include "cli/checkup.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/output.h"

static void print_json(const struct nipfs_checkup *checkup)
{
	json_t *line = json_line_new(), *facts = json_line_new();

	json_put_text(line, "topic", checkup->topic);
	json_put_bool(line, "ok", checkup->ok);
	json_put_message(line, "text", checkup->text);
	if (checkup->advice)
		json_put_message(line, "advice", checkup->advice);
	for (size_t i = 0; i < checkup->n_facts; i++) {
		const struct nipfs_fact *fact = &checkup->facts[i];

		if (strcmp(fact->value, "true") == 0 || strcmp(fact->value, "false") == 0)
			json_put_bool(facts, fact->name, fact->value[0] == 't');
		else
			json_put_name(facts, fact->name, text_slice(fact->value));
	}
	json_put(line, "facts", facts);
	json_line_print(line, stdout);
}

int checkup_print(const struct common *common, const struct nipfs_checkup *checkup,
		  struct nipfs_error *err)
{
	if (common->json) {
		print_json(checkup);
	} else if (!common->quiet || !checkup->ok) {
		printf("%-4s%-9s", checkup->ok ? "ok" : "do", checkup->topic);
		output_name(common, text_slice(checkup->text));
		if (checkup->advice) {
			(void)fputs(": ", stdout);
			output_name(common, text_slice(checkup->advice));
		}
		(void)putchar('\n');
	}
	return output_check(err);
}
