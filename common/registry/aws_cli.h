/* What we ask the aws CLI for: one function per question. Account and credentials are those that it
 * finds by itself; the region is that of the repository. */
#ifndef OPTASVC_AWS_CLI_H
#define OPTASVC_AWS_CLI_H

#include "base/diag.h"
#include "cloud/ecr.h"

struct process;

struct aws_cli {
    struct arena *arena;   /* of arguments and answers */
    struct diags *diags;   /* where failures are reported */
    const struct ecr *ecr; /* the repository at hand */
};

/* Whose credentials they are. False, reported, when there are none that are good. */
bool aws_cli_account(const struct aws_cli *aws, struct str *ret_account);

enum presence {
    PRESENCE_UNKNOWN, /* these credentials may not ask: the push will tell */
    PRESENCE_ABSENT,
    PRESENCE_PRESENT,
};

struct aws_repository {
    enum presence presence;
    bool immutable;    /* its tags are */
    struct str digest; /* what the tag leads to that was asked for; empty: nothing, or unknown */
};

/* Looks for the repository, and for a tag in it. */
bool aws_cli_query(const struct aws_cli *aws, struct str tag, struct aws_repository *ret);

/* Makes the repository with its policies, all or nothing, as its object in a cluster would
 * (manifest.h). One that is there, which others may just have made, is left as it is. */
bool aws_cli_create(const struct aws_cli *aws, bool immutable_tags, bool *ret_made);

/* The password for the user AWS of its registry, behind which a line end may stand, in `output`.
 * The caller frees the run in any case, which overwrites it. */
bool aws_cli_password(const struct aws_cli *aws, struct process *ret_run);

#endif
