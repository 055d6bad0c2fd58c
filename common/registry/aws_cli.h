/* Access to the aws CLI: one function per query. The CLI finds the credentials itself; the region
 * is that of the repository. */
#ifndef OPTASVC_AWS_CLI_H
#define OPTASVC_AWS_CLI_H

#include "base/diag.h"
#include "cloud/ecr.h"

struct process;

struct aws_cli {
    struct arena *arena;   /* for arguments and results */
    struct diags *diags;   /* where failures are reported */
    const struct ecr *ecr; /* the repository */
};

/* Returns the account of the credentials. Reports an error and returns false if there are no valid
 * credentials. */
bool aws_cli_account(const struct aws_cli *aws, struct str *ret_account);

enum presence {
    PRESENCE_UNKNOWN, /* no permission to read it; a push fails if it is absent */
    PRESENCE_ABSENT,
    PRESENCE_PRESENT,
};

struct aws_repository {
    enum presence presence;
    bool immutable;    /* its tags are immutable */
    struct str digest; /* digest of the requested tag; empty: not found or unknown */
};

/* Queries the repository and a tag in it. */
bool aws_cli_query(const struct aws_cli *aws, struct str tag, struct aws_repository *ret);

/* Creates the repository with its policies, or nothing. It has the same settings as the object for
 * a cluster (manifest.h). An existing repository is not changed. Sets `*ret_created` to true if
 * this call created it. */
bool aws_cli_create(const struct aws_cli *aws, bool immutable_tags, bool *ret_created);

/* Stores the password of the registry's user AWS in `output`, possibly followed by a newline. The
 * caller frees the run in any case, which zeroes it. */
bool aws_cli_password(const struct aws_cli *aws, struct process *ret_run);

#endif
